"""Render editions: one Edition per distinct selection of picks."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from newsletter.model import Edition, Figure, Issue, Topic
from newsletter.render.given import Masthead, Selection
from newsletter.render.locales import long_date
from newsletter.render.press import Press
from newsletter.render.templates import Templates
from newsletter.render.tokens import token

NO_FIGURES: Final[Mapping[str, Figure]] = MappingProxyType({})


def render_editions(
    issue: Issue,
    selections: Iterable[Selection],
    topics: Sequence[Topic],
    masthead: Masthead,
    templates: Templates,
    figures: Mapping[str, Figure] = NO_FIGURES,
) -> tuple[Edition, ...]:
    """Return an edition for each selection, with tokens where its readers get different text.

    `figures` are copies of papers' pictures, by paper id.

    Raises TemplateError when a template fails on these papers.
    """
    press = Press(issue, topics, masthead, templates, figures=figures)
    return tuple(press.edition(selection) for selection in selections)


def render_page(
    issue: Issue,
    selection: Selection,
    topics: Sequence[Topic],
    masthead: Masthead,
    templates: Templates,
    figures: Mapping[str, Figure] = NO_FIGURES,
) -> str:
    """Return a selection as a web page for everybody, with the whole of each abstract."""
    press = Press(issue, topics, masthead, templates, web=True, figures=figures)
    page = press.edition(selection).html
    date = long_date(issue.date, masthead.language, masthead.days)
    return page.replace(token("date"), html.escape(date))
