"""An issue as files under outbox/<date>/, and the transport that only writes files."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import re
import stat
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from newsletter.errors import StoreError
from newsletter.model import Delivery, DeliveryState, Edition, Issue, Outcome, Paper, Pick


class Outbox:
    """The outbox folder. It is private: editions and messages tell who reads what."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`, which is made when the first file is written."""
        self.folder = folder

    def of(self, date: dt.date) -> Path:
        """Return the folder of the issue of `date`."""
        return self.folder / date.isoformat()

    def write_files(self, issue: Issue, files: Iterable[tuple[str, bytes]]) -> tuple[Path, ...]:
        """Write what an issue is to be read from: pages, texts and messages, by file name.

        Files of that kind that the issue no longer has are taken away.
        """
        folder = self.of(issue.date)
        written: set[Path] = set()
        for name, content in files:
            write(folder / name, content)
            written.add(folder / name)
        with _clear_errors(folder):
            for path in folder.glob("*"):
                if path.suffix in (".html", ".txt", ".eml") and path not in written:
                    path.unlink(missing_ok=True)
        return tuple(sorted(written))

    def write_papers(
        self, issue: Issue, papers: Iterable[Paper], editions: Iterable[Edition]
    ) -> Path:
        """Write papers.json: every paper of the day, and what each edition shows and why."""
        path = self.of(issue.date) / "papers.json"
        content = {
            "date": issue.date.isoformat(),
            "number": issue.number,
            "papers": [as_json(paper) for paper in papers],
            "editions": {
                edition.key: [pick_json(pick) for pick in edition.picks] for edition in editions
            },
        }
        write(path, json.dumps(content, ensure_ascii=False, indent=1).encode())
        return path


def as_json(value: Any) -> Any:
    """Return a dataclass as plain JSON data."""
    return json.loads(json.dumps(asdict(value), default=str))


def pick_json(pick: Pick) -> dict[str, Any]:
    """Return a pick as plain JSON data, with the parts of its score."""
    return {
        "paper": pick.paper.id,
        "title": pick.paper.title,
        "topic": pick.topic,
        "score": round(pick.score.total, 4),
        "parts": [as_json(part) for part in pick.score.parts],
        "reasons": list(pick.reasons),
        "tldr": pick.tldr,
    }


def write(path: Path, content: bytes, *, public: bool = False) -> None:
    """Write a file whole or not at all; raises StoreError when the disk refuses.

    What is not `public` can be read by its owner only, and so can its folder, whatever the umask
    is: it holds addresses, or links that are as good as a password.
    """
    with _clear_errors(path):
        make_folder(path.parent, public=public)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o644 if public else 0o600)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def make_folder(path: Path, *, public: bool = False) -> None:
    """Make a folder, and those above it that are missing; close a private one to others."""
    missing = [one for one in (path, *path.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(exist_ok=True)
        one.chmod(0o755 if public else 0o700)
    mode = path.stat().st_mode
    if not public and mode & 0o077:
        path.chmod(stat.S_IMODE(mode) & ~0o077)


@contextlib.contextmanager
def _clear_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{path}: {(error.strerror or str(error)).lower()}; make room or mend its permissions, "
            "then run again: nothing was lost"
        ) from None


class Work(Protocol):
    """Where messages come from; `newsletter.send` has it."""

    async def next(self) -> Any:
        """Return the next delivery with its `message`; None when there is no more."""
        ...

    def settle(self, parcel: Any, outcome: Outcome) -> None:
        """Report what became of it."""
        ...


class OutboxTransport:
    """Delivers into files: outbox/<date>/eml/<address>.eml. Nothing leaves the machine.

    Writing the same file again changes nothing, so no delivery is ever ambiguous.
    """

    def __init__(self, outbox: Outbox) -> None:
        """Write below `outbox`."""
        self._outbox = outbox

    async def check(self) -> str:
        """Return where mail would go."""
        return f"files in {self._outbox.folder}, not out of this machine"

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[OutboxTransport]:
        """Return the transport itself: files need no connection."""
        yield self

    async def work(self, desk: Work) -> None:
        """Write what the desk has; a file is there or it is not, so nothing is ever in doubt."""
        while parcel := await desk.next():
            delivery: Delivery = parcel.delivery
            path = self._outbox.of(delivery.issue) / "eml" / f"{_file_name(delivery)}.eml"
            write(path, parcel.message)
            outcome = Outcome(state=DeliveryState.ACCEPTED, reason=f"written to {path.name}")
            desk.settle(parcel, outcome)


MAX_NAME = 120
"""Characters of an address in a file's name: file systems take 255 bytes."""


def _file_name(delivery: Delivery) -> str:
    """Return the address as a file's name; with the reader's id, where the two differ."""
    name = re.sub(r"[^a-z0-9@._+-]", "_", delivery.email.lower())[:MAX_NAME]
    # Two addresses that are written alike in file names are still two readers.
    return name if name == delivery.email else f"{name}.{delivery.subscriber}"
