"""People's names, as feeds write them: in lists of many styles, with addresses and affiliations.

A name keeps the order of its words: `Byron, Ada` stays as it is, and is one person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_ADDRESS = re.compile(r"(?:mailto:)?[^\s@<>(),;]{1,100}@[^\s<>(),;]{0,255}", re.IGNORECASE)
_ADDRESS_FIRST = re.compile(_ADDRESS.pattern + r"\s*\(([^()@]*)\)", re.IGNORECASE)
_EMPTY = re.compile(r"<\s*>|\(\s*\)|\[\s*\]")
_BRACKETS = re.compile(r"\s*\([^()]*\)")
_WHOLLY = re.compile(r"\(([^()]*)\)")
_INTRO = re.compile(
    r"^(?:(?:authors?|author\(s\)|creators?|written by|posted by|作者|著者)\s*[::]\s*|"
    r"(?:written |posted )?by\s+(?!,))",
    re.IGNORECASE,
)
_BEHALF = re.compile(r"(?:and\s+)?(?:on behalf of|for)\s+(?:the\s+)?(?=\S)", re.IGNORECASE)
_GROUP = r"\b(?:collaborations?|consorti(?:um|a)|working group|study group|investigators)\b"
_GROUP_FIRST = re.compile(rf"([^:,;]{{0,100}}{_GROUP}[^:,;]{{0,40}}):\s*", re.IGNORECASE)
_ORGANISATION = re.compile(
    r"\b(?:team|lab|labs|laboratory|institute|university|department|partners|staff|group|inc|ltd|"
    r"llc|gmbh|foundation|cent(?:er|re)|editors|newsroom|press|company)\b|^the\s",
    re.IGNORECASE,
)
_NOBODY = re.compile(
    r"(?:unknown|anonymous|admin(?:istrator)?|root|web ?master|no-?reply|editors?|guest|nobody|"
    r"none|null|undefined|n/?a|author|user|et al|others|匿名)\.?|[\W\d_]*",
    re.IGNORECASE,
)
_SUFFIX = re.compile(r"(?:jr|sr|jnr|snr|ii|iii|iv)\.?", re.IGNORECASE)
_ENDING = re.compile(r"\s+(?:[js]r|i{2,3}|iv)\.?$", re.IGNORECASE)
_DEGREE = re.compile(
    r"(?:ph\.?\s?d|m\.?d|d\.?phil|m\.?sc|b\.?sc|m\.?a|mph|dds|rn|esq|frs|facs)\.?", re.IGNORECASE
)
_INITIALS = re.compile(r"(?:[^\W\d_a-z]\.?[\s-]?){1,3}")
_EASTERN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_EASTERN_COMMAS = re.compile(r"\s*[、，,;；]\s*")
_BARS = re.compile(r"\s[|•·‖]\s|[\n•]")
_ANDS = re.compile(r"(?:,?\s+(?:and|und|et)\s+|,?\s*&\s*)(?!al\b)", re.IGNORECASE)
_SPANISH_AND = re.compile(r"\s+y\s+")
_LOOSE = " ,;，、；|"


def names_of(given: Iterable[str]) -> tuple[str, ...]:
    """Return the names of people; a single text that holds several names is split.

    Left out are addresses, affiliations in brackets, degrees, and words that name nobody.
    """
    texts = [text for text in map(_plain, given) if text]
    if len(texts) == 1:
        texts = list(_group_first(texts[0]))
    else:
        texts = [name for text in texts for name in _suffixed([text])]
    named = (_BEHALF.sub("", name.strip(_LOOSE)) if name else "" for name in texts)
    return tuple(dict.fromkeys(name for name in named if not _NOBODY.fullmatch(name)))


def _plain(text: str) -> str:
    """Return names without addresses and affiliations: `ada@example.org (Ada Byron)`."""
    text = _ADDRESS_FIRST.sub(r"\1", text)
    text = _EMPTY.sub("", _ADDRESS.sub("", text)).strip(_LOOSE)
    if wholly := _WHOLLY.fullmatch(text):
        text = wholly[1]
    for _ in range(3):  # nested brackets
        text = _BRACKETS.sub("", text)
    return _INTRO.sub("", text.strip(_LOOSE), count=1).strip(_LOOSE)


def _group_first(text: str) -> Iterator[str]:
    """Yield the collaboration that stands before its members' names, then the names."""
    if found := _GROUP_FIRST.match(text):
        yield found[1]
        text = text[found.end() :]
    yield from _suffixed(_split(text))


