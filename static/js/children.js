// Rows of children in a form: a button adds one, another takes it away again before it is saved. Without this script the form offers
// some empty rows instead, and a box removes a row; that box stays for rows that are stored, since their removal is a version.
for (const section of document.querySelectorAll("[data-children]")) {
  const key = section.dataset.children;
  const template = document.querySelector(`template[data-row-of="${key}"]`);
  const button = section.querySelector("[data-add]");
  const said = section.querySelector("[data-said]");
  if (!template || !button) continue;
  const rows = () => [...section.querySelectorAll("fieldset.child")];
  const most = Number(section.dataset.most);
  let next = Math.max(-1, ...rows().map((row) => Number(row.id.slice(key.length + 1)))) + 1;

  const tell = (text) => {
    const full = rows().length >= most;
    button.disabled = full;
    said.textContent = full ? `${text} That is as many as fit here.`.trim() : text;
  };
  const change = () => section.closest("form")?.dispatchEvent(new Event("change"));
  const add = () => {
    const row = template.content.firstElementChild.cloneNode(true);
    for (const part of [row, ...row.querySelectorAll("*")]) {
      for (const { name, value } of [...part.attributes]) {
        if (value.includes("__row__")) part.setAttribute(name, value.replaceAll("__row__", String(next)));
      }
    }
    next += 1;
    const last = rows().at(-1);
    if (last) last.after(row); else button.closest("p").before(row);
    row.querySelector("input:not([type=hidden]), select, textarea")?.focus();
    tell("Row added.");
    change();
  };
  section.addEventListener("click", (event) => {
    if (!event.target.closest("[data-drop]")) return;
    event.target.closest("fieldset").remove();
    tell("Row removed.");
    button.focus();
    change();
  });
  for (const row of rows()) if ("blank" in row.dataset) row.remove();
  button.addEventListener("click", add);
  button.hidden = false;
  tell("");
}
