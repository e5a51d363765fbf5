"use strict";
// Tuning: config files beside the view, the health of terms, what an edit changes, why not, readers.
const files = {};
const counting = latest(), asking = latest(), finding_ = latest(), trying = latest();
let mistakes = [];

// --- The editor --------------------------------------------------------------------------------

const kept = () => { try { return JSON.parse(sessionStorage.getItem("texts") || "{}"); } catch { return {}; } };
const isEdited = file => !file.area.disabled && file.area.value !== file.text;
const current = () => files[$("file").value];

function keep() {
  const edited = Object.values(files).filter(isEdited);
  const some = Object.fromEntries(edited.map(file => [file.name, { text: file.area.value, version: file.version }]));
  // Texts that were kept and whose files are not open yet stay kept.
  for (const [name, text] of Object.entries(kept())) if (!files[name]?.version) some[name] = text;
  try { sessionStorage.setItem("texts", JSON.stringify(some)); } catch { /* private mode */ }
  for (const option of $("file").options) {
    option.textContent = files[option.value] && isEdited(files[option.value]) ? `${option.value} *` : option.value;
  }
  $("back").hidden = !view.trial && !edited.length;
}

function say(words, isWrong = false) {
  $("kept").textContent = words;
  $("kept").classList.toggle("wrong", isWrong);
}

function numbers(file) {
  const count = file.area.value.split("\n").length;
  const wrong = new Set(mistakes.filter(one => one.file === file.name).map(one => one.line));
  const key = `${count} ${[...wrong]}`;
  if (file.numbered === key) return;
  file.numbered = key;
  const parts = [];
  let plain = "";
  for (let line = 1; line <= count; line++) {
    if (!wrong.has(line)) { plain += `${line}\n`; continue; }
    parts.push(plain, make("mark", { textContent: `${line}\n` }));
    plain = "";
  }
  file.gutter.replaceChildren(...parts, plain);
  file.area.setAttribute("aria-invalid", String(wrong.size > 0));
}

async function open(name) {
  if (!files[name]) {
    const area = make("textarea", { wrap: "off", spellcheck: false, autocapitalize: "off", disabled: true });
    area.setAttribute("aria-label", name);
    area.setAttribute("aria-describedby", "keys");
    area.setAttribute("autocomplete", "off");
    const gutter = make("pre", {});
    gutter.setAttribute("aria-hidden", "true");
    const file = files[name] = { name, area, gutter, text: "", version: "", box: make("div", { className: "area" }, gutter, area) };
    area.oninput = () => { numbers(file); keep(); };
    area.onscroll = () => { gutter.scrollTop = area.scrollTop; };
    $("areas").append(file.box);
  }
  for (const file of Object.values(files)) file.box.hidden = file.name !== name;
  $("file").value = name;
  if (!files[name].version) await load(files[name]);
}

async function load(file) {
  try {
    const found = await ask(`texts/${encodeURIComponent(file.name)}`);
    const unsaved = kept()[file.name];
    file.text = found.text;
    file.version = unsaved ? unsaved.version : found.version;
    file.area.value = unsaved ? unsaved.text : found.text;
    file.area.disabled = false;
    say(unsaved ? "Not saved yet: your text from before." : "");
    numbers(file);
    keep();
  } catch (error) { say(error.message, true); }
}

// As if it was typed, so that the browser can undo it.
function replaceText(area, text) {
  area.focus();
  area.select();
  if (!document.execCommand("insertText", false, text)) area.value = text;
}

// A file has changed on the disk: take it over, unless there is a text that is not saved.
async function compare(file) {
  let found;
  try { found = await ask(`texts/${encodeURIComponent(file.name)}`); } catch (error) { return say(error.message, true); }
  if (found.version === file.version || file.saving) return;
  const isOurs = file.area.value === found.text;
  if (!isOurs && isEdited(file)) return conflict(file, found, `${file.name} was changed by another program.`);
  file.text = found.text;
  file.version = found.version;
  if (!isOurs) {
    const { scrollTop, selectionStart } = file.area;
    file.area.value = found.text;
    file.area.setSelectionRange(selectionStart, selectionStart);
    file.area.scrollTop = scrollTop;
    say(`${file.name} as it is now.`);
  }
  $("conflict").hidden = true;
  numbers(file);
  keep();
}

function conflict(file, found, words) {
  open(file.name);
  say(words, true);
  $("theirs").value = found ? found.text : "";
  $("theirs").placeholder = found ? "" : "The file is gone.";
  $("take").hidden = !found;
  $("conflict").hidden = false;
  $("mine").onclick = () => { file.version = found ? found.version : ""; save(false); };
  $("take").onclick = () => {
    file.text = found.text;
    file.version = found.version;
    replaceText(file.area, found.text);
    $("conflict").hidden = true;
    say("The text on the disk. Ctrl-Z brings yours back.");
  };
}

