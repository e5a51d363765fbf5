"""Lists of tags, `v=DKIM1; k=rsa; p=…`, as DKIM keys and DMARC policies write them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tags:
    """A list of tags (RFC 6376, 3.2): names in lower case, values as they are."""

    pairs: tuple[tuple[str, str], ...]
    flaws: tuple[str, ...]
    """What is odd in it, each a sentence."""

    def get(self, name: str, default: str = "") -> str:
        """Return the value of a tag; of a tag that is there twice, the first."""
        return next((value for key, value in self.pairs if key == name), default)

    def __contains__(self, name: object) -> bool:
        """Tell whether a tag is there."""
        return any(key == name for key, _ in self.pairs)


def read_tags(text: str) -> Tags:
    """Read a list of tags; what cannot be read is told, and the rest goes on."""
    flaws = list(_whole(text))
    pairs: list[tuple[str, str]] = []
    for part in text.split(";"):
        if not part.strip():
            continue
        name, sign, value = part.partition("=")
        name = name.strip().lower()
        if not sign or not name.isascii() or not name.replace("_", "").isalnum():
            flaws.append(f"`{part.strip()[:40]}` is no tag")
        elif any(name == known for known, _ in pairs):
            flaws.append(f"the tag `{name}` is there twice")
        else:
            pairs.append((name, value.strip()))
    return Tags(tuple(pairs), tuple(flaws))


def _whole(text: str) -> Iterator[str]:
    """Yield what panels of DNS providers make of a text that was not typed as they want it."""
    if "\\;" in text:
        yield "it has backslashes before semicolons, which belong to zone files only"
    if text[:1] in "\"'“”" and text:
        yield "it has quotation marks in it"
    if not text.isascii():
        yield "it has characters that are not ASCII"
