"""One day's run on one page: collect, draft, render, plan, send.

Each step loads what it needs, calls a stage, and saves the result. Steps can be run one by one;
`run` does all of them, and running it again sends nothing twice.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from newsletter.collect.lookup import look_up
from newsletter.collect.papers import collect_papers
from newsletter.collect.services.enrichment import enrich_papers
from newsletter.day.copying import illustrated, keep_figures
from newsletter.day.drafts import make_draft
from newsletter.day.given import Day, Post, Web
from newsletter.day.intake import Intake
from newsletter.day.keeping import forget
from newsletter.day.mailroom import Mailroom
from newsletter.day.personal import PersonalEditions
from newsletter.day.planning import Spool
from newsletter.day.pools import window_of
from newsletter.day.proofs import hold_if_wrong
from newsletter.day.readers import likes
from newsletter.day.rendering import render
from newsletter.day.results import Collected, Forgotten, Ran, Rendered
from newsletter.day.summaries import write_sentences
from newsletter.errors import StaleDraftError, TemplateError
from newsletter.model import OPEN, Border, Issue, Later, fault_of
from newsletter.send.editions import send_editions
from newsletter.send.pace import DEADLINE
from newsletter.send.tallies import Sent

LEARNT: Final = "learnt"
"""What issues that `learn` was done for are remembered under, among the facts."""


async def run(day: Day, web: Web, post: Post) -> Ran:
    """Make and send the issue of the day; finish it and earlier issues that a run has begun."""
    stores, ready = day.stores, not day.config.missing
    forgotten = begin(day)
    # When a secret is missing that mail needs, all we can do is collect today's papers.
    for earlier in stores.issues.unfinished(day.date) if ready else ():
        # Deliveries that are still worth sending are sent. Those that are too old expire, and the
        # issue is closed.
        try:
            await send(replace(day, date=earlier), post)
        except TemplateError as error:  # planned by another version; others go on
            day.folders.faults.keep(fault_of(Border.EDITION, f"of {earlier}", error))
    unfinished, waiting = _earlier(day)
    ran = functools.partial(
        Ran, date=day.date, unfinished=unfinished, earlier=waiting, forgotten=forgotten
    )
    faults = day.folders.faults
    if stores.issues.get(day.date):
        sent = await send(day, post)
        counts = stores.ledger.counts(day.date)
        later = stores.ledger.later(day.date, day.clock())
        return ran(already=True, sent=sent, counts=counts, later=later, faults=faults.seen)
    collected = await collect(day, web)
    rendered = make_issue(day, blind=collected.all_failed)
    sent = await send(day, post) if stores.issues.get(day.date) else Sent()
    return ran(
        already=False,
        collected=collected,
        rendered=rendered,
        sent=sent,
        counts=stores.ledger.counts(day.date) if stores.issues.get(day.date) else {},
        later=stores.ledger.later(day.date, day.clock()),
        faults=faults.seen,
    )


def _earlier(day: Day) -> tuple[tuple[dt.date, ...], Later]:
    """Return which earlier issues have mail to send now, or again, and what waits for its hour."""
    ledger, waiting = day.stores.ledger, Later()
    unfinished: list[dt.date] = []
    for date in day.stores.issues.unfinished(day.date):
        later = ledger.later(date, day.clock())
        counts = ledger.counts(date)
        if sum(counts[state] for state in OPEN) > later.count:
            unfinished.append(date)
        waiting += later
    return tuple(unfinished), waiting


def begin(day: Day) -> Forgotten:
    """Do what a day begins with: follow the list of subscribers, delete what is over."""
    follow_list(day)
    return forget(day)


def follow_list(day: Day) -> None:
    """Bring the store up to date with subscribers.yaml, and end the pauses that are over.

    Raises ConfigError for mistakes in the list, and for an empty list while an issue is being sent.
    """
    stores, now = day.stores, day.clock()
    is_sending = bool(stores.issues.unfinished(day.date + dt.timedelta(days=1)))
    day.list.follow(now, may_empty=not is_sending)
    stores.subscribers.end_pauses(now.astimezone(day.config.zone).date(), now)


async def collect(day: Day, web: Web) -> Collected:
    """Visit the sources and add what they show to the papers known before; enrich the best.

    All that needs the web is done here, for the papers that the issue of the day will likely show:
    their figures are copied, and a machine writes sentences, if the configuration says so.
    """
    now, stores, settings = day.clock(), day.stores, day.config.collecting
    intake = Intake(
        papers=stores.papers,
        sources=stores.sources,
        facts=stores.facts,
        now=now,
        redact=day.redact,
    )
    visits = collect_papers(
        settings.sources,
        web.fetcher,
        web.reader,
        intake.unseen,
        remembered=stores.sources.remembered(),
        now=now,
        max_age=dt.timedelta(days=day.config.choice.max_age_days),
        # The age at the issue's day counts: that may be another day than today.
        oldest=window_of(day).oldest,
    )
    async for visit in visits:
        web.on_source(intake.take(visit))
    intake.attach_discussions()
    liked = day.tastes.unknown(likes(day))
    named, problem = await look_up(liked, web.fetcher, web.reader, now, settings.arxiv_api)
    intake.keep(named)
    notes: tuple[str, ...] = (problem,) if problem else ()
    if settings.enrichments:
        # Ask about papers that somebody wants, the best first: the time for asking is short.
        wanted = make_draft(day).wanted().values()
        enriched = await enrich_papers(
            tuple(paper for _, paper in sorted(wanted, key=lambda scored: -scored[0])),
            settings.enrichments,
            web.fetcher,
            web.reader,
            stores.facts.known,
            now,
            settings.enrich_seconds,
        )
        intake.enrich(enriched)
        notes += enriched.notes
    if day.config.letter.figures != "none" or day.config.summaries:
        draft = make_draft(day)
        notes += await keep_figures(day, web, illustrated(draft))
        notes += await write_sentences(day, web, draft)
    day.folders.faults.keep(*intake.faults)
    return Collected(
        at=now,
        reports=tuple(intake.reports),
        health=intake.health,
        new=intake.new,
        candidates=stores.papers.count(window_of(day)),
        notes=tuple(map(day.redact, notes)),
    )


def make_issue(day: Day, *, blind: bool = False) -> Rendered:
    """Render the issue of the day, and plan it when anybody gets something, or its site a page.

    When a subscriber was added or changed meanwhile, the issue is made again, so that nobody is
    forgotten. It is `blind` after a collection of which all sources failed. When there are no
    papers then, nothing is planned: readers must not be told that it was a quiet day.
    """
    for is_last in (False, False, True):
        with Spool() as spool:
            rendered = render(day, spool=spool)
            if not rendered.is_issue or (blind and not rendered.papers):
                return rendered
            day.config.require_ready()
            try:
                plan(day, rendered, spool, whole=not is_last)
            except StaleDraftError:
                continue
            return rendered
    raise AssertionError("the last plan is never stale")


def plan(day: Day, rendered: Rendered, spool: Spool, *, whole: bool = True) -> None:
    """Freeze the issue: its editions and one delivery for each subscriber, in one transaction.

    Raises ProofError when the checks found an error and the configuration says to hold the issue
    then. With `whole`, raises StaleDraftError when the editions were not made for all active
    readers.
    """
    hold_if_wrong(day.config.letter, rendered.findings)
    day.stores.issues.plan(
        rendered.issue,
        spool,
        (paper.id for paper in rendered.papers),
        day.clock(),
        timezone=str(day.config.zone),
        language=day.config.letter.language,
        shown=rendered.shown,
        considered=rendered.considered if whole else None,
    )


async def send(day: Day, post: Post, *, email: str | None = None) -> Sent:
    """Send what is planned and not sent yet; plan the issue first, if that is not done yet.

    Raises ConfigError when a secret is missing that mail needs. Then nothing is planned either,
    because an issue contains signed links.
    """
    day.config.require_ready()
    stores = day.stores
    if not stores.issues.get(day.date) and not make_issue(day).is_issue:
        return Sent()
    issue = stores.issues.get(day.date)
    if issue is None:
        raise AssertionError("an issue was planned and is not there")
    # Subscribers who have left since get nothing; those who are back get the issue. The ledger
    # checks this again at each claim.
    stores.ledger.follow_subscribers(day.date, day.clock())
    with stores.ledger.pulse(post.sender.owner):
        sent = await _send(day, post, issue, PersonalEditions(), email=email)
    stores.suppressions.learn(day.date, day.clock())
    return sent


async def send_shard(day: Day, post: Post, shard: int, personal: PersonalEditions) -> Sent:
    """Send what can be sent now of one shard of an issue that is planned; return what was done.

    Whoever sends one shard after the other gives the same `personal` each time.

    Raises ConfigError when a secret is missing that mail needs, and StoreError when the ledger
    cannot be read or written.
    """
    day.config.require_ready()
    issue = day.stores.issues.get(day.date)
    return await _send(day, post, issue, personal, shard=shard) if issue else Sent()


async def _send(
    day: Day,
    post: Post,
    issue: Issue,
    personal: PersonalEditions,
    *,
    email: str | None = None,
    shard: int | None = None,
) -> Sent:
    """Send what can be sent now of a planned issue: all of it, or to one address, or one shard."""
    if issue.planned_at is None:
        raise AssertionError("an issue that is in the store was planned")
    mailroom = Mailroom(day, issue, post.signer, personal)
    sent = await send_editions(
        day.date,
        day.stores.ledger,
        mailroom.prepare,
        replace(post.sender, on_claim=mailroom.expect),
        deadline=issue.planned_at + DEADLINE,
        pace=day.config.delivering.pace,
        email=email,
        shard=shard,
    )
    day.folders.faults.keep(*sent.faults)
    return sent


def learn(day: Day) -> None:
    """Learn what an issue that is finished tells about addresses, and remember that it is done."""
    day.stores.suppressions.learn(day.date, day.clock())
    day.stores.facts.save(LEARNT, {day.date.isoformat(): {}}, day.clock())


def learnt(day: Day, dates: Iterable[dt.date]) -> frozenset[dt.date]:
    """Return for which issues of some dates `learn` was done."""
    known = day.stores.facts.known(LEARNT, [date.isoformat() for date in dates])
    return frozenset(map(dt.date.fromisoformat, known))
