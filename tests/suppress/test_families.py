"""What the mail servers of the world say, family by family: shapes, and words in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.model import Verdict
from newsletter.send.verdicts import judge
from newsletter.suppress.bounces import read_report
from newsletter.suppress.events import ReportKind

FOLDER = Path(__file__).parent / "families"
READER = "ada@reader.example"


def _blocks(name: str) -> dict[str, str]:
    text = (FOLDER / name).read_text("utf-8")
    blocks = re.split(r"^=== (\S+)\n", text, flags=re.MULTILINE)[1:]
    return dict(zip(blocks[::2], blocks[1::2], strict=True))


def _rows(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        if line and not line.startswith("#"):
            expected, _, said = line.partition(" | ")
            yield expected, said.replace("\\n", "\n")


SHAPES, WORDINGS = _blocks("shapes.txt"), _blocks("wordings.txt")
REPLIES = tuple(_rows((FOLDER / "replies.txt").read_text("utf-8")))


@pytest.mark.parametrize("family", WORDINGS)
def test_a_family_of_servers_is_understood(family: str) -> None:
    """That an address is not there is found in its reports, and nothing else is taken for that."""
    wrong = []
    for expected, said in _rows(WORDINGS[family]):
        kind, status = expected.split()
        raw = SHAPES[family].replace("{status}", status).replace("{said}", said)
        found = read_report(raw.encode())
        bounced = [event.verdict for event in found if event.kind is ReportKind.BOUNCE]
        gone = any(verdict.is_hard or verdict is Verdict.SAID_GONE for verdict in bounced)
        if gone != (kind == "hard") or READER not in [event.email for event in found]:
            wrong.append((kind, said, found))

    assert wrong == []


@pytest.mark.parametrize(("expected", "reply"), REPLIES)
def test_a_reply_is_of_the_address_or_of_something_else(expected: str, reply: str) -> None:
    """Words that many servers have are understood wherever they stand."""
    found = re.match(r"(\d{3})[ -](?:#?(\d\.\d+\.\d+) )?", reply)
    assert found

    assert judge(int(found[1]), found[2] or "", reply).is_hard == (expected == "hard")
