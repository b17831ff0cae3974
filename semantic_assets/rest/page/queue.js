// The queue and the bill: asked for every five seconds while somebody looks.
import { Offline, ask, untilAnswered } from "./api.js";
import { JOB_WORDS, billRows, gauges, lasting, lead, needs, usd } from "./queue_words.js";
import { failed, keyForm } from "./states.js";
import { ago, at, button, count, counted, day, element } from "./text.js";

const POLL_MS = 5000, JOBS = 8;
let jobs = JOBS;
const offline = untilAnswered(at("offline"), refresh);

// A bar with its name, its figure and a label for each part.
function bar(name, figure, total, parts) {
  const line = element("div", "line", element("span", "name", name), element("span", "of", figure));
  const track = element("div", "track");
  track.setAttribute("aria-hidden", "true");
  for (const [kind, number] of parts) {
    const part = element("i", kind);
    part.style.width = `${(100 * number) / Math.max(Number.MIN_VALUE, total)}%`;
    track.append(part);
  }
  const labels = parts.map(([kind, , label]) => element("span", "", element("i", `part ${kind}`), label));
  return element("div", "gauge", line, track, element("div", "parts", ...labels));
}

function gauge({ name, total, unit, parts }) {
  const there = parts.filter((part) => part[1] > 0).map(([kind, number, label]) => [kind, number, `${count(number)} ${label}`]);
  return bar(name, total ? `${count(parts[0][1])} of ${counted(total, unit)}` : "none yet", total, there);
}

function comparison(bill) {
  if (!bill.realtime_usd) return null;
  const saved = Math.max(0, bill.realtime_usd - bill.batch_usd);
  return bar("Packages against full price", `${usd(bill.batch_usd)} of ${usd(bill.realtime_usd)}`, bill.realtime_usd,
    [["done", bill.batch_usd, `${usd(bill.batch_usd)} by packages`], ["waits", saved, `${usd(saved)} saved against sending the same at once`]]);
}

function showBill(bill) {
  const spent = bill.batch_usd + bill.canary_usd;
  const head = element("div", "", element("p", "sum", usd(spent)), element("p", "quiet small", bill.is_free ? "is what Google would have charged so far." : `so far, for ${bill.models.join(" and ") || "nothing yet"}.`));
  const rows = element("dl", "rows", ...billRows(bill).map(([what, value, meaning, isBad]) =>
    element("div", isBad ? "warn" : "", element("dt", "", what), element("dd", "", usd(value)), element("dd", "note", meaning))));
  const free = bill.is_free ? element("p", "free", "Not charged: the emulator answers, not Google") : null;
  at("bill").replaceChildren(...[free, head, comparison(bill), rows].filter(Boolean));
}

async function estimate() {
  at("estimate").disabled = true;
  const line = (text, name = "") => element("p", name, text);
  try {
    const quote = await ask("/v1/estimate", {});
    const texts = quote.texts + quote.generations.reduce((total, one) => total + one.requests, 0);
    const lines = texts || quote.unread_files
      ? [line(`${usd(quote.usd_low)} to ${usd(quote.usd_high)} by packages, ${usd(quote.realtime_usd)} at once.`, "name"),
        line(`For ${counted(texts, "text")}${quote.unread_files ? ` and ${counted(quote.unread_files, "file")} not read yet` : ""}, about ${counted(quote.tokens, "token")} (pieces of words, by which Google charges).`),
        line(quote.window_fills > 1 ? `They go out in ${count(quote.window_fills)} rounds: Google takes no more at a time.` : "They fit into one round."),
        ...(quote.expected_seconds === null ? [] : [line(`They should take ${lasting(quote.expected_seconds)}.`)])]
      : [line("Nothing: no text waits to be sent.")];
    for (const offer of quote.offers) lines.push(line(`${counted(offer.requests, "picture, recording or scan", "pictures, recordings or scans")} could be described for about ${usd(offer.usd)}, if you ask for it.`));
    if (quote.is_free) lines.push(line("Not charged on the emulator.", "quiet small"));
    at("quote").replaceChildren(...lines);
  } catch (error) {
    at("quote").replaceChildren(element("p", "", error.message));
  } finally {
    at("estimate").disabled = false;
  }
}