function drawMistakes(found) {
  mistakes = found;
  $("mistakes").replaceChildren(...found.map(one => make("li", {}, make("button", { type: "button", onclick: () => goTo(one.file, one.line, one.column) },
    make("b", { textContent: one.file ? `${one.file}:${one.line}:${one.column}` : "config" }), one.said))));
  for (const file of Object.values(files)) numbers(file);
}

async function goTo(name, line, column) {
  if (![...$("file").options].some(option => option.value === name)) return;
  view.panel = "edit";
  drawEdition();
  await open(name);
  const area = files[name].area, lines = area.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  const text = lines[line - 1] || "";
  area.focus();
  area.setSelectionRange(start + [...text].slice(0, column - 1).join("").length, start + text.length);
  area.scrollTop = Math.max(0, line - 5) * 20;
  area.scrollLeft = 0;
}

async function try_() {
  if (!token()) return;
  const edited = Object.values(files).filter(isEdited);
  if (!edited.length) { view.trial = ""; drawMistakes(state?.mistakes || []); return draw(); }
  work("Trying …");
  try {
    const texts = Object.fromEntries(edited.map(file => [file.name, file.area.value]));
    const judged = await trying(signal => ask("trial", signal, { texts }));
    if (!judged) return;
    drawMistakes(judged.mistakes);
    if (!judged.trial) { work(""); return say(counted(judged.mistakes.length, "mistake", "The view is as before: "), true); }
    Object.assign(view, { trial: judged.trial, version: judged.version });
    say(texts["subscribers.yaml"] === undefined ? "Tried, not saved." : "Tried; readers follow once subscribers.yaml is saved.");
    keep();
    await draw();
  } catch (error) { work(""); say(error.message, true); }
}

const counted = (number, word, before = "") => `${before}${number} ${word}${number === 1 ? "" : "s"}`;

async function save(anyway) {
  const file = current();
  if (!file || file.area.disabled || !token()) return;
  const text = file.area.value;
  file.saving = true;
  say("Saving …");
  $("anyway").hidden = true;
  try {
    const told = await ask(`texts/${encodeURIComponent(file.name)}`, undefined, { text, version: file.version, anyway });
    if (told.status === 409) return conflict(file, told.found, told.error);
    drawMistakes(told.mistakes);
    if (told.status === 422) {
      $("anyway").hidden = false;
      return say(counted(told.mistakes.length, "mistake", "Not saved: "), true);
    }
    Object.assign(file, { text, version: told.version });
    view.trial = "";
    $("conflict").hidden = true;
    say(told.mistakes.length ? "Saved; but see below." : "Saved.", told.mistakes.length > 0);
    keep();
    await draw();
  } catch (error) { say(error.message, true); } finally { file.saving = false; }
}

// --- Terms, changes, why not ---------------------------------------------------------------------

async function drawTerms() {
  if (view.panel !== "edit" || !edition) return;
  const key = `${edition.version} ${state.date} ${state.notes}`;
  if (drawTerms.shown === key) return;
  $("counted").textContent = "· counting …";
  try {
    const found = await counting(signal => ask(`terms${query({ audience: "" })}`, signal));
    if (!found) return;
    drawTerms.shown = key;
    $("counted").textContent = `among ${found.known.toLocaleString("en")} papers of the last ${found.days} days`;
    $("terms").replaceChildren(...found.topics.flatMap(topic => [
      make("h3", {}, topic.title, make("span", { textContent: topic.papers === null ? "by likes" : counted(topic.papers, "paper") })),
      make("ul", {}, ...topic.terms.map(term => termItem(term, found.known))),
    ]));
  } catch (error) { $("counted").textContent = `· ${error.message}`; }
}

function termItem(term, known) {
  const bar = make("span", {});
  bar.style.width = `${(100 * term.papers / Math.max(1, known)).toFixed(1)}%`;
  const note = term.is_idle ? "finds nothing" : term.is_wide ? "nearly all" : term.excludes ? "left out" : "";
  const item = make("li", { className: term.excludes ? "apart" : "" },
    make("button", { type: "button", textContent: term.text, onclick: () => goTo("topics.yaml", term.line, term.column) }),
    note ? make("i", { textContent: note, title: term.is_wide ? "It tells nothing apart" : "" }) : make("span", { className: "track" }, bar),
    make("b", { textContent: term.papers.toLocaleString("en") }));
  return item;
}

const MOTIONS = {
  in: one => ["In", one.topic],
  out: one => ["Out", `was under ${one.topic}`],
  topic: one => ["Moved", `from ${one.was} to ${one.topic}`],
  up: one => [`Up ${one.places}`, one.topic],
  down: one => [`Down ${one.places}`, one.topic],
};

