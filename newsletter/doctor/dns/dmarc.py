"""Diagnoses on DMARC: whose policy holds, what is wrong with it, and who gets reports."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from typing import Final

from newsletter.doctor.diagnoses import Diagnosis, Record, excerpt
from newsletter.doctor.dns.alignment import check_alignment
from newsletter.doctor.dns.mailing import DNS, Mailing, domain_of
from newsletter.doctor.dns.policies import (
    Policy,
    climb,
    organisation_of,
    policy_of,
    records_of,
)
from newsletter.world.resolving import Lookup

REQUESTS: Final = ("none", "quarantine", "reject")
VALUES: Final = {
    "p": REQUESTS,
    "sp": REQUESTS,
    "np": REQUESTS,
    "adkim": ("r", "s"),
    "aspf": ("r", "s"),
    "t": ("y", "n"),
    "psd": ("y", "n", "u"),
}
KNOWN: Final = frozenset((*VALUES, "v", "rua", "ruf", "fo"))
REMOVED: Final = {
    "pct": "to test a policy, there is `t=y`",
    "rf": "reports have one format",
    "ri": "reports come daily",
}
"""Tags of RFC 7489 that are gone, and what there is in their place."""
NAMED: Final = 5
"""Flaws that are told: the others show when these are mended."""
MOST_TAGS: Final = 20
"""Tags that are looked at; RFC 9989 knows eleven."""
MOST_REPORTS: Final = 5
"""Addresses for reports that are looked at."""
_MAILTO = re.compile(r"mailto:[^@\s]+@([A-Za-z0-9.-]+)(?:!\d+[kmgt]?)?", re.IGNORECASE)


async def check_policy(lookup: Lookup, mailing: Mailing) -> AsyncIterator[Diagnosis]:
    """Yield diagnoses on the policy for the domain in `From`, and on alignment."""
    policy = await policy_of(lookup, mailing.domain)
    if policy.found is None:
        yield _missing(policy, mailing)
    else:
        name = f"_dmarc.{policy.found.domain}"
        yield _asked(policy, name)
        for diagnosis in (*_doubts(policy), *_flaws(policy, name)):
            yield diagnosis
        async for diagnosis in _reports(lookup, policy):
            yield diagnosis
    yield await check_alignment(lookup, policy, mailing)


def _doubts(policy: Policy) -> Iterator[Diagnosis]:
    """Yield what stands on the way to the record that holds, and may hide another."""
    for step in policy.steps:
        name = f"_dmarc.{step.domain}"
        if step.answer.problem:
            yield DNS.warning(
                "DMARC",
                f"{name}: DNS gives no answer ({excerpt(step.answer.problem)})",
                "look at the name servers of the domain: receivers defer mail meanwhile",
            )
        elif len(step.records) > 1:
            told = f"{name} has {len(step.records)} records: none of them counts"
            yield DNS.warning("DMARC", told, "leave one of them")


def _missing(policy: Policy, mailing: Mailing) -> Diagnosis:
    """Return that no record holds, and what stands there instead."""
    first = policy.steps[0]
    name = f"_dmarc.{policy.domain}"
    record = Record(name, "TXT", f"v=DMARC1; p=none; rua=mailto:{mailing.reply_to}")
    where = mailing.where("from")
    asked = [step for step in policy.steps if step.answer.problem]
    if asked:
        return DNS.error(
            "DMARC",
            f"_dmarc.{asked[0].domain}: DNS gives no answer ({excerpt(asked[0].answer.problem)})",
            "look at the name servers of the domain",
            where=where,
        )
    crowded = [step for step in policy.steps if len(step.records) > 1]
    if crowded:
        told = f"_dmarc.{crowded[0].domain} has {len(crowded[0].records)} records: none counts"
        return DNS.error("DMARC", told, "leave one of them", where=where)
    near = ""
    if first.answer.records:
        near = f"; `{excerpt(first.answer.records[0])}` is none: one begins with `v=DMARC1;`"
    return DNS.error(
        "DMARC",
        f"{policy.domain} has no DMARC record{near}. Gmail, Yahoo and Outlook refuse bulk mail",
        "publish one; `p=none` is enough",
        publish=record,
        where=where,
    )


def _asked(policy: Policy, name: str) -> Diagnosis:
    """Return what the policy asks for."""
    tags, asked = policy.tags, policy.asked
    is_test = tags.get("t").lower() == "y"
    told = f"{name}: receivers are asked to {_MEANING[asked]} (`{asked}`)"
    if is_test:
        return DNS.notice(
            "DMARC",
            f"{told}, but not yet: `t=y` says that you only test",
            "take `t=y` out once the reports are clean",
        )
    if asked == "none":
        return DNS.notice(
            "DMARC",
            f"{told}: enough for Gmail, Yahoo and Outlook",
            "once the reports show no stranger, `p=quarantine` keeps others from using your name",
        )
    return DNS.good("DMARC", told)


_MEANING = {
    "none": "deliver what fails",
    "quarantine": "put what fails among spam",
    "reject": "refuse what fails",
}


def _flaws(policy: Policy, name: str) -> Iterator[Diagnosis]:
    """Yield what is wrong or outdated in a record."""
    tags = policy.tags
    for flaw in tags.flaws[:NAMED]:
        yield DNS.warning("DMARC", f"{name}: {flaw}", "take it out")
    if "p" not in tags:
        yield DNS.warning("DMARC", f"{name}: without `p` it counts as `p=none`", "write `p=none`")
    elif [key for key, _ in tags.pairs[:2]] != ["v", "p"]:
        yield DNS.notice(
            "DMARC", f"{name}: older receivers want `p` right after `v`", "move it there"
        )
    for key, value in tags.pairs[:MOST_TAGS]:
        if key in VALUES and value.lower() not in VALUES[key]:
            allowed = ", ".join(VALUES[key])
            yield DNS.warning(
                "DMARC",
                f"{name}: `{key}={value[:40]}` is not known, and does not count",
                f"write one of {allowed}",
            )
        elif key in REMOVED:
            yield DNS.notice(
                "DMARC",
                f"{name}: `{key}` is gone since RFC 9989, and has no effect",
                f"take it out; {REMOVED[key]}",
            )
        elif key not in KNOWN:
            yield DNS.notice("DMARC", f"{name}: nobody knows the tag `{key[:20]}`", "take it out")
    if "rua" not in tags:
        yield DNS.notice(
            "DMARC",
            f"{name}: no `rua`, so nobody tells you who uses your name",
            "add `rua=mailto:…`, an address that programs read",
        )
    if tags.get("psd").lower() == "y":
        yield DNS.warning(
            "DMARC",
            f"{name}: `psd=y` is for registries, under whose names others register",
            "take it out",
        )


async def _reports(lookup: Lookup, policy: Policy) -> AsyncIterator[Diagnosis]:
    """Yield whether others who are to get reports agree to that (RFC 9990, 4)."""
    home = policy.found.domain if policy.found else policy.domain
    addresses = [
        address.strip()
        for tag in ("rua", "ruf")
        for address in policy.tags.get(tag).split(",")
        if address.strip()
    ]
    for address in list(dict.fromkeys(addresses))[:MOST_REPORTS]:
        found = _MAILTO.fullmatch(address)
        if found is None:
            told = f"_dmarc.{home}: `{address[:80]}` is no address for reports"
            yield DNS.warning("DMARC reports", told, "write mailto:name@domain")
            continue
        domain = domain_of(f"@{found[1]}")
        if organisation_of(domain, await climb(lookup, domain)) == policy.organisation:
            continue
        name = f"{home}._report._dmarc.{domain}"
        answer = await lookup(name, "TXT")
        if not answer.problem and not records_of(answer.records):
            yield DNS.warning(
                "DMARC reports",
                f"{domain} does not say that it takes reports about {home}, so none are sent there",
                f"{domain} has to publish that it does",
                publish=Record(name, "TXT", "v=DMARC1"),
            )