function jobRow(job) {
  const [word, kind] = JOB_WORDS[job.status] || [job.status, "out"];
  const { total, completed, failed: lost } = job.request_counts;
  const row = element("li", `job ${kind}`,
    element("span", "state-word", word),
    element("span", "small", lost ? `${counted(total, "text")}, ${count(lost)} failed` : counted(total, "text")),
    element("span", "small quiet", job.completed_at ? `${ago(job.created_at)}, took ${took(job.completed_at - job.created_at)}` : `sent ${ago(job.created_at)}`),
    element("code", "", job.id.slice(-8)),
    job.error ? element("span", "fault", job.error) : null);
  row.title = [day(job.created_at), job.id, job.remote_name, completed ? `${completed} answered` : ""].filter(Boolean).join("\n");
  return row;
}

const took = (seconds) => (seconds < 60 ? counted(Math.max(1, Math.round(seconds)), "second") : lasting(seconds).replace("about ", ""));

function showJobs(page) {
  at("jobs").replaceChildren(...page.data.map(jobRow));
  at("jobs-note").textContent = page.data.length
    ? "Passages travel in packages, which cost half of what single calls cost; the newest is at the top."
    : "None was sent yet.";
  const held = at("more").contains(document.activeElement);
  at("more").replaceChildren(...(page.has_more ? [button("button", "Older ones", () => { jobs += 24; refresh(); })] : []));
  if (held && page.has_more) at("more").firstChild.focus();
}

function showStatus(status) {
  const told = lead(status);
  if (at("lead").textContent !== told) at("lead").textContent = told; // a screen reader says it each time it is set
  at("way").replaceChildren(...gauges(status).map(gauge));
  const found = needs(status);
  at("trouble").hidden = !found.length;
  at("needs").replaceChildren(...found.map(([what, reason, command]) =>
    element("li", "", element("strong", "", what), element("span", "", reason), element("span", "small quiet", "See ", element("code", "", command)))));
  showBill(status.bill);
}

function instead(...content) {
  at("instead").replaceChildren(...content);
  at("sheets").hidden = content.length > 0;
}

// False: the server did not answer.
async function refresh() {
  try {
    const [status, page] = await Promise.all([ask("/v1/status"), ask(`/v1/batches?limit=${Math.min(1000, jobs)}`)]);
    showStatus(status);
    showJobs(page);
    instead();
    offline.over();
    at("kept").textContent = `As of ${new Date().toLocaleTimeString()}; asked again every five seconds while you look.`;
    return true;
  } catch (error) {
    return showTrouble(error);
  }
}

function showTrouble(error) {
  if (error instanceof Offline) {
    if (at("offline").hidden) offline.wait();
    if (at("sheets").hidden) instead(failed(error, refresh));
    return false;
  }
  at("lead").textContent = "";
  if (error.status === 401) {
    if (!at("key")) instead(keyForm(error, () => { instead(...loading()); refresh(); }));
  } else if (error.status === 403) {
    const box = element("section", "state shut", element("h2", "", "This is the page of whoever runs the server"), element("p", "detail", error.message), element("p", "quiet", "Your key is for one project. What of it is not searchable yet stands on the search page."));
    instead(box);
  } else {
    instead(failed(error, refresh));
  }
  return true;
}

function loading() {
  const box = element("div", "loading", element("div", "skeleton-sheet"), element("div", "skeleton-sheet"));
  box.setAttribute("aria-hidden", "true");
  return [box];
}

const isQuiet = () => document.hidden || !at("offline").hidden || at("key") || at("instead").querySelector(".shut");
instead(...loading());
refresh();
at("estimate").addEventListener("click", estimate);
document.addEventListener("visibilitychange", () => { if (!isQuiet()) refresh(); });
setInterval(() => { if (!isQuiet()) refresh(); }, POLL_MS);
