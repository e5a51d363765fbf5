"""What the preview shows: the issue that is due, as it would be now, and planned issues."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from newsletter.cli import health, picking
from newsletter.cli.opening import mistake, planned_dates, rehearsed
from newsletter.config.texts import texts_version
from newsletter.day import letters
from newsletter.day.drafts import Draft, Drafted, make_draft
from newsletter.day.given import Day
from newsletter.day.proofs import proofread
from newsletter.day.readers import Readers, as_reader, curious, everybody
from newsletter.day.rendering import READABLE, sample_reader
from newsletter.doctor.sample import sample_papers
from newsletter.errors import ConfigError, NewsletterError
from newsletter.model import EVERYTHING, Edition, Issue, Pick, Subscriber
from newsletter.pick.misses import near_misses
from newsletter.pick.personal import OWN_TOPICS
from newsletter.render.checks.findings import Finding
from newsletter.render.checks.lint import lint_message
from newsletter.render.looks import form_of
from newsletter.render.messages import as_read
from newsletter.render.pictures import with_pictures
from newsletter.render.press import html_bytes
from newsletter.render.words import say
from newsletter.serve.preview.shown import Preview, PreviewEdition
from newsletter.store.chunks import chunks


def load_preview(folder: Path, date: str = "", most: int = READABLE) -> Preview:
    """Render the issue that is due, or show the planned issue of `date`, `most` editions of it.

    When something is wrong, the preview is a page that says so.
    """
    try:
        with rehearsed(folder, what=date or "that is due") as day:
            planned = planned_dates(day)
            dates = tuple(dict.fromkeys((day.date.isoformat(), *planned)))
            if date in planned and date != day.date.isoformat():
                shown = _planned(day, dt.date.fromisoformat(date), dates, most)
            else:
                shown = _due(day, dates, most)
            return replace(shown, version=texts_version(folder, {}))
    except NewsletterError as error:
        problems = error.problems if isinstance(error, ConfigError) else ()
        found = tuple(map(mistake, problems))
        return Preview(name="", date=date, problem=str(error), mistakes=found)


def load_editions(day: Day, email: str | None = None) -> tuple[PreviewEdition, ...]:
    """Return the editions of the issue that is due, each as its first reader would get it now.

    The first edition has every topic. With `email`, return only what the subscriber with that
    address gets.
    """
    if email is None:
        return _due(day, ()).editions
    kept = day.stores.subscribers.find(email)
    reader = as_reader(day, kept) if kept else None
    return draft_editions(day, [reader] if reader else [])[1]


def _due(day: Day, dates: tuple[str, ...], most: int = READABLE) -> Preview:
    """Draft what a run would make now; if nothing was collected yet, with invented papers."""
    # A reader who wants every topic comes first: then an empty list shows something, too.
    draft, editions = draft_editions(day, [curious(day)], others=most)
    return Preview(
        name=day.config.letter.name,
        date=day.date.isoformat(),
        dates=dates,
        editions=editions,
        notes=tuple(_notes(day, draft, is_more=len(editions) >= most, shown=len(editions))),
    )


def make_or_invent(day: Day) -> Draft:
    """Return the draft of the day; while nothing was collected, one of invented papers."""
    draft = make_draft(day)
    return draft if draft.papers else make_draft(day, sample_papers(day.clock()), invented=True)


def draft_editions(
    day: Day, readers: Sequence[Readers], *, others: int = 0
) -> tuple[Draft, tuple[PreviewEdition, ...]]:
    """Return the draft of the day, and the editions that `readers` would get.

    With `others`, the editions of other readers follow, up to so many in all.
    """
    draft = make_or_invent(day)
    first = draft.for_readers(readers, send_empty=True)
    rest = _everybody(draft) if others else iter(())
    shown: dict[str, Drafted] = {}
    for drafted in itertools.chain(first, rest):
        known = shown.get(drafted.edition.key)
        # An edition for a real reader is preferred to the same one for an invented reader.
        if known is None or not known.readers.count:
            shown[drafted.edition.key] = drafted
        if len(shown) == others:
            break
    some = tuple(shown.values())
    findings = proofread(
        day.config.letter,
        draft.issue,
        [drafted.selection for drafted in some],
        [drafted.edition for drafted in some],
        draft.topics,
        day.clock(),
        draft.figures,
        day.folders.figures.read,
    )
    return draft, tuple(
        _edition(
            day,
            draft.issue,
            drafted.edition,
            drafted.readers,
            findings=findings,
            misses=_misses(draft, drafted),
        )
        for drafted in some
    )


FEW = 10
"""Editions that are made at once."""
GONE = "Its mails are not kept any more (`keep: editions` in newsletter.yaml)."


def _everybody(draft: Draft) -> Iterator[Drafted]:
    """Yield the editions of all readers, a few at a time: mostly only the first are wanted."""
    for some in everybody(draft.day):
        for few in chunks(some, FEW):
            yield from draft.for_readers(few)


def _planned(day: Day, date: dt.date, dates: tuple[str, ...], most: int) -> Preview:
    """Show an issue as it was planned; its scores are those in papers.json."""
    issue = day.stores.issues.get(date)
    if issue is None:
        raise AssertionError("the issue is planned")
    counts = {group.name: group.count for group in day.stores.subscribers.audiences()}

    def readers(audience: str) -> Readers:
        first, count = sample_reader(day, audience), counts.get(audience, 1)
        return Readers(audience=audience, first=first, count=count)

    editions = tuple(
        planned_edition(day, issue, edition, readers(audience))
        for audience, edition in day.stores.issues.editions(date, most)
    )
    was_sent = sum(day.stores.ledger.counts(date).values()) > 0
    return Preview(
        name=day.config.letter.name,
        date=date.isoformat(),
        dates=dates,
        editions=editions,
        notes=(f"Issue {issue.number} as it was planned: it does not change any more.",)
        + ((GONE,) if was_sent and not editions else ()),
    )


def planned_edition(day: Day, issue: Issue, edition: Edition, readers: Readers) -> PreviewEdition:
    """Return an edition of a planned issue as one of its readers gets it."""
    picks = _kept(day, issue.date).get(edition.key, ())
    return _edition(day, issue, edition, readers, picks=picks)


def _kept(day: Day, date: dt.date) -> Mapping[str, tuple[Mapping[str, object], ...]]:
    path = day.folders.outbox.of(date) / "papers.json"
    try:
        editions = json.loads(path.read_text("utf-8"))["editions"]
    except (OSError, ValueError, KeyError):
        return {}
    titles = topic_titles(day)
    return {
        key: tuple(
            {**pick, "section": pick["topic"], "topic": titles.get(pick["topic"], pick["topic"])}
            for pick in picks
        )
        for key, picks in editions.items()
    }


def _edition(
    day: Day,
    issue: Issue,
    edition: Edition,
    readers: Readers,
    *,
    findings: Sequence[Finding] = (),
    picks: tuple[Mapping[str, object], ...] = (),
    misses: tuple[Mapping[str, object], ...] = (),
) -> PreviewEdition:
    letter, now = day.config.letter, day.clock()
    # The links are nobody's: whoever sees a preview, or gets a test mail and presses the button to
    # unsubscribe, does nothing to the reader for whom it is made.
    reader = replace(readers.first, id=letters.NOBODY.id)
    pictures = day.folders.figures.read
    message = letters.sample(letter, issue, edition, reader, now, pictures)
    recipient = letters.recipient(letter, letters.delivery(issue, edition, reader), now)
    titles = topic_titles(day)
    own = [finding for finding in findings if finding.edition == edition.key]
    return PreviewEdition(
        key=edition.key,
        audience=readers.audience or EVERYTHING,
        label=_label(day, edition, readers.first),
        readers=_count(readers),
        subject=edition.subject,
        html=with_pictures(as_read(edition.html, recipient, "html"), pictures),
        text=as_read(edition.text, recipient, "text"),
        message=message.decode("utf-8", "replace").replace("\r\n", "\n"),
        bytes=html_bytes(edition.html),
        picks=picks or tuple(_pick(pick, titles) for pick in edition.picks),
        misses=misses,
        findings=tuple(asdict(finding) for finding in (*own, *lint_message(message, edition.key))),
    )


def topic_titles(day: Day) -> Mapping[str, str]:
    """Return the titles of all sections that an edition may have, by name."""
    return {topic.name: topic.title for topic in (*day.config.choice.topics, *OWN_TOPICS)}


def _label(day: Day, edition: Edition, reader: Subscriber) -> str:
    form = form_of(edition.key)
    kind = "".join(f" ({word})" for word in form.marks.split(".") if word)
    if "~" in edition.key:
        return f"{reader.email}{kind}"
    names = edition.key.partition(".")[0].split("+")
    if len(names) == len(day.config.choice.topics):
        return f"Every topic{kind}"
    titles = topic_titles(day)
    return ", ".join(titles.get(name, name) for name in names) + kind


def _count(readers: Readers) -> str:
    if readers.first is letters.NOBODY or not readers.count:
        return "nobody on the list"
    more = readers.count - 1
    return readers.first.email + (f" and {more} more" if more else "")


def _pick(pick: Pick, titles: Mapping[str, str], missed: str = "") -> dict[str, object]:
    return {
        "paper": pick.paper.id,
        "url": pick.paper.url,
        "title": pick.paper.title,
        "section": pick.topic,
        "topic": titles.get(pick.topic, pick.topic),
        "score": pick.score.total,
        "parts": [picking.part_json(part) for part in pick.score.parts],
        "missed": missed,
    }


def _misses(draft: Draft, drafted: Drafted) -> tuple[dict[str, object], ...]:
    choice = draft.day.config.choice
    titles = topic_titles(draft.day)
    topics = [topic for topic in choice.topics if topic.name in drafted.selection.topics]
    picks = draft.pool_of(drafted.selection.form).picks
    found = near_misses(picks, drafted.selection.picks, topics, choice.per_author)
    return tuple(_pick(miss.pick, titles, say(miss.reason)) for miss in found)


def _notes(day: Day, draft: Draft, *, shown: int, is_more: bool) -> Iterator[str]:
    now = day.clock()
    for name, condition in day.stores.sources.known(day.config.collecting.sources, now):
        if said := condition.last_error or health.words(condition, now):
            yield f"{name}: {said}"
    if draft.invented:
        yield "Invented papers: `newsletter collect` brings real ones."
    if is_more:
        yield f"The first {shown} editions; there are more."
