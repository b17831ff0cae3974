// Text from the lake on its way to the page. It is text always: nothing of it is parsed as HTML.

// Control and format characters (bidi, zero width) become visible: they could show another text than is there.
export function shown(text) {
  return String(text).replaceAll("\r\n", "\n").replace(/(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u034F\u115F\u1160\u17B4\u17B5\u180B-\u180F\u3164\uFFA0]/gu,
    (found) => `\\u{${found.codePointAt(0).toString(16)}}`);
}

// Everything from the lake goes through here.
export function element(name, className, ...content) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...content.filter((one) => one !== null && one !== undefined && one !== "").map((one) => (one instanceof Node ? one : shown(one))));
  return made;
}

export function button(className, label, onClick) {
  const made = element("button", className, label);
  made.type = "button";
  made.addEventListener("click", onClick);
  return made;
}

// A link that this page follows itself; with a key held down the browser opens it elsewhere.
export function follow(event, then) {
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
  event.preventDefault();
  then();
}

export const at = (id) => document.getElementById(id);
export const count = (value) => Number(value).toLocaleString("en");
export const counted = (value, one, many) => `${count(value)} ${value === 1 ? one : many || `${one}s`}`;

// Offsets of the API count code points; JavaScript's strings count UTF-16 units.
// Returns the unit of each wanted code point, which must ascend.
export function units(text, wanted) {
  const found = [];
  let unit = 0, point = 0;
  for (const place of wanted) {
    while (point < place && unit < text.length) {
      const code = text.charCodeAt(unit);
      const isPair = code >= 0xd800 && code <= 0xdbff && unit + 1 < text.length
        && text.charCodeAt(unit + 1) >= 0xdc00 && text.charCodeAt(unit + 1) <= 0xdfff;
      unit += isPair ? 2 : 1;
      point += 1;
    }
    found.push(unit);
  }
  return found;
}

export function points(text) {
  let pairs = 0;
  for (let unit = 0; unit < text.length; unit += 1) {
    const code = text.charCodeAt(unit);
    if (code >= 0xd800 && code <= 0xdbff && (text.charCodeAt(unit + 1) & 0xfc00) === 0xdc00) pairs += 1;
  }
  return text.length - pairs;
}

// Marks of a text in code points become ranges in units, in order and without overlaps.
export function ranges(text, marks) {
  const ordered = [...marks].sort((one, other) => one[0] - other[0]);
  const flat = units(text, ordered.flatMap(([start, end]) => [start, end]).sort((one, other) => one - other));
  const found = [];
  for (let n = 0; n + 1 < flat.length; n += 2) {
    if (flat[n] < flat[n + 1]) found.push([flat[n], flat[n + 1]]);
  }
  return found;
}

// The pieces of text[from:until] with the unit at which each begins; `isMarked`: within one of the ranges.
export function pieces(text, found, from = 0, until = text.length) {
  const made = [];
  let place = from;
  const push = (end, isMarked) => {
    if (end > place) made.push({ text: text.slice(place, end), isMarked, start: place });
    place = Math.max(place, end);
  };
  for (const [start, end] of found) {
    if (end <= from || start >= until) continue;
    push(Math.max(from, start), false);
    push(Math.min(until, end), true);
  }
  push(until, false);
  return made;
}

export function marked(made) {
  return made.map((piece) => (piece.isMarked ? element("mark", "", piece.text) : shown(piece.text)));
}

// Where the marks of Markdown's headings stand, which say nothing to a reader.
const HEADING_MARKS = /^[ \t]{0,3}#{1,6}[ \t]+/gm;
const BREAK = /\s/u;

// A short form of a text with its marks: whole words, on one line, without raw `##`.
export function snippet(text, found, most = 320) {
  const first = found.length ? found[0][0] : 0;
  let from = text.length <= most ? 0 : Math.max(0, Math.min(first - Math.round(most / 4), text.length - most));
  let until = Math.min(text.length, from + most);
  if (from > 0) while (from < first && !BREAK.test(text[from - 1])) from += 1;
  if (until < text.length) {
    const back = text.slice(from, until).search(/\s\S*$/u);
    if (back > most / 2) until = from + back;
    else if ((text.charCodeAt(until) & 0xfc00) === 0xdc00) until -= 1;
  }
  const content = element("span", "");
  if (from > 0) content.append("… ");
  for (const piece of pieces(text, found, from, until)) {
    const plain = piece.text.replace(HEADING_MARKS, "").replace(/\s*\n\s*\n\s*/gu, " · ").replace(/\s+/gu, " ");
    if (plain) content.append(piece.isMarked ? element("mark", "", plain) : shown(plain));
  }
  if (until < text.length) content.append(" …");
  return content;
}

// "3 hours ago" says more than a date while it is recent.
export function ago(seconds) {
  const passed = Date.now() / 1000 - seconds;
  const form = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  for (const [unit, length] of [["year", 31_557_600], ["month", 2_629_800], ["day", 86_400], ["hour", 3_600], ["minute", 60]]) {
    if (passed >= length) return form.format(-Math.floor(passed / length), unit);
  }
  return "just now";
}

export const day = (seconds) => new Date(seconds * 1000).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
