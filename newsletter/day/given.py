"""What the steps get from outside: stores, folders, web, mail. `newsletter.world` builds it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from newsletter.collect.http.fetcher import Fetcher
from newsletter.collect.reader import DocumentReader
from newsletter.config.settings import Config
from newsletter.learn.tastes import Tastes
from newsletter.model import SourceReport
from newsletter.send.editions import Sender
from newsletter.send.signatures import Signer
from newsletter.store import (
    AccountStore,
    Archive,
    FactStore,
    FaultStore,
    FeedbackStore,
    FigureStore,
    IssueStore,
    NoticeStore,
    Outbox,
    PaperStore,
    PickStore,
    RequestStore,
    Retention,
    SearchStore,
    SentenceStore,
    SourceStore,
    SqlLedger,
    SubscriberStore,
    SuppressionStore,
    TallyStore,
)
from newsletter.subscribe.lists import SubscriberFile
from newsletter.summarise.writing import Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """What is kept between runs in the database."""

    papers: PaperStore
    sources: SourceStore
    facts: FactStore
    sentences: SentenceStore
    issues: IssueStore
    ledger: SqlLedger
    subscribers: SubscriberStore
    suppressions: SuppressionStore
    picks: PickStore
    search: SearchStore
    requests: RequestStore
    notices: NoticeStore
    feedback: FeedbackStore
    accounts: AccountStore
    tallies: TallyStore
    retention: Retention


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """What is kept between runs as files."""

    outbox: Outbox
    archive: Archive
    faults: FaultStore

    @property
    def figures(self) -> FigureStore:
        """Copies of papers' pictures, which are published with the archive."""
        return FigureStore(self.archive.folder / "figures")


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The date of an issue, the settings and the stored data: all it takes to draft and plan it."""

    date: dt.date
    clock: Callable[[], dt.datetime]
    config: Config
    stores: Stores
    folders: Folders
    tastes: Tastes
    list: SubscriberFile
    redact: Callable[[str], str]
    """Removes the operator's secrets from a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """What is needed to visit sources, and to have sentences written."""

    fetcher: Fetcher
    reader: DocumentReader
    writer: Writer | None = None
    """Asks a machine for sentences; None: nothing asks any."""
    on_source: Callable[[SourceReport], None] = lambda _report: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What is needed to send mail."""

    sender: Sender
    signer: Signer | None
    """Signs messages with DKIM, when there are keys."""
