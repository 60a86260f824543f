// What can be pressed on a page. A kind is a control without its numbers: of twenty rows' buttons one is pressed.
(pressed) => {
  const CONTROLS = "button, summary, select, input[type=checkbox]:not([data-pick]), input[type=radio], [data-delete], [role=combobox], input[data-lookup]";
  const plain = (text) => (text ?? "").replace(/\s+/g, " ").replace(/[\d,.]+/g, "#").trim();
  const said = (one) => {
    const copy = one.cloneNode(true);
    for (const hidden of copy.querySelectorAll(".sr-only")) hidden.remove();
    return plain(copy.textContent).slice(0, 40);
  };
  const owner = (one) => one.closest("fieldset, dialog, form, details, article, section, header, main, body");
  const kind = (one) => {
    const around = owner(one === one.closest("details > summary") ? one.parentElement.parentElement : one);
    const form = plain(one.form?.getAttribute("action")?.split("?")[0]);
    const words = one.matches("input, select") ? "" : said(one);
    const place = `${around?.tagName}.${plain(around?.className)}`;
    return [one.tagName.toLowerCase(), one.type ?? "", plain(one.name), plain(one.matches("button") ? one.value : ""), one.className, words, form, place].join("|");
  };
  const fresh = (one) => !one.matches(":disabled, form[action='/sign-out'] *") && !pressed.includes(kind(one));
  const seen = (one) => one.checkVisibility({ visibilityProperty: true });
  const leaves = (one) => one.matches("button") && one.type === "submit" && one.form && one.form.getAttribute("method") !== "dialog";
  const grave = (one) => /danger/.test(one.className) || one.closest("[class*=danger]") || /Disable|Delete/.test(one.textContent);
  const modal = document.querySelector("dialog[open]");
  const all = [...(modal ?? document).querySelectorAll(CONTROLS)];
  const opens = (one) => one.matches("details:not([open]) > summary") && seen(one) ? [...one.parentElement.querySelectorAll(CONTROLS)]
    : one.matches("[data-delete]") && seen(one) ? [...document.querySelectorAll("#delete-dialog button")] : [];
  const leads = (one, to) => opens(one).some((inner) => inner !== one && fresh(inner) && to(inner));
  const here = all.filter((one) => seen(one) && fresh(one));
  const chosen = here.find((one) => !leaves(one)) ?? here.find((one) => !grave(one))
    ?? all.find((one) => leads(one, (inner) => !grave(inner))) ?? here[0] ?? all.find((one) => leads(one, () => true));
  if (!chosen && modal) return { how: "Escape" };
  if (!chosen) return null;
  chosen.focus();
  const found = { kind: kind(chosen), words: chosen.matches("button, summary, a") ? said(chosen) : chosen.tagName.toLowerCase(), tag: chosen.tagName, how: "Enter", leaves: false, focused: document.activeElement === chosen };
  if (chosen.matches("select")) found.how = chosen.multiple ? "ArrowDown" : "End";
  else if (chosen.matches("[role=combobox], input[data-lookup]")) found.how = "type";
  else if (chosen.matches("input")) found.how = "Space";
  if (leaves(chosen)) {
    const rest = [...chosen.form.elements].filter((one) => one.willValidate && !one.checkValidity());
    for (const one of rest) {
      if (one.matches("select")) one.selectedIndex = one.options.length - 1;
      else if (one.type === "radio" || one.type === "checkbox") one.checked = true;
      else one.value = { number: "1", date: "2026-01-02", "datetime-local": "2026-01-02T10:00", time: "10:00", email: "walk@example.org" }[one.type] ?? "Walked here";
    }
    found.leaves = (chosen.formNoValidate || chosen.form.noValidate || chosen.form.checkValidity()) && !chosen.form.matches("[data-passkey]");
  }
  return found;
}
