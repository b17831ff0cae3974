// What is shown in place of hits: nothing there yet, nothing close, an error, a key to be given.
import { Offline, Refused, keepKey } from "./api.js";
import { isFiltered } from "./place.js";
import { button, counted, element } from "./text.js";

function state(name, title, ...content) {
  const box = element("section", `state ${name}`, element("h2", "", title), ...content);
  box.dataset.state = name;
  return box;
}

const link = (address, label) => { const made = element("a", "", label); made.href = address; return made; };
const shell = (command) => { const made = element("pre", "shell", command); made.tabIndex = 0; return made; };

// Nothing can be found yet.
export function emptyLake(corpus, again) {
  const look = button("button main", "Look again", again);
  const waiting = corpus.documents_waiting + corpus.passages_waiting;
  if (waiting) {
    const what = corpus.documents_waiting
      ? `${counted(corpus.documents_waiting, "document")} ${corpus.documents_waiting === 1 ? "waits" : "wait"} to be read and embedded.`
      : `${counted(corpus.passages_waiting, "passage")} ${corpus.passages_waiting === 1 ? "waits" : "wait"} for a vector.`;
    return state("empty", "Nothing can be searched yet", element("p", "", what, " They are found once this has run:"),
      shell("semantic-assets refresh"), element("p", "choices", look, link("/queue", "See the queue")));
  }
  const steps = element("ol", "steps",
    element("li", "", element("span", "", "Put files into a folder of the sources, one for each project and dataset:"), shell("SOURCES/acme/manuals/pump.pdf")),
    element("li", "", element("span", "", "Have them read, embedded and indexed:"), shell("semantic-assets refresh")),
    element("li", "", element("span", "", "Look here again.")));
  return state("empty", "There is nothing to search yet", element("p", "quiet", "No document is here yet. Three steps:"), steps, element("p", "choices", look, link("/docs", "Or upload by the API")));
}

// A question to which nothing is close, words that are nowhere, or filters that nothing fits.
export function nothing(place, passages, go) {
  const clear = isFiltered(place) ? [button("button main", "Clear the filters", () => go({ ...place, where: {} }))] : [];
  if (isFiltered(place) && passages === 0) {
    return state("unfit", "No passage fits these filters", element("p", "", "They leave nothing to search: take one away, or all."), element("p", "choices", ...clear));
  }
  const choices = [...clear];
  if (place.mode !== "words" && place.hasFloor) choices.push(button("button", "Show the nearest all the same", () => go({ ...place, hasFloor: false })));
  choices.push(place.mode === "words"
    ? button("button", "Search by meaning as well", () => go({ ...place, mode: "hybrid" }))
    : button("button", "Search for the words alone", () => go({ ...place, mode: "words" })));
  const said = place.mode === "words"
    ? "No passage has a word of this question. Another spelling may be there, or the same thing in other words."
    : `Every passage${isFiltered(place) ? " that fits the filters" : ""} is so far from this question that the nearest would only mislead. Other words may help.`;
  return state("nothing", place.mode === "words" ? "These words are nowhere" : "Nothing here is close to this question", element("p", "", said), element("p", "choices", ...choices));
}

const TITLES = {
  402: "A cap of spending does not allow this",
  403: "This key may not do this",
  404: "This is not here",
  422: "This cannot be asked in this way",
  429: "Too much is asked at present",
};

export function failed(error, again) {
  const title = error instanceof Offline ? "The server does not answer"
    : TITLES[error.status] || (error.status >= 500 ? "The server cannot answer this at present" : error.title || "This did not work");
  // A body's field is named before the reason: it is no word of the page.
  const detail = error instanceof Offline ? "It is asked again on its own; what you have written stays." : error.message.replace(/^body\.\w+: /, "");
  const box = state("bad", title, element("p", "detail", detail));
  box.setAttribute("role", "alert");
  if (error instanceof Refused) box.append(element("p", "small quiet", `Status ${error.status}`));
  box.append(element("p", "choices", button("button", "Try again", again)));
  return box;
}

export function keyForm(error, then) {
  const wasRefused = sessionStorage.getItem("key") !== null;
  const form = element("form", "key-form");
  const label = element("label", "", "API key"), input = element("input", "field"), use = element("button", "button main", "Use it");
  input.type = "password";
  input.id = "key";
  input.required = true;
  input.autocomplete = "off";
  label.htmlFor = "key";
  form.append(label, input, use);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    keepKey(input.value.trim());
    then();
  });
  const box = state("key", wasRefused ? "This key is not taken" : "This server asks for a key",
    element("p", wasRefused ? "detail" : "quiet", wasRefused ? error.message : "Whoever runs it makes one for you:"));
  if (!wasRefused) box.append(shell("semantic-assets keys create --project acme --role read"));
  box.append(form, element("p", "small quiet", "The key stays in this tab and is gone when it is closed."));
  return box;
}
