"""Where templates of users run: they compute and print, and reach no files, secrets or network."""

from __future__ import annotations

import textwrap
from typing import Final

import jinja2
import jinja2.sandbox

COLUMNS: Final = 72
"""Width of the text part: what people who read mail as text expect (RFC 3676, 4.2)."""

FILTERS: Final = frozenset(
    "capitalize default e escape first float format groupby int join last length list lower map "
    "max min reject rejectattr replace reverse round select selectattr sort string title trim "
    "truncate unique upper urlencode wordcount".split()
)
"""Jinja's filters that a template may use: those that only compute."""


def sandbox(*, html: bool) -> jinja2.Environment:
    """Return an environment for templates that may come from anybody."""
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


def fill(text: object, indent: str = "", first: str | None = None) -> str:
    """Return `text` wrapped at COLUMNS; addresses are never broken.

    `first` stands before the first line in place of `indent`.
    """
    return textwrap.fill(
        str(text),
        COLUMNS,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
