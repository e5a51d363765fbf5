"""Signed links."""

from __future__ import annotations

import base64
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import ExpiredLinkError, LinkError
from newsletter.links import (
    LASTING,
    PURPOSES,
    Token,
    bounce_tag,
    new_secret,
    read_bounce_tag,
    read_token,
    sign,
    verify,
)

SECRET = b"a secret of tests, of 32 bytes at least"
DAY = dt.date(2026, 11, 26)
NOON = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)
IDS = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=30)


@given(st.binary(min_size=32, max_size=64), st.sampled_from(PURPOSES), IDS)
def test_what_was_signed_is_verified(secret: bytes, purpose: str, subscriber: str) -> None:
    """A link gives back the id it was made for, and is fit for a URL."""
    until = None if purpose in LASTING else NOON + dt.timedelta(minutes=60)
    made = sign(secret, purpose, subscriber, until=until)

    assert read_token([secret], purpose, made, NOON) == Token(subject=subscriber, until=until)
    assert made.replace("-", "").replace("_", "").isalnum()


@given(st.text(max_size=60))
def test_anything_else_is_refused(forged: str) -> None:
    """No text that we did not sign passes, and none raises anything but LinkError."""
    with pytest.raises(LinkError):
        verify([SECRET], "unsubscribe", forged)


def test_a_link_for_one_purpose_opens_no_other() -> None:
    """A forwarded unsubscribe link does not give away preferences; another key gives nothing."""
    made = sign(SECRET, "unsubscribe", "ada")

    with pytest.raises(LinkError):
        verify([SECRET], "preferences", made)
    with pytest.raises(LinkError):
        verify([b"another secret of thirty-two bytes"], "unsubscribe", made)
    with pytest.raises(LinkError):
        verify([SECRET], "unsubscribe", made[:-1] + ("A" if made[-1] != "A" else "B"))


@pytest.mark.parametrize("secret", [b"", b"changeme", b"x" * 31])
def test_a_short_secret_signs_nothing_and_proves_nothing(secret: bytes) -> None:
    """Whoever guesses the key writes links: it is refused wherever it would sign or verify."""
    day = dt.date(2026, 11, 26)
    with pytest.raises(LinkError, match="newsletter secret"):
        sign(secret, "unsubscribe", "ada")
    with pytest.raises(LinkError, match="newsletter secret"):
        bounce_tag(secret, day, "00ff")

    good = sign(SECRET, "unsubscribe", "ada")
    with pytest.raises(LinkError):
        verify([secret], "unsubscribe", good)
    assert read_bounce_tag([secret], bounce_tag(SECRET, day, "00ff")) is None


def test_a_new_secret_is_long_enough() -> None:
    """It signs at once, and fits a line of a file of variables."""
    made = new_secret(bytes(range(32)))

    assert (
        verify([made.encode()], "unsubscribe", sign(made.encode(), "unsubscribe", "ada")) == "ada"
    )
    assert made.replace("-", "").replace("_", "").isalnum()
    with pytest.raises(ValueError, match="32"):
        new_secret(b"few")


@given(
    st.binary(min_size=32, max_size=64),
    st.dates(dt.date(2020, 1, 1), dt.date(2199, 1, 1)),
    st.binary(min_size=1, max_size=12),
)
def test_a_bounce_tag_gives_back_its_delivery(
    secret: bytes, issue: dt.date, subscriber: bytes
) -> None:
    """In letters that every mail server keeps, in either case; another secret reads nothing."""
    tag = bounce_tag(secret, issue, subscriber.hex())

    assert tag.isalnum()
    assert tag == tag.lower()
    for written in (tag, tag.upper()):
        assert read_bounce_tag([secret], written) == (issue, subscriber.hex())
    assert read_bounce_tag([b"another secret of thirty-two bytes"], tag) is None


def test_what_was_sent_before_still_holds() -> None:
    """Reports to mails that were sent before still find their reader."""
    tag = bounce_tag(SECRET, dt.date(2026, 11, 26), "00ff00ff00ff00ff00ff")

    assert tag == "bhmqb7ya74ap6ah7ad76emieopqa"
    assert bounce_tag(SECRET, dt.date(2026, 11, 26), "no digits") == ""
    assert verify([SECRET], "unsubscribe", "AQBhZGH_ie9Ce-ziv1qS024") == "ada"


