// What figures drawn here share; stands before their own code.
const NS = "http://www.w3.org/2000/svg";
const node = (name, attributes, parent) => {
  const one = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes ?? {})) one.setAttribute(key, value);
  parent?.append(one);
  return one;
};
const title = (parent, text) => { node("title", {}, parent).textContent = text; };
const STYLED = ["fill", "fill-opacity", "stroke", "stroke-opacity", "stroke-width", "stroke-dasharray", "opacity", "font-family", "font-size", "font-weight"];
// Mixed colours come as color(srgb ..), which drawing programs do not know.
const plain = (value) => value.replace(/color\(srgb ([^)]*)\)/g, (_, parts) => {
  const [r, g, b, a = 1] = parts.split(/[ /]+/).map(Number);
  return `rgba(${[r, g, b].map((one) => Math.round(255 * one)).join(", ")}, ${a})`;
});
// The figure as a file that looks the same elsewhere: styles of the page are written into it.
const saved = (svg, name) => {
  const copy = svg.cloneNode(true), box = svg.getBoundingClientRect(), own = svg.querySelectorAll("*");
  copy.querySelectorAll("*").forEach((one, i) => {
    const style = getComputedStyle(own[i]);
    for (const key of STYLED) one.style.setProperty(key, plain(style.getPropertyValue(key)));
  });
  copy.setAttribute("xmlns", NS);
  copy.setAttribute("width", box.width);
  copy.setAttribute("height", box.height);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" }));
  link.download = `${name}.svg`;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
};
const saveButton = (svg, name) => {
  const button = document.createElement("button");
  button.className = "aie-save";
  button.textContent = "SVG";
  button.title = "Download as SVG";
  button.setAttribute("aria-label", `download ${name} as SVG`);
  button.addEventListener("click", () => saved(svg, name));
  return button;
};
