"""All that an SPF record leads to, counted as receivers count it in the worst case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from newsletter.doctor.diagnoses import excerpt
from newsletter.doctor.dns.spf import ASKING, SpfRecord, SpfTerm, near_records, read_spf, records_of
from newsletter.world.resolving import DnsAnswer, Lookup

MOST_LOOKUPS: Final = 10
"""Terms that may ask DNS (RFC 7208, 4.6.4); a receiver that meets more gives up."""
MOST_VOIDS: Final = 2
"""Answers without a record that receivers bear."""
MOST_HOSTS: Final = 10
"""Servers that one `mx` may lead to (4.6.4)."""
ENOUGH: Final = 3 * MOST_LOOKUPS
"""Lookups after which nobody needs to know how many more there are."""


@dataclass(slots=True, kw_only=True)
class SpfWalk:
    """What was found on the way."""

    domain: str
    answer: DnsAnswer | None = None
    """DNS on the domain itself."""
    records: tuple[str, ...] = ()
    """The SPF records of the domain itself: there should be one."""
    near: tuple[str, ...] = ()
    """Texts that somebody meant to be one."""
    record: SpfRecord | None = None
    lookups: int = 0
    voids: list[str] = field(default_factory=list)
    """Names that were asked for in vain."""
    mistakes: list[str] = field(default_factory=list)
    """What makes receivers give up (permerror)."""
    unknown: list[str] = field(default_factory=list)
    """Names that DNS does not answer for now (temperror), and why."""
    includes: list[str] = field(default_factory=list)
    """Domains whose records are part of it."""
    notes: list[str] = field(default_factory=list)
    last: SpfTerm | None = None
    """The `all` that decides in the end, its own or that of a redirect."""

    @property
    def is_much(self) -> bool:
        """Whether there is no point in going on."""
        return self.lookups > ENOUGH


async def walk(lookup: Lookup, domain: str) -> SpfWalk:
    """Follow the SPF record of a domain wherever it may lead."""
    found = SpfWalk(domain=domain)
    found.answer = await lookup(domain, "TXT")
    found.records = records_of(found.answer.records)
    found.near = near_records(found.answer.records)
    if len(found.records) == 1:
        found.record = read_spf(found.records[0])
        await _follow(lookup, domain, found.record, found, (domain.lower(),))
    return found


async def _follow(
    lookup: Lookup, domain: str, record: SpfRecord, found: SpfWalk, path: tuple[str, ...]
) -> None:
    """Follow the terms of one record; `path` is how we came to it."""
    found.mistakes += [f"{domain}: {mistake}" for mistake in record.mistakes]
    terms = [*record.reached, *([record.redirect] if record.redirect else [])]
    for term in terms:
        if term.name not in ASKING or found.is_much:
            continue
        found.lookups += 1
        where = term.domain or domain
        if term.name == "ptr":
            found.notes.append(f"{domain} uses `ptr`, which receivers may ignore (5.5)")
        elif term.has_macros:
            continue  # what it asks for depends on the mail
        elif term.name in ("include", "redirect"):
            await _enter(lookup, where, term, found, path)
        else:
            await _hosts(lookup, where, term, found)
    if len(path) == 1 or path[-1].startswith("="):
        found.last = record.all or found.last


async def _enter(
    lookup: Lookup, domain: str, term: SpfTerm, found: SpfWalk, path: tuple[str, ...]
) -> None:
    """Go on in the record of another domain."""
    name = domain.lower().rstrip(".")
    if name in [step.removeprefix("=") for step in path]:
        found.mistakes.append(f"`{term.written}` leads back to {domain}, for ever")
        return
    answer = await lookup(domain, "TXT")
    texts = records_of(answer.records)
    if answer.problem:
        found.unknown.append(f"{domain}: {answer.problem}")
        return
    if answer.is_void:
        found.voids.append(domain)
    if len(texts) != 1:
        told = f"{len(texts)} SPF records" if texts else "no SPF record"
        found.mistakes.append(f"`{term.written}`: {domain} has {told}")
        return
    # A redirect takes over, `all` and all; of an include only a pass counts (5.2, 6.1).
    takes_over = term.name == "redirect" and (len(path) == 1 or path[-1].startswith("="))
    step = f"={name}" if takes_over else name
    if term.name == "include":
        found.includes.append(name)
    await _follow(lookup, domain, read_spf(texts[0]), found, (*path, step))


async def _hosts(lookup: Lookup, domain: str, term: SpfTerm, found: SpfWalk) -> None:
    """Look at the names of `a`, `mx` and `exists`."""
    if term.name == "mx":
        answer = await lookup(domain, "MX")
        if len(answer.records) > MOST_HOSTS:
            found.mistakes.append(
                f"`{term.written}`: {domain} has {len(answer.records)} mail servers; "
                f"{MOST_HOSTS} are the most"
            )
        _note(found, domain, [answer])
        return
    kinds = ("A",) if term.name == "exists" else ("A", "AAAA")
    _note(found, domain, [await lookup(domain, kind) for kind in kinds])


def _note(found: SpfWalk, domain: str, answers: Sequence[DnsAnswer]) -> None:
    if any(answer.records for answer in answers):
        return
    problems = [answer.problem for answer in answers if answer.problem]
    if problems:
        found.unknown.append(f"{domain}: {excerpt(problems[0])}")
    else:
        found.voids.append(domain)
