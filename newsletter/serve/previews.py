"""A local page that shows an issue before it goes out, and again after every edit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jinja2 import Environment
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from newsletter.model import Edition
from newsletter.render.tokens import TOKEN

# The mail may hold nothing that acts; the page holds one script and one style of its own.
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; sandbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What there is to show."""

    name: str
    editions: tuple[Edition, ...]
    notes: tuple[str, ...] = ()
    """What the linter found, and whether the papers are invented ones."""
    problem: str = ""
    """Why there is nothing newer to show: a mistake in config or templates, with its place."""


def preview_app(load: Callable[[], Preview], version: Callable[[], str]) -> Starlette:
    """Return the app; `load` renders afresh, `version` changes when a file it depends on does.

    A mistake in a file shows on the page, with the last good render behind it.
    """
    good: list[Preview] = []

    def current() -> Preview:
        found = load()
        if not found.problem:
            good[:] = [found]
            return found
        last = good[0] if good else Preview(name="", editions=())
        return Preview(name=last.name, editions=last.editions, problem=found.problem)

    def page(request: Request) -> Response:
        shown = current()
        key = request.query_params.get("edition", "")
        chosen = next(
            (one for one in shown.editions if one.key == key),
            shown.editions[0] if shown.editions else None,
        )
        return HTMLResponse(_PAGE.render(shown=shown, chosen=chosen, version=version()))

    def part(request: Request) -> Response:
        shown = current()
        key, kind = request.path_params["key"], request.path_params["kind"]
        edition = next((one for one in shown.editions if one.key == key), None)
        if edition is None:
            return PlainTextResponse("no such edition", status_code=404)
        if kind != "html":
            return PlainTextResponse(_with_words(edition.text if kind == "text" else edition.html))
        html = _in_scheme(_with_words(edition.html), request.query_params.get("scheme", ""))
        return HTMLResponse(html, headers={"Content-Security-Policy": MAIL_POLICY})

    return Starlette(
        routes=[
            Route("/", page),
            Route("/edition/{key}/{kind:str}", part),
            Route("/version", lambda _request: PlainTextResponse(version())),
        ],
        # A page elsewhere must not read this one under a name of its own (DNS rebinding).
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
    )


def _with_words(text: str) -> str:
    """Return a part with its tokens shown as a reader would see them."""
    words = {"greeting": "Hello Ada", "email": "ada@example.org"}
    return TOKEN.sub(lambda found: words.get(found[1], "#"), text)


def _in_scheme(html: str, scheme: str) -> str:
    """Return the mail as a client in light or dark mode shows it, whatever this browser prefers."""
    media = {"dark": "all", "light": "not all"}.get(scheme)
    return html.replace("(prefers-color-scheme: dark)", media) if media else html


