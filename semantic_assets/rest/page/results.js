// The list of hits: what was found, where it stands, why, and the passage around it.
import { blocks, rendered } from "./blocks.js";
import { counted, element, follow, ranges, snippet, units } from "./text.js";

// Units of a snippet: at most, and how far a short sentence goes on.
const LONGEST = 320, CONTEXT = 220;
const NTH = new Intl.PluralRules("en", { type: "ordinal" });
const ENDS = { one: "st", two: "nd", few: "rd", other: "th" };
const nth = (number) => `${number.toLocaleString("en")}${ENDS[NTH.select(number)]}`;

export const fileName = (uri) => uri.slice(uri.lastIndexOf("/") + 1);

// A title that is the file's name without its ending gives way to the whole name.
export function titleOf(hit) {
  const file = fileName(hit.uri);
  return !hit.title || file.startsWith(`${hit.title}.`) ? file : hit.title;
}

function dateOf(hit) {
  const metadata = hit.metadata || {};
  return metadata.date || metadata.published || metadata.created || "";
}

export function stands(hit) {
  const line = element("p", "stands");
  const heading = (hit.heading_path || "").split(" > ").filter((part) => part && part !== hit.title).join(" › ");
  const file = fileName(hit.uri);
  for (const part of [hit.dataset, file === titleOf(hit) ? "" : file, heading, hit.page === null ? "" : `page ${hit.page}`, dateOf(hit)]) {
    if (part) line.append(element("span", "", part));
  }
  return line;
}

// "Found by meaning (1st) and by words (3rd)": the figures are in the tooltip.
function why(hit) {
  const line = element("p", "why");
  const scores = hit.scores || {};
  const way = (name, label, rank, value, what) => {
    const made = element("span", `way ${name}`, rank ? `${label}, ${nth(rank)}` : label);
    if (value !== null && value !== undefined) made.title = `${what} ${value.toFixed(3)}`;
    line.append(made);
  };
  const byMeaning = scores.cosine_rank !== null && scores.cosine_rank !== undefined;
  const byWords = scores.words_rank !== null && scores.words_rank !== undefined;
  if (byMeaning) way("meaning", "by meaning", scores.cosine_rank, scores.cosine, "cosine of the vectors:");
  if (byWords) way("words", "by words", scores.words_rank, scores.words, "BM25 of the words:");
  if (byMeaning || byWords) line.prepend("Found");
  return line;
}

// The sentence that matches best; after a short one the text goes on, so that it has its context.
function says(hit) {
  const line = element("p", "says");
  const first = hit.sentence ? null : blocks(hit.text).find((block) => block.kind !== "heading");
  const [start, end] = hit.sentence ? units(hit.text, [hit.sentence.start, hit.sentence.end]) : [first ? first.start : 0, hit.text.length];
  const until = Math.max(end, Math.min(hit.text.length, start + CONTEXT));
  const within = hit.text.slice(start, wholeWord(hit.text, until));
  const marks = wordsIn(hit).filter(([from, to]) => from >= start && to <= until).map(([from, to]) => [from - start, to - start]);
  line.append(snippet(within, marks, LONGEST));
  if (until < hit.text.length && !/[.!?\u3002\uff01\uff1f\u0964]\s*$/u.test(within) && within.length <= LONGEST) line.append(" …");
  return line;
}

// The place before the word that is cut at a place.
function wholeWord(text, place) {
  if (place >= text.length || /\s/u.test(text[place])) return place;
  const back = text.slice(0, place).search(/\s\S*$/u);
  return back < 0 || place - back > 40 ? place : back;
}

// The whole passage, made when it is opened: the words stand marked where the sentence has them.
function whole(hit) {
  const box = element("details", "whole", element("summary", "", "Whole passage"));
  box.addEventListener("toggle", () => {
    if (!box.open || box.childElementCount > 1) return;
    const passage = element("div", "passage", ...rendered(hit.text, wordsIn(hit), { below: 3 }));
    passage.tabIndex = 0;
    passage.setAttribute("role", "group");
    passage.setAttribute("aria-label", "Whole passage");
    box.append(passage);
  }, false);
  return box;
}

const SPACED = /^[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{N}_-]+$/u;
const plain = (word) => word.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");

// Where the words that are marked in the best sentence stand in the whole passage, in units.
export function wordsIn(hit) {
  if (!hit.sentence || !hit.sentence.marks.length) return [];
  const words = ranges(hit.sentence.text, hit.sentence.marks).map(([from, to]) => hit.sentence.text.slice(from, to));
  const sought = [...new Set(words)].sort((one, other) => other.length - one.length)
    .map((word) => (SPACED.test(word) ? `(?<![\\p{L}\\p{N}])${plain(word)}(?![\\p{L}\\p{N}])` : plain(word)));
  return [...hit.text.matchAll(new RegExp(sought.join("|"), "giu"))].map((found) => [found.index, found.index + found[0].length]);
}

export function hitCard(hit, { address, onOpen, isAgain }) {
  const item = element("li", isAgain ? "hit again" : "hit");
  item.dataset.chunk = hit.chunk_id;
  const link = element("a", "title", titleOf(hit));
  link.href = address;
  link.addEventListener("click", (event) => follow(event, () => onOpen(hit)));
  const under = element("div", "under", why(hit), whole(hit));
  item.append(element("h3", "", link), stands(hit), says(hit), under);
  if (hit.places.length) {
    under.append(element("span", "small quiet", `also in ${counted(hit.places.length, "other document")}`));
    under.lastChild.title = hit.places.slice(0, 20).join("\n");
  }
  return item;
}

export function skeletons(number = 4) {
  return Array.from({ length: number }, () => {
    const item = element("li", "hit skeleton", ...Array.from({ length: 4 }, () => element("i")));
    item.setAttribute("aria-hidden", "true");
    return item;
  });
}
