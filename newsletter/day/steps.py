"""One day's run on one page: collect, pick, render, plan, send.

Each step loads what it needs, lets a stage decide, and saves. Steps can be run one by one; `run`
is all of them, and running it again sends nothing twice.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
import random
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from newsletter.collect.http.fetcher import Fetcher
from newsletter.collect.lookup import look_up
from newsletter.collect.papers import collect_papers
from newsletter.collect.reader import Reader
from newsletter.collect.services.enrichment import enrich_papers
from newsletter.config import Config
from newsletter.day import letters, selections
from newsletter.day.borders import without_faulty
from newsletter.day.intake import Intake
from newsletter.day.mailroom import Mailroom
from newsletter.day.proofs import hold_if_wrong, proofread
from newsletter.day.results import Collected, Ran, Rendered
from newsletter.errors import ConfigError
from newsletter.learn.tastes import Tastes
from newsletter.model import (
    Delivery,
    Edition,
    Fate,
    Issue,
    Outcome,
    Paper,
    Pick,
    SourceReport,
    Subscriber,
)
from newsletter.pick.papers import pick_papers
from newsletter.pick.personal import OUTSIDE_TOPIC, OWN_TOPICS
from newsletter.render.checks.findings import Finding
from newsletter.render.editions import render_editions
from newsletter.render.press import Selection
from newsletter.schedule import issue_window
from newsletter.send.audience import plan_deliveries
from newsletter.send.editions import Transport, send_editions
from newsletter.send.pace import DEADLINE
from newsletter.send.signatures import Signer
from newsletter.send.tallies import Sent
from newsletter.store import (
    Archive,
    FactStore,
    FaultStore,
    IssueStore,
    Outbox,
    PaperStore,
    SourceStore,
    SqlLedger,
    SuppressionStore,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The only bundle of the world: built by the command line, passed to every step."""

    date: dt.date
    clock: Callable[[], dt.datetime]
    chance: random.Random
    config: Config
    sources: SourceStore
    tastes: Tastes
    papers: PaperStore
    facts: FactStore
    issues: IssueStore
    ledger: SqlLedger
    outbox: Outbox
    archive: Archive
    faults: FaultStore
    redact: Callable[[str], str]
    """Takes the operator's secrets out of a text."""
    fetcher: Fetcher
    reader: Reader
    transport: Transport
    owner: str
    """This process's name in the ledger."""
    fate_of: Callable[[str], Fate]
    signer: Signer | None
    staying: Callable[[], Collection[str]]
    """Returns who is on the list at this moment, by id."""
    suppressions: SuppressionStore
    stop: asyncio.Event
    on_source: Callable[[SourceReport], None] = lambda _report: None
    on_delivery: Callable[[Delivery, Outcome], None] = lambda _delivery, _outcome: None


async def run(day: Day) -> Ran:
    """Make and send the issue of the day; finish it, and earlier ones, when a run began them."""
    # Without a secret that mail needs, what can be done is to keep today's papers.
    for earlier in () if day.config.missing else day.issues.unfinished(day.date):
        # What is still worth sending is sent; what is too old expires, and the issue closes.
        await send(replace(day, date=earlier))
    ran = functools.partial(Ran, date=day.date, unfinished=day.issues.unfinished(day.date))
    if day.issues.get(day.date):
        sent = await send(day)
        counts = day.ledger.counts(day.date)
        return ran(already=True, sent=sent, counts=counts, faults=day.faults.seen)
    collected = await collect(day)
    rendered = render(day, pick(day))
    # No source answered and nothing is known: that is no quiet day, and nobody is told it is one.
    blind = collected.all_failed and not rendered.papers
    sent = Sent() if blind or not rendered.editions else await send(day, rendered)
    return ran(
        already=False,
        collected=collected,
        rendered=rendered,
        sent=sent,
        counts=day.ledger.counts(day.date) if day.issues.get(day.date) else {},
        faults=day.faults.seen,
    )


