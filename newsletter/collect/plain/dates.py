"""Dates as the world writes them → moments in UTC.

A date is read part by part: the time, the zone, then what is left, which must hold a day, a month
and a year. Names of weekdays, in whatever language, are passed over. What cannot be is no date.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
import unicodedata
from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from newsletter.collect.plain.zones import AMERICAN, PLACES, ZONES

UNREADABLE = dt.datetime.max.replace(tzinfo=dt.UTC)
"""Stands for a date that was given and says nothing: the gate leaves it out and counts it."""
_MOST = 120
"""Characters of the longest date that is read."""
_SOON = dt.timedelta(days=2)
"""How far ahead a date may be if its numbers can be read in another way, too."""
_LANGUAGES = (
    "en de fr es it pt nl sv da nb fi pl cs sk hu ro hr sl sr bg uk ru el tr lt lv et ca eu id "
    "ms vi is sq he ar fa hi bn th ko ka hy az kk"
).split()
"""Languages whose months are known, the first that knows a word counts: `listopad` is Polish."""
_EAST = (
    (re.compile(r"\s*[年월月년]\s*"), "-"),
    (re.compile(r"\s*[日일]"), " "),
    (re.compile(r"\s*[時时点點시]\s*(?=\d)"), ":"),
    (re.compile(r"\s*[時时点點시]"), ":00"),
    (re.compile(r"\s*[分분]\s*(?=\d)"), ":"),
    (re.compile(r"\s*[秒초分분]"), " "),
)
_HALVES = re.compile(r"(?:(上午|午前|오전)|(下午|午後|오후))\s*(\d{1,2}:\d{2}(?::\d{2})?)")
_COMPACT = re.compile(
    r"(?P<year>(?:1[89]|2[01])\d\d)(?P<month>\d\d)(?P<day>\d\d)"
    r"(?:t?(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?)?(?P<rest>z|[+-]\d{2}:?\d{2})?"
)
_ORDINAL = re.compile(r"(\d{4})-?(\d{3})(?=$|[\st])")
_WEEK = re.compile(r"(\d{4})-?w(\d{2})(?:-?([1-7]))?\b")
_TIME = re.compile(
    r"(?<![\d+-])(?:t\s*)?(\d{1,2})\s*(?::|(?<=\d)h(?=\d)|(?<=\d)\.(?=\d\d\.\d\d(?!\d)))\s*(\d{1,2})"
    r"(?:\s*[:.]\s*(\d{1,2})(?:[.,]\d+|:\d{1,3})?)?(?:\s*(?:uhr|h)\b)?"
)
_HOUR = re.compile(r"(?<![\d+-])(\d{1,2})\s*(?=[ap]\.?m\b)")
_HALF = re.compile(r"(?<![a-z])([ap])\.?\s?m(?:\.|\b)")
_OFFSET = re.compile(
    r"(?:(?<![a-z])(?:gmt|utc?|z)\s*)?([+\u2212-])\s*(\d{1,2})(?::?(\d{2}))?(?!\d)"
)
_PLACE = re.compile(r"[a-z]+/[a-z_]+(?:/[a-z_]+)?")
_WORD = re.compile(r"[^\W\d_]+(?:['’.][^\W\d_]+)*")
_NUMBERS = re.compile(r"\d+")
_FIRST_YEAR = re.compile(r"(\d{4})\s?[-/.\s]\s?(\d{1,2})(?:\s?[-/.\s]\s?(\d{1,2}))?(?!\d)")
_LAST_YEAR = re.compile(r"(?<!\d)(\d{1,2})\s?[-/.\s]\s?(\d{1,2})\s?[-/.\s]\s?(\d{4}|\d{2})(?!\d)")
_DAY_BEFORE = re.compile(r"\d[^\W\d_]{0,2}[.ºª°]?,?\s*(?:de\s+|of\s+|d['’]\s*)?$")
_Day = tuple[int, int, int]


def read_date(given: object, now: dt.datetime | None = None) -> dt.datetime | None:
    """Return the moment that a text or number says, in UTC; None if nothing is given.

    What is given but says no date, or one that cannot be, is UNREADABLE. A time without a zone is
    taken for UTC. With `now`, a month that is not over yet is no date: the day is not known.
    """
    if given is None or isinstance(given, bool):
        return None
    text = unicodedata.normalize("NFKC", str(given)).strip()
    if not text:
        return None
    if len(text) > _MOST:
        return UNREADABLE
    text = "".join(str(unicodedata.digit(c, c)) if not c.isascii() else c for c in text.casefold())
    try:
        if (stamp := _of_clock(text)) is not None:
            return stamp
        return _read(text, now)
    except (ValueError, OverflowError, OSError):
        return UNREADABLE


def _of_clock(text: str) -> dt.datetime | None:
    """Return the moment of a number of seconds (or of thousandths and less) since 1970."""
    found = re.fullmatch(r"(\d{9,19})(?:\.\d+)?", text)
    if found is None or (_COMPACT.fullmatch(text) and len(found[1]) in (12, 14)):
        return None
    digits = len(found[1])
    steps = (0, 1, 2, 3)[(digits > 11) + (digits > 14) + (digits > 17)]  # noqa: PLR2004
    return dt.datetime.fromtimestamp(int(found[1]) // 1000**steps, dt.UTC)


def _read(text: str, now: dt.datetime | None) -> dt.datetime | None:
    if found := _COMPACT.fullmatch(text):
        time = f" {found['hour']}:{found['minute']}:{found['second'] or '00'}"
        text = f"{found['year']}-{found['month']}-{found['day']}"
        text += (time if found["hour"] else "") + (found["rest"] or "")
    if found := _WEEK.match(text):
        week = dt.date.fromisocalendar(int(found[1]), int(found[2]), int(found[3] or 1))
        text = week.isoformat() + text[found.end() :]
    for pattern, plain in _EAST:
        text = pattern.sub(plain, text)
    text = _HALVES.sub(lambda half: f"{half[3]} {'am' if half[1] else 'pm'}", text)
    text = re.sub(r"(?<=\d)t(\d\d)(\d\d)(\d\d)?(?=\D|$)", _colons, text)
    # Between digits the `t` of ISO 8601, and a hyphen next to a word, only part.
    text = re.sub(r"(?<=\d)t(?=\d)", " ", text)
    text = re.sub(r"(?<=\d)[-/.](?=[^\W\d_])|(?<=[^\W\d_])[-/](?=\d)", " ", text)
    text, clock, half = _clock(text)
    text, zone = _zone(text, has_time=clock is not None)
    is_american = half is not None or zone in AMERICAN
    days = list(_days(text, is_american=is_american))
    if not days:
        return _of_month(text, now)
    hour, minute, second = clock or (0, 0, 0)
    if half == "p" and hour < 12:  # noqa: PLR2004
        hour += 12
    elif half == "a" and hour == 12:  # noqa: PLR2004
        hour = 0
    if hour > 24 or minute > 59 or second > 60 or (hour == 24 and (minute or second)):  # noqa: PLR2004
        return UNREADABLE
    since = dt.timedelta(hours=hour, minutes=minute, seconds=min(second, 59))
    read = [moment for day in days if (moment := _moment(day, since, zone)) is not None]
    near = (moment for moment in read if now is None or moment <= now + _SOON)
    return next(near, read[0] if read else UNREADABLE)


def _colons(found: re.Match[str]) -> str:
    """Return the time of a date in ISO 8601, which may leave out the colons."""
    return f" {found[1]}:{found[2]}:{found[3] or '00'}"


def _moment(day: _Day, since: dt.timedelta, zone: dt.tzinfo) -> dt.datetime | None:
    year, month, date = day
    try:
        return (dt.datetime(year, month, date, tzinfo=zone) + since).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


# --- The time and its zone --------------------------------------------------------------------


def _clock(text: str) -> tuple[str, tuple[int, int, int] | None, str | None]:
    """Return the text without its time, the time, and `a` or `p` of a.m. and p.m."""
    half = None
    if (found := _TIME.search(text)) or (found := _HOUR.search(text)):
        rest = text[found.end() :]
        if said := _HALF.match(rest.lstrip()):
            half, rest = said[1], rest.lstrip()[said.end() :]
        groups = (*found.groups(), None, None)[:3]
        hour, minute, second = (int(part or 0) for part in groups)
        return f"{text[: found.start()]} | {rest}", (hour, minute, second), half
    return text, None, None


def _zone(text: str, *, has_time: bool) -> tuple[str, dt.tzinfo]:
    """Return the text without its zone, and the zone: UTC when none is given or known."""
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
    for word in _WORD.finditer(after):
        name = word[0].replace(".", "")
        if name in ZONES:
            return f"{before} {after.replace(word[0], ' ', 1)}", dt.timezone(
                dt.timedelta(minutes=ZONES[name])
            )
        if name in PLACES:
            return f"{before} {after.replace(word[0], ' ', 1)}", ZoneInfo(PLACES[name])
    return f"{before} {after}" if mark else text, dt.UTC


# --- The day ----------------------------------------------------------------------------------


def _days(text: str, *, is_american: bool) -> Iterator[_Day]:
    """Yield the days that a text may mean, the likeliest first."""
    text = text.strip(" |,;")
    if found := _ORDINAL.match(text):
        date = dt.date(int(found[1]), 1, 1) + dt.timedelta(days=int(found[2]) - 1)
        if date.year == int(found[1]):
            yield date.year, date.month, date.day
    elif named := _named(text):
        yield named
    elif found := _FIRST_YEAR.search(text):
        if found[3]:
            yield _year(found[1]), int(found[2]), int(found[3])
    elif found := _LAST_YEAR.search(text):
        first, second, year = int(found[1]), int(found[2]), _year(found[3])
        both = [(year, second, first), (year, first, second)]
        yield from reversed(both) if is_american else both
        if len(found[3]) < 4:  # noqa: PLR2004  03-12-31 may begin with its year
            yield _year(found[1]), second, int(found[3])


def _named(text: str) -> _Day | None:
    """Return the day of a date whose month is a word: `25 Nov 2026`, `November 25th, 2026`."""
    words = [(word, month) for word in _WORD.finditer(text) if (month := month_of(word[0]))]
    best: _Day | None = None
    for word, month in words:
        before = [number[0] for number in _NUMBERS.finditer(text, 0, word.start())]
        after = [number[0] for number in _NUMBERS.finditer(text, word.end())]
        # A day stands next to the month: `mar. 24 nov.` is a Tuesday (mardi) of November.
        is_next = _DAY_BEFORE.search(text[: word.start()]) is not None
        if before and after and len(before[-1]) <= 2 and is_next:  # noqa: PLR2004
            return _year(after[0]), month, int(before[-1])
        if before and after and len(before[0]) == 4:  # noqa: PLR2004  2026 Nov 25
            best = best or (int(before[0]), month, int(after[0]))
        elif len(after) > 1 and len(after[0]) <= 2:  # noqa: PLR2004
            best = best or (_year(after[1]), month, int(after[0]))
    return best


def _of_month(text: str, now: dt.datetime | None) -> dt.datetime | None:
    """Return the first of a month or year, when that is all that is given and it is over."""
    text = text.strip(" |,;.")
    month = 0
    if found := re.fullmatch(r"(\d{4})[-/.](\d{1,2})-?|(\d{4})-?", text):
        year, month = int(found[1] or found[3]), int(found[2] or 0)
    elif (found := re.fullmatch(r"([^\W\d_]+)\.?,?\s+(?:de\s+)?(\d{4})", text)) and (
        named := month_of(found[1])
    ):
        year, month = int(found[2]), named
    else:
        return UNREADABLE
    if now and (year, month or now.month) >= (now.year, now.month):
        return None
    return dt.datetime(year, month or 1, 1, tzinfo=dt.UTC)


def _year(digits: str) -> int:
    """Return a year; of two digits, as POSIX reads them: 69 to 99 are of the last century."""
    number = int(digits)
    if len(digits) > 2:  # noqa: PLR2004
        # The Buddhist calendar, which Thailand uses, is 543 years ahead.
        return number - 543 if 2500 <= number < 2700 else number  # noqa: PLR2004
    return number + (1900 if number >= 69 else 2000)  # noqa: PLR2004


def month_of(word: str) -> int:
    """Return the number of the month that a word names in any known language, or 0."""
    name = _bare(word)
    known = _ENGLISH.get(name[:3]) if name in _ENGLISH_NAMES else None
    return known or (_months().get(name, 0) if not name.isascii() or len(name) > 2 else 0)  # noqa: PLR2004


_NAMES = (
    "january february march april may june july august september october november december".split()
)
_ENGLISH = {name[:3]: number for number, name in enumerate(_NAMES, 1)}
_ENGLISH_NAMES = {name[:length] for name in _NAMES for length in range(3, 10)}


def _bare(word: str) -> str:
    """Return a word without accents, dots and case."""
    plain = unicodedata.normalize("NFKD", word.casefold())
    return "".join(c for c in plain if c.isalpha())


@functools.cache
def _months() -> dict[str, int]:
    """Return the months' names and their short forms, in all languages that are known."""
    from babel import Locale  # noqa: PLC0415  slow to load, and most dates are English

    found: dict[str, int] = {}
    for language in _LANGUAGES:
        months = Locale(language).months
        for usage in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in months[usage][width].items():
                    bare = _bare(str(name))
                    found.setdefault(bare, number)
                    # Many cut a long name after three letters, whatever the standard says.
                    if len(bare) > 4 and width == "wide":  # noqa: PLR2004
                        found.setdefault(bare[:3], number)
    return found
