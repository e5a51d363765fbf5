"""MX: bounces and answers find a mail server."""

from __future__ import annotations

import pytest
from dnsserver import SERVFAIL, Records
from patients import BOUNCE, DOMAIN, ask, at, only, sick, well

from newsletter.doctor.diagnoses import Level
from newsletter.doctor.dns.exchangers import check_exchangers


def test_good_servers_need_no_look() -> None:
    """Each domain is looked at once: bounces, then answers."""
    found = ask(well(), check_exchangers)

    assert at(found, Level.GOOD) == [
        f"MX: {BOUNCE}: bounces go to mx.example.org",
        f"MX: {DOMAIN}: answers go to mx.example.org",
    ]


@pytest.mark.parametrize(
    ("records", "level", "told"),
    [
        ({"A": ["203.0.113.1"]}, Level.WARNING, "has no MX, so bounces are tried at 203.0.113.1"),
        ({"AAAA": ["2001:db8::1"]}, Level.WARNING, "tried at 2001:db8::1"),
        ({"TXT": ['"x"']}, Level.ERROR, "neither MX nor address"),
        ({"MX": ["0 ."]}, Level.ERROR, "a null MX"),
        ({"MX": ["10 203.0.113.1."]}, Level.WARNING, "is an address; only names count"),
        ({"MX": ["10 nobody.example."]}, Level.WARNING, "nobody.example has no address"),
        ({"MX": ["10 nobody.example."]}, Level.ERROR, "none of its servers is there"),
        ({"MX": ["10 alias.example."]}, Level.WARNING, "is an alias (CNAME)"),
        ({"MX": ["10 alias.example.", "20 six.example."]}, Level.GOOD, "go to six.example"),
        ({"MX": ["10 away.example."]}, Level.WARNING, "SERVFAIL"),
        ({"MX": SERVFAIL}, Level.ERROR, "SERVFAIL"),
    ],
)
def test_what_keeps_bounces_away_is_said(records: Records, level: Level, told: str) -> None:
    """IPv6 alone is enough."""
    names: dict[str, Records] = {
        "alias.example": {"CNAME": ["mx.example.org."]},
        "six.example": {"AAAA": ["2001:db8::1"]},
        "away.example": {"*": SERVFAIL},
    }
    found = ask({**well(), BOUNCE: records, **names}, check_exchangers)

    assert any(told in line for line in at(found, level)), found


def test_a_domain_that_is_not_there() -> None:
    """A slip of the pen in `bounce`."""
    found = ask(well(), check_exchangers, bounce="b@bounce.newz.example")

    assert "there is no such domain" in only(found, "MX", Level.ERROR).found
    assert only(found, "MX", Level.ERROR).where == "newsletter.yaml:delivery.bounce"
    assert len(sick(found)) == 1
