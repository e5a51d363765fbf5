"""MIME and headers, encoded once and spliced per subscriber."""

from __future__ import annotations

import email
import email.policy
import html
import re
from dataclasses import replace
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import make_edition, make_issue, make_letterhead, make_recipient

from newsletter.errors import HeaderError, TemplateError
from newsletter.model import Edition
from newsletter.render.messages import Recipient, compose, encode_edition
from newsletter.render.tokens import NAMES, TOKEN, Blocks, token


def send(edition: Edition, recipient: Recipient, **letterhead: str) -> bytes:
    return compose(encode_edition(make_issue(), edition, make_letterhead(**letterhead)), recipient)


def read(message: bytes) -> EmailMessage:
    parsed = email.message_from_bytes(message, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")


def test_header_block() -> None:
    """Every header that a well-behaved list carries is there, once, with the right value."""
    message = read(send(make_edition(), make_recipient()))

    expected = {
        "From": "Daily Papers <papers@news.example.org>",
        "To": "Ada Byron <ada@readers.example>",
        "Reply-To": "editors@news.example.org",
        "Subject": "Daily Papers, 17 Mar: A paper",
        "Date": "Tue, 17 Mar 2026 06:30:00 +0000",
        "Message-ID": "<20260317.1639bd1d3165c8edf56d@news.example.org>",
        "MIME-Version": "1.0",
        "List-Id": "Daily Papers <daily-papers.news.example.org>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Post": "NO",
        "Auto-Submitted": "auto-generated",
        "Precedence": "bulk",
        "Content-Language": "en",
    }
    for name, value in expected.items():
        assert [
            str(found).replace("<editors", "editors").replace("org>", "org>")
            for found in message.get_all(name, [])
        ] in ([value], [f"<{value}>"]), name
    assert message.get_content_type() == "multipart/alternative"
    assert [alternative.get_content_type() for alternative in message.iter_parts()] == [
        "text/plain",
        "text/html",
    ]


def test_unsubscribe_header_is_whole_and_folded_at_the_comma() -> None:
    """RFC 8058 breaks when an address is folded or encoded: each stays in one piece."""
    raw = send(make_edition(), make_recipient())

    assert (
        b"List-Unsubscribe: <https://news.example.org/unsubscribe/AQAxNjM5YmQxZDMxNjVjOGVkZjU2ZA>,\r\n"
        b" <mailto:editors@news.example.org?subject=unsubscribe%20"
    ) in raw


def test_complaints_are_asked_for_only_with_an_address() -> None:
    """RFC 9477's header names who is to get them; without anybody it is not there."""
    asked = read(send(make_edition(), make_recipient(), complaints="fbl@news.example.org"))

    assert asked.get_all("CFBL-Address") == ["fbl@news.example.org; report=arf"]
    assert "CFBL-Address" not in read(send(make_edition(), make_recipient()))


def test_without_a_site_there_is_no_one_click() -> None:
    """A mailto cannot be posted to, so RFC 8058's header must not promise it."""
    message = read(send(make_edition(), make_recipient(), unsubscribe="mailto:e@news.example.org"))

    assert "List-Unsubscribe-Post" not in message
    assert str(message["List-Unsubscribe"]).startswith("<mailto:")


def test_a_token_within_a_piece_is_refused() -> None:
    """It would be sent as it is, to everybody."""
    edition = replace(make_edition(), blocks=[f"Hello {token('greeting')}"] * 9)

    with pytest.raises(TemplateError, match="another version"):
        encode_edition(make_issue(), edition, make_letterhead())


@given(st.lists(st.lists(st.sampled_from(["a", "b\n", *map(token, NAMES)])).map("".join)))
def test_blocks_are_cut_at_their_tokens_and_kept_once(some: list[str]) -> None:
    """The pieces make the blocks again, tokens stand alone, and nothing is there twice."""
    blocks = Blocks()

    numbers = blocks.numbers(some)

    assert "".join(blocks.table[number] for number in numbers) == "".join(some)
    assert all(TOKEN.fullmatch(piece) or not TOKEN.search(piece) for piece in blocks.table)
    assert len(set(blocks.table)) == len(blocks.table)
    assert blocks.numbers(some) == numbers


NAMES_OF_PEOPLE = st.text(
    st.characters(categories=["L", "N", "P", "S", "Zs", "M"], exclude_characters="\x85"),
    max_size=60,
).map(lambda name: " ".join(name.split()))


@given(NAMES_OF_PEOPLE, st.text(st.characters(exclude_categories=["Cs", "Cc", "Co"]), max_size=300))
def test_decoded_message_equals_what_the_standard_library_builds(name: str, words: str) -> None:
    """Cut, encoded and spliced, both parts decode to exactly what EmailMessage would send."""
    text = f"Dear {token('greeting')}: {words}\n{token('unsubscribe')}\n.\nFrom here = {token('email')} \n"
    body = (
        f'<p>{html.escape(words)} {token("greeting")}</p>\n<a href="{token("unsubscribe")}">x</a>\n'
    )
    recipient = make_recipient(name=name)
    values = recipient.values
    wanted = EmailMessage()
    wanted.set_content(TOKEN.sub(lambda found: values[found[1]], text), cte="quoted-printable")
    wanted.add_alternative(
        TOKEN.sub(lambda found: html.escape(values[found[1]]), body),
        subtype="html",
        cte="quoted-printable",
    )

    raw = send(make_edition(text=text, html=body), recipient)

    message = read(raw)
    for kind in ("plain", "html"):
        assert part(message, kind).rstrip("\n") == part(read(wanted.as_bytes()), kind).rstrip("\n")
    assert all(len(line) <= 76 for line in raw.partition(b"\r\n\r\n")[2].split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert raw.isascii()


@pytest.mark.parametrize("length", range(68, 80))
@pytest.mark.parametrize("begin", ["", "From ", "é", "x\n", "x\nFrom "])
@pytest.mark.parametrize("end", ["a", "é", "=", " ", "."])
def test_no_line_is_too_long_where_pieces_join(begin: str, end: str, length: int) -> None:
    """A soft break follows each piece; the last line of a piece leaves it a column."""
    piece = begin + "a" * (length - len(begin)) + end
    name = " ".join(piece.split())
    recipient = make_recipient(name=name)
    text = f"{piece}{token('greeting')}, {token('email')}\n"

    raw = send(make_edition(text=text, html=f"<p>{piece}{token('greeting')}</p>\n"), recipient)

    assert part(read(raw), "plain").startswith(f"{piece}{recipient.values['greeting']}, ")
    assert all(len(line) <= 76 for line in raw.partition(b"\r\n\r\n")[2].split(b"\r\n"))


FROM = st.text(st.sampled_from("From ab=\nü"), max_size=200).map(
    lambda some: some.replace("F", "From ")
)


@given(FROM, FROM)
def test_no_line_of_a_message_begins_with_from_and_a_space(words: str, name: str) -> None:
    """Mailbox files would write `>` before it, and break the signature; it decodes to what it was."""
    text = f"From {words}{token('greeting')}From \nFrom {token('email')}\n"
    recipient = make_recipient(name=" ".join(name.split()), email="From x@readers.example")

    raw = send(make_edition(text=text, html=f"<pre>\n{text}</pre>\n"), recipient)

    body = raw.partition(b"\r\n\r\n")[2]
    assert not any(line.startswith(b"From ") for line in body.split(b"\r\n"))
    assert b"\r\n=46rom" in body
    assert all(len(line) <= 76 for line in body.split(b"\r\n"))
    wanted = TOKEN.sub(lambda found: recipient.values[found[1]], text)
    assert part(read(raw), "plain").rstrip("\n") == wanted.rstrip("\n")


def test_a_subject_that_begins_with_from_stays_as_it_is() -> None:
    """A header is no body: its name stands before it, on every line but folded ones."""
    raw = send(make_edition(subject="From " + "words " * 30), make_recipient())

    assert str(read(raw)["Subject"]).startswith("From words")
    assert not any(line.startswith(b"From ") for line in raw.split(b"\r\n"))


@given(NAMES_OF_PEOPLE)
def test_names_in_any_script_arrive(name: str) -> None:
    """The To header decodes to the name, whatever its script, and no encoded word is too long."""
    raw = send(make_edition(), make_recipient(name=name))

    head = raw.partition(b"\r\n\r\n")[0].decode("ascii")
    to = head.partition("\r\nTo: ")[2].partition("\r\nMessage-ID")[0]
    assert to.endswith("<ada@readers.example>")
    assert all(len(word) <= 75 for word in re.findall(r"=\?[^ ]*\?=", head))
    if name and not name.isascii():
        shown = str(email.header.make_header(email.header.decode_header(to)))
        assert shown.removesuffix("<ada@readers.example>").strip() == name


@pytest.mark.parametrize(
    "evil", ["Ada\r\nBcc: all@example.org", "Ada\nX: y", "Ada\x00", "Ada\u2028X"]
)
def test_no_value_can_smuggle_in_a_header(evil: str) -> None:
    """A control character in a name, address, subject or list name is refused at one gate."""
    with pytest.raises(HeaderError, match="control character"):
        send(make_edition(), make_recipient(name=evil))
    with pytest.raises(HeaderError):
        send(make_edition(), make_recipient(email=f"{evil}@example.org"))
    with pytest.raises(HeaderError):
        send(make_edition(subject=evil), make_recipient())
    with pytest.raises(HeaderError):
        send(make_edition(), make_recipient(), name=evil)


def test_a_long_subject_in_any_script_decodes_whole() -> None:
    """Encoded words are cut between characters, never inside one."""
    subject = "日刊論文、三月十七日：" + "言語モデルは何を読んだのか" * 6

    assert str(read(send(make_edition(subject=subject), make_recipient()))["Subject"]) == subject


def test_the_same_delivery_is_the_same_message() -> None:
    """Message-ID and bytes depend on issue and subscriber only."""
    assert send(make_edition(), make_recipient()) == send(make_edition(), make_recipient())
    assert set(NAMES) == set(make_recipient().values)


NAMED = {
    f"{letter * 64}.{kind}": bytes([number]) * 5_000
    for number, (letter, kind) in enumerate([("a", "png"), ("b", "jpg"), ("c", "png")])
}


def with_images(*names: str) -> Edition:
    """Return an edition whose HTML names pictures within the mail."""
    edition = make_edition()
    images = "".join(f'<img src="cid:{name}@news.example.org" alt="x">' for name in names)
    blocks = Blocks()
    return replace(
        edition,
        html_blocks=blocks.numbers(
            [images, *(edition.blocks[number] for number in edition.html_blocks)]
        ),
        text_blocks=blocks.numbers([edition.blocks[number] for number in edition.text_blocks]),
        blocks=blocks.table,
    )


def illustrated(*names: str) -> tuple[bytes, EmailMessage]:
    encoded = encode_edition(
        make_issue(), with_images(*names), make_letterhead(), lambda name: NAMED.get(name, b"")
    )
    message = compose(encoded, make_recipient())
    return message, read(message)


def test_pictures_are_parts_of_the_mail() -> None:
    """RFC 2387 and 2392: both bodies first, then each picture once, named as the HTML names it."""
    names = [*NAMED, next(iter(NAMED))]
    raw, message = illustrated(*names)

    kinds = [found.get_content_type() for found in message.walk()]
    assert kinds == [
        "multipart/related", "multipart/alternative", "text/plain", "text/html",
        "image/png", "image/jpeg", "image/png",
    ]  # fmt: skip
    assert message.get_param("type") == "multipart/alternative"
    parts = [found for found in message.walk() if found.get_content_maintype() == "image"]
    assert [found["Content-ID"] for found in parts] == [
        f"<{name}@news.example.org>" for name in NAMED
    ]
    assert [found.get_content() for found in parts] == list(NAMED.values())
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert message.defects == []


def test_bodies_are_the_same_with_and_without_pictures() -> None:
    """What is read as text does not change."""
    _, plain = illustrated()
    _, shown = illustrated(*NAMED)

    assert part(plain, "plain") == part(shown, "plain")
    assert part(shown, "html").endswith(part(plain, "html"))
    assert plain.get_content_type() == "multipart/alternative"


def test_pictures_that_are_gone_are_left_out() -> None:
    """The words in their place remain; without any picture the mail is as usual."""
    gone = f"{'d' * 64}.png"
    _, some = illustrated(gone, *NAMED)
    _, none = illustrated(gone)

    assert sum(found.get_content_maintype() == "image" for found in some.walk()) == 3
    assert none.get_content_type() == "multipart/alternative"


def test_words_of_a_paper_name_no_picture() -> None:
    """A title may contain what names a part; it is escaped, and attaches nothing."""
    title = html.escape(f'src="cid:{next(iter(NAMED))}@news.example.org"')
    edition = make_edition()
    blocks = Blocks()
    changed = replace(
        edition,
        html_blocks=blocks.numbers(
            [title, *(edition.blocks[number] for number in edition.html_blocks)]
        ),
        text_blocks=blocks.numbers([edition.blocks[number] for number in edition.text_blocks]),
        blocks=blocks.table,
    )
    encoded = encode_edition(make_issue(), changed, make_letterhead(), lambda name: NAMED[name])

    assert read(compose(encoded, make_recipient())).get_content_type() == "multipart/alternative"
