"""The issue of a day with all that it needs: database, folders, network, mail server."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import functools
import os
import random
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator

from newsletter.collect.http.fetcher import Fetcher
from newsletter.collect.identity.likeness import near_keys
from newsletter.collect.reader import DocumentReader
from newsletter.config.settings import MINILM, Config
from newsletter.config.values import read_address
from newsletter.day import letters
from newsletter.day.given import Day, Folders, Post, Stores, Web
from newsletter.day.notices import compose_notice
from newsletter.files.writing import write
from newsletter.learn.embeddings import Embedder, find_folder, find_model
from newsletter.learn.spaces import Embed
from newsletter.learn.tastes import Tastes
from newsletter.model import Delivery, Notice, Outcome, SourceReport
from newsletter.render.messages import as_test
from newsletter.schedule import due_date
from newsletter.send.connecting import SmtpSettings
from newsletter.send.editions import Sender, Transport, deliver_one
from newsletter.send.notices import send_notices
from newsletter.send.outbox import OutboxTransport
from newsletter.send.processes import boot_id, fate_of, sender_name
from newsletter.send.sendmail import SendmailTransport
from newsletter.send.signatures import Signer
from newsletter.send.smtp import SmtpTransport
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
    SourceStore,
    SqlLedger,
    SubscriberStore,
    SuppressionStore,
    TallyStore,
)
from newsletter.store.vectors import VectorStore
from newsletter.subscribe.lists import SubscriberFile
from newsletter.world.machine import hiding, new_id, open_ledger, redactor, rest, utc_now
from newsletter.world.stopping import stopping


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


def transport_for(
    config: Config, outbox: Outbox, write: Callable[[Delivery, bytes], str] | None = None
) -> Transport:
    """Return the transport that newsletter.yaml asks for.

    One that only writes files has `write` do it; default: `outbox.write_message`.
    """
    mail = config.delivering
    bounce = functools.partial(letters.bounce_address, config.letter)
    if mail.transport == "outbox":
        return OutboxTransport(write or outbox.write_message, str(outbox.folder))
    if mail.transport == "sendmail":
        return SendmailTransport(mail.command, bounce)
    settings = SmtpSettings(
        host=mail.host,
        port=mail.port,
        security=mail.security,
        sender=config.letter.bounce,
        username=mail.username,
        password=mail.password,
        auth=mail.auth,
        lmtp=mail.transport == "lmtp",
        timeout=mail.timeout,
        per_connection=mail.per_connection,
    )
    return SmtpTransport(settings, bounce)


async def send_test(config: Config, message: bytes, to: str) -> str:
    """Send one message to `to` as a test, apart from every ledger; return where it went.

    Raises ValueError for what is no address, ConfigError when a secret is missing without which no
    mail can leave, SendError or OSError when it does not get through.
    """
    config.require_ready()
    try:
        address = read_address(to)
    except ValueError as error:
        raise ValueError(f"{to}: {error}") from None
    content = as_test(message, address)
    if signer := signer_of(config):
        content = signer.sign(content, utc_now())
    outbox = Outbox(config.root / "outbox")
    if config.delivering.transport == "outbox":
        path = outbox.folder / "test.eml"
        write(path, content)
        return f"Nothing leaves this machine (transport: outbox): written to {path}"
    delivery = Delivery(
        issue=utc_now().date(),
        subscriber="test",
        email=address,
        name="",
        timezone="UTC",
        edition="",
    )
    with hiding(redactor(config.secrets)):
        return await deliver_one(transport_for(config, outbox), delivery, content)


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
) -> Day:
    """Return what the steps need of an open `database` and of the folders."""
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
            issues=IssueStore(database),
            ledger=SqlLedger(database, lean=bool(boot_id())),
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
    async with fetcher, reader:
        yield Web(fetcher=fetcher, reader=reader, on_source=on_source)


@contextlib.asynccontextmanager
async def open_post(
    config: Config,
    *,
    clock: Callable[[], dt.datetime] = utc_now,
    on_delivery: Callable[[Delivery, Outcome], None] = lambda _delivery, _outcome: None,
) -> AsyncIterator[Post]:
    """Make ready to send; Ctrl-C, SIGTERM and SIGHUP end it after what is in flight."""
    owner = sender_name()
    stop = asyncio.Event()
    with stopping(stop):
        yield Post(
            sender=Sender(
                transport=transport_for(config, Outbox(config.root / "outbox")),
                owner=owner,
                fate_of=lambda other: fate_of(other, own=owner),
                clock=clock,
                chance=random.Random(),  # noqa: S311  spreads retries; nothing secret
                stop=stop,
                on_delivery=on_delivery,
            ),
            signer=signer_of(config),
        )


async def send_waiting_notices(day: Day, clock: Callable[[], dt.datetime] = utc_now) -> int:
    """Send the mails that people asked for on the site; return how many were looked at.

    Raises StoreError when the database cannot be used.
    """
    config, stores = day.config, day.stores
    if config.missing:
        return 0
    signer = signer_of(config)

    def compose(notice: Notice) -> tuple[Delivery, bytes] | None:
        reader = stores.subscribers.with_id(notice.subscriber)
        now = clock()
        found = compose_notice(config, notice, reader, stores.picks, now)
        if found is None:
            return None
        delivery, message = found
        return delivery, signer.sign(message, now) if signer else message

    def write_notice(delivery: Delivery, message: bytes) -> str:
        # Notices of one kind have a folder, beside those of the issues.
        folder = Outbox(config.root / "outbox" / "notices" / delivery.edition)
        return folder.write_message(delivery, message)

    transport = transport_for(config, day.folders.outbox, write_notice)
    with hiding(day.redact):
        return await send_notices(
            stores.notices, compose, transport, clock, day.folders.faults.keep
        )


def signer_of(config: Config) -> Signer | None:
    """Return what signs mail, if anything does."""
    keys = config.delivering.keys
    return Signer(keys) if keys else None
