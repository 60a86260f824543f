// The merge page: typing by hand chooses "by hand", and the bar counts the choices that are left.
const told = document.querySelector("[data-left]");
const radios = [...document.querySelectorAll(".merge input[type=radio]")];
const tell = () => {
  const names = new Set(radios.map((radio) => radio.name));
  const left = names.size - radios.filter((radio) => radio.checked).length;
  told.textContent = left ? `${left} ${left === 1 ? "choice" : "choices"} left` : names.size ? "All chosen" : "";
};
for (const part of document.querySelectorAll("[data-by-hand]")) {
  part.addEventListener("input", (event) => {
    if (event.target.type !== "radio") part.querySelector("input[type=radio]").checked = true;
    tell();
  });
}
for (const radio of radios) radio.addEventListener("change", tell);
addEventListener("pageshow", tell);
