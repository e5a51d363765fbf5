"""What is asked of others: DNS, the mail server, the site, a test mail on its way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from newsletter import __version__
from newsletter.config.settings import Letter
from newsletter.day import letters
from newsletter.doctor import roundtrip
from newsletter.doctor.diagnoses import Diagnosis, excerpt
from newsletter.doctor.dns.domains import check_domains
from newsletter.doctor.dns.mailing import DNS, Mailing
from newsletter.doctor.examinee import Examinee, Orders
from newsletter.doctor.mailserver import MAIL, check_server, is_near
from newsletter.doctor.roundtrip import TEST
from newsletter.doctor.site import MailLink, check_site
from newsletter.errors import MailboxError, NewsletterError, SendError
from newsletter.render.messages import as_test
from newsletter.send.connecting import connect, tls_context
from newsletter.store import Outbox
from newsletter.world import days, posts
from newsletter.world.mailboxes import finder
from newsletter.world.resolving import Lookup, ResolverError, open_resolver, outgoing_addresses
from newsletter.world.sites import open_visits

NO_MAIL: Final = "nothing leaves this machine (`transport: outbox`)"
NAMED: Final = "name your mail server under `delivery:`: docs/how-to/send-over-smtp.md"
READER: Final = "doctor"
"""The id in links that are tried; no subscriber has it."""


async def ask_dns(examinee: Examinee, orders: Orders) -> AsyncIterator[Diagnosis]:
    """Yield diagnoses on what DNS says about our mail."""
    config = examinee.config
    if config.delivering.transport == "outbox":
        yield DNS.not_checked("DNS", NO_MAIL, NAMED, where=examinee.where("delivery.transport"))
        return
    try:
        lookup = open_resolver(orders.resolver)
    except ResolverError as error:
        yield DNS.error("resolver", str(error))
        return
    addresses = outgoing_addresses()
    command = config.delivering.transport == "sendmail"
    server = "" if command else config.delivering.host
    mailing = Mailing(
        sender=config.letter.sender,
        bounce=config.letter.bounce,
        reply_to=config.letter.reply_to,
        keys=config.delivering.keys,
        server=server,
        is_here=command or await _is_here(lookup, server, addresses),
        addresses=addresses,
        where=examinee.where,
    )
    async for diagnosis in check_domains(lookup, mailing):
        yield diagnosis


async def _is_here(lookup: Lookup, server: str, addresses: Sequence[str]) -> bool:
    """Tell whether the mail server is on this machine: by its name, or by its address."""
    if is_near(server):
        return True
    found = [*(await lookup(server, "A")).records, *(await lookup(server, "AAAA")).records]
    return bool(set(found) & set(addresses))


async def ask_server(examinee: Examinee, largest: int) -> AsyncIterator[Diagnosis]:
    """Yield diagnoses on the mail server; `largest` is the size of our mails in bytes."""
    config = examinee.config
    kind = config.delivering.transport
    where = examinee.where("delivery.transport")
    if kind == "outbox":
        yield MAIL.not_checked("connection", NO_MAIL, NAMED, where=where)
        return
    if config.missing:
        yield MAIL.not_checked("connection", "a secret is missing: see the configuration")
        return
    if kind == "sendmail":
        try:
            found = await posts.transport_for(config, Outbox(config.root / "outbox")).check()
        except SendError as error:
            told, _, mend = str(error).partition("; ")
            yield MAIL.error("command", told, mend, where=examinee.where("delivery.command"))
        else:
            yield MAIL.good("command", f"{found} is there; what it does with mail is its own")
        return
    settings = posts.smtp_settings(config)
    async for diagnosis in check_server(
        settings,
        lambda quick: connect(quick, tls_context(quick)),
        now=examinee.now,
        largest=largest,
        where=examinee.where,
        online=bool(outgoing_addresses()),
    ):
        yield diagnosis


async def ask_site(examinee: Examinee) -> AsyncIterator[Diagnosis]:
    """Yield whether the links that stand in mails answer."""
    config = examinee.config
    async with open_visits(days.user_agent(config, __version__)) as fetch:
        links = _links(config.letter)
        where = examinee.where("site" if config.letter.site else "archive")
        async for diagnosis in check_site(fetch, links, where):
            yield diagnosis


def _links(letter: Letter) -> list[MailLink]:
    found: list[MailLink] = []
    if letter.site:
        tag = letters.tag(letter, "unsubscribe", READER)
        leave = letters.link(letter, "unsubscribe", tag)
        choose = letters.link(letter, "preferences", letters.tag(letter, "preferences", READER))
        found = [
            MailLink(name="home", url=f"{letter.site}/"),
            MailLink(name="unsubscribe", url=leave, is_one_click=True),
            MailLink(name="preferences", url=choose),
        ]
    if archive := letters.archive(letter):
        found.append(MailLink(name="archive", url=archive, optional="no issue is there yet"))
    return found


async def send_and_read(
    examinee: Examinee, orders: Orders, mail: bytes, mark: str
) -> AsyncIterator[Diagnosis]:
    """Send one marked mail to the address that was asked for, and read it back where possible."""
    config = examinee.config
    where = examinee.where("delivery.transport")
    if config.delivering.transport == "outbox":
        yield TEST.not_checked("sent", NO_MAIL, NAMED, where=where)
        return
    config.require_ready()
    address = posts.test_address(orders.send)
    content = posts.signed(config, roundtrip.marked(as_test(mail, address), mark))
    place = orders.mailbox or config.delivering.returns
    try:
        # A slip in the mailbox is told before any mail leaves.
        look = finder(place, examinee.password, mark, examinee.now) if place else None
        said = await posts.send_signed(config, content, address)
    except MailboxError as error:
        yield TEST.error("read back", str(error), where=examinee.where("delivery.returns"))
        return
    except (NewsletterError, OSError) as error:
        yield TEST.error("sent", str(error), where=where)
        return
    yield TEST.good("sent", excerpt(f"[Test {mark}] {said}"))
    if look is None:
        yield TEST.not_checked(
            "read back",
            "no mailbox to read it from",
            "`--mailbox` names one, with its password in NEWSLETTER_IMAP_PASSWORD; or look at the "
            "mail's own source for spf=pass, dkim=pass and dmarc=pass",
        )
        return
    async for diagnosis in _read_back(look, content, orders.patience, place, address):
        yield diagnosis


async def _read_back(
    look: Callable[[], bytes | None], content: bytes, patience: float, place: str, address: str
) -> AsyncIterator[Diagnosis]:
    """Wait for the mail that was sent to `address`, and compare it with its `content`."""
    looks = max(1, round(patience / roundtrip.PAUSE))
    try:
        found = await roundtrip.await_message(lambda: asyncio.to_thread(look), asyncio.sleep, looks)
    except MailboxError as error:
        yield TEST.error("read back", str(error), "mend the address of the mailbox")
        return
    if found is None:
        yield TEST.warning(
            "read back",
            f"not in {place} after {patience:.0f} s",
            f"does mail to {address} arrive there? Look among spam, and at what came back",
        )
        return
    for diagnosis in roundtrip.compare(content, found):
        yield diagnosis
