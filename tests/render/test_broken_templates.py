"""Whatever somebody does to a template: a mail, or one line that says where and how to mend it."""

from __future__ import annotations

import functools
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from makers import make_issue, make_paper, make_pick, make_topic

from newsletter.day import letters
from newsletter.doctor.sample import demo_config
from newsletter.errors import TemplateError
from newsletter.render.checks.lint import lint
from newsletter.render.editions import render_editions
from newsletter.render.given import Selection
from newsletter.render.looks import Theme
from newsletter.render.names import LETTER, NOTICE
from newsletter.render.press import Press
from newsletter.render.templates import Templates, load_templates

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "templates"
PLACE = re.compile(r"^[^\n]*\.(?:mjml|txt):\d+(?::\d+)?: \S")
PIECES = (
    "< > \" ' { } {{ }} {% %} {# #} <!-- --> <!--[if·mso]> <![endif]--> <![if·!mso]> <!--<![endif]--> / & "
    "\x00 \x85 \ufffe \ue010 \ue011 é = /* */ ; @ ( \r <p> </p> <mj-text> </mj-column> <style> <script> "
    "<br> | [ .. \\ ! qjx5xjq <?x?> <![CDATA[ &#0; {{·1/0·}} {%·if·x·%} {%·endif·%} {%·for·p·in·letter.sections·%} "
    '{{·paper.titel·}} <mj-include·path="parts/paper.mjml"·/> {%·include·"x"·%} @media·{ 🙂 {{·[[[[ {%·set·a·=·1·%}'
).split(" ")


def own(tmp_path: Path, name: str, text: str | bytes) -> Theme:
    """Return a theme in which a file of ours goes before the packaged one."""
    path = tmp_path / "own" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    return Theme(values=demo_config().letter.theme.values, folders=(tmp_path / "own", SHIPPED))


def edited(tmp_path: Path, name: str, before: str, after: str) -> Theme:
    text = (SHIPPED / name).read_text("utf-8")
    assert before in text
    return own(tmp_path, name, text.replace(before, after, 1))


def mistake(theme: Theme) -> str:
    with pytest.raises(TemplateError) as caught:
        press(load_templates(theme))
    return str(caught.value).replace(str(theme.folders[0]), "OWN")


def press(templates: Templates) -> None:
    """Render an edition, lint it, and render it anew with its lines, as a run does."""
    picks = (make_pick(make_paper(1), "topic-0"), make_pick(make_paper(2), "topic-0"))
    selection = Selection(topics=("topic-0",), picks=picks, lead=picks[0])
    (made,) = render_editions(
        make_issue(papers=9),
        [selection],
        [make_topic("topic-0")],
        letters.masthead(demo_config().letter),
        templates,
    )
    lint(made)


