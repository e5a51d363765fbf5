"""What stands in a signature: field by field, for keys and messages of all kinds."""

from __future__ import annotations

import base64
import datetime as dt
import functools
import hashlib

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from makers import NOW

from newsletter.errors import SigningError
from newsletter.send.signatures import Signer, SigningKey, dns_record, load_key, make_key

STAMP = int(NOW.timestamp())
WEEK = 7 * 24 * 3600


@functools.cache
def edwards() -> SigningKey:
    return load_key(make_key("ed25519"), "news.example", "e1")


@functools.cache
def rivest() -> SigningKey:
    return load_key(make_key("rsa"), "news.example", "r1")


def pem(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, form: str, password: bytes = b""
) -> bytes:
    """Return a key as PEM text."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        getattr(serialization.PrivateFormat, form),
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption(),
    )


# --- Keys ---------------------------------------------------------------------------------------


def test_a_new_rsa_key() -> None:
    """Of 2048 bits and the usual exponent, in PKCS#8 and without a password."""
    made = make_key("rsa")
    key = serialization.load_pem_private_key(made, None)

    assert made.startswith(b"-----BEGIN PRIVATE KEY-----\n")
    assert isinstance(key, rsa.RSAPrivateKey)
    assert (key.key_size, key.private_numbers().public_numbers.e) == (2048, 65537)
    assert rivest().algorithm == "rsa-sha256"


def test_a_new_ed25519_key() -> None:
    """In the same form; no two are the same."""
    made = make_key("ed25519")

    assert made.startswith(b"-----BEGIN PRIVATE KEY-----\n")
    assert isinstance(serialization.load_pem_private_key(made, None), ed25519.Ed25519PrivateKey)
    assert edwards().algorithm == "ed25519-sha256"
    assert made != make_key("ed25519")


def test_keys_of_either_form_are_read() -> None:
    """PKCS#8 and the older PKCS#1, with the names that they are published under."""
    for form in ("PKCS8", "TraditionalOpenSSL"):
        key = load_key(pem(rivest().key, form), "a.example", "s")  # type: ignore[arg-type]
        assert (key.domain, key.selector, key.algorithm) == ("a.example", "s", "rsa-sha256")


NONE = "not a private key in PEM form without a password; `newsletter dkim-key` makes one"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", NONE),
        (b"hunter2", NONE),
        (pem(ec.generate_private_key(ec.SECP256R1()), "PKCS8", b"word"), NONE),
        (pem(ec.generate_private_key(ec.SECP256R1()), "PKCS8"), "neither RSA nor Ed25519"),
        (
            pem(rsa.generate_private_key(public_exponent=65537, key_size=1024), "PKCS8"),
            "1024 bits of RSA; receivers want 2048 (RFC 8301)",
        ),
    ],
)
def test_keys_that_cannot_sign_are_told_in_full(text: bytes, said: str) -> None:
    """By the name that they were given, or as `the key`."""
    with pytest.raises(SigningError) as caught:
        load_key(text, "news.example", "s1", "x.yaml:3:4")
    assert str(caught.value) == f"x.yaml:3:4: {said}"

    with pytest.raises(SigningError) as caught:
        load_key(text, "news.example", "s1")
    assert str(caught.value) == f"the key: {said}"


def test_what_is_published() -> None:
    """RFC 6376, 3.6.1; of Ed25519 the bare key (RFC 8463, 4), of RSA its structure."""
    name, text = dns_record(edwards())
    raw = edwards().key.public_key().public_bytes_raw()  # type: ignore[union-attr]
    assert name == "e1._domainkey.news.example"
    assert text == f"v=DKIM1; k=ed25519; p={base64.b64encode(raw).decode()}"

    name, text = dns_record(rivest())
    assert name == "r1._domainkey.news.example"
    assert text.startswith("v=DKIM1; k=rsa; p=")
    public = serialization.load_der_public_key(base64.b64decode(text.partition("p=")[2]))
    assert public == rivest().key.public_key()


# --- Signatures ---------------------------------------------------------------------------------

