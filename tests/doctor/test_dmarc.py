"""DMARC by RFC 9989: the walk up the tree, the policy that holds, alignment, reports."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from dnsserver import SERVFAIL, Records, dns_server, txt
from hypothesis import given
from hypothesis import strategies as st
from makers import run
from patients import BOUNCE, DOMAIN, ask, at, key_of, only, sick, well

from newsletter.doctor.diagnoses import Diagnosis, Level
from newsletter.doctor.dns.dmarc import check_policy
from newsletter.doctor.dns.policies import (
    MOST_LABELS,
    names_above,
    organisation_of,
    policy_of,
    records_of,
)
from newsletter.doctor.dns.tags import read_tags
from newsletter.world.resolving import open_resolver

GOOD = "v=DMARC1; p=reject; rua=mailto:reports@example.org"


def dmarc(record: str, **changes: Any) -> list[Diagnosis]:
    return ask({**well(), "_dmarc.example.org": {"TXT": [txt(record)]}}, check_policy, **changes)


def test_a_good_policy_needs_no_look() -> None:
    """It stands at the organisation's domain, above ours."""
    found = ask(well(), check_policy)

    assert sick(found) == []
    assert (
        "_dmarc.example.org: receivers are asked to refuse"
        in only(found, "DMARC", Level.GOOD).found
    )
    assert (
        "DKIM (d=news.example.org) and the return path"
        in only(found, "alignment", Level.GOOD).found
    )


def test_no_policy_is_an_error_with_the_record() -> None:
    """`p=none` is enough for bulk mail; what stands there and is none is shown."""
    zone = well()
    del zone["_dmarc.example.org"]
    odd: dict[str, Records] = {f"_dmarc.{DOMAIN}": {"TXT": [txt("v=dmarc1; p=none")]}}
    away: dict[str, Records] = {f"_dmarc.{DOMAIN}": {"*": SERVFAIL}}
    two: dict[str, Records] = {f"_dmarc.{DOMAIN}": {"TXT": [txt(GOOD), txt("v=DMARC1; p=none")]}}
    none = only(ask(zone, check_policy), "DMARC", Level.ERROR)

    assert str(none.publish) == f"_dmarc.{DOMAIN} TXT v=DMARC1; p=none; rua=mailto:editors@{DOMAIN}"
    assert (
        "`v=dmarc1; p=none` is none"
        in only(ask({**zone, **odd}, check_policy), "DMARC", Level.ERROR).found
    )
    assert "SERVFAIL" in only(ask({**zone, **away}, check_policy), "DMARC", Level.ERROR).found
    assert (
        "has 2 records: none counts"
        in only(ask({**zone, **two}, check_policy), "DMARC", Level.ERROR).found
    )


