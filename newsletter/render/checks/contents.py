"""Checks of contents: links, pictures, headings, left-over template code, whether parts agree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from lxml.html import HtmlElement as Element

from newsletter.model import Edition
from newsletter.render.checks.documents import HtmlDocument
from newsletter.render.checks.findings import Flaw
from newsletter.render.tokens import TOKEN, token

FORBIDDEN = frozenset("script iframe object embed form input button textarea select frame".split())
"""Elements that no mail client runs, and that filters take for an attack."""
VAGUE = frozenset(
    "click here|here|read more|more|link|this|this link|learn more|continue".split("|")
)
SHORTENERS = frozenset(
    "bit.ly t.co tinyurl.com goo.gl ow.ly is.gd buff.ly rebrand.ly cutt.ly".split()
)
LATE = 0.5
"""Share of the HTML before which an unsubscribe link must come to be near the top."""

SCREENFUL = 3_000
"""Characters at the start of the HTML that count as near the top, however short the rest is."""

_LEFT = re.compile(r"\{\{|\{%|qjx\d+xjq|[\ue002\ue003]|\*\|[A-Z:_]+\|\*|%%\w+%%", re.IGNORECASE)
_FILLER = re.compile(r"\b(?i:lorem ipsum)\b|\bTODO\b|\bXXX\b")


def check_contents(edition: Edition, document: HtmlDocument) -> Iterator[Flaw]:
    """Yield what is wrong with the contents of an edition."""
    yield from _left_overs(edition, document)
    yield from _links(document)
    yield from _pictures(document)
    yield from _headings(document)
    yield from _structure(document)
    yield from _unsubscribe(edition)
    yield from _both_alike(edition, document)


def _left_overs(edition: Edition, document: HtmlDocument) -> Iterator[Flaw]:
    # A paper about templates may contain such signs itself; that is not a mistake.
    said = " ".join(
        part
        for pick in edition.picks
        for part in (pick.paper.title, pick.tldr, pick.paper.abstract)
    )
    for part, text in (("HTML", edition.html), ("text part", edition.text)):
        if left := next((found for found in _LEFT.finditer(text) if found[0] not in said), None):
            shown = text[left.start() : left.start() + 40]
            where = document.line_with(left[0])
            yield Flaw("error", f"template code is left in the {part}: {shown!r}", where)
        if filler := _FILLER.search(text):
            where = document.line_with(filler[0])
            yield Flaw("warning", f"filler text in the {part}: {filler[0]}", where)


def _links(document: HtmlDocument) -> Iterator[Flaw]:
    plain: dict[str, None] = {}  # hosts, in their order
    for link in document.elements("a"):
        place = document.place(link)
        target = link.get("href") or ""
        words = shown(link)
        if wrong := _wrong_with(link, target, document):
            yield Flaw("error", wrong, place)
            continue
        if not words and not any(image.get("alt") for image in link.iter("img")):
            yield Flaw("error", f"a link without words: {target[:60]}", place)
        # What a screen reader says of it counts (WCAG 2.2, 2.4.4).
        if (link.get("aria-label") or words).lower().rstrip(".…") in VAGUE:
            yield Flaw("warning", f"a link that does not say where it leads: {words!r}", place)
        host = urlsplit(target).hostname or ""
        if target.startswith("http://"):
            plain[host] = None
        if host in SHORTENERS:
            yield Flaw("warning", f"a shortened link, which spam filters mistrust: {target}", place)
        named = urlsplit(words).hostname if words.startswith(("http://", "https://")) else None
        if named and host and named != host:
            message = f"a link that shows {named} and leads to {host}: filters call it a fraud"
            yield Flaw("error", message, place)
    for host in plain:  # one for each: a site of one's own has two links for each paper
        told = f"links to {host} go over http, which others can read: does it have https?"
        yield Flaw("warning", told)


def _wrong_with(link: Element, target: str, document: HtmlDocument) -> str:
    if TOKEN.search(target):
        return ""
    if target.startswith("#") and len(target) > 1:
        there = document.root.xpath("//*[@id=$name]", name=target[1:])
        return "" if there else f"a link to {target}, which is not in the email"
    if target in ("", "#"):
        return f"a link without an address: {shown(link)}"
    scheme = urlsplit(target).scheme
    if scheme == "mailto":
        return "" if "@" in target else f"a mailto link without an address: {target[:80]}"
    if scheme not in ("http", "https") or not urlsplit(target).hostname:
        return f"a link that is neither http(s) nor mailto: {target[:80]}"
    return ""


def _pictures(document: HtmlDocument) -> Iterator[Flaw]:
    for image in document.elements("img"):
        place, source = document.place(image), image.get("src") or ""
        alt = image.get("alt")
        if alt is None:
            yield Flaw("error", f"an image without alt text: {source[:80]}", place)
        elif re.search(r"\.(png|jpe?g|gif|webp|svg)$", alt, re.IGNORECASE):
            yield Flaw("warning", f"alt text that is a file's name: {alt}", place)
        if not source.startswith(("https://", "cid:")):
            message = f"a picture that is not loaded over https: {source[:80] or '(none)'}"
            yield Flaw("error", message, place)
        if not image.get("width"):
            message = "a picture without a width: Outlook shows it in its full size"
            yield Flaw("warning", message, place)


def _headings(document: HtmlDocument) -> Iterator[Flaw]:
    level = 0
    headings = list(document.elements("h1", "h2", "h3", "h4", "h5", "h6"))
    for heading in headings:
        depth = int(str(heading.tag)[1])
        place = document.place(heading)
        if depth > level + 1:
            message = f"heading level {depth} follows level {level}: {shown(heading)}"
            yield Flaw("warning", message, place)
        if not shown(heading) and not any(image.get("alt") for image in heading.iter("img")):
            yield Flaw("error", f"a heading of level {depth} without words", place)
        level = depth
    first = sum(heading.tag == "h1" for heading in headings)
    if first != 1:
        yield Flaw("warning", f"{first} headings of level 1: one names the newsletter")


def _structure(document: HtmlDocument) -> Iterator[Flaw]:
    if not document.root.get("lang"):
        message = "the language is missing: screen readers need <mjml lang=…>"
        yield Flaw("warning", message, document.line_with("<mjml"))
    for element in document.elements():
        tag = str(element.tag)
        if tag in FORBIDDEN:
            yield Flaw("error", f"<{tag}>: no mail client runs it", document.place(element))
        acting = [name for name in element.attrib if str(name).startswith("on")]
        if acting:
            message = f"the attribute {acting[0]} runs a script: no mail client does"
            yield Flaw("error", message, document.place(element))
        is_layout = tag == "table" and element.find(".//th") is None
        if is_layout and element.get("role") not in ("presentation", "none"):
            message = 'a table for layout needs role="presentation"'
            yield Flaw("warning", message, document.place(element))


def _unsubscribe(edition: Edition) -> Iterator[Flaw]:
    wanted = token("unsubscribe")
    for part, text in (("HTML", edition.html), ("text part", edition.text)):
        if wanted not in text:
            message = f"no unsubscribe link in the {part}: mailbox providers require one"
            yield Flaw("error", message)
    place = edition.html.find(wanted)
    start = edition.html.find("<body")
    length = len(edition.html) - start
    if place >= 0 and place - start > max(SCREENFUL, LATE * length):
        message = "unsubscribe only at the end: a link near the top avoids complaints"
        yield Flaw("warning", message)


def _both_alike(edition: Edition, document: HtmlDocument) -> Iterator[Flaw]:
    """Compare the two parts: their headings, and the targets of their links."""
    if not edition.text.strip():
        yield Flaw("error", "the text part is empty")
        return
    # Lines are wrapped, also within words; headings of topics are in capitals in the text part.
    told = "".join(edition.text.split()).lower()
    for heading in document.elements("h1", "h2", "h3"):
        if "".join(shown(heading, room=9_999).split()).lower() not in told:
            message = f"only the HTML has the heading: {shown(heading)}"
            yield Flaw("error", message, document.place(heading))
    for link in document.elements("a"):
        target = link.get("href") or ""
        own = TOKEN.search(target)
        if target.startswith("http") and not own and target not in edition.text:
            message = f"only the HTML has the link: {target[:80]}"
            yield Flaw("warning", message, document.place(link))


def shown(element: Element, room: int = 60) -> str:
    """Return the words of an element, cut to `room` characters."""
    return " ".join(str(element.text_content()).split())[:room]
