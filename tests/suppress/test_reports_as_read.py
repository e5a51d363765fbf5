"""Mail that came back, taken apart: parts, headers, texts, words, fields."""

from __future__ import annotations

import base64
import json

import pytest

from newsletter.suppress.reports import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_ENCODED,
    MAX_HEAD,
    MAX_PARTS,
    MAX_TEXT,
    MAX_WORDS,
    MessagePart,
    addresses,
    decoded,
    fields_of,
    groups_of,
    headers_of,
    read_parts,
    tells_as_json,
    text_of,
    words_of,
)


def part(body: bytes = b"", kind: str = "text/plain", **headers: str) -> MessagePart:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return MessagePart(headers=named, kind=kind, body=body, is_copied=False, holds_parts=False)


def test_headers_are_unfolded_and_their_names_lower_case() -> None:
    """Lines that are no header are passed over, and what continues none (RFC 5322, 2.2)."""
    head = b" lost\n\tlost\nSubject:  One \n  two\t\n\tthree\nno header\nX-A : b:c\nEmpty:\nSUBJECT: again"

    assert headers_of(head) == (
        ("subject", "One two three"),
        ("x-a", "b:c"),
        ("empty", ""),
        ("subject", "again"),
    )
    assert headers_of(b"To: caf\xe9") == (("to", "caf\ufffd"),)
    assert headers_of(b"") == ()


def test_a_part_gives_its_headers_by_name() -> None:
    """The first, or all of them in their order; nothing where there is none."""
    piece = MessagePart(
        headers=(("to", "a"), ("cc", "b"), ("to", "c")), kind="text/plain", body=b"",
        is_copied=False, holds_parts=False,
    )  # fmt: skip

    assert (piece.get("to"), piece.get("cc"), piece.get("from")) == ("a", "b", "")
    assert (piece.all("to"), piece.all("from")) == (["a", "c"], [])


MIXED = b"""Subject: all\r
Content-Type: Multipart/Mixed; charset=x; BOUNDARY = "a b"\r
\r
before\r
--a b\r
Content-Type: TEXT/HTML\r
\r
<p>one</p>\r
--a b \t\r
\r
two\r
--a bc\r
still two\r
--a b\r
Content-Type: message/rfc822\r
\r
Subject: inner\r
\r
three\r
--a b--\r
after\r
--a b\r
\r
never\r
"""


def test_a_message_is_taken_apart_in_its_order() -> None:
    """Kinds in lower case, bodies as they are; what is outside of the boundaries is no part."""
    parts = read_parts(MIXED)

    assert [(piece.kind, piece.body, piece.is_copied, piece.holds_parts) for piece in parts] == [
        ("multipart/mixed", MIXED.replace(b"\r\n", b"\n").partition(b"\n\n")[2], False, True),
        ("text/html", b"<p>one</p>", False, False),
        ("text/plain", b"two\n--a bc\nstill two", False, False),
        ("message/rfc822", b"Subject: inner\n\nthree", True, True),
        ("text/plain", b"three", True, False),
    ]
    assert [piece.get("subject") for piece in parts] == ["all", "", "", "", "inner"]


@pytest.mark.parametrize(
    ("kind", "copied"),
    [
        ("message/rfc822", [False, True, True]),
        ("message/global", [False, True, True]),
        ("text/rfc822-headers", [False, True]),
        ("message/rfc822-headers", [False, True]),
        ("text/plain", [False, False]),
        ("message/delivery-status", [False, False]),
    ],
)
def test_the_message_that_a_report_is_about_is_known(kind: str, copied: list[bool]) -> None:
    """It, and what stands in it; a message as a whole is never a copy of itself."""
    inner = f"Content-Type: {kind}\n\nSubject: x\n\nhello"
    raw = f"Content-Type: multipart/report; boundary=b\n\n--b\n{inner}\n--b--\n"

    assert [piece.is_copied for piece in read_parts(raw.encode())] == copied
    assert read_parts(inner.encode())[0].is_copied is False


