"""MJML → inlined HTML Jinja template: compiled once, rendered once per edition.

Untrusted text never reaches the MJML parser or premailer. Jinja tags are replaced by plain words
before both run, and put back afterwards. Papers are added only in rendering, which escapes them.
"""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import jinja2

from newsletter.errors import TemplateError
from newsletter.render.frames import Loop, Region, Rendering, cut, renderer
from newsletter.render.looks import Theme
from newsletter.render.parts import TemplateSource, read_template, with_places
from newsletter.render.sandbox import sandbox

MJML_TAGS = frozenset(
    "mjml mj-head mj-body mj-attributes mj-all mj-class mj-breakpoint mj-font mj-preview "
    "mj-style "
    "mj-title mj-raw mj-section mj-column mj-group mj-wrapper mj-text mj-button mj-image "
    "mj-divider mj-spacer mj-table mj-hero mj-social mj-social-element mj-navbar mj-navbar-link "
    "mj-carousel "
    "mj-carousel-image mj-accordion mj-accordion-element mj-accordion-title "
    "mj-accordion-text".split()
)
"""Tags that the MJML compiler knows; it silently drops any other tag and its content."""

_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_HIDDEN = re.compile(r"qjx(\d+)xjq")
_MJ_TAG = re.compile(r"<\s*(mj-?[a-z-]*)", re.IGNORECASE)
_STYLE = re.compile(r"(<style[^>]*>)(.*?)</style>", re.DOTALL)
_ARTICLE = re.compile(r'<div [^>]*role="article"[^>]*>')
_BRACES = re.compile(r"[{}]")
_COMMENT = re.compile(r"<!--(?!\[if|<!\[endif).*?-->", re.DOTALL)
"""Comments, without the conditional ones that Outlook reads (`<!--[if mso]>`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A compiled template: as a whole, and cut at its loops over sections and papers."""

    source: TemplateSource
    cuts: tuple[Region | Loop, ...]
    whole: Callable[[], Rendering]

    def render(self, values: Mapping[str, object]) -> str:
        """Render the whole template; raises TemplateError, with the line that fails."""
        return self.whole()(values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Templates:
    """The two parts of an issue, ready to render."""

    html: Template
    text: Template
    theme: Mapping[str, str]
    """Values of `theme.NAME` in conditions."""


def load_templates(theme: Theme, name: str = "issue", *, located: bool = False) -> Templates:
    """Compile <name>.mjml and <name>.txt of a theme.

    With `located`, elements of the HTML are marked with the line they came from, for the linter.
    Raises TemplateError, with file:line, for anything missing or wrong in the templates.
    """
    values = dict(theme.values)
    return Templates(
        html=compile_mjml(read_template(f"{name}.mjml", theme.folders, values), located=located),
        text=compile_text(read_template(f"{name}.txt", theme.folders, values)),
        theme=values,
    )


@functools.lru_cache(maxsize=16)
def compile_text(source: TemplateSource) -> Template:
    """Compile a plain-text template; cached by content."""
    return _template(source, source.text, source.at, html=False)


@functools.lru_cache(maxsize=16)
def compile_mjml(source: TemplateSource, *, located: bool = False) -> Template:
    """Compile MJML with Jinja in it to a template of inlined HTML; cached by content.

    Raises TemplateError for unknown MJML tags, MJML that is not well formed and errors in Jinja
    tags. Errors that only occur in rendering are reported with their line of the MJML too.
    """
    visible = _COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), source.text)
    _refuse_unknown_tags(source, visible)
    _refuse_open_tags(source, visible)
    tags: list[str] = []
    lines: list[int] = []

    def hide(found: re.Match[str]) -> str:
        tags.append(found[0])
        lines.append(visible.count("\n", 0, found.start()) + 1)
        return f"qjx{len(tags) - 1}xjq" + "\n" * found[0].count("\n")

    hidden = _JINJA.sub(hide, visible)
    html = _inline(source.name, _to_html(source, with_places(hidden) if located else hidden))
    # Every tag gets a line of its own, by a line break inside the tag, which prints nothing. So
    # Jinja's line numbers can be mapped to lines of the MJML.
    origin: dict[int, int] = {}
    pieces: list[str] = []
    line = 1
    for place, part in enumerate(_HIDDEN.split(html)):
        piece = part
        if place % 2:
            origin[line] = origin[line + 1] = lines[int(part)]
            # Blocks keep their own line break (trim_blocks would eat one that follows).
            piece = f"{tags[int(part)][:-2]}\n{tags[int(part)][-2:]}"
        pieces.append(piece)
        line += piece.count("\n")
    return _template(
        source, "".join(pieces), lambda line: source.at(origin.get(line, 0)), html=True
    )


