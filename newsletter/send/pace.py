"""When to try again after a refusal for now, and when a daily issue is too old to send."""

from __future__ import annotations

import datetime as dt
import random

BACKOFF = tuple(dt.timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 120))
"""Waits after the 1st, 2nd, … refusal; the last one repeats (standards.md, ledger, 5)."""
DEADLINE = dt.timedelta(hours=20)
"""A daily paper is worthless after that: the next one is about to be due."""
JITTER = 0.2
"""Waits differ by up to so much, so that refused mails do not all come back at once."""


def next_attempt(attempt: int, now: dt.datetime, chance: random.Random) -> dt.datetime:
    """Return when to try again after the `attempt`-th try (from 1) was refused for now."""
    wait = BACKOFF[min(attempt, len(BACKOFF)) - 1]
    return now + wait * (1 + JITTER * (2 * chance.random() - 1))
