"""Signed links."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import LinkError
from newsletter.links import PURPOSES, bounce_tag, new_secret, read_bounce_tag, sign, verify

SECRET = b"a secret of tests, of 32 bytes at least"
IDS = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=30)


@given(st.binary(min_size=32, max_size=64), st.sampled_from(PURPOSES), IDS)
def test_what_was_signed_is_verified(secret: bytes, purpose: str, subscriber: str) -> None:
    """A link gives back the id it was made for, and is fit for a URL."""
    made = sign(secret, purpose, subscriber)

    assert verify(secret, purpose, made) == subscriber
    assert made.replace("-", "").replace("_", "").isalnum()


@given(st.text(max_size=60))
def test_anything_else_is_refused(forged: str) -> None:
    """No text that we did not sign passes, and none raises anything but LinkError."""
    with pytest.raises(LinkError):
        verify(SECRET, "unsubscribe", forged)


def test_a_link_for_one_purpose_opens_no_other() -> None:
    """A forwarded unsubscribe link does not give away preferences; another key gives nothing."""
    made = sign(SECRET, "unsubscribe", "ada")

    with pytest.raises(LinkError):
        verify(SECRET, "preferences", made)
    with pytest.raises(LinkError):
        verify(b"another secret of thirty-two bytes", "unsubscribe", made)
    with pytest.raises(LinkError):
        verify(SECRET, "unsubscribe", made[:-1] + ("A" if made[-1] != "A" else "B"))


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
        verify(secret, "unsubscribe", good)
    assert read_bounce_tag(secret, bounce_tag(SECRET, day, "00ff")) is None


def test_a_new_secret_is_long_enough() -> None:
    """It signs at once, and fits a line of a file of variables."""
    made = new_secret(bytes(range(32)))

    assert verify(made.encode(), "unsubscribe", sign(made.encode(), "unsubscribe", "ada")) == "ada"
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
        assert read_bounce_tag(secret, written) == (issue, subscriber.hex())
    assert read_bounce_tag(b"another secret of thirty-two bytes", tag) is None


def test_what_was_sent_before_still_holds() -> None:
    """Reports to mails that were sent before still find their reader."""
    tag = bounce_tag(SECRET, dt.date(2026, 11, 26), "00ff00ff00ff00ff00ff")

    assert tag == "bhmqb7ya74ap6ah7ad76emieopqa"
    assert bounce_tag(SECRET, dt.date(2026, 11, 26), "no digits") == ""
    assert sign(SECRET, "unsubscribe", "ada") == "AQBhZGH_ie9Ce-ziv1qS024"


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
        verify(SECRET, "unsubscribe", token)

    assert str(caught.value) == said


def test_links_of_every_purpose_are_what_they_were() -> None:
    """Those in mails of last year still work; each byte has its meaning."""
    assert [sign(SECRET, purpose, "ada") for purpose in PURPOSES] == LINKS
    for purpose, link in zip(PURPOSES, LINKS, strict=True):
        assert verify(SECRET, purpose, link) == "ada"


def test_tags_of_the_first_and_the_last_day() -> None:
    """Two bytes of days since 2020; what is too short is no tag."""
    first, last = dt.date(2020, 1, 1), dt.date(2020, 1, 1) + dt.timedelta(days=65_535)

    for day in (first, last):
        assert read_bounce_tag(SECRET, bounce_tag(SECRET, day, "00ff")) == (day, "00ff")
    for tag in ("", "aa", "aaaaaaaa", "a", "!"):
        assert read_bounce_tag(SECRET, tag) is None


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
