"""try_days(): what somebody would have got in the last issues, before they subscribe.

The papers of a past issue are those that were offered in it, and they go through the one recipe,
`make_draft`. What does not depend on the person is kept in `PastDays`; a try then takes a fraction
of a second.
"""

from __future__ import annotations

import copy
import datetime as dt
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from newsletter.day import letters
from newsletter.day.asking import Doubt, doubts, most_telling
from newsletter.day.drafts import Draft, make_draft
from newsletter.day.given import Day
from newsletter.day.interests import Interest, interest_wishes, read_interest
from newsletter.learn.tastes import Tastes, named
from newsletter.model import (
    Origin,
    Paper,
    Pick,
    Reason,
    ReasonKind,
    Subscriber,
    SubscriberState,
    Subscription,
    Wishes,
)
from newsletter.pick.filters.matching import matches
from newsletter.pick.personal import OWN_TOPICS
from newsletter.pick.signals import Mark
from newsletter.schedule import due_at
from newsletter.subscribe.audience import subscriber_of

__all__ = [
    "Doubt", "Interest", "PastDays", "TriedDay", "ask_about", "interest_wishes", "read_interest",
    "try_days",
]  # fmt: skip

MOST_DAYS = 10
"""Past days that are kept: 600 papers with what is derived of them take some 10 MB."""
TRIAL = "trial"


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedDay:
    """What somebody would have got in one issue."""

    date: dt.date
    of: int
    """How many papers the issue chose from; 0: there was none on that day."""
    picks: tuple[Pick, ...] = ()
    """With reasons; in the order of the mail."""
    doubts: tuple[Doubt, ...] = ()
    """Papers that were only just picked, or only just not."""

    own: tuple[Pick, ...] = ()
    """The picks that have what this person asks for, in whichever section they are."""

    @property
    def said(self) -> str:
        """Why there are no picks, for the person; empty when there are some."""
        if self.picks:
            return ""
        if not self.of:
            return "There was no issue on this day."
        return f"None of the {self.of:,} papers of this day is what you asked for."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """The drafts of some days, and the tastes that see all their papers."""

    drafts: Mapping[dt.date, Draft]
    papers: tuple[Paper, ...]
    tastes: Tastes


class PastDays:
    """The drafts of past days, which never change; threads may share it.

    Give each configuration one of its own: its topics are in the drafts.
    """

    def __init__(self) -> None:
        """Start with none: they are made when they are asked for."""
        self._lock = threading.Lock()
        self._drafts: dict[dt.date, Draft] = {}
        self._past: _Past | None = None

    def of(self, day: Day, dates: Iterable[dt.date]) -> _Past:
        """Return the drafts of some days, at most MOST_DAYS of them.

        Making a draft takes some tenths of a second, and learning the words of the last papers some
        seconds. It is done once, and again when there is a new day.
        """
        wanted = tuple(sorted(set(dates), reverse=True)[:MOST_DAYS])
        past = self._past
        if past is not None and _is_current(past, day, wanted):
            return past
        with self._lock:
            past = self._past
            if past is None or not _is_current(past, day, wanted):
                self._past = past = self._make(day, wanted)
            return past

    def taught(
        self, papers: Sequence[Paper], likes: Sequence[str]
    ) -> Mapping[str, tuple[str, ...]]:
        """Return, by paper id, the words that papers teach which somebody likes, or dislikes.

        Nothing while the drafts are not known: this is no reason to wait for them.
        """
        if self._past is None or not papers:
            return {}
        tastes = copy.copy(self._past.tastes)  # which goes on to see the papers of the days
        marks = tastes.marks(papers, likes)
        return {name: mark.reason().words for name, mark in marks.items()}

    def _make(self, day: Day, dates: Sequence[dt.date]) -> _Past:
        tastes = replace(day.tastes)  # the same papers, and nothing learnt yet
        drafts = {}
        for date in dates:
            known = self._drafts.get(date)
            drafts[date] = known or draft_of(replace(day, tastes=tastes), date)
        self._drafts = {date: draft for date, draft in drafts.items() if draft.papers}
        papers = tuple(
            {paper.id: paper for draft in drafts.values() for paper in draft.papers}.values()
        )
        tastes.marks(papers, [TRIAL])  # learns the words, and looks at all papers at once
        return _Past(drafts=drafts, papers=papers, tastes=tastes)


def _is_current(past: _Past, day: Day, dates: Sequence[dt.date]) -> bool:
    """Tell whether these are the drafts of `dates`, and none that was empty has papers by now."""
    return tuple(dates) == tuple(past.drafts) and not any(
        _offered(day, date) for date, draft in past.drafts.items() if not draft.papers
    )


def _offered(day: Day, date: dt.date) -> tuple[Paper, ...]:
    return day.stores.papers.offered_since(date, before=date + dt.timedelta(days=1))


def draft_of(day: Day, date: dt.date) -> Draft:
    """Return the draft of a past issue: of the papers that were offered in it, as of its hour."""
    moment = due_at(day.config.schedule, date)
    then = replace(day, date=date, clock=lambda: moment)
    return make_draft(then, _offered(day, date))


