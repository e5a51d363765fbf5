"""What refusals of mail are about."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """What a refusal is about."""

    NO_MAILBOX = "no-mailbox"
    NO_DOMAIN = "no-domain"
    MOVED = "moved"
    SAID_GONE = "said-gone"
    """Words without a code say that there is no such mailbox: believed only if it lasts."""
    DISABLED = "disabled"
    FULL = "full"
    TOO_BIG = "too-big"
    CONTENT = "content"
    POLICY = "policy"
    REPUTATION = "reputation"
    THROTTLED = "throttled"
    NETWORK = "network"
    EXPIRED = "expired"
    UNKNOWN = "unknown"

    @property
    def is_hard(self) -> bool:
        """Whether nothing sent to this address will ever arrive."""
        return self in (Verdict.NO_MAILBOX, Verdict.NO_DOMAIN, Verdict.MOVED)
