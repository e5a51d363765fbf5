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
from newsletter.doctor.inside import look_at_machine
from newsletter.doctor.mailserver import MAIL
from newsletter.doctor.outside import READER, ask_dns, ask_server, ask_site, send_and_read
from newsletter.doctor.patient import (
    Patient,
    Remembered,
    Wishes,
    make_mail,
    read_patient,
    remembered,
)
from newsletter.doctor.roundtrip import TEST
from newsletter.doctor.settings import CONFIGURATION, check_settings, check_size, check_spam
from newsletter.doctor.site import SITE
from newsletter.doctor.sources import SOURCES, check_sources
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
    wishes: Wishes = Wishes(),  # noqa: B008  frozen
) -> Examined:
    """Look at everything; `mark` is a word for the subject of a test mail that nobody else has.

    Never raises for what is wrong with the newsletter, its servers or the network: that is what
    diagnoses tell.
    """
    checking = asyncio.create_task(asyncio.to_thread(check, folder, environment, now))
    try:
        config = load_config(folder, environment)
        patient = read_patient(config, environment, now)
    except ConfigError:
        return Examined(diagnoses=(*check_settings(await checking), _unread()))
    memory, broken = await _memory(patient)
    mail, html = await _mail(patient, mark)
    groups = (
        (CONFIGURATION, _settings(checking, mail, html), SECONDS),
        (DNS, ask_dns(patient, wishes), SECONDS),
        (MAIL, ask_server(patient, len(mail)), SECONDS),
        (TEST, _test(patient, wishes, mail, mark), SECONDS + wishes.patience),
        (SITE, ask_site(patient), SECONDS),
        (SOURCES, _sources(patient, memory), SECONDS),
        (MACHINE, _machine(patient, wishes, memory), SECONDS),
    )
    found = await asyncio.gather(*(_gathered(*group) for group in groups))
    diagnoses = merged((*broken, *(diagnosis for some in found for diagnosis in some)))
    hide = redactor(patient.secrets)
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


async def _memory(patient: Patient) -> tuple[Remembered | None, list[Diagnosis]]:
    try:
        return await asyncio.to_thread(remembered, patient.config, patient.now), []
    except StoreError as error:
        where = patient.where("database")
        return None, [MACHINE.error("database", str(error), where=where)]


async def _mail(patient: Patient, mark: str) -> tuple[bytes, int]:
    """Return a mail of ours and the size of its HTML; nothing, if it cannot be made."""
    try:
        made, html = await asyncio.to_thread(
            make_mail, patient.config, patient.now, f"{READER}{mark}"
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
    patient: Patient, wishes: Wishes, mail: bytes, mark: str
) -> AsyncIterator[Diagnosis]:
    if not wishes.send:
        yield TEST.not_checked("sent", "no mail was sent", "`--send ADDRESS` sends one, marked")
    elif not mail:
        yield TEST.not_checked("sent", "the templates make no mail")
    else:
        async for diagnosis in send_and_read(patient, wishes, mail, mark):
            yield diagnosis


async def _sources(patient: Patient, memory: Remembered | None) -> AsyncIterator[Diagnosis]:
    if memory is None:
        yield SOURCES.not_checked("sources", "the database cannot be read")
        return
    for diagnosis in check_sources(memory.known, patient.config.collecting.places, patient.now):
        yield diagnosis


async def _machine(
    patient: Patient, wishes: Wishes, memory: Remembered | None
) -> AsyncIterator[Diagnosis]:
    looked: Iterable[Diagnosis] = await asyncio.to_thread(
        lambda: list(look_at_machine(patient, wishes, memory))
    )
    for diagnosis in looked:
        yield diagnosis