@pytest.mark.parametrize(
    ("name", "before", "after", "said"),
    [
        (
            "parts/head.mjml",
            "line-height: 30px !important; }",
            "line-height: 30px !important; ",
            r"OWN/parts/head\.mjml:\d+:16: this `{` of CSS has no end: write `}` after it",
        ),
        (
            "parts/paper.mjml",
            "{{ paper.authors }}</p>",
            "{{ paper.authors }}",
            r"OWN/parts/paper\.mjml:4:\d+: not well-formed MJML: <p> has no end before </div> \(OWN/parts/paper\.mjml:9:11\)",
        ),
        (
            "parts/footer.mjml",
            "</mj-column>",
            "",
            r"OWN/parts/footer\.mjml:2:7: not well-formed MJML: <mj-column> has no end before </mj-section>",
        ),
        (
            "parts/footer.mjml",
            "font-size=",
            "fontsize=",
            r"OWN/parts/footer\.mjml:3:\d+: <mj-text> has no attribute `fontsize`; did you mean `font-size`\?",
        ),
        (
            "parts/footer.mjml",
            'font-size="13px"',
            "font-size=13px",
            r'OWN/parts/footer\.mjml:3:\d+: .*goes in quotes: font-size="13px"',
        ),
        (
            "parts/masthead.mjml",
            "<mj-column>",
            "<mj-colum>",
            r"OWN/parts/masthead\.mjml:2:7: unknown tag <mj-colum>.*did you mean <mj-column>\?",
        ),
        (
            "parts/masthead.mjml",
            "<mj-column>",
            "",
            r"OWN/parts/masthead\.mjml:3:9: <mj-text> cannot stand in <mj-section>: it belongs in <mj-column>",
        ),
        (
            "parts/paper.mjml",
            "{{ paper.title }}",
            "{{ paper.titel }}",
            r"OWN/parts/paper\.mjml:3: `paper` has no `titel`; did you mean `title`\?",
        ),
        (
            "parts/details.mjml",
            "link.label",
            "link.lable",
            r"OWN/parts/details\.mjml:\d+: `link` has no `lable`; did you mean `label`\?",
        ),
        (
            "parts/footer.mjml",
            "{{ letter.postal_address }}",
            "{% if letter.web %}{{ leter.name }}{% endif %}",
            r"OWN/parts/footer\.mjml:6: 'leter' is undefined; did you mean `letter`\?",
        ),
        (
            "parts/brand.mjml",
            "{% if theme.logo_dark %}",
            "{% if theme.logo_drak %}",
            r"OWN/parts/brand\.mjml:1: `theme` has no `logo_drak`; did you mean `logo_dark`\?",
        ),
        (
            "parts/paper.txt",
            "paper.title",
            "paper.tile",
            r"OWN/parts/paper\.txt:\d+: `paper` has no `tile`; did you mean `title`\?",
        ),
        (
            "issue.mjml",
            "parts/top.mjml",
            "../../etc/passwd",
            r"OWN/issue\.mjml:\d+:5: no such part .*inside the folders",
        ),
        (
            "issue.mjml",
            '<mj-include path="parts/top.mjml" />',
            '<mj-include path="parts/top.mjml" type="css" />',
            r"OWN/issue\.mjml:\d+:5: a part is included on a line of its own, as `<mj-include",
        ),
        (
            "parts/footer.mjml",
            "{% endif %}",
            "",
            r"OWN/parts/footer\.mjml:4: `{% if not letter\.web %}` has no end: write `{% endif %}` after it",
        ),
        (
            "parts/footer.txt",
            "{% endif %}",
            "",
            r"OWN/parts/footer\.txt:\d+: `{% if [^`]* %}` has no end: write `{% endif %}` after it",
        ),
        (
            "issue.mjml",
            "</mjml>",
            "",
            r"OWN/issue\.mjml:1:1: not well-formed MJML: <mjml> has no end: write </mjml>",
        ),
        (
            "parts/footer.mjml",
            "<mj-text ",
            "<!-- a note <mj-text ",
            r"OWN/parts/footer\.mjml:3:9: this comment has no end: write `-->`",
        ),
        (
            "parts/footer.mjml",
            "</mj-text>",
            "<!--[if !mso]><!--> x </mj-text>",
            r"OWN/parts/footer\.mjml:\d+:9: this conditional comment has no end",
        ),
        (
            "parts/footer.mjml",
            "</mj-text>",
            "a <b</mj-text>",
            r"OWN/parts/footer\.mjml:\d+:\d+: the tag <b> does not end",
        ),
        (
            "parts/footer.mjml",
            "</mj-text>",
            "1 < 2</mj-text>",
            r"OWN/parts/footer\.mjml:\d+:\d+: `<` begins no tag here: write `&lt;`",
        ),
    ],
)
def test_a_mistake_is_told_at_its_place_with_its_mend(
    tmp_path: Path, name: str, before: str, after: str, said: str
) -> None:
    """In the part that somebody edited, not in the template that includes it."""
    told = mistake(edited(tmp_path, name, before, after))

    assert re.match(said, told), told


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("<mj-style>/* x </mj-style>", ":1:11: this comment of CSS has no end"),
        ('<mj-style>.a { content: "x }\n</mj-style>', ":1:25: this text of CSS has no end"),
        ("<mj-style>.a { color: red } }</mj-style>", ":1:29: this `}` of CSS ends nothing"),
        ("<mj-style>.a { color: rgb(1, 2 }</mj-style>", ":1:26: this `(` of CSS has no end"),
        ("<mj-style>@media print {\n.a { color: red }</mj-style>", ":1:24: this `{` of CSS"),
        (
            "<mj-style>.a{b:c}}\n</mj-style>",
            ":1:17: `}}` opens or ends no tag of Jinja; in CSS, write a space",
        ),
        ("{% if theme.logo_url %}<mj-title>x</mj-title>{% endif %}", ":1:1: a tag of Jinja cannot"),
        ("<!--[if mso]><xml></xml><![endif]-->", ":1:1: a conditional comment cannot stand in"),
        ('<mj-attributes><mj-txt color="red" /></mj-attributes>', ":1:16: unknown tag <mj-txt>"),
        ('<mj-attributes><mj-all colour="red" /></mj-attributes>', ":1:24: <mj-all> has no"),
        (
            '<mj-raw><meta nmae="x" /></mj-raw>',
            ":1:15: <meta> has no attribute `nmae`; did you mean `name`?",
        ),
        ('<mj-font nme="x" href="y" />', ":1:10: <mj-font> has no attribute `nme`"),
    ],
)
def test_mistakes_in_the_head_are_told(tmp_path: Path, head: str, said: str) -> None:
    """Open CSS, and what MJML takes only elsewhere."""
    told = mistake(own(tmp_path, "parts/head.mjml", head))

    assert told.startswith(f"OWN/parts/head.mjml{said}"), told


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("<mj-raw>\né".encode("latin-1"), "footer.mjml:2:1: not UTF-8 text (is it `é`, saved as"),
        ("<mj-raw>".encode("utf-16"), "footer.mjml:1:1: this file is UTF-16: save it as UTF-8"),
        ("a\n<mj-raw>".encode("utf-16-le"), "footer.mjml:1:2: a zero byte; is it UTF-16?"),
        (b"<mj-raw>\x07</mj-raw>", "footer.mjml:1:9: a control character (U+0007): remove it"),
    ],
)
def test_other_encodings_are_told(tmp_path: Path, raw: bytes, said: str) -> None:
    """With the remedy; a byte order mark of UTF-8 is none."""
    assert said in mistake(own(tmp_path, "parts/footer.mjml", raw))

    shipped = (SHIPPED / "parts" / "footer.mjml").read_bytes()
    press(load_templates(own(tmp_path, "parts/footer.mjml", b"\xef\xbb\xbf" + shipped)))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("parts/foter.mjml", "; did you mean `parts/footer.mjml`?"),
        ("parts/footer.html", "; did you mean `parts/footer.mjml`?"),
        ("footer.mjml", "; did you mean `parts/footer.mjml`?"),
        ("isue.mjml", "; did you mean `issue.mjml`?"),
        ("parts/zzz.mjml", ": include it, or remove it"),
    ],
)
def test_a_file_that_nothing_uses_is_a_mistake(tmp_path: Path, name: str, said: str) -> None:
    """It overrides nothing, which its author did not mean."""
    assert mistake(own(tmp_path, name, "x")) == (
        f"OWN/{name}:1:1: no template includes this file{said}"
    )


