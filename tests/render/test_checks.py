"""The linter finds what readers would stumble over, and says where it was written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import NOW, UNSUBSCRIBE, make_edition, make_issue, make_letterhead, make_recipient

from newsletter.render.checks.contrast import ratio
from newsletter.render.checks.documents import read
from newsletter.render.checks.features import DEGRADES, clients_without, unsupported
from newsletter.render.checks.lint import lint, lint_message
from newsletter.render.messages import compose, encode_edition
from newsletter.render.parts import TemplateSource
from newsletter.render.templates import compile_mjml
from newsletter.render.tokens import token

LINK = UNSUBSCRIBE.replace("{tag}", token("unsubscribe"))
OUT = f'<h1>Hi</h1><a href="{LINK}">out</a>'


def found(html: str, *, text: str = "", style: str = "") -> list[str]:
    """Return what is found in an edition whose body is `html`."""
    head = f"<style>{style}</style>" if style else ""
    edition = make_edition(
        html=f'<html lang="en"><head>{head}</head><body>{html}</body></html>',
        text=text or f"Hi {LINK}",
    )
    return [f"{finding.level}: {finding.message}" for finding in lint(edition)]


def test_a_good_edition_has_no_findings() -> None:
    """What is right is not complained about."""
    assert lint(make_edition()) == ()
    assert found(OUT) == []


@pytest.mark.parametrize(
    ("html", "finding"),
    [
        ("<h1>x</h1>", "error: no unsubscribe link in the HTML"),
        (f'{OUT}<a href="javascript:x">y</a>', "error: a link that is neither http"),
        (f'{OUT}<a href="https:///path">y</a>', "error: a link that is neither http"),
        (f'{OUT}<a href="mailto:">y</a>', "error: a mailto link without an address"),
        (f"{OUT}<a>y</a>", "error: a link without an address"),
        (f'{OUT}<a href="#">y</a>', "error: a link without an address"),
        (f'{OUT}<a href="#there">y</a>', "error: a link to #there, which is not in the email"),
        (f'{OUT}<a href="https://e.org"></a>', "error: a link without words"),
        (f'{OUT}<a href="https://e.org">click here</a>', "warning: a link that does not say where"),
        (
            f'{OUT}<a href="https://e.org" aria-label="here">x</a>',
            "warning: a link that does not say",
        ),
        (f'{OUT}<a href="http://e.org">y</a>', "warning: links to e.org go over http"),
        (f'{OUT}<a href="https://bit.ly/x">y</a>', "warning: a shortened link"),
        (f'{OUT}<a href="https://e.org">https://f.org</a>', "filters call it a fraud"),
        (f'{OUT}<img src="https://e.org/x.png" width="9">', "error: an image without alt text"),
        (f'{OUT}<img src="https://e.org/x.png" width="9" alt="x.png">', "a file's name"),
        (f'{OUT}<img src="https://e.org/x.png" alt="x">', "warning: a picture without a width"),
        (f'{OUT}<img src="http://e.org/x.png" width="9" alt="x">', "not loaded over https"),
        (f'{OUT}<img src="ftp://e.org/x.png" width="9" alt="x">', "not loaded over https"),
        (f"{OUT}{{{{ left }}}}", "error: template code is left"),
        (f"{OUT}*|NAME|*", "error: template code is left"),
        (f"{OUT}Lorem ipsum", "warning: filler text"),
        (f"{OUT}{'x' * 97_000}", "error: 97 kB of HTML: Gmail cuts"),
        (f"{OUT}{'x' * 94_500}", "warning: 95 kB of HTML"),
        (f"{OUT}<h1>a</h1><h3>b</h3>", "warning: heading level 3 follows level 1"),
        (f"{OUT}<h2></h2>", "error: a heading of level 2 without words"),
        (f"{OUT}<h1>Hi</h1>", "warning: 2 headings of level 1"),
        (f"{OUT}<script>x</script>", "error: <script>: no mail client runs it"),
        (f'{OUT}<p onclick="x()">y</p>', "error: the attribute onclick runs a script"),
        (f"{OUT}<table><tr><td>x</td></tr></table>", 'needs role="presentation"'),
        (f"{OUT}<h2>Only here</h2>", "error: only the HTML has the heading: Only here"),
        (f'{OUT}<a href="https://e.org/only">y</a>', "warning: only the HTML has the link"),
        (
            f"<h1>Hi</h1><p>{'long ' * 999}</p>{OUT.partition('</h1>')[2]}",
            "warning: unsubscribe only at the end",
        ),
        (f'{OUT}<p style="color:#777777">x</p>', "error: #777777 on #ffffff has a contrast of 4.5"),
        (
            f'{OUT}<div style="background-color:#3a3fc4"><p style="color:#000">x</p></div>',
            "#000000 on #3a3fc4 has a contrast of 2.7 in light mode",
        ),
        (f'{OUT}<div style="display:flex">x</div>', "error: value display flex: not in"),
        (f'{OUT}<div style="gap:3px">x</div>', "property gap: not in Outlook (classic), Yahoo"),
        (f'{OUT}<div style="width:calc(1px + 2px)">x</div>', "function calc"),
        (f'{OUT}<video src="https://e.org/x.mp4">x</video>', "element video"),
        (f'{OUT}<div style="width:90vw">x</div>', "unit vw"),
    ],
)
def test_each_flaw_is_found(html: str, finding: str) -> None:
    """One flaw, one finding that names it."""
    assert any(finding in told for told in found(html)), found(html)


def test_the_subject_is_checked() -> None:
    """Too long for any inbox, empty, or shouting."""
    long, empty, loud = (
        [finding.message for finding in lint(make_edition(subject=subject))]
        for subject in ("x" * 130, " ", "FREE PAPERS!! WOW")
    )

    assert any("130 characters" in message for message in long)
    assert "the subject is empty" in empty
    assert any("shouts" in message for message in loud)


def test_an_empty_text_part_is_an_error() -> None:
    """People who read text, and spam filters, want both parts."""
    assert any("text part is empty" in finding.message for finding in lint(make_edition(text=" ")))


def test_dark_mode_is_read_from_its_rules() -> None:
    """A rule of dark mode that leaves text dark is found; one that does not is not."""
    body = f'{OUT}<div class="card" style="background-color:#ffffff"><p>words</p></div>'
    page = "body { background: #000000 !important } h1, a { color: #ffffff !important }"

    def dark(rule: str) -> list[str]:
        return found(body, style=f"@media (prefers-color-scheme: dark) {{ {page} {rule} }}")

    assert any(
        "#000000 on #111111 has a contrast of 1.1 in dark mode" in message
        for message in dark(".card { background-color: #111111 !important }")
    )
    assert not dark(
        ".card { background-color: #111111 !important } .card p { color: #eee !important }"
    )
    # The more specific rule counts, wherever it stands; one that no client could select is skipped.
    assert not dark(
        ".card p { color: #eee !important } p { color: #000 !important } p:::nope { color: #111 }"
        ".card { background-color: #111111 !important }"
    )


def test_enhancements_need_no_support() -> None:
    """What stands in @media, or hides what is hidden already, only adds to what is there."""
    assert found(OUT, style="@media (max-width: 9px) { a { display: flex } }") == []
    assert found(f'{OUT}<p style="display:none;max-height:0;opacity:0">x</p>') == []
    assert any(
        "value display flex" in message for message in found(OUT, style="a { display: flex }")
    )


def test_a_style_element_that_gmail_drops_is_an_error() -> None:
    """8 kB is the most it reads."""
    assert any("Gmail drops" in message for message in found(OUT, style="a { color: red } " * 600))


DARK = "@media (prefers-color-scheme: dark)"


@pytest.mark.parametrize(
    ("style", "said"),
    [
        (
            f"{DARK} {{ @media (max-width: 9px) {{ a {{ top: 0 }} }} }}",
            (
                f"error: `@media (max-width: 9px)` within `{DARK}`: Gmail drops the whole <style> "
                f"(email-bugs#21): write it by itself, as `{DARK} and (max-width: 9px)`"
            ),
        ),
        ("@media print { @font-face { font-family: x } }", "error: `@font-face` within `@media"),
        ("@media print { a { color: red; @media screen { top: 0 } } }", "has a rule within it"),
        ("@page { @top-left { margin: 0 } }", "error: `@top-left` within `@page`"),
        (
            "@media (max-width: 9px), (orientation: portrait) { a { top: 0 } }",
            "error: `@media (max-width: 9px), (orientation: portrait)`: Yahoo drops all",
        ),
        ("@media print { /* x */ a { top: 0 } }", "error: a comment of CSS before a rule: Yahoo"),
        ("/* x */ /* y */ a { top: 0 }", "error: a comment of CSS before a rule: Yahoo and AOL"),
        ("/* x */\n@media print { a { top: 0 } }", "error: a comment of CSS before a rule"),
        ("@media print { a { color red } }", "error: `a`: a mistake in CSS ("),
        ("@media print { a { top: 0 } } }", "error: a mistake in CSS ("),
        ("a { .b { top: 0 } }", "error: `a` has a rule within it"),
        ("a { colr: red }", "error: `colr` is no property of CSS; did you mean `color`?"),
        (
            "@media print { a { widht: 9px } }",
            "error: `widht` is no property of CSS; did you mean `width`?",
        ),
        ("a { top: 0 !IMPORTANT }", "error: `!IMPORTANT`: Gmail drops a <style> with it"),
        ("@media print { .a.b { top: 0 } }", "warning: `.a.b`: Outlook (new, web) does not find"),
    ],
)
def test_what_a_client_drops_of_a_style_sheet_is_found(style: str, said: str) -> None:
    """With the client, the rule and the mend."""
    told = found(OUT, style=style)

    assert any(message.startswith(said) or said in message for message in told), told


@pytest.mark.parametrize(
    "style",
    [
        "a { color: #123456; /* within the braces */ }",
        "@media print { a { color: #123456 /* x */ } }",
        "a { color: #123456 } /* at the end */",
        "@media print { a, p { top: 0 } } @media screen { a { top: 0 } }",
        "a { font-family: 'a, b', \"/* c */\" }",
        "@media only screen and (min-width: 9px) and (max-width: 99px) { .a .b { top: 0!important } }",
    ],
)
def test_what_no_client_drops_is_no_finding(style: str) -> None:
    """Commas of selectors, comments in braces, several sheets."""
    assert found(OUT, style=style) == []


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ("<style>a { top: 0 }</style>", "error: a <style> in the body, where Gmail and Outlook"),
        ('<p style="top: 0 !important">x</p>', "warning: `top: … !important` in a style attribute"),
        (
            '<p style="top: 0 !Important">x</p>',
            "error: `!Important`: Gmail drops a style attribute",
        ),
        ('<p style="top: 0; font-wieght: 700">x</p>', "error: `font-wieght` is no property of CSS"),
        ('<p style="margin: 0 -4px">x</p>', "warning: `margin: 0 -4px`: Gmail drops negative"),
        ('<p style="background: url(https://e.org/x.png)">x</p>', "property background-image: not"),
    ],
)
def test_what_a_client_drops_of_an_element_is_found(html: str, said: str) -> None:
    """A style where it is not read, what Outlook and Gmail leave out of an attribute."""
    told = found(OUT + html)

    assert any(said in message for message in told), told


def test_what_only_outlook_does_not_show_is_read() -> None:
    """The linter reads what most clients show, and not what only Outlook does."""
    hidden = '<!--[if mso]><div style="display:flex">x</div><![endif]-->'
    flaw = '<div style="display:flex">x</div>'

    assert found(OUT + hidden) == []
    for begin, end in (
        ("<!--[if !mso]><!-->", "<!--<![endif]-->"),
        ("<!--[if !mso]><!-- -->", "<!-- <![endif]-->"),
        ("<![if !mso]>", "<![endif]>"),
    ):
        assert any("display flex" in told for told in found(OUT + begin + flaw + end))


def test_findings_in_style_sheets_name_the_rule_of_their_template() -> None:
    """Line and column of the inner rule, though its values are sent in another form."""
    source = TemplateSource(
        name="head.mjml",
        text=(
            '<mjml lang="en"><mj-head><mj-style>\n@media (max-width: 9px) { a { top: 0 } }\n'
            "  @media print { @media (max-width: 9px) {\n a { color: red !important } } }\n"
            "</mj-style></mj-head><mj-body><mj-section><mj-column><mj-text><h1>Hi</h1>\n"
            f'<a href="{LINK}">out</a></mj-text></mj-column></mj-section></mj-body></mjml>'
        ),
    )
    edition = make_edition(html=compile_mjml(source).render({}), text=f"Hi {LINK}")

    (finding,) = [one for one in lint(edition, edition, source) if "email-bugs" in one.message]

    assert finding.where == "head.mjml:3:18"


def test_findings_name_the_line_of_their_template() -> None:
    """An element's own line, of the part that it is in; for style rules the line that has them."""
    source = TemplateSource(
        name="issue.mjml",
        text=(
            '<mjml lang="en"><mj-head><mj-style>\na { gap: 3px }\n</mj-style></mj-head><mj-body>\n'
            "<mj-section><mj-column><mj-text><h1>Hi</h1>\n"
            f'<a href="{LINK}">out</a>\n'
            '<a href="ftp://x">y</a></mj-text>\n'
            '<mj-image src="https://e.org/x.png" />\n</mj-column></mj-section></mj-body></mjml>'
        ),
        origins=("a.mjml:1", "style.mjml:1", "a.mjml:3", "a.mjml:4", "a.mjml:5", "a.mjml:6", "b:7"),
    )
    text = f"Hi {LINK}"
    plain = make_edition(html=compile_mjml(source).render({}), text=text)
    located = make_edition(html=compile_mjml(source, located=True).render({}), text=text)

    places = {
        finding.message.partition(":")[0]: finding.where for finding in lint(plain, located, source)
    }

    assert places["a link that is neither http(s) nor mailto"] == "a.mjml:6"
    assert places["an image without alt text"] == "b:7"
    assert places["property gap"] in ("style.mjml:1", "a.mjml:5")


