// The page of `semantic-assets serve`: it reads the same API as everybody else.
"use strict";

const POLL_MS = 5000;
const SHOWN_JOBS = 8;
const EXCERPT = 600;
const COMMON = new Set("the and for are was does did what when where which who why how with from that this must can как что где когда это для или при".split(" "));
const at = (id) => document.getElementById(id);

async function ask(path, body) {
  const headers = {};
  const key = sessionStorage.getItem("key");
  if (key) headers["Authorization"] = `Bearer ${key}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, {
    method: body === undefined ? "GET" : "POST", headers,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const found = await answer.json();
  if (answer.status === 401) at("key-form").hidden = false;
  if (!answer.ok) throw new Error(found.detail || answer.statusText);
  return found;
}

// Control and format characters (bidi, zero width) become visible: they could show another text than is there.
function shown(text) {
  return String(text).replaceAll("\r\n", "\n").replace(/(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u034F\u115F\u1160\u17B4\u17B5\u180B-\u180F\u3164\uFFA0]/gu,
    (found) => `\\u{${found.codePointAt(0).toString(16)}}`);
}

// Everything from the lake is text: nothing of it is ever parsed as HTML.
function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = shown(text);
  return made;
}

function words(question) {
  const found = (question.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) || []).filter((word) => !COMMON.has(word));
  return [...new Set(found)].sort((a, b) => b.length - a.length);
}

// The stretch of a passage with the most of the question's words in it.
function excerpt(text, pattern) {
  const places = [...text.matchAll(pattern)].map((match) => match.index);
  if (text.length <= EXCERPT || !places.length) return text.slice(0, EXCERPT) + (text.length > EXCERPT ? " ..." : "");
  const held = places.map((start) => places.filter((place) => place >= start && place < start + EXCERPT * 0.7).length);
  const first = Math.max(0, places[held.indexOf(Math.max(...held))] - EXCERPT * 0.15);
  const cut = text.slice(first, first + EXCERPT);
  return (first ? "... " : "") + cut + (first + EXCERPT < text.length ? " ..." : "");
}

function highlighted(text, question, into) {
  const wanted = words(question).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (!wanted.length) { into.append(shown(text.slice(0, EXCERPT))); return; }
  const pattern = new RegExp(`(${wanted.join("|")})`, "giu");
  text = excerpt(text, pattern);
  text.split(pattern).forEach((piece, n) => {
    into.append(n % 2 ? element("mark", "", piece) : shown(piece));
  });
}

function place(hit) {
  const parts = [hit.dataset, hit.uri.split("/").pop()];
  if (hit.heading_path) parts.push(hit.heading_path);
  if (hit.page !== null) parts.push(`page ${hit.page}`);
  if (hit.places.length) parts.push(`also in ${hit.places.length} other documents`);
  parts.push(`passage ${hit.chunk_index + 1}`, `characters ${hit.start_char.toLocaleString()} to ${hit.end_char.toLocaleString()}`);
  return parts.join(" · ");
}

function showHit(hit, question) {
  const item = element("li"), button = element("button", "hit");
  button.type = "button";
  const head = element("span", "head");
  head.append(element("span", "title", hit.title || hit.uri), element("span", "score", hit.score.toFixed(3)));
  const text = element("p", "text");
  highlighted(hit.text, question, text);
  button.append(head, element("span", "where", place(hit)), text);
  button.addEventListener("click", () => openDocument(hit));
  item.append(button);
  return item;
}

async function search(event) {
  event.preventDefault();
  const query = at("query").value.trim(), dataset = at("dataset").value;
  if (!query) return;
  history.replaceState(null, "", `?${new URLSearchParams({ q: query, ...(dataset && { d: dataset }) })}`);
  at("search-note").textContent = "Searching ...";
  try {
    const found = await ask("/v1/search", { query, k: 10, datasets: dataset ? [dataset] : [] });
    at("hits").replaceChildren(...found.data.map((hit) => showHit(hit, query)));
    at("search-note").textContent = found.data.length
      ? `${found.data.length} passages. Up and down move, Enter opens.` : "Nothing found: is there an index yet?";
  } catch (error) {
    at("hits").replaceChildren();
    at("search-note").textContent = shown(error.message);
  }
}

// Offsets count characters; JavaScript's strings count UTF-16 units.
function cut(text, start, end) {
  const characters = Array.from(text);
  return [characters.slice(0, start).join(""), characters.slice(start, end).join(""), characters.slice(end).join(""), characters.length];
}

async function openDocument(hit) {
  const [project, dataset] = hit.dataset.split("/");
  try {
    const found = await ask(`/v1/projects/${project}/datasets/${dataset}/documents/${hit.document_id}`);
    const [before, passage, after, length] = cut(found.text, hit.start_char, hit.end_char);
    const mark = element("mark", "", passage);
    at("document-title").textContent = shown(found.title || found.uri);
    at("document-place").textContent = shown(place(hit));
    at("document-text").replaceChildren(shown(before), mark, shown(after));
    const span = document.querySelector(".place span");
    span.style.left = `${(100 * hit.start_char) / Math.max(1, length)}%`;
    span.style.width = `${(100 * (hit.end_char - hit.start_char)) / Math.max(1, length)}%`;
    at("document").showModal();
    mark.scrollIntoView({ block: "center" });
  } catch (error) {
    at("search-note").textContent = shown(error.message);
  }
}

function facts(list, rows) {
  list.replaceChildren(...rows.flatMap(([name, value, isBad]) => [
    element("dt", "", name), element("dd", isBad ? "bad" : "", value),
  ]));
}

const usd = (value) => `$${value.toLocaleString(undefined, { minimumFractionDigits: 4, maximumFractionDigits: 4 })}`;
const count = (value) => value.toLocaleString();

function notRead(files) {
  const kinds = Object.entries(files.not_read).sort((one, other) => other[1] - one[1]);
  const named = kinds.slice(0, 4).map(([ending, number]) => `${count(number)} ${ending}`).join(", ");
  return [
    ...(kinds.length ? [["not read", `${named}${kinds.length > 4 ? ", ..." : ""}: semantic-assets failures`, true]] : []),
    ...(files.in_part ? [["read in part", `${count(files.in_part)}: semantic-assets failures`, true]] : []),
    ...(files.waiting ? [["wait for a task", count(files.waiting)]] : []),
  ];
}

function showStatus(status) {
  const bill = status.bill;
  at("backend").textContent = bill.is_free ? "on the emulator: nothing is charged" : bill.models.join(", ");
  facts(at("queue"), [
    ["files read", `${count(status.files.read)} of ${count(status.files.files)}`],
    ...notRead(status.files),
    ["documents", count(status.documents)],
    ["wait to be chunked", count(status.documents_waiting)],
    ["chunks", count(status.chunks)],
    ["texts to send", count(bill.pending_texts)],
    ["jobs out", count(status.open_jobs.length)],
    ...(status.expected_seconds === null ? [] : [["expected in", `${Math.ceil(status.expected_seconds / 60)} min`]]),
    ...(status.paused ? [["paused", status.paused, true]] : []),
    ...(status.quarantined_jobs ? [["quarantined jobs", count(status.quarantined_jobs), true]] : []),
  ]);
  const done = bill.chunks ? 1 - bill.pending_texts / Math.max(bill.pending_texts, bill.chunks) : 0;
  at("window").hidden = !bill.chunks;
  at("window").firstElementChild.style.width = `${100 * done}%`;
  at("window").title = `${Math.round(100 * done)} % of the texts are embedded or sent`;
  facts(at("cost"), [
    ["batches so far", usd(bill.batch_usd)],
    ["at the real-time price", usd(bill.realtime_usd)],
    ["canaries and real time", usd(bill.canary_usd)],
    ["committed", usd(bill.committed_usd)],
    ["possibly billed for nothing", usd(bill.possibly_billed_usd), bill.possibly_billed_usd > 0],
    ["other tools on this key", usd(bill.other_usd)],
    ["waiting", `~${usd(bill.pending_batch_usd)}`],
  ]);
}

function showJobs(page) {
  at("jobs").tBodies[0].replaceChildren(...page.data.map((job) => {
    const row = element("tr");
    const made = new Date(job.created_at * 1000).toLocaleString([], { dateStyle: "short", timeStyle: "short" });
    row.append(element("td", "", job.id.slice(-8)), element("td", "", job.status), element("td", "", count(job.request_counts.total)), element("td", "", made));
    row.title = shown(`${job.id}  ${job.remote_name || ""}  ${job.error || ""}`);
    return row;
  }));
  at("jobs-note").textContent = page.data.length ? (page.has_more ? "and older ones" : "") : "No job yet.";
}

async function estimate() {
  try {
    const quote = await ask("/v1/estimate", {});
    facts(at("quote"), [
      ["texts", count(quote.texts)], ["files not read yet", count(quote.unread_files)],
      ["tokens", `~${count(quote.tokens)}`],
      ["batch", `${usd(quote.usd_low)} to ${usd(quote.usd_high)}`],
      ["real-time", usd(quote.realtime_usd)], ["window fills", count(quote.window_fills)],
    ]);
  } catch (error) {
    facts(at("quote"), [["", error.message, true]]);
  }
}

async function refresh() {
  if (document.hidden) return;
  try {
    const [datasets] = await Promise.all([
      ask("/v1/datasets"),
      ask("/v1/status").then(showStatus),
      ask(`/v1/batches?limit=${SHOWN_JOBS}`).then(showJobs),
    ]);
    showDatasets(datasets.data);
  } catch (error) {
    at("jobs-note").textContent = shown(error.message);
  }
}

function showDatasets(rows) {
  const names = rows.map((row) => row.id).sort(), select = at("dataset"), chosen = select.value || new URLSearchParams(location.search).get("d") || "";
  const known = [...select.options].slice(1).map((option) => option.value);
  if (names.join() === known.join()) return;
  select.replaceChildren(select.options[0], ...names.map((name) => new Option(name, name)));
  select.value = names.includes(chosen) ? chosen : "";
}

function move(event) {
  const hits = [...document.querySelectorAll(".hit")], here = hits.indexOf(document.activeElement);
  const isTyping = ["INPUT", "SELECT", "TEXTAREA"].includes(document.activeElement.tagName);
  if (event.key === "/" && !isTyping && !at("document").open) {
    event.preventDefault();
    at("query").focus();
  } else if (event.key === "ArrowDown" && hits.length && (here >= 0 || document.activeElement === at("query"))) {
    event.preventDefault();
    hits[Math.min(here + 1, hits.length - 1)].focus();
  } else if (event.key === "ArrowUp" && here >= 0) {
    event.preventDefault();
    (here ? hits[here - 1] : at("query")).focus();
  }
}

at("search-form").addEventListener("submit", search);
at("estimate").addEventListener("click", estimate);
at("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("key", at("key").value);
  at("key").value = "";
  at("key-form").hidden = true;
  refresh();
});
document.addEventListener("keydown", move);
document.addEventListener("visibilitychange", refresh);
const asked = new URLSearchParams(location.search).get("q");
refresh().then(() => {
  if (asked) { at("query").value = asked; at("search-form").requestSubmit(); }
});
setInterval(refresh, POLL_MS);
