// The map: all points are drawn into one picture of pixels, which takes 100,000 of them in milliseconds.

const COLOURS = ["#2f7fc1", "#e8871e", "#d1495b", "#3a9d8f", "#5b9a3c", "#c9a227", "#9a62b0", "#8d6748", "#8a929b"];
const CELLS = 128; // a side of the grid in which the point under the mouse is looked for
const REACH = 14; // pixels around the mouse
const $ = (id) => document.getElementById(id);
const canvas = $("canvas"), paint = canvas.getContext("2d");
const view = { x: 0.5, y: 0.5, scale: 1 };
let places, groups, about, found = null, cells, kept = -1, shown = -1;

const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const side = () => Math.min(canvas.width, canvas.height) * 0.94;
const toScreen = (x, y) => [
  canvas.width / 2 + (x - view.x) * side() * view.scale,
  canvas.height / 2 + (y - view.y) * side() * view.scale,
];
const toMap = (px, py) => [
  view.x + (px - canvas.width / 2) / (side() * view.scale),
  view.y + (py - canvas.height / 2) / (side() * view.scale),
];

// What a text hides is seen: control and format characters, as on the search page.
const visible = (text) => String(text).replaceAll("\r\n", "\n").replace(
  /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u034F\u115F\u1160\u17B4\u17B5\u180B-\u180F\u3164\uFFA0]/gu,
  (found) => `\\u{${found.codePointAt(0).toString(16)}}`,
);

async function fetched(path, as) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error((await answer.json()).detail);
  return answer[as]();
}

async function begin() {
  about = await fetched("/about", "json");
  document.title = `${about.title} · map`;
  $("title").textContent = about.title;
  places = new Float32Array(await fetched("/places", "arrayBuffer"));
  about.groupings.forEach((one, number) => $("by").append(new Option(one.title, number)));
  cells = gridded();
  await colourBy(0);
  say();
}

function say() {
  const all = about.shown < about.passages ? ` of ${about.passages.toLocaleString("en")}` : "";
  const total = `${about.shown.toLocaleString("en")}${all} passages`;
  $("count").textContent = found ? `${found.size.toLocaleString("en")} of ${total} have these words` : total;
}

async function colourBy(number) {
  groups = new Uint8Array(await fetched(`/groups/${number}`, "arrayBuffer"));
  $("legend").replaceChildren(...about.groupings[number].names.map((name, at) => {
    const item = document.createElement("li");
    const dot = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    dot.setAttribute("viewBox", "0 0 2 2");
    const circle = document.createElementNS("http://www.w3.org/2000/svg", "circle");
    for (const [key, value] of Object.entries({ cx: 1, cy: 1, r: 1, fill: COLOURS[at] })) circle.setAttribute(key, value);
    dot.append(circle);
    item.append(dot, visible(name));
    return item;
  }));
  draw();
}

function gridded() {
  const grid = Array.from({ length: CELLS * CELLS }, () => []);
  for (let n = 0; n < places.length / 2; n++) grid[cellOf(places[2 * n], places[2 * n + 1])].push(n);
  return grid;
}
const cellAt = (value) => Math.max(0, Math.min(CELLS - 1, Math.floor(value * CELLS)));
const cellOf = (x, y) => cellAt(y) * CELLS + cellAt(x);

function draw() {
  if (!groups) return;
  const width = canvas.width, height = canvas.height;
  const picture = paint.createImageData(width, height), pixels = picture.data;
  const colours = COLOURS.map(rgb), ratio = window.devicePixelRatio || 1;
  const base = places.length > 100000 ? 1 : places.length > 8000 ? 2 : 4;
  const dot = Math.round(base * ratio * Math.min(3, Math.sqrt(view.scale)));
  const dim = found ? 46 : 210;
  const put = (n, alpha, size) => {
    const [px, py] = toScreen(places[2 * n], places[2 * n + 1]);
    const left = Math.round(px - size / 2), top = Math.round(py - size / 2);
    if (left < 0 || top < 0 || left + size >= width || top + size >= height) return;
    const [red, green, blue] = colours[groups[n]];
    for (let y = top; y < top + size; y++) {
      for (let at = 4 * (y * width + left), end = at + 4 * size; at < end; at += 4) {
        pixels[at] = red; pixels[at + 1] = green; pixels[at + 2] = blue;
        pixels[at + 3] = Math.max(alpha, pixels[at + 3]);
      }
    }
  };
  for (let n = 0; n < groups.length; n++) put(n, dim, dot);
  if (found) for (const n of found) put(n, 255, dot + 2);
  paint.putImageData(picture, 0, 0);
  for (const n of new Set([kept, shown])) if (n >= 0) ring(n, dot);
  label();
}

function ring(n, dot) {
  const [px, py] = toScreen(places[2 * n], places[2 * n + 1]);
  paint.strokeStyle = getComputedStyle(document.body).color;
  paint.lineWidth = 2 * (window.devicePixelRatio || 1);
  paint.beginPath();
  paint.arc(px, py, dot + 5, 0, 7);
  paint.stroke();
}

function label() {
  const ratio = window.devicePixelRatio || 1, taken = [];
  const items = about.labels.map(([x, y, words]) => {
    const [px, py] = toScreen(x, y).map((value) => value / ratio);
    const half = words.length * 4;
    const isFree = taken.every(([tx, ty, th]) => Math.abs(tx - px) > half + th || Math.abs(ty - py) > 18);
    if (!isFree || px < half || px > canvas.clientWidth - half) return null;
    taken.push([px, py, half]);
    const item = document.createElement("li");
    item.textContent = words;
    item.style.left = `${px}px`;
    item.style.top = `${py}px`;
    return item;
  });
  $("labels").replaceChildren(...items.filter(Boolean));
}

