"""render(): write the editions of an issue to the outbox, and to the spool for planning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from newsletter.day import letters
from newsletter.day.drafts import AHEAD, Draft, Drafted, make_draft
from newsletter.day.given import Day
from newsletter.day.planning import Spool
from newsletter.day.proofs import MOST, proofread
from newsletter.day.readers import as_reader
from newsletter.day.results import EditionSummary, Rendered
from newsletter.model import Edition, Issue, Pick, Subscriber
from newsletter.render.citations import bibtex, ris
from newsletter.render.words import say

READABLE = 100
"""How many editions of an issue are written as files: each reader may have a personal one."""


def render(day: Day, draft: Draft | None = None, *, spool: Spool | None = None) -> Rendered:
    """Write the first editions of the day to the outbox, and all of them into `spool`.

    An issue that is already planned is written as it was planned: it does not change any more.
    """
    outbox = day.folders.outbox
    if planned := day.stores.issues.get(day.date):
        return _as_planned(day, planned)
    draft = draft or make_draft(day)
    account = _Account()
    files = outbox.write_files(draft.issue, _files(day, draft, account, spool))
    page, shown = draft.page() if draft.papers else (b"", ())
    # On a day without papers, nobody gets what others do not get.
    later = draft.later if day.config.choice.send_empty or draft.has_papers else 0
    if later and spool is not None:
        spool.leave(draft.kept(), draft.seen)
    for_site = bool(day.config.letter.site)
    if page and (account.contents or (for_site and shown)):
        published = day.folders.archive.write(
            draft.issue, page, draft.papers, shown, say, _citations(shown)
        )
        told = outbox.write_papers(draft.issue, draft.papers, account.editions, say)
        picks = (*shown, *(pick for edition in account.editions for pick in edition.picks))
        cited = outbox.write_citations(draft.issue, _citations(picks))
        files = (*files, told, *cited, *published)
    return Rendered(
        issue=draft.issue,
        editions=tuple(account.editions),
        contents=tuple(account.contents),
        readers=account.readers + later,
        papers=draft.papers,
        files=files,
        considered=frozenset(draft.seen),
        shown=shown,
        for_site=for_site,
        later=later,
        findings=proofread(
            day.config.letter,
            draft.issue,
            [drafted.selection for drafted in account.proofs],
            [drafted.edition for drafted in account.proofs],
            draft.topics,
            day.clock(),
            draft.figures,
            day.folders.figures.read,
        ),
    )


def _citations(picks: Iterable[Pick]) -> Mapping[str, str]:
    """Return the papers of some picks for reference managers, by file name."""
    papers = [pick.paper for pick in picks]
    return {"issue.bib": bibtex(papers), "issue.ris": ris(papers)}


@dataclass(slots=True)
class _Account:
    """What has been made so far."""

    proofs: list[Drafted] = field(default_factory=list)
    """The first editions, for the checks."""
    editions: list[Edition] = field(default_factory=list)
    """The editions that are written as files."""
    contents: list[EditionSummary] = field(default_factory=list)
    readers: int = 0


def _files(
    day: Day, draft: Draft, account: _Account, spool: Spool | None
) -> Iterator[tuple[str, bytes]]:
    """Make every edition; yield the files of the first ones."""
    seen: set[str] = set()
    for drafted in draft.editions(AHEAD):
        edition = drafted.edition
        account.readers += drafted.readers.count
        if spool is not None:
            spool.add(drafted.readers.audience, edition)
        if edition.key in seen:
            continue
        seen.add(edition.key)
        account.contents.append(
            EditionSummary(key=edition.key, subject=edition.subject, picks=len(edition.picks))
        )
        if len(account.proofs) < MOST:
            account.proofs.append(drafted)
        if len(account.editions) < READABLE:
            account.editions.append(edition)
            yield from letters.files(
                day.config.letter,
                draft.issue,
                edition,
                drafted.readers.first,
                day.clock(),
                day.folders.figures.read,
            )


def _as_planned(day: Day, issue: Issue) -> Rendered:
    """Write the first editions of a planned issue once more."""
    issues, letter, now = day.stores.issues, day.config.letter, day.clock()
    shown = tuple(issues.editions(issue.date, READABLE))

    def files() -> Iterator[tuple[str, bytes]]:
        for audience, edition in shown:
            reader, pictures = sample_reader(day, audience), day.folders.figures.read
            yield from letters.files(letter, issue, edition, reader, now, pictures)

    written = day.folders.outbox.write_files(issue, files())
    contents = tuple(
        EditionSummary(key=key, subject=subject, picks=0)
        for key, subject in issues.subjects(issue.date)
    )
    return Rendered(
        issue=issue,
        editions=tuple(edition for _, edition in shown),
        contents=contents,
        readers=sum(day.stores.ledger.counts(issue.date).values()),
        papers=(),
        files=written,
    )


def sample_reader(day: Day, audience: str) -> Subscriber:
    """Return one reader of an audience, or NOBODY when there is none, as when all have left."""
    kept = day.stores.subscribers.first_of(audience)
    readers = as_reader(day, kept) if kept else None
    return readers.first if readers else letters.NOBODY
