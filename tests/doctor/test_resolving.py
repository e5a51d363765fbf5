"""DNS as this machine sees it: every answer is an answer, and none is an error."""

from __future__ import annotations

import socket

import pytest
from dnsserver import GARBAGE, REFUSED, SERVFAIL, SILENT, Records, dns_server, quoted, txt
from makers import run

from newsletter.world.resolving import DnsAnswer, ResolverError, open_resolver

NAMES: dict[str, Records] = {
    "texts.example": {"TXT": [txt("long " + "x" * 3000), quoted("v=s", "pf1 -all"), '"\\195\\164\\255"']},
    "loop.example": {"CNAME": ["pool.example."]},
    "pool.example": {"CNAME": ["loop.example."]},
    "alias.example": {"CNAME": ["mail.example."]},
    "mail.example": {"MX": ["20 b.example.", "0 ."], "AAAA": ["2001:db8::1"]},
    "*.wild.example": {"TXT": [txt("anything")]},
    "servfail.example": {"*": SERVFAIL},
    "refused.example": {"*": REFUSED},
    "silent.example": {"*": SILENT},
    "garbage.example": {"*": GARBAGE},
}  # fmt: skip


def asked(name: str, kind: str = "TXT") -> DnsAnswer:
    with dns_server(NAMES) as zone:
        return run(open_resolver(zone.address, 1.0)(name, kind))


def test_strings_are_joined_and_long_answers_come_over_tcp() -> None:
    """A text may be in several strings, hold any byte, and be larger than a packet."""
    with dns_server(NAMES) as zone:
        found = run(open_resolver(zone.address)("texts.example", "TXT"))

        assert zone.over_tcp == 1
    assert found.records == ("long " + "x" * 3000, "v=spf1 -all", "ä\\xff")


@pytest.mark.parametrize(
    ("name", "problem", "silent"),
    [
        ("servfail.example", "SERVFAIL", False),
        ("refused.example", "REFUSED", False),
        ("silent.example", "no answer in time", True),
        ("garbage.example", "no answer in time", True),
        ("loop.example", "CNAME chain", False),
        ("a..b", "label is empty", False),
        ("x" * 64 + ".example", "63 octets", False),
        (".".join(["abcdefgh"] * 40), "255 octets", False),
        ("\udcff.example", "not to be asked", False),
    ],
)
def test_what_cannot_be_answered_is_said(name: str, problem: str, *, silent: bool) -> None:
    """Errors of servers, silence, nonsense and impossible names: a few words each."""
    found = asked(name)

    assert problem in found.problem
    assert (found.silent, found.records, found.is_void) == (silent, (), False)


def test_nothing_is_an_answer_too() -> None:
    """No such name differs from no such record; a wildcard brings what it has."""
    assert [asked("nobody.example").exists, asked("mail.example", "A").exists] == [False, True]
    assert asked("nobody.example").is_void
    assert asked("a.wild.example").records == ("anything",)
    assert asked("alias.example", "AAAA") == DnsAnswer(
        name="alias.example", kind="AAAA", records=("2001:db8::1",), alias="mail.example"
    )
    assert asked("mail.example", "MX").records == ("0 .", "20 b.example")


def test_a_question_is_asked_once() -> None:
    """SPF, MX and DMARC lead to the same names again and again."""
    with dns_server(NAMES) as zone:
        lookup = open_resolver(zone.address)

        async def twice() -> None:
            await lookup("Mail.Example.", "MX")
            await lookup("mail.example", "MX")

        run(twice())
        assert zone.questions == [("mail.example", "MX")]


def test_a_resolver_that_is_away_is_silent() -> None:
    """Nobody listens at its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    found = run(open_resolver(f"127.0.0.1:{port}", 1.0)("a.example", "A"))

    assert found.silent
    assert found.problem


@pytest.mark.parametrize("server", ["dns.example", "1.2.3.4:x", "[::1x]:53", "1.2.3.4.5"])
def test_what_is_no_resolver_is_refused(server: str) -> None:
    """Names are not looked up: there is nobody to ask yet."""
    with pytest.raises(ResolverError, match="not the address of a resolver"):
        open_resolver(server)
