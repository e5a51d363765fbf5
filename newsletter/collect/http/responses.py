"""What a response's status and headers say: when to come back, and why there is no document."""

from __future__ import annotations

import email.utils
import re

import httpx2

from newsletter.model.gate import line

MAX_FRESH = 3300.0
"""Longest time, in seconds, that a server can keep us away: less than the hour between two runs,
so that tomorrow's papers do not wait for the day after."""
_MAX_AGE = re.compile(r"(?:^|,)\s*max-age=\"?(\d{1,9})", re.IGNORECASE)
_UNKEPT = re.compile(r"(?:^|,)\s*no-(?:cache|store)\b", re.IGNORECASE)


def freshness(response: httpx2.Response) -> float:
    """Return for how many seconds the answer stays valid, by its Cache-Control."""
    control = response.headers.get("cache-control", "")
    found = _MAX_AGE.search(control)
    if found is None or _UNKEPT.search(control):
        return 0.0
    age = response.headers.get("age", "")
    left = float(found[1]) - (float(age) if age.isdecimal() else 0.0)
    return min(max(left, 0.0), MAX_FRESH)


def retry_after(response: httpx2.Response) -> float | None:
    """Return the seconds that a server asks to wait (RFC 9110, 10.2.3), by its own clock."""
    asked = response.headers.get("retry-after", "")
    if asked.isdecimal():
        return float(asked)
    try:
        until = email.utils.parsedate_to_datetime(asked)
        return max(
            0.0,
            (until - email.utils.parsedate_to_datetime(response.headers["date"])).total_seconds(),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def explain(response: httpx2.Response) -> str:
    """Return, in words, what a status code means and what to do about it."""
    # The server chooses the phrase, and it goes to a terminal and into the database: clean it.
    status = f"HTTP {response.status_code} {line(response.reason_phrase, 60)}".strip()
    if wait := line(response.headers.get("retry-after", ""), 40):
        return f"{status}; the server asks to wait ({wait})"
    return {
        400: f"{status}: the service does not understand the request",
        401: f"{status}: this source needs a login",
        403: f"{status}: this source refuses programs",
        404: f"{status}: has the address changed?",
        406: f"{status}: refused, perhaps for asking too often; try again later",
        410: f"{status}: this source is retired; remove it from sources.yaml",
        429: f"{status}: asked too often; try again later",
    }.get(response.status_code, status)
