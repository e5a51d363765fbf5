"""The kinds of value that YAML may hold: addresses, lines, clocks, zones, networks, secrets."""

from __future__ import annotations

import contextlib
import difflib
import functools
import importlib.resources
import ipaddress
import re
from typing import Annotated, Final
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from newsletter.errors import StoreError, TemplateError
from newsletter.model.gate import NEVER, link
from newsletter.send.pace import parse_rate
from newsletter.store.urls import read_url

# Controls could add a mail header; private-use characters are the tokens of rendered editions.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\uf8ff\U000f0000-\U0010ffff]")
# Characters that the gate keeps out of papers: they reverse text, or make two names look alike. The
# joiners (U+200C, U+200D) stay between letters that are not ASCII: Persian needs them there.
_UNSEEN = re.compile(f"[{NEVER}]|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])")
LONGEST_ADDRESS = 254
"""Most characters of an address that mail servers must accept (RFC 5321, 4.5.3.1.3)."""
LOCAL_PART = 64
"""Most characters before the @ that mail servers must accept (RFC 5321, 4.5.3.1.1)."""


_PLAIN = re.compile(r"[A-Za-z0-9_-]+(?:[.+][A-Za-z0-9_-]+)*")
"""A local part (before the @) like most: surely valid, so only the domain remains to be checked."""


def read_address(text: str) -> str:
    """Return an address as mail is sent to it; raises ValueError if it is not valid."""
    local, _, domain = text.strip().rpartition("@")
    if len(local) <= LOCAL_PART and _PLAIN.fullmatch(local):
        # A long list has few domains, and the library is slow with each address.
        address = _at_domain(domain).replace(_ANYBODY, local, 1)
        if len(address) <= LONGEST_ADDRESS:
            return address
    return _read_address(text)


_ANYBODY = "a"


@functools.lru_cache(maxsize=10_000)
def _at_domain(domain: str) -> str:
    """Return the address of anybody at a domain; raises ValueError if it is not valid."""
    return _read_address(f"{_ANYBODY}@{domain}")


def _read_address(text: str) -> str:
    try:
        # SMTPUTF8 addresses need the support of every relay on the way; quoted local parts can add
        # SMTP parameters (GHSA-mm7p-fcc7-pg87).
        found = validate_email(
            text.strip(), check_deliverability=False, allow_smtputf8=False, test_environment=True
        )
    except EmailNotValidError as error:
        raise ValueError(f"not an email address: {error}") from None
    if len(found.local_part) > LOCAL_PART:
        raise ValueError(
            f"{len(found.local_part)} characters before the @: mail servers take {LOCAL_PART}"
        )
    # The domain as in DNS and SMTP (RFC 5890): `xn--bcher-kva.example` for `bücher.example`.
    return found.ascii_email or found.normalized


def read_line(text: str) -> str:
    """Return a line of text as it is stored; raises ValueError for control characters."""
    if _UNPRINTABLE.search(text):
        raise ValueError("must be one line of text, without control characters")
    return " ".join(_UNSEEN.sub("", text).split())


@functools.cache
def _zones() -> frozenset[str]:
    # Like `zoneinfo.available_timezones`, but without looking at every file of the system.
    return frozenset((importlib.resources.files("tzdata") / "zones").read_text("utf-8").split())


ABBREVIATED: Final = {
    **dict.fromkeys(("CEST", "MEZ", "MESZ"), "Europe/Berlin"),
    **dict.fromkeys(("BST",), "Europe/London"),
    **dict.fromkeys(("WEST",), "Europe/Lisbon"),
    **dict.fromkeys(("EEST",), "Europe/Helsinki"),
    **dict.fromkeys(("MSK",), "Europe/Moscow"),
    **dict.fromkeys(("EDT",), "America/New_York"),
    **dict.fromkeys(("CST", "CDT"), "America/Chicago"),
    **dict.fromkeys(("MDT",), "America/Denver"),
    **dict.fromkeys(("PST", "PDT"), "America/Los_Angeles"),
    **dict.fromkeys(("IST",), "Asia/Kolkata"),
    **dict.fromkeys(("JST",), "Asia/Tokyo"),
    **dict.fromkeys(("AEST", "AEDT"), "Australia/Sydney"),
}
"""What people write for a zone that is none of IANA's: a half of it, or one of several."""


def read_zone(name: str) -> str:
    """Return the name of a time zone (IANA); raises ValueError if there is no such zone."""
    # Compared by name only: ZoneInfo would open any file with that path.
    if name not in _zones():
        city = name.strip().replace(" ", "_").lower()
        # `Etc/GMT+1` is an hour behind GMT, but people who write `GMT+1` mean an hour ahead.
        likely = [zone for zone in _zones() if not re.search("GMT[-+0]", zone)]
        meant = sorted(zone for zone in likely if zone.lower().rpartition("/")[2] == city)
        meant = [ABBREVIATED[name]] if name in ABBREVIATED else meant
        meant = meant or difflib.get_close_matches(name, likely, n=1, cutoff=0.8)
        hint = f"; did you mean `{meant[0]}`?" if meant else " such as `Europe/Paris`"
        raise ValueError(f"not an IANA time zone{hint}")
    return name


