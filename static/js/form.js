// The edit form: says how many fields differ from what was loaded, and asks before such work is left behind.
for (const form of document.querySelectorAll("[data-guard]")) {
  const told = form.querySelector("[data-unsaved]");
  const fields = () => [...form.elements].filter((field) => field.name && field.type !== "hidden" && field.type !== "submit");
  const value = (field) => {
    if (field.type === "checkbox" || field.type === "radio") return String(field.checked);
    if (field.multiple) return [...field.options].map((option) => Number(option.selected)).join("");
    return field.value;
  };
  const loaded = new Map(fields().map((field) => [field, value(field)]));
  const changed = () => fields().filter((field) => loaded.get(field) !== value(field)).length;
  const again = Boolean(document.querySelector(".error-summary, .conflict-note"));
  let leaving = false;

  const tell = () => {
    const count = changed();
    if (told) told.textContent = count ? `${count} ${count === 1 ? "field" : "fields"} changed, not saved` : "";
  };
  form.addEventListener("input", tell);
  form.addEventListener("change", tell);
  form.addEventListener("submit", (event) => {
    if (leaving) event.preventDefault(); // a second click on Save must not save twice
    leaving = true;
  });
  addEventListener("pageshow", () => { leaving = false; tell(); });
  addEventListener("beforeunload", (event) => {
    if (!leaving && (again || changed())) event.preventDefault();
  });
}