_PAGE = Environment(autoescape=True).from_string("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Preview{% if chosen %}: {{ chosen.subject }}{% endif %}</title>
<style>
  :root { color-scheme: light dark; --ink: #1d1d1f; --quiet: #63636b; --ground: #f3f2ee; --line: #d9d8d2; --accent: #3a3fc4; }
  @media (prefers-color-scheme: dark) { :root { --ink: #f2f2f4; --quiet: #adadb6; --ground: #131316; --line: #3a3a40; --accent: #a9adff; } }
  * { box-sizing: border-box; }
  body { margin: 0; font: 15px/1.5 -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; color: var(--ink); background: var(--ground); display: grid; grid-template-columns: minmax(220px, 280px) minmax(0, 1fr); min-height: 100vh; }
  nav { padding: 20px; border-right: 1px solid var(--line); }
  nav h1 { font: 700 22px/1.2 Georgia, serif; margin: 0 0 16px; }
  nav a { display: block; padding: 10px 12px; margin: 0 -12px; border-radius: 8px; color: inherit; text-decoration: none; overflow-wrap: anywhere; }
  nav a[aria-current] { background: var(--accent); color: var(--ground); }
  nav p { color: var(--quiet); font-size: 13px; }
  main { padding: 20px; min-width: 0; display: flex; flex-direction: column; }
  .bar { display: flex; flex-wrap: wrap; gap: 8px; margin: 0 0 14px; }
  button { font: inherit; min-height: 44px; padding: 0 14px; border: 1px solid var(--line); border-radius: 8px; background: none; color: inherit; cursor: pointer; }
  button[aria-pressed="true"] { border-color: var(--accent); color: var(--accent); font-weight: 600; }
  .frame { overflow: auto; flex: 1; }
  iframe { display: block; margin: 0 auto; width: 100%; max-width: 100%; height: 85vh; border: 1px solid var(--line); border-radius: 12px; background: #fff; }
  .problem { white-space: pre-wrap; overflow-wrap: anywhere; padding: 14px; border-left: 4px solid #c0392b; background: rgba(192, 57, 43, .12); font-family: ui-monospace, monospace; font-size: 13px; margin: 0 0 14px; }
  @media (max-width: 720px) { body { grid-template-columns: 1fr; } nav { border-right: 0; border-bottom: 1px solid var(--line); } }
</style>
</head>
<body>
<nav aria-label="Editions">
  <h1>{{ shown.name or "Preview" }}</h1>
  {% for one in shown.editions %}<a href="?edition={{ one.key | urlencode }}"{% if chosen and one.key == chosen.key %} aria-current="page"{% endif %}>{{ one.key | replace("+", " + ") }}</a>
  {% else %}<p>Nothing to show yet.</p>{% endfor %}
  {% for note in shown.notes %}<p>{{ note }}</p>{% endfor %}
</nav>
<main>
  {% if shown.problem %}<div class="problem" role="alert">{{ shown.problem }}</div>{% endif %}
  {% if chosen %}
  <p><strong>{{ chosen.subject }}</strong> · {{ "%.0f" | format(chosen.html | length / 1000) }} kB</p>
  <div class="bar" role="group" aria-label="View">
    <button data-width="375px">Phone</button><button data-width="600px">Tablet</button><button data-width="100%" aria-pressed="true">Desktop</button>
    <button data-scheme="light" aria-pressed="true">Light</button><button data-scheme="dark">Dark</button>
    <button data-kind="html" aria-pressed="true">HTML</button><button data-kind="text">Text</button><button data-kind="source">Source</button>
  </div>
  <div class="frame"><iframe id="mail" title="The email" sandbox src="/edition/{{ chosen.key | urlencode }}/html?scheme=light"></iframe></div>
  {% endif %}
</main>
<script>
  const mail = document.getElementById("mail"), key = {{ (chosen.key if chosen else "") | tojson }};
  const saved = JSON.parse(sessionStorage.getItem("view") || "{}");
  function press(button) {
    for (const group of ["width", "scheme", "kind"]) {
      const value = button.dataset[group];
      if (!value) continue;
      document.querySelectorAll(`button[data-${group}]`).forEach(b => b.setAttribute("aria-pressed", b === button));
      saved[group] = value;
      if (group === "width") mail.style.width = value;
    }
    const path = `/edition/${encodeURIComponent(key)}/${saved.kind || "html"}?scheme=${saved.scheme || "light"}`;
    if (mail.getAttribute("src") !== path) mail.src = path;
    sessionStorage.setItem("view", JSON.stringify(saved));
  }
  document.querySelectorAll("button").forEach(b => b.addEventListener("click", () => press(b)));
  for (const [group, value] of Object.entries({...saved})) {
    const button = document.querySelector(`button[data-${group}="${value}"]`);
    if (button) press(button);
  }
  let seen = {{ version | tojson }};
  setInterval(async () => {
    try {
      const now = await (await fetch("/version")).text();
      if (now !== seen) location.reload();
    } catch { /* the preview was stopped: keep what is shown */ }
  }, 700);
</script>
</body>
</html>
""")  # noqa: E501