async def collect(day: Day) -> Collected:
    """Visit the sources and add what they show to the papers known before; enrich the best."""
    now = day.clock()
    intake = Intake(
        papers=day.papers, sources=day.sources, facts=day.facts, now=now, redact=day.redact
    )
    visits = collect_papers(
        day.config.sources,
        day.fetcher,
        day.reader,
        intake.unseen,
        remembered=day.sources.remembered(),
        now=now,
        max_age=dt.timedelta(days=day.config.max_age_days),
    )
    async for visit in visits:
        day.on_source(intake.take(visit))
    intake.attach_discussions()
    liked = day.tastes.unknown(selections.likes(day.config))
    api = letters.arxiv_api(day.config)
    named, problem = await look_up(liked, day.fetcher, day.reader, now, api)
    intake.keep(named)
    notes: tuple[str, ...] = (problem,) if problem else ()
    if day.config.enrichments:
        # Those that some topic wants, the best first: the time for asking is short.
        wanted = (one for one in pick(day) if one.topic != OUTSIDE_TOPIC.name)
        best = sorted(wanted, key=lambda one: -one.score.total)
        enriched = await enrich_papers(
            tuple({one.paper.id: one.paper for one in best}.values()),
            day.config.enrichments,
            day.fetcher,
            day.reader,
            day.facts.known,
            now,
            day.config.enrich_seconds,
        )
        intake.enrich(enriched)
        notes += enriched.notes
    day.faults.keep(*intake.faults)
    return Collected(
        at=now,
        reports=tuple(intake.reports),
        health=intake.health,
        new=intake.new,
        candidates=len(candidates(day)),
        notes=tuple(map(day.redact, notes)),
    )


def candidates(day: Day) -> tuple[Paper, ...]:
    """Return the papers that the issue of the day can choose from."""
    window = issue_window(day.config.schedule, day.date, day.config.max_age_days)
    return day.papers.candidates(window)


def pick(day: Day) -> tuple[Pick, ...]:
    """Score the papers under every topic, and under the words of every reader who has some."""
    papers, topics = candidates(day), selections.topics(day.config)
    marks = day.tastes.of_topics(papers, topics)
    novelty: dict[str, float] = {}
    if any(name == "novelty" and weight for one in topics for name, weight in one.weights):
        month = day.date - dt.timedelta(days=30)
        here = {paper.id for paper in papers}
        sent = [one for one in day.papers.offered_since(month) if one.id not in here]
        novelty = day.tastes.novelty(papers, sent)
    now = day.clock()
    picks, faults = without_faulty(
        papers, lambda some: pick_papers(some, topics, now, marks, novelty)
    )
    day.faults.keep(*faults)
    return picks


def render(day: Day, picks: Sequence[Pick]) -> Rendered:
    """Render an edition for each distinct list of topics, and write them to the outbox.

    An issue that is planned already is written as it was planned: it does not change any more.
    """
    papers: tuple[Paper, ...] = ()
    findings: tuple[Finding, ...] = ()
    if issue := day.issues.get(day.date):
        editions = day.issues.editions(day.date)
    else:
        papers = candidates(day)
        issue = Issue(date=day.date, number=day.issues.next_number(), papers=len(papers))
        topics = (*day.config.topics, *OWN_TOPICS)
        picks, chosen, editions = _editions(day, issue, picks, papers)
        findings = proofread(day.config, issue, chosen, editions, topics, day.clock())
    readers = {selections.edition_of(one): one for one in reversed(day.config.subscribers)}
    readable = letters.readable(editions)

    def files() -> Iterator[tuple[str, bytes]]:
        for edition in readable:
            reader = readers.get(edition.key, letters.NOBODY)
            yield from letters.files(day.config, issue, edition, reader, day.clock())

    written = day.outbox.write_files(issue, files())
    if papers and editions:
        page, shown = letters.page(day.config, issue, picks)
        published = day.archive.write(issue, page, papers, shown)
        written = (*written, day.outbox.write_papers(issue, papers, readable), *published)
    return Rendered(issue=issue, editions=editions, papers=papers, files=written, findings=findings)


