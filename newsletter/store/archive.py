"""The public part of an issue, as files under public/<date>/: nothing about any reader."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from newsletter.files.writing import clear_errors, write
from newsletter.model import Issue, Paper, Pick, Reason
from newsletter.model.figures import FILE
from newsletter.store.outbox import as_json, pick_json

_FIGURE = re.compile(FILE.encode())


class Archive:
    """The folder for a web server to publish; `archive` in newsletter.yaml is its address."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`, which is made when the first issue is written."""
        self.folder = folder

    def of(self, date: dt.date) -> Path:
        """Return the folder of the issue of `date`."""
        return self.folder / date.isoformat()

    def figures(self) -> frozenset[str]:
        """Return the names of the figures that the pages show; raises StoreError."""
        found: set[bytes] = set()
        with clear_errors(self.folder):
            for path in self.folder.glob("*/issue.html"):
                found.update(_FIGURE.findall(path.read_bytes()))
        return frozenset(name.decode() for name in found)

    def write(
        self,
        issue: Issue,
        page: bytes,
        papers: Iterable[Paper],
        picks: Iterable[Pick],
        say: Callable[[Reason], str],
        citations: Mapping[str, str],
    ) -> tuple[Path, ...]:
        """Write issue.html, the page for everybody, papers.json and `citations`; return the paths.

        papers.json holds every paper of the day and the topics' picks; `say` puts the picks'
        reasons into words. `citations` are files for reference managers, by name. Raises
        StoreError when the disk refuses.
        """
        folder = self.of(issue.date)
        content = {
            "date": issue.date.isoformat(),
            "number": issue.number,
            "papers": [as_json(paper) for paper in papers],
            "picks": [pick_json(pick, say) for pick in picks],
        }
        files = {
            folder / "issue.html": page,
            folder / "papers.json": json.dumps(content, ensure_ascii=False, default=str).encode(),
            **{folder / name: text.encode() for name, text in citations.items()},
        }
        for path, written in files.items():
            write(path, written, public=True)
        return tuple(files)
