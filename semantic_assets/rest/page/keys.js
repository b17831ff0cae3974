// The keyboard: everything the mouse can do.
import { at } from "./text.js";
import { isReading } from "./reader.js";

const WRITES = new Set(["INPUT", "SELECT", "TEXTAREA"]);

function isWriting(target) {
  return WRITES.has(target.tagName) && target.type !== "checkbox" && target.type !== "radio";
}

const titles = () => [...document.querySelectorAll("#hits .title")];

function moved(step) {
  const all = titles(), here = all.findIndex((one) => one.closest(".hit").contains(document.activeElement));
  const isInBox = document.activeElement === at("query");
  if (!all.length || (here < 0 && !isInBox && document.activeElement !== document.body && document.activeElement !== at("told"))) return false;
  const next = here + step;
  if (next < 0) at("query").focus();
  else {
    const title = all[Math.min(next, all.length - 1)];
    title.focus({ preventScroll: true });
    title.closest(".hit").scrollIntoView({ block: "nearest" });
  }
  return true;
}

export function listen({ onStep, onShut }) {
  const acts = {
    "/": () => { at("query").focus(); at("query").select(); return true; },
    "?": () => { if (!at("help").open) at("help").showModal(); return true; },
    ArrowDown: () => moved(1),
    ArrowUp: () => moved(-1),
    n: () => isReading() && onStep(1),
    p: () => isReading() && onStep(-1),
    Escape: () => isReading() && onShut(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || at("help").open) return;
    const writing = isWriting(event.target);
    if (writing && !["ArrowDown", "ArrowUp", "Escape"].includes(event.key)) return;
    if (writing && event.target !== at("query")) return;
    if (at("reader").contains(event.target) && event.key.startsWith("Arrow")) return;
    if (event.key in acts && acts[event.key]() !== false) event.preventDefault();
  });
  at("reader").addEventListener("cancel", (event) => { event.preventDefault(); onShut(); });
  at("help-button").addEventListener("click", () => at("help").showModal());
}
