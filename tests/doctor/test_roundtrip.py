"""A test mail read back: what survived, and whether one click is signed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from makers import run
from patients import DOMAIN, at, key_of, only, sick

from newsletter.doctor.diagnoses import Diagnosis, Level
from newsletter.doctor.roundtrip import PAUSE, await_message, compare, marked
from newsletter.send.signatures import Signer

NOW = dt.datetime(2026, 11, 27, 12, tzinfo=dt.UTC)
PLAIN = (
    b"Date: Fri, 27 Nov 2026 12:00:00 +0000\r\n"
    b"To: <me@readers.example>\r\n"
    b"Message-ID: <1@news.example.org>\r\n"
    b"List-Unsubscribe: <https://news.example.org/u/abc>,\r\n <mailto:e@news.example.org>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b'From: "Daily" <papers@news.example.org>\r\n'
    b"Subject: [Test] Daily\r\n"
    b"List-Id: Daily <daily.news.example.org>\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: text/plain\r\n"
    b"\r\n"
    b"Hello.\r\n.dot\r\n"
)
SENT = Signer([key_of(), key_of("ed25519", "e1")]).sign(PLAIN, NOW)
RECEIVED = (
    b"Return-Path: <b@news.example.org>\nReceived: from a by b; Fri, 27 Nov 2026 12:00:01 +0000\n"
    b"Authentication-Results: mx.readers.example;\n"
    b"\tdkim=fail (of dkim=pass) header.d=relay.example; dkim=pass header.d=news.example.org;\n"
    b"\tspf=pass smtp.mailfrom=b@news.example.org; dmarc=pass (p=reject) header.from=news.example.org\n"
)


def after(change: Callable[[bytes], bytes] = bytes, sent: bytes = SENT) -> list[Diagnosis]:
    """Return the diagnoses on a mail that was changed on its way."""
    return list(compare(sent, RECEIVED + change(sent).replace(b"\r\n", b"\n")))


def test_a_mail_that_arrives_as_it_was_sent() -> None:
    """Line ends, trace headers and empty lines at the end change nothing."""
    found = after(lambda raw: raw + b"\r\n\r\n")

    assert sick(found) == []
    assert "all 10 that matter" in only(found, "headers", Level.GOOD).found
    assert "e1._domainkey.news.example.org, r1." in only(found, "DKIM", Level.GOOD).found
    assert f"are signed by {DOMAIN}" in only(found, "one click", Level.GOOD).found
    assert len(at(found, Level.GOOD)) == 6


@pytest.mark.parametrize(
    ("old", "new", "name", "level", "told"),
    [
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b"", "headers", Level.ERROR, "is lost"),
        (b"List-Id: Daily <daily.news.example.org>\r\n", b"", "headers", Level.WARNING, "`List-Id` is lost"),
        (b"<1@news.example.org>", b"<2@relay.example>", "headers", Level.NOTICE, "changed to <2@relay"),
        (b"<1@news.example.org>", b"<2@relay.example>", "DKIM", Level.ERROR, "signed headers were changed"),
        (b"Hello.", b"Hello!", "DKIM", Level.ERROR, "the body was changed"),
        (b"[Test] Daily", b"[SPAM] [Test] Daily", "DKIM", Level.ERROR, "subject"),
        (b"\r\nSubject:", b"\r\nList-Unsubscribe: <x>\r\nSubject:", "DKIM", Level.ERROR, "list-unsubscribe"),
        (b"List-Unsubscribe: <https", b"List-Unsubscribe:\r\n <https", "DKIM", Level.GOOD, "holds"),
        (b"DKIM-Signature:", b"X-Old:", "DKIM", Level.ERROR, "without a signature"),
    ],
)  # fmt: skip
def test_what_was_changed_is_said(
    old: bytes, new: bytes, name: str, level: Level, told: str
) -> None:
    """Folding changes nothing."""
    found = after(lambda raw: raw.replace(old, new))

    assert told in only(found, name, level).found


SIGNED_BY = b"DKIM-Signature: v=1; a=rsa-sha256; d=%s; s=x; h=from:subject%s;\r\n bh=abc; b=def\r\n"


@pytest.mark.parametrize(
    ("domain", "more", "name", "level", "told"),
    [
        (b"relay.example", b"", "DKIM", Level.ERROR, "by nobody at news.example.org"),
        (b"example.org", b"", "one click", Level.ERROR, "not in the `h=`"),
        (b"news.example.org", b":list-unsubscribe", "one click", Level.ERROR, "not in the `h=`"),
        (b"news.example.org", b":List-Unsubscribe:\r\n List-Unsubscribe-Post", "one click", Level.GOOD, "are signed"),
        (b"xnews.example.org", b"", "DKIM", Level.ERROR, "by nobody at"),
    ],
)  # fmt: skip
def test_the_signature_of_a_provider(
    domain: bytes, more: bytes, name: str, level: Level, told: str
) -> None:
    """It has to be of our domain, and to cover both headers of one click (RFC 8058, 4)."""
    found = after(lambda raw: SIGNED_BY % (domain, more) + raw, PLAIN)

    assert told in only(found, name, level).found


def test_our_signature_taken_off_and_another_put_on() -> None:
    """Some relays do."""
    found = list(compare(SENT, SIGNED_BY % (b"news.example.org", b"") + PLAIN))

    assert any("our signature was taken off" in line for line in at(found, Level.ERROR))


def test_what_the_receiver_says_counts_from_its_own_header_only() -> None:
    """The first one; others came with the mail. Of several signatures one is enough."""
    raw = (
        b"Authentication-Results: mx.example; spf=softfail smtp.mailfrom=x; dmarc=fail\n"
        b"Authentication-Results: forged.example; spf=pass; dkim=pass; dmarc=pass\n" + SENT
    )
    found = [diagnosis for diagnosis in compare(SENT, raw) if diagnosis.name == "the receiver"]
    silent = list(compare(SENT, SENT))

    assert [(diagnosis.level, diagnosis.found) for diagnosis in found] == [
        (Level.WARNING, "mx.example says spf=softfail"),
        (Level.WARNING, "mx.example says dmarc=fail"),
    ]
    assert "says nothing" in only(silent, "the receiver", Level.NOT_CHECKED).found


def test_without_one_click_it_is_a_notice() -> None:
    """There is no https site."""
    plain = PLAIN.replace(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b"")
    sent = Signer([key_of()]).sign(plain, NOW)

    assert "offers no unsubscribing" in only(after(sent=sent), "one click", Level.NOTICE).found


@pytest.mark.parametrize(
    "raw", [b"", b"\r\n", b"\0\xff" * 100, b"From: \xff\n\n", b"DKIM-Signature: ;=;\n\nx"]
)
def test_whatever_arrives_is_judged(raw: bytes) -> None:
    """Nothing of it stops the doctor."""
    assert sick(list(compare(SENT, raw)))


def test_it_is_waited_for_with_pauses() -> None:
    """No longer than was asked."""
    looks, pauses = iter([None, None, b"mail"]), []

    async def find() -> bytes | None:
        return next(looks)

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    assert run(await_message(find, sleep, 5)) == b"mail"
    assert pauses == [PAUSE, PAUSE]
    looks = iter([None, None])
    assert run(await_message(find, sleep, 2)) is None


def test_the_mark_is_in_the_subject() -> None:
    """There, no server on the way changes it."""
    assert b"\r\nSubject: [Test abc] Daily\r\n" in marked(PLAIN, "abc")
