// The text of a document in blocks: headings without their `##`, paragraphs, code.
import { element, marked, pieces } from "./text.js";

const HEADING = /^[ \t]{0,3}(#{1,6})[ \t]+(?=\S)/;
const FENCE = /^[ \t]{0,3}(```|~~~)/;

// Lines of text[from:until] gathered to blocks; offsets are UTF-16 units of the whole text.
export function blocks(text, from = 0, until = text.length) {
  const found = [];
  let open = null, fence = "";
  const shut = () => { if (open) found.push(open); open = null; };
  for (let start = from; start < until;) {
    const at = text.indexOf("\n", start);
    const end = at < 0 || at >= until ? until : at;
    const line = text.slice(start, end);
    const heading = HEADING.exec(line);
    const mark = FENCE.exec(line);
    if (fence) {
      if (mark && mark[1] === fence) { shut(); fence = ""; }
      else if (open) open.end = end;
      else open = { kind: "code", start, end };
    } else if (mark) {
      shut();
      fence = mark[1];
    } else if (heading) {
      shut();
      found.push({ kind: "heading", level: heading[1].length, start: start + heading[0].length, end });
    } else if (!line.trim()) {
      shut();
    } else if (open) {
      open.end = end;
    } else {
      open = { kind: "text", start, end };
    }
    start = end + 1;
  }
  shut();
  return found;
}

// Blocks as elements. `wrap` makes the element of a marked piece; the default is a plain <mark>.
export function rendered(text, found, { from = 0, until = text.length, below = 2, wrap } = {}) {
  let last = below;
  return blocks(text, from, until).map((block) => {
    const made = pieces(text, found, block.start, block.end);
    const content = wrap ? made.map((piece) => (piece.isMarked ? wrap(piece) : element("span", "", piece.text))) : marked(made);
    if (block.kind === "heading") {
      const heading = element("div", `heading l${Math.min(3, block.level)}`, ...content);
      last = Math.min(6, below + block.level, last + 1);
      heading.setAttribute("role", "heading");
      heading.setAttribute("aria-level", String(last));
      return heading;
    }
    const name = block.kind === "code" ? "pre" : "p";
    return element(name, block.kind === "code" ? "block code" : "block", ...content);
  });
}
