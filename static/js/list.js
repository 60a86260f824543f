// The list: picking rows, and the dialog that asks before a deletion. Without it the buttons and links still do their work.
const bulk = document.querySelector("[data-bulk]");
if (bulk) {
  const picks = [...document.querySelectorAll("[data-pick]")];
  const all = bulk.querySelector("[data-pick-all]");
  const told = bulk.querySelector("[data-picked]");
  const doing = bulk.querySelector("[data-doing]");
  const every = bulk.querySelector("[data-pick-every]");
  const tell = () => {
    const ticked = picks.filter((pick) => pick.checked).length;
    const count = every?.checked ? Number(every.dataset.pickEvery) : ticked;
    told.textContent = count ? `${count.toLocaleString("en")} selected:` : "Select records to act on several at once";
    all.checked = ticked === picks.length;
    all.indeterminate = ticked > 0 && ticked < picks.length;
    doing.hidden = count === 0;
  };
  all.addEventListener("change", () => { for (const pick of picks) pick.checked = all.checked; tell(); });
  for (const pick of picks) pick.addEventListener("change", tell);
  every?.addEventListener("change", tell);
  all.closest("label").hidden = false;
  tell();
}

const dialog = document.getElementById("delete-dialog");
if (dialog?.showModal) {
  for (const link of document.querySelectorAll("[data-delete]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      dialog.querySelector("[name=id]").value = link.dataset.delete;
      dialog.querySelector("[data-name]").textContent = link.querySelector(".sr-only").textContent.trim();
      dialog.showModal();
    });
  }
  dialog.querySelector("[data-dismiss-dialog]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
}
