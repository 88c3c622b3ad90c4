// A button that hands data to the browser: a file to save, or text for the clipboard.
function render({ model, el }) {
  el.classList.add("aie-tool");
  const button = document.createElement("button"), said = document.createElement("span");
  button.className = "jupyter-button widget-button";
  said.className = "aie-dim";
  said.setAttribute("role", "status");
  const label = () => { button.textContent = model.get("label"); button.title = model.get("tip"); };
  button.addEventListener("click", () => { said.textContent = " ..."; model.send({ type: "wanted" }); });
  el.append(button, said);
  const give = async (message, buffers) => {
    if (message.type === "file") {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([buffers[0]], { type: message.mime }));
      link.download = message.name;
      document.body.append(link);
      link.click();
      link.remove();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
      said.textContent = ` ${message.name}`;
    } else if (message.type === "text") {
      try {
        await navigator.clipboard.writeText(message.text);
        said.textContent = " copied";
      } catch {
        const area = document.createElement("textarea");
        area.value = message.text;
        document.body.append(area);
        area.select();
        said.textContent = document.execCommand("copy") ? " copied" : " select the text and copy it";
        area.remove();
      }
    } else said.textContent = "";
  };
  model.on("msg:custom", give);
  model.on("change:label", label);
  label();
  return () => { model.off("msg:custom", give); model.off("change:label", label); };
}
export default { render };
