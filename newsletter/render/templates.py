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

from newsletter import __version__
from newsletter.errors import TemplateError
from newsletter.render.copies import about_copy
from newsletter.render.frames import Loop, Region, Rendering, cut, renderer
from newsletter.render.hiding import hide, keep_head
from newsletter.render.looks import Theme
from newsletter.render.markup import check_markup, components
from newsletter.render.names import check_names, parse
from newsletter.render.parts import TemplateSource, read_template, with_places
from newsletter.render.sandbox import mistake_of, sandbox
from newsletter.render.sheets import split_sheets
from newsletter.render.unused import refuse_unused

MJML_TAGS = frozenset(components())
"""Tags that the MJML compiler knows; it silently drops any other tag and its content."""

_ARTICLE = re.compile(r'<div [^>]*role="article"[^>]*>')
_POSITION = re.compile(r"position (\d+)")


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
    try:
        return _load(theme, name, located=located)
    except TemplateError as error:
        note = about_copy(str(error), theme.folders, __version__)
        raise TemplateError("\n".join(filter(None, (str(error), note)))) from None


def _load(theme: Theme, name: str, *, located: bool) -> Templates:
    values = dict(theme.values)
    refuse_unused(theme.folders)
    html = read_template(f"{name}.mjml", theme.folders, values)
    text = read_template(f"{name}.txt", theme.folders, values)
    names = tuple(values)
    compiled = compile_mjml(html, located=located), compile_text(text)
    _check_html(html, names)
    _check_text(text, names)
    return Templates(html=compiled[0], text=compiled[1], theme=values)


@functools.lru_cache(maxsize=16)
def _check_html(source: TemplateSource, theme: tuple[str, ...]) -> None:
    check_names(hide(source).jinja, theme, source.at)


@functools.lru_cache(maxsize=16)
def _check_text(source: TemplateSource, theme: tuple[str, ...]) -> None:
    check_names(source.text, theme, source.at)


@functools.lru_cache(maxsize=16)
def compile_text(source: TemplateSource) -> Template:
    """Compile a plain-text template; cached by content."""
    parse(source.text, source.at)
    return _template(source, source.text, source.at, html=False)


@functools.lru_cache(maxsize=16)
def compile_mjml(source: TemplateSource, *, located: bool = False) -> Template:
    """Compile MJML with Jinja in it to a template of inlined HTML; cached by content.

    Raises TemplateError for unknown MJML tags, MJML that is not well formed and errors in Jinja
    tags. Errors that only occur in rendering are reported with their line of the MJML too.
    """
    hidden = hide(source)
    check_markup(source, hidden.plain)
    parse(hidden.jinja, source.at)
    text = with_places(hidden.text) if located else hidden.text
    html, origin = hidden.reveal(_inline(source, _to_html(source, text)))
    return _template(source, html, lambda line: source.at(origin.get(line, 0)), html=True)


def _template(
    source: TemplateSource, text: str, at: Callable[[int], str], *, html: bool
) -> Template:
    environment = sandbox(html=html)
    try:
        cuts = cut(environment, text, at)
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(f"{at(error.lineno)}: {mistake_of(error)}") from None
    except RecursionError:
        raise TemplateError(f"{source.at(0)}: brackets or tags are nested too deeply") from None
    return Template(
        source=source,
        cuts=cuts,
        whole=functools.cache(lambda: renderer(environment.from_string(text), at)),
    )


def _to_html(source: TemplateSource, text: str) -> str:
    import mjml  # noqa: PLC0415  only a run that renders pays for it

    try:
        # No fonts: MJML would load `Roboto` and others from a host that then learns who reads.
        html: str = mjml.mjml2html(text, fonts={})
    except (ValueError, OSError) as error:
        at = _POSITION.search(str(error))
        line = text.count("\n", 0, int(at[1])) + 1 if at else 1
        raise TemplateError(f"{source.at(line)}: not well-formed MJML: {error}") from None
    # The letter is the only landmark of the page, so that screen readers can jump to it.
    html = _ARTICLE.sub('<div role="main">\\g<0>', html, count=1)
    html = html.replace("</body>", "</div></body>", 1) if 'role="main"' in html else html
    # premailer drops a doctype in lower case.
    html = html.replace("<!doctype html>", "<!DOCTYPE html>", 1)
    return keep_head(split_sheets(html))


def _inline(source: TemplateSource, html: str) -> str:
    from premailer import Premailer  # noqa: PLC0415  loads cssutils: a quarter of a second

    try:
        inlined: str = Premailer(
            html,
            allow_network=False,
            strip_important=False,  # without it @media rules lose against inline styles
            disable_validation=True,
            cssutils_logging_level=logging.CRITICAL,
        ).transform()
    except Exception:  # noqa: BLE001  cssutils fails in many ways on rules that are none
        raise TemplateError(
            f"{source.line_with('<mj-style')}: the rules of this template's style sheets cannot be "
            "read: is one of them no `selector { property: value; }`?"
        ) from None
    return inlined
