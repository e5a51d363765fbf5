"""Newsletters for the doctor: their domains, keys and DNS, well unless a test says otherwise."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable
from typing import Any

from dnsserver import Records, Zone, dns_server, txt
from makers import run

from newsletter.doctor.diagnoses import Diagnosis, Level
from newsletter.doctor.dns.mailing import Mailing
from newsletter.send.signatures import SigningKey, dns_record, load_key, make_key
from newsletter.world.resolving import Lookup, open_resolver

DOMAIN, BOUNCE, SERVER = "news.example.org", "bounce.news.example.org", "smtp.relay.example"
Check = Callable[[Lookup, Mailing], AsyncIterator[Diagnosis]]


@functools.cache
def key_of(algorithm: str = "rsa", selector: str = "r1", domain: str = DOMAIN) -> SigningKey:
    return load_key(make_key(algorithm), domain, selector)


def published(key: SigningKey) -> dict[str, Records]:
    name, text = dns_record(key)
    return {name: {"TXT": [txt(text)]}}


def make_mailing(**changes: Any) -> Mailing:
    values: dict[str, Any] = {
        "sender": f"papers@{DOMAIN}",
        "bounce": f"b@{BOUNCE}",
        "reply_to": f"editors@{DOMAIN}",
        "keys": (key_of(),),
        "server": SERVER,
        "is_here": False,
        "where": lambda setting: f"newsletter.yaml:{setting}",
    }
    return Mailing(**{**values, **changes})


def well() -> dict[str, Records]:
    """Return DNS as it should be."""
    return {
        DOMAIN: {"MX": ["10 mx.example.org."], "TXT": [txt("v=spf1 -all")]},
        BOUNCE: {
            "MX": ["10 mx.example.org."],
            "TXT": [txt("site-verification=1"), txt("v=spf1 ip4:203.0.113.0/24 -all")],
        },
        "mx.example.org": {"A": ["203.0.113.9"]},
        "_dmarc.example.org": {
            "TXT": [txt("v=DMARC1; p=reject; rua=mailto:reports@example.org")],
        },
        **published(key_of()),
    }


def ask(names: dict[str, Records], check: Check, **changes: Any) -> list[Diagnosis]:
    """Return the diagnoses of a check over DNS of these names, asked of a real server."""
    with dns_server(names) as zone:
        return ask_zone(zone, check, **changes)


def ask_zone(zone: Zone, check: Check, lifetime: float = 2.0, **changes: Any) -> list[Diagnosis]:
    async def work() -> list[Diagnosis]:
        lookup = open_resolver(zone.address, lifetime)
        return [diagnosis async for diagnosis in check(lookup, make_mailing(**changes))]

    return run(work())


def sick(diagnoses: list[Diagnosis]) -> list[str]:
    """Return what needs a look, in a line each."""
    return [
        f"{diagnosis.name}: {diagnosis.found}" for diagnosis in diagnoses if diagnosis.needs_a_look
    ]


def at(diagnoses: list[Diagnosis], level: Level) -> list[str]:
    return [
        f"{diagnosis.name}: {diagnosis.found}"
        for diagnosis in diagnoses
        if diagnosis.level is level
    ]


def only(diagnoses: list[Diagnosis], name: str, level: Level) -> Diagnosis:
    """Return the one diagnosis of that name and level."""
    found = [
        diagnosis for diagnosis in diagnoses if (diagnosis.name, diagnosis.level) == (name, level)
    ]
    assert len(found) == 1, diagnoses
    return found[0]
