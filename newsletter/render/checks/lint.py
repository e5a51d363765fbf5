"""lint(): what would look wrong, be cut off or be taken for spam, with its template line."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator

from newsletter.model import Edition
from newsletter.render.checks.contents import check_contents
from newsletter.render.checks.contrast import check_contrast
from newsletter.render.checks.documents import read
from newsletter.render.checks.features import page_of, unsupported
from newsletter.render.checks.findings import Finding, Flaw
from newsletter.render.checks.styles import check_styles
from newsletter.render.parts import TemplateSource
from newsletter.render.press import html_bytes

CLIPPED = 102_000
"""Bytes of HTML beyond which Gmail hides the rest (hteumeuleu/email-bugs#41)."""
MAX_BYTES = 96_000
WARN_BYTES = 94_000
MAX_STYLE = 8_192
"""Largest style element, in bytes, that Gmail keeps (hteumeuleu/email-bugs#90)."""
MAX_SUBJECT = 120
MAX_LINE = 998
"""Largest number of bytes in a line (RFC 5322, 2.1.1)."""
HEADERS = (
    "From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "List-Id", "List-Unsubscribe",
)  # fmt: skip
"""Headers that every message of a mailing list has exactly once."""

_SHOUTING = re.compile(r"[A-Z]{4,}[^a-z]*[A-Z]{4,}|!!|\${2,}|100%|\bFREE\b")


def lint(
    edition: Edition, located: Edition | None = None, source: TemplateSource | None = None
) -> tuple[Finding, ...]:
    """Return what is wrong with an edition, errors first.

    `located` is the same edition, rendered from templates that record their lines, and `source` is
    where those lines come from. With both, findings give file and line.
    """
    html = located.html if located else edition.html
    at = source.at if source and located else lambda _line: ""
    finders = (source.line_with, source.place_with) if source else ()
    document = read(html, at, *finders)
    flaws = [
        *_size(edition),
        *_subject(edition),
        *check_contents(edition, document),
        *check_contrast(document),
        *check_styles(document),
        *(
            Flaw(
                "error",
                f"{use.key}: not in {', '.join(clients)}, and there is no fallback "
                f"({page_of(use.key)})",
                use.place,
            )
            for use, clients in unsupported(document)
        ),
    ]
    flaws.sort(key=lambda flaw: flaw.level)
    return tuple(
        Finding(level=flaw.level, edition=edition.key, message=flaw.message, where=flaw.where)
        for flaw in dict.fromkeys(flaws)
    )


def _size(edition: Edition) -> Iterator[Flaw]:
    size = html_bytes(edition.html)
    if size > MAX_BYTES:
        yield Flaw(
            "error",
            f"{size / 1000:.0f} kB of HTML: Gmail cuts mails at {CLIPPED // 1000} kB; the template "
            "itself is too large",
        )
    elif size > WARN_BYTES:
        yield Flaw("warning", f"{size / 1000:.0f} kB of HTML: Gmail cuts at {CLIPPED // 1000} kB")
    styles = re.findall(r"<style[^>]*>(.*?)</style>", edition.html, re.DOTALL)
    total = sum(len(style.encode()) for style in styles)
    if total > MAX_STYLE:
        yield Flaw("error", f"{total:,} bytes of <style>: Gmail drops more than {MAX_STYLE:,}")


def _subject(edition: Edition) -> Iterator[Flaw]:
    if len(edition.subject) > MAX_SUBJECT:
        length = len(edition.subject)
        yield Flaw("warning", f"a subject of {length} characters: most inboxes show 40 to 70")
    if not edition.subject.strip():
        yield Flaw("error", "the subject is empty")
    if shout := _SHOUTING.search(edition.subject):
        message = f"the subject shouts ({shout[0][:20]!r}), which spam filters count"
        yield Flaw("warning", message)


def lint_message(message: bytes, edition: str = "") -> tuple[Finding, ...]:
    """Return what is wrong with a whole message: its headers, its lines, its parts."""
    return tuple(
        Finding(level=flaw.level, edition=edition, message=flaw.message)
        for flaw in _message(message)
    )


def _message(message: bytes) -> Iterator[Flaw]:
    parsed = email.message_from_bytes(message, policy=email.policy.default)
    for name in HEADERS:
        count = len(parsed.get_all(name, []))
        if count != 1:
            yield Flaw("error", f"{count} headers `{name}`: a message needs it once")
    one_click = "List-Unsubscribe-Post" in parsed
    if one_click and "<https://" not in str(parsed["List-Unsubscribe"]):
        yield Flaw("error", "List-Unsubscribe-Post without an https address to post to (RFC 8058)")
    head = message.partition(b"\r\n\r\n")[0]
    if not head.isascii():
        yield Flaw("error", "a header is not plain ASCII")
    if re.search(rb"(?<!\r)\n|\r(?!\n)", message):
        yield Flaw("error", "a line that does not end in CRLF")
    longest = max(map(len, message.split(b"\r\n")))
    if longest > MAX_LINE:
        yield Flaw("error", f"a line of {longest} bytes: {MAX_LINE} is the most (RFC 5322)")
    kinds = [part.get_content_type() for part in parsed.walk() if not part.is_multipart()]
    if kinds[:2] != ["text/plain", "text/html"]:
        yield Flaw("error", f"parts are {', '.join(kinds)}: text comes first, then HTML")
