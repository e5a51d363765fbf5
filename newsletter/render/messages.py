"""MIME and headers: an edition is encoded once, then joined with the bytes of each subscriber.

The headers are those that a mailing list should send: RFC 5322, 2045-2047, 2369, 2919, 3834, 5064,
8058 and 9477.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import functools
import hashlib
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from newsletter.model import Edition, Issue, delivery_name
from newsletter.render.bodies import Bodies, Layout
from newsletter.render.headers import address_header, header, phrase, slug, words_header
from newsletter.render.looks import form_of
from newsletter.render.pictures import Pictures, content_ids, no_pictures, part
from newsletter.render.tokens import TOKEN

CRLF = b"\r\n"
_TO = re.compile(rb"^To: [^\r\n]*(?:\r\n[ \t][^\r\n]*)*", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """What the headers of every message say about the newsletter."""

    name: str
    sender: str
    reply_to: str
    language: str
    unsubscribe: str
    """Where a reader unsubscribes, with `{tag}` in it: an https address when there is a site that
    accepts POST; otherwise a mailto address."""
    archive: str = ""
    """Address at which all issues can be read on the web."""
    issue_page: str = ""
    """The same of one issue, with `{date}` for its date."""
    complaints: str = ""
    """Where mailbox providers report complaints."""

    @property
    def domain(self) -> str:
        """The domain of the sender, which names the list and the messages."""
        return self.sender.rpartition("@")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """What differs from reader to reader."""

    id: str
    email: str
    name: str
    greeting: str
    """In the language of the edition."""
    unsubscribe: str
    """The part of the link that differs between readers: a signed tag, one for each purpose."""
    preferences: str
    feedback: str
    shown_date: str
    """Date of the issue, as the reader writes dates."""
    date: dt.datetime
    """Time of sending, in the reader's time zone."""

    @property
    def values(self) -> dict[str, str]:
        """Values for the tokens of an edition."""
        return {
            "greeting": self.greeting,
            "email": self.email,
            "date": self.shown_date,
            "unsubscribe": self.unsubscribe,
            "preferences": self.preferences,
            "feedback": self.feedback,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """An edition as bytes, with places left open for the values of its readers."""

    issue: dt.date
    letterhead: Letterhead
    headers: bytes
    """The header lines that are the same for every reader, with CRLF at the end."""
    bodies: Bodies
    """The bodies of all editions of the issue."""
    layout: Layout
    before: tuple[bytes, ...] = ()
    """What comes before the bodies, where there are pictures."""
    after: tuple[bytes, ...] = ()
    """The pictures, and what ends the message."""


class Encoder:
    """Encodes the editions of one issue; what they share is encoded once.

    Compose messages one after the other, since all editions of an encoder share one `Bodies`.
    """

    def __init__(
        self,
        issue: Issue,
        letterhead: Letterhead,
        editions: Sequence[Edition],
        pictures: Pictures = no_pictures,
    ) -> None:
        """Encode the blocks of `editions`, which are all of one issue, and their `pictures`."""
        self._issue = issue
        self._letterhead = letterhead
        # `=_` never occurs in quoted-printable text: no `=` in it is followed by `_`.
        digest = hashlib.sha256(f"{issue.date} {letterhead.sender}".encode()).hexdigest()
        self._boundary = f"=_{digest[:24]}"
        self._outer = f"=_{digest[24:48]}"
        self._pictures = pictures
        self.bodies = Bodies(
            editions,
            _part_head(self._boundary, "plain", first=True),
            _part_head(self._boundary, "html"),
            f"\r\n--{self._boundary}--\r\n".encode(),
        )
        # By the number of a block of HTML, the pictures that it names.
        self._named = {
            number: named
            for edition in editions
            for number in edition.html_blocks
            if (named := content_ids(edition.blocks[number]))
        }

    def encode(self, edition: Edition) -> Encoded:
        """Return an edition with everything encoded that is the same for all its readers.

        Raises HeaderError when a header's value contains a control character.
        """
        parts = self._parts(edition)
        alternative = f'multipart/alternative;\r\n boundary="{self._boundary}"'
        related = (
            f'multipart/related;\r\n type="multipart/alternative";\r\n boundary="{self._outer}"'
        )
        opening = f"--{self._outer}\r\nContent-Type: {alternative}\r\n\r\n".encode()
        closing = f"--{self._outer}--\r\n".encode()
        return Encoded(
            issue=self._issue.date,
            letterhead=self._letterhead,
            headers=self._headers(edition, related if parts else alternative),
            bodies=self.bodies,
            layout=self.bodies.layout(edition),
            before=(opening,) if parts else (),
            after=(*parts, closing) if parts else (),
        )

    def _parts(self, edition: Edition) -> tuple[bytes, ...]:
        """Return the pictures of an edition as parts, in pieces; one that is gone is left out."""
        names = (self._named.get(number, ()) for number in edition.html_blocks)
        found: list[bytes] = []
        for content_id, name in dict.fromkeys(chain.from_iterable(names)):
            if content := self._pictures(name):
                found += (f"--{self._outer}\r\n".encode(), *part(content_id, name, content))
        return tuple(found)

    def _headers(self, edition: Edition, kind: str) -> bytes:
        letterhead, date = self._letterhead, self._issue.date
        list_name = slug(letterhead.name)
        same = (
            ("From", address_header(letterhead.name, letterhead.sender)),
            ("Reply-To", f"<{letterhead.reply_to}>"),
            ("Subject", words_header(edition.subject)),
            ("MIME-Version", "1.0"),
            ("List-Id", f"{phrase(letterhead.name)} <{list_name}.{letterhead.domain}>"),
            ("List-Help", f"<mailto:{letterhead.reply_to}?subject=help>"),
            ("List-Subscribe", f"<mailto:{letterhead.reply_to}?subject=subscribe>"),
            ("List-Owner", f"<mailto:{letterhead.reply_to}>"),
            ("List-Post", "NO"),
            *self._archived(),
            ("Auto-Submitted", "auto-generated"),
            ("X-Auto-Response-Suppress", "OOF, AutoReply"),
            ("Precedence", "bulk"),
            ("Feedback-ID", f"{date:%Y%m%d}:{slug(edition.key)[:24]}:daily:{list_name[:24]}"),
            *self._complaints(),
            ("Content-Language", form_of(edition.key).language or letterhead.language),
            ("Content-Type", kind),
        )
        return b"".join(header(name, value) for name, value in same)

    def _complaints(self) -> tuple[tuple[str, str], ...]:
        """Return the header that says where to report complaints (RFC 9477), if there is one."""
        address = self._letterhead.complaints
        return (("CFBL-Address", f"{address}; report=arf"),) if address else ()

    def _archived(self) -> tuple[tuple[str, str], ...]:
        """Return the headers that say where the issue is on the web (RFC 5064, RFC 2369)."""
        head = self._letterhead
        if not head.archive:
            return ()
        page = head.issue_page.replace("{date}", str(self._issue.date))
        return (("List-Archive", f"<{head.archive}>"), ("Archived-At", f"<{page}>"))


def encode_edition(
    issue: Issue, edition: Edition, letterhead: Letterhead, pictures: Pictures = no_pictures
) -> Encoded:
    """Encode one edition alone, with the `pictures` that it names."""
    return Encoder(issue, letterhead, [edition], pictures).encode(edition)


def message_id(issue: dt.date, subscriber_id: str, domain: str) -> str:
    """Return the Message-ID, a function of issue and subscriber, without brackets.

    A message that is sent again has the same Message-ID, as it is the same message (RFC 5322,
    3.6.4). Mailbox systems that merge messages with equal Message-IDs then show it once.
    """
    return f"{delivery_name(issue, subscriber_id)}@{domain}"


@functools.lru_cache(maxsize=256)
def _date(moment: dt.datetime, offset: dt.timedelta | None) -> str:
    """Return a Date. `offset` is for the cache: equal times in two zones are equal to Python."""
    del offset
    return email.utils.format_datetime(moment)


def compose(encoded: Encoded, recipient: Recipient) -> bytes:
    """Return the whole message for one reader, CRLF line ends, ready for SMTP's DATA.

    Raises HeaderError when the reader's name or address contains a control character.
    """
    domain = encoded.letterhead.domain
    own = [
        header("Date", _date(recipient.date.replace(microsecond=0), recipient.date.utcoffset())),
        header("To", address_header(recipient.name, recipient.email)),
        header("Message-ID", f"<{message_id(encoded.issue, recipient.id, domain)}>"),
        *unsubscribe_headers(encoded.letterhead, recipient.unsubscribe),
    ]
    body = encoded.bodies.pieces(encoded.layout, recipient.values)
    return b"".join((*own, encoded.headers, CRLF, *encoded.before, *body, *encoded.after))


def _part_head(boundary: str, subtype: str, *, first: bool = False) -> bytes:
    """Return the boundary and the headers that come before a part."""
    start = "" if first else "\r\n"
    return (
        f"{start}--{boundary}\r\n"
        f"Content-Type: text/{subtype}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    ).encode()


def as_test(message: bytes, address: str) -> bytes:
    """Return a message as a test mail: sent to `address`, with `[Test]` before its subject."""
    head, rest = message.split(b"\r\n\r\n", 1)
    head = _TO.sub(lambda _found: header("To", f"<{address}>").removesuffix(CRLF), head, count=1)
    head = head.replace(b"\r\nSubject: ", b"\r\nSubject: [Test] ", 1)
    return head + b"\r\n\r\n" + rest


def as_read(part: str, recipient: Recipient, kind: Literal["html", "text"]) -> str:
    """Return a rendered part as one reader gets it, not encoded."""
    values = recipient.values
    if kind == "html":
        values = {name: html.escape(value) for name, value in values.items()}
    return TOKEN.sub(lambda found: values.get(found[1], ""), part)


def unsubscribe_headers(letterhead: Letterhead, tag: str) -> list[bytes]:
    """Return RFC 2369's header; with an https link, also that of RFC 8058 (one-click).

    `tag` is the reader's own part of the link, and of the subject of a mail to unsubscribe.
    """
    mail = f"<mailto:{letterhead.reply_to}?subject=unsubscribe%20{tag}>"
    link = letterhead.unsubscribe.replace("{tag}", tag)
    if not link.startswith("https://"):
        return [header("List-Unsubscribe", mail)]
    return [
        # Addresses are not broken: fold only after the comma.
        header("List-Unsubscribe", f"<{link}>,\r\n {mail}"),
        header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ]
