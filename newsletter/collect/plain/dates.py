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

from newsletter.collect.plain.clocks import WORD, clock_of, zone_of
from newsletter.collect.plain.zones import AMERICAN

UNREADABLE = dt.datetime.max.replace(tzinfo=dt.UTC)
"""Stands for a date that was given and says nothing: the gate leaves it out and counts it."""
_MOST = 120
"""Characters of the longest date that is read."""
_SOON = dt.timedelta(days=2)
"""How far ahead a date may be if its numbers can be read in another way, too."""
_LANGUAGES = (
    "en de de_AT fr es it pt nl sv da nb fi pl cs sk hu ro hr sl sr bg uk ru el tr lt lv et ca eu "
    "id ms vi is sq he ar fa hi bn th ko ka hy az kk"
).split()
"""Languages whose months are known, the first that knows a word counts: `listopad` is Polish."""
_EAST = (
    # Vietnamese counts its months: `25 tháng 11 năm 2026`.
    (re.compile(r"\s*,?\s*\bth(?:ang|g)?\.?\s*(\d{1,2}),?\s*(?:nam\s*)?(?=\d{4})"), r"/\1/"),
    (re.compile(r"\s*[年월月년]\s*"), "-"),
    (re.compile(r"\s*[日일]"), " "),
    (re.compile(r"\s*[時时点點시]\s*(?=\d)"), ":"),
    (re.compile(r"\s*[時时点點시]"), ":00"),
    (re.compile(r"\s*[分분]\s*(?=\d)"), ":"),
    (re.compile(r"\s*[秒초分분]"), " "),
)
_HALVES = re.compile(
    r"(?:(上午|午前|早上|凌晨|清晨|오전|새벽|아침)|(?:下午|午後|午后|中午|傍晚|晚上|夜|오후|저녁|밤))"
    r"\s*(\d{1,2}:\d{2}(?::\d{2})?)"
)
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "民國": 1911, "民国": 1911}
"""Years before the first of an era of Japan, or of the Republic of China (Taiwan)."""
_ERA = re.compile(f"({'|'.join(_ERAS)})" + r"\s*(\d{1,3}|元)\s*(?=年)")
_COMPACT = re.compile(
    r"(?P<year>(?:1[89]|2[01])\d\d)(?P<month>\d\d)(?P<day>\d\d)"
    r"(?:t?(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?)?(?P<rest>z|[+-]\d{2}:?\d{2}|\s.*)?"
)
_STAMP = re.compile(r"(?:@|/?date\()?(\d{9,19})(?:\.\d+)?(?:[+-]\d{4})?(?:\)/?)?")
_FLOAT = re.compile(r"\d\.\d{5,}e\+?(?:9|1[0-8])")
_ORDINAL = re.compile(r"(\d{4})-?(\d{3})(?=$|[\st])")
_WEEK = re.compile(r"(\d{4})-?w(\d{2})(?:-?([1-7]))?(?=$|[\st])")
_NUMBERS = re.compile(r"\d+")
_FIRST_YEAR = re.compile(r"(\d{4})\s?[-/.\s]\s?(\d{1,2})(?:\s?[-/.\s]\s?(\d{1,2}))?(?!\d)")
_LAST_YEAR = re.compile(r"(?<!\d)(\d{1,2})\s?[-/.\s]\s?(\d{1,2})\s?[-/.\s]\s?(\d{4}|\d{2})(?!\d)")
_ROMAN = re.compile(r"(?<=\d)([.\s]\s?)([ivx]{1,4})(?=[.\s]\s?\d{4})")
_ROMANS = "i ii iii iv v vi vii viii ix x xi xii".split()
_SIGNED = re.compile(r"(?<!\d)(?:\d{4}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2})[-/.]\d")
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
    text = "".join(_base(c) if not c.isascii() else c for c in _apart(text.casefold()))
    text = unicodedata.normalize("NFC", text)
    try:
        if (stamp := _of_clock(text)) is not None:
            return stamp
        return _read(text, now)
    except (ValueError, OverflowError, OSError):
        return UNREADABLE


def _apart(text: str) -> str:
    """Return a text whose accents and vowel signs are characters of their own."""
    return unicodedata.normalize("NFKD", text)


def _base(char: str) -> str:
    """Return a digit of any script as ours, nothing for an accent, and else the character."""
    if unicodedata.category(char).startswith("M"):
        return ""
    return str(unicodedata.digit(char, char))


