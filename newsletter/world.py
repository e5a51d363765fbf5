"""Put the world together for the issue of a day: the machine, the database and the network."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import functools
import os
import random
import signal
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

from newsletter.collect.http.fetcher import Fetcher
from newsletter.collect.identity.likeness import near_keys
from newsletter.collect.reader import Reader
from newsletter.config import Config, load_config, read_address
from newsletter.day import letters
from newsletter.day.steps import Day
from newsletter.errors import NewsletterError
from newsletter.files.writing import write
from newsletter.learn.embeddings import Embedder, find_model
from newsletter.learn.tastes import Tastes
from newsletter.machine import hiding, open_ledger, redactor, utc_now
from newsletter.model import Delivery, Outcome, Paper, SourceReport
from newsletter.render.messages import as_test
from newsletter.schedule import due_date
from newsletter.send.connecting import SmtpSettings
from newsletter.send.editions import Transport, deliver_one
from newsletter.send.outbox import OutboxTransport
from newsletter.send.processes import boot_id, fate_of, sender_name
from newsletter.send.sendmail import SendmailTransport
from newsletter.send.signatures import Signer
from newsletter.send.smtp import SmtpTransport
from newsletter.store import (
    Archive,
    Database,
    FactStore,
    FaultStore,
    IssueStore,
    Outbox,
    PaperStore,
    SourceStore,
    SqlLedger,
    SuppressionStore,
)
from newsletter.store.vectors import VectorStore


def embedder(database: Database) -> Callable[[Sequence[Paper]], Any] | None:
    """Return what makes sentence embeddings, where the extra is installed; read on first use."""
    folder = find_model()
    if folder is None:
        return None
    model = functools.cache(lambda: Embedder(folder))
    return VectorStore(database, lambda papers: model().embed(papers)).embed


def user_agent(config: Config, version: str) -> str:
    """Return who asks, with a contact, as politeness to servers wants it."""
    return f"newsletter/{version} (daily papers for {config.name.encode('ascii', 'ignore').decode()}; {config.reply_to})"  # noqa: E501


def transport_for(config: Config, outbox: Outbox) -> Transport:
    """Return the transport that newsletter.yaml asks for."""
    mail = config.delivering
    if mail.transport == "outbox":
        return OutboxTransport(outbox.write_message, str(outbox.folder))
    if mail.transport == "sendmail":
        return SendmailTransport(mail.command, functools.partial(letters.bounce_address, config))
    settings = SmtpSettings(
        host=mail.host,
        port=mail.port,
        security=mail.security,
        sender=config.bounce,
        username=mail.username,
        password=mail.password,
        auth=mail.auth,
        lmtp=mail.transport == "lmtp",
        timeout=mail.timeout,
        per_connection=mail.per_connection,
    )
    return SmtpTransport(settings, functools.partial(letters.bounce_address, config))


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
    if config.keys:
        content = Signer(config.keys).sign(content, utc_now())
    outbox = Outbox(config.root / "outbox")
    if config.delivering.transport == "outbox":
        path = outbox.folder / "test.eml"
        write(path, content)
        return f"Nothing leaves this machine (transport: outbox): written to {path}"
    one = Delivery(
        issue=utc_now().date(),
        subscriber="test",
        email=address,
        name="",
        timezone="UTC",
        edition="",
    )
    with hiding(redactor(config.secrets)):
        return await deliver_one(transport_for(config, outbox), one, content)


@contextlib.asynccontextmanager
async def open_day(
    config: Config,
    *,
    version: str,
    date: dt.date | None = None,
    clock: Callable[[], dt.datetime] = utc_now,
    on_source: Callable[[SourceReport], None] = lambda _report: None,
    on_delivery: Callable[[Delivery, Outcome], None] = lambda _delivery, _outcome: None,
) -> AsyncIterator[Day]:
    """Open the database and the network for the issue of `date` (default: the one that is due)."""
    database = open_ledger(config)
    outbox = Outbox(config.root / "outbox")
    owner = sender_name()
    fetcher = Fetcher(
        user_agent=user_agent(config, version),
        timeout=config.timeout,
        silence=config.silence,
        max_bytes=config.max_bytes,
        private_networks=config.private_networks,
        proxied=bool(urllib.request.getproxies()),
        chance=random.Random(),  # noqa: S311  spreads retries; nothing secret
    )
    papers = PaperStore(database, near_keys)
    redact = redactor(config.secrets)
    faults = FaultStore(outbox.folder / "faults", redact)
    reader = Reader(sources=len(config.sources))
    day = Day(
        date=date or due_date(config.schedule, clock()),
        clock=clock,
        chance=random.Random(),  # noqa: S311  spreads retries; nothing secret
        config=config,
        sources=SourceStore(database),
        tastes=Tastes(papers, config.root, embedder(database), on_fault=faults.keep),
        papers=papers,
        facts=FactStore(database),
        issues=IssueStore(database),
        ledger=SqlLedger(database, lean=bool(boot_id())),
        outbox=outbox,
        archive=Archive(config.root / "public"),
        faults=faults,
        redact=redact,
        fetcher=fetcher,
        reader=reader,
        transport=transport_for(config, outbox),
        owner=owner,
        staying=_Staying(config),
        suppressions=SuppressionStore(database),
        fate_of=lambda other: fate_of(other, own=owner),
        signer=Signer(config.keys) if config.keys else None,
        stop=asyncio.Event(),
        on_source=on_source,
        on_delivery=on_delivery,
    )
    try:
        async with fetcher, reader:
            with _stopping(day.stop), hiding(redact):
                yield day
    finally:
        database.close()


class _Staying:
    """Who is on the list, by id: read again when the file has changed."""

    def __init__(self, config: Config) -> None:
        self._path = config.folder / "subscribers.yaml"
        self._ids = frozenset(one.id for one in config.subscribers)
        self._seen = self._version()

    def __call__(self) -> frozenset[str]:
        version = self._version()
        if version != self._seen:
            self._seen = version
            # While it is being written, or is wrong, what was known before still holds.
            with contextlib.suppress(NewsletterError):
                config = load_config(self._path.parent, os.environ)
                # An empty list is a file that is being written, or a mistake.
                if config.listed:
                    self._ids = frozenset(one.id for one in config.subscribers)
        return self._ids

    def _version(self) -> tuple[int, int]:
        try:
            found = self._path.stat()
        except OSError:
            return (0, 0)
        return (found.st_mtime_ns, found.st_size)


@contextlib.contextmanager
def _stopping(stop: asyncio.Event) -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and SIGHUP finish what is in flight; a second one ends at once."""
    loop = asyncio.get_running_loop()

    def finish(number: signal.Signals) -> None:
        stop.set()
        loop.remove_signal_handler(number)

    numbers = [signal.SIGINT, signal.SIGTERM]
    # Whoever starts us with nohup wants the end of the terminal ignored.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
        for number in numbers:
            loop.add_signal_handler(number, finish, number)
    try:
        yield
    finally:
        with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
            for number in numbers:
                loop.remove_signal_handler(number)
