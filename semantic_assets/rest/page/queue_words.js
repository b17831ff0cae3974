// What the states of the queue and the sums of the bill mean, in words that need no glossary.
import { count, counted } from "./text.js";

export const JOB_WORDS = {
  validating: ["being handed over", "out"],
  in_progress: ["Google works on it", "out"],
  finalizing: ["done at Google, being fetched", "out"],
  completed: ["finished", "done"],
  failed: ["failed", "bad"],
  expired: ["given up", "bad"],
  cancelling: ["being stopped", "out"],
  cancelled: ["stopped", "bad"],
};

// Small sums need more digits to be more than nothing.
export function usd(value) {
  const digits = value === 0 || value >= 1 ? 2 : value >= 0.01 ? 4 : 6;
  return value.toLocaleString("en", { style: "currency", currency: "USD", minimumFractionDigits: 2, maximumFractionDigits: digits });
}

export function lasting(seconds) {
  if (seconds < 90) return "about a minute";
  if (seconds < 5400) return `about ${Math.round(seconds / 60)} minutes`;
  if (seconds < 172_800) return `about ${Math.round(seconds / 3600)} hours`;
  return `about ${Math.round(seconds / 86_400)} days`;
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

// The way of a document into the search, each step with its parts; parts of no size are left out.
export function gauges(status) {
  const { files, bill } = status;
  const notRead = sum(Object.values(files.not_read));
  const total = status.documents + files.unread;
  const out = sum(status.open_jobs.filter((job) => job.output_tokens_estimated === null).map((job) => job.requests));
  const waits = Math.min(status.chunks, bill.pending_texts), sent = Math.min(status.chunks - waits, out);
  return [
    { name: "Files read", total: files.files, unit: "file", parts: [["done", files.read, "read"], ["out", files.waiting, "without a text yet (pictures, recordings, scans)"], ["waits", files.unread, "to be read"], ["bad", notRead, "cannot be read"]] },
    { name: "Documents split into passages", total, unit: "document", parts: [["done", Math.max(0, total - status.documents_waiting), "split"], ["waits", Math.min(total, status.documents_waiting), "to be split"]] },
    { name: "Passages with a vector", total: status.chunks, unit: "passage", parts: [["done", Math.max(0, status.chunks - waits - sent - status.chunks_failed), "have one, so search by meaning finds them"], ["out", sent, "at Google now"], ["waits", waits, "to be sent"], ["bad", status.chunks_failed, "failed for good"]] },
  ];
}

export function lead(status) {
  const waits = status.documents_waiting + status.bill.pending_texts + status.answers_to_come;
  const out = status.open_jobs.length;
  if (!status.documents && !waits) return "Nothing is here yet: no file was read, nothing was sent.";
  const parts = [];
  if (status.documents_waiting) parts.push(`${counted(status.documents_waiting, "document")} to be read or split`);
  if (status.bill.pending_texts) parts.push(`${counted(status.bill.pending_texts, "passage")} to be sent`);
  if (status.answers_to_come) parts.push(`${counted(status.answers_to_come, "written answer")} to come`);
  if (out) parts.push(`${counted(out, "package")} at Google`);
  if (!parts.length) return "Everything that could be read is in the search. Nothing waits.";
  const left = status.expected_seconds === null ? "" : ` All of it should be done in ${lasting(status.expected_seconds)}.`;
  return `Under way: ${parts.join(", ")}.${left}`;
}

// What goes on only when somebody does something: [what, why, command].
export function needs(status) {
  const found = [];
  if (status.paused) found.push(["Sending has stopped", status.paused, "semantic-assets status"]);
  if (status.quarantined_jobs) found.push([`${counted(status.quarantined_jobs, "package")} came back with answers that look wrong`, "Nothing of them is used until somebody decides.", "semantic-assets jobs"]);
  if (status.damaged_jobs) found.push([`${counted(status.damaged_jobs, "file")} of paid answers ${status.damaged_jobs === 1 ? "is" : "are"} missing or altered`, "Their passages wait.", "semantic-assets doctor"]);
  const kinds = Object.entries(status.files.not_read).sort((one, other) => other[1] - one[1]);
  if (kinds.length) found.push([`${counted(sum(kinds.map((kind) => kind[1])), "file")} could not be read`, kinds.slice(0, 6).map(([ending, number]) => `${count(number)} ${ending}`).join(", "), "semantic-assets failures"]);
  if (status.files.in_part) found.push([`${counted(status.files.in_part, "file")} could be read in part`, "Search finds what could be read of them.", "semantic-assets failures"]);
  if (status.chunks_failed) found.push([`${counted(status.chunks_failed, "passage")} got no vector`, "They were tried several times.", "semantic-assets failures"]);
  if (status.answers_failed) found.push([`${counted(status.answers_failed, "written answer")} failed`, "They were tried several times.", "semantic-assets failures"]);
  return found;
}

// Rows of the bill: [what, dollars, meaning, worth a look].
export function billRows(bill) {
  return [
    ["By packages, at half price", bill.batch_usd, "Passages and written answers that could wait for hours."],
    ["At once, at full price", bill.canary_usd, "Questions, uploads that were wanted at once, and checks of answers."],
    ...(bill.committed_usd ? [["Set aside for packages at Google", bill.committed_usd, "Charged when their answers come."]] : []),
    ...(bill.possibly_billed_usd ? [["Perhaps charged for nothing", bill.possibly_billed_usd, "Google may have worked on packages whose answers never came.", true]] : []),
    ...(bill.other_usd ? [["By other programs with the same key", bill.other_usd, "As somebody entered it."]] : []),
    ["Still to come, about", bill.pending_batch_usd, bill.pending_texts ? `For ${counted(bill.pending_texts, "text")} that ${bill.pending_texts === 1 ? "waits" : "wait"}.` : "Nothing waits to be sent."],
  ];
}