def test_what_is_used_or_packaged_or_no_template_is_no_mistake(tmp_path: Path) -> None:
    """A copy of all templates, a part of a part of one's own, notes, a theme, an editor's file."""
    folder = tmp_path / "own"
    shutil.copytree(SHIPPED, folder)
    for name, text in {
        "parts/mine.mjml": "<mj-include path='parts/inner.mjml'></mj-include>",
        "parts/inner.mjml": "<mj-section><mj-column><mj-text>Mine</mj-text></mj-column></mj-section>",
        "notes.txt": "to do", "parts/.foter.mjml.swp": "", "parts/foter.mjml~": "",
        "themes/other/parts/foter.mjml": "",
    }.items():  # fmt: skip
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    issue = folder / "issue.mjml"
    issue.write_text(
        issue.read_text("utf-8").replace("parts/glance.mjml", "parts/mine.mjml"), "utf-8"
    )

    found = load_templates(
        Theme(values=demo_config().letter.theme.values, folders=(folder, SHIPPED))
    )

    assert "Mine" in found.html.source.text


def test_columns_are_those_of_the_file(tmp_path: Path) -> None:
    """Not of the line with the theme's values, or without tags of Jinja."""
    line = '<mj-raw><p style="color:{{ theme.accent }};font:{{ theme.font }}">{{ letter.name }}<i>x</p></mj-raw>'

    told = mistake(own(tmp_path, "parts/footer.mjml", line))

    assert told.startswith(
        f"OWN/parts/footer.mjml:1:{line.index('<i>') + 1}: not well-formed MJML: <i> has no end"
    )


