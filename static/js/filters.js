// The filters' rows: a condition and a value each. Flask-Admin names the parameter after the condition: flt<row>_<condition>.
const form = document.getElementById("filter_form");
const groups = JSON.parse(form.dataset.groups);
const active = JSON.parse(form.dataset.active);
const rows = form.querySelector("[data-filter-rows]");
const kinds = { datepicker: "date", timepicker: "time" };
const hints = {
  daterangepicker: "YYYY-MM-DD to YYYY-MM-DD",
  datetimepicker: "YYYY-MM-DD HH:MM:SS",
  datetimerangepicker: "YYYY-MM-DD HH:MM:SS to YYYY-MM-DD HH:MM:SS",
  timerangepicker: "HH:MM:SS to HH:MM:SS",
  "select2-tags": "one, two, three",
};
const hintsByCondition = { between: "smallest to largest", "in list": "one, two, three" };
let counter = 0;

const make = (tag, properties) => Object.assign(document.createElement(tag), properties);

function valueControl(group, filter, number, text) {
  const control = filter.options
    ? make("select", { className: "form-control" })
    : make("input", { className: "form-control", type: kinds[filter.type] ?? "text", placeholder: hints[filter.type] ?? hintsByCondition[filter.operation] ?? "", required: true });
  for (const [key, label] of filter.options ?? []) control.add(new Option(label, key));
  control.name = `flt${number}_${filter.arg}`;
  control.setAttribute("aria-label", `${group}: value`);
  if (text !== undefined) control.value = text;
  return control;
}

function addRow(group, index, text) {
  const number = counter++;
  const filters = groups[group];
  const row = make("fieldset", { className: "row-of-filter" });
  const condition = make("select", { className: "form-control" });
  condition.setAttribute("aria-label", `${group}: condition`);
  filters.forEach((filter, at) => condition.add(new Option(filter.operation, at)));
  condition.value = Math.max(0, filters.findIndex((filter) => filter.index === index));
  let control = valueControl(group, filters[condition.value], number, text);
  condition.addEventListener("change", () => {
    const next = valueControl(group, filters[condition.value], number, control.tagName === "INPUT" ? control.value : undefined);
    control.replaceWith(next);
    control = next;
  });
  const remove = make("button", { type: "button", className: "btn btn-sm", textContent: "Remove" });
  remove.append(make("span", { className: "sr-only", textContent: ` filter ${group}` }));
  remove.addEventListener("click", () => {
    row.remove();
    form.querySelector("button:not([type])").focus();
  });
  row.append(make("b", { textContent: group }), condition, control, remove);
  rows.append(row);
  form.hidden = false;
  return control;
}

for (const [index, group, text] of active) addRow(group, index, text);
document.querySelector("[data-filter-chips]")?.remove(); // the rows say the same, and can be edited
const menu = document.querySelector("[data-filter-menu]");
menu.hidden = false;
for (const button of menu.querySelectorAll("[data-add-filter]")) {
  button.addEventListener("click", () => {
    menu.open = false;
    addRow(button.dataset.addFilter).focus();
  });
}
