// On every page: the theme switch, messages that can be closed, menus that close themselves.
const themes = ["system", "light", "dark"];
const themeButton = document.querySelector("[data-theme-switch]");
if (themeButton) {
  const name = () => document.documentElement.dataset.theme ?? "system";
  const label = () => { themeButton.textContent = `Theme: ${name()}`; };
  themeButton.addEventListener("click", () => {
    const next = themes[(themes.indexOf(name()) + 1) % themes.length];
    if (next === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    try { localStorage.setItem("theme", next); } catch { /* this page only, then */ }
    label();
  });
  label();
  themeButton.hidden = false;
}

for (const button of document.querySelectorAll("[data-close]")) {
  button.hidden = false;
  button.addEventListener("click", () => button.closest(".alert").remove());
}

const openMenus = () => document.querySelectorAll("details.drop[open]");
document.addEventListener("click", (event) => {
  for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    const inside = menu.contains(document.activeElement);
    menu.open = false;
    if (inside) menu.querySelector("summary").focus();
  }
});

// A link to a folded part opens it (the list's "Delete" leads to the form at the foot of the record's page).
const unfold = () => {
  const target = document.getElementById(location.hash.slice(1));
  const fold = target?.closest("details");
  if (fold && !fold.open) { fold.open = true; target.scrollIntoView(); }
};
addEventListener("hashchange", unfold);
unfold();
