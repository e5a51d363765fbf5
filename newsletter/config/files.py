"""load_config(): the four files of config/ → Config, with every mistake in one go."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast
from zoneinfo import ZoneInfo

from newsletter.config.documents import Document, read_document
from newsletter.config.mistakes import checked
from newsletter.config.schemas import SHAPES
from newsletter.config.shape import Shape
from newsletter.config.shapes import (
    NewsletterShape,
)
from newsletter.config.source_shapes import SourcesShape
from newsletter.config.sources import enrichment_of, read_sources
from newsletter.config.subscribers import read_subscribers
from newsletter.config.themes import read_theme
from newsletter.config.topics import read_topics
from newsletter.errors import ConfigError, SigningError
from newsletter.model import Enrichment, Schedule, Source, Subscriber, Topic
from newsletter.render import Density, Theme
from newsletter.send import Pace, SigningKey, load_key, parse_rate

AnyShape = TypeVar("AnyShape", bound=Shape)


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

    @property
    def zone(self) -> ZoneInfo:
        """The newsletter's time zone."""
        return self.schedule.zone

    def __repr__(self) -> str:
        """Show what it is about; never the secret."""
        return f"Config({self.name!r} at {self.root})"


def load_config(folder: Path, environment: Mapping[str, str]) -> Config:
    """Read config/*.yaml of `folder`; `environment` gives the values of `${NAME}`.

    Raises ConfigError with one `file:line:column: what is wrong` for each mistake in all files.
    """
    if not folder.is_dir():
        raise ConfigError(
            f"{folder}: no such folder; `newsletter init` writes a working configuration, "
            "--config DIR names another"
        )
    problems: list[str] = []
    documents: dict[str, Document] = {}
    shapes: dict[str, Shape] = {}
    for name, shape in SHAPES.items():
        try:
            documents[name] = read_document(folder / f"{name}.yaml", environment)
            shapes[name] = checked(shape, documents[name], name)
        except ConfigError as error:
            problems += error.problems
    topics = read_topics(documents, shapes, problems)
    subscribers = read_subscribers(documents, shapes, problems)
    sources = read_sources(folder.resolve().parent, documents, shapes, problems)
    keys = tuple(_keys(documents, shapes, problems))
    theme = read_theme(folder.resolve().parent, documents, shapes, problems)
    if problems:
        raise ConfigError(*problems)
    return _config(folder, shapes, theme, keys, sources, topics, subscribers)


class _Whatever(dict[str, str]):
    """An environment in which every variable is set, to nothing."""

    def __contains__(self, _name: object) -> bool:
        return True


def sender_domain(folder: Path) -> str:
    """Return the domain of `from` in newsletter.yaml, whatever else is missing or wrong there.

    Who makes a key cannot have it in the environment yet. Raises ConfigError without an address.
    """
    document = read_document(folder / "newsletter.yaml", _Whatever())
    domain = str(document.at(("from",))).rpartition("@")[2].strip("> ")
    if "." not in domain:
        raise ConfigError(f"{document.where(('from',))}: `from` needs an address, or give --domain")
    return domain.lower()


def _config(
    folder: Path,
    shapes: Mapping[str, Shape],
    theme: Theme,
    keys: tuple[SigningKey, ...],
    sources: tuple[Source, ...],
    topics: tuple[Topic, ...],
    subscribers: tuple[Subscriber, ...],
) -> Config:
    main = _as(NewsletterShape, shapes["newsletter"])
    limits = _as(SourcesShape, shapes["sources"])
    mail = main.delivery
    return Config(
        folder=folder,
        root=folder.resolve().parent,
        name=main.name,
        sender=main.sender,
        reply_to=main.reply_to or main.sender,
        bounce=mail.bounce or main.sender,
        verp=mail.bounce is not None and main.secret is not None,
        complaints=mail.complaints or "",
        language=main.language,
        postal_address=main.postal_address or "",
        subject=main.subject,
        theme=theme,
        figures=main.theme.figures,
        density=cast("Density", dict(theme.values)["density"]),
        feedback=main.feedback,
        archive=(main.archive or "").rstrip("/"),
        digest=main.digest,
        site=(main.site or "").rstrip("/"),
        secret=main.secret.get_secret_value().encode() if main.secret else b"",
        schedule=Schedule(
            at=main.schedule.time(),
            days=main.days(),
            zone=main.zone(),
        ),
        send_empty=main.on_empty == "send",
        holds_errors=main.on_error == "hold",
        max_age_days=main.max_age_days,
        per_author=main.per_author,
        variety=main.variety,
        explore=main.explore,
        sections=tuple(map(str, main.sections)),
        delivering=Delivering(
            transport=mail.transport,
            host=mail.host,
            port=mail.port,
            security=mail.security,
            username=mail.username.get_secret_value() if mail.username else None,
            password=mail.password.get_secret_value() if mail.password else None,
            timeout=mail.timeout,
            auth=mail.auth,
            per_connection=mail.messages_per_connection,
            command=tuple(mail.command),
        ),
        pace=Pace(
            connections=mail.connections,
            rate=parse_rate(mail.rate) if mail.rate else None,
            per_domain=tuple(
                (domain.lower(), parse_rate(text)) for domain, text in mail.per_domain.items()
            ),
        ),
        keys=keys,
        database=main.database,
        timeout=limits.timeout,
        silence=limits.silence,
        max_bytes=limits.max_megabytes * 1_000_000,
        private_networks=tuple(map(ipaddress.ip_network, limits.private_networks)),
        sources=sources,
        enrichments=tuple(map(enrichment_of, limits.enrich)),
        enrich_seconds=limits.enrich_seconds,
        topics=topics,
        subscribers=subscribers,
    )


def _keys(
    documents: Mapping[str, Document], shapes: Mapping[str, Shape], problems: list[str]
) -> Iterator[SigningKey]:
    """Yield the keys that sign mail; what is wrong with one is told without a word of it."""
    main = shapes.get("newsletter")
    if not isinstance(main, NewsletterShape):
        return
    for place, one in enumerate(main.dkim):
        # In one line of a file of variables, line ends are written as \\n.
        pem = one.key.get_secret_value().replace("\\n", "\n").encode()
        domain = one.domain or main.sender.rpartition("@")[2]
        where = documents["newsletter"].where(("dkim", place, "key"), value=True)
        try:
            yield load_key(pem, domain, one.selector, where)
        except SigningError as error:
            problems.append(str(error))


def _as(shape: type[AnyShape], value: Shape) -> AnyShape:
    assert isinstance(value, shape)  # noqa: S101  SHAPES pairs names and types
    return value