def test_the_table_of_clients_is_compact_and_knows_its_source(root: Path) -> None:
    """Nine clients, a few hundred features, and only features that are in it are excused."""
    path = root / "newsletter" / "render" / "checks" / "clients.json"
    table = json.loads(path.read_text("utf-8"))

    assert path.stat().st_size < 30_000
    assert "caniemail 2.0.2" in table["source"]
    assert len(table["features"]) > 300
    assert all(len(support) == len(table["clients"]) for _, support in table["features"].values())
    assert set(DEGRADES) <= set(table["features"])
    assert clients_without("value display grid")
    assert "Outlook (classic)" in clients_without("property background-image")
    assert clients_without("property color") == ()


def test_a_whole_message_is_checked() -> None:
    """Headers, each once; CRLF; lines that fit; text before HTML."""
    good = compose(
        encode_edition(make_issue(), make_edition(), make_letterhead()), make_recipient(date=NOW)
    )
    flaws = {
        good.replace(b"Subject: ", b"Subject: a\r\nSubject: "): "2 headers `Subject`",
        good.replace(b"To: ", b"X-To: "): "0 headers `To`",
        good.replace(b"\r\n", b"\n", 1): "does not end in CRLF",
        good + b"x" * 1000: "a line of 10",
        good.replace(b"text/plain", b"text/enriched"): "text comes first",
        good.replace(b"<https://news.example.org/unsub", b"<http://news.example.org/unsub"): "8058",
        good.replace(b"Subject: D", b"Subject: \xe9"): "not plain ASCII",
    }

    assert lint_message(good) == ()
    for message, said in flaws.items():
        assert any(said in finding.message for finding in lint_message(message)), said


@given(st.text(max_size=300))
def test_no_html_breaks_the_linter(text: str) -> None:
    """Whatever a template prints: findings, never a traceback."""
    findings = lint(make_edition(html=f"<p>{text}", text=text))

    assert any("unsubscribe" in finding.message for finding in findings)
    assert isinstance(list(unsupported(read(f'<p style="{text}">x'))), list)


@given(st.tuples(*[st.floats(0, 1)] * 3), st.tuples(*[st.floats(0, 1)] * 3))
def test_contrast_is_symmetric_and_bounded(
    colour: tuple[float, float, float], other: tuple[float, float, float]
) -> None:
    """Between 1 and 21, whichever is the text."""
    assert ratio(colour, other) == ratio(other, colour)
    assert 1 <= ratio(colour, other) <= 21.001
