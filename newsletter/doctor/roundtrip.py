"""A test mail read back: what is left of it after all servers on its way."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from email.message import Message
from typing import Final

from newsletter.doctor.diagnoses import Diagnosis, Group, excerpt

TEST: Final = Group("test message")
WATCHED: Final = (
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "MIME-Version",
    "Content-Type",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Help",
    "Feedback-ID",
    "Auto-Submitted",
    "CFBL-Address",
)
"""Headers that readers, filters or mailbox providers need."""
ONE_CLICK: Final = ("list-unsubscribe", "list-unsubscribe-post")
"""Both must be signed (RFC 8058, 4)."""
PAUSE: Final = 3.0
"""Seconds between two looks into the mailbox."""
_RESULT = re.compile(r"(?<![\w.-])(spf|dkim|dmarc)\s*=\s*([a-z]+)", re.IGNORECASE)
_COMMENT = re.compile(r"\([^()]*\)")

Find = Callable[[], Awaitable[bytes | None]]
"""Looks once for the test mail; raises MailboxError."""


def marked(message: bytes, mark: str) -> bytes:
    """Return a test mail with a mark in its subject, by which it is found again."""
    return message.replace(b"\r\nSubject: [Test] ", f"\r\nSubject: [Test {mark}] ".encode(), 1)


async def await_message(
    find: Find, sleep: Callable[[float], Awaitable[None]], looks: int
) -> bytes | None:
    """Return the test mail, or None when it is not there after so many looks.

    Raises MailboxError when the mailbox cannot be read.
    """
    for look in range(looks):
        if look:
            await sleep(PAUSE)
        if (found := await find()) is not None:
            return found
    return None


def compare(sent: bytes, received: bytes) -> Iterator[Diagnosis]:
    """Yield what became of a mail on its way: its headers, its signatures, what others say."""
    before, after = _parsed(sent), _parsed(received)
    lost = [name for name in WATCHED if name in before and name not in after]
    changed = [
        name
        for name in WATCHED
        if name in before and name in after and _values(before, name) != _values(after, name)
    ]
    for name in lost:
        weighs = TEST.error if name.lower() in ONE_CLICK else TEST.warning
        yield weighs(
            "headers", f"`{name}` is lost on the way", "ask the provider of the mail server"
        )
    for name in changed:
        told = f"`{name}` was changed to {excerpt(_values(after, name)[0])}"
        yield TEST.notice("headers", told, "it may be a setting of the mail server")
    if not lost and not changed:
        count = sum(name in before for name in WATCHED)
        yield TEST.good("headers", f"all {count} that matter arrived as they were sent")
    yield from _signatures(before, after, same_body=_body(sent) == _body(received))
    yield from _results(after)


def _signatures(before: Message, after: Message, *, same_body: bool) -> Iterator[Diagnosis]:
    """Yield diagnoses on the signatures, ours and those that were added."""
    found = [_tags(value) for value in _values(after, "DKIM-Signature")]
    domain = _values(before, "From")[0].rpartition("@")[2].strip(" >").lower()
    if not found:
        yield TEST.error(
            "DKIM",
            "it arrived without a signature: Gmail, Yahoo and Outlook refuse bulk mail",
            "`newsletter dkim-key` makes a key, and `dkim:` in newsletter.yaml uses it",
        )
        return
    ours = {_key(_tags(value)) for value in _values(before, "DKIM-Signature")}
    if ours:
        yield _intact(before, after, ours, found, same_body=same_body)
    aligned = [tags for tags in found if _is_near(tags.get("d", ""), domain)]
    names = ", ".join(tags.get("d", "?") for tags in found)
    if not aligned:
        yield TEST.error(
            "DKIM",
            f"signed by {excerpt(names)}, and by nobody at {domain}, the domain in From",
            "have the provider sign with your domain, or sign here (`dkim:`)",
        )
        return
    yield _one_click(before, aligned)


def _intact(
    before: Message,
    after: Message,
    ours: set[tuple[str, str]],
    found: Sequence[dict[str, str]],
    *,
    same_body: bool,
) -> Diagnosis:
    """Return whether our signatures hold: what they cover arrived byte for byte, or relaxed."""
    left = [tags for tags in found if _key(tags) in ours]
    if not left:
        return TEST.error(
            "DKIM", "our signature was taken off", "ask the provider of the mail server"
        )
    if not same_body:
        return TEST.error(
            "DKIM",
            "the body was changed on the way, which breaks our signature",
            "is there a footer, a filter or a gateway that rewrites mail?",
        )
    names = {name.strip().lower() for tags in left for name in tags.get("h", "").split(":")}
    broken = sorted(name for name in names if _values(before, name) != _values(after, name))
    if broken:
        return TEST.error(
            "DKIM",
            f"signed headers were changed, which breaks our signature: {', '.join(broken)}",
            "ask the provider of the mail server",
        )
    told = ", ".join(sorted(f"{tags.get('s')}._domainkey.{tags.get('d')}" for tags in left))
    return TEST.good("DKIM", f"our signature holds ({told})")


def _one_click(before: Message, aligned: Sequence[dict[str, str]]) -> Diagnosis:
    """Return whether `List-Unsubscribe-Post` is inside the `h=` of an aligned signature."""
    if "List-Unsubscribe-Post" not in before:
        return TEST.notice(
            "one click",
            "the mail offers no unsubscribing with one click (RFC 8058): Gmail and "
            "Yahoo ask it of bulk mail",
            "a `site` with https is what it needs",
        )
    for tags in aligned:
        names = [name.strip().lower() for name in tags.get("h", "").split(":")]
        if set(ONE_CLICK) <= set(names):
            told = f"List-Unsubscribe and List-Unsubscribe-Post are signed by {tags.get('d')}"
            return TEST.good("one click", told)
    return TEST.error(
        "one click",
        "List-Unsubscribe-Post is not in the `h=` of a signature of your domain, so "
        "no mailbox provider shows the button (RFC 8058, 4)",
        "sign here (`dkim:`): the signature of your provider leaves it out",
    )


def _results(after: Message) -> Iterator[Diagnosis]:
    """Yield what the receiver says; only the first such header is its own (RFC 8601, 5)."""
    told = next(iter(_values(after, "Authentication-Results")), "")
    if not told:
        yield TEST.not_checked("the receiver", "it says nothing (no Authentication-Results)")
        return
    server = told.split(";")[0].strip()[:80]
    best: dict[str, str] = {}
    for method, result in _RESULT.findall(_COMMENT.sub("", told)):
        if best.get(method.lower()) != "pass":  # of several signatures one is enough
            best[method.lower()] = result.lower()
    for method in ("spf", "dkim", "dmarc"):
        result = best.get(method, "")
        if result == "pass":
            yield TEST.good("the receiver", f"{server} says {method}=pass")
        elif result:
            yield TEST.warning(
                "the receiver",
                f"{server} says {method}={result[:20]}",
                f"see the diagnoses on {method.upper()} in DNS",
            )


def _parsed(raw: bytes) -> Message:
    return email.message_from_bytes(raw, policy=email.policy.compat32)


def _values(message: Message, name: str) -> list[str]:
    """Return the values of all headers of a name, unfolded, with single spaces."""
    return [
        " ".join(str(value).split())
        for key, value in message.raw_items()
        if key.lower() == name.lower()
    ]


def _body(raw: bytes) -> bytes:
    """Return a body as signatures see it: CRLF, and no empty lines at its end."""
    raw = re.sub(rb"\r?\n", b"\r\n", raw)
    return raw.partition(b"\r\n\r\n")[2].rstrip(b"\r\n")


def _tags(value: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in value.split(";"))
    return {name.strip().lower(): "".join(text.split()) for name, _, text in pairs}


def _key(tags: dict[str, str]) -> tuple[str, str]:
    return tags.get("d", "").lower(), tags.get("s", "").lower()


def _is_near(signer: str, domain: str) -> bool:
    """Tell whether one domain is the other, or below it; DNS says more exactly (RFC 9989, 4.4)."""
    signer, domain = f".{signer.lower()}", f".{domain}"
    return domain.endswith(signer) or signer.endswith(domain)
