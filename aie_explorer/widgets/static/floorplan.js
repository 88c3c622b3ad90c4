// The array of tiles. Blocks can be dragged, or moved with the arrow keys and put down with Enter.
const CELL = 24, LEFT = 34, GAP = 16;

let plans = 0;
function render({ model, el }) {
  el.classList.add("aie-plan");
  el.dataset.lmSuppressShortcuts = "true";
  const svg = node("svg", { class: "aie-floorplan", role: "group" });
  const words = document.createElement("div");
  words.className = "aie-hint";
  words.setAttribute("role", "status");
  const legend = document.createElement("div");
  legend.className = "aie-legend";
  legend.innerHTML = "<span><i class='direct'></i>from tile to tile, or between PLIO and tile</span>"
    + "<span><i></i>through a memory tile (m)</span><span>→ along a cascade</span>";
  el.append(saveButton(svg, "floorplan"), svg, legend, words);
  const arrow = `aie-arrow-${plans++}`;  // markers of a hidden figure are not drawn elsewhere
  let plan = null, ground = null, painted = "", again = false, held = null;  // held: {block, column, row, dx, dy, spots}

  const y = (row) => (plan.rows - 1 - row) * CELL + 2;
  const memoryY = (row) => plan.rows * CELL + GAP + (plan.memory_rows - 1 - row) * CELL;
  const x = (column) => LEFT + column * CELL;

  const say = (text, bad = false) => { words.textContent = text; words.classList.toggle("aie-bad", bad); };
  const cell = (kind, px, py, text, parent) => {
    const rect = node("rect", { class: kind, x: px, y: py, width: CELL - 1.5, height: CELL - 1.5, rx: 2 }, parent);
    if (text) title(rect, text);
    return rect;
  };
  const label = (px, py, text, parent, kind = "aie-label") =>
    { node("text", { x: px, y: py, class: kind, "text-anchor": "middle" }, parent).textContent = text; };

  // the ends of a line from one block to another by the shortest way, a little inside of both
  const between = (a, b) => {
    const span = (one) => [[x(one.column), x(one.column + one.width)], [y(one.row + one.height - 1), y(one.row) + CELL]];
    const way = span(a).map(([a0, a1], i) => {
      const [b0, b1] = span(b)[i];
      if (b0 >= a1) return [a1 - 6, b0 + 5];
      if (b1 <= a0) return [a0 + 6, b1 - 5];
      return Array(2).fill((Math.max(a0, b0) + Math.min(a1, b1)) / 2);
    });
    return [0, 1].map((end) => way.map((ends) => ends[end]));
  };
  const paint = () => {
    const fresh = JSON.stringify([model.get("plan"), model.get("fixed")]), focus = svg.contains(document.activeElement)
      ? document.activeElement.dataset.layer : undefined;
    if (fresh === painted && !held && !again) { say(model.get("words")); el.dataset.version = model.get("stamp"); return; }
    painted = fresh; again = false;
    plan = model.get("plan");
    if (!plan.columns) return;
    held = null;
    const height = plan.rows * CELL + GAP + plan.memory_rows * CELL + 46, width = LEFT + plan.columns * CELL + 6;
    svg.setAttribute("aria-label", plan.summary);
    const size = `0 0 ${width} ${height}`;
    if (svg.getAttribute("viewBox") !== size) { svg.setAttribute("viewBox", size); grid(height); }
    while (ground.nextSibling) ground.nextSibling.remove();
    svg.querySelectorAll(".tile.illegal").forEach((one) => one.classList.remove("illegal"));
    const pl = memoryY(0) + CELL + 6;
    for (const column of plan.pl_columns) {
      const one = node("path", { class: "pl", d: `M${x(column) + 5},${pl + 10} L${x(column) + CELL / 2},${pl} L${x(column) + CELL - 5},${pl + 10} Z` }, svg);
      title(one, `column ${column}: PL interface`);
    }
    for (const memory of plan.memory_tiles) {
      cell("memory-tile used", x(memory.column), memoryY(memory.row), memory.text, svg);
      label(x(memory.column) + CELL / 2, memoryY(memory.row) + 16, "m", svg, "aie-mark");
    }
    const lines = (kind) => { for (const edge of plan.edges.filter((one) => one.kind === kind)) {
      const a = plan.blocks[edge.producer], b = plan.blocks[edge.consumer];
      const [from, to] = kind === "direct" ? between(a, b)
        : [[x(a.column + a.width) - 6, y(a.row) + CELL - 4], [x(b.column) + 5, y(b.row) + CELL - 4]];
      const via = edge.via.length ? [[x(edge.via[0][0]) + CELL / 2, memoryY(edge.via[0][1]) + 3]] : [];
      const points = [from, ...via, to].map((point) => point.join(",")).join(" L");
      const line = node("path", { class: `edge ${edge.kind}`, d: `M${points}`, "marker-end": `url(#${arrow}-${edge.kind})` }, svg);
      title(line, edge.text);
    } };
    lines("memory_tile");
    for (const port of plan.ports) {  // PLIOs past the memory tiles: in on the left of a tile, out on the right
      const beside = CELL * (port.into ? 0.3 : 0.7), at = x(port.foot) + beside;
      const ends = [`${at},${memoryY(0) + CELL + 6}`, `${x(port.column) + beside},${y(port.row) + CELL - 4}`];
      if (!port.into) ends.reverse();
      title(node("path", { class: "edge direct port", d: `M${ends.join(" L")}`, "marker-end": `url(#${arrow}-direct)` }, svg), port.text);
      if (port.count > 1) label(at + (port.into ? -7 : 8), memoryY(0) + CELL + 2, String(port.count), svg);
    }
    const defs = node("defs", {}, svg);
    for (const kind of ["direct", "memory_tile"]) {
      const marker = node("marker", { id: `${arrow}-${kind}`, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" }, defs);
      node("path", { d: "M0,0 L8,4 L0,8 Z", class: `arrow ${kind}` }, marker);
    }
    svg.classList.remove("moving");
    plan.blocks.forEach((block, index) => drawBlock(block, index));
    lines("direct");  // between blocks that touch they would be hidden below
    say(model.get("words"));
    if (focus) svg.querySelector(`.block[data-layer="${focus}"]`)?.focus({ preventScroll: true });
    el.dataset.version = model.get("stamp");
  };

  const grid = (height) => {  // what no design changes
    svg.replaceChildren();
    ground = node("g", {}, svg);
    for (let column = 0; column < plan.columns; column++) {
      for (let row = 0; row < plan.rows; row++) cell("tile", x(column), y(row), "", ground);
      for (let row = 0; row < plan.memory_rows; row++) cell("memory-tile", x(column), memoryY(row), "", ground);
      if (column % 5 === 0) label(x(column) + CELL / 2, height - 4, String(column), ground);
    }
    for (let row = 0; row < plan.rows; row++) label(LEFT - 12, y(row) + 16, String(row), ground);
    label(LEFT - 16, memoryY(0) - (plan.memory_rows - 1) * CELL / 2 + 16, "mem", ground);
    if (plan.pl_columns.length) label(LEFT - 16, memoryY(0) + CELL + 15, "PLIO", ground);
  };

  const drawBlock = (block, index) => {
    const group = node("g", { class: "block", "data-layer": block.name, tabindex: 0, role: "button",
      "aria-label": `${block.text}${block.pinned ? "; put here by you" : ""}. Arrow keys move it, Enter puts it down` }, svg);
    title(group, block.text + (block.pinned ? "\nput here by you (double click, or Delete, lets it go)" : "\ndrag to move"));
    for (let row = 0; row < block.height; row++) for (let column = 0; column < block.width; column++) {
      const rect = cell("used", x(block.column + column), y(block.row + row), "", group);
      rect.style.fill = block.colour;
      const text = node("text", { x: x(block.column + column) + CELL / 2, y: y(block.row + row) + 16, "text-anchor": "middle" }, group);
      text.textContent = column === 0 ? block.letter : "→";
      text.style.fill = block.ink;
    }
    node("rect", { class: `border${block.pinned ? " pinned" : ""}`, x: x(block.column) - 1, y: y(block.row + block.height - 1) - 1,
      width: block.width * CELL, height: block.height * CELL, rx: 3 }, group);
    if (model.get("fixed")) return;
    group.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      const at = toTile(event);
      grab(block, group, at[0] - block.column, at[1] - block.row);
      group.setPointerCapture(event.pointerId);
      event.preventDefault();
      group.focus({ preventScroll: true });
    });
    group.addEventListener("pointermove", (event) => {
      if (!held || held.block !== block || held.keys) return;
      const at = toTile(event);
      move(at[0] - held.dx, at[1] - held.dy);
    });
    group.addEventListener("pointerup", () => { if (held?.block === block && !held.keys) drop(); });
    group.addEventListener("pointercancel", () => cancel());
    group.addEventListener("dblclick", () => { if (block.pinned) model.send({ type: "release", layer: block.name }); });
    group.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (step) {
        if (!held) { grab(block, group, 0, 0); held.keys = true; }
        move(held.column + step[0], held.row + step[1]);
      } else if (event.key === "Enter" && held) drop();
      else if (event.key === "Escape" && held) cancel();
      else if (event.key === "Delete" && block.pinned) model.send({ type: "release", layer: block.name });
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
  };
  const toTile = (event) => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return [Math.floor((point.x - LEFT) / CELL), plan.rows - 1 - Math.floor((point.y - 2) / CELL)];
  };
  const grab = (block, group, dx, dy) => {
    held = { block, group, dx, dy, column: block.column, row: block.row, moved: false, keys: false };
    group.classList.add("held");
    if (svg.lastElementChild !== group) {  // on top of all others
      const focused = document.activeElement === group;
      svg.append(group);
      if (focused) group.focus({ preventScroll: true });
    }
    model.send({ type: "grab", layer: block.name });
  };
  const move = (column, row) => {
    column = Math.min(plan.columns - held.block.width, Math.max(0, column));
    row = Math.min(plan.rows - held.block.height, Math.max(0, row));
    if (column === held.column && row === held.row) return;
    held.column = column; held.row = row; held.moved = true;
    svg.classList.add("moving");  // lines still end where blocks were
    held.group.setAttribute("transform", `translate(${(column - held.block.column) * CELL} ${-(row - held.block.row) * CELL})`);
    judge();
  };
  const judge = () => {
    const spots = model.get("spots"), layer = held.block.name;
    const why = spots.layer === layer ? spots.illegal[`${held.column},${held.row}`] : undefined;
    svg.querySelectorAll(".tile.illegal").forEach((one) => one.classList.remove("illegal"));
    if (spots.layer === layer) for (const key of Object.keys(spots.illegal)) {
      const [column, row] = key.split(",").map(Number);
      svg.querySelector(`.tile[x="${x(column)}"][y="${y(row)}"]`)?.classList.add("illegal");
    }
    held.group.classList.toggle("refused", Boolean(why));
    const where = `${layer} at column ${held.column}, row ${held.row}`;
    if (why) { say(`${where}: not possible, ${why}`, true); return; }
    const trial = model.get("trial");
    const mine = trial.layer === layer && trial.column === held.column && trial.row === held.row;
    say(mine ? `${where}: ${trial.words}` : `${where}: ...`, mine && trial.bad);
    svg.querySelectorAll(".ghost").forEach((one) => one.remove());
    if (mine) for (const ghost of trial.others)
      node("rect", { class: "ghost", x: x(ghost.column), y: y(ghost.row + ghost.height - 1), width: ghost.width * CELL - 2, height: ghost.height * CELL - 2, rx: 3, stroke: ghost.colour }, svg);
    else model.send({ type: "trial", layer, column: held.column, row: held.row });
  };
  const drop = () => {
    const { block, column, row, moved } = held, spots = model.get("spots");
    const why = spots.layer === block.name ? spots.illegal[`${column},${row}`] : undefined;
    if (!moved) { held.group.classList.remove("held"); held = null; return; }
    if (why) { cancel(); say(`${block.name} cannot lie at column ${column}, row ${row}: ${why}`, true); return; }
    held = null;
    again = true;  // wherever it ends up, it is drawn anew
    model.send({ type: "put", layer: block.name, column, row });
  };
  const cancel = () => { if (held) { held = null; again = true; paint(); } };
  const trial = () => { if (held?.moved) judge(); };
  model.on("change:stamp", paint);
  model.on("change:spots", trial);
  model.on("change:trial", trial);
  paint();
  return () => { model.off("change:stamp", paint); model.off("change:spots", trial); model.off("change:trial", trial); };
}
export default { render };
