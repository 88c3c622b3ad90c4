// A grid of designs: only the rows in view are here; the order and the rest stay in Python.
const HEIGHT = 24, AHEAD = 30;

function render({ model, el }) {
  el.classList.add("aie-grid-box");
  el.dataset.lmSuppressShortcuts = "true";
  const box = document.createElement("div");
  box.className = "aie-grid";
  box.tabIndex = 0;
  box.setAttribute("role", "grid");
  box.setAttribute("aria-label", "designs; arrow keys move, Enter selects, c compares");
  const table = document.createElement("table"), head = document.createElement("thead"), body = document.createElement("tbody");
  table.append(head, body);
  box.append(table);
  el.append(box);
  let at = 0, asked = "";

  const titles = () => {
    head.replaceChildren();
    const row = document.createElement("tr");
    const corner = document.createElement("th");
    corner.textContent = "compare";
    row.append(corner);
    const sort = model.get("sort");
    for (const column of model.get("columns")) {
      const th = document.createElement("th"), button = document.createElement("button");
      const mine = sort.column === column.name;
      button.textContent = column.label + (mine ? (sort.descending ? " ▼" : " ▲") : "");
      const label = `sort by ${column.label}`;
      button.title = column.help ? `${column.help}\n${label}` : label;
      button.setAttribute("aria-label", label);
      button.addEventListener("click", () => model.send({ type: "sort", column: column.name }));
      th.setAttribute("aria-sort", mine ? (sort.descending ? "descending" : "ascending") : "none");
      th.append(button);
      row.append(th);
    }
    head.append(row);
  };
  const spacer = (count) => {
    const tr = document.createElement("tr"), td = document.createElement("td");
    td.style.height = `${count * HEIGHT}px`;
    td.style.padding = "0";
    td.style.border = "none";
    tr.setAttribute("aria-hidden", "true");
    tr.append(td);
    return tr;
  };
  const rows = () => {
    const view = model.get("view"), total = model.get("total"), chosen = model.get("chosen");
    const compared = new Set(model.get("compared")), numeric = model.get("columns").map((column) => column.numeric);
    const list = [];
    if (view.first > 0) list.push(spacer(view.first));
    view.rows.forEach((row, i) => {
      const tr = document.createElement("tr"), position = view.first + i;
      tr.id = `${box.id}-${position}`;
      tr.dataset.row = row.row;
      tr.setAttribute("role", "row");
      tr.setAttribute("aria-rowindex", position + 2);
      tr.setAttribute("aria-selected", row.row === chosen);
      if (row.row === chosen) tr.classList.add("aie-chosen");
      if (position === at) tr.classList.add("aie-at");
      const first = document.createElement("td"), star = document.createElement("button");
      const on = compared.has(row.row);
      star.textContent = on ? "★" : "☆";
      star.tabIndex = -1;
      star.setAttribute("aria-pressed", on);
      star.title = on ? "take out of the comparison" : "compare this design";
      star.addEventListener("click", (event) => { event.stopPropagation(); model.send({ type: "compare", row: row.row }); });
      first.append(star);
      tr.append(first);
      row.cells.forEach((text, j) => {
        const td = document.createElement("td");
        td.textContent = text;
        if (!numeric[j]) td.className = "aie-word";
        tr.append(td);
      });
      tr.addEventListener("click", () => { at = position; model.send({ type: "click", row: row.row }); });
      list.push(tr);
    });
    const after = total - view.first - view.rows.length;
    if (after > 0) list.push(spacer(after));
    body.replaceChildren(...list);
    box.setAttribute("aria-rowcount", total + 1);
    el.dataset.version = model.get("stamp");
  };
  const want = () => {
    const first = Math.max(0, Math.floor(box.scrollTop / HEIGHT) - AHEAD), view = model.get("view");
    const count = Math.ceil(box.clientHeight / HEIGHT) + 2 * AHEAD, total = model.get("total");
    const top = Math.floor(box.scrollTop / HEIGHT), bottom = Math.min(total, top + Math.ceil(box.clientHeight / HEIGHT));
    if (top >= view.first && bottom <= view.first + view.rows.length) return;
    const key = `${first} ${count} ${model.get("stamp")}`;
    if (key === asked) return;
    asked = key;
    model.send({ type: "view", first, count });
  };
  box.addEventListener("scroll", want);
  box.addEventListener("keydown", (event) => {
    const page = Math.max(1, Math.floor(box.clientHeight / HEIGHT) - 2), total = model.get("total");
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -total, End: total };
    const row = body.querySelector(".aie-at")?.dataset.row;
    if (event.target !== box) return;
    if (event.key in steps) at = Math.min(total - 1, Math.max(0, at + steps[event.key]));
    else if ((event.key === "Enter" || event.key === " ") && row !== undefined) model.send({ type: "click", row: Number(row) });
    else if (event.key === "c" && row !== undefined) model.send({ type: "compare", row: Number(row) });
    else return;
    event.preventDefault();
    event.stopPropagation();
    const top = at * HEIGHT;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + 3 * HEIGHT > box.scrollTop + box.clientHeight) box.scrollTop = top + 3 * HEIGHT - box.clientHeight;
    rows();
    box.setAttribute("aria-activedescendant", `${box.id}-${at}`);
  });
  box.id = `aie-grid-${Math.random().toString(36).slice(2)}`;
  const all = () => { titles(); rows(); want(); };
  model.on("change:stamp", all);
  model.on("change:view", rows);
  all();
  return () => { model.off("change:stamp", all); model.off("change:view", rows); };
}
export default { render };
