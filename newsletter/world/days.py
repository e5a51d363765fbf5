"""The issue of a day with all that it needs: database, folders, network, mail server."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import ipaddress
import os
import random
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator

from newsletter.collect.http.fetcher import Fetcher
from newsletter.collect.identity.likeness import near_keys
from newsletter.collect.reader import DocumentReader
from newsletter.config.settings import MINILM, Config
from newsletter.day.given import Day, Folders, Stores, Web
from newsletter.learn.embeddings import Embedder, find_folder, find_model
from newsletter.learn.spaces import Embed
from newsletter.learn.tastes import Tastes
from newsletter.model import SourceReport
from newsletter.schedule import due_date
from newsletter.send.processes import boot_id
from newsletter.store import (
    AccountStore,
    Archive,
    Database,
    FactStore,
    FaultStore,
    FeedbackStore,
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
from newsletter.store.vectors import VectorStore
from newsletter.subscribe.lists import SubscriberFile
from newsletter.summarise.writing import Writer
from newsletter.world.machine import hiding, new_id, open_ledger, redactor, rest, utc_now


def embedder(
    config: Config, database: Database, on_embedded: Callable[[int, int], None]
) -> Embed | None:
    """Return what makes sentence embeddings, if anything does; the model is read on first use.

    `on_embedded` is told how many papers have one so far, and how many shall have.
    """
    name = config.choice.embeddings
    packaged = find_model() if name == MINILM else None
    if not name or (name == MINILM and packaged is None):
        return None
    model = functools.cache(lambda: Embedder(packaged or find_folder(name, config.root)))
    # Embeddings of the packaged model have been kept without a name since before there were others.
    kept_by = "" if packaged else name
    return VectorStore(database, lambda papers: model().embed(papers), kept_by, on_embedded).embed


def user_agent(config: Config, version: str) -> str:
    """Return who asks, with a contact, as politeness to servers wants it."""
    name = config.letter.name.encode("ascii", "ignore").decode()
    return f"newsletter/{version} (daily papers for {name}; {config.letter.reply_to})"


@contextlib.contextmanager
def open_day(
    config: Config,
    *,
    date: dt.date | None = None,
    clock: Callable[[], dt.datetime] = utc_now,
    on_embedded: Callable[[int, int], None] = lambda _made, _wanted: None,
) -> Iterator[Day]:
    """Open the database for the issue of `date` (default: the one that is due); no network.

    `on_embedded` is told how many papers have sentence embeddings so far, and how many shall have.
    """
    redact = redactor(config.secrets)
    with open_ledger(config) as database, hiding(redact):
        yield day_of(config, database, date=date, clock=clock, on_embedded=on_embedded)


def day_of(
    config: Config,
    database: Database,
    *,
    date: dt.date | None = None,
    clock: Callable[[], dt.datetime] = utc_now,
    on_embedded: Callable[[int, int], None] = lambda _made, _wanted: None,
    ledger: SqlLedger | None = None,
) -> Day:
    """Return what the steps need of an open `database` and of the folders.

    A ledger that has claimed something keeps a connection. Whoever makes one day after the other
    gives each the same `ledger`; default: one of its own.
    """
    redact = redactor(config.secrets)
    papers, facts = PaperStore(database, near_keys), FactStore(database)
    faults = FaultStore(config.root / "outbox" / "faults", redact)
    subscribers = SubscriberStore(database, new_id)
    return Day(
        date=date or due_date(config.schedule, clock()),
        clock=clock,
        config=config,
        stores=Stores(
            papers=papers,
            sources=SourceStore(database),
            facts=facts,
            sentences=SentenceStore(database),
            issues=IssueStore(database),
            ledger=ledger or SqlLedger(database, lean=bool(boot_id())),
            subscribers=subscribers,
            suppressions=SuppressionStore(database),
            picks=PickStore(database),
            search=SearchStore(database),
            requests=RequestStore(database, new_id),
            notices=NoticeStore(database),
            feedback=FeedbackStore(database),
            accounts=AccountStore(database),
            tallies=TallyStore(database),
            retention=Retention(database, rest),
        ),
        folders=Folders(
            outbox=Outbox(config.root / "outbox"),
            archive=Archive(config.root / "public"),
            faults=faults,
        ),
        tastes=Tastes(
            papers,
            config.root,
            embedder(config, database, on_embedded),
            floor=config.choice.min_chance,
            on_fault=faults.keep,
        ),
        list=SubscriberFile(
            config.folder, config.choice.topic_names, os.environ, subscribers, facts
        ),
        redact=redact,
    )


CERTIFICATE_BYTES = 100_000
CERTIFICATE_SECONDS = 10.0


async def visit(config: Config, version: str, url: str) -> bytes:
    """Return what is at an address of a provider of mail: a certificate, say.

    Nothing follows a redirect: the address was judged, and no other. Raises SourceError.
    """
    async with Fetcher(
        user_agent=user_agent(config, version),
        timeout=CERTIFICATE_SECONDS,
        silence=CERTIFICATE_SECONDS,
        max_bytes=CERTIFICATE_BYTES,
        private_networks=config.collecting.private_networks,
        proxied=bool(urllib.request.getproxies()),
    ) as fetcher:
        found = await fetcher.fetch(url, redirects=0)
    return b"".join(document.content for document in found.documents)


@contextlib.asynccontextmanager
async def open_web(
    config: Config,
    *,
    version: str,
    on_source: Callable[[SourceReport], None] = lambda _report: None,
) -> AsyncIterator[Web]:
    """Open the network for visits of sources."""
    settings = config.collecting
    fetcher = Fetcher(
        user_agent=user_agent(config, version),
        timeout=settings.timeout,
        silence=settings.silence,
        max_bytes=settings.max_bytes,
        private_networks=settings.private_networks,
        proxied=bool(urllib.request.getproxies()),
        chance=random.Random(),  # noqa: S311  spreads retries; nothing secret
    )
    reader = DocumentReader(sources=len(settings.sources))
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(fetcher)
        await stack.enter_async_context(reader)
        writer = open_writer(config, version)
        if writer:
            await stack.enter_async_context(writer)
        yield Web(fetcher=fetcher, reader=reader, writer=writer, on_source=on_source)


ANSWER_BYTES = 1_000_000
OWN_NETWORKS = tuple(
    map(
        ipaddress.ip_network,
        (
            "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10",
            "::1/128", "fc00::/7",
        ),
    )
)  # fmt: skip
"""Where a machine of one's own may be: loopback (RFC 1122, RFC 4291), private (RFC 1918, RFC 4193)
and shared addresses (RFC 6598). Not link-local ones: at these, clouds hand out their keys."""


def open_writer(config: Config, version: str) -> Writer | None:
    """Return what asks the machine of the settings for sentences; None if it may not be asked.

    You have named the endpoint, and no stranger can: so it may be on this machine.
    """
    machine = config.summaries
    if machine is None or machine.missing:
        return None
    fetcher = Fetcher(
        user_agent=user_agent(config, version),
        timeout=machine.timeout,
        silence=machine.timeout,  # nothing comes until the whole answer is there
        max_bytes=ANSWER_BYTES,
        private_networks=(*OWN_NETWORKS, *config.collecting.private_networks),
        proxied=bool(urllib.request.getproxies()) and not machine.is_near,
        retries=0,
    )
    return Writer(machine, fetcher)