@pytest.mark.parametrize(
    ("content_type", "kind", "count"),
    [
        ("multipart/mixed; boundary=b", "multipart/mixed", 2),
        ("multipart/mixed;boundary = 'b'", "multipart/mixed", 1),
        ('multipart/mixed; boundary="b"', "multipart/mixed", 2),
        ('multipart/mixed; boundary="b "', "multipart/mixed", 2),
        ("multipart/mixed; x=y;\n  boundary=b;z=1", "multipart/mixed", 2),
        ("multipart/mixed", "multipart/mixed", 1),
        ("text/plain; boundary=b", "text/plain", 1),
        ("", "text/plain", 1),
        ("; charset=x", "text/plain", 1),
        ("nonsense", "nonsense", 1),
    ],
)
def test_what_makes_parts_of_a_part(content_type: str, kind: str, count: int) -> None:
    """A kind of multipart and its boundary, however that is written."""
    found = read_parts(f"Content-Type: {content_type}\n\n--b\n\nx\n--b--\n".encode())

    assert (found[0].kind, len(found)) == (kind, count)
    assert found[0].holds_parts is (count > 1)


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        (b"--b\n\none\n--b\n\ntwo\n--b--\n", [b"one", b"two"]),
        (b"--b\n\none\n--b\n\ntwo", [b"one", b"two"]),
        (b"--b\n\none\n--b\n\ntwo\n", [b"one", b"two\n"]),
        (b"--b\n--b\n\ntwo\n--b--", [b"", b"two"]),
        (b"--b", [b""]),
        (b"--b--\n\none\n--b\n", []),
        (b"x--b\n\none\n--b--\n", []),
        (b"nothing", []),
    ],
)
def test_boundaries_stand_on_lines_of_their_own(body: bytes, parts: list[bytes]) -> None:
    """The last one may be missing, where a gateway cut the mail off (RFC 2046, 5.1.1)."""
    found = read_parts(b"Content-Type: multipart/mixed; boundary=b\n\n" + body)

    assert [piece.body for piece in found[1:]] == parts


def test_a_body_without_headers_and_headers_without_a_body() -> None:
    """An empty line first means that there are none; no empty line, that all are headers."""
    (body,) = read_parts(b"\nFrom: x\n\ny")
    (head,) = read_parts(b"From: x\rTo: y")

    assert (body.headers, body.body) == ((), b"From: x\n\ny")
    assert (head.headers, head.body) == ((("from", "x"), ("to", "y")), b"")


def test_limits_of_what_is_read() -> None:
    """Bytes, parts, levels and headers beyond the limits are ignored."""
    (long,) = read_parts(b"A: b\n\n" + b"x" * MAX_BYTES)
    assert len(long.body) == MAX_BYTES - len(b"A: b\n\n")

    (wide,) = read_parts(b"A: " + b"x" * MAX_HEAD + b"\n\nbody")
    assert (len(wide.get("a")), wide.body) == (MAX_HEAD - len("A: "), b"body")

    head = b"Content-Type: multipart/mixed; boundary=b\n\n"
    many = read_parts(head + b"--b\n\nx\n" * (MAX_PARTS + 9) + b"--b--\n")
    assert len(many) == MAX_PARTS

    nested = read_parts(b"Content-Type: message/rfc822\n\n" * (MAX_DEPTH + 9))
    assert [piece.holds_parts for piece in nested] == [True] * MAX_DEPTH + [False]


@pytest.mark.parametrize(
    ("body", "encoding", "charset", "text"),
    [
        (b"caf\xc3\xa9", "", "", "café"),
        (b"caf\xc3\xa9", "8bit", "utf-8", "café"),
        (b"caf\xe9", "", "iso-8859-1", "café"),
        (b"caf\xe9", "", "LATIN1", "café"),
        (b"\xcf\xf0\xe8", "", "windows-1251", "При"),
        (b"caf\xe9", "", "utf-8", "caf\ufffd"),
        (b"caf\xe9", "", "punycode", "caf\ufffd"),
        (b"caf\xe9", "", "iso-8859-99", "café"),
        (b"caf=C3=A9=\n!", "quoted-printable", "", "café!"),
        (b"caf=E9", " Quoted-Printable ", '"iso-8859-1"', "café"),
        (b"Y2Fm\nw6k=", "base64", "", "café"),
        (b" Y2Fm-w6k ", "BASE64", "utf8", "café"),
        (b"Y2Fmw6k", "base64", "", "café"),
        (b"Y2Fmw6", "base64", "", "caf\ufffd"),
        (b"Y2FmY", "base64", "", "caf"),
        (b"Y2Fm", "x-none", "", "Y2Fm"),
    ],
)
def test_a_part_as_text(body: bytes, encoding: str, charset: str, text: str) -> None:
    """However it is encoded; charsets that are none are UTF-8, and no bytes are an error."""
    kind = f"text/plain; charset={charset}" if charset else "text/plain"
    piece = part(body, content_type=kind, content_transfer_encoding=encoding)

    assert text_of(piece) == text


