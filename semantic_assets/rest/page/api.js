// The page reads the same API as everybody else.

// The API's words begin small: they follow a colon there.
const sentence = (text) => text.replace(/^body\.\w+: /, "").replace(/^\p{Ll}/u, (first) => first.toUpperCase());

export class Refused extends Error {
  constructor(status, title, detail) {
    super(sentence(detail || title));
    this.status = status;
    this.title = title;
  }
}

// The server did not answer at all.
export class Offline extends Error {}

const KEY = "key";

export function keepKey(secret) { sessionStorage.setItem(KEY, secret); }

export async function ask(path, body, signal) {
  const headers = {};
  const key = sessionStorage.getItem(KEY);
  if (key) headers.Authorization = `Bearer ${key}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer, found;
  try {
    answer = await fetch(path, { method: body === undefined ? "GET" : "POST", headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
    found = await answer.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    if (answer === undefined || error instanceof TypeError) throw new Offline("The server does not answer.");
    throw new Refused(answer.status, "The answer cannot be read", "Something between this page and the server answered in its place.");
  }
  if (!answer.ok) throw new Refused(answer.status, found.title || answer.statusText, found.detail);
  return found;
}

// Ask again while the server does not answer: after 2, 4, 8 ... 30 seconds, and never unseen.
export function untilAnswered(banner, attempt) {
  let seconds = 2, left = 0, timer = 0;
  const line = banner.querySelector(".told"), now = banner.querySelector("button");
  const stop = () => { clearInterval(timer); timer = 0; };
  const wait = () => {
    stop();
    banner.hidden = false;
    left = seconds;
    seconds = Math.min(30, seconds * 2);
    const tell = () => { line.textContent = `The server does not answer. Trying again in ${left} s.`; };
    tell();
    timer = setInterval(() => {
      if (document.hidden) return;
      left -= 1;
      if (left > 0) tell(); else again();
    }, 1000);
  };
  const again = async () => {
    stop();
    line.textContent = "The server does not answer. Trying again …";
    if (await attempt()) { banner.hidden = true; seconds = 2; } else wait();
  };
  now.onclick = again;
  return { wait, over: () => { stop(); seconds = 2; banner.hidden = true; } };
}
