// The page of `semantic-assets serve`: what its address says is what it shows.
import { Offline, ask, untilAnswered } from "./api.js";
import { askFacets, showChips, showFacets } from "./facets.js";
import { listen } from "./keys.js";
import { showExamples, showOverview, showWaiting } from "./overview.js";
import { addressOf, isFiltered, readPlace, sameSearch } from "./place.js";
import { openReader, shutReader } from "./reader.js";
import { hitCard, skeletons } from "./results.js";
import { emptyLake, failed, keyForm, nothing } from "./states.js";
import { at, button, count, counted } from "./text.js";

const K = 10, GROUPED = 3, SLOW_MS = 150, PAGES = 5;
let place = readPlace();
let asked = null;
let hits = [];
let passages = null;
let asking = new AbortController();

const offline = untilAnswered(at("offline"), () => show({ isAgain: true }));

// Goes somewhere: a new address, of which the back button knows.
function go(next) {
  history.pushState({ isOurs: true }, "", addressOf(next));
  show();
}

// Shows what the address says; false: the server did not answer.
async function show({ isAgain = false } = {}) {
  place = readPlace();
  at("query").value = place.q;
  showChips(place, go);
  document.title = place.q ? `${place.q} · semantic_assets` : "Search · semantic_assets";
  try {
    if (place.q) await showSearch(isAgain); else await showStart();
    offline.over();
    return true;
  } catch (error) {
    if (error.name === "AbortError") return true;
    return showTrouble(error, isAgain);
  }
}

function showTrouble(error, isAgain) {
  if (error.status === 401) {
    view("shut");
    at("start").replaceChildren(keyForm(error, show));
    at("key").focus();
    return true;
  }
  if (error instanceof Offline && !isAgain) offline.wait();
  if (error instanceof Offline && (hits.length || at("start").querySelector(".corpus"))) return false;
  const box = failed(error, () => show());
  if (place.q) { told("") ; at("hits").replaceChildren(); at("instead").replaceChildren(box); } else at("start").replaceChildren(box);
  return !(error instanceof Offline);
}

function view(name) {
  at("main").dataset.view = name;
  at("found").hidden = name !== "found";
  at("start").hidden = name === "found";
}

function told(text) { at("told").textContent = text; }

async function showStart() {
  asked = null;
  hits = [];
  shutReader();
  view("start");
  const slow = setTimeout(() => { if (!at("start").hasChildNodes()) showWaiting(); }, SLOW_MS);
  try {
    await showCorpus(askFacets(ask, readPlace("")));
  } finally {
    clearTimeout(slow);
  }
}

async function showCorpus(facets) {
  facets.catch(() => null); // the first to fail is told
  const corpus = await ask("/v1/corpus");
  at("backend").textContent = corpus.is_free ? "On the emulator: nothing is charged." : "";
  view(corpus.passages ? "start" : "shut");
  if (!corpus.passages) { at("start").replaceChildren(emptyLake(corpus, () => show())); return; }
  showExamples(corpus, go);
  showOverview(corpus, (await facets).found, go);
}

function bodyOf(offset) {
  return {
    query: place.q, k: K, offset, where: place.where, mode: place.mode, floor: place.hasFloor,
    ...(place.isGrouped ? { group: "document", per_document: GROUPED } : {}),
  };
}

async function showSearch(isAgain) {
  if (!sameSearch(asked, place) || isAgain) await search();
  await showDocument();
}

async function search() {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking, mine = place;
  shutReader();
  view("found");
  at("more").replaceChildren();
  at("instead").replaceChildren();
  const slow = setTimeout(() => { told("Searching …"); at("hits").replaceChildren(...skeletons()); }, SLOW_MS);
  try {
    const [answer, facets] = await Promise.all([ask("/v1/search", bodyOf(0), signal), askFacets(ask, mine, signal)]);
    asked = mine;
    hits = answer.data;
    passages = facets.passages;
    showFacets(facets.found, mine, go);
    at("hits").replaceChildren(...cards(hits, null));
    at("instead").replaceChildren(...(hits.length ? [] : [nothing(mine, passages, go)]));
    showMore(answer.has_more);
    told(summary(answer.has_more));
  } finally {
    clearTimeout(slow);
  }
}

function documents() { return new Set(hits.map((hit) => hit.dataset + hit.document_id)).size; }