def test_so_much_of_a_part_is_decoded_and_kept() -> None:
    """Bytes before decoding, characters after it."""
    assert text_of(part(b"x" * (MAX_TEXT + 5))) == "x" * MAX_TEXT

    encoded = base64.b64encode(b"y" * MAX_ENCODED)
    wide = part(
        encoded, content_type="text/plain; charset=utf-16-le", content_transfer_encoding="base64"
    )
    assert len(text_of(wide)) == MAX_TEXT
    qp = part(b"=\n" * (MAX_ENCODED // 2) + b"z", content_transfer_encoding="quoted-printable")
    assert text_of(qp) == ""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("=?utf-8?b?w6k=?= x", "é x"),
        ("=?UTF-8?Q?a_=C3=A9?=", "a é"),
        ("=?iso-8859-1?q?=E9?= =?iso-8859-1?q?=E8?=", "éè"),
        ("=?iso-8859-1?q?=E9?=  and  =?iso-8859-1?q?=E8?=", "é  and  è"),
        ("=?utf-8*de?q?a?=", "a"),
        ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
        ("=?utf-8?B?w6k?=", "é"),
        ("=?nowhere?q?=C3=A9?=", "é"),
        ("plain", "plain"),
    ],
)
def test_encoded_words(text: str, found: str) -> None:
    """RFC 2047; white space between two of them is none, and what is broken stays as it is."""
    assert decoded(text) == found


def test_addresses_in_headers() -> None:
    """Every one in every value, with what may stand in a local part, and never the dot behind."""
    values = [
        "Ada <ada@x.example>, bo+tag@y.example.",
        "none",
        "<c!d#e@z-z.example>; @w.example f@",
    ]

    assert list(addresses(values)) == ["ada@x.example", "bo+tag@y.example", "c!d#e@z-z.example"]


def test_fields_are_those_of_headers_and_the_first_counts() -> None:
    """As in a notification: names in lower case, values unfolded."""
    text = "Action: failed\nSTATUS: 5.1.1\n (bad)\nstatus: 4.0.0\n"

    assert fields_of(text) == {"action": "failed", "status": "5.1.1 (bad)"}
    assert fields_of("\ud800: x\n") == {"?": "x"}


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("", []),
        ("A: 1\n\nB: 2\nC: 3\n", [{"a": "1"}, {"b": "2", "c": "3"}]),
        ("\n\n A\nB: 2\n \t\n\nC: 3", [{"b": "2"}, {"c": "3"}]),
        (
            "Final-Recipient: a\nAction: x\nFinal-Recipient: b\nAction: y",
            [{"final-recipient": "a", "action": "x"}, {"final-recipient": "b", "action": "y"}],
        ),
        (
            "Original-Recipient: a\nfinal-recipient : b\nAction: x\nORIGINAL-RECIPIENT: c",
            [
                {"original-recipient": "a", "final-recipient": "b", "action": "x"},
                {"original-recipient": "c"},
            ],
        ),
        ("Action: x\nAction: y\nStatus: z", [{"action": "x", "status": "z"}]),
    ],
)
def test_groups_of_fields(text: str, groups: list[dict[str, str]]) -> None:
    """Set apart by an empty line, or by a recipient where a gateway lost those (RFC 3464, 2.1)."""
    assert list(groups_of(text)) == groups


def notice(*recipients: dict[str, object]) -> str:
    """Return Amazon SES's notice of a bounce."""
    return json.dumps({"bounce": {"bounceType": "Permanent", "bouncedRecipients": recipients}})


def test_fields_as_json() -> None:
    """Amazon SES writes them so, its own words beside them, as text in text or not."""
    text = notice(
        {
            "emailAddress": "a@x.example",
            "action": "failed",
            "status": "5.1.1",
            "diagnosticCode": "550",
        },
        {"emailAddress": "b@x.example", "more": 1},
    )
    expected = [
        {"final-recipient": "a@x.example", "action": "failed", "status": "5.1.1", "diagnostic-code": "550"},
        {"final-recipient": "b@x.example"},
    ]  # fmt: skip

    assert tells_as_json(text)
    assert list(groups_of(text)) == expected
    assert list(groups_of(json.dumps({"Message": text}))) == expected
    assert not tells_as_json('"recipients": []')


