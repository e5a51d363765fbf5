"""make_draft(): all that an issue would be: papers → picks → selections → editions.

An issue is made in one way only. What a run sends, and what the preview, `pick`, `render`, `check`,
`--dry-run` and `--explain` show, all comes from a draft.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from newsletter.day import letters, selections
from newsletter.day.borders import without_faulty
from newsletter.day.figures import known_figures
from newsletter.day.forms import cadences_due, form_for, render_forms
from newsletter.day.given import Day
from newsletter.day.pools import Pool, candidates, make_pool, week_of
from newsletter.day.readers import Readers, everybody
from newsletter.day.wording import sentences_of, with_summaries
from newsletter.model import (
    Border,
    Cadence,
    Edition,
    Fault,
    Figure,
    Issue,
    KeptDraft,
    Paper,
    Pick,
    Subscriber,
    Topic,
    fault_of,
)
from newsletter.pick.personal import OUTSIDE_TOPIC, OWN_TOPICS
from newsletter.pick.signals import Mark
from newsletter.pick.variety import choose
from newsletter.render.editions import render_page
from newsletter.render.given import Selection
from newsletter.render.looks import Form

AHEAD = 1_000
"""How many editions of single readers are made by whoever plans an issue. Those of further readers
are made when they are sent, by as many machines as send."""


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
    pool: Pool
    """What the issue of the day chooses from."""
    bad: set[str] = field(default_factory=set)
    """Ids of papers that the templates fail on: no edition contains them."""
    seen: set[str] = field(default_factory=set)
    """Names of the audiences that were looked at, including those that get nothing."""
    figures: dict[str, Figure] = field(default_factory=dict)
    """Copies of pictures of the papers that editions show so far, by paper id."""
    invented: bool = False
    """Whether its papers are invented, because none were collected yet."""
    later: int = 0
    """How many readers have an edition alone that was not made ahead."""
    faulty: dict[str, Fault] = field(default_factory=dict)
    """What went wrong for single readers, by their ids."""
    week: tuple[Paper, ...] = ()
    """What weekly editions choose from, when that was kept; empty: the papers of the week now."""
    _week: Pool | None = None

    @property
    def papers(self) -> tuple[Paper, ...]:
        """The papers that the issue of the day chooses from."""
        return self.pool.papers

    @property
    def picks(self) -> tuple[Pick, ...]:
        """Every paper that a topic of the newsletter wants, best first."""
        return self.pool.picks

    @property
    def topics(self) -> tuple[Topic, ...]:
        """Every section that an edition may have."""
        return (*self.day.config.choice.topics, *OWN_TOPICS)

    def pool_of(self, form: Form) -> Pool:
        """Return what editions of a form choose from: papers of the day, or of the week."""
        if not form.weekly:
            return self.pool
        if self._week is None:
            papers = self.week or week_of(self.day, self.papers)
            self._week = make_pool(self.day, papers, of_week=True)
        return self._week

    def form_for(self, reader: Subscriber) -> Form | None:
        """Return the form of the edition that a reader gets; None for no mail on this day."""
        return form_for(self.day.config, self.day.date, reader)

    def papers_for(self, reader: Subscriber | None) -> tuple[Paper, ...]:
        """Return the papers that a reader's edition chooses from; those of the day for others."""
        form = self.form_for(reader) if reader else None
        return self.pool_of(form).papers if form else self.papers

    @property
    def has_papers(self) -> bool:
        """Whether there are papers of the day or, on the day of weekly mails, of the week."""
        return bool(self.papers or self._papers_of_week())

    def _papers_of_week(self) -> tuple[Paper, ...]:
        """Return what weekly editions choose from, on a day on which there are any."""
        form = self.form_for(replace(letters.NOBODY, cadence=Cadence.WEEKLY))
        return self.pool_of(form).papers if form and form.weekly else ()

    def editions(self, ahead: int | None = None) -> Iterator[Drafted]:
        """Yield the edition of each audience; the personal editions come last.

        Only a few personal editions are in memory at the same time. With `ahead`, about so many are
        made, and the others are counted as `later`.
        """
        for some in everybody(self.day, self.seen, ahead):
            yield from self.for_readers(some)
        if ahead is not None:
            due = cadences_due(self.day.config, self.day.date)
            last = max(self.seen, default="")
            self.later = self.day.stores.subscribers.count_personal(last, due)

    def kept(self) -> KeptDraft:
        """Return what editions that are made later are made of."""
        return KeptDraft(
            made_at=self.day.clock(),
            papers=self.papers,
            week=self._papers_of_week(),
            bad=frozenset(self.bad),
            cadences=cadences_due(self.day.config, self.day.date),
        )

    def for_readers(
        self, readers: Sequence[Readers], *, send_empty: bool | None = None
    ) -> tuple[Drafted, ...]:
        """Return what some readers get, without those who get nothing.

        `send_empty` overrides the configuration: it says whether readers get a mail without papers.
        Nobody gets one on a day that is not theirs. A reader for whom choosing fails, and a paper
        that the templates fail on, are recorded as faults and left out.
        """
        send_empty = self.day.config.choice.send_empty if send_empty is None else send_empty
        found = [
            (group, selection)
            for group, selection in self.selected(readers)
            if selection.picks or send_empty
        ]

        shown = {pick.paper.id: pick.paper for _, kept in found for pick in kept.picks}
        self.figures |= known_figures(self.day, shown.values())
        letter = self.day.config.letter
        sentences = {
            language: sentences_of(self.day, shown.values(), language)
            for language in {letters.language_of(letter, kept.form) for _, kept in found}
        }

        def step(some: Sequence[Paper]) -> tuple[tuple[Selection, ...], tuple[Edition, ...]]:
            ids = frozenset(paper.id for paper in some)
            told = (self.pool_of(kept.form).told(selections.only(kept, ids)) for _, kept in found)
            left = tuple(
                with_summaries(one, sentences[letters.language_of(letter, one.form)])
                for one in told
            )
            return left, render_forms(letter, self.issue, left, self.topics, self.figures)

        (chosen, made), faults = without_faulty(tuple(shown.values()), step)
        self.day.folders.faults.keep(*faults)
        self.bad |= {fault.name for fault in faults}
        return tuple(
            Drafted(readers=group, selection=selection, edition=edition)
            for (group, _), selection, edition in zip(found, chosen, made, strict=True)
        )

    def selected(self, readers: Sequence[Readers]) -> Iterator[tuple[Readers, Selection]]:
        """Yield what is chosen for each reader who gets mail on this day: weeklies come last."""
        getting = [(group, form) for group in readers if (form := self.form_for(group.first))]
        for weekly in (False, True):
            some = [(group, form) for group, form in getting if form.weekly is weekly]
            if not some:
                continue
            pool = self.pool_of(some[0][1])
            own = pool.own_picks([group.first for group, _ in some])
            good = frozenset(paper.id for paper in pool.papers if paper.id not in self.bad)
            for group, form in some:
                try:
                    selection = pool.select(group.first, own, form)
                except Exception as error:  # noqa: BLE001  a border: whatever is wrong stays here
                    content = repr(group.first).encode("utf-8", "replace")
                    fault = fault_of(Border.READER, group.first.email, error, content)
                    self.faulty[group.first.id] = fault
                    self.day.folders.faults.keep(fault)
                    continue
                kept = selections.only(selection, good)
                yield group, selections.shortened(kept) if form.short else kept

    def page(self) -> tuple[bytes, tuple[Pick, ...]]:
        """Return the issue as a public web page, and the picks that it shows.

        The page has all topics, and all that adds to the sentence told of each paper.
        """
        letter, topics = self.day.config.letter, self.day.config.choice.topics
        told = self.pool.told(self.of_everybody())
        papers = [pick.paper for pick in told.picks]
        told = with_summaries(told, sentences_of(self.day, papers, letter.language))
        # Beside the page lie the same papers for reference managers, and the folder of figures.
        head = replace(
            letters.masthead(letter), citations="issue.bib", figure_url="../figures/{name}"
        )
        figures = known_figures(self.day, papers)
        page = render_page(self.issue, told, topics, head, letters.templates(letter), figures)
        return page.encode(), told.picks

    def of_everybody(self) -> Selection:
        """Return what the public page shows."""
        choice = self.day.config.choice
        picks = [pick for pick in self.picks if pick.paper.id not in self.bad]
        chosen = choose(picks, choice.topics, per_author=choice.per_author, variety=choice.variety)
        return Selection(topics=choice.topic_names, picks=chosen, lead=selections.lead(chosen))

    def likely(self, ahead: int | None = None) -> Iterator[tuple[Selection, int]]:
        """Yield what readers will likely get, each with how many: first the page, as one reader.

        With `ahead`, of about so many single readers.
        """
        yield self.of_everybody(), 1
        for some in everybody(self.day, ahead=ahead):
            for group, selection in self.selected(some):
                yield selection, group.count

    def wanted(self) -> Mapping[str, tuple[float, Paper]]:
        """Return every paper that somebody asked for, by id, with its best score."""
        best: dict[str, tuple[float, Paper]] = {}

        def note(picks: Sequence[Pick]) -> None:
            for pick in picks:
                known = best.get(pick.paper.id, (0.0, pick.paper))
                if pick.topic != OUTSIDE_TOPIC.name:
                    best[pick.paper.id] = max(known, (pick.score.overall, pick.paper), key=_first)

        note(self.picks)
        for some in everybody(self.day):
            for picks in self.pool.own_picks([group.first for group in some]).values():
                note(picks)
        return best

    def tried(
        self, reader: Subscriber, marks: Mapping[str, Mark]
    ) -> tuple[Selection, tuple[Pick, ...]]:
        """Return what a reader would get, and all picks for the reader's own words.

        `marks` tell, by paper id, how near papers are to what the reader likes. The picks are
        without the sentences that tell what is new.
        """
        own = self.pool.own_picks([reader]).get(reader.id, ())
        return self.pool.marked(reader, own, marks), own


def make_draft(day: Day, papers: Sequence[Paper] | None = None, *, invented: bool = False) -> Draft:
    """Return the draft of the day's issue.

    It chooses from the candidates of the day or, when given, from `papers`; `invented` says that
    those are invented.
    """
    papers = candidates(day) if papers is None else papers
    issue = day.stores.issues.get(day.date) or Issue(
        date=day.date, number=day.stores.issues.next_number(), papers=len(papers)
    )
    return Draft(day=day, issue=issue, pool=make_pool(day, papers), invented=invented)


def kept_draft(day: Day, issue: Issue, kept: KeptDraft) -> Draft:
    """Return the draft that an issue was made of: its papers are as old as they were then."""
    then = replace(day, clock=lambda: kept.made_at)
    return Draft(
        day=then,
        issue=issue,
        pool=make_pool(then, kept.papers),
        bad=set(kept.bad),
        week=kept.week,
    )


def _first(pair: tuple[float, Paper]) -> float:
    return pair[0]
