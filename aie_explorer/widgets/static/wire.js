// Hands the news of all parts, which come in one message, to their models: a change is drawn in one frame.
function initialize({ model }) {
  const find = async (id) => { try { return await model.widget_manager.get_model(id); } catch { return null; } };
  const take = async (message) => {
    const news = Object.entries(message.states), models = await Promise.all(news.map(([id]) => find(id)));
    models.forEach((one, i) => one?.set_state(news[i][1]));
  };
  model.on("msg:custom", take);
  if (model.widget_manager?.get_model) model.send({ type: "ready" });  // until then Python writes to each part
  return () => model.off("msg:custom", take);
}
export default { initialize, render({ el }) { el.style.display = "none"; } };
