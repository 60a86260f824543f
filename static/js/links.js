// Links to several records: what is chosen as chips, and a search that adds one. The list or the text field under it stays what the
// form sends, so that the page is whole without this script.
const PAUSE = 250, SHOWN = 20, MOST_CHIPS = 100;

const make = (tag, given = {}, ...inside) => {
  const node = Object.assign(document.createElement(tag), given);
  node.append(...inside);
  return node;
};

// What the control under it holds: Map of key to name.
const listed = (select) => ({
  read: () => new Map([...select.selectedOptions].map((option) => [option.value, option.text])),
  write: (chosen) => { for (const option of select.options) option.selected = chosen.has(option.value); },
  async find(text) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (option) => words.every((word) => option.text.toLowerCase().includes(word));
    return [...select.options].filter(fits).map((option) => [option.value, option.text]);
  },
});
const typed = (text, { lookup: address, lines }, names) => {
  let running;
  const keys = () => lines !== undefined ? text.value.split("\n") : text.value.split(/[\s,;]+/).map((key) => key.replace(/^#/, ""));
  return {
    read: () => new Map(keys().map((key) => key.trim()).filter(Boolean).map((key) => [key, names.get(key) ?? `#${key}`])),
    write: (chosen) => { text.value = [...chosen.keys()].join(lines !== undefined ? "\n" : ", "); },
    async find(words) {
      if (!words) return [];
      running?.abort();
      running = new AbortController();
      const asked = new URL(address, location.href);
      asked.searchParams.set("q", words);
      const answer = await fetch(asked, { signal: running.signal, headers: { Accept: "application/json" } });
      return answer.ok ? answer.json() : [];
    },
  };
};

const enhance = (box) => {
  const plain = box.querySelector("select, textarea");
  const known = box.querySelector("[data-chosen]");
  const names = new Map([...box.querySelectorAll("[data-key]")].map((each) => [each.dataset.key, each.dataset.name]));
  const held = plain.matches("select") ? listed(plain) : typed(plain, box.dataset, names);
  if (held.read().size > MOST_CHIPS) return; // so many are edited as they stand

  const id = plain.id, label = document.querySelector(`label[for="${id}"]`), name = label.firstChild.textContent.trim();
  const chips = make("ul", { className: "chosen" });
  const found = make("ul", { className: "found", id: `${id}-found`, hidden: true });
  const told = make("p", { className: "sr-only" });
  const field = make("input", { type: "text", className: plain.className, autocomplete: "off", placeholder: "Type to add…" });
  plain.id = `${id}-plain`;
  field.id = id;
  found.setAttribute("role", "listbox");
  found.setAttribute("aria-label", `${name}, found`);
  chips.setAttribute("aria-label", `${name}, chosen`);
  told.setAttribute("role", "status");
  for (const [key, value] of [["role", "combobox"], ["aria-expanded", "false"], ["aria-controls", found.id], ["aria-autocomplete", "list"]]) field.setAttribute(key, value);
  const about = (plain.getAttribute("aria-describedby") ?? "").split(" ").filter((each) => each && each !== `${id}-hint`).join(" ");
  if (about) field.setAttribute("aria-describedby", about);
  if (plain.getAttribute("aria-invalid")) field.setAttribute("aria-invalid", "true");
  plain.hidden = true;
  if (known) known.hidden = true;
  for (const each of box.querySelectorAll("[data-plain]")) each.hidden = true;
  box.append(chips, field, found, told);

  let at = -1, timer, due = false;
  const options = () => [...found.children].filter((each) => each.dataset.key);
  const close = () => { found.hidden = true; at = -1; field.setAttribute("aria-expanded", "false"); field.removeAttribute("aria-activedescendant"); };
  const change = (chosen, said) => {
    held.write(chosen);
    told.textContent = said;
    plain.dispatchEvent(new Event("change", { bubbles: true }));
    show();
  };
  const show = () => chips.replaceChildren(...[...held.read()].map(([key, text]) => {
    const out = make("button", { type: "button", textContent: "×" });
    out.setAttribute("aria-label", `Take out ${text}`);
    out.addEventListener("click", () => {
      const chosen = held.read();
      chosen.delete(key);
      change(chosen, `${text} was taken out.`);
      field.focus();
    });
    return make("li", {}, make("span", { textContent: text }), out);
  }));
  const add = (option) => {
    names.set(option.dataset.key, option.textContent);
    change(held.read().set(option.dataset.key, option.textContent), `${option.textContent} was added.`);
    field.value = "";
    close();
    field.focus();
  };
  const mark = (to) => {
    const all = options();
    at = all.length ? (to + all.length) % all.length : -1;
    all.forEach((each, place) => each.setAttribute("aria-selected", String(place === at)));
    if (at < 0) return field.removeAttribute("aria-activedescendant");
    field.setAttribute("aria-activedescendant", all[at].id);
    all[at].scrollIntoView({ block: "nearest" });
  };
  const look = async () => {
    const words = field.value.trim();
    let answer;
    clearTimeout(timer);
    due = false;
    try { answer = await held.find(words); } catch { return; } // a newer question, or no answer
    const chosen = held.read();
    const left = answer.filter(([key]) => !chosen.has(key)).slice(0, SHOWN);
    found.replaceChildren(...left.map(([key, text], place) => {
      const option = make("li", { id: `${id}-found-${place}`, textContent: text });
      option.dataset.key = key;
      option.setAttribute("role", "option");
      option.addEventListener("pointerdown", (event) => { event.preventDefault(); add(option); });
      return option;
    }));
    told.textContent = left.length ? `${left.length} found.` : words ? "Nothing found." : "";
    if (!left.length && words) found.replaceChildren(make("li", { className: "quiet", textContent: "Nothing found." }));
    found.firstChild?.setAttribute("role", "option");
    found.hidden = !found.children.length;
    field.setAttribute("aria-expanded", String(!found.hidden));
    mark(words ? 0 : -1);
  };
  field.addEventListener("input", () => {
    clearTimeout(timer);
    due = true;
    timer = setTimeout(look, box.dataset.lookup ? PAUSE : 0);
  });
  field.addEventListener("click", look);
  field.addEventListener("blur", close);
  field.addEventListener("keydown", async (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (found.hidden) look(); else mark(at + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && (field.value.trim() || at >= 0)) {
      event.preventDefault(); // the form is sent by its button
      if (due) await look();
      if (options()[at]) add(options()[at]);
    } else if (event.key === "Escape" && !found.hidden) {
      event.preventDefault();
      close();
    }
  });
  show();
};

for (const box of document.querySelectorAll("[data-links]")) enhance(box);
