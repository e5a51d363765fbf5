"""MJML compiled once into a Jinja template of inlined HTML."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from makers import make_issue, make_paper, make_pick, make_topic
from mjml import mjml2html

from newsletter.errors import TemplateError
from newsletter.model import Edition, Paper
from newsletter.render import Masthead, Selection, lint, load_templates, render_editions
from newsletter.render.templates import MJML_TAGS, compile_mjml, compile_text, fill

HERE = Path("issue.mjml")


def mjml(body: str, style: str = "") -> str:
    return f"""<mjml><mj-head><mj-style>{style}</mj-style></mj-head><mj-body><mj-section><mj-column>
{body}
</mj-column></mj-section></mj-body></mjml>"""


def test_jinja_survives_both_tools() -> None:
    """Loops around MJML, comparisons, quotes and braces in links come out as they went in."""
    source = mjml(
        "<mj-raw>{% for p in papers if p.n > 1 and p.n < 9 %}</mj-raw>\n"
        '<mj-text><a href="{{ p.url }}?q={{ p.n }}">{{ p["title"] }}</a></mj-text>\n'
        "<mj-raw>{% endfor %}</mj-raw>"
    )

    html = compile_mjml(HERE, source)(
        {"papers": [{"n": n, "url": "https://e.org/&", "title": "<b>"} for n in (1, 2)]}
    )

    assert html.count("<a href=") == 1
    assert 'href="https://e.org/&amp;?q=2"' in html
    assert "&lt;b&gt;" in html


def test_the_traps_of_mjml_and_premailer() -> None:
    """Doctype, `!important` in @media and Outlook's comments survive; MJML's reset is not inlined."""
    style = ".x { color: #123456 } @media (prefers-color-scheme: dark) { .x { color: #ffffff !important } }"

    source = mjml('<mj-text><p class="x">Hi</p></mj-text>', style)

    html = compile_mjml(HERE, source)({})

    before = mjml2html(source, fonts={})
    assert html.startswith("<!DOCTYPE html>")
    assert 'style="color:#123456"' in html
    assert "color: #fff !important" in html or "color: #ffffff !important" in html
    assert html.count("<!--[if") == before.count("<!--[if") > 0
    assert html.count("<![endif]-->") == before.count("<![endif]-->")
    assert "border-collapse:collapse" not in html.replace(" ", "").partition("<body")[2]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "<mjml>\n<mj-body>\n<mj-txt>x</mj-txt></mj-body></mjml>",
            r"issue\.mjml:3: unknown tag <mj-txt>",
        ),
        (mjml("<mj-text>\n{% for x in %}</mj-text>"), r"issue\.mjml:3: "),
        (mjml("<mj-text>{{ x | nosuch }}</mj-text>"), r"issue\.mjml:2: No filter named 'nosuch'"),
        ("<mjml><mj-body><mj-section></mj-body></mjml>", "not well-formed MJML"),
    ],
)
def test_mistakes_are_refused_with_their_line(source: str, message: str) -> None:
    """What MJML or Jinja cannot read is said at its line of the MJML."""
    with pytest.raises(TemplateError, match=message):
        compile_mjml(HERE, source)


def test_an_error_while_rendering_names_the_line_of_the_mjml() -> None:
    """Not that of the compiled HTML, which nobody has seen."""
    source = mjml("<mj-text>{{ fine }}</mj-text>\n<mj-text>{{ fine }} {{ missing }}</mj-text>")

    with pytest.raises(TemplateError, match=r"issue\.mjml:3: 'missing' is undefined"):
        compile_mjml(HERE, source)({"fine": 1})


def test_templates_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file, a folder in its place and another encoding are one line each."""
    with pytest.raises(TemplateError, match=r"issue\.mjml: no such template; `newsletter init`"):
        load_templates(tmp_path)
    (tmp_path / "issue.mjml").write_bytes(b"\xff")
    with pytest.raises(TemplateError, match="not UTF-8"):
        load_templates(tmp_path)
    (tmp_path / "issue.mjml").unlink()
    (tmp_path / "issue.mjml").mkdir()
    with pytest.raises(TemplateError, match=r"(?i)is a directory"):
        load_templates(tmp_path)


