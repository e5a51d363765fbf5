"""The picture that a feed shows with an entry: in its own element, or the first in its text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from newsletter.collect.answers import listed, mapping
from newsletter.collect.http.addresses import joined

Entry = Mapping[str, Any]
MOST_TEXT: Final = 20_000
"""Characters of an entry's text in which a picture is looked for."""
_IMAGE: Final = re.compile(
    r"<img\b[^<>]{0,2000}?\bsrc\s*=\s*(?:\"([^\"<>]{1,2000})\"|'([^'<>]{1,2000})')", re.IGNORECASE
)
_PICTURE: Final = re.compile(r"\.(?:png|jpe?g|gif|webp)(?:$|[?#])", re.IGNORECASE)


def picture_of(entry: Entry, start: str) -> str:
    """Return the address of the picture of an entry as feedparser gives it; empty without one.

    Media RSS's thumbnail and content, an enclosure (RSS, Atom), then the first `<img>`. Relative
    addresses start from `start`.
    """
    return _first(_given(entry), start)


def picture_of_item(item: Entry, start: str) -> str:
    """Return the address of the picture of an item of a JSON Feed; empty without one."""
    texts = (item.get("content_html"),)
    return _first((item.get("image"), item.get("banner_image"), *_in_texts(texts)), start)


def _given(entry: Entry) -> Iterator[object]:
    for thumbnail in listed(entry.get("media_thumbnail")):
        yield mapping(thumbnail).get("url")
    for content in listed(entry.get("media_content")):
        if _is_picture(mapping(content), mapping(content).get("url")):
            yield mapping(content).get("url")
    for link in listed(entry.get("links")):
        given = mapping(link)
        if given.get("rel") == "enclosure" and _is_picture(given, given.get("href")):
            yield given.get("href")
    contents = (mapping(part).get("value") for part in listed(entry.get("content")))
    yield from _in_texts((*contents, entry.get("summary")))


def _is_picture(given: Mapping[str, object], address: object) -> bool:
    """Return whether an element that may hold anything holds a picture."""
    kind = str(given.get("type") or "")
    if kind:
        return kind.startswith("image/")
    return given.get("medium") == "image" or _PICTURE.search(str(address or "")) is not None


def _in_texts(texts: tuple[object, ...]) -> Iterator[object]:
    for text in texts:
        if isinstance(text, str) and (found := _IMAGE.search(text[:MOST_TEXT])):
            yield html.unescape(found[1] or found[2])


def _first(addresses: Iterator[object] | tuple[object, ...], start: str) -> str:
    for address in addresses:
        whole = joined(start, address.strip()) if isinstance(address, str) else ""
        if whole.startswith(("http://", "https://")):
            return whole
    return ""
