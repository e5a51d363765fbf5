"""What an import tells of its rows: equal mistakes together, with their first places."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from rich.console import Console
from rich.markup import escape

from newsletter.cli import account
from newsletter.subscribe.tables import Refused

_VALUE = re.compile("`[^`]*`")
"""What a row has, in what is told of it: mistakes are equal that differ only in this."""
MOST_SHOWN = 20
"""How many different mistakes, and notes, are shown; `--json` has all."""
PLACES = 3
"""How many places of equal mistakes are shown."""
MOST_NOTES = 1_000
"""How many different notes are counted; there may be as many tags as people."""


@dataclass(slots=True)
class Refusals:
    """Counts rows that were refused, and notes; keeps every refused row if it `keeps_all`."""

    keeps_all: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, list[Refused]] = field(default_factory=dict)
    every: list[Refused] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)
    files: dict[str, list[str]] = field(default_factory=dict)
    """What is noted of whole files → their names."""

    @property
    def refused(self) -> int:
        """How many rows were refused."""
        return self.counts.total()

    def refuse(self, row: Refused) -> None:
        """Count a row that cannot be used."""
        kind = _VALUE.sub("`…`", row.why, count=1)
        self.counts[kind] += 1
        some = self.first.setdefault(kind, [])
        if len(some) < PLACES:
            some.append(row)
        if self.keeps_all:
            self.every.append(row)

    def note(self, text: str) -> None:
        """Count something worth knowing."""
        if text in self.notes or len(self.notes) < MOST_NOTES:
            self.notes[text] += 1

    def note_file(self, file: str, text: str) -> None:
        """Keep something worth knowing of a whole file."""
        self.files.setdefault(text, []).append(file)

    def show(self, console: Console) -> None:
        """Show the notes, then the mistakes, the most frequent first."""
        for text, names in self.files.items():
            console.print(f"note: {some_files(names)}: {text}", markup=False, soft_wrap=True)
        for text, count in self.notes.most_common(MOST_SHOWN):
            rows = f" ({count:,} rows)" if count > 1 else ""
            console.print(f"note: {text}{rows}", markup=False, soft_wrap=True)
        for why, count in self.counts.most_common(MOST_SHOWN):
            first = self.first[why]
            if count == 1:
                account.problem(console, _told(first[0]))
                continue
            places = ", ".join(map(_place, first))
            more = ", …" if count > len(first) else ""
            told = first[0].why if len({row.why for row in first}) == 1 else why
            account.problem(console, f"{count:,} rows: {told} ({places}{more})")
        if (more_kinds := len(self.counts) - MOST_SHOWN) > 0:
            account.problem(console, f"… and {more_kinds} more mistakes; --json has all")

    def as_json(self) -> dict[str, object]:
        """Return every refused row, and the notes with their numbers of rows."""
        return {
            "refused": [asdict(row) for row in self.every],
            "notes": [
                *({"note": text, "files": names} for text, names in self.files.items()),
                *({"note": text, "rows": count} for text, count in self.notes.most_common()),
            ],
        }


def _told(row: Refused) -> str:
    email = f"{row.email}: " if row.email else ""
    first = f": {row.first}" if row.first else ""
    return f"{row.file}:{row.line}: {email}{row.why}{first}"


def _place(row: Refused) -> str:
    first = f" as {row.first}" if row.first else ""
    return f"{row.file}:{row.line}{first}"


def some_files(names: Sequence[str]) -> str:
    """Return the first of some names of files."""
    more = f" and {len(names) - PLACES} more" if len(names) > PLACES else ""
    return f"{', '.join(names[:PLACES])}{more}"


def some_of(addresses: tuple[str, ...]) -> str:
    """Return the first of some addresses, to follow what is said of all."""
    more = ", …" if len(addresses) > PLACES else ""
    return escape(f": {', '.join(addresses[:PLACES])}{more}") if addresses else ""