def test_json_that_is_broken_is_passed_over() -> None:
    """What is whole is read all the same; a number is text, and half a character is none."""
    text = (
        '"bouncedRecipients": [{"emailAddress": }, {"emailAddress": 5, "status": "a\tb"}, '
        '{"emailAddress": "\\ud800@x.example"}]'
    )

    assert list(groups_of(text)) == [
        {"final-recipient": "5", "status": "a\tb"},
        {"final-recipient": "?@x.example"},
    ]


def message(*parts: str) -> list[MessagePart]:
    inner = "".join(f"--b\n{text}\n" for text in parts)
    return read_parts(f"Content-Type: multipart/mixed; boundary=b\n\n{inner}--b--\n".encode())


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (["Content-Type: text/plain\n\nHello\nthere"], "Hello\nthere"),
        (["Content-Type: text/html\n\n<p>Hello <b\nx='y'>there</b>"], " Hello  there "),
        (["Content-Type: image/png\n\nxyz", "\nHello"], "Hello"),
        (["Content-Type: message/delivery-status\n\nAction: x", "\nHello"], "Hello"),
        (["Content-Type: message/global-delivery-status\n\nAction: x", "\nHello"], "Hello"),
        (["Content-Type: message/rfc822\n\nA: b\n\nours", "\nHello"], "Hello"),
        (["Content-Type: text/plain\n\n \n\t", "\nHello"], "Hello"),
        (["\nHello", "\nthere"], "Hello"),
        (["Content-Type: multipart/x\n\nHello"], "Hello"),
        (["Content-Type: image/png\n\nxyz"], ""),
    ],
)
def test_the_words_of_a_report(parts: list[str], words: str) -> None:
    """Its first text, without the message that it is about, pictures, fields and marks of HTML."""
    assert words_of(message(*parts)) == words


OURS = [
    "--- Below this line is a copy of the message.",
    "------ Original Message ------",
    "----- message header follows -----",
    "--- The header of the original message is following.",
    "This is a copy of your message",
    "Your message is returned below",
    "Unsent message below",
    "Headers of the returned message:",
    "A copy of your original message is attached",
    "Received: from x by y",
    "RETURN-PATH: <x@y>",
    "Message-ID: <x@y>",
]


@pytest.mark.parametrize("line", OURS)
def test_words_end_where_our_own_message_begins(line: str) -> None:
    """What stands below is ours: its words say nothing of the reader."""
    before = "It could not be delivered, and here is why it could not.\n"

    assert words_of(read_parts(f"\n{before}{line}\nuser unknown\n".encode())) == before


def test_a_title_at_the_beginning_is_no_end() -> None:
    """Forty characters are read before an end is looked for, and so many at most."""
    text = "Undelivered message returned to sender\n--- original message ---\nrest"
    assert len("Undelivered message returned to sender\n") == 39

    assert words_of(read_parts(f"\n{text}".encode())) == text
    end = f"\nx{text}"
    assert words_of(read_parts(end.encode())) == "xUndelivered message returned to sender\n"
    assert len(words_of(read_parts(b"\n" + b"x " * MAX_WORDS))) == MAX_WORDS


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("=?iso-8859-1?b?6Q==?=", "é"),
        ("=?iso-8859-1?B?6Q==?=", "é"),
        ("=?utf-8?q?é?=", "?"),
        ("=?utf-8?b?YQ==é?=", "a"),
    ],
)
def test_encoded_words_of_either_kind(text: str, found: str) -> None:
    """By their own charset; what is not ASCII in them is none of them."""
    assert decoded(text) == found


def test_names_in_any_case_and_values_with_colons() -> None:
    """Both may occur in the parameters of a header and in the fields of a report."""
    assert text_of(part(b"caf\xe9", content_type="text/plain; CHARSET=ISO-8859-1")) == "café"
    assert text_of(part(b"caf\xe9", content_type="text/plain; charset = iso-8859-1")) == "café"
    lines = "Final-Recipient: x:a\nAction: f\nFinal-Recipient: x:b\nAction: g"
    assert [group["final-recipient"] for group in groups_of(lines)] == ["x:a", "x:b"]
