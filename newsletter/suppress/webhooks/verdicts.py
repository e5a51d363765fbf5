"""What a provider says of a bounce → an event, by the rules for replies of mail servers.

Providers call much "permanent" that is about the message: a reply to spam, to a policy, to our
reputation. So the server's own words count first, as they do in mail that comes back
(`send.verdicts`); the provider's word counts where they say nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from newsletter.model import Verdict
from newsletter.send.streams import printable
from newsletter.send.verdicts import judge
from newsletter.suppress.bounces import EVIDENCE
from newsletter.suppress.events import Event, ReportKind
from newsletter.suppress.transcripts import QuotedReply, replies_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a provider says of a mail that was not delivered."""

    email: str
    is_lasting: bool
    """Whether the provider says that it is for good."""
    otherwise: Verdict = Verdict.UNKNOWN
    """What the provider's own kind of bounce means, where the server's words say nothing."""
    text: str = ""
    """The server's words."""
    code: int = 0
    status: str = ""
    """The enhanced code (RFC 3463), if the provider gives one."""
    note: str = ""
    """The provider's words, shown where the server's are missing."""


def bounce(said: Said) -> Event:
    """Return the event of a bounce."""
    replies = replies_in(said.text) or [QuotedReply(0, "", said.text)]
    # Replies that disagree prove nothing: the first that does not blame the address counts.
    judged = [_judged(reply, said) for reply in replies]
    known = [verdict for verdict in judged if verdict is not Verdict.UNKNOWN]
    first = known[0] if known else said.otherwise
    verdict = next((verdict for verdict in known if not verdict.is_hard), first)
    if verdict.is_hard and not said.is_lasting:
        verdict = Verdict.UNKNOWN  # the provider knows more of it than the words say
    return Event(
        kind=ReportKind.BOUNCE,
        email=said.email,
        verdict=verdict,
        beside=said.email,
        is_final=verdict.is_hard,
        status=printable(said.status)[:10],
        evidence=printable(said.text or said.note)[:EVIDENCE],
    )


def _judged(reply: QuotedReply, said: Said) -> Verdict:
    is_vague = not reply.enhanced or reply.enhanced.endswith(".0.0")
    enhanced = said.status if said.status and is_vague else reply.enhanced
    return judge(reply.code or said.code, enhanced, reply.text or said.text, said.text)


def listed(email: str, note: str) -> Event:
    """Return the event of a mail that the provider does not even try: the address bounced before.

    It stays so for every later mail, until the operator takes it off the provider's list.
    """
    return bounce(Said(email=email, is_lasting=True, otherwise=Verdict.NO_MAILBOX, note=note))


def complaint(email: str, note: str) -> Event:
    """Return the event of a complaint."""
    return Event(
        kind=ReportKind.COMPLAINT,
        email=email,
        verdict=Verdict.UNKNOWN,
        evidence=f"complaint: {printable(note)[:40]}",
    )


def leaving(email: str) -> Event:
    """Return the event of somebody who asks the provider, or through it, to get no more."""
    return Event(kind=ReportKind.LEAVING, email=email, verdict=Verdict.UNKNOWN)
