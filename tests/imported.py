"""What a list of another program gives, for tests."""

from __future__ import annotations

import datetime as dt
import io

from newsletter.model import SignUp
from newsletter.store import Suppression
from newsletter.subscribe.imports import Bringing, read_people
from newsletter.subscribe.tables import Refused

NOW = dt.datetime(2026, 11, 24, 6, tzinfo=dt.UTC)
TOPICS = {"agents": "Agents and tools", "vision": "Vision and video"}


class Read:
    """What a list gave."""

    def __init__(
        self, content: bytes, name: str = "people.csv", wanted: str = "", consent: str = "a sheet"
    ) -> None:
        self.refused: list[Refused] = []
        self.notes: list[str] = []
        bringing = Bringing(
            topics=TOPICS,
            consent=consent,
            now=NOW,
            wanted=wanted,
            on_refused=self.refused.append,
            on_note=self.notes.append,
            on_file=lambda file, note: self.notes.append(f"{file}: {note}"),
        )
        self.found = list(read_people(io.BytesIO(content), name, bringing, {}))

    @property
    def people(self) -> list[SignUp]:
        return [one for one in self.found if isinstance(one, SignUp)]

    @property
    def barred(self) -> list[Suppression]:
        return [one for one in self.found if isinstance(one, Suppression)]

    @property
    def emails(self) -> list[str]:
        return [one.email for one in self.people]
