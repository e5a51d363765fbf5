"""The configuration in slices: each part of the program gets the slice that it needs."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from newsletter.errors import ConfigError
from newsletter.model import Enrichment, Ration, Schedule, Source, Topic
from newsletter.render.languages import primary
from newsletter.render.looks import Density, Figures, Theme
from newsletter.send.pace import Pace

if TYPE_CHECKING:
    from newsletter.send.signatures import SigningKey  # which loads all of cryptography


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What the newsletter says about itself, and how it looks."""

    name: str
    sender: str
    reply_to: str
    bounce: str
    """Envelope sender."""
    verp: bool
    """Whether each delivery has its own envelope sender."""
    complaints: str
    """Where mailbox providers report complaints; empty for nowhere."""
    language: str
    postal_address: str
    subject: str
    theme: Theme
    figures: Figures
    density: Density
    feedback: bool
    archive: str
    is_weekly: bool
    site: str
    secret: bytes = field(repr=False)
    """The key that signs links; empty if there is none."""
    old_secrets: tuple[bytes, ...] = field(default=(), repr=False)
    """Keys that signed links before, and are good for those links still."""
    holds_errors: bool
    """Whether an issue with errors is held until they are mended."""

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """The keys that links may be signed with; none if there is no secret."""
        return (self.secret, *self.old_secrets) if self.secret else ()


MINILM = "minilm"
"""The model that a package carries; used where the package is installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How papers are chosen for readers."""

    topics: tuple[Topic, ...]
    max_age_days: int
    """Papers published more days ago are never news."""
    per_author: int
    variety: float
    explore: int
    """Number of papers from outside a reader's topics."""
    sections: tuple[str, ...]
    embeddings: str
    """The model for sentence embeddings: a folder or a name on the hub; MINILM, or nothing."""
    embeddings_place: str
    """Where newsletter.yaml names the model: file:line:column."""
    min_chance: float
    """The chance of being kept from which on a paper is near enough to likes."""
    send_empty: bool
    """Whether a reader without papers still gets an email."""

    @property
    def topic_names(self) -> tuple[str, ...]:
        """The names of all topics, in their order."""
        return tuple(topic.name for topic in self.topics)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collecting:
    """The sources, the enriching services, and the limits of both."""

    sources: tuple[Source, ...]
    enrichments: tuple[Enrichment, ...]
    enrich_seconds: float
    timeout: float
    silence: float
    max_bytes: int
    private_networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]
    left_out: tuple[str, ...] = ()
    """Sources and services that cannot be asked because a secret is missing, and why."""
    places: Mapping[str, str] = field(default_factory=dict)
    """Source name → its place in sources.yaml."""

    @property
    def arxiv_api(self) -> str:
        """The address of arXiv's API, if a source sets one."""
        from_arxiv = (source for source in self.sources if source.kind.startswith("arxiv"))
        return next((source.api for source in from_arxiv if source.api), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivering:
    """How mail leaves the machine; secrets have been read already."""

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
    returns: str = ""
    """The mailbox in which mail comes back: a path or an IMAP address; empty: none is named."""

    def __repr__(self) -> str:
        """Show where mail goes, and nothing secret."""
        return f"Delivering({self.transport}, {self.host}:{self.port}, {self.security})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """How many days things are kept; 0: for ever. `newsletter.config.keeping` says what each is."""

    requests: int = 30
    left: int = 0
    addresses: int = 0
    figure_days: int = 365
    papers: int = 60
    shown: int = 1095
    seen: int = 3650
    editions: int = 30
    ledger: int = 90
    answers: int = 60
    outbox: int = 30
    faults: int = 60
    published: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Summaries:
    """The machine that writes sentences about papers; its secret has been read already."""

    endpoint: str
    """Address of the API, without a slash at the end."""
    is_near: bool
    """Whether it is on this machine or in a private network, by its name."""
    model: str
    key: str = field(repr=False)
    """Empty if the endpoint asks for none."""
    missing: str
    """Why the key is missing, with its place; empty if it is not."""
    writes: bool
    """Whether it writes the sentence; otherwise it only translates that of the abstract."""
    languages: tuple[str, ...] | None
    """Of the editions that get such sentences; None: every one that there is."""
    thinks: bool
    allowance: Ration
    timeout: float
    seconds: float
    """For all sentences of a run."""
    connections: int

    def is_for(self, language: str) -> bool:
        """Whether editions in a language get such sentences; dialects are taken for what they are.

        Editions in other languages than the newsletter's have no dialect.
        """
        return self.languages is None or primary(language) in map(primary, self.languages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What proves that it is a provider of mail who tells what became of it; secrets are read.

    Empty: the provider is not asked for, or its secret is missing. Both ways nothing is believed.
    """

    ses: str = ""
    """The topic of Amazon SNS, by its ARN."""
    sendgrid: str = ""
    """The public key, in base64."""
    mailgun: str = field(default="", repr=False)
    """The HTTP webhook signing key."""
    postmark: str = field(default="", repr=False)
    """The password of the user `newsletter`."""
    named: tuple[str, ...] = ()
    """The providers that newsletter.yaml names."""
    missing: tuple[str, ...] = ()
    """Missing secrets of theirs: a sentence with its place for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """How the site meets the world."""

    proxies: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    """Networks of the proxies that are believed when they say who asks, and how."""
    admin_password: str = field(default="", repr=False)
    """The hash of the editors' password; empty: nobody can log in with one."""
    admin_header: str = ""
    """The header by which a proxy names the editor; empty: none does."""
    hooks: Hooks = Hooks()

    @property
    def has_admin(self) -> bool:
        """Whether there are pages for editors."""
        return bool(self.admin_password or self.admin_header)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole configuration except the list of subscribers, which is in the store."""

    folder: Path
    """The folder of the YAML files."""
    root: Path
    """The folder that holds config/, templates/ and outbox/; relative paths start here."""
    database: str
    letter: Letter
    choice: Choice
    schedule: Schedule
    collecting: Collecting
    delivering: Delivering
    serving: Serving = Serving()
    keeping: Keeping = Keeping()
    summaries: Summaries | None = None
    """None: no machine writes anything."""
    missing: tuple[str, ...] = ()
    """Missing secrets without which no mail can be sent: a sentence with its place for each.
    Everything else works without them."""
    libraries: tuple[tuple[str, str], ...] = ()
    """Library files that topics like, each with the place where it is named."""
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    """Values that must not be shown."""

    def require_ready(self) -> None:
        """Raise ConfigError when a secret is missing without which no mail can be sent."""
        if self.missing:
            raise ConfigError(*self.missing)

    @property
    def zone(self) -> ZoneInfo:
        """The newsletter's time zone."""
        return self.schedule.zone

    def __repr__(self) -> str:
        """Show the newsletter's name and folder; never a secret."""
        return f"Config({self.letter.name!r} at {self.root})"
