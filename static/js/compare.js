// Names the two picked versions on the button that compares them.
const form = document.querySelector("[data-compare]");

function name() {
  const [a, b] = ["a", "b"].map((side) => form.elements[side]?.value);
  if (!a || !b) return;
  form.querySelector("[data-compare-button]").textContent = `Compare ${a} with ${b}`;
}

if (form) {
  document.addEventListener("change", name);
  window.addEventListener("pageshow", name); // the browser keeps the choice when one comes back
  name();
}