LINKS = ["AQBhZGH_ie9Ce-ziv1qS024", "AQFhZGHsEnigF-WN_3_fcqY", "AQJhZGGgPiLGihEfuqaN_6I"]
DAMAGED = "this link is damaged: copy it again, whole, from the email"
FOREIGN = "this newsletter did not make this link, or made it for another purpose"


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("not base64!", DAMAGED),
        ("é", DAMAGED),
        ("AQBhZGH", FOREIGN),
        (sign(SECRET, "unsubscribe", "ada")[:-4], FOREIGN),
        (sign(SECRET, "preferences", "ada"), FOREIGN),
        ("", FOREIGN),
    ],
)
def test_what_a_reader_is_told_of_a_bad_link(token: str, said: str) -> None:
    """Whether it was cut, or is not ours: what to do differs."""
    with pytest.raises(LinkError) as caught:
        verify([SECRET], "unsubscribe", token)

    assert str(caught.value) == said


def test_links_of_every_purpose_are_what_they_were() -> None:
    """Those in mails of last year still work; each byte of today's has its meaning."""
    for purpose, link in zip(LASTING, LINKS, strict=True):
        assert verify([SECRET], purpose, link) == "ada"
    assert sign(SECRET, "unsubscribe", "00ff") == "AgEaAP-6-2TzKVO04PFGOH8"
    until = dt.datetime(2020, 1, 1, 0, 0, 1, tzinfo=dt.UTC)
    assert sign(SECRET, "manage", "00ff", until=until) == "AgkaAAAAAQD_dBEucthB10-v-2pm"


def test_a_link_that_expires_does_so_to_the_second() -> None:
    """An hour is an hour; what expires says so, and what does not is not for such purposes."""
    until = NOON + dt.timedelta(minutes=60)
    made = sign(SECRET, "manage", "00ff", until=until)

    assert read_token([SECRET], "manage", made, until - dt.timedelta(seconds=1)).subject == "00ff"
    with pytest.raises(ExpiredLinkError):
        read_token([SECRET], "manage", made, until)
    for purpose, moment in (("manage", None), ("unsubscribe", until)):
        with pytest.raises(ValueError, match="lasts"):
            sign(SECRET, purpose, "00ff", until=moment)


def test_a_key_can_be_replaced_while_old_links_go_on() -> None:
    """The new key signs; each link names its key, so the old ones are still read with theirs."""
    new = b"another secret of thirty-two bytes"
    old = [sign(SECRET, "unsubscribe", "00ff"), LINKS[0]]

    for link, reader in zip(old, ("00ff", "ada"), strict=True):
        assert verify([new, SECRET], "unsubscribe", link) == reader
        with pytest.raises(LinkError):
            verify([new], "unsubscribe", link)
    assert verify([new, SECRET], "unsubscribe", sign(new, "unsubscribe", "00ff")) == "00ff"
    assert read_bounce_tag([new, SECRET], bounce_tag(SECRET, DAY, "00ff")) == (DAY, "00ff")


@given(st.binary(max_size=80), st.sampled_from(PURPOSES))
def test_no_bytes_that_we_did_not_sign_mean_anything(raw: bytes, purpose: str) -> None:
    """Nor do genuine ones of which any byte was changed."""
    with pytest.raises(LinkError):
        read_token([SECRET], purpose, base64.urlsafe_b64encode(raw).decode().rstrip("="), NOON)


def test_the_header_line_of_an_unsubscribe_link_is_short() -> None:
    """RFC 5322 asks for lines of at most 78 characters; the address alone stays under 76."""
    token = sign(SECRET, "unsubscribe", "ab" * 10)

    assert len(f"https://newsletter.example.org/u/{token}") < 76


def test_tags_of_the_first_and_the_last_day() -> None:
    """Two bytes of days since 2020; what is too short is no tag."""
    first, last = dt.date(2020, 1, 1), dt.date(2020, 1, 1) + dt.timedelta(days=65_535)

    for day in (first, last):
        assert read_bounce_tag([SECRET], bounce_tag(SECRET, day, "00ff")) == (day, "00ff")
    for tag in ("", "aa", "aaaaaaaa", "a", "!"):
        assert read_bounce_tag([SECRET], tag) is None


def test_what_is_said_of_short_secrets() -> None:
    """How many bytes there are, how many it takes, and what makes one."""
    with pytest.raises(LinkError) as caught:
        sign(b"x" * 31, "unsubscribe", "ada")
    assert str(caught.value) == (
        "the secret that signs links has 31 bytes and needs 32: `newsletter secret` makes one"
    )
    assert sign(b"x" * 32, "unsubscribe", "ada")
    with pytest.raises(ValueError, match=r"^a secret takes 32 random bytes$"):
        new_secret(b"x" * 31)
    assert new_secret(b"\xff" * 32) == "_" * 42 + "8"