def _editions(
    day: Day, issue: Issue, picks: Sequence[Pick], papers: Sequence[Paper]
) -> tuple[Sequence[Pick], tuple[Selection, ...], tuple[Edition, ...]]:
    """Return the picks, what readers get of them, and the editions of that.

    A paper that the templates fail on is left out of all three.
    """
    config, head = day.config, letters.masthead(day.config)
    topics, templates = (*config.topics, *OWN_TOPICS), letters.templates(config)
    chosen = tuple(selections.selections(config, picks, papers, day.tastes.marks, day.faults.keep))

    def step(some: Sequence[Paper]) -> tuple[tuple[Selection, ...], tuple[Edition, ...]]:
        ids = frozenset(paper.id for paper in some)
        left = tuple(selections.only(one, ids) for one in chosen)
        return left, render_editions(issue, left, topics, head, templates)

    shown = {pick.paper.id: pick.paper for one in chosen for pick in one.picks}
    (chosen, editions), faults = without_faulty(tuple(shown.values()), step)
    day.faults.keep(*faults)
    bad = {fault.name for fault in faults}
    return [one for one in picks if one.paper.id not in bad], chosen, editions


def plan(day: Day, rendered: Rendered) -> None:
    """Freeze the issue: its editions and one delivery for each subscriber, in one transaction.

    Raises ProofError when the checks found an error that configuration wants held.
    """
    hold_if_wrong(day.config, rendered.findings)
    day.issues.plan(
        rendered.issue,
        rendered.editions,
        deliveries(day, rendered),
        (paper.id for paper in rendered.papers),
        day.clock(),
    )


def deliveries(day: Day, rendered: Rendered) -> Iterator[Delivery]:
    """Return one delivery for each subscriber whose topics have an edition."""
    keys = {edition.key for edition in rendered.editions}

    def edition_of(subscriber: Subscriber) -> str | None:
        key = selections.edition_of(subscriber)
        return key if key in keys else None

    return plan_deliveries(day.date, day.config.subscribers, edition_of)


async def send(day: Day, rendered: Rendered | None = None, *, email: str | None = None) -> Sent:
    """Send what is planned and not sent yet; plan the issue first, when nobody has.

    Raises ConfigError when a secret is missing without which no mail can leave: nothing is planned
    then, since an issue carries signed links.
    """
    day.config.require_ready()
    if not day.issues.get(day.date):
        rendered = rendered or render(day, pick(day))
        if not rendered.editions:
            return Sent()
        plan(day, rendered)
    issue = day.issues.get(day.date)
    if issue is None or issue.planned_at is None:
        raise AssertionError("an issue was planned and is not there")
    if not day.config.listed:
        raise ConfigError(
            f"{day.config.folder / 'subscribers.yaml'}: nobody is on the list, but the issue of "
            f"{day.date} is planned: nothing was sent, and nobody's delivery was cancelled; put "
            f"the list back, or give the issue up with `newsletter cancel {day.date}`"
        )
    # Whoever left the list since the issue was planned gets nothing; the mailroom asks again.
    day.ledger.follow_list(day.date, day.staying(), day.clock())

    sent = await send_editions(
        day.date,
        day.ledger,
        day.transport,
        Mailroom(day.config, issue, day.issues, day.clock, day.signer, day.staying).prepare,
        owner=day.owner,
        fate_of=day.fate_of,
        deadline=issue.planned_at + DEADLINE,
        clock=day.clock,
        chance=day.chance,
        pace=day.config.pace,
        email=email,
        stop=day.stop,
        on_delivery=day.on_delivery,
    )
    day.faults.keep(*sent.faults)
    day.suppressions.learn(day.date, day.clock())
    return sent
