"""What a refusal is about: the address, the message, or us.

A reply code is not enough: most 5xx replies are about the message or its sender. The server's words
count first, since they are more specific; then the enhanced code (RFC 3463), then the reply code.
The phrases come from the sources and the documentation of mail servers.
"""

from __future__ import annotations

import functools
import importlib.resources
import re
from typing import Final

from newsletter.model import Verdict
from newsletter.send.streams import FOR_NOW

_V = Verdict
_LATIN_ADDRESS = re.compile(
    r"<?(?<![A-Za-z0-9!#$%&'*+/=?^_`{|}~.\u00c0-\u2fff-])[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,320}+"
    r"@[A-Za-z0-9.-]{1,255}+(?![\u00c0-\u2fff])>?"
)
"""Addresses that end where words of a script without spaces begin."""
_ADDRESS = re.compile(
    r"<?(?<![^\s<>@:;,()\[\]])[^\s<>@:;,()\[\]]{1,320}@[^\s<>@:;,()\[\]]{1,320}>?"
)
_GLUED = re.compile(r"(?<=[a-z])(?=[A-Z])|_")
"""Where a new word begins in an identifier, such as `RecipNotFound` or `USER_UNKNOWN`."""
_LATE = re.compile(
    r"(in reply|response) to (the )?(end of )?data|end of data|after data|>>> data <<< 5",
    re.IGNORECASE,
)
"""A server that accepts RCPT and refuses DATA does not mean the address, whatever it says."""
_PIPELINED = re.compile(
    r"\b503\b.{0,60}\brcpt\b"
    r"|5\d\d.{0,30}(need rcpt|no (valid )?recipients|rcpt (first|needed|required))"
    r"|>>> rcpt to:\S* <<< 5",
    re.IGNORECASE,
)
"""When DATA was sent ahead, the text that is reported after DATA answers RCPT."""
_EARLY = re.compile(
    r"(in reply to|after|response to) mail from|>>> mail from:\S+ <<< 5", re.IGNORECASE
)
"""A server that refuses MAIL means the sender."""


_RCPT = re.compile(r"\brcpt[ _]to\b|does not like recipient", re.IGNORECASE)
"""A server that refuses RCPT means the recipient."""
_PASSING = re.compile(
    r"(?<!and )(?<!not going to )\b(re)?try (it )?again\b(?! (with|using|after (correct|check)))"
    r"|(will|shall) (keep (on )?|continue )(to )?(re)?try"
    r"|(will|shall) (now )?(be retried|retry|try again)"
    r"|keep (on )?(re)?trying|continu\w+ (to try|trying|attempting|to attempt)|still (being )?try"
    r"|(is|was|been) delayed|delayed (mail|message)|not yet been delivered"
    r"|delivery (is )?(delayed|pending)|delivery status notification \(delay\)"
    r"|temporary (failure|error|problem)|(remains?|kept|still) in (the|our) (mail )?queue"
    r"|do not need to (re-?send|resend)|warning: (could not send|message)"
    r"|wird (es )?weiter(hin)? versucht|erneut versuch|verzögert|nouvelle tentative|retardé"
    r"|nuevo intento|retrasad|riprov|ritardat|in ritardo|(ulteriori|nuovi) tentativi"
    r"|novas? tentativ|atrasad|opnieuw (ge)?prob|vertraagd|kolejn\w+ prób|opóźnion|ponown\w+ prób"
    r"|nya försök|försenad|nye forsøk|nye forsøg|forsinket|gecik(ti|me)|yeniden dene"
    r"|再送|遅延|重试|延迟|重試|延遲|继续尝试|繼續嘗試|지연|다시 시도|повторн\w+ попыт|задерж",
    re.IGNORECASE,
)
"""A server that goes on trying, or asks us to try again, gives no final answer."""


@functools.cache
def _rules() -> tuple[tuple[Verdict, re.Pattern[str]], ...]:
    """Return the phrases of phrases.txt, one expression for each verdict, in their order."""
    text = importlib.resources.files("newsletter.send").joinpath("phrases.txt").read_text("utf-8")
    found: list[tuple[Verdict, list[str]]] = []
    names: dict[str, str] = {}
    for line in text.splitlines():
        name, is_name, meaning = line.partition("} = ")
        if is_name and name.startswith("{"):
            names[f"{name}}}"] = meaning
        elif line.startswith("[") and line.endswith("]") and " " not in line:
            found.append((Verdict(line.strip("[]")), []))
        elif line and not line.startswith("#"):
            found[-1][1].append(functools.reduce(_named, names.items(), line))
    return tuple((verdict, re.compile("|".join(some), re.IGNORECASE)) for verdict, some in found)


