"""DKIM: the published key is the public half of the one that signs, and may be used for mail."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from dnsserver import SERVFAIL, Records, quoted, txt
from patients import DOMAIN, ask, at, key_of, only, published, sick, well

from newsletter.doctor.diagnoses import Diagnosis, Level
from newsletter.doctor.dns.keys import check_keys
from newsletter.send.signatures import dns_record

NAME, TEXT = dns_record(key_of())
KEY = TEXT.partition("p=")[2]
OTHER = dns_record(key_of(selector="other"))[1].partition("p=")[2]


def keys(*records: str) -> list[Diagnosis]:
    return ask({**well(), NAME: {"TXT": list(records)}}, check_keys)


def small_key() -> str:
    public = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key()
    der = public.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(der).decode()


def bare_key() -> str:
    """Return the same key as RSAPublicKey alone, as some publish it (RFC 6376, errata 3017)."""
    der = key_of().key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.PKCS1
    )  # fmt: skip
    return base64.b64encode(der).decode()


@pytest.mark.parametrize(
    "record",
    [
        txt(TEXT),
        quoted(*(TEXT[n : n + 64] for n in range(0, len(TEXT), 64))),
        txt(f"p={KEY}"),
        txt(f"v = DKIM1 ; h=sha1:sha256; s=email; n=a note; x=unknown; p= {KEY[:50]} {KEY[50:]} ;"),
        txt(f"v=DKIM1; k=RSA; t=s; p={bare_key()}"),
    ],
)
def test_a_key_may_be_written_in_many_ways(record: str) -> None:
    """In strings of any length, with spaces, with tags that nobody knows, in two encodings."""
    found = keys(record)

    assert sick(found) == []
    assert (
        "is the key that signs (rsa-sha256, 2048 bits)" in only(found, "DKIM r1", Level.GOOD).found
    )


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (txt(f"v=DKIM1; k=rsa; p={OTHER}"), "another key is published"),
        (txt(f"v=DKIM1; k=rsa; p={small_key()}"), "1024 bits, which is too weak besides"),
        (txt("v=DKIM1; k=rsa; p="), "revoked"),
        (txt("v=DKIM1; k=rsa; p= ;"), "revoked"),
        (txt(f"v=DKIM1; k=ed25519; p={KEY}"), "a key of ed25519 is published"),
        (txt(f"v=DKIM1; k=rsa; p={KEY[:200]}"), "cut or garbled"),
        (txt(f"v=DKIM1; k=rsa; p={KEY[:50]}…{KEY[50:]}"), "characters that are not ASCII"),
        (txt(f"v=DKIM2; k=rsa; p={KEY}"), "has to begin with `v=DKIM1`"),
        (txt(f"k=rsa; v=DKIM1; p={KEY}"), "has to begin with `v=DKIM1`"),
        (txt(f"v=DKIM1\\; k=rsa\\; p={KEY}"), "backslashes before semicolons"),
        (txt(f'"v=DKIM1; k=rsa; p={KEY}"'), "quotation marks"),
        (txt(f"v=DKIM1; h=sha1; p={KEY}"), "forbids sha256"),
        (txt(f"v=DKIM1; s=tlsrpt; p={KEY}"), "forbids its use for mail"),
        (txt("v=spf1 -all"), "what stands there is no key: v=spf1 -all"),
        (txt("p"), "what stands there is no key"),
    ],
)
def test_a_key_that_does_not_work_is_an_error_with_the_record_to_publish(
    record: str, told: str
) -> None:
    """Whatever a panel, a copy or a wildcard made of it."""
    found = keys(record)
    diagnosis = only(found, "DKIM r1", Level.ERROR)

    assert told in diagnosis.found
    assert str(diagnosis.publish) == f"{NAME} TXT {TEXT}"
    assert diagnosis.where == "newsletter.yaml:dkim.0.selector"


def test_a_key_that_is_not_published() -> None:
    """Also one that the panel put below the domain twice, and one that DNS does not tell."""
    zone = well()
    del zone[NAME]
    doubled: dict[str, Records] = {f"{NAME}.{DOMAIN}": {"TXT": [txt(TEXT)]}}
    away: dict[str, Records] = {NAME: {"*": SERVFAIL}}

    assert "no key is published" in only(ask(zone, check_keys), "DKIM r1", Level.ERROR).found
    assert (
        "the panel added the domain"
        in only(ask({**zone, **doubled}, check_keys), "DKIM r1", Level.ERROR).found
    )
    assert "SERVFAIL" in only(ask({**zone, **away}, check_keys), "DKIM r1", Level.ERROR).found


def test_two_keys_at_one_name() -> None:
    """Which of them counts is left open; other texts beside the key do not matter."""
    two = keys(txt(TEXT), txt(f"v=DKIM1; p={OTHER}"))
    beside = keys(txt(TEXT), txt("v=spf1 -all"))

    assert "has 2 keys" in only(two, "DKIM r1", Level.ERROR).found
    assert sick(beside) == []


def test_a_key_under_test_may_be_ignored() -> None:
    """`t=y:s` too."""
    found = keys(txt(f"v=DKIM1; t=s:y; p={KEY}"))

    assert "`t=y`" in only(found, "DKIM r1", Level.WARNING).found
    assert at(found, Level.GOOD) == []


def test_an_alias_leads_to_the_key() -> None:
    """Providers have their customers publish CNAMEs."""
    zone = {
        **well(),
        NAME: {"CNAME": ["k.provider.example."]},
        "k.provider.example": {"TXT": [txt(TEXT)]},
    }

    assert (
        "by way of k.provider.example" in only(ask(zone, check_keys), "DKIM r1", Level.GOOD).found
    )


def test_ed25519_is_good_beside_rsa_only() -> None:
    """It has 32 bytes in DNS; with the head of other formats it is another thing."""
    key = key_of("ed25519", "e1")
    name, _ = dns_record(key)
    whole = base64.b64encode(
        key.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    ).decode()
    zone = {**well(), **published(key)}
    wrapped: dict[str, Records] = {name: {"TXT": [txt(f"v=DKIM1; k=ed25519; p={whole}")]}}

    assert sick(ask(zone, check_keys, keys=(key_of(), key))) == []
    assert "Ed25519 alone" in only(ask(zone, check_keys, keys=(key,)), "DKIM", Level.WARNING).found
    assert "this one 44" in only(
        ask({**zone, **wrapped}, check_keys, keys=(key_of(), key)), "DKIM e1", Level.ERROR
    ).found  # fmt: skip


def test_without_keys_nobody_can_tell() -> None:
    """The provider may sign; a test mail shows it."""
    (found,) = ask(well(), check_keys, keys=())

    assert found.level is Level.NOT_CHECKED
    assert "--send" in found.mend
