"""Diagnoses on SPF and reverse names: whether the servers that our mail leaves from may send it."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Final

from newsletter.doctor.diagnoses import Diagnosis, Record, excerpt
from newsletter.doctor.dns.judging import Address, judge
from newsletter.doctor.dns.mailing import DNS, Mailing
from newsletter.doctor.dns.walking import MOST_LOOKUPS, MOST_VOIDS, SpfWalk, walk
from newsletter.world.resolving import Lookup

FEW_LEFT: Final = 8
"""Lookups from which on it is worth knowing that ten are the most."""
NAMED: Final = 5
"""Mistakes of a kind that are told: the others show when these are mended."""
MOST_TEXT: Final = 2_000
"""Characters of a record that anybody would publish."""
LONG: Final = 450
"""Characters of a record that fit into one small answer with the rest of it (RFC 7208, 3.4)."""
PROVIDERS: Final = (
    ("gmail.com", "_spf.google.com"),
    ("google.com", "_spf.google.com"),
    ("amazonaws.com", "amazonses.com"),
    ("office365.com", "spf.protection.outlook.com"),
    ("sendgrid.net", "sendgrid.net"),
    ("eu.mailgun.org", "eu.mailgun.org"),
    ("mailgun.org", "mailgun.org"),
    ("mailjet.com", "spf.mailjet.com"),
    ("postmarkapp.com", "spf.mtasv.net"),
    ("brevo.com", "spf.brevo.com"),
    ("fastmail.com", "spf.messagingengine.com"),
    ("zoho.com", "zoho.com"),
)
"""Domains of servers that take mail, and what their customers include in SPF."""


async def check_senders(lookup: Lookup, mailing: Mailing) -> AsyncIterator[Diagnosis]:
    """Yield diagnoses on SPF of the envelope sender's domain."""
    found = await walk(lookup, mailing.bounce_domain)
    if found.record is None or not found.mistakes:
        yield _record(found, mailing)
    if found.record is None:
        return
    for diagnosis in (*_limits(found), *_quality(found), *_include(found, mailing)):
        yield diagnosis
    async for diagnosis in _addresses(lookup, found, mailing):
        yield diagnosis


def _wanted(mailing: Mailing) -> str:
    """Return the record that a domain without one should have."""
    if include := _provider(mailing.server):
        return f"v=spf1 include:{include} ~all"
    networks = " ".join(f"ip{address.version}:{address}" for address in mailing.public)
    if mailing.is_here and networks:
        return f"v=spf1 {networks} -all"
    if mailing.is_here:
        return "v=spf1 ip4:<the public address of this machine> -all"
    return "v=spf1 include:<the name that your provider tells> ~all"


def _record_of(domain: str, terms: Sequence[str]) -> Record | None:
    """Return a record of these terms; none when it is too long to be published."""
    text = " ".join(terms)
    return Record(domain, "TXT", text) if len(text) <= MOST_TEXT else None


def _provider(server: str) -> str:
    name = f".{server.lower()}"
    return next((include for host, include in PROVIDERS if name.endswith(f".{host}")), "")


def _record(found: SpfWalk, mailing: Mailing) -> Diagnosis:
    """Return whether there is one record."""
    domain, where = found.domain, mailing.where("delivery.bounce")
    answer = found.answer
    if answer is not None and answer.problem:
        return DNS.error(
            "SPF",
            f"{domain}: DNS gives no answer ({excerpt(answer.problem)})",
            "look at the name servers of the domain; receivers defer mail meanwhile",
            where=where,
        )
    if answer is not None and not answer.exists:
        return DNS.error(
            "SPF",
            f"{domain}: there is no such domain",
            "write an envelope sender (`bounce`, else `from`) at a domain of yours",
            where=where,
        )
    if not found.records:
        near = f"; `{excerpt(found.near[0])}` is none" if found.near else ""
        return DNS.error(
            "SPF",
            f"{domain} has no SPF record{near}: Gmail, Yahoo and Outlook refuse bulk mail",
            "publish one, and name in it every server that sends for this domain",
            publish=Record(domain, "TXT", _wanted(mailing)),
            where=where,
        )
    if len(found.records) > 1:
        parts = [term for text in found.records for term in text.split()[1:]]
        rest = dict.fromkeys(part for part in parts if part.lower().lstrip("+-~?") != "all")
        return DNS.error(
            "SPF",
            f"{domain} has {len(found.records)} SPF records, so that none counts (RFC 7208, 4.5)",
            "publish one in place of them",
            publish=_record_of(domain, ["v=spf1", *rest, "~all"]),
        )
    return DNS.good("SPF", f"{domain}: {excerpt(found.records[0])}")