OWN = b"To: ada@x.example\r\nSubject: Hello\r\n  there \r\nReply-To: r@news.example\r\n"
SHARED = (
    b"From:  Daily <p@news.example>\r\nDate: today\r\nMessage-ID: <1@news.example>\r\nX-Own: x\r\n"
)
TWICE = (
    "From:From:To:To:Subject:Subject:Date:Date:Message-ID:Message-ID:\r\n"
    " List-Unsubscribe:List-Unsubscribe-Post:Reply-To"
)
SIGNED = [
    b"from:Daily <p@news.example>",
    b"to:ada@x.example",
    b"subject:Hello there",
    b"date:today",
    b"message-id:<1@news.example>",
    b"reply-to:r@news.example",
]


def hashed(body: bytes) -> str:
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def begun(key: SigningKey, listed: str, body: bytes, stamp: int = STAMP) -> str:
    """Return all of a signature but its value."""
    return (
        f"DKIM-Signature: v=1; a={key.algorithm}; c=relaxed/simple;\r\n"
        f" d={key.domain}; s={key.selector};\r\n t={stamp}; x={stamp + WEEK};\r\n"
        f" h={listed};\r\n bh={hashed(body)};\r\n b="
    )


def relaxed(text: str) -> bytes:
    name, _, value = text.partition(":")
    return f"{name.lower()}:{' '.join(value.split())}".encode()


def checked(key: SigningKey, signature: bytes, data: bytes) -> bool:
    """Tell whether a signature is good; raises InvalidSignature when it is not."""
    if isinstance(key.key, rsa.RSAPrivateKey):
        key.key.public_key().verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
    else:
        key.key.public_key().verify(signature, hashlib.sha256(data).digest())
    return True


@pytest.mark.parametrize("key", [edwards, rivest])
def test_a_signature_in_full(key: object) -> None:
    """Its fields, what it is of, and lines that no mail server breaks."""
    dkim_key = key()  # type: ignore[operator]
    message = OWN + SHARED + b"\r\nbody\r\n"
    signed = Signer([dkim_key]).sign(message, NOW)
    top = begun(dkim_key, TWICE, b"body\r\n")

    assert signed.startswith(top.encode())
    assert signed.endswith(b"\r\n" + message)
    value = signed[len(top) : -len(message) - 2]
    assert all(len(line) <= 73 for line in value.split(b"\r\n"))
    assert checked(dkim_key, base64.b64decode(value), b"\r\n".join([*SIGNED, relaxed(top)]))


def test_the_first_key_stands_on_top() -> None:
    """Each key signs the same message, and not the signature of the other key."""
    message = OWN + SHARED + b"\r\nbody\r\n"
    unsigned = Signer([rivest(), edwards()]).prepare(message, NOW)

    assert unsigned.message == message
    assert [dkim_key.selector for dkim_key, _, _ in unsigned.parts] == ["r1", "e1"]
    for key, start, data in unsigned.parts:
        top = begun(key, TWICE, b"body\r\n")
        assert start == top.encode()
        assert data == b"\r\n".join([*SIGNED, relaxed(top)])


@pytest.mark.parametrize(
    ("body", "canonical"),
    [
        (b"", b"\r\n"),
        (b"\r\n", b"\r\n"),
        (b"\r\n\r\n\r\n", b"\r\n"),
        (b"x", b"x\r\n"),
        (b"x\r\n", b"x\r\n"),
        (b"x\r\n\r\n", b"x\r\n"),
        (b"x\r\n\r\n\r\n\r\n", b"x\r\n"),
        (b"x\r\n \r\n", b"x\r\n \r\n"),
        (b"\r\nx\n", b"\r\nx\n\r\n"),
        (b"\r\n\r\nx", b"\r\n\r\nx\r\n"),
    ],
)
def test_a_body_ends_with_one_line_end(body: bytes, canonical: bytes) -> None:
    """However many it has (RFC 6376, 3.4.3); everything else is as it is."""
    unsigned = Signer([edwards()]).prepare(OWN + SHARED + b"\r\n" + body, NOW)

    assert f"bh={hashed(canonical)};".encode() in unsigned.parts[0][1]


