"use strict";
// The preview: one state (issues, editions, notes), one edition at a time, redrawn after each edit.
const settings = JSON.parse(document.getElementById("settings").textContent);
const $ = id => document.getElementById(id);
const view = { width: "1000", scheme: "light", images: "on", part: "html", date: "", edition: 0, ...remembered() };
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

const query = () => view.date ? `?date=${encodeURIComponent(view.date)}` : "";

async function getState() {
  if (settings.static) return settings.static;
  return (await fetch(`state${query()}`)).json();
}

async function getEdition(number) {
  if (!settings.static) return (await fetch(`edition/${number}${query()}`)).json();
  if (!window.editions[number]) {
    await new Promise((done, failed) => {
      document.head.append(make("script", { src: `edition-${number}.js`, onload: done, onerror: failed }));
    });
  }
  return window.editions[number];
}

async function draw() {
  state = await getState();
  if (view.date && !state.dates.includes(view.date)) view.date = "";
  if (view.edition >= state.editions.length) view.edition = 0;
  $("problem").textContent = state.problem;
  $("problem").hidden = !state.problem;
  $("date").replaceChildren(...state.dates.map(date => make("option", { value: date, textContent: date })));
  $("date").value = view.date || state.date;
  $("editions").replaceChildren(...state.editions.map((one, number) => {
    const button = make("button", { type: "button", onclick: () => choose(number) }, one.label, make("small", { textContent: one.readers }));
    if (number === view.edition) button.setAttribute("aria-current", "true");
    return make("li", {}, button);
  }));
  if (!state.editions.length) $("editions").append(make("li", { textContent: "Nothing to show yet." }));
  $("notes").replaceChildren(...state.notes.map(note => make("li", { textContent: note, title: note })));
  edition = state.editions.length ? await getEdition(view.edition) : null;
  drawEdition();
}

function drawEdition() {
  for (const button of document.querySelectorAll(".bar button")) {
    const [group, value] = Object.entries(button.dataset)[0];
    button.setAttribute("aria-pressed", String(view[group] === value));
  }
  remember();
  if (!edition) return;
  $("subject").textContent = edition.subject;
  $("size").value = edition.bytes;
  $("bytes").textContent = `${(edition.bytes / 1000).toFixed(1)} kB of the 102 kB that Gmail shows`;
  $("open").href = settings.static ? `edition-${view.edition}.html` : `edition/${view.edition}/mail${query()}`;
  $("findings").replaceChildren(...edition.findings.map(finding));
  if (!edition.findings.length) $("findings").append(make("li", { textContent: "Nothing found." }));
  $("picks").replaceChildren(...edition.picks.map(paper));
  $("misses").replaceChildren(...edition.misses.map(paper));
  if (!edition.misses.length) $("misses").append(make("li", { textContent: "No other paper was near." }));
  drawMail();
}

function finding(one) {
  const item = make("li", { className: one.level }, make("strong", { textContent: `${one.level}: ` }), one.message);
  if (one.where) item.append(make("span", { className: "where", textContent: one.where }));
  return item;
}

function paper(one) {
  const parts = make("div", { className: "parts" });
  for (const part of one.parts) {
    const bar = make("span", {});
    bar.style.width = `${Math.min(100, 100 * part.value).toFixed(0)}%`;
    parts.append(
      make("span", { textContent: part.signal }),
      make("span", { className: "track", title: `${part.signal} ${part.value.toFixed(2)}` }, bar),
      make("span", { textContent: `+${part.points.toFixed(2)}` }),
    );
    if (part.reason) parts.append(make("i", { textContent: part.reason }));
  }
  return make("li", {},
    make("div", { className: "paper" }, make("span", { textContent: one.title }), make("b", { textContent: one.score.toFixed(2) })),
    make("div", { className: "topic", textContent: one.missed ? `${one.topic} · ${one.missed}` : one.topic }),
    parts);
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

async function choose(number) {
  view.edition = number;
  await draw();
}

function press(button) {
  const [group, value] = Object.entries(button.dataset)[0];
  view[group] = value;
  drawEdition();
}

for (const button of document.querySelectorAll(".bar button")) button.onclick = () => press(button);
$("date").onchange = event => { view.date = event.target.value === state.date && !view.date ? "" : event.target.value; view.edition = 0; draw(); };
$("copy").onclick = async () => {
  try {
    await navigator.clipboard.writeText(edition.html);
    $("said").textContent = "Copied.";
  } catch { $("said").textContent = "This browser does not let pages copy."; }
};

document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT)$/.test(event.target.tagName)) return;
  const button = document.querySelector(`.bar button[title="${CSS.escape(event.key)}"]`);
  if (button) press(button);
  else if (event.key === "j") choose(Math.min(view.edition + 1, state.editions.length - 1));
  else if (event.key === "k") choose(Math.max(view.edition - 1, 0));
});

if (settings.static) {
  $("test").hidden = true;
} else {
  $("to").placeholder = settings.address;
  $("test").onsubmit = async event => {
    event.preventDefault();
    $("said").textContent = "Sending …";
    const to = `${query() ? "&" : "?"}to=${encodeURIComponent($("to").value)}`;
    const answer = await fetch(`edition/${view.edition}/test${query()}${to}`, { method: "POST", headers: { "X-Preview": "yes" } });
    const told = await answer.json();
    $("said").textContent = told.said || told.error;
  };
  const events = new EventSource("events");
  events.addEventListener("change", draw);
  // After the preview was stopped and started again: what is shown may be old.
  events.onopen = () => { if (state) draw(); };
}
draw();
