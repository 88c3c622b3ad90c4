// A plotly figure: drawn when it can be seen, as wide as its place, in the colours of the page.
// Marks of selected designs are shapes, which move without drawing the points again.
const shared = (globalThis.aieExplorerPlotly ??= {});
shared.promise ??= new Promise((resolve) => { shared.resolve = resolve; });

const SYMBOLS = {
  chosen: "M0,-10 L10,0 L0,10 L-10,0 Z",
  compared: "M-7,-7 L7,-7 L7,7 L-7,7 Z",
};
const CONFIG = {
  displaylogo: false, responsive: false, displayModeBar: "hover",
  modeBarButtonsToRemove: ["sendChartToCloud", "sendDataToCloud", "autoScale2d"],
};

function render({ model, el }) {
  const plot = document.createElement("div");
  const hint = document.createElement("div");
  hint.className = "aie-hint";
  hint.setAttribute("aria-live", "polite");
  el.classList.add("aie-figure");
  el.setAttribute("role", "figure");
  el.append(plot, hint);
  let Plotly = null, drawn = -1, marked = "", wired = false, ended = false, busy = Promise.resolve();

  const ink = () => getComputedStyle(el).color;
  const seen = () => el.getBoundingClientRect().width > 50;
  const marks = () => model.get("marks").map((mark) => ({
    type: "path", path: SYMBOLS[mark.kind], xref: "x", yref: "y", xsizemode: "pixel", ysizemode: "pixel",
    xanchor: mark.x, yanchor: mark.y, layer: "above",
    line: { color: mark.kind === "chosen" ? "#D55E00" : ink(), width: mark.kind === "chosen" ? 3 : 2 },
  }));
  // a mark outside of what is shown is brought into view
  const stretched = (full) => {
    const changes = {};
    for (const axis of ["x", "y"]) {
      const range = full[`${axis}axis`]?.range?.map(Number);
      if (!range) continue;
      const values = model.get("marks").filter((mark) => mark.kind === "chosen").map((mark) => mark[axis]);
      const low = Math.min(...range), high = Math.max(...range), room = 0.06 * (high - low);
      const least = Math.min(low, ...values.map((value) => value - room));
      const most = Math.max(high, ...values.map((value) => value + room));
      if (least < low || most > high) changes[`${axis}axis.range`] = [least, most];
    }
    return changes;
  };

  const wire = () => {
    wired = true;
    const rowOf = (event) => {
      const point = event.points?.[0];
      return point && point.customdata !== undefined ? Number(point.customdata) : null;
    };
    plot.on("plotly_click", (event) => {
      const row = rowOf(event);
      if (row !== null) model.send({ type: "click", row });
    });
    let last = 0;
    plot.on("plotly_hover", (event) => {
      const row = rowOf(event), now = performance.now();
      if (row === null || now - last < 80) return;
      last = now;
      model.send({ type: "hover", row });
    });
    plot.on("plotly_selected", (event) => {
      if (!event) return;
      if (event.range?.x) model.send({ type: "box", x: event.range.x.map(Number), y: event.range.y.map(Number) });
      else if (event.lassoPoints?.x)
        model.send({ type: "lasso", x: event.lassoPoints.x.map(Number), y: event.lassoPoints.y.map(Number) });
    });
    plot.on("plotly_deselect", () => model.send({ type: "deselect" }));
    plot.on("plotly_restyle", ([changes]) => {
      const names = Object.keys(changes ?? {}).map((name) => /^dimensions\[(\d+)\]\.constraintrange/.exec(name));
      for (const found of names) {
        if (!found) continue;
        const axis = Number(found[1]), range = plot.data[0].dimensions[axis].constraintrange ?? [];
        const parts = range.length === 0 ? [] : Array.isArray(range[0]) ? range : [range];
        model.send({ type: "brush", axis, ranges: parts.map((part) => Array.from(part, Number)) });
      }
    });
  };

  const svgButton = {
    name: "svg", title: "Download as SVG",
    icon: { width: 24, height: 24, path: "M4 3h10l6 6v12H4z M13 4v6h6" },
    click: (gd) => Plotly.downloadImage(gd, { format: "svg", filename: model.get("name"), width: gd._fullLayout.width, height: gd._fullLayout.height }),
  };

  const draw = async () => {
    Plotly ??= await shared.promise;
    if (ended || !seen()) return;
    const version = model.get("version");
    if (version !== drawn) {
      const spec = JSON.parse(model.get("spec"));
      if (!spec.data) return;
      const layout = spec.layout;
      layout.width = Math.floor(el.getBoundingClientRect().width);
      layout.font = { ...(layout.font ?? {}), color: ink() };
      layout.hoverlabel = { align: "left" };
      layout.shapes = [...(layout.shapes ?? []), ...marks()];
      marked = JSON.stringify(model.get("marks"));
      el.setAttribute("aria-label", layout.title?.text || model.get("name"));
      await Plotly.react(plot, spec.data, layout, {
        ...CONFIG, modeBarButtonsToAdd: [svgButton], toImageButtonOptions: { format: "png", scale: 2, filename: model.get("name") } });
      if (!wired) wire();
      drawn = version;
      const changes = stretched(plot._fullLayout);
      if (model.get("marks").length && Object.keys(changes).length) await Plotly.relayout(plot, changes);
    } else if (JSON.stringify(model.get("marks")) !== marked) {
      marked = JSON.stringify(model.get("marks"));
      await Plotly.relayout(plot, { shapes: marks(), ...stretched(plot._fullLayout) });
    }
    el.dataset.version = model.get("stamp");
  };
  const queue = () => { busy = busy.then(draw).catch((error) => { console.error(error); }); return busy; };
  // style sheets arrive some time after the page says that its theme changed
  const recolour = () => {
    if (ended || !Plotly || drawn < 0 || plot._fullLayout?.font.color === ink()) return;
    if (!seen()) { drawn = -1; return; }
    const shapes = model.get("marks").length ? { shapes: marks() } : {};  // some are drawn in the colour of the text
    busy = busy.then(() => Plotly.relayout(plot, { "font.color": ink(), ...shapes }));
  };
  const theme = () => { for (const wait of [0, 150, 600, 2000]) setTimeout(recolour, wait); };
  const resized = new ResizeObserver(() => {
    const width = Math.floor(el.getBoundingClientRect().width);
    if (width <= 50) return;
    if (drawn !== model.get("version")) queue();
    else if (Math.abs(width - (plot._fullLayout?.width ?? 0)) > 1) busy = busy.then(() => Plotly.relayout(plot, { width }));
  });
  resized.observe(el);
  const watch = new MutationObserver(theme);
  watch.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-vscode-theme-kind", "class"] });
  const hinted = () => { hint.textContent = model.get("hint"); hint.classList.toggle("aie-none", !model.get("hints")); };
  model.on("change:stamp", queue);
  model.on("change:hint", hinted);
  hinted();
  queue();
  return () => {
    ended = true;
    resized.disconnect(); watch.disconnect();
    model.off("change:stamp", queue); model.off("change:hint", hinted);
    if (Plotly) Plotly.purge(plot);
  };
}
export default { render };
