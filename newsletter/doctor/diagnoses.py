"""What the doctor says: one diagnosis for each thing that was looked at."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final


class Level(enum.StrEnum):
    """How much a diagnosis matters."""

    GOOD = "good"
    NOTICE = "notice"
    """It works; it could be better, or somebody should know."""
    WARNING = "warning"
    """Some readers may get no mail, or will not in time."""
    ERROR = "error"
    """Mail is refused, lost, or cannot leave."""
    NOT_CHECKED = "not checked"
    """Nobody can tell, or there is nothing to check; `found` says why."""


NEEDS_A_LOOK: Final = frozenset({Level.WARNING, Level.ERROR})
SHOWN: Final = 300
"""Characters that are shown of what others publish or answer."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record to publish in DNS, exactly as it has to be."""

    name: str
    kind: str
    """`TXT`, `MX`, …"""
    text: str

    def __str__(self) -> str:
        """Return it in one line."""
        return f"{self.name} {self.kind} {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What was found of one thing, and how to mend it."""

    group: str
    name: str
    level: Level
    found: str
    mend: str = ""
    """What to do about it; empty when there is nothing to do."""
    publish: Record | None = None
    """The record to publish, where DNS is what has to be mended."""
    where: str = ""
    """file:line:column of the setting that it is about, if there is one."""
    offline: bool = False
    """Whether the reason is that this machine reaches no network: a cause that many share."""

    @property
    def needs_a_look(self) -> bool:
        """Whether somebody should do something."""
        return self.level in NEEDS_A_LOOK


@dataclass(frozen=True, slots=True)
class Group:
    """Makes the diagnoses of one group."""

    name: str

    def good(self, name: str, found: str) -> Diagnosis:
        """Return that something is as it should be."""
        return Diagnosis(group=self.name, name=name, level=Level.GOOD, found=found)

    def notice(
        self,
        name: str,
        found: str,
        mend: str = "",
        *,
        publish: Record | None = None,
        where: str = "",
    ) -> Diagnosis:
        """Return that something works, but could be better."""
        return self._diagnosis(Level.NOTICE, name, found, mend, publish, where)

    def warning(
        self,
        name: str,
        found: str,
        mend: str = "",
        *,
        publish: Record | None = None,
        where: str = "",
    ) -> Diagnosis:
        """Return that something may cost readers their mail."""
        return self._diagnosis(Level.WARNING, name, found, mend, publish, where)

    def error(
        self,
        name: str,
        found: str,
        mend: str = "",
        *,
        publish: Record | None = None,
        where: str = "",
    ) -> Diagnosis:
        """Return that something is broken."""
        return self._diagnosis(Level.ERROR, name, found, mend, publish, where)

    def not_checked(self, name: str, why: str, mend: str = "", *, where: str = "") -> Diagnosis:
        """Return that something was not checked, and why."""
        return self._diagnosis(Level.NOT_CHECKED, name, why, mend, None, where)

    def offline(self, name: str, found: str, mend: str = "") -> Diagnosis:
        """Return that something cannot be reached because the network is away."""
        return replace(self.error(name, found, mend), offline=True)

    def _diagnosis(
        self, level: Level, name: str, found: str, mend: str, publish: Record | None, where: str
    ) -> Diagnosis:
        return Diagnosis(
            group=self.name,
            name=name,
            level=level,
            found=found,
            mend=mend,
            publish=publish,
            where=where,
        )


def excerpt(text: str) -> str:
    """Return the beginning of a text from outside, for a sentence."""
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def merged(diagnoses: Iterable[Diagnosis]) -> tuple[Diagnosis, ...]:
    """Return diagnoses in their order; those that only say that there is no network become one."""
    kept: list[Diagnosis] = []
    away: list[Diagnosis] = []
    for diagnosis in diagnoses:
        (away if diagnosis.offline else kept).append(diagnosis)
    if len(away) > 1:
        groups = ", ".join(dict.fromkeys(diagnosis.group for diagnosis in away))
        found = f"this machine reaches no network; not checked: {groups} ({away[0].found})"
        away = [Group("network").offline("network", found, away[0].mend)]
    return (*away, *kept)
