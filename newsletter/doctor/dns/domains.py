"""check_domains(): all that DNS should say about a newsletter's mail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from newsletter.doctor.diagnoses import Diagnosis
from newsletter.doctor.dns.dmarc import check_policy
from newsletter.doctor.dns.exchangers import check_exchangers
from newsletter.doctor.dns.keys import check_keys
from newsletter.doctor.dns.mailing import DNS, Mailing
from newsletter.doctor.dns.senders import check_names, check_senders
from newsletter.world.resolving import Lookup

FREE = frozenset(
    "gmail.com googlemail.com yahoo.com aol.com outlook.com hotmail.com live.com msn.com "
    "icloud.com me.com gmx.de gmx.net web.de proton.me protonmail.com".split()
)
"""Domains of mailboxes for everybody: mail in their name has to leave from their own servers."""
_CHECKS = (check_senders, check_names, check_keys, check_policy, check_exchangers)


async def check_domains(lookup: Lookup, mailing: Mailing) -> AsyncIterator[Diagnosis]:
    """Yield a diagnosis for each thing that receivers read in DNS.

    When our own resolver is away, that is one diagnosis for all.
    """
    first = await lookup(mailing.domain, "TXT")
    # Its servers may be away, or ours: the root is always there.
    if first.silent and (root := await lookup(".", "NS")).silent:
        yield DNS.offline(
            "resolver",
            f"no resolver answers ({root.problem})",
            "is the network up, and is the resolver in /etc/resolv.conf there? `--resolver` names "
            "another",
        )
        return
    if mailing.domain in FREE:
        yield DNS.warning(
            "From",
            f"{mailing.domain} belongs to a mailbox provider: its DMARC record makes "
            "others refuse a newsletter in its name",
            "write `from` at a domain of your own",
            where=mailing.where("from"),
        )
    # Side by side: where servers are silent, each question takes its seconds.
    for diagnoses in await asyncio.gather(*(_all(check(lookup, mailing)) for check in _CHECKS)):
        for diagnosis in diagnoses:
            yield diagnosis


async def _all(diagnoses: AsyncIterator[Diagnosis]) -> list[Diagnosis]:
    return [diagnosis async for diagnosis in diagnoses]
