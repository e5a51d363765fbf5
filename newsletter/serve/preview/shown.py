"""What the preview shows, as plain data, and whom it asks for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from newsletter.pick.changes import Placed


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionHead:
    """An edition as the list of editions shows it."""

    audience: str
    """Who gets it, by the name of `Subscription.audience`: it stays the same when topics change."""
    label: str
    """Whom it is for: a reader, or topics."""
    readers: str
    """How many readers get it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewEdition(EditionHead):
    """One edition as the page shows it."""

    key: str
    """The edition's key in the ledger."""
    subject: str
    html: str
    text: str
    message: str
    """The whole message, as one reader gets it."""
    bytes: int
    """Size of the HTML, as Gmail counts it."""
    picks: tuple[Mapping[str, Any], ...] = ()
    """Papers with the parts of their scores; `section` is a topic's name, `topic` its title."""
    misses: tuple[Mapping[str, Any], ...] = ()
    """Papers that were almost chosen, and why they were not."""
    findings: tuple[Mapping[str, Any], ...] = ()

    @property
    def head(self) -> EditionHead:
        """What the list of editions shows."""
        return EditionHead(audience=self.audience, label=self.label, readers=self.readers)

    @property
    def placed(self) -> tuple[Placed, ...]:
        """Where each paper is."""
        return tuple(
            Placed(
                paper=str(pick["paper"]),
                title=str(pick["title"]),
                topic=str(pick["section"]),
                heading=str(pick["topic"]),
            )
            for pick in self.picks
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One mistake in the configuration, with its place."""

    file: str
    """The name of the file in config/; empty when the mistake is in none."""
    line: int
    """From 1."""
    column: int
    """From 1, in characters."""
    said: str
    """What is wrong, and how to mend it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Everything that the page shows of one issue."""

    name: str
    date: str
    dates: tuple[str, ...] = ()
    """Dates of the existing issues, newest first."""
    editions: tuple[PreviewEdition, ...] = ()
    notes: tuple[str, ...] = ()
    """What a person should know: failing sources, invented papers."""
    problem: str = ""
    """Why this is not the newest state: a mistake in config or templates, with its place."""
    mistakes: tuple[Mistake, ...] = ()
    """The mistakes in config, one by one."""
    version: str = ""
    """A digest of the files of config/ that it is made from."""

    @property
    def state(self) -> dict[str, Any]:
        """What the page shows before an edition is chosen."""
        return {
            "name": self.name,
            "date": self.date,
            "dates": list(self.dates),
            "editions": [asdict(one.head) for one in self.editions],
            "notes": list(self.notes),
            "problem": self.problem,
            "mistakes": [asdict(one) for one in self.mistakes],
            "version": self.version,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """What an edition is made of: an issue, and texts of config files that are only tried."""

    date: str = ""
    """Empty for the issue that is due."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """By the names of files; the others are as they are on the disk."""

    @property
    def name(self) -> str:
        """A digest of the texts; empty when there are none."""
        written = json.dumps(dict(self.texts), sort_keys=True)
        return hashlib.sha256(written.encode()).hexdigest()[:16] if self.texts else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What is wrong with config files as they would be."""

    mistakes: tuple[Mistake, ...]
    makes_draft: bool
    """Whether a draft can be made of them in spite of that: subscribers.yaml may be wrong."""
    version: str
    """As in `Preview`."""


class Tuning(Protocol):
    """The newsletter whose issue is shown; every method may take seconds.

    All but `load` raise NewsletterError when something is wrong.
    """

    @property
    def folder(self) -> Path:
        """The folder of the config files."""

    def load(self, date: str) -> Preview:
        """Return what to show of an issue; an empty date is that of the issue that is due."""

    def judge(self, texts: Mapping[str, str]) -> Judged:
        """Return what is wrong with the config files once they have these texts."""

    def edition(self, sketch: Sketch, audience: str) -> PreviewEdition | None:
        """Return the edition of an audience; None when it gets none."""

    def terms(self, sketch: Sketch) -> Mapping[str, Any]:
        """Return how many papers each term of each topic finds."""

    def explain(self, sketch: Sketch, audience: str, wanted: str) -> Mapping[str, Any]:
        """Return why a paper is in an edition or not; `wanted` is an id, an address or a title."""

    def find(self, words: str) -> Sequence[EditionHead]:
        """Return some editions of readers with such an address or name, or of such topics."""
