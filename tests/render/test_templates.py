"""MJML compiled once into a Jinja template of inlined HTML."""

from __future__ import annotations

from pathlib import Path

import pytest
from mjml import mjml2html

from newsletter.errors import TemplateError
from newsletter.render.looks import Theme
from newsletter.render.markup import components
from newsletter.render.parts import TemplateSource
from newsletter.render.templates import (
    MJML_TAGS,
    Template,
    compile_mjml,
    compile_text,
    load_templates,
)


def compiled(source: str) -> Template:
    return compile_mjml(TemplateSource(name="issue.mjml", text=source))


def plain(source: str) -> Template:
    return compile_text(TemplateSource(name="issue.txt", text=source))


def theme(*folders: Path) -> Theme:
    return Theme(values=(("density", "comfortable"),), folders=folders)


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

    html = compiled(source).render(
        {"papers": [{"n": n, "url": "https://e.org/&", "title": "<b>"} for n in (1, 2)]}
    )

    assert html.count("<a href=") == 1
    assert 'href="https://e.org/&amp;?q=2"' in html
    assert "&lt;b&gt;" in html


def test_the_traps_of_mjml_and_premailer() -> None:
    """Doctype, `!important` in @media and Outlook's comments survive; MJML's reset is not inlined."""
    style = ".x { color: #123456 } @media (prefers-color-scheme: dark) { .x { color: #ffffff !important } }"

    source = mjml('<mj-text><p class="x">Hi</p></mj-text>', style)

    html = compiled(source).render({})

    before = mjml2html(source, fonts={})
    assert html.startswith("<!DOCTYPE html>")
    assert 'style="color:#123456"' in html
    # Without the space, after which Yahoo forgets it.
    assert "{ color: #ffffff!important }" in html
    assert html.count("<!--[if") == before.count("<!--[if") > 0
    assert html.count("<![endif]-->") == before.count("<![endif]-->")
    assert "border-collapse:collapse" not in html.replace(" ", "").partition("<body")[2]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "<mjml>\n<mj-body>\n<mj-txt>x</mj-txt></mj-body></mjml>",
            r"issue\.mjml:3:1: unknown tag <mj-txt>, .*did you mean <mj-text>",
        ),
        (mjml("<mj-text>\n{% for x in %}</mj-text>"), r"issue\.mjml:3: "),
        (
            mjml("<mj-text>{{ x | nosuch }}</mj-text>"),
            r"issue\.mjml:2: there is no filter `nosuch`",
        ),
        (
            mjml("<mj-text>{{ x | lenght }}</mj-text>"),
            r"issue\.mjml:2: there is no filter `lenght`.*did you mean `length`",
        ),
        (
            mjml("<mj-text>{{ x } of {{ x }}</mj-text>"),
            r"issue\.mjml:2: unexpected '}'; a value is written {{ … }}",
        ),
        (
            "<mjml><mj-body><mj-section></mj-body></mjml>",
            r"issue\.mjml:1:16: not well-formed MJML: <mj-section> has no end before </mj-body> \(issue\.mjml:1:28\)",
        ),
    ],
)
def test_mistakes_are_refused_with_their_line(source: str, message: str) -> None:
    """What MJML or Jinja cannot read is said at its line of the MJML."""
    with pytest.raises(TemplateError, match=message):
        compiled(source)


def test_an_error_while_rendering_names_the_line_of_the_mjml() -> None:
    """Not that of the compiled HTML, which nobody has seen."""
    source = mjml("<mj-text>{{ fine }}</mj-text>\n<mj-text>{{ fine }} {{ missing }}</mj-text>")

    with pytest.raises(TemplateError, match=r"issue\.mjml:3: 'missing' is undefined"):
        compiled(source).render({"fine": 1})