def _limits(found: SpfWalk) -> Iterator[Diagnosis]:
    """Yield what makes receivers give up, and how far from it we are."""
    for mistake in list(dict.fromkeys(found.mistakes))[:NAMED]:
        yield DNS.error(
            "SPF syntax",
            f"{excerpt(mistake)}: the whole record is worthless (permerror)",
            "mend that term, or take it out",
        )
    for unknown in list(dict.fromkeys(found.unknown))[:NAMED]:
        yield DNS.warning(
            "SPF",
            f"a part of the record cannot be looked up now: {excerpt(unknown)}",
            "if that stays so, take that part out: receivers defer mail meanwhile",
        )
    many = f"more than {found.lookups - 1}" if found.is_much else str(found.lookups)
    told = f"{many} of {MOST_LOOKUPS} lookups (RFC 7208, 4.6.4)"
    mend = "take out what sends no mail any more, or write networks (ip4:, ip6:) for names"
    if found.lookups > MOST_LOOKUPS:
        yield DNS.error("SPF lookups", f"{told}: receivers give up (permerror)", mend)
    elif found.lookups >= FEW_LEFT:
        yield DNS.notice("SPF lookups", f"{told}: few are left", mend)
    else:
        yield DNS.good("SPF lookups", told)
    voids = list(dict.fromkeys(found.voids))
    if len(voids) > MOST_VOIDS:
        yield DNS.error(
            "SPF lookups",
            f"{len(voids)} names have no record ({excerpt(', '.join(voids))}); receivers that meet "
            f"more than {MOST_VOIDS} give up",
            "take those names out",
        )
    elif voids:
        yield DNS.notice(
            "SPF lookups", f"names without a record: {', '.join(voids)}", "take them out"
        )


def _quality(found: SpfWalk) -> Iterator[Diagnosis]:
    """Yield what a record that works could do better."""
    last = found.last
    domain = found.domain
    if last is None:
        yield DNS.notice(
            "SPF",
            f"{domain}: nothing ends the record, so that it says nothing of others",
            "end it with `~all`, later with `-all`",
        )
    elif last.sign == "+":
        yield DNS.error(
            "SPF",
            f"{domain}: `{last.written}` lets everybody send as you; receivers mistrust it",
            "end the record with `~all` or `-all`",
        )
    elif last.sign == "?":
        yield DNS.notice(
            "SPF", f"{domain}: `?all` says nothing of others", "end the record with `~all`"
        )
    for note in list(dict.fromkeys(found.notes))[:NAMED]:
        yield DNS.notice("SPF", note, "write networks (ip4:, ip6:) for it")
    text = found.record.text if found.record else ""
    if len(text) > LONG:
        yield DNS.notice(
            "SPF",
            f"{domain}: a record of {len(text)} characters needs more than one small packet",
            "shorten it: some receivers lose long answers",
        )


def _include(found: SpfWalk, mailing: Mailing) -> Iterator[Diagnosis]:
    wanted = _provider(mailing.server)
    if wanted and wanted not in found.includes and not found.is_much:
        yield DNS.notice(
            "SPF",
            f"mail leaves by {mailing.server}, and the record of {found.domain} does not include "
            f"{wanted}",
            f"add `include:{wanted}`, unless your provider puts a return path of its own",
        )


async def _addresses(lookup: Lookup, found: SpfWalk, mailing: Mailing) -> AsyncIterator[Diagnosis]:
    """Yield whether the addresses that mail leaves from pass, where they are known."""
    if not mailing.is_here:
        yield DNS.not_checked(
            "SPF pass",
            f"{mailing.server or 'the mail server'} sends on from addresses that only its provider "
            "knows: whether the record has them shows in what receivers say",
            "`newsletter doctor --send ADDRESS` sends a test; look for `spf=pass` in its headers",
        )
        return
    if not mailing.public:
        yield DNS.not_checked(
            "SPF pass",
            "mail leaves from this machine, whose own addresses are private "
            f"({', '.join(mailing.addresses) or 'none'}): the public one is not known here",
            "compare the record with the public address of your network",
        )
        return
    for address in mailing.public:
        yield await _passes(lookup, address, found, mailing)


async def _passes(lookup: Lookup, address: Address, found: SpfWalk, mailing: Mailing) -> Diagnosis:
    result = await judge(lookup, address, mailing.bounce)
    if result == "pass":
        return DNS.good("SPF pass", f"mail from {address} passes")
    term = f"ip{address.version}:{address}"
    text = found.record.text if found.record else "v=spf1"
    first, _, rest = text.partition(" ")
    return DNS.error(
        "SPF pass",
        f"mail from {address}, an address of this machine, gets `{result}`",
        f"add `{term}` to the record",
        publish=_record_of(found.domain, [first, term, *rest.split()]),
    )


async def check_names(lookup: Lookup, mailing: Mailing) -> AsyncIterator[Diagnosis]:
    """Yield whether each address has a name that leads back to it, as Gmail and Yahoo ask."""
    if not mailing.is_here or not mailing.public:
        why = "the addresses that mail leaves from are not known here"
        yield DNS.not_checked("PTR", f"{why}; their names are their provider's task")
        return
    for address in mailing.public:
        yield await _named(lookup, address)


async def _named(lookup: Lookup, address: Address) -> Diagnosis:
    answer = await lookup(address.reverse_pointer, "PTR")
    if answer.problem:
        return DNS.warning("PTR", f"{address}: DNS gives no answer ({excerpt(answer.problem)})")
    kind = "A" if isinstance(address, ipaddress.IPv4Address) else "AAAA"
    for host in answer.records[:10]:
        if str(address) in (await lookup(host, kind)).records:
            return DNS.good("PTR", f"{address} is {host}, and {host} is {address}")
    told = f"{address} has no name"
    if answer.records:
        told = f"{address} has the name {answer.records[0]}, which does not lead back"
    return DNS.error(
        "PTR",
        f"{told}: Gmail and Yahoo refuse its mail",
        "whoever rents out the address sets it: ask for the name of your mail server, and publish "
        f"an {kind} record of that name with the address",
    )
