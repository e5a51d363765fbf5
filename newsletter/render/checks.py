"""Lint of an Edition: what would look wrong or be cut off in a mail client."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from lxml import html as lxml_html

from newsletter.model import Edition
from newsletter.render.tokens import TOKEN, token

CLIPPED = 102_000
"""Bytes of HTML from which Gmail hides the rest (hteumeuleu/email-bugs#41)."""
MAX_BYTES = 96_000
WARN_BYTES = 80_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something in an edition that its readers would stumble over."""

    level: Literal["error", "warning"]
    edition: str
    message: str


def lint(edition: Edition) -> tuple[Finding, ...]:
    """Return what is wrong with an edition, errors first."""

    def found(checks: Iterator[str], level: Literal["error", "warning"]) -> Iterator[Finding]:
        for message in checks:
            yield Finding(level=level, edition=edition.key, message=message)

    return (*found(_errors(edition), "error"), *found(_warnings(edition), "warning"))


def _errors(edition: Edition) -> Iterator[str]:
    size = len(edition.html.encode())
    if size > MAX_BYTES:
        yield (
            f"{size / 1000:.0f} kB of HTML: Gmail cuts mails at {CLIPPED // 1000} kB; lower "
            "`limit` in topics.yaml"
        )
    if not edition.text.strip():
        yield "the text part is empty"
    document = lxml_html.document_fromstring(edition.html)
    for link in document.iter("a"):
        if wrong := _wrong_with(link, document):
            yield wrong
    for image in document.iter("img"):
        if image.get("alt") is None:
            yield f"an image without alt text: {(image.get('src') or '')[:80]}"
    for part, text in (("HTML", edition.html), ("text part", edition.text)):
        if left := re.search(r"\{\{|\{%|qjx\d+xjq", text):
            yield f"template code is left in the {part}: {text[left.start() : left.start() + 40]!r}"
        if token("unsubscribe_url") not in text:
            yield f"no unsubscribe link in the {part}: mailbox providers require one"


def _wrong_with(link: lxml_html.HtmlElement, document: lxml_html.HtmlElement) -> str:
    target = link.get("href") or ""
    if not target:
        return f"a link without an address: {_shown(link)}"
    if TOKEN.match(target):
        return ""
    if target.startswith("#"):
        there = document.xpath("//*[@id=$name]", name=target[1:])
        return "" if there else f"a link to {target}, which is not in the email"
    if urlsplit(target).scheme not in ("http", "https", "mailto"):
        return f"a link that is neither http(s) nor mailto: {target[:80]}"
    return ""


def _warnings(edition: Edition) -> Iterator[str]:
    size = len(edition.html.encode())
    if WARN_BYTES < size <= MAX_BYTES:
        yield f"{size / 1000:.0f} kB of HTML, near to where Gmail cuts ({CLIPPED // 1000} kB)"
    if len(edition.subject) > 120:  # noqa: PLR2004
        yield f"a subject of {len(edition.subject)} characters: most inboxes show 40 to 70"
    document = lxml_html.document_fromstring(edition.html)
    level = 0
    for heading in document.iter("h1", "h2", "h3", "h4", "h5", "h6"):
        depth = int(str(heading.tag)[1])
        if depth > level + 1:
            yield f"heading level {depth} follows level {level}: {_shown(heading)}"
        level = depth


def _shown(element: lxml_html.HtmlElement) -> str:
    return " ".join(str(element.text_content()).split())[:60] or "(empty)"
