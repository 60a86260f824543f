// A reference to one of very many records: what is typed is looked up, and the list of the field offers what was found.
// Without it, or when the server does not answer, the field offers the first records and takes the number of any.
const PAUSE = 250;
for (const field of document.querySelectorAll("input[data-lookup]")) {
  const offered = document.getElementById(field.getAttribute("list"));
  let timer;
  let running;

  const ask = async () => {
    running?.abort();
    running = new AbortController();
    const address = new URL(field.dataset.lookup, location.href);
    address.searchParams.set("q", field.value.trim());
    try {
      const answer = await fetch(address, { signal: running.signal, headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      offered.replaceChildren(...(await answer.json()).map(([key, name]) => new Option(name, key)));
    } catch { /* a newer question, or no answer: what is offered stays */ }
  };
  field.addEventListener("input", () => {
    clearTimeout(timer);
    if ([...offered.options].some((option) => option.value === field.value)) return; // one was picked
    timer = setTimeout(ask, PAUSE);
  });
}
