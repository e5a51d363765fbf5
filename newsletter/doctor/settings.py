"""The configuration: what `newsletter check` finds, and what a mail of the invented day weighs."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Final

from newsletter.doctor.checks import Checked
from newsletter.doctor.diagnoses import Diagnosis, Group, excerpt
from newsletter.render.checks.findings import Finding

CONFIGURATION: Final = Group("configuration")
CLIPPED: Final = 102_000
"""Bytes of HTML after which Gmail shows only a part."""
SPAM: Final = 5.0
"""SpamAssassin's own threshold."""
ODD: Final = 2.0
_PLACE = re.compile(
    r"(?P<where>\S+\.(?:yaml|mjml|txt|html|css|xml)(?::\d+){0,2}): (?P<rest>.+)", re.DOTALL
)

Score = Callable[[bytes], Awaitable[str]]
"""Returns what SpamAssassin prints about a message; empty when it is not there, or too slow."""


def check_settings(found: Checked) -> Iterator[Diagnosis]:
    """Yield what `newsletter check` found."""
    for text in found.problems:
        where, told = _split(text)
        yield CONFIGURATION.error("settings", told, where=where)
    missing = found.config.missing if found.config else ()
    for text in found.warnings:
        where, told = _split(text)
        # Without such a secret nothing can be sent at all.
        make = CONFIGURATION.error if text.startswith(missing) else CONFIGURATION.notice
        yield make("settings", told, where=where)
    yield from _findings(found.findings)
    if found.ok:
        yield CONFIGURATION.good("settings", "they can be read, and the issue passes its checks")


def _findings(findings: Sequence[Finding]) -> Iterator[Diagnosis]:
    """Yield what is odd in the mail; what a line of a template does to each paper is told once."""
    alike: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        key = (finding.level, finding.where, finding.message.partition(":")[0])
        alike.setdefault(key, []).append(finding)
    for (level, where, _), some in alike.items():
        make = CONFIGURATION.error if level == "error" else CONFIGURATION.notice
        more = f" (and {len(some) - 1} more like it)" if some[1:] else ""
        yield make("the mail", f"{excerpt(some[0].message)}{more}", where=where)


def _split(text: str) -> tuple[str, str]:
    """Return the place that a sentence begins with, and the rest of it."""
    found = _PLACE.fullmatch(text)
    return (found["where"], found["rest"]) if found else ("", text)


def check_size(html: int, whole: int) -> Diagnosis:
    """Return whether a mail is small enough: bytes of its HTML, and of all of it."""
    told = f"{html:,} bytes of HTML, {whole:,} in all, with the papers of the invented day"
    if html > CLIPPED:
        return CONFIGURATION.warning(
            "size",
            f"{told}: Gmail cuts mails off after {CLIPPED:,}",
            "fewer papers (`limit` in topics.yaml), or `density: compact`",
        )
    return CONFIGURATION.good("size", told)


async def check_spam(score: Score, message: bytes) -> Diagnosis:
    """Return what SpamAssassin makes of a mail, where it is installed; it asks no network."""
    found = re.search(r"score=(-?\d+(?:\.\d+)?)", report := await score(message))
    if found is None:
        return CONFIGURATION.not_checked(
            "spam score", "SpamAssassin is not installed, or does not answer"
        )
    points = float(found[1])
    rules = re.search(r"tests=([A-Z0-9_,\s]+?)(?:\s+\w+=|\n\S|\Z)", report)
    named = ", ".join(re.split(r"[,\s]+", rules[1].strip())[:8]) if rules else ""
    told = f"{points:g} of {SPAM:g} points from SpamAssassin{f' ({named})' if named else ''}"
    mend = "look up those rules; subject, links and proportions of text are in the templates"
    if points >= SPAM:
        return CONFIGURATION.warning("spam score", told, mend)
    if points >= ODD:
        return CONFIGURATION.notice("spam score", told, mend)
    return CONFIGURATION.good("spam score", told)
