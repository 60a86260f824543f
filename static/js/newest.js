// An open edit page asks now and then which version is the newest, and says so when someone else saved. Only while it is
// looked at; after an error it waits longer each time.
const EVERY = 10_000;
const LONGEST = 300_000;
const place = document.querySelector("[data-newest]");
const shown = Number(place?.dataset.version);
let wait = EVERY;
let timer;
let told = shown;

function tell({ version, actor, deleted }) {
  if (version <= told) return;
  told = version;
  const who = actor && actor !== "anonymous" ? actor : "Someone";
  const link = Object.assign(document.createElement("a"), { href: place.dataset.timeline, textContent: "Timeline", target: "_blank", rel: "noopener" });
  const what = deleted ? `${who} deleted this record while you are editing version ${shown}. ` : `${who} saved version ${version} while you are editing version ${shown}. `;
  const text = Object.assign(document.createElement("span"), { textContent: `${what}Nothing of yours is lost: ${deleted ? "what you typed stays here. " : "saving will show both sides. "}` });
  const box = Object.assign(document.createElement("div"), { className: "alert alert-warning" });
  box.append(text, link);
  place.replaceChildren(box);
}

async function ask() {
  try {
    const answer = await fetch(place.dataset.newest, { cache: "no-store", headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    tell(await answer.json());
    wait = EVERY;
  } catch {
    wait = Math.min(wait * 2, LONGEST);
  }
  plan();
}

function plan() {
  clearTimeout(timer);
  if (document.visibilityState === "visible") timer = setTimeout(ask, wait);
}

if (place) {
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (document.visibilityState === "visible") ask(); // back at the tab: at once
  });
  plan();
}
