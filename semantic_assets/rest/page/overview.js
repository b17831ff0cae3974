// The first view: what there is to search, with examples.
import { facetLink } from "./facets.js";
import { FIELDS, addressOf, readPlace } from "./place.js";
import { ago, at, count, counted, day, element, follow } from "./text.js";

const SHELF = 6;

export function showExamples(corpus, go) {
  const list = element("ul", "examples", element("li", "small quiet", "Try"));
  for (const example of corpus.examples) {
    const link = element("a", "chip", example.query);
    const place = { ...readPlace(""), q: example.query };
    link.href = addressOf(place);
    link.title = example.dataset;
    link.addEventListener("click", (event) => follow(event, () => go(place)));
    list.append(element("li", "", link));
  }
  at("examples").replaceChildren(...(corpus.examples.length ? [list] : []));
}

function figure(value, label, name = "") {
  return element("div", "", element("dt", "", label), element("dd", name, value));
}

function waiting(corpus) {
  const parts = [];
  if (corpus.documents_waiting) parts.push(`${counted(corpus.documents_waiting, "document")} to be read`);
  if (corpus.passages_waiting) parts.push(`${counted(corpus.passages_waiting, "passage")} to be embedded or indexed`);
  if (!parts.length) return null;
  const link = element("a", "", "See the queue");
  link.href = "/queue";
  return element("p", "notice", element("span", "", `Not searchable yet: ${parts.join(", ")}.`), link);
}

// A value leads to a search within it; the question is asked then.
function shelf(field, values, go) {
  const rows = Object.entries(values || {});
  if (!rows.length) return null;
  rows.sort((one, other) => (field === "year" ? other[0].localeCompare(one[0], "en", { numeric: true }) : other[1] - one[1] || one[0].localeCompare(other[0])));
  const most = Math.max(...rows.map((row) => row[1]));
  const box = element("section", "shelf", element("h3", "", rows.length > SHELF ? `${FIELDS[field]}s, ${SHELF} of ${count(rows.length)}` : `${FIELDS[field]}${rows.length === 1 ? "" : "s"}`));
  const list = element("ul", "");
  for (const [value, number] of rows.slice(0, SHELF)) {
    const place = { ...readPlace(""), where: { [field]: [value] } };
    const link = facetLink(value, number, most, addressOf(place));
    link.addEventListener("click", (event) => follow(event, () => go(place)));
    list.append(element("li", "", link));
  }
  box.append(list);
  return box;
}

export function showOverview(corpus, facets, go) {
  at("headline").textContent = `Search ${counted(corpus.documents, "document")} by meaning and by words`;
  const figures = element("dl", "figures",
    figure(count(corpus.documents), corpus.documents === 1 ? "document" : "documents"),
    figure(count(corpus.passages), corpus.passages === 1 ? "passage" : "passages"),
    figure(count(corpus.datasets), `${corpus.datasets === 1 ? "dataset" : "datasets"} in ${counted(corpus.projects, "project")}`));
  if (corpus.changed_at !== null) {
    const changed = figure(ago(corpus.changed_at), "last change", "words");
    changed.title = day(corpus.changed_at);
    figures.append(changed);
  }
  const shelves = ["dataset", "kind", "year"].map((field) => shelf(field, facets[field], go)).filter(Boolean);
  const box = element("section", "corpus", element("h2", "", "What is in here"), figures, waiting(corpus), element("div", "shelves", ...shelves));
  at("start").replaceChildren(box);
}

// While the counts are on their way.
export function showWaiting() {
  const figures = element("div", "figures skeleton-figures", ...Array.from({ length: 4 }, () => element("div", "skeleton", element("i"), element("i"))));
  figures.setAttribute("aria-hidden", "true");
  at("start").replaceChildren(element("section", "corpus", element("h2", "", "What is in here"), figures));
}
