"""The configuration, in slices: each part of the program gets the one that it needs."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from newsletter.errors import ConfigError
from newsletter.model import Enrichment, Schedule, Source, Topic
from newsletter.render.looks import Density, Theme
from newsletter.send.pace import Pace

if TYPE_CHECKING:
    from newsletter.send.signatures import SigningKey  # which loads all of cryptography


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What the newsletter says of itself, and how it looks."""

    name: str
    sender: str
    reply_to: str
    bounce: str
    """Envelope sender."""
    verp: bool
    """Whether each delivery has an envelope sender of its own."""
    complaints: str
    """Where mailbox providers report complaints, or nothing."""
    language: str
    postal_address: str
    subject: str
    theme: Theme
    figures: bool
    density: Density
    feedback: bool
    archive: str
    is_weekly: bool
    site: str
    secret: bytes = field(repr=False)
    """The key that signs links; empty when there is none."""
    holds_errors: bool
    """Whether an issue with errors waits until they are mended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How papers are chosen for readers."""

    topics: tuple[Topic, ...]
    max_age_days: int
    """Papers published earlier are never news."""
    per_author: int
    variety: float
    explore: int
    """Papers outside a reader's topics."""
    sections: tuple[str, ...]
    send_empty: bool
    """Whether a reader without papers gets an email all the same."""

    @property
    def topic_names(self) -> tuple[str, ...]:
        """The names of all topics, in their order."""
        return tuple(topic.name for topic in self.topics)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collecting:
    """The sources, the services that enrich, and the limits of both."""

    sources: tuple[Source, ...]
    enrichments: tuple[Enrichment, ...]
    enrich_seconds: float
    timeout: float
    silence: float
    max_bytes: int
    private_networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]
    left_out: tuple[str, ...] = ()
    """Sources and services that cannot be asked, and why: their secrets are missing."""
    places: Mapping[str, str] = field(default_factory=dict)
    """Where each source stands, by its name."""

    @property
    def arxiv_api(self) -> str:
        """Where arXiv's API is, when a source says so."""
        return next(
            (one.api for one in self.sources if one.kind.startswith("arxiv") and one.api), ""
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivering:
    """How mail leaves the machine: secrets read already."""

    transport: str
    host: str
    port: int
    security: str
    username: str | None
    password: str | None
    timeout: float
    auth: str
    per_connection: int
    command: tuple[str, ...]
    pace: Pace
    keys: tuple[SigningKey, ...]

    def __repr__(self) -> str:
        """Show where mail goes and nothing that is secret."""
        return f"Delivering({self.transport}, {self.host}:{self.port}, {self.security})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole configuration but for the list of subscribers, which is in the store."""

    folder: Path
    """Where the YAML files are."""
    root: Path
    """The folder that holds config/, templates/ and outbox/; relative paths start here."""
    database: str
    letter: Letter
    choice: Choice
    schedule: Schedule
    collecting: Collecting
    delivering: Delivering
    missing: tuple[str, ...] = ()
    """Secrets without which no mail can leave: a sentence with its place for each. Everything
    else works without them."""
    libraries: tuple[tuple[str, str], ...] = ()
    """Files of what topics like, each with the place where it is named."""
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    """Values that must not be shown."""

    def require_ready(self) -> None:
        """Raise ConfigError when a secret is missing without which no mail can leave."""
        if self.missing:
            raise ConfigError(*self.missing)

    @property
    def zone(self) -> ZoneInfo:
        """The newsletter's time zone."""
        return self.schedule.zone

    def __repr__(self) -> str:
        """Show what it is about; never the secret."""
        return f"Config({self.letter.name!r} at {self.root})"
