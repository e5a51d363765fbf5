"""How topics are tuned on the preview: edits that are tried, terms, explanations, readers."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from newsletter.cli import picking, rehearsing
from newsletter.cli.opening import mistake, planned_dates, rehearsed
from newsletter.config.documents import parse_document, read_document
from newsletter.config.environment import read_environment
from newsletter.config.files import load_config
from newsletter.config.subscribers import FILE, check_list
from newsletter.config.texts import FIRST, MOST, texts_version
from newsletter.config.variables import Recorded
from newsletter.day import letters
from newsletter.day.drafts import Draft
from newsletter.day.explaining import explain, find_paper, find_stored, why_left_out
from newsletter.day.given import Day
from newsletter.day.readers import Readers, as_reader, curious
from newsletter.day.trying import draft_of
from newsletter.doctor.sample import sample_papers
from newsletter.doctor.terms import DAYS, TermHealth, term_health
from newsletter.errors import ConfigError
from newsletter.model import EVERYTHING, SubscriberState, audience_of
from newsletter.pick.filters.folding import fold_paper
from newsletter.pick.filters.scanning import count_holding
from newsletter.serve.preview.shown import EditionHead, Judged, Preview, PreviewEdition, Sketch
from newsletter.store.lists import PERSONAL

AT_ONCE: Final = 20
"""Editions that are made before one asks for them: each takes some tenths of a second, after every
save. A search finds the others."""
MOST_FOUND: Final = 20
"""Readers, and editions of topics, that a search shows."""


class Tuner:
    """What the preview asks; see `newsletter.serve.preview.shown.Tuning`."""

    def __init__(self, folder: Path) -> None:
        """Show the newsletter whose config files are in `folder`."""
        self.folder = folder

    def load(self, date: str) -> Preview:
        """Return what to show of an issue."""
        return rehearsing.load_preview(self.folder, date, AT_ONCE)

    def judge(self, texts: Mapping[str, str]) -> Judged:
        """Return what is wrong with the config files once they have these texts."""
        problems: tuple[str, ...] = ()
        topics: tuple[str, ...] | None = None
        makes_draft = False
        try:
            variables = read_environment(self.folder.resolve().parent, os.environ)
            topics = load_config(self.folder, os.environ, texts).choice.topic_names
            makes_draft = True
            if FILE in texts or (topics != self._topics() and self._is_short(FILE)):
                problems = check_list(self.folder, topics, variables, texts)
            for name in texts.keys() - FIRST:
                parse_document(self.folder / name, texts[name], Recorded())
        except ConfigError as error:
            problems += error.problems
        return Judged(
            mistakes=tuple(map(mistake, problems)),
            makes_draft=makes_draft,
            version=texts_version(self.folder, texts),
        )

    def _is_short(self, name: str) -> bool:
        # To read 100,000 readers takes a minute: `newsletter check` does it.
        path = self.folder / name
        return path.exists() and path.stat().st_size <= MOST

    def _topics(self) -> tuple[str, ...]:
        with contextlib.suppress(ConfigError):
            return load_config(self.folder, os.environ).choice.topic_names
        return ()

    def edition(self, sketch: Sketch, audience: str) -> PreviewEdition | None:
        """Return the edition of an audience; a planned issue does not change any more."""
        with rehearsed(self.folder, sketch.texts) as day:
            readers = readers_of(day, audience)
            if readers is None:
                return None
            found = _planned(day, sketch, readers)
            if found is None and not _planned_date(day, sketch):
                _, editions = rehearsing.draft_editions(day, [readers])
                found = editions[0] if editions else None
            return replace(found, audience=audience or EVERYTHING) if found else None

    def terms(self, sketch: Sketch) -> Mapping[str, Any]:
        """Return how many of the papers of the last days each term of each topic finds."""
        with rehearsed(self.folder, sketch.texts) as day:
            papers = day.stores.papers.since(day.clock() - DAYS) or sample_papers(day.clock())
            variables = read_environment(day.config.root, os.environ)
            document = read_document(self.folder / "topics.yaml", variables, sketch.texts)
            found = term_health(document, papers)
            places = {term: document.values[term.path] for term in found}
            topics = day.config.choice.topics
            filters = [topic.match for topic in topics if topic.match]
            counts = iter(count_holding(filters, map(fold_paper, papers)))
            return {
                "known": len(papers),
                "days": DAYS.days,
                "topics": [
                    {
                        "name": topic.name,
                        "title": topic.title,
                        "papers": next(counts) if topic.match else None,
                        "terms": [
                            _term(term, *places[term]) for term in found if term.topic == topic.name
                        ],
                    }
                    for topic in topics
                ],
            }

    def explain(self, sketch: Sketch, audience: str, wanted: str) -> Mapping[str, Any]:
        """Return why a paper is in an edition or not, as `pick --explain` says it."""
        with rehearsed(self.folder, sketch.texts) as day:
            readers = readers_of(day, audience)
            draft = self._draft(day, sketch)
            paper = find_paper(draft, wanted, readers)
            if paper is not None and readers is not None:
                return picking.explained_json(paper, list(explain(draft, paper, readers)))
            stored = find_stored(day, wanted)
            if stored is not None:
                return picking.left_out_json(stored, why_left_out(draft.day, stored))
        return {
            "unknown": f"No collected paper has this id, address or title: {wanted}. An arXiv id, "
            "a DOI or the whole title finds it, once `newsletter collect` has brought it."
        }

    def _draft(self, day: Day, sketch: Sketch) -> Draft:
        date = _planned_date(day, sketch)
        return draft_of(day, date) if date else rehearsing.make_or_invent(day)

    def find(self, words: str) -> Sequence[EditionHead]:
        """Return some readers with such an address or name, and some editions of such topics."""
        with rehearsed(self.folder) as day:
            return tuple(_found(day, words.strip()))


def readers_of(day: Day, audience: str) -> Readers | None:
    """Return who gets the edition of an audience; None for a reader who gets no mail.

    Somebody is invented for topics that no reader has chosen like this.
    """
    subscribers = day.stores.subscribers
    if audience.startswith(PERSONAL):
        kept = subscribers.with_id(audience.removeprefix(PERSONAL))
        return as_reader(day, kept) if kept and kept.state is SubscriberState.ACTIVE else None
    name = audience or EVERYTHING
    kept = subscribers.first_of(name)
    if kept is not None:
        # What is one person's own is not the group's, whoever stands for it.
        readers = as_reader(day, replace(kept, more=(), less=()))
        count = next((one.count for one in subscribers.audiences() if one.name == name), 1)
        return replace(readers, audience=name, count=count) if readers else None
    if name == EVERYTHING:
        return curious(day)
    wanted = audience_of(name, 0)
    known = tuple(topic for topic in wanted.topics if topic in day.config.choice.topic_names)
    invented = replace(
        letters.NOBODY,
        topics=known or day.config.choice.topic_names,
        cadence=wanted.cadence,
        length=wanted.length,
        language=wanted.language or day.config.letter.language,
    )
    return Readers(audience=name, first=invented, count=0)


def _planned_date(day: Day, sketch: Sketch) -> dt.date | None:
    """Return the date of a planned issue; None for the issue that is due."""
    is_planned = sketch.date in planned_dates(day)
    is_due = sketch.date == day.date.isoformat()
    return dt.date.fromisoformat(sketch.date) if is_planned and not is_due else None


def _planned(day: Day, sketch: Sketch, readers: Readers) -> PreviewEdition | None:
    date = _planned_date(day, sketch)
    issue = day.stores.issues.get(date) if date else None
    edition = day.stores.issues.edition_of(date, readers.audience or EVERYTHING) if date else None
    if issue is None or edition is None:
        return None
    return rehearsing.planned_edition(day, issue, edition, readers)


def _term(term: TermHealth, line: int, column: int) -> dict[str, object]:
    return {
        "text": term.text,
        "line": line,
        "column": column,
        "papers": term.papers,
        "excludes": term.excludes,
        "is_idle": term.is_idle,
        "is_wide": term.is_wide,
    }


def _found(day: Day, words: str) -> Iterator[EditionHead]:
    """Yield readers by address, then editions of topics, those with most readers first."""
    if not words:
        return
    for person in day.stores.subscribers.called(words, MOST_FOUND):
        name = PERSONAL + person.id
        yield EditionHead(audience=name, label=person.email, readers=person.name)
    titles = rehearsing.topic_titles(day)
    wanted = words.casefold().replace(",", " ").split()
    found = []
    for audience in day.stores.subscribers.audiences():
        names = audience.topics or day.config.choice.topic_names
        label = ", ".join(titles.get(name, name) for name in names)
        kinds = " ".join(audience.name.split("|")[1:])
        text = f"{' '.join(names)} {label} {kinds}".casefold()
        if all(word in text for word in wanted):
            told = f"{label} ({kinds})" if kinds else label
            found.append((audience, told))
    found.sort(key=lambda pair: (-pair[0].count, pair[1]))
    for audience, label in found[:MOST_FOUND]:
        count = f"{audience.count:,} reader" + ("s" if audience.count > 1 else "")
        yield EditionHead(audience=audience.name, label=label, readers=count)