function drawChanges() {
  const lists = { since: edition?.since, unsaved: edition?.unsaved };
  $("changed").hidden = !view.trial && !lists.since?.length;
  $("see").hidden = $("changed").hidden;
  for (const button of document.querySelectorAll("[data-against]")) button.disabled = !lists[button.dataset.against];
  const shown = lists[view.against] ? view.against : lists.since ? "since" : "unsaved";
  for (const button of document.querySelectorAll("[data-against]")) button.setAttribute("aria-pressed", String(shown === button.dataset.against));
  const some = lists[shown] || [];
  $("changes").replaceChildren(...some.map(one => {
    const [word, where] = MOTIONS[one.motion](one);
    const known = edition.picks.find(pick => pick.paper === one.paper);
    return make("li", { className: one.motion }, make("b", { textContent: word }),
      make("button", { type: "button", textContent: one.title, onclick: () => known ? toPaper(known) : whyNot(one) }),
      make("small", { textContent: where }));
  }));
  if (!some.length) $("changes").append(make("li", { textContent: "No paper came, went or moved." , style: "display: block" }));
}

window.whyNot = one => {
  $("wanted").value = one.paper || one.title;
  why();
};

async function why() {
  const wanted = $("wanted").value.trim();
  if (!wanted) return;
  $("verdict").textContent = "Looking …";
  try {
    const found = await asking(signal => ask(`why${query({ paper: wanted })}`, signal));
    if (!found) return;
    if (found.unknown) { $("verdict").replaceChildren(make("p", { textContent: found.unknown })); return; }
    $("verdict").replaceChildren(make("h3", { textContent: found.title }),
      ...(found.left_out ? [make("p", { textContent: `Not to choose from: ${found.left_out}.` })] : []),
      make("ul", {}, ...found.topics.map(verdict)));
    $("verdict").scrollIntoView({ block: "nearest" });
  } catch (error) { $("verdict").textContent = error.message; }
}

function verdict(one) {
  const score = one.score === null ? "–" : one.score.toFixed(2);
  const item = make("li", {}, make("b", {}, one.title, make("span", { textContent: score })), one.verdict);
  if (one.chance !== null && one.score !== null) item.append(make("div", { className: "topic", textContent: `Near to what the topic likes: ${(100 * one.chance).toFixed(1)} %; from ${(100 * one.min_chance).toFixed(0)} % on it counts (min_chance)` }));
  if (one.parts.length) item.append(bars(one.parts));
  return item;
}

// --- Readers -----------------------------------------------------------------------------------

let waiting = 0;

async function find() {
  const words = $("words").value.trim();
  if (!words) { $("found").replaceChildren(); $("count").textContent = ""; return; }
  try {
    const told = await finding_(signal => ask(`find?${new URLSearchParams({ words })}`, signal));
    if (!told) return;
    $("found").replaceChildren(...told.found.map(editionItem));
    $("count").textContent = told.found.length ? `${told.found.length} found` : "Nobody who gets mail, and no topics, are called so.";
  } catch (error) { $("count").textContent = error.message; }
}

// --- Wiring ------------------------------------------------------------------------------------

window.onDrawn = () => {
  if (!view.trial && state) drawMistakes(state.mistakes);
  if ($("words").value.trim() && $("found").children.length) for (const button of $("found").querySelectorAll("button")) button.removeAttribute("aria-current");
  drawChanges();
  drawTerms();
  keep();
};
window.onChanged = () => { for (const file of Object.values(files)) if (file.version) compare(file); };

// Where the columns are below each other, what changed is far down.
$("see").onclick = () => $("changed").scrollIntoView();
$("file").onchange = event => open(event.target.value);
$("try").onclick = try_;
$("save").onclick = () => save(false);
$("insist").onclick = () => save(true);
$("back").onclick = () => {
  for (const file of Object.values(files)) if (isEdited(file)) replaceText(file.area, file.text);
  say("As saved. Ctrl-Z brings your text back.");
  try_();
};
$("why").onsubmit = event => { event.preventDefault(); why(); };
$("search").onsubmit = event => { event.preventDefault(); find(); };
$("words").oninput = () => { clearTimeout(waiting); waiting = setTimeout(find, 250); };
document.addEventListener("keydown", event => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
  if (event.key === "s") { event.preventDefault(); save(false); }
  if (event.key === "Enter" && event.target.tagName === "TEXTAREA") { event.preventDefault(); try_(); }
});
addEventListener("beforeunload", event => { if (Object.values(files).some(isEdited)) event.preventDefault(); });
for (const name of ["try", "save"]) $(name).disabled = !token();
ask("texts").then(({ names }) => {
  $("file").replaceChildren(...names.map(name => make("option", { value: name, textContent: name })));
  if (names.length) open(names[0]);
}).catch(error => say(error.message, true));
