"""MJML → inlined HTML Jinja template: compiled once, rendered once per edition.

Untrusted text never reaches the MJML parser or premailer: Jinja tags are hidden from both behind
bare words and put back afterwards, and papers enter only at the autoescaped render.
"""

from __future__ import annotations

import functools
import logging
import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import jinja2.sandbox

from newsletter.errors import TemplateError

COLUMNS = 72
"""Width of the text part: what people who read mail as text expect (RFC 3676, 4.2)."""

MJML_TAGS = frozenset(
    "mjml mj-head mj-body mj-attributes mj-all mj-class mj-breakpoint mj-font mj-preview "
    "mj-style "
    "mj-title mj-raw mj-section mj-column mj-group mj-wrapper mj-text mj-button mj-image "
    "mj-divider mj-spacer mj-table mj-hero mj-social mj-social-element mj-navbar mj-navbar-link "
    "mj-carousel "
    "mj-carousel-image mj-accordion mj-accordion-element mj-accordion-title "
    "mj-accordion-text".split()
)
"""What the MJML compiler knows; it drops any other tag, and its content, without a word."""

FILTERS = frozenset(
    "capitalize default e escape first float format groupby int join last length list lower map "
    "max min reject rejectattr replace reverse round select selectattr sort string title trim "
    "truncate unique upper urlencode wordcount".split()
)
"""Jinja's filters that a template may use: those that only compute."""

_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_HIDDEN = re.compile(r"qjx(\d+)xjq")
_MJ_TAG = re.compile(r"<\s*(mj-?[a-z-]*)", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Templates:
    """The two parts of an issue, ready to render."""

    html: Callable[[Mapping[str, Any]], str]
    text: Callable[[Mapping[str, Any]], str]


def load_templates(folder: Path) -> Templates:
    """Compile issue.mjml and issue.txt of `folder`.

    Raises TemplateError, with file:line, for what is missing or wrong in them.
    """
    return Templates(
        html=compile_mjml(folder / "issue.mjml", _read(folder / "issue.mjml")),
        text=compile_text(folder / "issue.txt", _read(folder / "issue.txt")),
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise TemplateError(
            f"{path}: no such template; `newsletter init` writes the ones it starts with"
        ) from None
    except UnicodeDecodeError as error:
        raise TemplateError(f"{path}: not UTF-8 text (byte {error.start})") from None
    except OSError as error:
        raise TemplateError(f"{path}: {error.strerror}") from None


def _environment(*, html: bool) -> jinja2.Environment:
    """Return a sandbox: templates may be shared, and must not reach files or secrets."""
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
        autoescape=html,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters = {name: environment.filters[name] for name in FILTERS}
    environment.filters["fill"] = fill
    environment.globals = {}
    return environment


def fill(text: object, indent: str = "") -> str:
    """Return `text` wrapped at COLUMNS; addresses are never broken."""
    return textwrap.fill(
        str(text),
        COLUMNS,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


@functools.lru_cache(maxsize=16)
def compile_text(path: Path, source: str) -> Callable[[Mapping[str, Any]], str]:
    """Compile a plain-text template; cached by content."""
    template = _compile(path, source, html=False)
    return _renderer(path, template, lambda line: line)


@functools.lru_cache(maxsize=16)
def compile_mjml(path: Path, source: str) -> Callable[[Mapping[str, Any]], str]:
    """Compile MJML with Jinja in it to a renderer of inlined HTML; cached by content.

    Raises TemplateError for unknown MJML tags, MJML that is not well formed and Jinja mistakes;
    a mistake that only shows when rendering is reported at its line of the MJML too.
    """
    _refuse_unknown_tags(path, source)
    _compile(path, source, html=True)  # Jinja's mistakes, at the lines the author knows
    tags: list[str] = []
    lines: list[int] = []

    def hide(found: re.Match[str]) -> str:
        tags.append(found[0])
        lines.append(source.count("\n", 0, found.start()) + 1)
        return f"qjx{len(tags) - 1}xjq"

    html = _inline(_to_html(path, _JINJA.sub(hide, source)))
    # Every tag gets a line of its own, by a line break inside it that prints nothing: so Jinja's
    # line numbers lead back to the line of the MJML.
    origin: dict[int, int] = {}
    pieces: list[str] = []
    line = 1
    for place, piece in enumerate(_HIDDEN.split(html)):
        if place % 2:
            origin[line] = lines[int(piece)]
            # Blocks keep their own line break (trim_blocks would eat one that follows).
            piece = f"{tags[int(piece)][:-2]}\n{tags[int(piece)][-2:]}"  # noqa: PLW2901
        pieces.append(piece)
        line += piece.count("\n")
    template = _compile(path, "".join(pieces), html=True)
    return _renderer(path, template, lambda line: origin.get(line, 0))


def _compile(path: Path, source: str, *, html: bool) -> jinja2.Template:
    environment = _environment(html=html)
    try:
        return environment.from_string(source)
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(f"{path}:{error.lineno}: {error.message}") from None
    except jinja2.TemplateError as error:
        raise TemplateError(f"{path}: {error}") from None


def _renderer(
    path: Path, template: jinja2.Template, line_of: Callable[[int], int]
) -> Callable[[Mapping[str, Any]], str]:
    def render(values: Mapping[str, Any]) -> str:
        try:
            return template.render(values)
        except Exception as error:  # noqa: BLE001  a template may divide by zero, index wrongly, …
            line = line_of(_line(error))
            where = f"{path}:{line}" if line else str(path)
            raise TemplateError(f"{where}: {str(error) or type(error).__name__}") from None

    return render


def _line(error: BaseException) -> int:
    """Return the template line an error came from (Jinja rewrites its tracebacks), or 0."""
    trace, line = error.__traceback__, 0
    while trace:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _refuse_unknown_tags(path: Path, source: str) -> None:
    visible = _COMMENT.sub(lambda comment: re.sub(r"[^\n]", " ", comment[0]), source)
    for found in _MJ_TAG.finditer(visible):
        if found[1].lower() not in MJML_TAGS:
            line = visible.count("\n", 0, found.start()) + 1
            raise TemplateError(f"{path}:{line}: unknown tag <{found[1]}>, which MJML would drop")


def _to_html(path: Path, source: str) -> str:
    import mjml  # noqa: PLC0415  only a run that renders pays for it

    try:
        # No fonts: MJML would load `Roboto` and others from a font host, and tell it who reads.
        html: str = mjml.mjml2html(_COMMENT.sub("", source), fonts={})
    except (ValueError, OSError) as error:
        raise TemplateError(f"{path}: not well-formed MJML: {error}") from None
    # premailer drops a doctype in lower case, and inlines MJML's reset into every cell (+24%).
    html = html.replace("<!doctype html>", "<!DOCTYPE html>", 1)
    return html.replace(
        '<style type="text/css">\n#outlook',
        '<style type="text/css" data-premailer="ignore">\n#outlook',
        1,
    )


def _inline(html: str) -> str:
    from premailer import Premailer  # noqa: PLC0415  loads cssutils: a quarter of a second

    inlined: str = Premailer(
        html,
        allow_network=False,
        strip_important=False,  # without it @media rules lose against inline styles
        disable_validation=True,
        cssutils_logging_level=logging.CRITICAL,
    ).transform()
    return inlined
