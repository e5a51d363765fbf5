"""SPF and reverse names: limits, mistakes, and whether addresses pass."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator
from typing import Any

import pytest
from dnsserver import SERVFAIL, SILENT, Records, dns_server, quoted, txt
from hypothesis import given
from hypothesis import strategies as st
from makers import run
from patients import BOUNCE, ask, at, only, sick, well

from newsletter.doctor.diagnoses import Diagnosis, Level
from newsletter.doctor.dns.judging import judge
from newsletter.doctor.dns.mailing import Mailing
from newsletter.doctor.dns.senders import check_names, check_senders
from newsletter.doctor.dns.spf import read_spf, records_of
from newsletter.world.resolving import Lookup, open_resolver


async def check_both(lookup: Lookup, mailing: Mailing) -> AsyncIterator[Diagnosis]:
    for check in (check_senders, check_names):
        async for diagnosis in check(lookup, mailing):
            yield diagnosis


def spf(*texts: str, names: dict[str, Records] | None = None, **changes: Any) -> list[Diagnosis]:
    """Return the diagnoses on SPF records of the envelope sender's domain."""
    zone = {**well(), BOUNCE: {"TXT": [txt(text) for text in texts]}, **(names or {})}
    return ask(zone, check_both, **changes)


def test_a_good_record_needs_no_look() -> None:
    """Other texts at the name do not matter; a relay's addresses are said to be unknown."""
    found = ask(well(), check_senders)

    assert sick(found) == []
    assert only(found, "SPF lookups", Level.GOOD).found.startswith("0 of 10 lookups")
    assert "only its provider knows" in only(found, "SPF pass", Level.NOT_CHECKED).found


def test_no_record_two_records_and_what_is_meant_as_one() -> None:
    """Each says what to publish."""
    none, two = spf("other"), spf("v=spf1 ip4:192.0.2.1 -all", "V=SPF1 a ~all")
    quotes, other = spf('"v=spf1 -all"'), spf("v=spf10 -all")
    relay = spf("x", server="email-smtp.eu-west-1.amazonaws.com")

    assert only(none, "SPF", Level.ERROR).publish is not None
    assert "2 SPF records" in only(two, "SPF", Level.ERROR).found
    assert str(only(two, "SPF", Level.ERROR).publish) == f"{BOUNCE} TXT v=spf1 a ip4:192.0.2.1 ~all"
    many = spf("v=spf1 -all", "v=spf1 " + " ".join(f"ip4:192.0.2.{n}" for n in range(60)))
    assert str(only(many, "SPF", Level.ERROR).publish).endswith("ip4:192.0.2.59 ~all")
    assert '`"v=spf1 -all"` is none' in only(quotes, "SPF", Level.ERROR).found
    assert "`v=spf10 -all` is none" in only(other, "SPF", Level.ERROR).found
    assert str(only(relay, "SPF", Level.ERROR).publish).endswith("include:amazonses.com ~all")


def test_dns_that_gives_no_answer_or_knows_no_domain() -> None:
    """Neither is taken for a missing record."""
    away = ask({**well(), BOUNCE: {"*": SERVFAIL}}, check_senders)
    gone = ask({}, check_senders)

    assert "DNS gives no answer (SERVFAIL)" in only(away, "SPF", Level.ERROR).found
    assert "there is no such domain" in only(gone, "SPF", Level.ERROR).found


