"""Forms: which edition a reader gets on a day, the day's or the week's, whole or short; or none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

from newsletter.config.settings import Config, Letter
from newsletter.day import letters
from newsletter.model import Cadence, Edition, Figure, Issue, Length, Subscriber, Topic
from newsletter.render.editions import NO_FIGURES, render_editions
from newsletter.render.given import Selection
from newsletter.render.languages import language_of_phrases
from newsletter.render.looks import Form

WORKDAYS = range(5)
"""Monday to Friday."""


def form_for(config: Config, date: dt.date, reader: Subscriber) -> Form | None:
    """Return the form of the edition that a reader gets on a day; None for no mail on that day.

    A newsletter that is itself a weekly digest comes as often as it does, for everybody.
    """
    form = Form(
        short=reader.length is Length.SHORT,
        language=language_for(config.letter, reader.language),
    )
    if config.letter.is_weekly:
        return form
    if reader.cadence is Cadence.WEEKLY:
        is_due = date.weekday() == config.schedule.weekly
        return replace(form, weekly=True) if is_due else None
    if reader.cadence is Cadence.WEEKDAYS and date.weekday() not in WORKDAYS:
        return None
    return form


def language_for(letter: Letter, wanted: str) -> str:
    """Return the language of the phrases of somebody's mail; empty for the newsletter's own."""
    known = language_of_phrases(wanted)
    return "" if known == language_of_phrases(letter.language) else known


def cadences_due(config: Config, date: dt.date) -> frozenset[Cadence]:
    """Return how often readers want mail, of those who get some on a day."""
    return frozenset(
        cadence
        for cadence in Cadence
        if form_for(config, date, replace(letters.NOBODY, cadence=cadence))
    )


def render_forms(
    letter: Letter,
    issue: Issue,
    selections: Sequence[Selection],
    topics: Sequence[Topic],
    figures: Mapping[str, Figure] = NO_FIGURES,
    *,
    located: bool = False,
) -> tuple[Edition, ...]:
    """Return the edition of each selection, in its form; `figures` are by paper id.

    With `located`, the editions name lines of the templates.
    """
    made: dict[int, Edition] = {}
    for form in dict.fromkeys(selection.form for selection in selections):
        places = [n for n, selection in enumerate(selections) if selection.form == form]
        editions = render_editions(
            issue,
            [selections[place] for place in places],
            topics,
            letters.masthead(letter, form),
            letters.templates(letter, form, located=located),
            figures,
        )
        made |= zip(places, editions, strict=True)
    return tuple(made[place] for place in range(len(selections)))
