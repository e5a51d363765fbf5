"""SPF records (RFC 7208): their terms, and what is wrong with them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

VERSION: Final = "v=spf1"
MECHANISMS: Final = frozenset("all include a mx ptr ip4 ip6 exists".split())
ASKING: Final = frozenset("include a mx ptr exists redirect".split())
"""Terms that cost a lookup (4.6.4)."""
_TERM = re.compile(
    r"(?P<sign>[-+~?]?)(?P<name>[A-Za-z][A-Za-z0-9_.-]*)(?P<mark>[:=])?(?P<value>.*?)"
    r"(?P<lengths>(?:/\d*)?(?://\d*)?)"
)
_MODIFIER = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9_.-]*)=(?P<value>.*)")
_LENGTH = re.compile(r"0|[1-9]\d{0,2}")
_LENGTHS = re.compile(r"(?:/(?P<four>0|[1-9]\d?))?(?://(?P<six>0|[1-9]\d{0,2}))?")
_MACROS = re.compile(r"%(?:%|_|-|\{[slodiphcrtvSLODIPHCRTV]\d{0,3}[rR]?[-.+,/_=]*\})")
_END = re.compile(
    r"(?:[^.]+\.)+(?=[A-Za-z0-9-]*[A-Za-z-])[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.?"
)
"""A domain has a dot, and ends in what is not all digits (7.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpfTerm:
    """One mechanism or modifier."""

    name: str
    sign: str = "+"
    """`+` pass, `-` fail, `~` softfail, `?` neutral."""
    domain: str = ""
    """Empty for the domain of the record."""
    network: ipaddress.IPv4Network | ipaddress.IPv6Network | None = None
    four: int = 32
    six: int = 128
    is_modifier: bool = False
    written: str = ""

    @property
    def has_macros(self) -> bool:
        """Whether its domain depends on the mail."""
        return "%" in self.domain


@dataclass(frozen=True, slots=True)
class SpfRecord:
    """A record that was read."""

    text: str
    terms: tuple[SpfTerm, ...]
    mistakes: tuple[str, ...]
    """Any of them makes the whole record worthless to receivers (permerror, 4.6)."""

    @property
    def all(self) -> SpfTerm | None:
        """The term `all`, which ends the record."""
        return next((term for term in self.terms if term.name == "all"), None)

    @property
    def redirect(self) -> SpfTerm | None:
        """The record that goes on; ignored where there is `all` (6.1)."""
        found = next((term for term in self.terms if term.name == "redirect"), None)
        return None if self.all else found

    @property
    def reached(self) -> tuple[SpfTerm, ...]:
        """The mechanisms up to `all`, in their order."""
        found: list[SpfTerm] = []
        for term in self.terms:
            if not term.is_modifier:
                found.append(term)
            if term.name == "all":
                break
        return tuple(found)


def records_of(texts: Sequence[str]) -> tuple[str, ...]:
    """Return those texts that are SPF records (4.5)."""
    return tuple(
        text for text in texts if text.lower() == VERSION or text.lower().startswith(f"{VERSION} ")
    )


def near_records(texts: Sequence[str]) -> tuple[str, ...]:
    """Return texts that somebody meant to be SPF records, and that are none."""
    found = (text for text in texts if "spf1" in text.lower()[:20] or "spf2" in text.lower()[:20])
    return tuple(text for text in found if text not in records_of(texts))


def read_spf(text: str) -> SpfRecord:
    """Read a record; never raises."""
    terms: list[SpfTerm] = []
    mistakes: list[str] = []
    for written in text[len(VERSION) :].split(" "):
        if not written:
            continue
        read = _term(written)
        if isinstance(read, SpfTerm):
            terms.append(read)
        else:
            mistakes.append(f"`{written[:80]}`: {read}")
    names = [term.name for term in terms]
    mistakes += [
        f"`{name}=` is there twice" for name in ("redirect", "exp") if names.count(name) > 1
    ]
    return SpfRecord(text, tuple(terms), tuple(mistakes))


def _term(written: str) -> SpfTerm | str:  # noqa: PLR0911  one per mistake
    """Read one term; return what is wrong with it, if anything."""
    if modifier := _MODIFIER.fullmatch(written):
        return _modifier(modifier["name"].lower(), modifier["value"], written)
    found = _TERM.fullmatch(written)
    if found is None or (found["value"] and not found["mark"]):
        return "cannot be read"
    name = found["name"].lower()
    if name not in MECHANISMS:
        return "there is no such mechanism"
    sign = found["sign"] or "+"
    if name in ("ip4", "ip6"):
        return _network(name, sign, found["value"] + found["lengths"], written)
    domain = found["value"] if found["mark"] else ""
    if name == "all":
        bare = not (found["mark"] or found["lengths"])
        return SpfTerm(name=name, sign=sign, written=written) if bare else "`all` takes nothing"
    if problem := _domain_problem(name, domain, given=bool(found["mark"])):
        return problem
    lengths = _LENGTHS.fullmatch(found["lengths"])
    four, six = (int(lengths["four"] or 32), int(lengths["six"] or 128)) if lengths else (99, 999)
    if found["lengths"] and (name not in ("a", "mx") or four > 32 or six > 128):  # noqa: PLR2004  bits of addresses
        return f"`{found['lengths']}` is no length of a prefix"
    return SpfTerm(name=name, sign=sign, domain=domain, four=four, six=six, written=written)


def _modifier(name: str, value: str, written: str) -> SpfTerm | str:
    if name in ("redirect", "exp") and (problem := _domain_problem(name, value, given=True)):
        return problem
    if name in MECHANISMS:
        return f"write `{name}:`, with a colon"
    if "%" in _MACROS.sub("", value):
        return "a macro that cannot be read"
    return SpfTerm(name=name, domain=value, is_modifier=True, written=written)


def _network(name: str, sign: str, value: str, written: str) -> SpfTerm | str:
    version = 4 if name == "ip4" else 6
    _, slash, length = value.partition("/")
    if slash and not _LENGTH.fullmatch(length):  # no netmask either (12)
        return f"`/{length}` is no length of a prefix"
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return f"no address of IPv{version}"
    if network.version != version:
        return f"that is an address of IPv{network.version}"
    return SpfTerm(name=name, sign=sign, network=network, written=written)


def _domain_problem(name: str, domain: str, *, given: bool) -> str:
    """Return what is wrong with a term's domain, if anything."""
    if not domain:
        wants = given or name in ("include", "exists", "redirect")
        return "it lacks a domain" if wants else ""
    rest = _MACROS.sub("", domain)
    if "%" in rest:
        return "a macro that cannot be read"
    if not domain.isascii() or not domain.isprintable():
        return "a domain with characters that are not ASCII"
    last = _MACROS.sub("\0", domain)
    if last.endswith("\0") or (domain.endswith("}") and "%{" in domain):
        return ""
    return "" if _END.fullmatch(last.replace("\0", "x")) else "no domain"