def try_days(
    day: Day,
    wishes: Wishes | Interest,
    dates: Sequence[dt.date],
    *,
    past: PastDays,
    more: Sequence[str] = (),
    less: Sequence[str] = (),
    told: bool = True,
) -> tuple[TriedDay, ...]:
    """Return what somebody would have got in the issues of `dates`, in this order.

    `more` and `less` are ids of papers to which they said yes and no. With `told`, picks have the
    sentences that tell what is new; to find them takes most of the time of a first try.

    Raises FilterError when a filter cannot be understood; `read_interest` has told that before.
    """
    if isinstance(wishes, Interest):
        wishes = interest_wishes(wishes)
    reader, asked = _reader(day, wishes, more, less), frozenset(wishes.topics)
    known = past.of(day, dates)
    marks: Mapping[str, Mark] = {}
    if reader.likes or reader.dislikes:
        marks = known.tastes.marks(known.papers, reader.likes, reader.dislikes)
    said = frozenset((*more, *less))
    return tuple(
        _tried(known.drafts[date], reader, marks, said, asked, told=told)
        if date in known.drafts
        else TriedDay(date=date, of=0)
        for date in dates
    )


def ask_about(
    tried: Sequence[TriedDay], said: Collection[str] = (), count: int = 5
) -> tuple[Paper, ...]:
    """Return papers to ask somebody about: their yes or no to these tells most.

    `said` are the ids of those about which they were asked already.
    """
    return most_telling([doubt for day in tried for doubt in day.doubts], said, count)


def _tried(
    draft: Draft,
    reader: Subscriber,
    marks: Mapping[str, Mark],
    said: frozenset[str],
    asked: frozenset[str],
    *,
    told: bool,
) -> TriedDay:
    if not draft.papers:
        return TriedDay(date=draft.day.date, of=0)
    # The words of a reason take a millisecond to find: only picks that are shown need them.
    quick = {
        paper.id: replace(mark, reason=lambda: _LATER)
        for paper in draft.papers
        if (mark := marks.get(paper.id))
    }
    selection, own = draft.tried(reader, quick)
    picks = tuple(_explained(pick, marks) for pick in selection.picks)
    topics = [topic for topic in draft.topics if topic.name in reader.topics]
    shown = tuple(map(draft.pool.candidates.told, picks)) if told else picks
    return TriedDay(
        date=draft.day.date,
        of=len(draft.papers),
        picks=shown,
        own=tuple(pick for pick in shown if _is_own(pick, reader, draft, quick, asked)),
        doubts=doubts(draft.papers, (*draft.picks, *own), selection.picks, topics, quick, said),
    )


def _is_own(
    pick: Pick,
    reader: Subscriber,
    draft: Draft,
    marks: Mapping[str, Mark],
    asked: Collection[str],
) -> bool:
    """Return whether a pick is there for what somebody asks for, in whichever section it is.

    That is: it is in a section of their own, of a topic that they `asked` for, has their words, is
    a paper that they named, or is near to what they like.
    """
    if (
        pick.topic in _OWN
        or pick.topic in asked
        or not named(reader.likes).isdisjoint(pick.paper.keys)
    ):
        return True
    mark = marks.get(pick.paper.id)
    if mark is not None and mark.is_near and not mark.against:
        return True
    folded = draft.pool.candidates.folded(pick.paper)
    return reader.words is not None and matches(reader.words, folded)


_OWN = frozenset(topic.name for topic in OWN_TOPICS[:2])
_LATER = Reason(kind=ReasonKind.LIKED)
"""Stands for the reason of a mark until it is known which picks are shown."""


def _explained(pick: Pick, marks: Mapping[str, Mark]) -> Pick:
    """Return a pick with the words for which it is near to what a reader likes."""
    parts = pick.score.parts
    if not any(reason is _LATER for reason in (*pick.reasons, *(part.reason for part in parts))):
        return pick
    reason = marks[pick.paper.id].reason()
    parts = tuple(replace(part, reason=reason) if part.reason is _LATER else part for part in parts)
    reasons = tuple(reason if known is _LATER else known for known in pick.reasons)
    return replace(pick, score=replace(pick.score, parts=parts), reasons=reasons)


def _reader(day: Day, wishes: Wishes, more: Sequence[str], less: Sequence[str]) -> Subscriber:
    """Return a reader with these wishes; topics that there are no more count for nothing."""
    names, now = day.config.choice.topic_names, day.clock()
    wishes = replace(
        wishes,
        topics=tuple(name for name in wishes.topics if name in names),
        likes=tuple(dict.fromkeys((*wishes.likes, *more))),
        dislikes=tuple(dict.fromkeys((*wishes.dislikes, *less))),
    )
    trial = Subscription(
        id=TRIAL,
        email=letters.NOBODY.email,
        name="",
        wishes=wishes,
        state=SubscriberState.ACTIVE,
        paused_until=None,
        origin=Origin.SITE,
        changed_by=Origin.SITE,
        consent_at=now,
        consent="",
        changed_at=now,
    )
    return subscriber_of(
        trial, names, timezone=str(day.config.zone), language=day.config.letter.language
    )
