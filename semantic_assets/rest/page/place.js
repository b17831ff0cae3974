// What the page shows is in its address: it can be kept, sent on, and gone back to.

export const MODES = { hybrid: "Meaning and words", dense: "Meaning", words: "Words" };
export const FIELDS = { project: "Project", dataset: "Dataset", kind: "Kind", year: "Year" };

export function readPlace(search = location.search) {
  const given = new URLSearchParams(search);
  const where = {};
  for (const field of Object.keys(FIELDS)) {
    const values = [...new Set(given.getAll(field))];
    if (values.length) where[field] = values;
  }
  return {
    q: (given.get("q") || "").trim(),
    mode: given.get("mode") in MODES ? given.get("mode") : "hybrid",
    isGrouped: given.get("group") === "document",
    hasFloor: given.get("floor") !== "no",
    where,
    opened: given.get("open") || "",
  };
}

export function addressOf(place) {
  const given = new URLSearchParams();
  if (place.q) given.set("q", place.q);
  if (place.mode !== "hybrid") given.set("mode", place.mode);
  if (place.isGrouped) given.set("group", "document");
  if (!place.hasFloor) given.set("floor", "no");
  for (const [field, values] of Object.entries(place.where)) for (const value of values) given.append(field, value);
  if (place.opened) given.set("open", place.opened);
  const query = given.toString();
  return query ? `/?${query}` : "/";
}

// Whether two places have the same hits.
export function sameSearch(one, other) {
  return Boolean(one && other) && addressOf({ ...one, opened: "" }) === addressOf({ ...other, opened: "" });
}

export const isFiltered = (place) => Object.keys(place.where).length > 0;

export function toggled(place, field, value) {
  const values = place.where[field] || [];
  const left = values.includes(value) ? values.filter((one) => one !== value) : [...values, value];
  const where = { ...place.where, [field]: left };
  if (!left.length) delete where[field];
  return { ...place, where, opened: "" };
}
