"""DNS that says anything: there are diagnoses, never errors, after a bounded number of questions."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any

import pytest
from dnsserver import Records, dns_server, txt
from hypothesis import given, settings
from hypothesis import strategies as st
from makers import run
from patients import BOUNCE, DOMAIN, ask_zone, key_of, make_mailing, well

from newsletter.doctor.diagnoses import Diagnosis
from newsletter.doctor.dns.domains import check_domains
from newsletter.world.resolving import DnsAnswer

NAMES = [DOMAIN, BOUNCE, "example.org", "a.example", "..", "", "x" * 64, "*", "8.8.8.8"]
DOMAINS = st.sampled_from([*NAMES, f"_dmarc.{DOMAIN}", "%{i}.x.example", "%{d"])
TERMS = st.one_of(
    st.builds(
        "{}{}{}{}".format,
        st.sampled_from(["", "+", "-", "~", "?"]),
        st.sampled_from("all a mx ptr ip4 ip6 include exists redirect exp".split()),
        st.sampled_from(["", ":", "=", "/24", "//64"]),
        DOMAINS,
    ),
    st.text(string.printable, max_size=20),
)
TAGS = st.builds(
    "{}={}".format,
    st.sampled_from("v p sp np t psd adkim aspf rua ruf pct fo k h s n".split()),
    st.one_of(
        st.sampled_from(["DMARC1", "DKIM1", "none", "reject", "y", "s", "mailto:a@a.example!"]),
        st.text(max_size=30),
    ),
)
TEXTS = st.one_of(
    st.lists(TERMS, max_size=12).map(lambda terms: " ".join(["v=spf1", *terms])),
    st.lists(TAGS, max_size=6).map(lambda tags: "; ".join(["v=DMARC1", *tags])),
    st.lists(TAGS, max_size=6).map(lambda tags: "; ".join(["v=DKIM1", *tags])),
    st.text(max_size=50),
)
KINDS = {
    "TXT": TEXTS,
    "MX": st.builds("{} {}".format, st.integers(0, 65_535), DOMAINS),
    "A": st.ip_addresses(v=4).map(str),
    "AAAA": st.ip_addresses(v=6).map(str),
    "PTR": DOMAINS,
    "NS": DOMAINS,
}


@settings(max_examples=60)
@given(st.data())
def test_whatever_dns_says_there_are_diagnoses(data: st.DataObject) -> None:
    """Every answer is drawn when it is asked for: loops, nonsense, silence, aliases, all of it."""
    asked: list[tuple[str, str]] = []
    known: dict[tuple[str, str], DnsAnswer] = {}

    async def lookup(name: str, kind: str) -> DnsAnswer:
        asked.append((name, kind))
        if (name, kind) not in known:
            records: Sequence[str] = data.draw(st.lists(KINDS[kind], max_size=3))
            problem = data.draw(st.sampled_from(["", "", "", "SERVFAIL", "no answer in time"]))
            known[name, kind] = DnsAnswer(
                name=name,
                kind=kind,
                records=() if problem else tuple(records),
                exists=bool(records) or data.draw(st.booleans()),
                problem=problem,
                silent="time" in problem,
            )
        return known[name, kind]

    async def work() -> list[Diagnosis]:
        mailing = make_mailing(
            keys=(key_of(), key_of("ed25519", "e1")),
            is_here=data.draw(st.booleans()),
            addresses=["8.8.4.4", "2001:4860:4860::8844", "10.0.0.1"],
        )
        return [diagnosis async for diagnosis in check_domains(lookup, mailing)]

    found = run(work())

    assert found
    assert len(asked) < 500
    assert all(len(diagnosis.found) < 2_000 for diagnosis in found)


@pytest.mark.parametrize("size", [400, 4_000, 60_000])
def test_a_huge_record_is_shown_in_part(size: int) -> None:
    """Sixty thousand bytes of terms, and of a key."""
    terms = "v=spf1 " + " ".join(f"ip4:300.{n}" for n in range(size // 14)) + " -all"
    names: dict[str, Records] = {
        **well(),
        BOUNCE: {"TXT": [txt(terms)], "MX": ["10 mx.example.org."]},
        f"r1._domainkey.{DOMAIN}": {"TXT": [txt("v=DKIM1; p=" + "A" * size)]},
        "_dmarc.example.org": {
            "TXT": [
                txt("v=DMARC1; p=none; rua=" + "mailto:a@a.example," * 20 + ";x=y" * (size // 9))
            ]
        },
    }
    with dns_server(names) as zone:
        found: Any = ask_zone(zone, check_domains)

    assert max(len(diagnosis.found) for diagnosis in found) < 1_000
    assert len(found) < 30
