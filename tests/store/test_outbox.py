"""An issue as files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from makers import (
    TODAY,
    ListQueue,
    make_delivery,
    make_edition,
    make_issue,
    make_paper,
    make_parcel,
    make_pick,
    run,
)

from newsletter.errors import StoreError
from newsletter.model import Claim, DeliveryState
from newsletter.render.words import say
from newsletter.send.outbox import OutboxTransport
from newsletter.store import Outbox


def test_files_are_written_and_old_ones_taken_away(tmp_path: Path) -> None:
    """What an issue no longer has is gone; what is not for reading stays."""
    outbox = Outbox(tmp_path)
    outbox.write_files(make_issue(), [("gone.html", b"x"), ("gone.eml", b"x")])
    (tmp_path / TODAY.isoformat() / "papers.json").write_bytes(b"{}")

    written = outbox.write_files(make_issue(), [("a+b.html", b"page"), ("a+b.eml", b"message")])

    folder = tmp_path / TODAY.isoformat()
    assert {path.name for path in folder.iterdir()} == {"a+b.html", "a+b.eml", "papers.json"}
    assert (folder / "a+b.eml").read_bytes() == b"message"
    assert [path.name for path in written] == ["a+b.eml", "a+b.html"]


def test_papers_json_holds_picks_with_their_reasons(tmp_path: Path) -> None:
    """Every paper of the day, and for each edition what it shows and why."""
    edition = make_edition(picks=(make_pick(),))

    path = Outbox(tmp_path).write_papers(make_issue(), [make_paper()], [edition], say)

    content = json.loads(path.read_text("utf-8"))
    assert content["papers"][0]["title"] == make_paper().title
    assert content["editions"]["language-models"][0]["reasons"] == ["matches “x” in the title"]


def test_the_outbox_transport_writes_one_file_each(tmp_path: Path) -> None:
    """Writing again changes nothing; an odd address is no path."""
    transport = OutboxTransport(Outbox(tmp_path).write_message, str(tmp_path))
    odd = make_delivery(email="../../a/b@readers.example")
    parcel = replace(make_parcel(), claim=Claim(delivery=odd, owner="me"))

    for _ in range(2):
        queue = ListQueue([replace(parcel)])
        run(transport.work(queue))
        assert queue.outcomes["ada"].state is DeliveryState.ACCEPTED

    (written,) = (tmp_path / TODAY.isoformat() / "eml").iterdir()
    assert written.name == ".._.._a_b@readers.example.id-ada.eml"


def test_every_reader_has_a_file_of_their_own(tmp_path: Path) -> None:
    """Also where two addresses would be written alike, or are longer than a file's name may be."""
    long = "x" * 64 + "@" + ".".join(["y" * 60] * 3) + ".example"
    odd = ("a!b@r.example", "a#b@r.example", "a_b@r.example", "A_b@r.example", long, long + "z")
    parcels = [
        replace(make_parcel(), claim=Claim(delivery=make_delivery(email=email, subscriber=str(n)), owner="me"))
        for n, email in enumerate(odd)
    ]  # fmt: skip

    queue = ListQueue(parcels)
    run(OutboxTransport(Outbox(tmp_path).write_message, str(tmp_path)).work(queue))

    assert all(outcome.state is DeliveryState.ACCEPTED for outcome in queue.outcomes.values())
    names = {path.name for path in (tmp_path / TODAY.isoformat() / "eml").iterdir()}
    assert len(names) == len(odd)
    assert "a_b@r.example.eml" in names


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    """Nothing is half written, and the message says how to mend it."""
    (tmp_path / TODAY.isoformat()).write_text("a file where a folder should be")

    with pytest.raises(StoreError, match="run again: nothing was lost"):
        Outbox(tmp_path).write_files(make_issue(), [("a.html", b"x")])
