"""An issue as files under outbox/<date>/."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from newsletter.files.writing import clear_errors, write
from newsletter.model import Delivery, Edition, Issue, Paper, Pick, Reason


class Outbox:
    """The outbox folder. It is private: editions and messages show who reads what."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`, which is made when the first file is written."""
        self.folder = folder

    def of(self, date: dt.date) -> Path:
        """Return the folder of the issue of `date`."""
        return self.folder / date.isoformat()

    def write_files(self, issue: Issue, files: Iterable[tuple[str, bytes]]) -> tuple[Path, ...]:
        """Write an issue's files: pages, texts and messages, by file name.

        Files of these kinds that the issue no longer has are deleted.
        """
        folder = self.of(issue.date)
        written: set[Path] = set()
        for name, content in files:
            write(folder / name, content)
            written.add(folder / name)
        with clear_errors(folder):
            for path in folder.glob("*"):
                if path.suffix in (".html", ".txt", ".eml") and path not in written:
                    path.unlink(missing_ok=True)
        return tuple(sorted(written))

    def write_papers(
        self,
        issue: Issue,
        papers: Iterable[Paper],
        editions: Iterable[Edition],
        say: Callable[[Reason], str],
    ) -> Path:
        """Write papers.json: every paper of the day, and what each edition shows and why.

        `say` puts a reason into words.
        """
        path = self.of(issue.date) / "papers.json"
        content = {
            "date": issue.date.isoformat(),
            "number": issue.number,
            "papers": [as_json(paper) for paper in papers],
            "editions": {
                edition.key: [pick_json(pick, say) for pick in edition.picks]
                for edition in editions
            },
        }
        # Without indents: with them Python's own encoder would take ten times as long.
        write(path, json.dumps(content, ensure_ascii=False, default=str).encode())
        return path

    def forget(self, subscriber: str, email: str) -> None:
        """Delete the files that hold a reader's address: their own editions, and their mails.

        Raises StoreError when the disk refuses.
        """
        own = [f"*/*~{subscriber}.*", "*/eml/*.eml", "notices/*/*/eml/*.eml"]
        plain = re.sub(r"[^a-z0-9@._+-]", "_", email.lower())[:MAX_NAME]
        names = (f"{plain}.eml", f"{plain}.{subscriber}.eml")
        with clear_errors(self.folder):
            for pattern in own:
                for path in self.folder.glob(pattern):
                    if path.name in names or f"~{subscriber}." in path.name:
                        path.unlink(missing_ok=True)

    def write_message(self, delivery: Delivery, message: bytes) -> str:
        """Write the message of a delivery to eml/<address>.eml; return the file's name.

        Writing the same message again changes nothing.
        """
        name = f"{_file_name(delivery)}.eml"
        write(self.of(delivery.issue) / "eml" / name, message)
        return name

    def write_citations(self, issue: Issue, files: Mapping[str, str]) -> tuple[Path, ...]:
        """Write an issue's papers for reference managers: texts by file name; return the paths."""
        folder = self.of(issue.date)
        for name, text in files.items():
            write(folder / name, text.encode())
        return tuple(folder / name for name in files)


def as_json(value: Any) -> Any:
    """Return a dataclass as data for `json.dumps` with `default=str`."""
    # `asdict` takes eight times as long: it copies every text.
    return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return as_json(value) if is_dataclass(value) else value


def pick_json(pick: Pick, say: Callable[[Reason], str]) -> dict[str, Any]:
    """Return a pick as plain JSON, with its score's parts; `say` puts reasons into words."""
    return {
        "paper": pick.paper.id,
        "title": pick.paper.title,
        "topic": pick.topic,
        "score": round(pick.score.total, 4),
        "parts": [
            as_json(part) | {"reason": say(part.reason) if part.reason else ""}
            for part in pick.score.parts
        ],
        "reasons": [say(reason) for reason in pick.reasons],
        "tldr": pick.tldr,
        "tldr_by": pick.tldr_by,
        "wording": pick.wording,
    }


MAX_NAME = 120
"""Most characters of an address in a file name: file systems allow 255 bytes."""


def _file_name(delivery: Delivery) -> str:
    """Return the address as a file name; if that changes it, with the reader's id."""
    name = re.sub(r"[^a-z0-9@._+-]", "_", delivery.email.lower())[:MAX_NAME]
    # Two addresses may give the same file name, but are still two readers.
    return name if name == delivery.email else f"{name}.{delivery.subscriber}"
