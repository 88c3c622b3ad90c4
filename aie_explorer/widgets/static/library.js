// plotly.js, handed to the figures, wherever they are.
const shared = (globalThis.aieExplorerPlotly ??= {});
shared.promise ??= new Promise((resolve) => { shared.resolve = resolve; });

function initialize({ model }) {
  const url = URL.createObjectURL(new Blob([model.get("code")], { type: "text/javascript" }));
  import(url).then(() => { shared.resolve(globalThis.Plotly); URL.revokeObjectURL(url); });
}
export default { initialize, render({ el }) { el.style.display = "none"; } };
