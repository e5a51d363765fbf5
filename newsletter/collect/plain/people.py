"""People's names, as feeds write them: in lists of many styles, with addresses and affiliations.

A name keeps the order of its words: `Byron, Ada` stays as it is, and is one person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_ADDRESS = re.compile(r"(?:mailto:)?[^\s@<>(),;]{1,100}@[^\s<>(),;]{0,255}", re.IGNORECASE)
_ADDRESS_FIRST = re.compile(_ADDRESS.pattern + r"\s*\(([^()@]*)\)", re.IGNORECASE)
_EMPTY = re.compile(r"<\s*>|\(\s*\)|\[\s*\]")
_BRACKETS = re.compile(r"\s*(?:\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\})")
_MORE_THAN_NAMES = re.compile(r"[^\w\s,.;&'’-]|[\d¹²³⁰⁴-⁹]|\s(?i:ph\.?d|m\.d)\b")
# Addresses of pages, and numbers that researchers have (https://orcid.org).
_PAGES = re.compile(
    r"https?://[^\s<>()\[\],;]+|(?:\borcid(?:\s*id)?\s*:?\s*)?\b(?:\d{4}-){3}\d{3}[\dX]\b",
    re.IGNORECASE,
)
# Signs after a name that lead to footnotes and affiliations: `Lee*`, `Lee¹,²`, `Lee^1`.
_FOOTNOTE = r"[*†‡§¶‖#¹²³⁰⁴-⁹]|\^\{?\w{1,3}\}?"
_FOOTNOTES = re.compile(rf"(?<=[\w.)])\s?(?:{_FOOTNOTE})(?:\s?,?\s?(?:{_FOOTNOTE}))*(?!\w)")
# Plain numbers are such signs where several names have them: `Ann Lee1, Bo Li1,2`.
_NUMBERED = re.compile(r"(?<=[^\W\d_A-Z])\.?,?\d{1,2}(?:,\s?\d{1,2})*(?=\s|[,;&]|$)")
_WHOLLY = re.compile(r"\(([^()]*)\)|\{([^{}]*)\}")
_INTRO = re.compile(
    r"^(?:(?:authors?|author\(s\)|creators?|(?:written |posted )?by|作者|著者)\s*[::]\s*|"
    r"(?:written |posted )?by\s+(?!,)|(?:and|&)\s+(?=\S))",
    re.IGNORECASE,
)
# `Ann Lee for the X Collaboration`: the name, and whom it speaks for.
_SPOKEN_FOR = re.compile(r"(?<=\w)[,\s]\s*((?:on behalf of|for)\s(?:the\s)?[^,;]*\sCollaboration)$")
_BEHALF = re.compile(r"(?:and\s+)?(?:on behalf of|for)\s+(?:the\s+)?(?=\S)", re.IGNORECASE)
# A collaboration or a team before its members: `The X Collaboration: G. Aad, B. Abbott`.
_GROUP_FIRST = re.compile(r"([^:;]{2,200}?)\s*:\s+(?=\S)")
_AND_OTHERS = re.compile(
    r"(?:(?<![,;\s])[,;\s]+(?:et al\b\.?|et coll\.|u\.\s?a\.|и др\.|"
    r"(?:and|&|\+)?\s*(?:\d+\s+)?(?:others|(?:other|more)(?:\s(?:co-?)?authors)?)\b|\+\d{1,4}\b)"
    r"|(?<=[\u3400-\u9fff])\s*(?:等人?|ほか|他)|\s외\s?\d*\s?명?)[.\s]*$",
    re.IGNORECASE,
)
_TITLE = re.compile(r"^(?:(?:dr|prof|professor)\.?\s+)+(?=\S+\s)", re.IGNORECASE)
# What a person does, after the name; whatever follows tells more of it.
_ROLE = re.compile(
    r"(?P<of>.*\s)?(?:writers?|editors?|reporters?|correspondents?|journalists?|scientists?|"
    r"engineers?|researchers?|professors?|fellows?|students?|directors?|managers?|interns?|"
    r"analysts?|columnists?|contributors?)(?P<where>\s(?:at|of|for|in)\s.*)?",
    re.IGNORECASE,
)
# Some people are called so: `Bo Writer`. A role says more of itself, in one of these words.
_OF_ROLES = frozenset(
    "adjunct ai applied assistant associate bioinformatics business chief climate clinical "
    "computer contributing corporate culture data deputy design developer distinguished doctoral "
    "education emeritus energy engineering environment executive finance foreign founding "
    "freelance general government graduate guest hardware health incoming independent industry "
    "investigative junior lead learning legal local machine managing marketing master medical ml "
    "national news nlp opinion phd policy political politics postdoc postdoctoral principal "
    "product program project quantum regional research robotics safety science security senior "
    "site software space special sports staff student summer systems tech technical technology "
    "undergraduate university visiting vision web".split()
)
_AFFILIATION = re.compile(
    r"\b(?:universit\w+|institut\w*|departments?|dept|facult\w+|school of|college|hospital|"
    r"laborator(?:y|ies)|academy of)\b",
    re.IGNORECASE,
)
_WHERE = re.compile(rf"\s[—–-]\s[^,;()]{{0,100}}?{_AFFILIATION.pattern}[^,;()]*", re.IGNORECASE)
_ORGANISATION = re.compile(
    r"\b(?:team|lab|labs|laboratory|institute|university|department|partners|staff|group|inc|ltd|"
    r"llc|gmbh|foundation|cent(?:er|re)|editors|newsroom|press|company)\b|^the\s",
    re.IGNORECASE,
)
_NOBODY = re.compile(
    r"(?:unknown|anonymous|admin(?:istrator)?|root|web ?master|no-?reply|editors?|guest|nobody|"
    r"none|null|undefined|n/?a|(?:guest |staff )?(?:author|writer)|user|et al|others|匿名|"
    r"(?:the )?(?:staff|editors))\.?|[\W\d_]*",
    re.IGNORECASE,
)
_SUFFIX = re.compile(r"(?:jr|sr|jnr|snr|ii|iii|iv)\.?", re.IGNORECASE)
_ENDING = re.compile(r"\s+(?:[js]r|i{2,3}|iv)\.?$", re.IGNORECASE)
_DOCTOR = re.compile(r"(?<=\w\s\w)(\S*)\s(?:ph\.?d|m\.d)\.?(?=$|[,;]|\sand\s)", re.IGNORECASE)
_DEGREE = re.compile(
    r"(?:ph\.?\s?d|m\.?d|d\.?phil|m\.?sc|b\.?sc|m\.?a|mph|dds|rn|esq|frs|facs)\.?", re.IGNORECASE
)
# A family name before which its particle stands: `van der Berg`, `de la Cruz`.
_PARTICLES = re.compile(r"(?:(?:van|von|der|den|de|del|della|da|di|la|le|ten|ter|bin|al|el)\s)+\S+")
_INITIALS = re.compile(r"(?:[^\W\d_a-z]\.?[\s-]?){1,3}")
_EASTERN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_EASTERN_COMMAS = re.compile(
    r"\s*[、，,;；]\s*|\s(?:和|与|與|及|と|와|과)\s|(?<=[가-힣])·(?=[가-힣])"
    r"|(?<=[\u3400-\u9fff])・(?=[\u3400-\u9fff])"
)
_BARS = re.compile(r"\s[•·‖]\s|[\n•|]")
_SLASH = re.compile(r"\s/\s")
_ANDS = re.compile(r"(?:,?\s+(?:and|und|et)\s+|,?\s*&\s*)(?!al\b)", re.IGNORECASE)
_OTHER_ANDS = re.compile(r"\s+(?:y|e|i|og|och|en|ve|и|і|та|with)\s+")
# Commas and brackets of other scripts.
_OTHER_SIGNS = str.maketrans({"،": ",", "؛": ";", "，": ",", "；": ";", "（": "(", "）": ")"})
_LOOSE = " ,;，、；|"
_ANY = re.compile("")
_IS_LIST = re.compile(r"[;；、\n]|\s(?:and|&)\s|\w\s\S+,\s\S+\s\w|:\s")


def names_of(given: Iterable[str]) -> tuple[str, ...]:
    """Return the names of people; a single text that holds several names is split.

    Left out are addresses, affiliations in brackets, degrees, and words that name nobody.
    """
    texts = [text for text in map(_plain, given) if text]
    # Of several texts each is a name, unless it is plainly a list: `Byron, Ada` is none.
    is_list = _IS_LIST if len(texts) > 1 else _ANY
    texts = [
        name for text in texts for name in (_group_first(text) if is_list.search(text) else [text])
    ]
    named = (_bare(name) for name in _suffixed(texts))
    return tuple(dict.fromkeys(name for name in named if not _NOBODY.fullmatch(name)))


def _bare(name: str) -> str:
    """Return a name without titles, quotation marks around it, and a full stop that ends a list."""
    name = _TITLE.sub("", _BEHALF.sub("", name.strip(_LOOSE + '"“”')), count=1)
    return name[:-1] if re.search(r"[^\W\d_A-Z]{3}\.$", name) else name


def _plain(text: str) -> str:
    """Return names without addresses and affiliations: `ada@example.org (Ada Byron)`."""
    text = text.translate(_OTHER_SIGNS)
    if _MORE_THAN_NAMES.search(text):
        text = _only_names(text)
    text = _INTRO.sub("", text.strip(_LOOSE).lstrip(":" + _LOOSE), count=1)
    return _AND_OTHERS.sub("", text).strip(_LOOSE)


def _only_names(text: str) -> str:
    """Return names without the addresses, affiliations and signs among them."""
    text = _PAGES.sub("", _ADDRESS_FIRST.sub(r"\1", text))
    text = _WHERE.sub("", _EMPTY.sub("", _ADDRESS.sub("", text))).strip(_LOOSE)
    if wholly := _WHOLLY.fullmatch(text):
        text = wholly[1] or wholly[2] or ""
    for _ in range(3):  # nested brackets
        text = _BRACKETS.sub("", text)
    text = _DOCTOR.sub(r"\1", _FOOTNOTES.sub("", text))
    if len(_NUMBERED.findall(text)) > 1:
        text = _NUMBERED.sub(",", text)
    return text


def _group_first(text: str) -> Iterator[str]:
    """Yield the collaborations that stand before their members' names, then the names."""
    if found := _GROUP_FIRST.match(text):
        yield from _split(found[1])
        text = text[found.end() :]
    text = _SPOKEN_FOR.sub(r", \1", text)
    yield from _without_roles(_suffixed(_split(text)))


