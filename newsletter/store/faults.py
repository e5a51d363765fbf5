"""Faults with their inputs, as files under outbox/faults/, to look at or to report."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from newsletter.errors import StoreError
from newsletter.files.writing import write
from newsletter.model import Fault

MOST = 200
"""Faults that are kept; the oldest are deleted first."""
MAX_CONTENT = 5_000_000
"""Bytes of a fault's input that are kept."""


class FaultStore:
    """The folder of faults, and the faults of this run."""

    def __init__(self, folder: Path, redact: Callable[[str], str] = str) -> None:
        """Use `folder`, made when the first fault is kept; `redact` removes secrets from text."""
        self.folder = folder
        self._redact = redact
        self._seen: dict[str, Fault] = {}

    @property
    def seen(self) -> tuple[Fault, ...]:
        """Return the faults of this run without repeats, and without secrets."""
        return tuple(self._seen.values())

    def keep(self, *faults: Fault) -> None:
        """Note faults, and write each with its input to a file; the same fault has the same file.

        If the disk refuses, the fault is still reported.
        """
        for fault in faults:
            self._keep(fault)

    def _keep(self, fault: Fault) -> None:
        shown = replace(
            fault,
            name=self._redact(fault.name),
            problem=self._redact(fault.problem),
            trace=self._redact(fault.trace),
            content=b"",  # it is in the file: keeping many in memory would cost too much
        )
        # Latin-1 maps every byte to a character and back.
        content = self._redact(fault.content[:MAX_CONTENT].decode("latin-1")).encode("latin-1")
        digest = hashlib.sha256(f"{shown}\0".encode("utf-8", "replace") + content).hexdigest()[:16]
        if digest in self._seen:
            return
        self._seen[digest] = shown
        path = self.folder / f"{fault.border}-{digest}.txt"
        with contextlib.suppress(StoreError, OSError):
            if content:
                write(path.with_suffix(".input"), content)
            write(path, f"{shown}\n\n{shown.trace}".strip().encode("utf-8", "replace") + b"\n")
            self._make_room()

    def _make_room(self) -> None:
        kept = sorted(self.folder.glob("*.txt"), key=lambda one: one.stat().st_mtime)
        for path in kept[: max(0, len(kept) - MOST)]:
            path.with_suffix(".input").unlink(missing_ok=True)
            path.unlink(missing_ok=True)