def test_the_names_that_templates_may_use_are_those_they_get() -> None:
    """Of each edition and each mail to one person, no more and no less."""
    templates = load_templates(demo_config().letter.theme)
    maker = Press(make_issue(), [make_topic()], letters.masthead(demo_config().letter), templates)
    contents = maker.contents(Selection(topics=("language-models",), picks=()))

    assert {*maker.values["letter"], *contents.letter, "sections", "lead", "also"} == LETTER
    assert {name for name in NOTICE if f"notice.{name}" in _text_of("notice")} == NOTICE


def _text_of(name: str) -> str:
    return "".join(path.read_text("utf-8") for path in SHIPPED.glob(f"{name}.*"))


@pytest.mark.parametrize(
    "text",
    [
        "{% set p = 1 %}{{ p.anything is defined }}",
        "{% if letter.nothing is defined %}x{% endif %}{{ letter.nothing | default('y') }}",
        "{% macro shown(a) %}{{ a.titel }}{% endmacro %}",
        "{% with a = 1 %}{{ a }}{% endwith %}",
        "{% for topic in letter.topics %}{{ topic }}{{ loop.index }}{% endfor %}",
        "{% if letter.web %}{% set q = 1 %}{% endif %}",
    ],
)
def test_names_of_ones_own_are_known(tmp_path: Path, text: str) -> None:
    """What a template sets, takes or asks for is no mistake."""
    shipped = (SHIPPED / "parts" / "footer.txt").read_text("utf-8")

    theme = own(tmp_path, "parts/footer.txt", shipped + text + "\n")

    assert load_templates(theme).theme == dict(theme.values)


@functools.cache
def _files() -> tuple[tuple[str, str], ...]:
    return tuple(
        (path.relative_to(SHIPPED).as_posix(), path.read_text("utf-8"))
        for path in sorted(SHIPPED.rglob("*.*"))
        if path.suffix != ".yaml" and "themes" not in path.parts and path.stem not in ("notice", "weekly")
    )  # fmt: skip


@st.composite
def broken(draw: st.DrawFn) -> tuple[str, bytes]:
    """Draw a template with spans cut out, pieces put in, or bytes that are no text."""
    name, text = draw(st.sampled_from(_files()))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(text)))
        size = draw(st.sampled_from((0, 0, 1, 2, 5, 30, 200)))
        piece = draw(st.sampled_from(("", *PIECES)) | st.text(max_size=5))
        text = text[:place] + piece.replace("·", " ") + text[place + size :]
    raw = text.encode("utf-8", "surrogatepass")
    if draw(st.booleans()) and draw(st.booleans()):
        place = draw(st.integers(0, len(raw)))
        raw = raw[:place] + draw(st.binary(max_size=3)) + raw[place:]
    return name, raw


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(template=broken())
def test_any_broken_template_is_a_mail_or_one_line_with_its_place(
    tmp_path: Path, template: tuple[str, bytes]
) -> None:
    """Never another exception, and no place that is only a file."""
    try:
        press(load_templates(own(tmp_path, *template)))
    except TemplateError as error:
        assert PLACE.match(str(error)), str(error)
    finally:
        (tmp_path / "own" / template[0]).unlink()


def test_notices_are_checked_too(tmp_path: Path) -> None:
    """They have the same parts, and names of their own."""
    told = own(tmp_path, "notice.txt", "{{ notice.ulr }}\n")

    with pytest.raises(
        TemplateError, match=r"notice\.txt:1: `notice` has no `ulr`; did you mean `url`"
    ):
        load_templates(told, "notice")