def test_templates_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file, a folder in its place and another encoding are one line each."""
    with pytest.raises(
        TemplateError, match=r"issue\.mjml: no such template; `newsletter init --templates`"
    ):
        load_templates(theme(tmp_path))
    (tmp_path / "issue.mjml").write_bytes(b"\xff")
    with pytest.raises(TemplateError, match="not UTF-8"):
        load_templates(theme(tmp_path))
    (tmp_path / "issue.mjml").unlink()
    (tmp_path / "issue.mjml").mkdir()
    with pytest.raises(TemplateError, match=r"(?i)is a directory"):
        load_templates(theme(tmp_path))


def test_templates_are_sandboxed() -> None:
    """A shared template reaches no internals, no files, no environment."""
    with pytest.raises(TemplateError, match=r"unsafe|undefined|attribute"):
        plain("{{ ''.__class__.__mro__ }}").render({})
    with pytest.raises(TemplateError):
        plain("{% include '/etc/passwd' %}").render({})
    with pytest.raises(TemplateError):
        plain("{{ range(10) }}").render({})


def test_compiling_is_cached_by_content() -> None:
    """The same text compiles once."""
    assert compiled(mjml("<mj-text>a</mj-text>")) is compiled(mjml("<mj-text>a</mj-text>"))


def test_known_tags_are_those_that_mjml_renders() -> None:
    """Every tag we allow really compiles, so that none is dropped silently."""
    assert {"mj-text", "mj-section", "mj-raw"} <= MJML_TAGS
    assert "mj-include" not in MJML_TAGS


# --- Parts and themes -------------------------------------------------------------------------


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def test_a_part_of_ones_own_goes_before_the_shipped_one(tmp_path: Path) -> None:
    """Of several folders the first that has a part gives it; the rest come from the others."""
    shipped = write(
        tmp_path / "shipped",
        issue_mjml=mjml('<mj-include path="parts/a.mjml" />\n<mj-include path="parts/b.mjml" />'),
        issue_txt='{% include "parts/a.txt" %}\n',
        parts__a_mjml="<mj-text>shipped a</mj-text>",
        parts__b_mjml="<mj-text>shipped b</mj-text>",
        parts__a_txt="text a",
    )
    own = write(tmp_path / "own", parts__b_mjml="<mj-text>{{ theme.density }} own b</mj-text>")

    found = load_templates(theme(own, shipped))

    html = found.html.render({})
    assert "shipped a" in html
    assert "comfortable own b" in html
    assert "shipped b" not in html
    assert found.text.render({}) == "text a\n"


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ('<mj-include path="parts/nope.mjml" />', r"a\.mjml:2:1: no such part `parts/nope\.mjml`"),
        ('<mj-include path="parts/aa.mjml" />', r"did you mean `parts/a\.mjml`\?"),
        ('<mj-include path="../secret" />', r"no such part"),
        ('<mj-include path="parts/a.mjml" />', "includes it again"),
        ('x <mj-include path="parts/a.mjml" />', r"a\.mjml:2:3: a part is included on a line of"),
        (
            "{{ theme.densty }}",
            r"a\.mjml:2:1: themes have no `densty`; did you mean `theme\.density`",
        ),
        ("<mj-txt>x</mj-txt>", r"a\.mjml:2:1: unknown tag <mj-txt>"),
        ("<mj-text>{{ open </mj-text>", r"a\.mjml:2:10: `\{\{` opens or ends no tag"),
        (
            "<mj-text>{% for p in [] %}{% if p %}x{% endfor %}</mj-text>",
            r"a\.mjml:2: `{% endfor %}` stands where `{% if … %}` has no end yet: write `{% endif %}`",
        ),
        (
            "<mj-text>{% endif %}</mj-text>",
            r"a\.mjml:2: `{% endif %}` ends nothing: there is no `{% if … %}` before it",
        ),
        (
            "<mj-text>{% else %}</mj-text>",
            r"a\.mjml:2: `{% else %}` ends nothing: there is no `{% if",
        ),
        ("<mj-text>{% nope %}</mj-text>", r"a\.mjml:2: there is no tag `nope`"),
        (
            "<mj-text>{% if x %}a{% endfi %}</mj-text>",
            r"a\.mjml:2: there is no tag `endfi`.*did you mean `endif`",
        ),
    ],
)
def test_mistakes_are_told_at_the_line_of_their_part(
    tmp_path: Path, part: str, message: str
) -> None:
    """Not at a line of the whole, which nobody has written."""
    folder = write(
        tmp_path,
        issue_mjml=mjml('<mj-text>1</mj-text>\n\n<mj-include path="parts/a.mjml" />'),
        issue_txt="",
        parts__a_mjml=f"<mj-text>fine</mj-text>\n{part}\n",
    )

    with pytest.raises(TemplateError, match=message):
        load_templates(theme(folder)).html.render({})


OUTLOOK = [
    "<!--[if mso]>for Outlook<![endif]-->",
    "<!--[if (gte mso 9)|(IE)]><table><tr><td width='{{ n }}'><![endif]-->",
    "<!--[if mso | IE]>{% if n %}<td>{{ n }}</td>{% else %}</td>{% endif %}\n<![endif]-->",
    "<!--[if !mso]><!--><i>{{ n }}</i><!--<![endif]-->",
    "<!--[if !mso]><!-- --><i>web</i><!-- <![endif]-->",
    "<!--[if !mso]>--><i>web</i><!--<![endif]-->",
    "<![if !mso]><i>web</i><![endif]>",
    "<!--[if lt mso 16]>\n<p>a > b\n<![endif]-->",
]
"""Comments that Outlook reads, in all the forms that authors write them in."""


@pytest.mark.parametrize("comment", OUTLOOK)
@pytest.mark.parametrize(
    "around",
    [
        "<mj-text>before {}<!-- a note --> after</mj-text>",
        "<mj-text><table><tr><td>before {} after</td></tr></table></mj-text>",
        "<mj-raw>{}</mj-raw><mj-text>after<!--\na note\n--></mj-text>",
        "<mj-text>before</mj-text><mj-raw>{}</mj-raw>",
        '<mj-button href="https://e.org">{}</mj-button>',
    ],
)
def test_what_outlook_reads_is_no_comment(comment: str, around: str) -> None:
    """Conditional comments come out as they went in, with Jinja done; other comments go."""
    html = compiled(mjml(around.format(comment))).render({"n": 7})

    expected = comment.replace("{{ n }}", "7")
    expected = expected.replace("{% if n %}", "").replace("{% else %}</td>{% endif %}", "")
    assert "".join(expected.split()) in "".join(html.split())
    assert "a note" not in html
    assert ("after" in around) == ("after" in html)


@pytest.mark.parametrize("comment", [one for one in OUTLOOK if "<i>" not in one])
def test_outlook_comments_survive_in_the_head(comment: str) -> None:
    """Where text would end the head: neither they nor Jinja beside them leave it."""
    source = mjml("<mj-text>x</mj-text>").replace(
        "<mj-style>",
        f"<mj-raw>{comment}{{% if n %}}<meta name='a' content='{{{{ n }}}}' />{{% endif %}}</mj-raw>"
        "<mj-style>",
    )

    head, _, body = compiled(source).render({"n": 7}).partition("</head>")

    assert "".join(comment[:18].split()) in "".join(head.split())
    assert '<meta name="a" content="7">' in head
    assert "[if" not in body.partition("<div")[0]


def test_what_outlook_reads_is_told_at_its_line() -> None:
    """An error in Jinja within a conditional comment, on its third line."""
    source = mjml("<mj-text><!--[if mso]>\n{{ fine }}\n{{ missing }}<![endif]--></mj-text>")

    with pytest.raises(TemplateError, match=r"issue\.mjml:4: 'missing' is undefined"):
        compiled(source).render({"fine": 1})


def test_rules_behind_a_media_query_are_inlined_too() -> None:
    """Whatever the order of a style sheet: plain rules become attributes, @media stays."""
    style = "@media (max-width: 9px) { .x { color: #111111 !important } } .x { color: #222222 }"

    html = compiled(mjml('<mj-text><p class="x">a</p></mj-text>', style)).render({})

    assert 'style="color:#222222' in html.replace("#222;", "#222222;").replace('#222"', '#222222"')
    assert "@media (max-width: 9px)" in html
    assert "!important" in html


def test_located_templates_carry_their_lines() -> None:
    """Each element says which line it came from; the shipped template does not."""
    source = TemplateSource(
        name="issue.mjml", text=mjml('<mj-text css-class="a"><p>x</p>\n<a href="y">z</a></mj-text>')
    )

    html = compile_mjml(source, located=True).render({})

    assert 'class="a at-2"' in html
    assert '<p data-at="2"' in html
    assert '<a data-at="3"' in html
    assert "data-at" not in compile_mjml(source).render({})


def test_components_are_those_of_mjml() -> None:
    """Nothing that mjml-python renders is missing in the table, and it takes all of the table."""
    table = components()

    assert "direction" in table["mj-section"]["attributes"]
    assert "mj-text" in table["mj-column"]["children"]
    assert {child for one in table.values() for child in one["children"]} <= set(table)
    for name in table["mj-column"]["children"]:
        shown = mjml2html(
            f"<mjml><mj-body><mj-section><mj-column><{name} /></mj-column></mj-section></mj-body></mjml>",
            fonts={},
        )
        assert f"<{name}" not in shown