function nearest(event) {
  const ratio = window.devicePixelRatio || 1;
  const [mx, my] = [event.offsetX * ratio, event.offsetY * ratio];
  const reach = REACH * ratio;
  const [left, top] = toMap(mx - reach, my - reach).map(cellAt), [right, bottom] = toMap(mx + reach, my + reach).map(cellAt);
  let best = -1, least = reach * reach;
  for (let row = top; row <= bottom; row++) for (let column = left; column <= right; column++) {
    for (const n of cells[row * CELLS + column]) {
      if (found && !found.has(n)) continue;
      const [px, py] = toScreen(places[2 * n], places[2 * n + 1]);
      const far = (px - mx) ** 2 + (py - my) ** 2;
      if (far < least) [best, least] = [n, far];
    }
  }
  return best;
}

// A heading is set apart, without its signs.
function lines(text) {
  return text.split("\n").flatMap((line, number) => {
    const heading = line.match(/^#{1,6}\s+(.*)$/);
    if (!heading) return [number ? `\n${line}` : line];
    const strong = document.createElement("strong");
    strong.textContent = heading[1];
    return number ? ["\n", strong] : [strong];
  });
}

let asked = 0;
async function show(n) {
  if (n === shown || n < 0) return;
  shown = n;
  draw();
  const mine = ++asked;
  await new Promise((done) => setTimeout(done, 40)); // a mouse that passes by asks for nothing
  if (mine !== asked) return;
  const passage = await fetched(`/passages/${n}`, "json");
  if (mine !== asked) return;
  const title = document.createElement("h2"), where = document.createElement("p"), text = document.createElement("p");
  title.textContent = visible(passage.title || passage.uri);
  where.className = "where";
  const place = [passage.heading, passage.page && `page ${passage.page}`, passage.uri];
  where.textContent = visible(place.filter(Boolean).join(" · "));
  text.className = "text";
  text.append(...lines(visible(passage.text)));
  $("passage").replaceChildren(title, where, text);
  $("passage").scrollTop = 0;
}

function zoom(factor, px, py) {
  const [x, y] = toMap(px, py);
  view.scale = Math.max(0.8, Math.min(400, view.scale * factor));
  const [nx, ny] = toMap(px, py);
  view.x += x - nx;
  view.y += y - ny;
  draw();
}

let held = null, moved = false;
canvas.addEventListener("pointerdown", (event) => { held = [event.offsetX, event.offsetY]; moved = false; canvas.setPointerCapture(event.pointerId); });
canvas.addEventListener("pointermove", (event) => {
  if (!places) return;
  if (!held) { if (kept < 0) show(nearest(event)); return; }
  const ratio = window.devicePixelRatio || 1, unit = side() * view.scale / ratio;
  moved ||= Math.hypot(event.offsetX - held[0], event.offsetY - held[1]) > 3;
  if (!moved) return;
  view.x -= (event.offsetX - held[0]) / unit;
  view.y -= (event.offsetY - held[1]) / unit;
  held = [event.offsetX, event.offsetY];
  draw();
});
canvas.addEventListener("pointerup", (event) => {
  if (held && !moved && places) { kept = nearest(event); show(kept); draw(); }
  held = null;
});
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  const ratio = window.devicePixelRatio || 1;
  zoom(Math.exp(-event.deltaY / 300), event.offsetX * ratio, event.offsetY * ratio);
}, { passive: false });
canvas.addEventListener("dblclick", () => { Object.assign(view, { x: 0.5, y: 0.5, scale: 1 }); draw(); });
canvas.addEventListener("keydown", (event) => {
  const step = 0.1 / view.scale, middle = [canvas.width / 2, canvas.height / 2];
  const does = {
    ArrowLeft: () => { view.x -= step; }, ArrowRight: () => { view.x += step; },
    ArrowUp: () => { view.y -= step; }, ArrowDown: () => { view.y += step; },
    "+": () => zoom(1.3, ...middle), "-": () => zoom(1 / 1.3, ...middle), 0: () => Object.assign(view, { x: 0.5, y: 0.5, scale: 1 }),
  }[event.key];
  if (does) { event.preventDefault(); does(); draw(); }
});

let typing = 0;
async function search() {
  const words = $("words").value.trim(), mine = ++typing;
  const numbers = words ? new Uint32Array(await fetched(`/passages?words=${encodeURIComponent(words)}`, "arrayBuffer")) : null;
  if (mine !== typing) return;
  found = numbers && new Set(numbers);
  say();
  draw();
  if (numbers?.length) { kept = numbers[0]; show(kept); draw(); } else kept = -1;
}
let pause = 0;
$("words").addEventListener("input", () => { clearTimeout(pause); pause = setTimeout(search, 250); });
$("search").addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(pause); search(); });
$("by").addEventListener("change", (event) => colourBy(Number(event.target.value)));

new ResizeObserver(() => {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, canvas.clientWidth * ratio);
  canvas.height = Math.max(1, canvas.clientHeight * ratio);
  draw();
}).observe(canvas);

begin().catch((error) => { $("count").textContent = `The map cannot be shown: ${error.message || "the server was stopped"}`; });
