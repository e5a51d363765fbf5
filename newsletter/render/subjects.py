"""Subject lines from the user's template."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Final

import jinja2
from jinja2 import meta

from newsletter.errors import TemplateError
from newsletter.render.sandbox import sandbox

SUBJECT_NAMES: Final = (
    "name",
    "day",
    "date",
    "number",
    "lead",
    "count",
    "more",
    "topics",
    "highlights",
)
"""Names that a subject can use: the newsletter's name, the day (`Nov 24`), the long date, the
issue's number, the lead's title, how many papers, how many besides the first, the topics; and the
lead with how many follow, in the language of the mail."""


@functools.lru_cache(maxsize=16)
def parse_subject(source: str) -> Callable[[Mapping[str, object]], str]:
    """Return a subject template, ready to render.

    Raises TemplateError for text that Jinja cannot parse, and for names not in SUBJECT_NAMES.
    """
    environment = sandbox(html=False)
    try:
        unknown = meta.find_undeclared_variables(environment.parse(source)) - {*SUBJECT_NAMES}
        template = environment.from_string(source)
    except jinja2.TemplateError as error:
        raise TemplateError(str(error.message)) from None
    except RecursionError:
        raise TemplateError("brackets are nested too deeply") from None
    if unknown:
        raise TemplateError(
            f"subjects know no `{min(unknown)}`; they know {', '.join(SUBJECT_NAMES)}"
        )

    def render(values: Mapping[str, object]) -> str:
        try:
            # Always make it one line: a subject is a header.
            return " ".join(template.render(values).split())
        except Exception as error:  # noqa: BLE001  a template may divide by zero, index wrongly, …
            raise TemplateError(f"newsletter.yaml: subject: {error}") from None

    return render