function summary(hasMore) {
  if (!hits.length) return "Nothing found.";
  const number = place.isGrouped ? `${counted(documents(), "document")}, ${counted(hits.length, "passage")}` : counted(hits.length, "passage");
  const within = passages === null ? "" : ` of ${count(passages)}${isFiltered(place) ? " that fit the filters" : ""}`;
  return `The ${hits.length === 1 ? "nearest" : "best"} ${number}${within}${hasMore ? "" : ": all that is close"}`;
}

function nameOf(hit) { return `${hit.dataset}/${hit.document_id}/${hit.chunk_id}`; }

function cards(some, last) {
  return some.map((hit, n) => {
    const previous = n ? some[n - 1] : last;
    const isAgain = place.isGrouped && previous !== null && previous.document_id === hit.document_id;
    return hitCard(hit, { address: addressOf({ ...place, opened: nameOf(hit) }), onOpen: (one) => go({ ...place, opened: nameOf(one) }), isAgain });
  });
}

function showMore(hasMore) {
  at("more").replaceChildren(...(hasMore ? [button("button", "More", more)] : []));
}

async function more(event) {
  event.target.disabled = true;
  try {
    const made = await loadMore();
    const first = made[0] && made[0].querySelector(".title");
    if (first) first.focus({ preventScroll: true });
  } catch (error) {
    event.target.disabled = false;
    if (error.name !== "AbortError") showTrouble(error, false);
  }
}

// The cards of the next page, which are in the list by then.
async function loadMore() {
  const mine = asked;
  const answer = await ask("/v1/search", bodyOf(place.isGrouped ? documents() : hits.length), asking.signal);
  if (!sameSearch(mine, asked)) return [];
  const made = cards(answer.data, hits.at(-1));
  hits = [...hits, ...answer.data];
  at("hits").append(...made);
  showMore(answer.has_more);
  told(summary(answer.has_more));
  return made;
}

const texts = new Map();

async function textOf(hit) {
  const name = `${hit.dataset}/${hit.document_id}`;
  if (!texts.has(name)) {
    const [project, dataset] = hit.dataset.split("/");
    texts.set(name, await ask(`/v1/projects/${project}/datasets/${dataset}/documents/${encodeURIComponent(hit.document_id)}`));
    if (texts.size > 8) texts.delete(texts.keys().next().value);
  }
  return texts.get(name);
}

// An address may name a hit of a later page.
async function stepOfOpened() {
  const find = () => hits.findIndex((hit) => nameOf(hit) === place.opened);
  for (let page = 1; place.opened && page < PAGES && find() < 0 && at("more").hasChildNodes(); page += 1) await loadMore();
  return find();
}

async function showDocument() {
  const step = await stepOfOpened();
  if (step < 0) { shutReader(); return; }
  const hit = hits[step], mine = place;
  try {
    const found = await textOf(hit);
    if (place !== mine) return;
    const its = hits.filter((one) => one.dataset === hit.dataset && one.document_id === hit.document_id);
    openReader(found, hit, its, { onShut: shut, onStep, step, steps: hits.length });
  } catch (error) {
    shutReader();
    if (error instanceof Offline) throw error;
    at("instead").replaceChildren(failed(error, () => show()));
  }
}

function onStep(by) {
  const step = hits.findIndex((hit) => nameOf(hit) === place.opened) + by;
  if (step < 0 || step >= hits.length) return;
  history.replaceState(history.state, "", addressOf({ ...place, opened: nameOf(hits[step]) }));
  show();
}

function shut() {
  const name = place.opened;
  if (history.state && history.state.isOurs && place.opened) history.back();
  else { history.replaceState(history.state, "", addressOf({ ...place, opened: "" })); show(); }
  const card = [...document.querySelectorAll("#hits .hit")].find((one) => name.endsWith(`/${one.dataset.chunk}`));
  if (card) card.querySelector(".title").focus({ preventScroll: true });
}

at("search-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const q = at("query").value.trim();
  if (!q) return;
  if (matchMedia("(pointer: coarse)").matches) at("query").blur();
  asked = null;
  go({ ...place, q, opened: "", hasFloor: true });
});
at("narrow-button").addEventListener("click", () => {
  const isOpen = at("narrow-button").getAttribute("aria-expanded") === "true";
  at("narrow-button").setAttribute("aria-expanded", String(!isOpen));
});
addEventListener("popstate", () => show());
listen({ onStep, onShut: shut });
show();
