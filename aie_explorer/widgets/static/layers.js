// One row a layer: a list for every field of its choice, whether it is pinned, and what it costs.
function render({ model, el }) {
  el.classList.add("aie-layers");
  el.dataset.lmSuppressShortcuts = "true";
  const table = document.createElement("table"), head = document.createElement("thead"), body = document.createElement("tbody");
  table.append(head, body);
  el.append(table);
  const rows = new Map();

  const titles = () => {
    const row = document.createElement("tr");
    for (const [text, title] of [["layer", "inputs x outputs"], ["pinned", "stays when the rest is optimised"],
      ...model.get("fields").map((field) => [field.name, field.help]),
      ["tiles", "tiles it uses"], ["interval (cycles)", "cycles a batch of this layer alone"], ["of peak", "useful work over the peak of its tiles"],
      ["limited by", "the slowest part of the layer"]]) {
      const th = document.createElement("th");
      th.textContent = text;
      th.title = title;
      th.scope = "col";
      row.append(th);
    }
    head.replaceChildren(row);
  };
  const fill = (select, field) => {
    const key = JSON.stringify([field.offered, field.others]);
    if (select.dataset.key !== key) {
      select.dataset.key = key;
      select.replaceChildren();
      for (const value of field.offered) select.append(new Option(value, value));
      if (field.others.length) {
        const group = document.createElement("optgroup");
        group.label = "not legal here: choose to see why";
        for (const value of field.others) {
          const option = new Option(value, value);
          option.className = "aie-illegal";
          group.append(option);
        }
        select.append(group);
      }
    }
    select.value = field.value;
  };
  const made = (row) => {
    const tr = document.createElement("tr"), parts = { selects: {}, cells: [] };
    tr.dataset.layer = row.layer;
    const name = document.createElement("th");
    name.scope = "row";
    const badge = document.createElement("b");
    badge.className = "aie-badge";
    badge.textContent = row.letter;
    badge.style.background = row.colour;
    badge.style.color = row.ink;
    const size = document.createElement("span");
    size.className = "aie-dim";
    size.textContent = ` ${row.size}`;
    name.append(badge, ` ${row.layer}`, size);
    const pin = document.createElement("input");
    pin.type = "checkbox";
    pin.setAttribute("aria-label", `pin ${row.layer}`);
    pin.title = `keep ${row.layer} as it is when the rest is optimised`;
    pin.addEventListener("change", () => model.send({ type: "pin", layer: row.layer, on: pin.checked }));
    parts.pin = pin;
    const pinCell = document.createElement("td");
    pinCell.append(pin);
    tr.append(name, pinCell);
    for (const field of model.get("fields")) {
      const td = document.createElement("td"), select = document.createElement("select");
      select.setAttribute("aria-label", `${row.layer} ${field.name}`);
      select.title = field.help;
      select.addEventListener("change", () => {
        const value = select.value;
        select.dataset.asked = value;
        model.send({ type: "change", layer: row.layer, field: field.name, value });
      });
      parts.selects[field.name] = select;
      td.append(select);
      tr.append(td);
    }
    for (let i = 0; i < 4; i++) {
      const td = document.createElement("td");
      td.className = "aie-number";
      parts.cells.push(td);
      tr.append(td);
    }
    parts.cells[3].className = "aie-word";
    body.append(tr);
    rows.set(row.layer, { tr, ...parts });
  };
  const paint = () => {
    const wanted = model.get("rows"), names = wanted.map((row) => row.layer).join("\n");
    if (names !== [...rows.keys()].join("\n")) { body.replaceChildren(); rows.clear(); titles(); wanted.forEach(made); }
    for (const row of wanted) {
      const parts = rows.get(row.layer);
      parts.pin.checked = row.pinned;
      for (const [field, values] of Object.entries(row.fields)) fill(parts.selects[field], values);
      row.cells.forEach((text, i) => { parts.cells[i].textContent = text; });
      parts.tr.classList.toggle("aie-worst", row.worst);
    }
    el.dataset.version = model.get("stamp");
  };
  model.on("change:stamp", paint);
  paint();
  return () => model.off("change:stamp", paint);
}
export default { render };
