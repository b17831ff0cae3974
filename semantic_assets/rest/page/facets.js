// What narrows a search: how it is found, and values of fields with the passages that have them.
import { FIELDS, MODES, toggled } from "./place.js";
import { at, button, count, element } from "./text.js";

const FEW = 8, MANY = 100;
const wide = new Set();
const typed = {};

// Years go backwards, all else by how much there is of it; chosen values always show.
function ordered(field, values, chosen) {
  const rows = Object.entries(values);
  for (const value of chosen) if (!(value in values)) rows.push([value, 0]);
  const isChosen = (row) => chosen.includes(row[0]);
  const byName = (one, other) => (field === "year" ? other[0].localeCompare(one[0], "en", { numeric: true }) : one[0].localeCompare(other[0]));
  return rows.sort((one, other) => isChosen(other) - isChosen(one) || (field === "year" ? 0 : other[1] - one[1]) || byName(one, other));
}

function share(number, most) {
  const line = element("span", "share"), part = element("i");
  part.style.width = `${number && Math.max(1, (100 * number) / Math.max(1, most))}%`;
  line.append(part);
  line.setAttribute("aria-hidden", "true");
  return line;
}

export function facetLink(value, number, most, address) {
  const link = element("a", "facet-value", element("span", "name", value), element("span", "count", count(number)), share(number, most));
  link.href = address;
  link.title = value;
  return link;
}

function facetValue(field, value, number, most, place, go) {
  const box = element("input", "");
  box.type = "checkbox";
  box.checked = (place.where[field] || []).includes(value);
  box.dataset.facet = `${field} ${value}`;
  box.addEventListener("change", () => go(toggled(place, field, value)));
  const made = element("label", "facet-value", box, element("span", "name", value), element("span", "count", count(number)), share(number, most));
  made.title = value;
  return made;
}

function facet(field, values, place, go) {
  const chosen = place.where[field] || [];
  const rows = ordered(field, values, chosen);
  if (!rows.length) return null;
  const box = element("fieldset", "facet", element("legend", "", FIELDS[field]));
  box.dataset.field = field;
  const list = element("div", "values");
  const most = Math.max(...rows.map((row) => row[1]));
  const rest = element("button", "rest");
  rest.type = "button";
  const show = () => {
    const sought = (typed[field] || "").toLowerCase();
    const fit = sought ? rows.filter((row) => row[0].toLowerCase().includes(sought)) : rows;
    const cap = wide.has(field) ? MANY : FEW;
    list.replaceChildren(...fit.slice(0, cap).map(([value, number]) => facetValue(field, value, number, most, place, go)));
    rest.hidden = fit.length <= cap || (wide.has(field) && fit.length <= MANY);
    rest.textContent = wide.has(field) ? `${count(fit.length - cap)} more: write a part of the name` : `Show all ${count(fit.length)}`;
    rest.disabled = wide.has(field);
    if (!fit.length) list.append(element("p", "small quiet", "None has this in its name."));
  };
  rest.addEventListener("click", () => { wide.add(field); box.replaceWith(facet(field, values, place, go)); });
  if (wide.has(field) && rows.length > FEW) {
    const input = element("input", "field");
    input.type = "search";
    input.placeholder = `Part of the name`;
    input.setAttribute("aria-label", `Part of the name: ${FIELDS[field].toLowerCase()}`);
    input.value = typed[field] || "";
    input.addEventListener("input", () => { typed[field] = input.value; show(); });
    box.append(input);
  }
  box.append(list, rest);
  show();
  return box;
}

function switches(place, go) {
  const box = element("fieldset", "facet", element("legend", "", "Find by"));
  for (const [mode, label] of Object.entries(MODES)) {
    const input = element("input", "");
    input.type = "radio";
    input.name = "mode";
    input.checked = place.mode === mode;
    input.dataset.facet = `mode ${mode}`;
    input.addEventListener("change", () => go({ ...place, mode, opened: "" }));
    box.append(element("label", "facet-value", input, element("span", "name", label)));
  }
  const group = element("input", "");
  group.type = "checkbox";
  group.checked = place.isGrouped;
  group.dataset.facet = "group document";
  group.addEventListener("change", () => go({ ...place, isGrouped: group.checked, opened: "" }));
  box.append(element("label", "facet-value", group, element("span", "name", "Gather by document")));
  return box;
}

// The panel; what had the focus has it again.
export function showFacets(found, place, go) {
  const held = document.activeElement && document.activeElement.dataset.facet;
  const made = Object.keys(FIELDS).map((field) => facet(field, found[field] || {}, place, go)).filter(Boolean);
  at("narrow").replaceChildren(switches(place, go), ...made);
  if (held) {
    const again = [...at("narrow").querySelectorAll("input")].find((input) => input.dataset.facet === held);
    if (again) again.focus({ preventScroll: true });
  }
  const chosen = Object.values(place.where).flat().length;
  at("narrow-button").textContent = chosen ? `Filters (${chosen})` : "Filters";
}

export function showChips(place, go) {
  const made = Object.entries(place.where).flatMap(([field, values]) => values.map((value) => {
    const chip = button("chip on", `${FIELDS[field].toLowerCase()}: ${value}`, () => go(toggled(place, field, value)));
    const cross = element("span", "cross", "×");
    cross.setAttribute("aria-hidden", "true");
    chip.append(cross);
    chip.setAttribute("aria-label", `Take away the filter ${field} ${value}`);
    return chip;
  }));
  if (made.length > 1) made.push(button("chip", "clear all", () => go({ ...place, where: {}, opened: "" })));
  at("chips").replaceChildren(...made);
}

// The counts of a field as if it were not filtered itself: the other values can be chosen too.
export async function askFacets(ask, place, signal) {
  const fields = Object.keys(place.where);
  const without = (field) => Object.fromEntries(Object.entries(place.where).filter(([name]) => name !== field));
  const [all, ...others] = await Promise.all([
    ask("/v1/facets", { datasets: [], where: place.where }, signal),
    ...fields.map((field) => ask("/v1/facets", { datasets: [], where: without(field) }, signal)),
  ]);
  const found = { ...all };
  fields.forEach((field, n) => { found[field] = others[n][field]; });
  const passages = Object.values(all.dataset).reduce((sum, number) => sum + number, 0);
  return { found, passages };
}
