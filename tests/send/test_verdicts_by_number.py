"""What a refusal says by its numbers, and when words count less than they."""

from __future__ import annotations

import pytest

from newsletter.model import Verdict
from newsletter.send.verdicts import by_code, is_passing, judge

V = Verdict


@pytest.mark.parametrize(
    ("code", "enhanced", "verdict"),
    [
        (550, "5.1.1", V.NO_MAILBOX), (550, "5.1.2", V.NO_DOMAIN), (550, "5.1.3", V.NO_MAILBOX),
        (550, "5.1.6", V.MOVED), (550, "5.1.10", V.NO_DOMAIN), (550, "5.1.7", V.POLICY), (550, "5.1.8", V.POLICY),
        (550, "5.2.1", V.DISABLED), (550, "5.2.2", V.FULL), (550, "5.2.3", V.TOO_BIG), (450, "4.4.7", V.EXPIRED),
        (550, "5.4.99", V.NETWORK), (550, "5.6.99", V.CONTENT), (550, "5.7.99", V.POLICY), (550, "5.1.99", V.UNKNOWN),
        (421, "", V.THROTTLED), (452, "", V.FULL), (552, "", V.FULL), (556, "", V.NO_DOMAIN), (550, "", V.UNKNOWN),
        (552, "5.0.0", V.FULL), (0, "", V.UNKNOWN),
    ],
)  # fmt: skip
def test_numbers_alone(code: int, enhanced: str, verdict: Verdict) -> None:
    """The enhanced code (RFC 3463), by its middle number, then the code itself."""
    assert by_code(code, enhanced) is verdict
    assert judge(code, enhanced, "zzz") is (
        V.UNKNOWN if code < 500 and verdict.is_hard else verdict
    )


@pytest.mark.parametrize(
    ("enhanced", "text", "around", "verdict"),
    [
        # The system, the message or a policy may call a user unknown.
        ("5.3.5", "no such user", "", V.NETWORK),
        ("5.3.0", "no such user", "", V.NO_MAILBOX),
        ("5.6.1", "no such user", "", V.CONTENT),
        ("5.7.1", "no such user", "", V.POLICY),
        ("5.4.1", "no such user", "", V.NO_MAILBOX),
        ("5.1.7", "no such user", "", V.POLICY),
        ("5.1.8", "no such user", "", V.POLICY),
        ("5.1.9", "no such user", "", V.NO_MAILBOX),
        # A mailbox that is there, unless it was RCPT that was refused.
        ("5.2.1", "no such user", "", V.DISABLED),
        ("5.2.1", "no such user", "in reply to RCPT TO", V.NO_MAILBOX),
        ("5.2.1", "no such user, does not like recipient", "", V.NO_MAILBOX),
        # A domain that is not there is not, whatever the number is.
        ("5.7.1", "no such domain", "", V.NO_DOMAIN),
        ("5.2.1", "no such domain", "", V.NO_DOMAIN),
        # Which command was answered.
        ("", "no such user", "in reply to end of DATA command", V.CONTENT),
        ("", "no such user", "response to MAIL FROM", V.POLICY),
        ("", "no such user", "in reply to end of data. 503 need RCPT", V.NO_MAILBOX),
        # Who is not sure says nothing final.
        ("4.1.1", "no such user", "", V.UNKNOWN),
        ("", "no such user, try again", "", V.UNKNOWN),
        ("", "no such domain, try again", "", V.NETWORK),
        ("4.1.2", "no such domain", "", V.NETWORK),
        # Names for programs are words.
        ("", "NoSuchUser", "", V.NO_MAILBOX),
        ("", "USER_UNKNOWN", "", V.NO_MAILBOX),
        # Addresses are none.
        ("", "<user.unknown@x.example>: zzz", "", V.UNKNOWN),
        ("", "zzz", "no such user", V.UNKNOWN),
    ],
)
def test_words_and_numbers(enhanced: str, text: str, around: str, verdict: Verdict) -> None:
    """Words first, except where the number says that the mailbox is not meant."""
    assert judge(550, enhanced, text, around) is verdict


@pytest.mark.parametrize("code", [400, 450, 499])
def test_class_4_is_never_hard(code: int) -> None:
    """For now, whatever the words are (RFC 5321, 4.2.1)."""
    assert judge(code, "", "no such user") is V.UNKNOWN
    assert judge(code, "", "no such domain") is V.NETWORK
    assert judge(500 + code % 100, "", "no such user") is V.NO_MAILBOX


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We will\n keep trying", True), ("please TRY  AGAIN later", True), ("not yet been delivered", True),
        ("check it and try again", False), ("I'm not going to try again", False), ("no such user", False), ("", False),
    ],
)  # fmt: skip
def test_somebody_goes_on_trying(text: str, *, expected: bool) -> None:
    """On however many lines it is said."""
    assert is_passing(text) is expected
