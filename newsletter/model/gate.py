"""The gate: which texts, links, numbers, dates and identities from outside may be in a Paper.

Everything that a source gives passes here, and so does what is read from the database. A value that
does not pass is left out: its field is empty, and the paper stays.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote, urlsplit

import idna

from newsletter.model import Mention, Paper, Sighting

MAX_LINK = 2_000
"""Most characters of a link: browsers, mail programs and filters all accept this many."""
MAX_KEY = 500
"""Most characters of an identity, which is in indexes and in links of the mail."""
MAX_COUNT = 10_000_000
"""Most votes, citations or stars: more than any repository has."""
MAX_VERSION = 999
MAX_TITLE = 300
MAX_TEXT = 5_000
"""Most characters of an abstract or summary, so that whole articles do not fill the database."""
MAX_NAME = 200
MAX_SIGHTINGS = 100
FIRST_YEAR, LAST_YEAR = 1800, 2200
_ZEROS = frozenset({(1899, 12), (1900, 1), (1904, 1), (1969, 12), (1970, 1)})
"""The months in which the clocks of computers and spreadsheets begin: a date that is missing, or
that counts other units, looks like one of these."""
AHEAD = dt.timedelta(days=366)
"""How far ahead of today a journal may date its issues."""

NEVER: Final = (
    "\x00-\x1f\x7f-\x9f"  # controls
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # they change the direction of the text
    "\xad\u180e\u200b\u2028\u2029\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\uffff"  # invisible
    "\ud800-\udfff\ufdd0-\ufdef\U000e0000-\U000e00ff"  # surrogates, non-characters, tags
    "\ue000-\uf8ff\U000f0000-\U0010ffff"  # private use: tokens of editions are made of them
)
"""Characters that nothing from outside may have. The two joiners are allowed: Persian, Indian
scripts and emoji need them."""
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
        return cut(given, length)  # most texts; U+0020 is the only printable white space
    plain = _NEVER.sub("", _SPACES.sub(" ", given))
    return cut(_SPACES.sub(" ", plain).strip(), length)


def cut(plain: str, length: int) -> str:
    """Return `plain`; if it has more than `length` characters, cut between words and marked."""
    return plain if len(plain) <= length else plain[: length - 1].rsplit(" ", 1)[0] + "…"


def link(given: str) -> str:
    """Return an address as printable ASCII (RFC 3986), or nothing when it is not fit for a link.

    A link must be http or https and have a host. A name and password in it are removed; a host in
    other letters becomes A-labels (RFC 5891); other characters that are not ASCII are
    percent-encoded. Tabs and line breaks are removed as browsers do
    (https://url.spec.whatwg.org/#url-parsing). An address with other control, bidirectional or
    private-use characters gives no link, and neither does one longer than MAX_LINK.
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
    except ValueError:  # a broken `[…]`, an invalid port, letters that IDNA does not allow
        return ""
    # Browsers read a backslash as a slash and would go to another host than we see.
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
    """Return a count between 0 and `most`, or 0 when the value is not valid."""
    return given if 0 <= given <= most else 0


def moment(given: dt.datetime | None, now: dt.datetime | None = None) -> dt.datetime | None:
    """Return a date if it is plausible, else None: neither before papers existed nor far ahead.

    Without `now` only the year is checked.
    """
    if given is None or not FIRST_YEAR <= given.year <= LAST_YEAR:
        return None
    if (given.year, given.month) in _ZEROS:
        return None
    return None if now and given > now + AHEAD else given


def identity(given: str) -> str:
    """Return an identity as printable ASCII without spaces; a long one becomes a digest."""
    if not _KEY.fullmatch(given):
        given = quote(_NEVER.sub("", given), safe=_IN_KEYS)
    if len(given) <= MAX_KEY:
        return given
    return f"{given[:20].partition(':')[0]}:{hashlib.sha256(given.encode()).hexdigest()}"


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
"""Most entries of a field; the largest collaborations have three thousand authors."""
LINKS: Final = ("url", "pdf_url", "code_url", "discussion_url", "image_url")
COUNTS: Final = ("votes", "comments", "stars", "citations")


def admit(paper: Paper, now: dt.datetime | None = None) -> tuple[Paper, tuple[str, ...]]:
    """Return a paper with only what the gate lets pass, and the names of the emptied fields."""
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
    """Return a mention with only what the gate lets pass."""
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
    lines = dict.fromkeys(line(entry, MAX_NAME) for entry in given)
    return tuple(entry for entry in lines if entry)[:most]