def _of_clock(text: str) -> dt.datetime | None:
    """Return the moment of a number of seconds (or of thousandths and less) since 1970."""
    if _FLOAT.fullmatch(text):
        text = str(int(float(text)))
    found = _STAMP.fullmatch(text)
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
    text = _ERA.sub(lambda era: str(_ERAS[era[1]] + int(era[2].replace("元", "1"))), text)
    for pattern, plain in _EAST:
        text = pattern.sub(plain, text)
    text = _HALVES.sub(lambda half: f"{half[2]} {'am' if half[1] else 'pm'}", text)
    text = re.sub(r"(?<=\d)t(\d\d)(\d\d)(\d\d)?(?=\D|$)", _colons, text)
    text = re.sub(r"(?<=\d)t(\d\d)(?=z|[+-]\d|$)", r" \1:00", text)
    text = re.sub(r"(?<!\d)(\d{4}):(\d\d):(\d\d)(?=\s)", r"\1-\2-\3", text)  # of cameras
    text = _ROMAN.sub(
        lambda month: (
            f"{month[1]}{_ROMANS.index(month[2]) + 1}" if month[2] in _ROMANS else month[0]
        ),
        text,
    )
    # Between digits the `t` of ISO 8601, and a hyphen next to a word, only part.
    text = re.sub(r"(?<=\d)t(?=\d)", " ", text)
    # The hyphen of `GMT-5` is a minus.
    text = re.sub(r"(?<=\d)[-/.](?=[^\W\d_])|(?<=[^\W\d_])(?<!gmt|utc)[-/](?=\d)", " ", text)
    text, clock, half = clock_of(text, lambda rest: any(_days(rest, is_american=False)))
    text, zone = zone_of(text, has_time=clock is not None)
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
    near = [moment for moment in read if now is None or moment <= now + _SOON]
    if now and _has_short_year(text):
        # Whoever cuts the century off means one of the last years.
        return max(near, key=lambda moment: moment.year, default=UNREADABLE)
    return next(iter(near), read[0] if read else UNREADABLE)


def _colons(found: re.Match[str]) -> str:
    """Return the time of a date in ISO 8601, which may leave out the colons."""
    return f" {found[1]}:{found[2]}:{found[3] or '00'}"


def _moment(day: _Day, since: dt.timedelta, zone: dt.tzinfo) -> dt.datetime | None:
    year, month, date = day
    try:
        return (dt.datetime(year, month, date, tzinfo=zone) + since).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def _days(text: str, *, is_american: bool) -> Iterator[_Day]:
    """Yield the days that a text may mean, the likeliest first."""
    text = text.strip(" |,;")
    if found := _ORDINAL.match(text):
        date = dt.date(int(found[1]), 1, 1) + dt.timedelta(days=int(found[2]) - 1)
        if date.year == int(found[1]):
            yield date.year, date.month, date.day
    elif not _SIGNED.search(text) and (named := _named(text)):
        yield named
    elif found := _FIRST_YEAR.search(text):
        if found[3]:
            yield _year(found[1]), int(found[2]), int(found[3])
            yield _year(found[1]), int(found[3]), int(found[2])
    elif found := _LAST_YEAR.search(text):
        first, second, year = int(found[1]), int(found[2]), _year(found[3])
        both = [(year, second, first), (year, first, second)]
        yield from reversed(both) if is_american else both
        if len(found[3]) < 4:  # noqa: PLR2004  03-12-31 may begin with its year
            yield _year(found[1]), second, int(found[3])


def _has_short_year(text: str) -> bool:
    """Return whether a date in numbers has a year of two digits: it may stand first or last."""
    found = None if _FIRST_YEAR.search(text) else _LAST_YEAR.search(text)
    return found is not None and len(found[3]) < 4  # noqa: PLR2004


def _named(text: str) -> _Day | None:
    """Return the day of a date whose month is a word: `25 Nov 2026`, `November 25th, 2026`."""
    words = [(word, month) for word in WORD.finditer(text) if (month := month_of(word[0]))]
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
    elif found := re.fullmatch(r"(\d{1,2})[-/.](\d{4})", text):
        year, month = int(found[2]), int(found[1])
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
    if name in _ENGLISH_DAYS:
        return 0  # nearly every date has one: do not load all languages for it
    if name not in _ENGLISH_NAMES and name[:1] == "ב":
        name = name[1:]  # Hebrew writes `in` as one letter of the word
    known = _ENGLISH.get(name[:3]) if name in _ENGLISH_NAMES else None
    return known or (_months().get(name, 0) if not name.isascii() or len(name) > 2 else 0)  # noqa: PLR2004


_NAMES = (
    "january february march april may june july august september october november december".split()
)
_ENGLISH = {name[:3]: number for number, name in enumerate(_NAMES, 1)}
_ENGLISH_NAMES = {name[:length] for name in _NAMES for length in range(3, 10)}
_ENGLISH_DAYS = {
    name[:length]
    for name in "monday tuesday wednesday thursday friday saturday sunday".split()
    for length in range(3, 10)
}


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
        months = Locale.parse(language).months
        for usage in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in months[usage][width].items():
                    if any(map(str.isdigit, str(name))):
                        continue  # Vietnamese and others count them
                    bare = _bare(str(name))
                    found.setdefault(bare, number)
                    # Many cut a long name after three letters, whatever the standard says.
                    if len(bare) > 4 and width == "wide":  # noqa: PLR2004
                        found.setdefault(bare[:3], number)
    return found
