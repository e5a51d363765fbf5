"""examine(): everything that can be looked at, side by side, each within its time."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from newsletter.config.files import load_config
from newsletter.doctor.checks import Checked, check
from newsletter.doctor.diagnoses import Diagnosis, Group, merged
from newsletter.doctor.dns.mailing import DNS
from newsletter.doctor.examinee import (
    Examinee,
    Orders,
    Remembered,
    make_mail,
    read_examinee,
    remembered,
)
from newsletter.doctor.inside import look_at_machine
from newsletter.doctor.mailserver import MAIL
from newsletter.doctor.outside import READER, ask_dns, ask_server, ask_site, send_and_read
from newsletter.doctor.roundtrip import TEST
from newsletter.doctor.settings import CONFIGURATION, check_settings, check_size, check_spam
from newsletter.doctor.site import SITE
from newsletter.doctor.sources import SOURCES, check_sources
from newsletter.doctor.summaries import SUMMARIES, ask_machine
from newsletter.doctor.upkeep import MACHINE
from newsletter.errors import ConfigError, NewsletterError, StoreError
from newsletter.model import Health
from newsletter.world.machine import redactor
from newsletter.world.programs import spam_report

SECONDS: Final = 60.0
"""For each group; a test mail may take longer, as long as it is waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What was found."""

    diagnoses: tuple[Diagnosis, ...]
    known: tuple[tuple[str, Health], ...] = ()
    """The sources with their health."""

    @property
    def needs_a_look(self) -> int:
        """How many diagnoses ask for somebody to do something."""
        return sum(diagnosis.needs_a_look for diagnosis in self.diagnoses)


async def examine(
    folder: Path,
    environment: Mapping[str, str],
    now: dt.datetime,
    mark: str,
    orders: Orders = Orders(),  # noqa: B008  frozen
) -> Examined:
    """Look at everything; `mark` is a word for the subject of a test mail that nobody else has.

    Never raises for what is wrong with the newsletter, its servers or the network: that is what
    diagnoses tell.
    """
    checking = asyncio.create_task(asyncio.to_thread(check, folder, environment, now))
    try:
        config = load_config(folder, environment)
        examinee = read_examinee(config, environment, now)
    except ConfigError:
        return Examined(diagnoses=(*check_settings(await checking), _unread()))
    memory, broken = await _memory(examinee)
    mail, html = await _mail(examinee, mark)
    groups = (
        (CONFIGURATION, _settings(checking, mail, html), SECONDS),
        (DNS, ask_dns(examinee, orders), SECONDS),
        (MAIL, ask_server(examinee, len(mail)), SECONDS),
        (TEST, _test(examinee, orders, mail, mark), SECONDS + orders.patience),
        (SITE, ask_site(examinee), SECONDS),
        (SOURCES, _sources(examinee, memory), SECONDS),
        (SUMMARIES, ask_machine(examinee, memory), SECONDS),
        (MACHINE, _machine(examinee, orders, memory), SECONDS),
    )
    found = await asyncio.gather(*(_gathered(*group) for group in groups))
    diagnoses = merged((*broken, *(diagnosis for some in found for diagnosis in some)))
    hide = redactor(examinee.secrets)
    known = memory.known if memory else ()
    return Examined(
        diagnoses=tuple(_without(hide, diagnosis) for diagnosis in diagnoses), known=known
    )


def _unread() -> Diagnosis:
    others = "DNS, mail server, site, sources, machine"
    return CONFIGURATION.not_checked(
        "everything else", f"without settings that can be read, nothing is known of {others}"
    )


def _without(hide: Callable[[str], str], diagnosis: Diagnosis) -> Diagnosis:
    return replace(diagnosis, found=hide(diagnosis.found), mend=hide(diagnosis.mend))


async def _gathered(
    group: Group, diagnoses: AsyncIterator[Diagnosis], seconds: float
) -> list[Diagnosis]:
    """Return the diagnoses of a group; what goes wrong in one group stops no other."""
    found: list[Diagnosis] = []
    try:
        async with asyncio.timeout(seconds):
            async for diagnosis in diagnoses:  # a timeout must not lose those before it
                found.append(diagnosis)  # noqa: PERF401  the same
    except TimeoutError:
        told = f"not done after {seconds:.0f} s; what comes after was not checked"
        found.append(group.error("time", told, "something there is very slow"))
    except NewsletterError as error:
        found.append(group.error(group.name, str(error)))
    except Exception as error:  # noqa: BLE001  the guard at the border of a group
        told = f"a fault of this program ({type(error).__name__}); please report it"
        found.append(group.error("fault", told))
    return found


async def _memory(examinee: Examinee) -> tuple[Remembered | None, list[Diagnosis]]:
    try:
        return await asyncio.to_thread(remembered, examinee.config, examinee.now), []
    except StoreError as error:
        where = examinee.where("database")
        return None, [MACHINE.error("database", str(error), where=where)]


async def _mail(examinee: Examinee, mark: str) -> tuple[bytes, int]:
    """Return a mail of ours and the size of its HTML; nothing, if it cannot be made."""
    try:
        made, html = await asyncio.to_thread(
            make_mail, examinee.config, examinee.now, f"{READER}{mark}"
        )
    except NewsletterError:
        return b"", 0  # `check` says why
    return made, html


async def _settings(
    checking: asyncio.Task[Checked], mail: bytes, html: int
) -> AsyncIterator[Diagnosis]:
    for diagnosis in check_settings(await checking):
        yield diagnosis
    if mail:
        yield check_size(html, len(mail))
        yield await check_spam(spam_report, mail)


async def _test(
    examinee: Examinee, orders: Orders, mail: bytes, mark: str
) -> AsyncIterator[Diagnosis]:
    if not orders.send:
        yield TEST.not_checked("sent", "no mail was sent", "`--send ADDRESS` sends one, marked")
    elif not mail:
        yield TEST.not_checked("sent", "the templates make no mail")
    else:
        async for diagnosis in send_and_read(examinee, orders, mail, mark):
            yield diagnosis


async def _sources(examinee: Examinee, memory: Remembered | None) -> AsyncIterator[Diagnosis]:
    if memory is None:
        yield SOURCES.not_checked("sources", "the database cannot be read")
        return
    for diagnosis in check_sources(memory.known, examinee.config.collecting.places, examinee.now):
        yield diagnosis


async def _machine(
    examinee: Examinee, orders: Orders, memory: Remembered | None
) -> AsyncIterator[Diagnosis]:
    looked: Iterable[Diagnosis] = await asyncio.to_thread(
        lambda: list(look_at_machine(examinee, orders, memory))
    )
    for diagnosis in looked:
        yield diagnosis
