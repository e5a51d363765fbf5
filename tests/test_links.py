"""Signed links."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import LinkError
from newsletter.links import PURPOSES, sign, verify

IDS = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=30)


@given(st.binary(min_size=8, max_size=40), st.sampled_from(PURPOSES), IDS)
def test_what_was_signed_is_verified(secret: bytes, purpose: str, subscriber: str) -> None:
    """A link gives back the id it was made for, and is fit for a URL."""
    made = sign(secret, purpose, subscriber)

    assert verify(secret, purpose, made) == subscriber
    assert made.replace("-", "").replace("_", "").isalnum()


@given(st.text(max_size=60))
def test_anything_else_is_refused(forged: str) -> None:
    """No text that we did not sign passes, and none raises anything but LinkError."""
    with pytest.raises(LinkError):
        verify(b"secret", "unsubscribe", forged)


def test_a_link_for_one_purpose_opens_no_other() -> None:
    """A forwarded unsubscribe link does not give away preferences; another key gives nothing."""
    made = sign(b"secret", "unsubscribe", "ada")

    with pytest.raises(LinkError):
        verify(b"secret", "preferences", made)
    with pytest.raises(LinkError):
        verify(b"other", "unsubscribe", made)
    with pytest.raises(LinkError):
        verify(b"secret", "unsubscribe", made[:-1] + ("A" if made[-1] != "A" else "B"))
