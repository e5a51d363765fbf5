"""The gate: what a text, link, number, date or identity from outside may be to become a Paper's.

Everything that a source says passes here, and so does what the database holds when it is read. What
does not pass is not in the model: the field is empty, the paper stays.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote, urlsplit

import idna

from newsletter.model import Mention, Paper, Sighting

MAX_LINK = 2_000
"""Characters of a link: what browsers, mail programs and filters all take."""
MAX_KEY = 500
"""Characters of an identity: it is in indexes, and in links of the mail."""
MAX_COUNT = 10_000_000
"""Votes, citations or stars: past the most starred repository there is."""
MAX_VERSION = 999
MAX_TITLE = 300
MAX_TEXT = 5_000
"""Characters of an abstract or summary: a blog that sends whole articles fills no database."""
MAX_NAME = 200
MAX_SIGHTINGS = 100
FIRST_YEAR, LAST_YEAR = 1800, 2200
AHEAD = dt.timedelta(days=366)
"""How far ahead of today a journal may date its issue."""

NEVER: Final = (
    "\x00-\x1f\x7f-\x9f"  # controls
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # they turn the direction of what is around
    "\xad\u180e\u200b\u2028\u2029\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\uffff"  # shown as nothing
    "\ud800-\udfff\ufdd0-\ufdef\U000e0000-\U000e00ff"  # halves, no characters, tags
    "\ue000-\uf8ff\U000f0000-\U0010ffff"  # private use: a reader's own places are marked with them
)
"""Characters that nothing from outside may have. The two joiners may stay: Persian, the scripts of
India and emoji need them."""
_NEVER = re.compile(f"[{NEVER}]")
_SPACES = re.compile(r"\s+")
_BREAKS = re.compile(r"[\t\r\n]+")

_PATH = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?#]|%[0-9A-Fa-f]{2})"
_SOUND = re.compile(
    rf"https?://[A-Za-z0-9_][A-Za-z0-9._-]{{0,252}}(?::(?:\d{{1,4}}|[1-5]\d{{4}}))?(?:[/?#]{_PATH}*)?"
)
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_.])?")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SAFE = "%-._~!$&'()*+,;=:@/?"
_KEY = re.compile(r"[!-~]+")
_IN_KEYS = "".join(map(chr, range(0x21, 0x7F)))


def line(given: str, length: int = MAX_TEXT) -> str:
    """Return `given` as one line of at most `length` characters, none of which is in NEVER."""
    if given.isprintable() and "  " not in given and given == given.strip():
        return cut(given, length)  # most texts; `isprintable` knows no white space but U+0020
    plain = _NEVER.sub("", _SPACES.sub(" ", given))
    return cut(_SPACES.sub(" ", plain).strip(), length)


def cut(plain: str, length: int) -> str:
    """Return `plain`, cut at a word and marked so when it is longer than `length` characters."""
    return plain if len(plain) <= length else plain[: length - 1].rsplit(" ", 1)[0] + "…"


def link(given: str) -> str:
    """Return an address as printable ASCII (RFC 3986), or nothing when it is unfit to be a link.

    Fit are http and https with a host. The name and password in an address are left out; a host of
    other letters becomes its A-labels (RFC 5891), what else is not ASCII is percent-encoded. Tabs
    and line breaks are left out as browsers do (https://url.spec.whatwg.org/#url-parsing); with any
    other control, bidirectional or private-use character there is no link, and none past MAX_LINK.
    """
    if len(given) <= MAX_LINK and _SOUND.fullmatch(given):
        return given
    text = _BREAKS.sub("", given[: 2 * MAX_LINK].strip())
    if len(text) > MAX_LINK or _NEVER.search(text):
        return ""
    try:
        parts = urlsplit(text)
        port = "" if parts.port is None else f":{parts.port}"
        host = _host(parts.hostname or "")
    except ValueError:  # of a broken `[…]`, a port that is none, letters that IDNA does not know
        return ""
    # Browsers take a backslash for a slash, we do not: they would go to another host.
    if parts.scheme not in ("http", "https") or not host or "\\" in parts.netloc:
        return ""
    where = quote(_STRAY_PERCENT.sub("%25", parts.path), safe=_SAFE)
    asked = quote(_STRAY_PERCENT.sub("%25", parts.query), safe=_SAFE)
    part = quote(_STRAY_PERCENT.sub("%25", parts.fragment), safe=_SAFE)
    found = f"{parts.scheme}://{host}{port}{where}"
    found += f"?{asked}" * bool(asked) + f"#{part}" * bool(part)
    return found if len(found) <= MAX_LINK else ""


def _host(name: str) -> str:
    if ":" in name:
        return f"[{ipaddress.IPv6Address(name)}]"
    ascii_name = name if name.isascii() else idna.encode(name, uts46=True).decode()
    return ascii_name if _HOST.fullmatch(ascii_name) else ""


def number(given: int, most: int = MAX_COUNT) -> int:
    """Return a count between 0 and `most`, or 0 when it is none."""
    return given if 0 <= given <= most else 0


def moment(given: dt.datetime | None, now: dt.datetime | None = None) -> dt.datetime | None:
    """Return a date when something could be of it: of a year that had papers, and not far ahead.

    Without `now` the year alone counts.
    """
    if given is None or not FIRST_YEAR <= given.year <= LAST_YEAR:
        return None
    return None if now and given > now + AHEAD else given


def identity(given: str) -> str:
    """Return an identity as printable ASCII without spaces; a long one by its digest."""
    if not _KEY.fullmatch(given):
        given = quote(_NEVER.sub("", given), safe=_IN_KEYS)
    if len(given) <= MAX_KEY:
        return given
    return f"{given[:20].partition(':')[0]}:{hashlib.sha256(given.encode()).hexdigest()}"


Rule = Callable[[Any], Any]
_TEXTS: Final[Mapping[str, int]] = {
    "title": MAX_TITLE,
    "abstract": MAX_TEXT,
    "announce": 40,
    "summary": MAX_TEXT,
    "summary_by": MAX_NAME,
    "venue": MAX_NAME,
    "organisation": MAX_NAME,
    "submitted_by": MAX_NAME,
}
_LISTS: Final[Mapping[str, int]] = {"authors": 5_000, "categories": 50, "keywords": 50}
"""The largest collaborations have three thousand authors."""
LINKS: Final = ("url", "pdf_url", "code_url", "discussion_url", "image_url")
COUNTS: Final = ("votes", "comments", "stars", "citations")


def admit(paper: Paper, now: dt.datetime | None = None) -> tuple[Paper, tuple[str, ...]]:
    """Return a paper with nothing in it but what the gate lets pass, and the fields it emptied."""
    passed: dict[str, Any] = {}
    passed |= {name: line(getattr(paper, name), most) for name, most in _TEXTS.items()}
    passed |= {name: _lines(getattr(paper, name), most) for name, most in _LISTS.items()}
    passed |= {name: link(getattr(paper, name)) for name in LINKS}
    passed |= {name: number(getattr(paper, name)) for name in COUNTS}
    passed["version"] = number(paper.version, MAX_VERSION) or 1
    passed["published"] = moment(paper.published, now)
    passed["id"] = identity(paper.id)
    passed["keys"] = tuple(dict.fromkeys(map(identity, paper.keys[:50])))
    passed["sightings"] = tuple(map(_sighting, paper.sightings[:MAX_SIGHTINGS]))
    changed = {name: value for name, value in passed.items() if value != getattr(paper, name)}
    if not changed:
        return paper, ()
    return replace(paper, **changed), tuple(name for name, value in changed.items() if not value)


def admit_mention(mention: Mention) -> Mention:
    """Return a mention with nothing in it but what the gate lets pass."""
    keys = tuple(dict.fromkeys(map(identity, mention.keys[:50])))
    return Mention(keys=keys, sighting=_sighting(mention.sighting))


def _sighting(seen: Sighting) -> Sighting:
    passed = Sighting(
        source=line(seen.source, MAX_NAME),
        seen_at=seen.seen_at,
        url=link(seen.url),
        votes=number(seen.votes),
        comments=number(seen.comments),
    )
    return seen if passed == seen else passed


def _lines(given: Iterable[str], most: int) -> tuple[str, ...]:
    lines = dict.fromkeys(line(one, MAX_NAME) for one in given)
    return tuple(one for one in lines if one)[:most]
