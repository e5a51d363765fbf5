"""DMARC (RFC 9989): whose policy holds for a domain, and where an organisation ends.

There is no list of public suffixes: both are found by walking up the tree of names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from newsletter.doctor.dns.tags import Tags, read_tags
from newsletter.world.resolving import DnsAnswer, Lookup

MOST_LABELS: Final = 8
"""A name with so many labels or more goes on with its last seven (4.10)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """What stands at one name of the walk."""

    domain: str
    answer: DnsAnswer
    records: tuple[str, ...]
    """Those that are DMARC records; several together count as none."""

    @property
    def tags(self) -> Tags | None:
        """The record that counts, if one does."""
        return read_tags(self.records[0]) if len(self.records) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The record that holds for a domain, and what it asks for."""

    domain: str
    """The domain in `From`."""
    steps: tuple[Rung, ...]
    found: Rung | None
    """Where the record stands that holds; None when there is none."""
    organisation: str

    @property
    def tags(self) -> Tags:
        """The tags that hold; empty when there is no record."""
        return (self.found.tags if self.found else None) or Tags((), ())

    def mode(self, tag: str) -> str:
        """Return how near a domain has to be, by `adkim` or `aspf`: `s` or `r` (4.7)."""
        return "s" if self.tags.get(tag).lower() == "s" else "r"

    @property
    def asked(self) -> str:
        """What receivers are asked to do with mail that fails: none, quarantine or reject.

        For a subdomain `sp` counts, when the record stands further up (4.7). A record without a
        valid `p` counts as `none` (4.7, 4.10.1).
        """
        tags = self.tags
        below = self.found is not None and self.found.domain != self.domain
        wanted = tags.get("sp", tags.get("p")) if below else tags.get("p")
        return wanted.lower() if wanted.lower() in ("none", "quarantine", "reject") else "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """Whether a domain is aligned with that in `From`."""

    domain: str
    holds: bool
    problem: str = ""
    """Why nobody can tell, when DNS does not answer."""


def records_of(texts: Sequence[str]) -> tuple[str, ...]:
    """Return those texts that are DMARC records: `v=DMARC1` comes first, spelled just so (4.7)."""
    found = ((text, text.partition(";")[0].partition("=")) for text in texts)
    return tuple(
        text
        for text, (name, _, value) in found
        if name.strip().lower() == "v" and value.strip() == "DMARC1"
    )


def names_above(domain: str) -> tuple[str, ...]:
    """Return the names that the walk visits, from the domain itself up to its last label (4.10)."""
    labels = domain.split(".")
    names = [domain]
    if len(labels) >= MOST_LABELS:
        labels = labels[-MOST_LABELS + 1 :]
        names.append(".".join(labels))
    names += [".".join(labels[place:]) for place in range(1, len(labels))]
    return tuple(names)


async def climb(lookup: Lookup, domain: str) -> tuple[Rung, ...]:
    """Return what stands at each name of the walk; it ends where `psd` says so."""
    steps: list[Rung] = []
    for name in names_above(domain):
        answer = await lookup(f"_dmarc.{name}", "TXT")
        step = Rung(domain=name, answer=answer, records=records_of(answer.records))
        steps.append(step)
        if step.tags is not None and step.tags.get("psd").lower() in ("y", "n"):
            break
    return tuple(steps)


def organisation_of(domain: str, steps: Sequence[Rung]) -> str:
    """Return the organisational domain (4.10.2): at `psd=n`, the walk has ended already."""
    counted = [step for step in steps if step.tags is not None]
    for step in counted:
        psd = step.tags.get("psd").lower() if step.tags else ""
        if psd == "y" and step.domain != domain:
            below = domain.removesuffix(f".{step.domain}").rpartition(".")[2]
            return f"{below}.{step.domain}"
    return counted[-1].domain if counted else domain


async def policy_of(lookup: Lookup, domain: str) -> Policy:
    """Return the policy that holds for mail from a domain (4.10.1)."""
    steps = await climb(lookup, domain)
    organisation = organisation_of(domain, steps)
    counted = {step.domain: step for step in steps if step.tags is not None}
    # The author's domain itself, then its organisation, then the public suffix.
    last = steps[-1].domain if steps[-1].tags is not None else ""
    wanted = (domain, organisation, last)
    found = next((counted[name] for name in wanted if name in counted), None)
    return Policy(domain=domain, steps=steps, found=found, organisation=organisation)


async def alignment_of(lookup: Lookup, policy: Policy, domain: str, mode: str) -> Alignment:
    """Return whether a domain is aligned with that in `From`: the same, or of one organisation.

    `mode` is `s` (strict) or `r` (relaxed) (4.4).
    """
    if domain == policy.domain or mode == "s":
        return Alignment(domain=domain, holds=domain == policy.domain)
    steps = await climb(lookup, domain)
    unknown = [step for step in (*policy.steps, *steps) if step.answer.problem]
    return Alignment(
        domain=domain,
        holds=organisation_of(domain, steps) == policy.organisation,
        problem=unknown[0].answer.problem if unknown else "",
    )
