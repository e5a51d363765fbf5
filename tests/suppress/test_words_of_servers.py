"""What mail servers write for people: the replies in it, and whose text is whose."""

from __future__ import annotations

import pytest

from newsletter.suppress.transcripts import (
    MOST_RECIPIENTS,
    MOST_REPLIES,
    QuotedReply,
    failing,
    introduction,
    is_forwarded,
    is_same_mailbox,
    replies_in,
    texts_by_recipient,
)

NOBODY: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("text", "replies"),
    [
        ("", []),
        ("nothing was said", []),
        ("550 no such user", [(550, "", "550 no such user")]),
        ("said: 550 5.1.1 gone", [(550, "5.1.1", "550 5.1.1 gone")]),
        ("said: 550-5.1.1 gone", [(550, "5.1.1", "550-5.1.1 gone")]),
        ("said: 550 (#5.1.1) gone", [(550, "5.1.1", "550 (#5.1.1) gone")]),
        ("#5.1.1 gone", [(0, "5.1.1", "#5.1.1 gone")]),
        ("no such user (#5.1.1)", [(0, "5.1.1", "no such user (#5.1.1)")]),
        ("no such user (5.1.1) here", [(0, "5.1.1", "no such user (5.1.1) here")]),
        # Lines of one reply repeat its numbers.
        ("550-5.1.1 no such\n550 5.1.1 user", [(550, "5.1.1", "550-5.1.1 no such\n550 5.1.1 user")]),
        ("550-no such\n550 user", [(550, "", "550-no such\n550 user")]),
        # A number of the same class, or behind the text, belongs to the reply before it.
        ("550 no such user 5.1.1", [(550, "5.1.1", "550 no such user 5.1.1")]),
        ("550 no such user (#5.1.1)", [(550, "5.1.1", "550 no such user (#5.1.1)")]),
        ("450 later (#5.1.1)", [(450, "5.1.1", "450 later (#5.1.1)")]),
        ("450 later 5.1.1", [(450, "", "450 later "), (0, "5.1.1", "5.1.1")]),
        # Others are replies of their own.
        (
            "550 no such user\n552 5.2.2 full",
            [(550, "", "550 no such user\n"), (552, "5.2.2", "552 5.2.2 full")],
        ),
        (
            "550 5.1.1 a\n550 5.2.2 b",
            [(550, "5.1.1", "550 5.1.1 a\n"), (550, "5.2.2", "550 5.2.2 b")],
        ),
        ("550 5.1.1 a\n5.1.1 b", [(550, "5.1.1", "550 5.1.1 a\n5.1.1 b")]),
        # A reply ends at an empty line, unless that comes at once.
        ("550 5.1.1 no such user\n \t\nHelp", [(550, "5.1.1", "550 5.1.1 no such user")]),
        ("550 gone\n\nno such user\n\nx", [(550, "", "550 gone\n\nno such user")]),
        # What is no number of a reply.
        ("port 5500 and 1550 and 560 and x550 and 550x and 1.550", []),
        ("5.1.1.1 and 15.1.1 and 3.1.1", []),
        ("192.0.2.1:550 and a/550", []),
        ("220 2.1.1 fine", []),
        ("x <550>", []),
    ],
)  # fmt: skip
def test_replies_that_a_text_quotes(text: str, replies: list[tuple[int, str, str]]) -> None:
    """With the numbers that they begin with or end on, and their words."""
    assert replies_in(text) == [QuotedReply(*reply) for reply in replies]


def test_so_many_replies_are_looked_at() -> None:
    """There is a limit. The last reply inside it ends where the next one begins."""
    text = "".join(f"55{number % 2} text {number}\n" for number in range(MOST_REPLIES + 3))
    found = replies_in(text)

    assert len(found) == MOST_REPLIES
    assert found[-1] == QuotedReply(551, "", f"551 text {MOST_REPLIES - 1}\n")


@pytest.mark.parametrize(
    ("words", "texts"),
    [
        ("nothing", {}),
        # One address in a sentence, and a bare list: what is said stands around it.
        ("Mail to ada@x.example failed.", {"ada@x.example": "Mail to ada@x.example failed."}),
        ("For <ada@x.example>, not bo@x.example", {"ada@x.example": "For <ada@x.example>, not bo@x.example"}),
        ("It failed:\nada@x.example\nBo@X.example\n", {
            "ada@x.example": "It failed:\nada@x.example\nBo@X.example\n",
            "bo@x.example": "It failed:\nada@x.example\nBo@X.example\n",
        }),
        # Texts that begin with an address.
        ("<ada@x.example>: full\n<bo@x.example>: gone\n", {
            "ada@x.example": "<ada@x.example>: full\n\n", "bo@x.example": "<bo@x.example>: gone\n\n",
        }),
        ("  ada@x.example\n  550 gone\n", {"ada@x.example": "  ada@x.example\n  550 gone\n\n"}),
        ("> * ada@x.example, gone", {"ada@x.example": "> * ada@x.example, gone\n"}),
        ("550 5.1.1 <ada@x.example>... gone", {"ada@x.example": "550 5.1.1 <ada@x.example>... gone\n"}),
        ("<<< 550 ada@x.example gone", {"ada@x.example": "<<< 550 ada@x.example gone\n"}),
        (">>> RCPT TO:<ada@x.example>\n<<< 550 gone", {
            "ada@x.example": ">>> RCPT TO:<ada@x.example>\n<<< 550 gone\n",
        }),
        # What is said of an address in several places is put together.
        ("<ada@x.example>: full\n<bo@x.example>: gone\n<ADA@x.example>: late", {
            "ada@x.example": "<ada@x.example>: full\n\n<ADA@x.example>: late\n",
            "bo@x.example": "<bo@x.example>: gone\n\n",
        }),
        # What stands before is about the addresses in it, when it quotes a reply.
        ("550 gone: <cy@x.example>\n<ada@x.example>: full", {
            "cy@x.example": "550 gone: <cy@x.example>\n", "ada@x.example": "<ada@x.example>: full\n",
        }),
        ("Dear <cy@x.example>\n<ada@x.example>: full", {"ada@x.example": "<ada@x.example>: full\n"}),
        # Who wrote it is never meant.
        ("<postmaster@x.example>: 550 gone\n<ada@x.example>: full", {"ada@x.example": "<ada@x.example>: full\n"}),
        ("mailer-daemon@x.example and NoReply@x.example", {}),
        ("informant@x.example gone", {"informant@x.example": "informant@x.example gone\n"}),
        ("<other@x.example>: 550 gone", {}),
        ("<OTHER@x.example>: 550 gone", {}),
    ],
)  # fmt: skip
def test_whose_text_is_whose(words: str, texts: dict[str, str]) -> None:
    """Cut apart where addresses begin lines; `other` is known not to be meant."""
    assert texts_by_recipient(words, frozenset({"other@x.example"})) == texts


