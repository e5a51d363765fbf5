"use strict";
// The preview: one state (issues, editions, notes), one edition at a time, redrawn after each edit.
const settings = JSON.parse(document.getElementById("settings").textContent);
const $ = id => document.getElementById(id);
const view = { width: "1000", scheme: "light", images: "on", part: "html", panel: "editions", against: "since", date: "", audience: "", trial: "", version: "", ...remembered() };
let state = null, edition = null;
window.editions = [];

function remembered() {
  try { return JSON.parse(sessionStorage.getItem("view") || "{}"); } catch { return {}; }
}

function remember() {
  try { sessionStorage.setItem("view", JSON.stringify(view)); } catch { /* private mode */ }
}

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// --- Asking ------------------------------------------------------------------------------------

function query(more = {}) {
  const given = Object.entries({ date: view.date, audience: view.audience, trial: view.trial, ...more });
  return "?" + new URLSearchParams(given.filter(([, value]) => value));
}

// What stands behind the # of the printed address proves that the page may write, and see the list.
const token = () => decodeURIComponent(location.hash.slice(1));

async function ask(address, signal, sent) {
  const options = { signal, headers: { "X-Preview": token() } };
  if (sent !== undefined) Object.assign(options, { method: "POST", body: JSON.stringify(sent), headers: { ...options.headers, "Content-Type": "application/json" } });
  let answer;
  try { answer = await fetch(address, options); } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The preview does not answer: was it stopped? What is shown is the last that it gave.");
  }
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok && ![409, 422, 502].includes(answer.status) || answer.status === 422 && told.error) throw Object.assign(new Error(told.error || `The preview answered ${answer.status}.`), { status: answer.status });
  return { ...told, status: answer.status };
}

// One question of a kind at a time: a newer one drops those before it. Returns nothing when dropped.
function latest() {
  let stop = null;
  return async work => {
    stop?.abort();
    const own = stop = new AbortController();
    try {
      const found = await work(own.signal);
      return own.signal.aborted ? undefined : found;
    } catch (error) {
      if (!own.signal.aborted) throw error;
    }
  };
}

async function getEdition(shown, signal) {
  if (!settings.static) return ask(`edition${query({ against: view.before })}`, signal);
  const number = Math.max(0, shown.editions.findIndex(one => one.audience === view.audience));
  if (!window.editions[number]) {
    await new Promise((done, failed) => {
      document.head.append(make("script", { src: `edition-${number}.js`, onload: done, onerror: failed }));
    });
  }
  return { ...window.editions[number], file: `edition-${number}.html` };
}

// --- Drawing -----------------------------------------------------------------------------------

const drawing = latest();

function work(words) {
  $("working").textContent = words;
  $("working").classList.toggle("trial", Boolean(view.trial));
  $("working").classList.toggle("busy", words.endsWith("…"));
  document.querySelector("main").setAttribute("aria-busy", String(words.endsWith("…")));
}

async function draw() {
  work("Making the draft …");
  try {
    await drawing(async signal => {
      const shown = settings.static || await ask(`state${query({ audience: "", trial: "" })}`, signal);
      if (view.date && !shown.dates.includes(view.date)) view.date = "";
      if (!view.audience && shown.editions.length) view.audience = shown.editions[0].audience;
      const version = view.trial ? view.version : shown.version;
      if (edition && edition.version !== version) view.before = edition.version;
      const found = shown.editions.length ? await getEdition(shown, signal) : null;
      if (signal.aborted) return;
      state = shown;
      edition = found || edition;
      drawState();
      drawEdition();
      work(told());
      window.onDrawn?.();
    });
  } catch (error) {
    if (error.status === 410 && view.trial) { view.trial = ""; return draw(); }
    if (error.status === 404 && view.audience.startsWith("~") && !edition) { view.audience = ""; return draw(); }
    work("");
    problem(error.message);
  }
}

function told() {
  const moved = edition?.since;
  if (!moved?.length) return view.trial ? "Draft of the trial: not saved" : "";
  const count = (...kinds) => moved.filter(one => kinds.includes(one.motion)).length;
  const parts = [[count("in"), "in"], [count("out"), "out"], [count("topic", "up", "down"), "moved"]];
  return `${view.trial ? "Trial, not saved" : "Draft made"}: ${parts.filter(([number]) => number).map(part => part.join(" ")).join(", ")}`;
}

function problem(words) {
  $("problem").textContent = words;
  $("problem").hidden = !words;
}

function drawState() {
  problem(state.problem);
  $("date").replaceChildren(...state.dates.map(date => make("option", { value: date, textContent: date })));
  $("date").value = view.date || state.date;
  const listed = state.editions.some(one => one.audience === view.audience) || !edition ? state.editions : [edition, ...state.editions];
  $("editions").replaceChildren(...listed.map(editionItem));
  if (!listed.length) $("editions").append(make("li", { textContent: "Nothing to show yet." }));
  $("notes").replaceChildren(...state.notes.map(note => make("li", { textContent: note, title: note })));
}

function editionItem(one) {
  const button = make("button", { type: "button", onclick: () => choose(one.audience) }, one.label, make("small", { textContent: one.readers }));
  if (one.audience === view.audience) button.setAttribute("aria-current", "true");
  return make("li", {}, button);
}

