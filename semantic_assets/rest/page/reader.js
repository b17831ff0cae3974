// The document beside the list: its text, the passages found in it, and where they stand.
import { rendered } from "./blocks.js";
import { stands, titleOf, wordsIn } from "./results.js";
import { at, button, element, pieces, points, units } from "./text.js";

// Units of text shown around a passage: a document of a book's length would hold the browser up.
const AROUND = 60_000;
const BESIDE = matchMedia("(min-width: 64rem)");
let shownDocument = null;

export const isReading = () => at("reader").open;

export function shutReader() {
  const dialog = at("reader");
  if (dialog.open) dialog.close();
  dialog.replaceChildren();
  at("main").classList.remove("reading");
  for (const open of document.querySelectorAll(".hit.open")) open.classList.remove("open");
  shownDocument = null;
}

function show() {
  const dialog = at("reader");
  if (dialog.open) dialog.close();
  at("main").classList.add("reading");
  if (BESIDE.matches) dialog.show(); else dialog.showModal();
}

// Over the list it holds the focus, beside the list it does not.
BESIDE.addEventListener("change", () => { if (isReading()) show(); });

function head(hit, { onShut, onStep, step, steps }) {
  const title = element("h2", "", titleOf(hit));
  title.id = "reader-title";
  const shut = button("shut", "×", onShut);
  shut.setAttribute("aria-label", "Close the document");
  const told = element("span", "told", steps ? `Match ${step + 1} of ${steps}` : "");
  const previous = button("button", "↑", () => onStep(-1)), next = button("button", "↓", () => onStep(1));
  previous.setAttribute("aria-label", "Previous match");
  next.setAttribute("aria-label", "Next match");
  previous.disabled = step <= 0;
  next.disabled = step < 0 || step + 1 >= steps;
  const position = element("div", "position", element("span", "view"));
  return element("div", "reader-head", title, shut, stands(hit), element("div", "steps-line", told, previous, next), position);
}

// Opens a hit's document; `hits` are all that were found in it.
export function openReader(found, hit, hits, controls) {
  const dialog = at("reader");
  const isSame = shownDocument && shownDocument.id === found.document_id && dialog.open;
  dialog.replaceChildren(head(hit, controls));
  const body = element("div", "reader-text");
  body.tabIndex = 0;
  body.setAttribute("role", "region");
  body.setAttribute("aria-label", "Text of the document");
  dialog.append(body);
  shownDocument = { id: found.document_id, text: found.text, length: points(found.text), hits };
  fill(body, hit);
  if (!isSame || dialog.matches(":modal") === BESIDE.matches) show();
  for (const card of document.querySelectorAll(".hit")) card.classList.toggle("open", card.dataset.chunk === hit.chunk_id);
  settle(body, hit);
}

function fill(body, hit) {
  const { text, hits } = shownDocument;
  const places = disjoint([...hits].sort((one, other) => one.start_char - other.start_char), text);
  const mine = places.find((place) => place.chunk === hit.chunk_id);
  mine.words = wordsIn(hit).map(([from, to]) => [mine.start + from, mine.start + to]);
  mine.best = mine.start + (hit.sentence ? units(hit.text, [hit.sentence.start])[0] : 0);
  draw(body, { places, mine, from: before(text, mine.start - AROUND), until: behind(text, mine.end + AROUND) });
}

// The text from one unit to another; the passage in question stands out from the others.
function draw(body, { places, mine, from, until }) {
  const { text } = shownDocument;
  const isMine = (piece) => piece.start >= mine.start && piece.start < mine.end;
  const wrap = (piece) => {
    if (!isMine(piece)) return element("mark", "passage-mark", piece.text);
    const words = mine.words.map(([from, to]) => [from - piece.start, to - piece.start]);
    return element("mark", "passage-mark here", ...pieces(piece.text, words).map((part) => {
      const made = element(part.isMarked ? "mark" : "span", "", part.text);
      if (piece.start + part.start >= mine.best) made.dataset.best = "";
      return made;
    }));
  };
  body.replaceChildren(...rendered(text, places.map((place) => [place.start, place.end]), { from, until, wrap }));
  body.dataset.from = from;
  body.dataset.until = until;
  if (from > 0) {
    body.prepend(button("button further", "The text before this", () => {
      const below = body.scrollHeight - body.scrollTop;
      draw(body, { places, mine, from: 0, until });
      body.scrollTop = body.scrollHeight - below;
    }));
  }
  if (until < text.length) body.append(button("button further", "The rest of the text", () => draw(body, { places, mine, from, until: text.length })));
}

// Ranges of the hits in units; a passage that overlaps the one before begins behind it.
function disjoint(ordered, text) {
  const wanted = ordered.flatMap((one) => [one.start_char, one.end_char]).sort((one, other) => one - other);
  const byPoint = new Map(units(text, wanted).map((unit, n) => [wanted[n], unit]));
  let last = 0;
  return ordered.map((one) => {
    const start = Math.max(last, byPoint.get(one.start_char)), end = Math.max(start, byPoint.get(one.end_char));
    last = end;
    return { chunk: one.chunk_id, start, end };
  });
}

const before = (text, place) => (place <= 0 ? 0 : Math.max(0, text.lastIndexOf("\n", place) + 1));
const behind = (text, place) => { const end = place >= text.length ? -1 : text.indexOf("\n", place); return end < 0 ? text.length : end; };

function settle(body, hit) {
  const mark = body.querySelector(".here mark[data-best]") || body.querySelector(".here");
  const place = (one) => one.getBoundingClientRect().top;
  if (mark) body.scrollTop += place(mark) - place(body) - body.clientHeight / 3;
  ticks(hit);
  const follow = () => view(body);
  body.addEventListener("scroll", follow, { passive: true });
  follow();
}

// Where all matches stand in the document, and which part of it is to be seen.
function ticks(hit) {
  const bar = at("reader").querySelector(".position");
  bar.setAttribute("role", "img");
  const percent = (point) => (100 * point) / Math.max(1, shownDocument.length);
  bar.setAttribute("aria-label", `The match stands at ${Math.round(percent(hit.start_char))} % of the document`);
  for (const one of shownDocument.hits) {
    const tick = element("span", one.chunk_id === hit.chunk_id ? "tick here" : "tick");
    tick.style.left = `${percent(one.start_char)}%`;
    bar.append(tick);
  }
}

function view(body) {
  const span = at("reader").querySelector(".position .view");
  if (!span) return;
  const whole = Math.max(1, body.scrollHeight);
  const length = Math.max(1, shownDocument.text.length);
  const from = Number(body.dataset.from), share = (Number(body.dataset.until) - from) / length;
  span.style.left = `${100 * (from / length + share * (body.scrollTop / whole))}%`;
  span.style.width = `${Math.max(1, 100 * share * Math.min(1, body.clientHeight / whole))}%`;
}