@pytest.mark.parametrize(
    "words",
    [
        "".join(f"r{number}@x.example\n" for number in range(MOST_RECIPIENTS + 5)),
        "".join(f"<r{number}@x.example>: 550 gone\n" for number in range(MOST_RECIPIENTS + 5)),
    ],
)
def test_so_many_addresses_are_looked_at(words: str) -> None:
    """The first ones, whether something is said of each or of all."""
    found = texts_by_recipient(words, NOBODY)

    assert list(found) == [f"r{number}@x.example" for number in range(MOST_RECIPIENTS)]


@pytest.mark.parametrize(
    ("words", "own"),
    [
        ("Sorry. It failed.", "Sorry. It failed."),
        ("Sorry.\n<ada@x.example>: 550 gone", "Sorry.\n"),
        ("Sorry: 550 gone\n<ada@x.example>: late", "Sorry: "),
        ("550 gone", ""),
    ],
)
def test_what_a_report_says_before_it_quotes(words: str, own: str) -> None:
    """Up to the first address on a line of its own or the first reply, whichever comes first."""
    assert introduction(words) == own


@pytest.mark.parametrize(
    ("said", "who"),
    [
        ("550 no such user", "ada@x.example"),
        ("550 <ada@x.example> no such user", "ada@x.example"),
        ("550 <Ada@MX.x.example> no such user", "ada@x.example"),
        ("550 <Cy@y.example> unknown, for <bo@y.example>", "cy@y.example"),
        ("550 <cy@y.example> unknown, for <ada@x.example>", "ada@x.example"),
        ("550 ask postmaster@y.example", "ada@x.example"),
        ("550 <other@y.example> unknown", "ada@x.example"),
    ],
)
def test_which_address_a_reply_is_about(said: str, who: str) -> None:
    """The one that it names, unless that is the reader's own, or nobody's."""
    assert failing("ada@x.example", said, frozenset({"other@y.example"})) == who


@pytest.mark.parametrize(
    ("address", "reader", "expected"),
    [
        ("ada@x.example", "ada@x.example", True),
        ("ADA@X.example", "ada@x.EXAMPLE", True),
        ("ada@mail.x.example", "ada@x.example", True),
        ("ada@mailx.example", "ada@x.example", False),
        ("ada@x.example", "ada@mail.x.example", False),
        ("bo@x.example", "ada@x.example", False),
        ("ada@x.example", "ada+news@x.example", True),
        ("ada+news@x.example", "ada+news@x.example", True),
        ("ada+news@x.example", "ada@x.example", False),
        ("ada+more@x.example", "ada+news@x.example", False),
        ("ada@bücher.example", "ada@xn--bcher-kva.example", True),
        ("ada@xn--bcher-kva.example", "ada@BÜCHER.example", True),
        ("ada@bücher.example", "ada@bucher.example", False),
        ("ada@ü..example", "ada@ü..example", True),
        (f"ada@{'ü' * 256}", f"ada@{'ü' * 256}", True),
    ],
)
def test_one_mailbox_under_several_addresses(address: str, reader: str, *, expected: bool) -> None:
    """Other hosts of its domain, no tag, and both forms of a domain of other letters."""
    assert is_same_mailbox(address, reader) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ada@x.example was forwarded to bo@y.example", True),
        ("ada@x.example, an ALIAS of bo@y.example", True),
        ("ada@x.example weitergeleitet an bo@y.example", True),
        ("ada@x.example and bo@y.example", False),
        ("ada@x.example was forwarded", False),
        ("ada@x.example was forwarded to ADA@x.example", False),
        ("ada@x.example was forwarded by postmaster@y.example", False),
        ("ada@x.example was forwarded to other@y.example", False),
    ],
)
def test_an_address_that_leads_to_another(text: str, *, expected: bool) -> None:
    """It takes two addresses and a word for it."""
    assert is_forwarded(text, frozenset({"other@y.example"})) is expected