def test_templates_are_sandboxed() -> None:
    """A shared template reaches no internals, no files, no environment."""
    with pytest.raises(TemplateError, match=r"unsafe|undefined|attribute"):
        compile_text(HERE, "{{ ''.__class__.__mro__ }}")({})
    with pytest.raises(TemplateError):
        compile_text(HERE, "{% include '/etc/passwd' %}")({})
    with pytest.raises(TemplateError):
        compile_text(HERE, "{{ range(10) }}")({})


def test_compiling_is_cached_by_content() -> None:
    """The same text compiles once."""
    assert compile_mjml(HERE, mjml("<mj-text>a</mj-text>")) is compile_mjml(
        HERE, mjml("<mj-text>a</mj-text>")
    )


def test_known_tags_are_those_that_mjml_renders() -> None:
    """Every tag we allow really compiles, so that none is dropped silently."""
    assert {"mj-text", "mj-section", "mj-raw"} <= MJML_TAGS
    assert "mj-include" not in MJML_TAGS


def test_text_is_filled_at_72_columns_without_breaking_addresses() -> None:
    """Lines fit; a long address stays whole."""
    address = "https://example.org/" + "x" * 90
    lines = fill(f"{'word ' * 40} {address}", indent="  ").split("\n")

    assert all(len(line) <= 72 for line in lines if address not in line)
    assert f"  {address}" in lines


# --- The shipped template ---------------------------------------------------------------------


def edition(root: Path, *papers: Paper, topics: int = 1) -> Edition:
    names = [f"topic-{n}" for n in range(topics)]
    picks = [make_pick(paper, names[n % topics]) for n, paper in enumerate(papers)]
    picks.sort(key=lambda pick: pick.topic)
    (made,) = render_editions(
        make_issue(date=dt.date(2026, 11, 24), papers=95),
        [Selection(topics=tuple(names), picks=tuple(picks))],
        [make_topic(name) for name in names],
        Masthead(name="Daily Papers", language="en", postal_address="1 Example Street"),
        load_templates(root / "templates"),
    )
    return made


def test_untrusted_text_is_escaped(root: Path) -> None:
    """A title that is HTML, Jinja or a token prints as text and does nothing."""
    evil = "<script>x</script> {{ 7 * 7 }} {% raw %}"

    made = edition(root, make_paper(title=evil, abstract=evil, authors=(evil,)))

    assert "<script>" not in made.html
    assert "&lt;script&gt;" in made.html
    assert "{{ 7 * 7 }}" in made.html
    assert evil in made.text.replace("\n", " ")


@pytest.mark.parametrize("count", [0, 1, 25, 40])
def test_issues_of_any_size_pass_the_linter(root: Path, count: int) -> None:
    """Nothing, one paper, forty papers: no error, and 25 papers stay under 95 kB."""
    papers = [
        make_paper(
            n, title=f"{n}: {'A long title ' * 8}", authors=tuple(f"Author {k}" for k in range(60))
        )
        for n in range(count)
    ]

    made = edition(root, *papers, topics=4)

    errors = [finding for finding in lint(made) if finding.level == "error"]
    assert errors == [] or count == 40
    assert count != 25 or len(made.html.encode()) < 95_000
    assert "57 more" in made.html or count == 0


def test_both_parts_tell_the_same(root: Path) -> None:
    """Every title, link and reason of the HTML is in the text part too."""
    paper = make_paper(
        code_url="https://github.com/example/x",
        discussion_url="https://huggingface.co/papers/1",
        votes=1234,
    )
    made = edition(root, paper)

    for told in (
        paper.title,
        paper.url,
        paper.pdf_url,
        paper.code_url,
        paper.discussion_url,
        "▲ 1.2k",
        "matches “x”",
        "Issue 7",
        "Tuesday, 24 November 2026",
        "1 Example Street",
    ):
        assert told in made.html, told
        assert told in made.text, told
