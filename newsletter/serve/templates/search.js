// The search of a site without a server: looks through search.json, in the browser alone.
"use strict";
const form = document.getElementById("search");
const field = document.getElementById("q");
const list = document.getElementById("found");
const count = document.getElementById("count");
const base = form.dataset.base;
const MOST = 50;
let papers = null;

const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

function add(parent, name, text, attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  parent.append(made);
  return made;
}

function show(found) {
  list.replaceChildren();
  for (const paper of found.slice(0, MOST)) {
    const item = add(list, "li", "");
    const title = add(item, "h2", "", { class: "title", dir: "auto" });
    add(title, "a", paper.title, { href: base + paper.path });
    add(item, "p", paper.authors, { class: "authors", dir: "auto" });
    add(item, "p", paper.words, { class: "tldr", dir: "auto" });
    add(item, "p", paper.date, { class: "why" });
  }
}

async function search() {
  const words = plain(field.value).split(/\s+/).filter(Boolean);
  if (!words.length) {
    show([]);
    count.textContent = "";
    return;
  }
  if (papers === null) {
    const answer = await fetch(base + "/search.json");
    papers = (await answer.json()).map((paper) => ({
      ...paper,
      title_: plain(paper.title),
      all_: plain(paper.title + " " + paper.authors + " " + paper.words),
    }));
  }
  const score = (paper) => words.reduce((sum, word) => sum + (paper.title_.includes(word) ? 2 : 1), 0);
  const found = papers
    .filter((paper) => words.every((word) => paper.all_.includes(word)))
    .sort((left, right) => score(right) - score(left));
  show(found);
  count.textContent = found.length ? String(found.length) : count.dataset.none;
}

form.addEventListener("submit", (event) => event.preventDefault());
field.addEventListener("input", search);
field.value = new URLSearchParams(location.search).get("q") || "";
search();