def _suffixed(names: list[str]) -> list[str]:
    """Return names with `Jr.` at the name that it belongs to, and without degrees."""
    joined: list[str] = []
    for name in names:
        head, comma, tail = name.rpartition(",")
        kept = name.strip()
        if comma and _SUFFIX.fullmatch(tail.strip()):
            kept = f"{head.strip()} {tail.strip()}"
        elif comma and _DEGREE.fullmatch(tail.strip()):
            kept = head.strip()
        if joined and _SUFFIX.fullmatch(kept):
            joined[-1] += f" {kept}"
        elif kept and not (joined and _DEGREE.fullmatch(kept)):
            joined.append(kept)
    return joined


def _split(text: str) -> list[str]:
    """Return the names in a text, parted by the strongest sign that it has."""
    if ";" in text or "；" in text:
        parts = map(str.strip, re.split("[;；]", text))
        return [re.sub(r"^(?:and|&)\s+", "", part, flags=re.IGNORECASE) for part in parts]
    if _EASTERN.search(text):
        return _EASTERN_COMMAS.split(text)
    if len(bars := _BARS.split(text)) > 1:
        return [name for bar in bars for name in _split(bar)]
    return _by_commas(re.sub(r"[,\s]+(?:et al\.?|and others)$", "", text, flags=re.IGNORECASE))


def _by_commas(text: str) -> list[str]:
    """Return the names in a text that may have commas within names and between names."""
    spanish = _SPANISH_AND.split(text)
    if all(" " in part for part in spanish):
        text = " and ".join(spanish)  # but not Ortega y Gasset
    groups = [part.strip(_LOOSE) for part in _ANDS.split(text) if part.strip(_LOOSE)]
    listed = [_suffixed(re.split(r"\s*,\s*", group)) for group in groups]
    parts = [" ".join(name.split()) for names in listed for name in names]
    # BibTeX: `Byron, Ada and Li, Bo`.
    if len(groups) > 1 and all(len(names) <= 2 and _is_turned(names) for names in listed):  # noqa: PLR2004
        return [", ".join(names) for names in listed]
    # In `Byron, A., Li, B.` every second part is initials, in `Byron, Ada, Li, Bo` a first name.
    if len(parts) % 2 == 0 and parts:
        pairs = list(zip(parts[::2], parts[1::2], strict=True))
        in_pairs = len(pairs) > 1 and not any(" " in part for part in parts)
        if in_pairs or all(_INITIALS.fullmatch(_ENDING.sub("", given)) for _, given in pairs):
            return [f"{family}, {given}" for family, given in pairs]
    # Two may be one name: `Byron, Ada`. A team may stand among its people, or be named in parts.
    spaced = sum(" " in part or "." in part for part in parts)
    is_team = any(map(_ORGANISATION.search, parts)) and spaced * 2 <= len(parts)
    are_many = len(parts) > 2 and not is_team  # noqa: PLR2004
    return parts if are_many or spaced == len(parts) else [text]


def _is_turned(names: list[str]) -> bool:
    """Return whether these are a family name and a first name, or one name with both."""
    if len(names) == 1:
        return " " in names[0]
    family, given = names
    return (
        " " not in family
        or " " not in given
        or family[:1].islower()
        or _INITIALS.fullmatch(given.split()[-1]) is not None
    )