def _named(line: str, name: tuple[str, str]) -> str:
    return line.replace(*name)


_CODES: Final[dict[str, Verdict]] = {
    "1.1": _V.NO_MAILBOX, "1.2": _V.NO_DOMAIN, "1.3": _V.NO_MAILBOX, "1.6": _V.MOVED,
    "1.10": _V.NO_DOMAIN, "1.7": _V.POLICY, "1.8": _V.POLICY, "1.9": _V.NETWORK,
    "2.0": _V.DISABLED, "2.1": _V.DISABLED, "2.2": _V.FULL, "2.3": _V.TOO_BIG,
    "3.0": _V.NETWORK, "3.1": _V.FULL, "3.2": _V.THROTTLED, "3.4": _V.TOO_BIG, "3.5": _V.NETWORK,
    "4.0": _V.NETWORK, "4.1": _V.NETWORK, "4.2": _V.NETWORK, "4.3": _V.NETWORK,
    "4.4": _V.NETWORK, "4.5": _V.THROTTLED,
    "4.6": _V.NETWORK, "4.7": _V.EXPIRED, "4.14": _V.NETWORK,
    "5.3": _V.THROTTLED,
}  # fmt: skip
"""Enhanced codes without their class (RFC 3463), for texts without a known phrase."""
_SUBJECTS: Final[dict[str, Verdict]] = {"6": _V.CONTENT, "7": _V.POLICY, "4": _V.NETWORK}
"""The same, by the middle number of the enhanced code alone."""
_BARE: Final[dict[int, Verdict]] = {
    421: _V.THROTTLED, 452: _V.FULL, 552: _V.FULL, 556: _V.NO_DOMAIN,
}  # fmt: skip
"""Codes with one meaning (RFC 5321, 4.2; RFC 7504); servers use 521 and 551 for much else."""


def judge(code: int, enhanced: str, text: str, around: str = "") -> Verdict:
    """Return what a reply is about.

    `code` is the SMTP code or 0; `enhanced` is a code such as `5.1.1`, or empty. `around` is what
    else a report says about the reply, such as which command was answered.
    """
    verdict = _of_words(code, enhanced, text, around)
    if not verdict.is_hard:
        return verdict
    if code // 100 == FOR_NOW or enhanced[:1] == "4" or is_passing(text):
        return Verdict.NETWORK if verdict is Verdict.NO_DOMAIN else Verdict.UNKNOWN
    told = f"{_plain(text)} {_plain(around)}"
    if _EARLY.search(told):
        return Verdict.POLICY
    return Verdict.CONTENT if _LATE.search(told) and not _PIPELINED.search(told) else verdict


def _of_words(code: int, enhanced: str, text: str, around: str) -> Verdict:
    words = _plain(text)
    found = next((verdict for verdict, rule in _rules() if rule.search(words)), None)
    if found in (None, Verdict.UNKNOWN):
        return by_code(code, enhanced)
    if not found.is_hard:
        return found
    # A text may call a user unknown although the code means a broken system (x.3.x; x.3.0 is not
    # specific), the message (x.6.x) or a policy (x.7.x): then the code counts. It also counts when
    # it means an existing mailbox (x.2.x), unless RCPT was refused.
    subject = enhanced[2:3] if enhanced[2:] != "3.0" else ""
    if enhanced[2:] in ("1.7", "1.8"):
        return by_code(code, enhanced)
    if found is Verdict.NO_DOMAIN:
        return found
    if subject in ("3", "6", "7") or (subject == "2" and not _RCPT.search(f"{text} {around}")):
        return by_code(code, enhanced)
    return found


def is_passing(text: str) -> bool:
    """Tell whether a text says that it is not final: somebody goes on trying, or should."""
    return bool(_PASSING.search(" ".join(text.split())))


def _plain(text: str) -> str:
    """Return a text on one line, in words; without addresses, as they may contain any word."""
    text = _ADDRESS.sub("<>", _LATIN_ADDRESS.sub("<>", text))
    return " ".join(_GLUED.sub(" ", text).split())


def by_code(code: int, enhanced: str) -> Verdict:
    """Return what the numbers alone say."""
    _, _, detail = enhanced.partition(".")
    if detail in _CODES:
        return _CODES[detail]
    return _SUBJECTS.get(detail.partition(".")[0], _BARE.get(code, Verdict.UNKNOWN))
