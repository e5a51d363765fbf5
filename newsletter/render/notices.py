"""Notices: mails to one person, to confirm, to welcome, or with a link to their own pages.

They are no mail of a list: without `List-` headers and `Precedence: bulk`, but with the header that
says that a program wrote them (RFC 3834), and nothing in them that anybody typed into a form.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.model import NoticeKind, Pick
from newsletter.render.bodies import quoted_printable
from newsletter.render.given import Masthead
from newsletter.render.headers import address_header, header, words_header
from newsletter.render.locales import direction_of
from newsletter.render.messages import Letterhead, unsubscribe_headers
from newsletter.render.phrases import phrases_of
from newsletter.render.templates import Templates
from newsletter.render.views import paper_view

CRLF = b"\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeMail:
    """What a notice says, and to whom."""

    number: int
    """Names the message: a second attempt is the same message."""
    kind: NoticeKind
    email: str
    reader: str
    """The subscriber's id."""
    tag: str
    """The reader's part of the link to unsubscribe; empty before the address is confirmed."""
    date: dt.datetime
    url: str
    """Where its button leads."""
    unsubscribe: str = ""
    """The two pages that every mail to a subscriber leads to; empty before one is confirmed."""
    preferences: str = ""
    following: str = ""
    """When the next issue is due, in words."""
    picks: Sequence[Pick] = ()
    """What the latest issue has for a new reader."""


def notice_message(
    mail: NoticeMail, head: Masthead, letterhead: Letterhead, templates: Templates
) -> bytes:
    """Return a notice as a whole message, CRLF line ends, ready for SMTP's DATA.

    With a tag it has the headers of RFC 2369 and RFC 8058. Raises TemplateError when the templates
    fail, HeaderError for an address with a control character.
    """
    phrases = phrases_of(head.language)
    _ = phrases.gettext
    subject = {
        NoticeKind.CONFIRM: _("Please confirm: %(name)s", name=head.name),
        NoticeKind.WELCOME: _("Welcome to %(name)s", name=head.name),
        NoticeKind.MANAGE: _("Your link to %(name)s", name=head.name),
    }[mail.kind]
    values = {
        "_": _,
        "ngettext": phrases.ngettext,
        "theme": templates.theme,
        "letter": {
            "name": head.name,
            "language": head.language,
            "phrases": phrases.language,
            "own": head.written_in,
            "direction": direction_of(head.language),
            "postal_address": head.postal_address,
            "subject": subject,
            "preheader": "",
        },
        "notice": {
            "kind": mail.kind.value,
            "url": mail.url,
            "unsubscribe": mail.unsubscribe,
            "preferences": mail.preferences,
            "next": mail.following,
            "papers": [
                paper_view(pick, "", phrases, room=0, density="compact") for pick in mail.picks
            ],
        },
    }
    parts = (
        ("plain", templates.text.render(values)),
        ("html", templates.html.render(values)),
    )
    digest = hashlib.sha256(f"notice {mail.number} {letterhead.sender}".encode()).hexdigest()
    boundary = f"=_{digest[:24]}"
    lines = [
        header("Date", email.utils.format_datetime(mail.date.replace(microsecond=0))),
        header("From", address_header(letterhead.name, letterhead.sender)),
        header("Reply-To", f"<{letterhead.reply_to}>"),
        header("To", f"<{mail.email}>"),
        header("Subject", words_header(subject)),
        header("Message-ID", f"<notice.{mail.number}@{letterhead.domain}>"),
        header("MIME-Version", "1.0"),
        header("Auto-Submitted", "auto-generated"),
        header("X-Auto-Response-Suppress", "OOF, AutoReply"),
        *(unsubscribe_headers(letterhead, mail.tag) if mail.tag else ()),
        header("Content-Language", head.language),
        header("Content-Type", f'multipart/alternative;\r\n boundary="{boundary}"'),
        CRLF,
    ]
    for kind, content in parts:
        lines += [
            f"--{boundary}\r\nContent-Type: text/{kind}; charset=utf-8\r\n".encode(),
            b"Content-Transfer-Encoding: quoted-printable\r\n\r\n",
            quoted_printable(content),
            CRLF,
        ]
    lines.append(f"--{boundary}--\r\n".encode())
    return b"".join(lines)
