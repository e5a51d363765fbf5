"""The whole configuration, as the stages want it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from newsletter.errors import ConfigError
from newsletter.model import Enrichment, Schedule, Source, Subscriber, Topic
from newsletter.render.looks import Density, Theme
from newsletter.send.pace import Pace

if TYPE_CHECKING:
    from newsletter.send.signatures import SigningKey  # which loads all of cryptography


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivering:
    """How mail leaves: the settings of `newsletter.send.smtp`, secrets read already."""

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

    def __repr__(self) -> str:
        """Show where mail goes and nothing that is secret."""
        return f"Delivering({self.transport}, {self.host}:{self.port}, {self.security})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole configuration as the stages want it."""

    folder: Path
    """Where the YAML files are."""
    root: Path
    """The folder that holds config/, templates/ and outbox/; relative paths start here."""
    name: str
    sender: str
    reply_to: str
    bounce: str
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
    digest: str
    """`daily` or `weekly`."""
    site: str
    secret: bytes
    schedule: Schedule
    send_empty: bool
    holds_errors: bool
    """Whether an issue with errors waits until they are mended."""
    max_age_days: int
    per_author: int
    variety: float
    explore: int
    sections: tuple[str, ...]
    delivering: Delivering
    pace: Pace
    keys: tuple[SigningKey, ...]
    database: str
    timeout: float
    silence: float
    max_bytes: int
    private_networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]
    sources: tuple[Source, ...]
    enrichments: tuple[Enrichment, ...]
    enrich_seconds: float
    topics: tuple[Topic, ...]
    subscribers: tuple[Subscriber, ...]
    missing: tuple[str, ...] = ()
    """Secrets without which no mail can leave: a sentence with its place for each. Everything
    else works without them."""
    left_out: tuple[str, ...] = ()
    """Sources and services that cannot be asked, and why: their secrets are missing."""
    listed: int = 0
    """How many people the list names, those that are paused among them."""
    libraries: tuple[tuple[str, str], ...] = ()
    """Files of what somebody likes, each with the place where it is named."""
    places: Mapping[str, str] = field(default_factory=dict)
    """Where each source stands, by its name."""
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
        return f"Config({self.name!r} at {self.root})"