def _template(
    source: TemplateSource, text: str, at: Callable[[int], str], *, html: bool
) -> Template:
    environment = sandbox(html=html)
    try:
        cuts = cut(environment, text, at)
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(f"{at(error.lineno)}: {error.message}") from None
    except RecursionError:
        raise TemplateError(f"{source.at(0)}: brackets or tags are nested too deeply") from None
    return Template(
        source=source,
        cuts=cuts,
        whole=functools.cache(lambda: renderer(environment.from_string(text), at)),
    )


def _refuse_unknown_tags(source: TemplateSource, visible: str) -> None:
    for found in _MJ_TAG.finditer(visible):
        if found[1].lower() not in MJML_TAGS:
            line = visible.count("\n", 0, found.start()) + 1
            raise TemplateError(
                f"{source.at(line)}: unknown tag <{found[1]}>, which MJML would drop"
            )


def _refuse_open_tags(source: TemplateSource, visible: str) -> None:
    """Refuse a Jinja tag without an end, which would be treated as text."""
    left = re.search(r"\{[{%#]|[}%#]\}", _JINJA.sub(lambda tag: "\n" * tag[0].count("\n"), visible))
    if left:
        line = left.string.count("\n", 0, left.start()) + 1
        raise TemplateError(f"{source.at(line)}: `{left[0]}` opens or ends no tag of Jinja")


def _to_html(source: TemplateSource, text: str) -> str:
    import mjml  # noqa: PLC0415  only a run that renders pays for it

    try:
        # No fonts: MJML would load `Roboto` and others from a host that then learns who reads.
        html: str = mjml.mjml2html(text, fonts={})
    except (ValueError, OSError) as error:
        raise TemplateError(f"{source.name}: not well-formed MJML: {error}") from None
    # The letter is the only landmark of the page, so that screen readers can jump to it.
    html = _ARTICLE.sub('<div role="main">\\g<0>', html, count=1)
    html = html.replace("</body>", "</div></body>", 1) if 'role="main"' in html else html
    # premailer drops a doctype in lower case.
    html = html.replace("<!doctype html>", "<!DOCTYPE html>", 1)
    return _STYLE.sub(_for_premailer, html)


def _for_premailer(style: re.Match[str]) -> str:
    """Return a style element split in two: rules to inline, and rules that must stay as they are.

    MJML's own reset would be inlined into every cell (+24% of the size), and rules in @media only
    work in a style element.
    """
    start, css = style[1], style[2]
    kept = start.replace("<style", '<style data-premailer="ignore"', 1)
    if css.lstrip().startswith(("#outlook", ".moz-text-html")):
        return f"{kept}{css}</style>"
    plain: list[str] = []
    at_rules: list[str] = []
    depth = begin = 0
    for found in _BRACES.finditer(css):
        depth += 1 if found[0] == "{" else -1
        if depth == 0:
            rule = css[begin : found.end()]
            (at_rules if rule.lstrip().startswith("@") else plain).append(rule)
            begin = found.end()
    plain.append(css[begin:])
    styles = [f"{start}{''.join(plain)}</style>"] if "".join(plain).strip() else []
    return "".join((*styles, f"{kept}{''.join(at_rules)}</style>" if at_rules else ""))


def _inline(name: str, html: str) -> str:
    from premailer import Premailer  # noqa: PLC0415  loads cssutils: a quarter of a second

    try:
        inlined: str = Premailer(
            html,
            allow_network=False,
            strip_important=False,  # without it @media rules lose against inline styles
            disable_validation=True,
            cssutils_logging_level=logging.CRITICAL,
        ).transform()
    except Exception:  # noqa: BLE001  cssutils fails in many ways on rules that do not end
        raise TemplateError(
            f"{name}: its style sheets cannot be read: is a `{{` or a `}}` missing?"
        ) from None
    return inlined
