"""Faults with their inputs, as files under outbox/faults/: what to look at, or to report."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from newsletter.model import Fault
from newsletter.store.outbox import write

MOST = 200
"""Faults that are kept; the oldest make room."""
MAX_CONTENT = 5_000_000
"""Bytes of an input that are kept."""


class FaultStore:
    """The folder of faults."""

    def __init__(self, folder: Path, redact: Callable[[str], str] = str) -> None:
        """Use `folder`, which is made when the first fault is kept; `redact` takes secrets out."""
        self._folder = folder
        self._redact = redact

    def keep(self, fault: Fault) -> Path:
        """Write a fault with its input; return where. The same fault has the same name again.

        Raises StoreError when the disk refuses.
        """
        told = self._redact(f"{fault}\n\n{fault.trace}".strip()) + "\n"
        content = fault.content[:MAX_CONTENT]
        digest = hashlib.sha256(f"{fault}\0".encode() + content).hexdigest()[:16]
        path = self._folder / f"{fault.border}-{digest}.txt"
        if content:
            write(path.with_suffix(".input"), content)
        write(path, told.encode("utf-8", "replace"))
        self._make_room()
        return path

    def _make_room(self) -> None:
        kept = sorted(self._folder.glob("*.txt"), key=lambda one: one.stat().st_mtime)
        for path in kept[: max(0, len(kept) - MOST)]:
            path.with_suffix(".input").unlink(missing_ok=True)
            path.unlink(missing_ok=True)