@pytest.mark.parametrize(
    ("text", "level", "told"),
    [
        ("v=spf1 +all", Level.ERROR, "lets everybody send"),
        ("v=spf1 all", Level.ERROR, "lets everybody send"),
        ("v=spf1 ?all", Level.NOTICE, "says nothing of others"),
        ("v=spf1 ip4:192.0.2.1", Level.NOTICE, "nothing ends the record"),
        ("v=spf1 ptr -all", Level.NOTICE, "uses `ptr`"),
        ("v=spf1 ip4:300.1.1.1 -all", Level.ERROR, "no address of IPv4"),
        ("v=spf1 ip6:192.0.2.1 -all", Level.ERROR, "an address of IPv4"),
        ("v=spf1 inculde:x.example -all", Level.ERROR, "no such mechanism"),
        ("v=spf1 include=x.example -all", Level.ERROR, "write `include:`, with a colon"),
        ("v=spf1 exists -all", Level.ERROR, "it lacks a domain"),
        ("v=spf1 exists:%{z}.x.example -all", Level.ERROR, "a macro that cannot be read"),
        ("v=spf1 exists:%{I}.%{ir}.x.example -all", Level.GOOD, "1 of 10"),
        ("v=spf1 ptr:x -all", Level.ERROR, "no domain"),
        ("v=spf1 redirect=a.example redirect=b.example", Level.ERROR, "is there twice"),
        ("v=spf1 -all exp=why.example", Level.GOOD, "0 of 10"),
        ("v=SPF1  A:six.example   -ALL  ", Level.GOOD, "1 of 10"),
        ("v=spf1 include:nobody.example -all", Level.ERROR, "has no SPF record"),
        ("v=spf1 redirect=nobody.example", Level.ERROR, "has no SPF record"),
        ("v=spf1 a:münchen.example -all", Level.ERROR, "not ASCII"),
        ("v=spf1 include:servfail.example -all", Level.WARNING, "cannot be looked up now"),
        ("v=spf1 mx:many.example -all", Level.ERROR, "11 mail servers"),
        ("v=spf1 include:a.circle.example -all", Level.ERROR, "for ever"),
        (f"v=spf1 include:{BOUNCE} -all", Level.ERROR, "for ever"),
        ("v=spf1 " + "ip4:192.0.2.1 " * 40 + "-all", Level.NOTICE, "more than one small packet"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_record_is_said(text: str, level: Level, told: str) -> None:
    """And how much it matters."""
    names: dict[str, Records] = {
        "servfail.example": {"*": SERVFAIL},
        "six.example": {"AAAA": ["2001:db8::1"]},
        "many.example": {"MX": [f"10 mx{n}.example." for n in range(11)]},
        "a.circle.example": {"TXT": [txt("v=spf1 include:b.circle.example -all")]},
        "b.circle.example": {"TXT": [txt("v=spf1 include:a.circle.example -all")]},
    }
    found = spf(text, names=names)

    assert any(told in line for line in at(found, level)), found


def including(count: int) -> dict[str, Records]:
    return {f"i{n}.example": {"TXT": [txt("v=spf1 ip4:192.0.2.1 -all")]} for n in range(count)}


@pytest.mark.parametrize(("count", "level"), [(7, Level.GOOD), (8, Level.NOTICE), (10, Level.NOTICE), (11, Level.ERROR)])  # fmt: skip
def test_ten_lookups_are_the_most(count: int, level: Level) -> None:
    """Networks cost nothing; a macro costs one, though nobody knows where it leads."""
    terms = " ".join(f"include:i{n}.example" for n in range(count - 1))
    found = spf(
        f"v=spf1 ip4:192.0.2.1 exists:%{{i}}.x.example {terms} -all", names=including(count)
    )

    assert f"{count} of 10 lookups" in only(found, "SPF lookups", level).found


def test_lookups_are_counted_through_includes_and_redirects() -> None:
    """A redirect does not count where `all` comes first; `mx` counts once, whatever it leads to."""
    names: dict[str, Records] = {
        "r.example": {"TXT": [txt("v=spf1 mx:mx.example include:i0.example ~all")]},
        "mx.example": {"MX": [f"10 h{n}.example." for n in range(5)]},
        **including(1),
    }
    followed = spf("v=spf1 redirect=r.example", names=names)
    ignored = spf("v=spf1 -all redirect=r.example", names=names)

    assert "3 of 10" in only(followed, "SPF lookups", Level.GOOD).found
    assert "0 of 10" in only(ignored, "SPF lookups", Level.GOOD).found
    assert at(followed, Level.NOTICE) == []


def test_names_without_records_are_counted_once_each() -> None:
    """Two are borne: of a name, address of either kind is enough."""
    names: dict[str, Records] = {"six.example": {"AAAA": ["2001:db8::1"]}}
    two = spf("v=spf1 a:six.example a:n1.example mx:n2.example a:n1.example -all", names=names)
    three = spf("v=spf1 a:n1.example a:n2.example a:n3.example -all")

    assert "n1.example, n2.example" in only(two, "SPF lookups", Level.NOTICE).found
    assert "3 names have no record" in only(three, "SPF lookups", Level.ERROR).found
    included = spf("v=spf1 include:n1.example a:n2.example a:n3.example -all")
    assert "3 names have no record" in only(included, "SPF lookups", Level.ERROR).found


def test_a_record_in_several_strings_is_one() -> None:
    """Strings are joined without a space (RFC 7208, 3.3)."""
    zone = {**well(), BOUNCE: {"TXT": [quoted("v=spf1 ip4:192.", "0.2.1 -all")]}}

    assert sick(ask(zone, check_senders)) == []


def test_a_record_that_leads_on_for_ever_ends() -> None:
    """A hundred includes that each include more: after thirty nobody counts on."""
    names: dict[str, Records] = {
        f"n{n}.example": {"TXT": [txt(f"v=spf1 include:n{n + 1}.example include:n{n + 2}.example -all")]}
        for n in range(200)
    }  # fmt: skip
    found = spf("v=spf1 include:n0.example -all", names=names)

    assert "more than 30 of 10" in only(found, "SPF lookups", Level.ERROR).found


def test_this_machine_s_own_address_is_judged() -> None:
    """Where the mail server is here, its public address must pass, and have a name."""
    own: dict[str, Any] = {"is_here": True, "server": "localhost", "addresses": ["8.8.4.4"]}
    names: dict[str, Records] = {
        "4.4.8.8.in-addr.arpa": {"PTR": ["out.example."]},
        "out.example": {"A": ["8.8.4.4"]},
    }
    good = spf("v=spf1 ip4:8.8.4.0/24 -all", names=names, **own)
    bad = spf("v=spf1 mx -all", **own)
    missing = spf("x", **own)
    hidden = spf("v=spf1 mx -all", **{**own, "addresses": ["10.0.0.2"]})

    assert sick(good) == []
    assert "8.8.4.4 is out.example" in only(good, "PTR", Level.GOOD).found
    assert (
        str(only(bad, "SPF pass", Level.ERROR).publish)
        == f"{BOUNCE} TXT v=spf1 ip4:8.8.4.4 mx -all"
    )
    assert "8.8.4.4 has no name" in only(bad, "PTR", Level.ERROR).found
    assert str(only(missing, "SPF", Level.ERROR).publish) == f"{BOUNCE} TXT v=spf1 ip4:8.8.4.4 -all"
    assert "private (10.0.0.2)" in only(hidden, "SPF pass", Level.NOT_CHECKED).found


def test_a_name_that_does_not_lead_back_is_none() -> None:
    """Anybody can write any name for an own address."""
    names: dict[str, Records] = {"4.4.8.8.in-addr.arpa": {"PTR": ["mail.google.com."]}}
    found = spf("v=spf1 ip4:8.8.4.4 -all", names=names, is_here=True, addresses=["8.8.4.4"])

    assert "does not lead back" in only(found, "PTR", Level.ERROR).found


def test_a_provider_that_is_not_included_is_pointed_out() -> None:
    """For those whose includes are known."""
    without = spf("v=spf1 -all", server="smtp.sendgrid.net")
    with_ = spf(
        "v=spf1 include:sendgrid.net -all", server="smtp.sendgrid.net",
        names={"sendgrid.net": {"TXT": [txt("v=spf1 ip4:192.0.2.0/24 ~all")]}},
    )  # fmt: skip

    assert any("does not include sendgrid.net" in line for line in at(without, Level.NOTICE))
    assert at(with_, Level.NOTICE) == []


@pytest.mark.parametrize(
    ("text", "address", "result"),
    [
        ("v=spf1 -all", "192.0.2.1", "fail"),
        ("v=spf1 ip4:192.0.2.1 -all", "::ffff:192.0.2.1", "pass"),
        ("v=spf1 ip6:2001:db8::/32 ~all", "2001:db8::9", "pass"),
        ("v=spf1 a:h.example/24 -all", "203.0.113.77", "pass"),
        ("v=spf1 a:h.example -all", "203.0.113.77", "fail"),
        ("v=spf1 mx:m.example -all", "203.0.113.1", "pass"),
        ("v=spf1 include:in.example ?all", "192.0.2.1", "neutral"),
        ("v=spf1 include:in.example ?all", "203.0.113.1", "pass"),
        ("v=spf1 exists:%{ir}.%{l1r-}.list.example -all", "192.0.2.1", "pass"),
        ("v=spf1 redirect=in.example", "203.0.113.1", "pass"),
        ("v=spf1 redirect=none.example", "203.0.113.1", "permerror"),
        ("v=spf1 include:none.example -all", "203.0.113.1", "permerror"),
        ("v=spf1 a:n1.example a:n2.example a:n3.example -all", "203.0.113.1", "permerror"),
        ("v=spf1 include:d.example -all", "192.0.2.1", "permerror"),
        ("v=spf1 a:silent.example -all", "192.0.2.1", "temperror"),
        ("v=spf1 foo -all", "192.0.2.1", "permerror"),
        ("no spf", "192.0.2.1", "none"),
        ("v=spf1 ptr:out.example -all", "192.0.2.7", "pass"),
    ],
)
def test_addresses_are_judged_as_receivers_do(text: str, address: str, result: str) -> None:
    """check_host() of RFC 7208, whose own test suite was run against it."""
    names: dict[str, Records] = {
        "d.example": {"TXT": [txt(text)]},
        "h.example": {"A": ["203.0.113.1"]},
        "m.example": {"MX": ["10 h.example."]},
        "in.example": {"TXT": [txt("v=spf1 a:h.example -all")]},
        "1.2.0.192.me.list.example": {"A": ["127.0.0.2"]},
        "7.2.0.192.in-addr.arpa": {"PTR": ["out.example."]},
        "out.example": {"A": ["192.0.2.7"]},
        "silent.example": {"*": SILENT},
    }
    with dns_server(names) as zone:
        lookup = open_resolver(zone.address, 1.0)

        assert run(judge(lookup, ipaddress.ip_address(address), "me-bounce@d.example")) == result


@given(st.text(st.sampled_from('v=spf1 aAlmxip46:/%{}dr-+~?.=_\\"\0é0129exists'), max_size=80))
def test_no_record_is_too_odd_to_be_read(text: str) -> None:
    """Each term is a term or a mistake, and nothing is lost."""
    record = read_spf(f"v=spf1 {text}")

    assert len(record.terms) + len(record.mistakes) >= len(
        [word for word in text.split(" ") if word]
    )
    assert records_of([text, f"v=spf1 {text}"])[-1] == f"v=spf1 {text}"
