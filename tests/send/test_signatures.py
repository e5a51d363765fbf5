"""DKIM: dkimpy, which is not ours, verifies what we sign."""

from __future__ import annotations

import datetime as dt
import functools

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from makers import NOW, make_edition, make_issue, make_letterhead, make_recipient

from newsletter.errors import SigningError
from newsletter.render.messages import compose, encode_edition
from newsletter.send.signatures import Signer, SigningKey, dns_record, load_key, make_key

DOMAIN = "news.example.org"


@functools.cache
def keys() -> tuple[SigningKey, ...]:
    return tuple(
        load_key(make_key(algorithm), DOMAIN, selector)
        for algorithm, selector in (("rsa", "r1"), ("ed25519", "e1"))
    )


def verified(message: bytes) -> list[bool]:
    """Return what dkimpy says of each signature."""
    records = {f"{name}.".encode(): text.encode() for name, text in map(dns_record, keys())}

    def verify(place: int) -> bool:
        checker = dkim.DKIM(message)
        try:
            return bool(checker.verify(idx=place, dnsfunc=lambda name, **_: records.get(name)))
        except dkim.ValidationError:
            return False

    return [verify(place) for place in range(message.count(b"DKIM-Signature:"))]


def message(name: str = "Ada", subject: str = "Daily Papers, Mar 17: A paper") -> bytes:
    # A signature has expired when it is older than a week, so the moment is the present one.
    encoded = encode_edition(make_issue(), make_edition(subject=subject), make_letterhead())
    return compose(encoded, make_recipient(name=name))


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def test_both_signatures_are_good() -> None:
    """RSA and Ed25519, each on its own."""
    signed = Signer(keys()).sign(message(), now())

    assert signed.count(b"DKIM-Signature:") == 2
    assert verified(signed) == [True, True]
    assert b"c=relaxed/simple" in signed
    assert all(len(line) <= 78 for line in signed.partition(b"\r\nDate:")[0].split(b"\r\n"))


@settings(max_examples=30)
@given(
    st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=80),
    st.sampled_from([b"", b"\r\n", b"\r\n\r\n\r\n", b"x", b" \r\n\t\r\n"]),
)
def test_any_message_verifies(words: str, end: bytes) -> None:
    """Names and subjects of any script, folded or not; bodies that end in any way."""
    words = " ".join(words.split()) or "x"

    assert verified(Signer(keys()).sign(message(words, words) + end, now())) == [True, True]


def test_what_is_remembered_of_one_message_does_no_harm_to_another() -> None:
    """Fields in another order, other fields, folded otherwise: one signer signs them all."""
    signer = Signer(keys())
    plain = message()
    from_line = plain[plain.index(b"From: ") :].split(b"\r\n", 1)[0] + b"\r\n"
    to_line = plain[plain.index(b"To: ") :].split(b"\r\n", 1)[0] + b"\r\n"

    for changed in (
        plain,
        from_line + plain.replace(from_line, b"", 1),
        plain.replace(to_line, b"", 1),
        b"Reply-To: <first@example.org>\r\n" + plain,
        plain.replace(b"Date: ", b"Date: \t ", 1),
        message("Zoë  Łęcka", "Another"),
        plain,
    ):
        assert verified(signer.sign(changed, now())) == [True, True], changed[:200]


def test_nothing_can_be_changed_or_added() -> None:
    """A changed byte of the body, a changed or a second header that is signed: not ours any more."""
    signed = Signer(keys()).sign(message(), now())

    for before, after in (
        (b"Hello", b"Hullo"),
        (b"\r\nSubject: Daily", b"\r\nSubject: Weekly"),
        (b"\r\nSubject: ", b"\r\nSubject: Buy this\r\nSubject: "),
        (b"\r\nList-Unsubscribe: <https://news", b"\r\nList-Unsubscribe: <https://evil"),
        (b"\r\nTo: ", b"\r\nTo: <more@example.org>\r\nTo: "),
    ):
        assert before in signed
        assert verified(signed.replace(before, after, 1)) == [False, False], after


def test_an_old_signature_proves_nothing() -> None:
    """`x=` ends it after a week."""
    assert b" x=" in Signer(keys()).sign(message(), NOW)
    assert verified(Signer(keys()).sign(message(), NOW)) == [False, False]


@pytest.mark.parametrize("kind", ["weak", "curve", "words", "public"])
def test_keys_that_cannot_sign_are_refused_and_not_shown(kind: str) -> None:
    """Too short, of another kind, or no private key at all."""
    plain = serialization.NoEncryption()
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    pem = {
        "weak": rsa.generate_private_key(public_exponent=65537, key_size=1024).private_bytes(*form),
        "curve": ec.generate_private_key(ec.SECP256R1()).private_bytes(*form),
        "words": b"hunter2",
        "public": b"-----BEGIN PUBLIC KEY-----\nhunter2\n-----END PUBLIC KEY-----\n",
    }[kind]

    with pytest.raises(SigningError, match=r"newsletter\.yaml:3") as caught:
        load_key(pem, DOMAIN, "r1", "newsletter.yaml:3:5")
    assert "hunter2" not in str(caught.value)
    assert "PRIVATE" not in repr(keys()[0])