@pytest.mark.parametrize(
    ("record", "level", "told"),
    [
        ("v=DMARC1; p=none; rua=mailto:a@example.org", Level.NOTICE, "enough for Gmail"),
        ("v=DMARC1; p=reject; t=y; rua=mailto:a@example.org", Level.NOTICE, "not yet: `t=y`"),
        ("v=DMARC1; p=reject; sp=none; rua=mailto:a@example.org", Level.NOTICE, "(`none`)"),
        ("v=DMARC1; p=none; sp=reject; rua=mailto:a@example.org", Level.GOOD, "(`reject`)"),
        ("v=DMARC1; p=reject; pct=20; rua=mailto:a@example.org", Level.NOTICE, "`pct` is gone"),
        ("v=DMARC1; p=reject; ri=3600; rua=mailto:a@example.org", Level.NOTICE, "`ri` is gone"),
        ("v=DMARC1; p=rejct; rua=mailto:a@example.org", Level.WARNING, "`p=rejct` is not known"),
        ("v=DMARC1; p=reject; np=all; rua=mailto:a@example.org", Level.WARNING, "`np=all`"),
        ("v=DMARC1; rua=mailto:a@example.org", Level.WARNING, "without `p` it counts as"),
        ("v=DMARC1; rua=mailto:a@example.org; p=reject", Level.NOTICE, "right after `v`"),
        ("v=DMARC1; p=reject; psd=y; rua=mailto:a@example.org", Level.WARNING, "`psd=y` is for"),
        ("v=DMARC1; p=reject; mine=1; rua=mailto:a@example.org", Level.NOTICE, "nobody knows"),
        ("v=DMARC1; p=reject", Level.NOTICE, "no `rua`"),
        ("v=DMARC1; p=reject; rua=reports@example.org", Level.WARNING, "no address for reports"),
        ("v=DMARC1; p=reject; rua=mailto:a@other.example", Level.WARNING, "other.example does not say"),
        ("v=DMARC1; p=reject; p=none; rua=mailto:a@example.org", Level.WARNING, "there twice"),
        ("v=DMARC1\\; p=reject\\; rua=mailto:a@example.org", Level.ERROR, "no DMARC record"),
        ("v=DMARC1; p=reject; zwölf; rua=mailto:a@example.org", Level.WARNING, "is no tag"),
        ("v=DMARC1; P=Reject; RUA=MAILTO:a@EXAMPLE.org!10m", Level.GOOD, "(`reject`)"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_policy_is_said(record: str, level: Level, told: str) -> None:
    """And what is gone since RFC 9989."""
    found = dmarc(record)

    assert any(told in line for line in at(found, level)), found


def test_others_say_that_they_take_reports() -> None:
    """By a record, which may be a wildcard (RFC 9990, 4); nothing is asked of our own organisation."""
    text = "v=DMARC1; p=reject; rua=mailto:a@other.example,mailto:b@sub.example.org"
    zone = {**well(), "_dmarc.example.org": {"TXT": [txt(text)]}}
    refused = only(ask(zone, check_policy), "DMARC reports", Level.WARNING)
    agreed: dict[str, Records] = {"*._report._dmarc.other.example": {"TXT": [txt("v=DMARC1")]}}

    assert str(refused.publish) == "example.org._report._dmarc.other.example TXT v=DMARC1"
    assert sick(ask({**zone, **agreed}, check_policy)) == []


@pytest.mark.parametrize(
    ("record", "changes", "level", "told"),
    [
        (GOOD, {"bounce": "b@mail.relay.example"}, Level.NOTICE, "the return path (mail.relay.example) is not"),
        (GOOD, {"keys": (key_of(domain="relay.example"),)}, Level.NOTICE, "DKIM (relay.example) is not"),
        (GOOD, {"keys": (key_of(domain="relay.example"),), "bounce": "b@x.example"}, Level.ERROR, "nothing is aligned"),
        (GOOD, {"keys": (), "bounce": "b@x.example"}, Level.WARNING, "unless your provider signs"),
        (GOOD, {"keys": ()}, Level.GOOD, "the return path"),
        (f"{GOOD}; aspf=s", {}, Level.NOTICE, "`aspf=s` wants the very same"),
        (f"{GOOD}; adkim=s; aspf=s", {"keys": (key_of(domain="example.org"),)}, Level.ERROR, "`adkim=s`"),
        (GOOD, {"keys": (key_of(domain="example.org"),)}, Level.GOOD, "d=example.org"),
    ],
)  # fmt: skip
def test_alignment(record: str, changes: dict[str, Any], level: Level, told: str) -> None:
    """One of DKIM and the return path has to be of the organisation in From."""
    assert told in only(dmarc(record, **changes), "alignment", level).found


def test_a_subdomain_with_psd_n_is_an_organisation_of_its_own() -> None:
    """Then what is above it is strange to it."""
    zone = {
        **well(),
        f"_dmarc.{DOMAIN}": {
            "TXT": [txt("v=DMARC1; p=none; psd=n; rua=mailto:a@news.example.org")]
        },
    }
    found = ask(zone, check_policy, keys=(key_of(domain="example.org"),))

    assert "DKIM (example.org) is not" in only(found, "alignment", Level.NOTICE).found


@pytest.mark.parametrize(
    ("names", "domain", "organisation", "where"),
    [
        ({"example.org": GOOD}, "a.b.example.org", "example.org", "example.org"),
        ({"b.example.org": GOOD, "example.org": GOOD}, "a.b.example.org", "example.org", "example.org"),
        ({"a.b.example.org": GOOD, "example.org": GOOD}, "a.b.example.org", "example.org", "a.b.example.org"),
        ({}, "a.b.example.org", "a.b.example.org", ""),
        ({"gov": "v=DMARC1; p=reject; psd=y"}, "a.agency.gov", "agency.gov", "gov"),
        ({"gov": "v=DMARC1; psd=y", "agency.gov": GOOD}, "a.agency.gov", "agency.gov", "agency.gov"),
        ({"gov": "v=DMARC1; psd=y; p=none"}, "gov", "gov", "gov"),
        ({"agency.gov": "v=DMARC1; p=none; psd=y"}, "agency.gov", "agency.gov", "agency.gov"),
        ({"b.example.org": f"{GOOD}; psd=n", "example.org": GOOD}, "a.b.example.org", "b.example.org", "b.example.org"),
        ({"d.e.f.g.h.i.j": GOOD}, "a.b.c.d.e.f.g.h.i.j", "d.e.f.g.h.i.j", "d.e.f.g.h.i.j"),
        ({"c.d.e.f.g.h.i.j": GOOD}, "a.b.c.d.e.f.g.h.i.j", "a.b.c.d.e.f.g.h.i.j", ""),
    ],
)  # fmt: skip
def test_the_walk_up_the_tree(
    names: dict[str, str], domain: str, organisation: str, where: str
) -> None:
    """From the domain to its last label; of long names only the last seven labels (4.10)."""
    with dns_server(
        {f"_dmarc.{name}": {"TXT": [txt(text)]} for name, text in names.items()}
    ) as zone:
        found = run(policy_of(open_resolver(zone.address), domain))

    assert (found.organisation, found.found.domain if found.found else "") == (organisation, where)


@given(st.lists(st.sampled_from(["a", "bb", "c-c"]), min_size=1, max_size=40).map(".".join))
def test_the_walk_is_short_and_goes_up(domain: str) -> None:
    """At most eight questions, however long the name; each is for a parent of the one before."""
    names = names_above(domain)

    assert len(names) <= MOST_LABELS
    assert (names[0], names[-1]) == (domain, domain.rpartition(".")[2])
    assert all(longer.endswith(f".{name}") for longer, name in itertools.pairwise(names))
    assert organisation_of(domain, ()) == domain


@given(st.text(st.sampled_from('v=DMARC1;p rejct\\"\0é,:!')))
def test_no_list_of_tags_is_too_odd_to_be_read(text: str) -> None:
    """Every name is there once."""
    tags = read_tags(text)
    names = [name for name, _ in tags.pairs]

    assert len(names) == len(set(names))
    assert all(name in tags for name in names)
    assert records_of([f"v=DMARC1;{text}"]) == (f"v=DMARC1;{text}",)


def test_the_return_path_s_own_organisation_is_looked_for() -> None:
    """A subdomain with a record of its own is still of the organisation above."""
    zone = {**well(), f"_dmarc.{BOUNCE}": {"TXT": [txt("v=DMARC1; p=reject")]}}

    assert sick(ask(zone, check_policy)) == []


def test_dns_that_gives_no_answer_decides_nothing() -> None:
    """A policy may be hidden, or an organisation: neither is taken for missing."""
    hidden: dict[str, Records] = {f"_dmarc.{DOMAIN}": {"*": SERVFAIL}}
    path: dict[str, Records] = {f"_dmarc.{BOUNCE}": {"*": SERVFAIL}}
    two: dict[str, Records] = {f"_dmarc.{DOMAIN}": {"TXT": [txt(GOOD), txt("v=DMARC1; p=none")]}}
    first = ask({**well(), **hidden}, check_policy)

    assert "SERVFAIL" in only(first, "DMARC", Level.WARNING).found
    assert "SERVFAIL" in only(first, "alignment", Level.NOT_CHECKED).found
    assert at(ask({**well(), **path}, check_policy), Level.NOT_CHECKED)
    assert (
        "none of them counts"
        in only(ask({**well(), **two}, check_policy), "DMARC", Level.WARNING).found
    )


def test_a_wildcard_is_no_policy() -> None:
    """`*.example.org` may bring SPF to every name."""
    zone: dict[str, Records] = {DOMAIN: {}, "*.example.org": {"TXT": [txt("v=spf1 -all")]}}
    found = only(ask(zone, check_policy), "DMARC", Level.ERROR)

    assert "`v=spf1 -all` is none: one begins with `v=DMARC1;`" in found.found
