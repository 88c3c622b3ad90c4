// Comes after plotly.js itself: hands it to the figures, wherever they are.
const shared = (globalThis.aieExplorerPlotly ??= {});
shared.promise ??= new Promise((resolve) => { shared.resolve = resolve; });
shared.resolve?.(globalThis.Plotly);
export default {
  initialize() {},
  render({ el }) { el.style.display = "none"; },
};
