// A reference to one of very many records: what is typed is looked up, and the list of the field offers what was found.
// Without it, or when the server does not answer, the field offers the first records and takes the number of any.
const PAUSE = 250;
const waiting = new WeakMap(); // field -> what it waits for: a timer, or an answer

const ask = async (field, offered) => {
  const running = new AbortController();
  waiting.get(field)?.running?.abort();
  waiting.set(field, { running });
  const address = new URL(field.dataset.lookup, location.href);
  address.searchParams.set("q", field.value.trim());
  try {
    const answer = await fetch(address, { signal: running.signal, headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    offered.replaceChildren(...(await answer.json()).map(([key, name]) => new Option(name, key)));
  } catch { /* a newer question, or no answer: what is offered stays */ }
};
document.addEventListener("input", (event) => {
  const field = event.target.closest("input[data-lookup]");
  if (!field) return;
  const offered = document.getElementById(field.getAttribute("list"));
  const { timer, running } = waiting.get(field) ?? {};
  clearTimeout(timer);
  if ([...offered.options].some((option) => option.value === field.value)) return; // one was picked
  if (field.value.trim().length < Number(field.dataset.least ?? 0)) return;
  waiting.set(field, { running, timer: setTimeout(ask, PAUSE, field, offered) });
});