def _without_roles(names: list[str]) -> list[str]:
    """Return names without what follows them: `Ann Lee, Staff Writer, Example News`."""
    kept: list[str] = []
    belongs = False
    for name in names:
        if kept and _is_role(name):
            break
        belongs = bool(kept) and (
            _AFFILIATION.search(name) is not None
            or (belongs and name.isupper() and " " not in name)
        )
        if not belongs:
            kept.append(name)
    return kept


def _is_role(name: str) -> bool:
    """Return whether this is what a person does, and not another person."""
    found = _ROLE.fullmatch(name)
    if not found:
        return False
    words = re.findall("[a-z]+", (found["of"] or "").lower().replace(".", ""))
    return not words or bool(found["where"]) or not _OF_ROLES.isdisjoint(words)


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
        return [name for part in _EASTERN_COMMAS.split(text) for name in _ANDS.split(part)]
    if len(bars := _BARS.split(text)) > 1:
        return [name for bar in bars for name in _split(bar)]
    # But `Ann Lee / London` says where.
    slashed = _SLASH.split(text)
    if all(" " in name and "," not in name for name in slashed):
        return [name for part in slashed for name in _by_commas(part)]
    return _by_commas(text)


def _by_commas(text: str) -> list[str]:
    """Return the names in a text that may have commas within names and between names."""
    others = _OTHER_ANDS.split(text)
    if all(" " in part for part in others):
        text = " and ".join(others)  # but not Ortega y Gasset
    groups = [part.strip(_LOOSE) for part in _ANDS.split(text) if part.strip(_LOOSE)]
    listed = [_suffixed(re.split(r"\s*,\s*", group)) for group in groups]
    parts = [" ".join(name.split()) for names in listed for name in names]
    # BibTeX: `Byron, Ada and Li, Bo`.
    if len(groups) > 1 and all(len(names) <= 2 and _is_turned(names) for names in listed):  # noqa: PLR2004
        return [", ".join(names) for names in listed]
    # In `Byron, A., Li, B.` every second part is initials, in `Byron, Ada, Li, Bo` a first name.
    if len(parts) % 2 == 0 and parts:
        pairs = list(zip(parts[::2], parts[1::2], strict=True))
        in_pairs = len(pairs) > 1 and all(_is_family(family) for family, _ in pairs)
        if in_pairs or all(_INITIALS.fullmatch(_ENDING.sub("", given)) for _, given in pairs):
            return [f"{family}, {given}" for family, given in pairs]
    # Two may be one name: `Byron, Ada`. A team may stand among its people, or be named in parts.
    if len(groups) == 1 and len(parts) == 2 and _is_family(parts[0]) and " " in parts[0]:  # noqa: PLR2004
        return [", ".join(parts)]
    if len(parts) == 2 and " " in parts[0] and _is_role(parts[1]):  # noqa: PLR2004
        return parts
    spaced = sum(" " in part or "." in part for part in parts)
    is_team = any(map(_ORGANISATION.search, parts)) and spaced * 2 <= len(parts)
    are_many = len(parts) > 2 and not is_team  # noqa: PLR2004
    return parts if are_many or spaced == len(parts) else [text]


def _is_family(name: str) -> bool:
    """Return whether this is a family name alone: `Byron`, `van der Berg`, `King Jr.`."""
    name = _ENDING.sub("", name)
    return " " not in name or _PARTICLES.fullmatch(name) is not None


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
