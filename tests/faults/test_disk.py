"""A disk that is full in the middle of sending: a small file system, filled by the test."""

from __future__ import annotations

import collections
import contextlib
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from commands import PROGRAM
from makers import counts_of, over_smtp, write_letter
from servers import Message, Page, http_server, smtp_server

READERS = 60
CONNECTIONS = 3
RSS = Page(
    b"<rss version='2.0'><channel><title>x</title><item><title>Agents</title>"
    b"<link>https://arxiv.org/abs/2603.99001</link></item></channel></rss>"
)


@pytest.fixture
def mounted() -> Iterator[Callable[[Path], Path]]:
    """Mount a file system of 8 MB at a folder; skips where that is not allowed."""
    places: list[Path] = []

    def mount(folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
        if shutil.which("mount") is None or subprocess.run(command, check=False).returncode:
            pytest.skip("only who may mount a file system can fill one")
        places.append(folder)
        return folder

    yield mount
    for place in places:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(folder: Path, left: int = 0) -> Path:
    """Fill a file system up to so many bytes; return the file that does it."""
    filler = folder / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while shutil.disk_usage(folder).free > left:
            file.write(bytes(4096))
    return filler


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [*PROGRAM, "run", "--quiet"]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )


def test_a_ledger_that_cannot_be_written_stops_the_sender(
    tmp_path: Path, root: Path, mounted: Callable[[Path], Path]
) -> None:
    """Told in one line; with room again everybody has one mail, or is held as unknown."""
    folder = mounted(tmp_path / "disk")
    filler: list[Path] = []

    def fill_at_twentieth(_message: Message) -> None:
        if len(mail.messages) == 20:
            filler.append(fill(folder))

    with http_server(feed=RSS) as web, smtp_server(on_message=fill_at_twentieth) as mail:
        write_letter(folder, root, web.url, over_smtp(mail.port, CONNECTIONS), READERS)
        stopped = run(folder)
        sent_until_full = len(mail.messages)
        filler[0].unlink()
        done = run(folder)
        counts = counts_of(folder)

    assert stopped.returncode == 1
    assert "database or disk is full; make room on the disk and run again" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert 20 <= sent_until_full < READERS
    assert done.returncode in (0, 3), done.stderr
    copies = collections.Counter(message.recipient for message in mail.messages)
    assert max(copies.values()) == 1
    assert counts["accepted"] + counts["unknown"] == READERS
    assert counts["unknown"] <= CONNECTIONS
    assert len(copies) >= counts["accepted"]


def test_an_outbox_without_room_stops_the_sender(
    tmp_path: Path, root: Path, mounted: Callable[[Path], Path]
) -> None:
    """No file is left half written; with room again the next run writes what is missing."""
    with http_server(feed=RSS) as web:
        write_letter(tmp_path, root, web.url, "{transport: outbox, connections: 1}", READERS)
        outbox = mounted(tmp_path / "outbox")
        filler = fill(outbox, left=400_000)
        stopped = run(tmp_path)
        some = mails(outbox)
        filler.unlink()
        done = run(tmp_path)
        counts = counts_of(tmp_path)

        assert stopped.returncode == 1
        assert "no space left on device; make room" in stopped.stderr
        assert 0 < len(some) < READERS
        assert all(raw.endswith(b"--\r\n") for raw in some)
        assert done.returncode == 0, done.stderr
        assert counts["accepted"] == len(mails(outbox)) == READERS
        assert not list(outbox.rglob("*.part"))


def mails(outbox: Path) -> list[bytes]:
    return [path.read_bytes() for path in outbox.rglob("eml/*.eml")]
