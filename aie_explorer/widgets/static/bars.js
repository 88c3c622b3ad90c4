// Stacked bars from the data of a plotly figure, drawn here: plotly takes 20 times as long for every change.
const HEIGHT = 340, TOP = 40, BOTTOM = 92, LEFT = 60, RIGHT = 20;
const PATTERNS = { "/": "M0,8 L8,0 M-2,2 L2,-2 M6,10 L10,6", ".": "M1,1 h2 v2 h-2 Z M5,5 h2 v2 h-2 Z", x: "M0,0 L8,8 M8,0 L0,8" };
const round = (value) => Math.round(value * 10) / 10;

function ticks(most) {
  const rough = most / 4, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough);
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
}

let many = 0;
function render({ model, el }) {
  el.classList.add("aie-figure", "aie-bars");
  const svg = node("svg", { role: "img" }), hint = document.createElement("div"), id = `aie-bars-${many++}`;
  hint.className = "aie-hint";
  el.append(saveButton(svg, model.get("name")), svg, hint);
  let spec = null, drawn = -1;

  const text = (words, x, y, attributes, parent = svg) => { node("text", { x: round(x), y: round(y), ...attributes }, parent).textContent = words; };
  const fill = (trace, i) => trace.marker.pattern?.shape ? `url(#${id}-${i})` : trace.marker.color;

  const legend = (width) => {
    let x = LEFT, y = HEIGHT - BOTTOM + 44;
    spec.data.forEach((trace, i) => {
      const wide = 26 + 6.4 * trace.name.length;
      if (x + wide > width - RIGHT && x > LEFT) { x = LEFT; y += 18; }
      node("rect", { x, y: y - 9, width: 11, height: 11, fill: fill(trace, i), stroke: trace.marker.color }, svg);
      text(trace.name, x + 16, y, {});
      x += wide;
    });
  };

  const paint = () => {
    const width = Math.floor(el.getBoundingClientRect().width);
    if (width <= 50) return;
    if (model.get("version") !== drawn) { spec = JSON.parse(model.get("spec")); drawn = model.get("version"); }
    if (!spec?.data) return;
    const names = spec.data[0].x, line = spec.layout.shapes[0], columns = [...new Set(spec.data.map((trace) => trace.offsetgroup))];
    const heights = names.map((_, i) => columns.map((column) => spec.data.reduce(
      (sum, trace) => sum + (trace.offsetgroup === column ? trace.y[i] : 0), 0)));
    const most = 1.08 * Math.max(line.y0, ...heights.flat()), slot = (width - LEFT - RIGHT) / names.length;
    const y = (value) => HEIGHT - BOTTOM - value / most * (HEIGHT - TOP - BOTTOM), bar = 0.75 * slot / columns.length;
    svg.replaceChildren();
    svg.setAttribute("width", width);
    svg.setAttribute("height", HEIGHT);
    svg.setAttribute("aria-label", `${spec.layout.title.text}: ${line.label.text}; kernels take ${
      names.map((name, i) => `${name} ${heights[i][0].toFixed(0)}`).join(", ")} cycles`);
    const defs = node("defs", {}, svg);
    spec.data.forEach((trace, i) => {
      const shape = PATTERNS[trace.marker.pattern?.shape];
      if (!shape) return;
      const pattern = node("pattern", { id: `${id}-${i}`, width: 8, height: 8, patternUnits: "userSpaceOnUse" }, defs);
      node("path", { d: shape, stroke: trace.marker.color, "stroke-width": 1.6, fill: "none" }, pattern);
    });
    text(spec.layout.title.text, width / 2, 18, { "text-anchor": "middle", class: "aie-title" });
    for (const tick of ticks(most)) {
      node("path", { class: "aie-rule", d: `M${LEFT},${round(y(tick))} H${width - RIGHT}` }, svg);
      text(tick.toLocaleString("en"), LEFT - 6, y(tick) + 4, { "text-anchor": "end" });
    }
    text(spec.layout.yaxis.title.text, 0, 0, { "text-anchor": "middle", transform: `translate(14 ${round((TOP + HEIGHT - BOTTOM) / 2)}) rotate(-90)` });
    const longest = Math.max(...names.map((name) => name.length)), each = Math.ceil(14 / slot);
    names.forEach((name, i) => {
      const left = LEFT + (i + 0.125) * slot, bottoms = Object.fromEntries(columns.map((column) => [column, 0]));
      spec.data.forEach((trace, j) => {
        const column = trace.offsetgroup, value = trace.y[i], low = bottoms[column];
        bottoms[column] += value;
        if (value <= 0) return;
        const rect = node("rect", { x: round(left + columns.indexOf(column) * bar), y: round(y(low + value)), width: round(bar), height: round(y(low) - y(low + value)),
          fill: fill(trace, j), opacity: trace.marker.opacity ?? 1 }, svg);
        rect.dataset.said = `${name}, ${column === trace.name ? "" : `${column}: `}${trace.name}: ${value.toFixed(1)} cycles`;
      });
      const x = LEFT + (i + 0.5) * slot, low = HEIGHT - BOTTOM + 15;
      if (longest * 6.6 < slot) text(name, x, low, { "text-anchor": "middle" });
      else if (i % each === 0) text(name.length > 9 ? `${name.slice(0, 8)}…` : name, 0, 0, { "text-anchor": "end", transform: `translate(${round(x + 3)} ${low - 6}) rotate(-35)` });
    });
    node("path", { d: `M${LEFT},${round(y(line.y0))} H${width - RIGHT}`, stroke: line.line.color, "stroke-width": 2, "stroke-dasharray": "9 6" }, svg);
    text(line.label.text, width - RIGHT, y(line.y0) - 5, { "text-anchor": "end", class: "aie-across" });
    legend(width);
    el.dataset.version = model.get("stamp");
  };
  svg.addEventListener("pointerover", (event) => { hint.textContent = event.target.dataset?.said ?? ""; });
  svg.addEventListener("pointerleave", () => { hint.textContent = ""; });
  const resized = new ResizeObserver(() => {
    if (Math.abs(el.getBoundingClientRect().width - Number(svg.getAttribute("width"))) >= 1) paint();
  });
  resized.observe(el);
  model.on("change:stamp", paint);
  paint();
  return () => { resized.disconnect(); model.off("change:stamp", paint); };
}
export default { render };