def read_language(text: str) -> str:
    """Return a language's code (BCP 47), in its usual case; raises ValueError if it is not one."""
    if len(text) > MOST_LANGUAGE or not re.fullmatch(LANGUAGE, text, re.IGNORECASE):
        code = _language_codes().get(text.strip().lower())
        hint = f"; did you mean `{code}`?" if code else ', such as "en", "de" or "pt-BR"'
        raise ValueError(f"a language is written as its code (BCP 47){hint}")
    first, *rest = text.split("-")
    cases = {2: str.upper, 4: str.title}  # regions and scripts (RFC 5646, 2.1.1)
    return "-".join((first.lower(), *(cases.get(len(part), str.lower)(part) for part in rest)))


@functools.cache
def _language_codes() -> dict[str, str]:
    """Return the codes of languages by their names, in English and in the language itself."""
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415  needed only for a mistake

    found = {}
    for code, name in Locale("en").languages.items():
        if re.fullmatch("[a-z]{2}", code):
            found[name.lower()] = code
            with contextlib.suppress(UnknownLocaleError):
                found[str(Locale(code).get_language_name(code)).lower()] = code
    return found


def _web(text: str) -> str:
    found = "" if re.search(r"\s", text) else link(text)
    if not found:
        raise ValueError("must be an address that begins with https://")
    if "@" in urlsplit(text).netloc:
        raise ValueError("has a name or password in it, which every reader would see")
    return found


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        raise ValueError("not an IP address or network such as 192.168.1.0/24") from None


def _clock(text: str) -> str:
    if not re.fullmatch(CLOCK, text):
        raise ValueError('a time of day is written "06:00"')
    return text


def _slug(text: str) -> str:
    if not re.fullmatch(SLUG, text):
        raise ValueError("use lower-case letters, digits and single hyphens, 60 at most")
    return text


def _subject(text: str) -> str:
    # Most newsletters keep the default subject.
    from newsletter.render.subjects import parse_subject  # noqa: PLC0415  Jinja is slow to load

    try:
        parse_subject(text)
    except TemplateError as error:
        raise ValueError(f"the subject's template: {error}") from None
    return text


def _database(text: str) -> str:
    try:
        url = read_url(text)
    except StoreError as error:
        raise ValueError(str(error)) from None
    name = url.database
    if not name or name == ":memory:":
        raise ValueError(
            "names no file, so each run would forget who has the issue: "
            "sqlite:///outbox/newsletter.db"
        )
    return text


def _host(text: str) -> str:
    if text.startswith("/"):
        return text  # a socket
    if "://" in text:
        raise ValueError("give the name of the server alone, such as smtp.example.org")
    if found := re.fullmatch(r"(?:\[([^\s\[\]]+)\]|([^\s\[\]:]+)):(\d+)", text):
        name = found[1] or found[2]
        raise ValueError(f"a port has a line of its own: host: {name}, port: {found[3]}")
    return text


def _rate(text: str) -> str:
    parse_rate(text)
    return text


def _secret(value: object) -> object:
    return SecretStr(value) if isinstance(value, str) else value


def _like(value: object) -> object:
    # YAML reads 2410.01230 as a number, which loses the last zero.
    if isinstance(value, int | float):
        raise ValueError('an id goes in quotes, such as "2410.01234"')  # noqa: TRY004  pydantic's
    return value


TOPIC = (
    r"arn:(aws|aws-cn|aws-us-gov|aws-eusc):sns:([a-z]{2,4}(?:-[a-z]{2,12}){1,3}-[0-9]{1,2}):[0-9]{12}"
    r":[A-Za-z0-9_-]{1,256}"
)
"""The name of a topic of Amazon SNS (ARN): its partition and its region are groups."""
CLOCK = "^([01][0-9]|2[0-3]):[0-5][0-9]$"
MOST_LANGUAGE = 35
"""Characters of a language's code: what software has to hold (RFC 5646, 4.4.1)."""
LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
SLUG = "^(?=.{1,60}$)[a-z0-9]+(-[a-z0-9]+)*$"

Address = Annotated[str, AfterValidator(read_address), Field(examples=["papers@example.org"])]
Line = Annotated[str, Field(min_length=1), AfterValidator(read_line)]
Like = Annotated[str, BeforeValidator(_like), Field(min_length=1), AfterValidator(read_line)]
DatabaseUrl = Annotated[str, AfterValidator(_database)]
Host = Annotated[str, Field(min_length=1), AfterValidator(_host)]
Language = Annotated[
    str, AfterValidator(read_language), Field(json_schema_extra={"pattern": LANGUAGE})
]
RateText = Annotated[str, AfterValidator(_rate), Field(examples=["14/second", "2000/day"])]
Subject = Annotated[str, Field(min_length=1), AfterValidator(read_line), AfterValidator(_subject)]
Text = Annotated[str, AfterValidator(read_line)]
Slug = Annotated[str, AfterValidator(_slug), Field(json_schema_extra={"pattern": SLUG})]
Zone = Annotated[str, AfterValidator(read_zone)]
Web = Annotated[str, AfterValidator(_web)]
Clock = Annotated[str, AfterValidator(_clock), Field(json_schema_extra={"pattern": CLOCK})]
Secret = Annotated[SecretStr, BeforeValidator(_secret)]
Network = Annotated[str, AfterValidator(_network)]
