"""make_draft(): all that an issue would be: papers → picks → selections → editions.

An issue is made in one way only. What a run sends, and what the preview, `pick`, `render`, `check`,
`--dry-run` and `--explain` show, all comes from a draft.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from newsletter.day import letters, selections
from newsletter.day.borders import without_faulty
from newsletter.day.given import Day
from newsletter.errors import ConfigError
from newsletter.model import (
    Border,
    Edition,
    Issue,
    Paper,
    Pick,
    Subscriber,
    Subscription,
    Topic,
    fault_of,
)
from newsletter.pick.filters.language import FilterError
from newsletter.pick.papers import Candidates, pick_among, unscored
from newsletter.pick.personal import OUTSIDE_TOPIC, OWN_TOPICS, own_topic
from newsletter.pick.signals import Mark
from newsletter.pick.variety import choose
from newsletter.render.editions import render_editions, render_page
from newsletter.render.press import Selection
from newsletter.schedule import issue_window
from newsletter.store.papers import chunks
from newsletter.subscribe.audience import subscriber_of

BATCH = 200
"""How many audiences have their editions in memory at the same time."""
NOVELTY = dt.timedelta(days=30)
"""How far back novelty looks: papers that were offered before that do not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """People who get the same edition, or one reader alone."""

    audience: str
    first: Subscriber
    """One of them."""
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """An edition as it would be now, and the readers who would get it."""

    readers: Readers
    selection: Selection
    edition: Edition


@dataclass(slots=True, kw_only=True)
class Draft:
    """An issue before it is planned."""

    day: Day
    issue: Issue
    candidates: Candidates
    picks: tuple[Pick, ...]
    """Every paper that a topic of the newsletter wants, best first."""
    bad: set[str] = field(default_factory=set)
    """Ids of papers that the templates fail on: no edition contains them."""
    seen: set[str] = field(default_factory=set)
    """Names of the audiences that were looked at, including those that get nothing."""
    invented: bool = False
    """Whether its papers are invented, because none were collected yet."""
    _loose: tuple[Pick, ...] | None = None

    @property
    def papers(self) -> tuple[Paper, ...]:
        """The papers that the issue chooses from."""
        return self.candidates.papers

    @property
    def topics(self) -> tuple[Topic, ...]:
        """Every section that an edition may have."""
        return (*self.day.config.choice.topics, *OWN_TOPICS)

    def editions(self) -> Iterator[Drafted]:
        """Yield the edition of each audience; the personal editions come last.

        Only a few personal editions are in memory at the same time.
        """
        for some in everybody(self.day, self.seen):
            yield from self.for_readers(some)

    def for_readers(
        self, readers: Sequence[Readers], *, send_empty: bool | None = None
    ) -> tuple[Drafted, ...]:
        """Return what some readers get, without those who get nothing.

        `send_empty` overrides the configuration: it says whether readers get a mail without papers.
        A reader for whom choosing fails, and a paper that the templates fail on, are recorded as
        faults and left out.
        """
        choice, letter = self.day.config.choice, self.day.config.letter
        send_empty = choice.send_empty if send_empty is None else send_empty
        own = self._own_picks([group.first for group in readers])
        found: list[tuple[Readers, Selection]] = []
        good = frozenset(paper.id for paper in self.papers if paper.id not in self.bad)
        for group in readers:
            try:
                selection = self._select(group.first, own)
            except Exception as error:  # noqa: BLE001  a border: whatever is wrong stays here
                content = repr(group.first).encode("utf-8", "replace")
                self.day.folders.faults.keep(
                    fault_of(Border.READER, group.first.email, error, content)
                )
                continue
            if selection.picks or send_empty:
                found.append((group, selections.only(selection, good)))
        head, templates = letters.masthead(letter), letters.templates(letter)

        def step(some: Sequence[Paper]) -> tuple[tuple[Selection, ...], tuple[Edition, ...]]:
            ids = frozenset(paper.id for paper in some)
            left = tuple(self._told(selections.only(kept, ids)) for _, kept in found)
            return left, render_editions(self.issue, left, self.topics, head, templates)

        shown = {pick.paper.id: pick.paper for _, kept in found for pick in kept.picks}
        (chosen, made), faults = without_faulty(tuple(shown.values()), step)
        self.day.folders.faults.keep(*faults)
        self.bad |= {fault.name for fault in faults}
        return tuple(
            Drafted(readers=group, selection=selection, edition=edition)
            for (group, _), selection, edition in zip(found, chosen, made, strict=True)
        )

    def page(self) -> tuple[bytes, tuple[Pick, ...]]:
        """Return the issue as a public web page, and the picks that it shows.

        The page has all topics, and whole abstracts.
        """
        choice, letter = self.day.config.choice, self.day.config.letter
        picks = [pick for pick in self.picks if pick.paper.id not in self.bad]
        chosen = choose(picks, choice.topics, per_author=choice.per_author, variety=choice.variety)
        whole = Selection(topics=choice.topic_names, picks=chosen, lead=selections.lead(chosen))
        told = self._told(whole)
        head, templates = letters.masthead(letter), letters.templates(letter)
        page = render_page(self.issue, told, choice.topics, head, templates)
        return page.encode(), told.picks

    def wanted(self) -> Mapping[str, tuple[float, Paper]]:
        """Return every paper that somebody asked for, by id, with its best score."""
        best: dict[str, tuple[float, Paper]] = {}

        def note(picks: Sequence[Pick]) -> None:
            for pick in picks:
                known = best.get(pick.paper.id, (0.0, pick.paper))
                if pick.topic != OUTSIDE_TOPIC.name:
                    best[pick.paper.id] = max(known, (pick.score.total, pick.paper), key=_first)

        note(self.picks)
        for some in everybody(self.day):
            for picks in self._own_picks([group.first for group in some]).values():
                note(picks)
        return best

    def tried(
        self, reader: Subscriber, marks: Mapping[str, Mark]
    ) -> tuple[Selection, tuple[Pick, ...]]:
        """Return what a reader would get, and all picks for the reader's own words.

        `marks` tell, by paper id, how near papers are to what the reader likes. The picks are
        without the sentences that tell what is new.
        """
        own = self._own_picks([reader]).get(reader.id, ())
        return self._marked(reader, own, marks), own

    def _own_picks(self, readers: Sequence[Subscriber]) -> dict[str, tuple[Pick, ...]]:
        """Return, by reader id, the picks for the own words of each reader who has such words."""
        topics = {reader.id: topic for reader in readers if (topic := own_topic(reader))}
        if not topics:
            return {}
        found: dict[str, list[Pick]] = {topic.name: [] for topic in topics.values()}
        for pick in pick_among(self.candidates, tuple(topics.values()), {}, {}):
            found[pick.topic].append(pick)
        return {reader: tuple(found[topic.name]) for reader, topic in topics.items()}

    def _select(self, reader: Subscriber, own: Mapping[str, Sequence[Pick]]) -> Selection:
        marks = (
            self.day.tastes.marks(self.papers, reader.likes, reader.dislikes)
            if reader.likes
            else {}
        )
        return self._marked(reader, own.get(reader.id, ()), marks)

    def _marked(
        self, reader: Subscriber, own: Sequence[Pick], marks: Mapping[str, Mark]
    ) -> Selection:
        if reader.likes and self._loose is None:
            self._loose = unscored(self.papers)
        return selections.select(
            self.day.config.choice,
            (*self.picks, *own),
            reader,
            folded=self.candidates.folded,
            marks=marks,
            loose=(self._loose or ()) if reader.likes else (),
        )

    def _told(self, selection: Selection) -> Selection:
        """Return the selection, with picks that have the sentence that tells what is new."""
        picks = tuple(map(self.candidates.told, selection.picks))
        return replace(selection, picks=picks, lead=selections.lead(picks))