def signed_fields(head: bytes) -> tuple[str, list[bytes]]:
    """Return the names that are signed of a head, and the fields in their order."""
    ((_, start, data),) = Signer([edwards()]).prepare(head + b"\r\nx\r\n", NOW).parts
    names = start.decode().partition(" h=")[2].partition(";")[0].replace("\r\n ", "")
    return names, data.split(b"\r\n")[:-1]


def test_of_several_fields_of_one_name_the_last_is_signed_first() -> None:
    """RFC 6376, 5.4.2: wherever they stand, among a reader's own fields or the shared ones."""
    names, fields = signed_fields(
        b"To: one\r\nTo: two\r\nFrom: a\r\nTo: three\r\nReply-To: r\r\nReply-To: s\r\n"
    )

    assert names.startswith("From:From:To:To:To:To:Subject:Date:")
    assert names.endswith(":Reply-To:Reply-To")
    assert fields == [b"from:a", b"to:three", b"to:two", b"to:one", b"reply-to:s", b"reply-to:r"]


def test_every_field_that_is_signed() -> None:
    """Those that readers see and mail servers act on; once more than they occur, or as they occur."""
    often = [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
    ]
    once = [
        "Reply-To", "MIME-Version", "Content-Type", "List-Id", "List-Help", "List-Owner", "Feedback-ID",
        "CFBL-Address",
    ]  # fmt: skip
    head = "".join(f"{name.upper()}: x\r\n" for name in [*often, *once, "X-More"]).encode()

    names, fields = signed_fields(head)

    assert names.split(":") == [*(name for twice in often for name in (twice, twice)), *once]
    assert fields == [f"{name.lower()}:x".encode() for name in [*often, *once]]


def test_a_head_without_from_is_signed_as_it_stands() -> None:
    """There is nothing that readers share then; `From` itself is signed as missing."""
    names, fields = signed_fields(b"To: one\r\nSubject: from: x\r\n")

    assert names.startswith("From:To:To:Subject:Subject:Date")
    assert fields == [b"to:one", b"subject:from: x"]


def test_a_body_that_looks_like_headers_is_none() -> None:
    """`From:` is looked for in the head alone."""
    ((_, _, data),) = Signer([edwards()]).prepare(b"To: one\r\n\r\nx\r\nFrom: y\r\n", NOW).parts

    assert data.split(b"\r\n")[:-1] == [b"to:one"]


def test_each_moment_and_each_key_has_a_beginning_of_its_own() -> None:
    """What is remembered of one second, key or list of fields is not taken for another's."""
    other = load_key(make_key("ed25519"), "other.example", "e1")
    again = load_key(make_key("ed25519"), "news.example", "e2")
    keys = [edwards(), other, again]
    signer = Signer(keys)
    for seconds in (0, 1, 0):
        now = NOW + dt.timedelta(seconds=seconds)
        for head, to in ((OWN + SHARED, "To:To:"), (SHARED, "To:")):
            found = signer.prepare(head + b"\r\nbody\r\n", now).parts
            for key, (_, start, _) in zip(keys, found, strict=True):
                assert (
                    f" d={key.domain}; s={key.selector};\r\n t={STAMP + seconds}; "
                    f"x={STAMP + seconds + WEEK};\r\n h=From:From:{to}Subject:"
                ) in start.decode()


def test_what_is_remembered_has_an_end() -> None:
    """Of a day with many seconds and editions: the memory of one signer stays small."""
    signer = Signer([edwards()])
    for number in range(1_100):
        head = SHARED.replace(b"today", b"%d" % number)
        now = NOW + dt.timedelta(seconds=number)
        ((_, start, data),) = signer.prepare(head + b"\r\nbody\r\n", now).parts
        assert b"date:%d\r\n" % number in data
        assert b" t=%d;" % (STAMP + number) in start

    assert len(signer._plans) <= 1_001
    assert len(signer._starts) <= 101


@pytest.mark.parametrize(
    ("keys", "expected"),
    [((rivest,), True), ((edwards, rivest), True), ((edwards,), False), ((), False)],
)
def test_rsa_takes_a_thread_of_its_own(keys: tuple[object, ...], *, expected: bool) -> None:
    """Its signatures take thirty times as long."""
    assert Signer([make() for make in keys]).is_slow is expected  # type: ignore[operator]
