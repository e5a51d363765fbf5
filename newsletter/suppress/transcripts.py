"""Mail servers' texts for people: which address each text is about, and the replies in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.suppress.reports import ADDRESS, ANY

MOST_RECIPIENTS = 10
MOST_REPLIES = 20
TELLING = 12
"""Least number of characters with which a text says something."""

ROLES = re.compile(
    r"^(?:mailer-?daemon|post[-_]?master|mail-?daemon|mdaemon|no-?reply|bounces?|abuse|support"
    r"|help|info|admin(?:istrator)?)(?:[+@-]|$)",
    re.IGNORECASE,
)
"""Local parts of addresses that no report is about: its author, and the postmaster to ask."""
_NUMBERS = r"(?:[45]\d\d[ :-]{1,3})?(?:\(?#?[245]\.\d{1,3}\.\d{1,3}\)?[ :]{1,2})?"
_OWNER = re.compile(
    rf"^[ \t>*]{{0,20}}(?:<<<[ ]|>>>[ ]RCPT[ ]TO:[ ]?)?{_NUMBERS}<?({ADDRESS})>?(?=[\s:;,.(]|$)",
    re.IGNORECASE | re.MULTILINE,
)
"""A line or reply that begins with an address: the text that follows is about that address."""
_BRACKETED = re.compile(rf"<({ADDRESS})>")
_REPLY = re.compile(
    r"(?<![\w.:/-])#?([45][0-5]\d)(?=[ \-:;,#<]|$)"
    r"[ \-:;,#(]{0,4}(?:([245]\.\d{1,3}\.\d{1,3})(?![\d.]))?"
    r"|(?<![\w.])(\()?#?([45]\.\d{1,3}\.\d{1,3})(?![\d.])(\))?"
)
"""The codes at the start of a reply (RFC 5321, 4.2; RFC 3463, 2), or after it."""
_FORWARDED = re.compile(
    r"forward|expanded from|generated from|redirect|on behalf of|\balias|weitergeleitet"
    r"|transf[eé]r(?!-)|reenviad|rediri[gj]|r[eé]-?exp[eé]di|inoltrat|doorgestuurd|vidarebefordr"
    r"|переслан|перенаправ|przekierow|转发|轉發|転送|전달",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class QuotedReply:
    """A server's reply as a report quotes it."""

    code: int
    """Three digits; 0 if there is no code."""
    enhanced: str
    """An enhanced code such as `5.1.1`, or empty."""
    text: str


def replies_in(text: str) -> list[QuotedReply]:
    """Return the replies that a text quotes, each with the words up to the next reply.

    A reply of several lines repeats its code on each line; it is returned as one.
    """
    found: list[QuotedReply] = []
    begin = 0
    for match in _REPLY.finditer(text):
        code, enhanced = int(match[1] or 0), match[2] or match[4] or ""
        stands_behind = bool(match[3] and match[5])
        if found:
            last = found[-1]
            repeats = code in (0, last.code) and enhanced in ("", last.enhanced)
            completes = not last.enhanced and not code
            if repeats or (completes and (stands_behind or enhanced[0] == str(last.code)[0])):
                found[-1] = QuotedReply(last.code, last.enhanced or enhanced, "")
                continue
            found[-1] = QuotedReply(
                last.code, last.enhanced, _paragraph(text[begin : match.start()])
            )
        if len(found) == MOST_REPLIES:
            return found
        if found or not stands_behind:
            begin = match.start()
        found.append(QuotedReply(code, enhanced, ""))
    if found:
        found[-1] = QuotedReply(found[-1].code, found[-1].enhanced, _paragraph(text[begin:]))
    return found


def _paragraph(text: str) -> str:
    """Return a text up to its first empty line; an empty line at its very start does not count."""
    end = re.compile(r"\n[ \t]*\n").search(text, TELLING)
    return text[: end.start()] if end else text


def texts_by_recipient(words: str, not_about: frozenset[str]) -> dict[str, str]:
    """Return what a report says about each address that it names, except those in `not_about`.

    The text is cut where a line begins with an address; text before the first such line is about
    the addresses in it. An address that occurs in several places gets all of their texts.
    """
    starts = [owner for owner in _OWNER.finditer(words) if _is_candidate(owner[1], not_about)]
    bounds = [*(owner.start() for owner in starts), len(words)]
    head = words[: bounds[0]]
    listed: dict[str, str] = {}
    says = False
    for owner, end in zip(starts, bounds[1:], strict=True):
        listed[owner[1].lower()] = (
            listed.get(owner[1].lower(), "") + words[owner.start() : end] + "\n"
        )
        says = says or len(words[owner.end() : end].strip(" \t>:;,\n")) > 1
    if not says:
        # A bare list, or one address within a sentence: the text about it is around it.
        names = listed or dict.fromkeys(_named(words, not_about))
        return dict.fromkeys(list(names)[:MOST_RECIPIENTS], words)
    if replies_in(head):
        listed = {**dict.fromkeys(_named(head, not_about), head), **listed}
    return dict(list(listed.items())[:MOST_RECIPIENTS])


def introduction(words: str) -> str:
    """Return the introduction of a report: what comes before any address or reply."""
    cuts = [match.start() for match in (_OWNER.search(words), _REPLY.search(words)) if match]
    return words[: min(cuts)] if cuts else words


def failing(address: str, said: str, not_about: frozenset[str]) -> str:
    """Return the address that a reply is about: the one it names, else `address`.

    If a reader forwards mail, the second mail server names the reader's other address.
    """
    named = [
        str(mention).lower() for mention in ANY.findall(said) if _is_candidate(mention, not_about)
    ]
    if not named or any(is_same_mailbox(other, address) for other in named):
        return address
    return named[0]


def is_same_mailbox(address: str, reader: str) -> bool:
    """Return whether a report's `address` is the `reader`'s.

    A host of the same domain also counts, and so does the address without its `+` part.
    """
    name, _, domain = address.lower().rpartition("@")
    own_name, _, own_domain = reader.lower().rpartition("@")
    at, own = _alabel(domain), _alabel(own_domain)
    names = (own_name, own_name.partition("+")[0])
    return name in names and (at == own or at.endswith(f".{own}"))


def _alabel(domain: str) -> str:
    """Return a domain in the form used in mail (RFC 5891), or unchanged if it is invalid."""
    if domain.isascii() or len(domain) > 255:  # noqa: PLR2004  RFC 1035, 2.3.4
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


def is_forwarded(text: str, not_about: frozenset[str]) -> bool:
    """Return whether a text is about an address that another one forwards to."""
    named = {address.lower() for address in ANY.findall(text) if _is_candidate(address, not_about)}
    return len(named) > 1 and bool(_FORWARDED.search(text))


def _is_candidate(address: str, not_about: frozenset[str]) -> bool:
    return address.lower() not in not_about and not ROLES.match(address)


def _named(words: str, not_about: frozenset[str]) -> Iterator[str]:
    """Yield the addresses in a text, those in angle brackets first."""
    for pattern in (_BRACKETED, ANY):
        some = (match[match.lastindex or 0].lower() for match in pattern.finditer(words))
        if seen := dict.fromkeys(address for address in some if _is_candidate(address, not_about)):
            yield from seen
            return