def make_draft(day: Day, papers: Sequence[Paper] | None = None, *, invented: bool = False) -> Draft:
    """Return the draft of the day's issue.

    It chooses from the candidates of the day or, when given, from `papers`; `invented` says that
    those are invented. A paper that the picker fails on is recorded as a fault and left out.
    """
    papers = candidates(day) if papers is None else papers
    choice = day.config.choice
    topics = (*choice.topics, *([OUTSIDE_TOPIC] if choice.explore else ()))
    marks = day.tastes.of_topics(papers, topics)
    novelty: Mapping[str, float] = {}
    if any(name == "novelty" and weight for topic in topics for name, weight in topic.weights):
        here = {paper.id for paper in papers}
        lately = day.stores.papers.offered_since(day.date - NOVELTY, before=day.date)
        novelty = day.tastes.novelty(papers, [paper for paper in lately if paper.id not in here])
    now = day.clock()

    def step(some: Sequence[Paper]) -> tuple[Candidates, tuple[Pick, ...]]:
        whole = Candidates(some, now)
        return whole, pick_among(whole, topics, marks, novelty)

    (whole, picks), faults = without_faulty(papers, step)
    day.folders.faults.keep(*faults)
    issue = day.stores.issues.get(day.date) or Issue(
        date=day.date, number=day.stores.issues.next_number(), papers=len(papers)
    )
    return Draft(day=day, issue=issue, candidates=whole, picks=picks, invented=invented)


def candidates(day: Day) -> tuple[Paper, ...]:
    """Return the papers that the issue of the day can choose from."""
    window = issue_window(day.config.schedule, day.date, day.config.choice.max_age_days)
    return day.stores.papers.candidates(window)


def curious(day: Day) -> Readers:
    """Return an invented reader who wants every topic, without words, likes or mutes."""
    everything = replace(letters.NOBODY, topics=day.config.choice.topic_names)
    return Readers(audience="", first=everything, count=0)


def everybody(day: Day, seen: set[str] | None = None) -> Iterator[tuple[Readers, ...]]:
    """Yield all readers in batches: one for each shared audience, then all personal readers.

    The names of their audiences are added to `seen`. A reader whose subscription cannot be
    understood any more is recorded as a fault and left out.
    """
    seen = set() if seen is None else seen
    subscribers = day.stores.subscribers
    for audiences in chunks(subscribers.audiences(), BATCH):
        groups: list[Readers] = []
        for audience in audiences:
            if kept := subscribers.first_of(audience.name):
                seen.add(audience.name)
                readers = as_reader(day, kept)
                groups += [replace(readers, count=audience.count)] if readers else []
        yield tuple(groups)
    for some in subscribers.personal():
        seen |= {kept.wishes.audience(kept.id) for kept in some}
        yield tuple(readers for kept in some if (readers := as_reader(day, kept)))


def as_reader(day: Day, kept: Subscription) -> Readers | None:
    """Return a subscription as a reader of the day.

    When it cannot be understood, record a fault and return None.
    """
    try:
        reader = subscriber_of(
            kept,
            day.config.choice.topic_names,
            timezone=str(day.config.zone),
            language=day.config.letter.language,
        )
    except (ConfigError, FilterError) as error:
        wrong = error if isinstance(error, ConfigError) else ConfigError(f"their filter: {error}")
        content = repr(kept).encode("utf-8", "replace")
        day.folders.faults.keep(fault_of(Border.READER, kept.email, wrong, content))
        return None
    return Readers(audience=kept.wishes.audience(kept.id), first=reader)


def _first(pair: tuple[float, Paper]) -> float:
    return pair[0]
