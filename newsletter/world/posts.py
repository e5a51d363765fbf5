"""What sends mail: transports, keys, and how a signal ends it."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import functools
import random
import signal
from collections.abc import AsyncIterator, Callable, Iterator

from newsletter.config.settings import Config
from newsletter.config.values import read_address
from newsletter.day import letters
from newsletter.day.given import Day, Post
from newsletter.day.notices import compose_notice
from newsletter.files.writing import write
from newsletter.model import Delivery, Notice, Outcome
from newsletter.render.messages import as_test
from newsletter.send.connecting import SmtpSettings
from newsletter.send.editions import Sender, Transport, deliver_one
from newsletter.send.notices import send_notices
from newsletter.send.outbox import OutboxTransport
from newsletter.send.processes import fate_of, sender_name
from newsletter.send.sendmail import SendmailTransport
from newsletter.send.signatures import Signer
from newsletter.send.smtp import SmtpTransport
from newsletter.store import Outbox
from newsletter.world.machine import hiding, redactor, utc_now


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
    return SmtpTransport(smtp_settings(config), bounce)


def smtp_settings(config: Config) -> SmtpSettings:
    """Return how the mail server is reached that newsletter.yaml names."""
    mail = config.delivering
    return SmtpSettings(
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


async def send_test(config: Config, message: bytes, to: str) -> str:
    """Send one message to `to` as a test, apart from every ledger; return where it went.

    Raises ValueError for what is no address, ConfigError when a secret is missing without which no
    mail can leave, SendError or OSError when it does not get through.
    """
    address = test_address(to)
    config.require_ready()
    return await send_signed(config, signed(config, as_test(message, address)), address)


def test_address(to: str) -> str:
    """Return the address that a test goes to; raises ValueError, which names it, for none."""
    try:
        return read_address(to)
    except ValueError as error:
        raise ValueError(f"{to}: {error}") from None


def signed(config: Config, content: bytes) -> bytes:
    """Return a message with our signatures, if anything signs here."""
    signer = signer_of(config)
    return signer.sign(content, utc_now()) if signer else content


async def send_signed(config: Config, content: bytes, address: str) -> str:
    """Send a message as it is, apart from every ledger; return where it went.

    Raises SendError or OSError when it does not get through.
    """
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


@contextlib.asynccontextmanager
async def open_post(
    config: Config,
    *,
    clock: Callable[[], dt.datetime] = utc_now,
    on_delivery: Callable[[Delivery, Outcome], None] = lambda _delivery, _outcome: None,
    on_stop: Callable[[], None] = lambda: None,
) -> AsyncIterator[Post]:
    """Make ready to send; Ctrl-C, SIGTERM and SIGHUP end it after what is in flight.

    `on_stop` is called at the first of them.
    """
    stop = asyncio.Event()
    with stopping(stop, on_stop):
        yield post_for(config, sender_name(), stop, clock, on_delivery)


def post_for(
    config: Config,
    owner: str,
    stop: asyncio.Event,
    clock: Callable[[], dt.datetime] = utc_now,
    on_delivery: Callable[[Delivery, Outcome], None] = lambda _delivery, _outcome: None,
) -> Post:
    """Return what is needed to send mail as `owner`, until `stop` is set."""
    return Post(
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


@contextlib.contextmanager
def stopping(stop: asyncio.Event, on_stop: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and SIGHUP finish what is in flight; a second one ends at once."""
    loop = asyncio.get_running_loop()

    def finish(number: signal.Signals) -> None:
        is_first = not stop.is_set()
        stop.set()
        loop.remove_signal_handler(number)
        if is_first:
            on_stop()

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
