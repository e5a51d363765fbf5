"""The time and the time zone in a written date."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from newsletter.collect.plain.zones import PLACES, ZONES

WORD = re.compile(r"[^\W\d_]+(?:['’.][^\W\d_]+)*")
_TIME = re.compile(
    r"(?<![\d+-])(?:t\s*)?(\d{1,2})\s*(?::|(?<=\d)h(?=\d)|(?<=\d)\sh\s(?=\d\d(?!\d)))\s*(\d{1,2})"
    r"(?:\s*[:.]\s*(\d{1,2})(?:[.,]\d+|:\d{1,3})?)?(?:\s*(?:uhr|h)\b)?"
)
# Signs that also part a date; they part a time only where a date is left without them.
_OTHER_TIMES = (
    re.compile(
        r"(?<![\d.])(\d{1,2})\.(\d\d)(?:\.(\d\d)(?:[.,]\d+)?)?(?![.,]?\d)(?:\s*(?:uhr|h)\b)?"
    ),
    re.compile(r"(?<=\d{4}\s)(\d\d)(\d\d)(\d\d)?(?!\d)"),
    re.compile(r"(?<![\d+-])(\d{1,2})\s*(?:uhr|h|(?=[ap]\.?m\b))"),
)
_HALF = re.compile(r"(?<![a-z])([ap])\.?\s?m(?:\.|\b)")
_OFFSET = re.compile(
    r"(?:(?<![a-z])(?:gmt|utc?|z)\s*|(?<!\d))([+\u2212-])(\d{1,2})(?::?(\d{2}))?(?![\d-])"
)
# `Eastern Standard Time` is EST.
_IN_WORDS = re.compile(r"\b([ecmp])(?:astern|entral|ountain|acific) ([sd])(?:tandard|aylight) time")
_PLACE = re.compile(r"[a-z]+/[a-z_]+(?:/[a-z_]+)?")


def clock_of(
    text: str, holds_day: Callable[[str], bool]
) -> tuple[str, tuple[int, int, int] | None, str | None]:
    """Return the text with `|` in place of its time, the time, and `a` or `p` of a.m. and p.m.

    `holds_day` says whether a text still names a day.
    """
    half = None
    found = _TIME.search(text) or next(
        filter(None, (_other(text, sign, holds_day) for sign in _OTHER_TIMES)), None
    )
    if found:
        rest = text[found.end() :]
        if said := _HALF.match(rest.lstrip()):
            half, rest = said[1], rest.lstrip()[said.end() :]
        groups = (*found.groups(), None, None)[:3]
        hour, minute, second = (int(part or 0) for part in groups)
        return f"{text[: found.start()]} | {rest}", (hour, minute, second), half
    return text, None, None


def _other(
    text: str, sign: re.Pattern[str], holds_day: Callable[[str], bool]
) -> re.Match[str] | None:
    """Return the time that a less usual sign parts, if the rest of the text still holds a day."""
    for found in sign.finditer(text):
        rest = f"{text[: found.start()]} | {text[found.end() :]}"
        if re.search(r"(?<!\d)\d{4}(?!\d)|[^\W\d_]{3}", rest) and holds_day(rest):
            return found
    return None


def zone_of(text: str, *, has_time: bool) -> tuple[str, dt.tzinfo]:
    """Return the text without its zone, and the zone: UTC when none is given or known.

    With a time, only what follows its `|` is a zone.
    """
    if place := _PLACE.search(text):
        name = "/".join(part.capitalize() for part in place[0].split("/"))
        name = re.sub(r"_([a-z])", lambda letter: "_" + letter[1].upper(), name)
        try:
            return text[: place.start()] + text[place.end() :], ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            pass
    before, mark, after = text.partition("|") if has_time else ("", "", "")
    if mark and (found := _OFFSET.search(after)):
        ahead = dt.timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
        # Farther than 14 hours from UTC is no place on earth.
        ahead = ahead if ahead <= dt.timedelta(hours=14) else dt.timedelta()
        zone: dt.tzinfo = dt.timezone(ahead if found[1] == "+" else -ahead)
        rest = re.sub(r"\([^()]*\)", " ", after[: found.start()] + " " + after[found.end() :])
        return f"{before} {rest}", zone
    after = _IN_WORDS.sub(r"\1\2t", after)
    for word in WORD.finditer(after):
        name = word[0].replace(".", "")
        if name in ZONES:
            return f"{before} {after.replace(word[0], ' ', 1)}", dt.timezone(
                dt.timedelta(minutes=ZONES[name])
            )
        if name in PLACES:
            return f"{before} {after.replace(word[0], ' ', 1)}", ZoneInfo(PLACES[name])
    return f"{before} {after}" if mark else text, dt.UTC