function drawEdition() {
  for (const button of document.querySelectorAll(".bar [role=group] button")) {
    const [group, value] = Object.entries(button.dataset)[0];
    button.setAttribute("aria-pressed", String(view[group] === value));
  }
  document.body.dataset.panel = view.panel;
  remember();
  if (!edition) return;
  $("subject").textContent = edition.subject;
  $("size").value = edition.bytes;
  $("bytes").textContent = `${(edition.bytes / 1000).toFixed(1)} kB of the 102 kB that Gmail shows`;
  $("open").href = edition.file || `edition/mail${query()}`;
  $("findings").replaceChildren(...edition.findings.map(finding));
  if (!edition.findings.length) $("findings").append(make("li", { textContent: "Nothing found." }));
  $("picks").replaceChildren(...edition.picks.map(one => paper(one, toPaper)));
  $("misses").replaceChildren(...edition.misses.map(one => paper(one, window.whyNot)));
  if (!edition.misses.length) $("misses").append(make("li", { textContent: "No other paper was near." }));
  drawMail();
}

function finding(one) {
  const item = make("li", { className: one.level }, make("strong", { textContent: `${one.level}: ` }), one.message);
  if (one.where) item.append(make("span", { className: "where", textContent: one.where }));
  return item;
}

function bars(some) {
  const parts = make("div", { className: "parts" });
  for (const part of some) {
    const bar = make("span", {});
    bar.style.width = `${Math.min(100, 100 * part.value).toFixed(0)}%`;
    parts.append(
      make("span", { textContent: part.signal }),
      make("span", { className: "track", title: `${part.signal} ${part.value.toFixed(2)}` }, bar),
      make("span", { textContent: `+${part.points.toFixed(2)}` }),
    );
    if (part.reason) parts.append(make("i", { textContent: part.reason }));
  }
  return parts;
}

function paper(one, onclick) {
  const title = onclick ? make("button", { type: "button", textContent: one.title, onclick: () => onclick(one) }) : make("span", { textContent: one.title });
  return make("li", {},
    make("div", { className: "paper" }, title, make("b", { textContent: one.score.toFixed(2) })),
    make("div", { className: "topic", textContent: one.missed ? `${one.topic} · ${one.missed}` : one.topic }),
    bars(one.parts));
}

// The mail as a client in this mode shows it, whatever this browser prefers; without pictures when asked.
function asShown() {
  const media = view.scheme === "dark" ? "all" : "not all";
  const html = edition.html.replaceAll("(prefers-color-scheme: dark)", media);
  const policy = `default-src 'none'; style-src 'unsafe-inline'; img-src ${view.images === "on" ? "https: data:" : "'none'"}`;
  return html.replace(/<head>/i, `<head><meta http-equiv="Content-Security-Policy" content="${policy}">`);
}

function drawMail() {
  const mail = $("mail"), plain = $("plain"), isMail = view.part === "html";
  mail.hidden = !isMail;
  plain.hidden = isMail;
  mail.style.maxWidth = plain.style.maxWidth = `${view.width}px`;
  if (!isMail) {
    const text = { text: edition.text, source: edition.html, message: edition.message }[view.part];
    const place = plain.scrollTop;
    plain.textContent = text;
    plain.scrollTop = place;
    return;
  }
  const html = asShown();
  if (mail.dataset.shown === html) return;
  const place = mail.contentWindow ? mail.contentWindow.scrollY : 0;
  mail.dataset.shown = html;
  mail.onload = () => mail.contentWindow.scrollTo(0, place);
  mail.srcdoc = html;
}

// Scroll the mail to a paper, and mark it for a moment.
function toPaper(one) {
  if (view.part !== "html") { view.part = "html"; drawEdition(); }
  const mail = $("mail").contentDocument;
  const links = [...mail.links].filter(link => one.url && link.getAttribute("href") === one.url);
  const link = links.find(each => each.closest("h1, h2, h3")) || links[0];
  const found = link?.closest("h1, h2, h3") || link || [...mail.querySelectorAll("h1, h2, h3")].find(each => each.textContent.trim() === one.title);
  if (!found) return;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  found.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "center" });
  (link || found).focus({ preventScroll: true });
  Object.assign(found.style, { outline: "3px solid #3a3fc4", outlineOffset: "6px", borderRadius: "2px" });
  found.dataset.marked = "";
  setTimeout(() => { found.style.outline = ""; delete found.dataset.marked; }, 2500);
}

async function choose(audience) {
  view.audience = audience;
  await draw();
}

function press(button) {
  const [group, value] = Object.entries(button.dataset)[0];
  view[group] = value;
  drawEdition();
  window.onDrawn?.();
}

for (const button of document.querySelectorAll(".bar [role=group] button")) button.onclick = () => press(button);
$("date").onchange = event => { view.date = event.target.value === state.date && !view.date ? "" : event.target.value; draw(); };
$("copy").onclick = async () => {
  try {
    await navigator.clipboard.writeText(edition.html);
    $("said").textContent = "Copied.";
  } catch { $("said").textContent = "This browser does not let pages copy."; }
};

document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  const button = document.querySelector(`.bar button[title="${CSS.escape(event.key)}"]`);
  if (button) return press(button);
  const place = state ? state.editions.findIndex(one => one.audience === view.audience) : -1;
  const next = { j: place + 1, k: place - 1 }[event.key];
  if (state?.editions[next]) choose(state.editions[next].audience);
});

if (settings.static) {
  $("test").hidden = true;
} else {
  $("to").placeholder = settings.address;
  $("test").onsubmit = async event => {
    event.preventDefault();
    $("said").textContent = "Sending …";
    try {
      const sent = await ask(`edition/test${query({ to: $("to").value })}`, undefined, {});
      $("said").textContent = sent.said || sent.error;
    } catch (error) { $("said").textContent = error.message; }
  };
  const events = new EventSource("events");
  events.addEventListener("change", () => { window.onChanged?.(); draw(); });
  // After the preview was stopped and started again: what is shown may be old.
  events.onopen = () => { if (state) draw(); };
}
draw();
