"""Sources, what is remembered of them, and what a visit gave."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from itertools import pairwise

from newsletter.model.faults import Fault
from newsletter.model.papers import Mention, Paper


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A place that papers come from."""

    name: str
    kind: str
    """A key of `newsletter.collect.kinds.table.KINDS`."""
    location: str = ""
    """One document: an http(s) URL, or the absolute path of a file or folder. If it is empty, the
    kind's own service is asked."""
    api: str = ""
    """Base address of the service, if not the usual one."""
    categories: tuple[str, ...] = ()
    announce: tuple[str, ...] = ("new", "cross")
    """arXiv announcement types that count; others, such as replacements, are left out."""
    query: str = ""
    """What to search for, in the service's own language."""
    authors: tuple[str, ...] = ()
    """Author ids of the service."""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Sent only to this source: they hold keys and passwords, so they are never shown."""

    @property
    def is_service(self) -> bool:
        """Whether the kind's own service is asked, by date, instead of reading one document."""
        return not self.location


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrichment:
    """A service that is asked what it knows about papers that other sources showed."""

    service: str
    """A key of `newsletter.collect.services.table.ENRICHERS`."""
    api: str = ""
    """Base address of the service, if not the usual one."""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What a server gave to recognise an unchanged document by (RFC 9110, 8.8)."""

    address: str = ""
    """Digest of the address they belong to; the address itself may hold a key."""
    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What is remembered of a source between visits."""

    last_good: dt.datetime | None = None
    """When it last gave a readable document, or said that nothing had changed."""
    last_new: dt.datetime | None = None
    """When it last showed a paper that no source had shown before."""
    last_error: str = ""
    failures: int = 0
    """Failed visits since the last one that worked."""
    validators: Validators = Validators()
    fresh_until: dt.datetime | None = None
    """The server asked not to be asked again before this time (RFC 9111, 5.2.2.1)."""
    moved_to: str = ""
    """Where a permanent redirect led (RFC 9110, 15.4.2 and 15.4.9)."""
    retired: bool = False
    """Whether the server said that the source is gone for good (HTTP 410)."""
    covered: dt.datetime | None = None
    """The last batch that was collected, for sources that publish in batches."""
    days: tuple[tuple[dt.date, int], ...] = ()
    """Number of new papers on each recent day with a visit, oldest first."""

    @property
    def papers_per_day(self) -> float:
        """Mean number of new papers a day, from the first remembered visit to the last."""
        if not self.days:
            return 0.0
        span = (self.days[-1][0] - self.days[0][0]).days + 1
        return sum(count for _, count in self.days) / span

    def is_stale(self, now: dt.datetime) -> bool:
        """Return whether it has been silent for more than twice its longest pause so far.

        A source that has shown papers on fewer than two days has no usual pause to compare with,
        and a silence shorter than STALE_DAYS is never reported.
        """
        busy = [day for day, count in self.days if count]
        if self.last_new is None or len(busy) < 2:  # noqa: PLR2004  a pause has two ends
            return False
        longest = max(later - day for day, later in pairwise(busy))
        return now - self.last_new > max(2 * longest, dt.timedelta(days=STALE_DAYS))


STALE_DAYS = 4
"""The longest pause that is not suspicious: a weekend with a holiday next to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """How one source did today: papers or a clear reason why not."""

    source: str
    papers: int = 0
    new: int = 0
    """How many of its papers were not known before this run."""
    skipped: int = 0
    """Entries left out on purpose, such as arXiv replacements."""
    faults: int = 0
    """Number of faults of the visit; each is kept with its input."""
    mentions: int = 0
    """Number of discussions of papers that it showed."""
    error: str = ""
    note: str = ""
    """Worth knowing but not an error: an empty weekend feed, entries without a title."""
    asked: bool = True
    """False when it was left alone: retired, or still fresh."""
    validators: Validators | None = None
    """For the next visit's request; None keeps those of the last visit."""
    fresh_until: dt.datetime | None = None
    moved_to: str = ""
    """The address to ask from now on; empty for the configured one."""
    retired: bool = False
    covered: dt.datetime | None = None
    """The last batch that has been collected now, for sources that publish in batches."""

    @property
    def ok(self) -> bool:
        """Whether the source answered with a document that could be read."""
        return not self.error


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What one source gave."""

    source: Source
    report: SourceReport
    papers: tuple[Paper, ...] = ()
    mentions: tuple[Mention, ...] = ()
    sources: tuple[Source, ...] = ()
    """The sources that it names, if it is a list of sources (OPML)."""
    backlog: frozenset[str] = frozenset()
    """Ids of a first visit's undated papers: an archive, so they are not news."""
    faults: tuple[Fault, ...] = ()
    """What went wrong with one entry or with the visit, without stopping anything else."""
