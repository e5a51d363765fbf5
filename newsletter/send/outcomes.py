"""What a server's answer means for a delivery."""

from __future__ import annotations

from typing import Final

from newsletter.model import DeliveryState, Outcome
from newsletter.send.pace import is_busy
from newsletter.send.streams import REFUSED, Reply, printable
from newsletter.send.verdicts import judge

NOT_YET: Final = 530
"""Something has to come first: a login (RFC 4954, 6) or STARTTLS (RFC 3207, 4)."""

TOO_MUCH: Final = 552
"""The message is larger than the server has room for, or larger than it accepts."""
TOO_LONG: Final = ("5.2.3", "5.3.4")
"""The message is longer than the mailbox, or the system, accepts."""
_STATES: Final[dict[int, DeliveryState]] = {
    2: DeliveryState.ACCEPTED,
    4: DeliveryState.DEFERRED,
    5: DeliveryState.FAILED,
}
"""What becomes of a delivery, by the first digit of the code."""


def advice(refusal: Reply) -> str:
    """Return how to fix a refusal that hits every sender; empty when it is not known."""
    if refusal.code != NOT_YET:
        return ""
    if "STARTTLS" in refusal.text.upper():
        return "; write `security: starttls`"
    return "; it wants a login: name `username` and `password`"


def is_of_message(refusal: Reply) -> bool:
    """Tell whether a refusal of MAIL is about one message, and not about the sender.

    It is about the message's size (552, RFC 1870, 6.1; 5.2.3 and 5.3.4, RFC 3463) or its content
    (5.6.x).
    """
    status = refusal.enhanced
    if status:
        return status in TOO_LONG or status.startswith("5.6.")
    return refusal.code == TOO_MUCH


def outcome_of(reply: Reply, *, of_recipient: bool = False) -> Outcome:
    """Return what an answer means (RFC 5321, 4.2.1).

    2xx: accepted; 4xx: refused for now; 5xx: refused for good. `of_recipient`: whether it is the
    answer to RCPT.
    """
    reason = printable(str(reply)) if reply.code >= REFUSED else reply.text
    state = _STATES.get(reply.code // 100, DeliveryState.UNKNOWN)
    if state is DeliveryState.ACCEPTED:
        return Outcome(state=state, reason=reason, code=reply.code)
    verdict = judge(reply.code, reply.enhanced, reply.text)
    return Outcome(
        state=state,
        reason=reason,
        code=reply.code,
        verdict=verdict,
        is_busy=is_busy(reply.code, reply.enhanced, reply.text, of_recipient=of_recipient),
    )
