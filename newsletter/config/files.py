"""load_config(): the four files of config/ → Config, with every mistake in one go."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from newsletter.collect.arxiv import arxiv_location
from newsletter.collect.huggingface import URL as HUGGINGFACE
from newsletter.config.documents import Document, Path_, read_document
from newsletter.config.shapes import (
    DAYS,
    SHAPES,
    NewsletterShape,
    Shape,
    SourceShape,
    SourcesShape,
    SubscriberShape,
    SubscribersShape,
    TopicsShape,
)
from newsletter.errors import ConfigError
from newsletter.model import Schedule, Source, Subscriber, Topic
from newsletter.pick import FilterError, parse_match

SECRETS = {"newsletter": (("secret",), ("delivery", "username"), ("delivery", "password"))}
"""Values that may only come from the environment."""

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
    connections: int
    timeout: float

    def __repr__(self) -> str:
        """Show where mail goes and nothing that is secret."""
        return f"Delivering({self.transport}, {self.host}:{self.port}, {self.security})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole configuration as the stages want it."""

    root: Path
    """The folder that holds config/, templates/ and outbox/; relative paths start here."""
    name: str
    sender: str
    reply_to: str
    bounce: str
    language: str
    postal_address: str
    site: str
    secret: bytes
    schedule: Schedule
    send_empty: bool
    max_age_days: int
    delivering: Delivering
    database: str
    timeout: float
    max_bytes: int
    sources: tuple[Source, ...]
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
            shapes[name] = _checked(shape, documents[name], name)
        except ConfigError as error:
            problems += error.problems
    topics = _topics(documents, shapes, problems)
    subscribers = _subscribers(documents, shapes, problems)
    sources = _sources(folder.resolve().parent, documents, shapes, problems)
    if problems:
        raise ConfigError(*problems)
    return _config(folder.resolve().parent, shapes, sources, topics, subscribers)


def _config(
    root: Path,
    shapes: Mapping[str, Shape],
    sources: tuple[Source, ...],
    topics: tuple[Topic, ...],
    subscribers: tuple[Subscriber, ...],
) -> Config:
    main = _as(NewsletterShape, shapes["newsletter"])
    limits = _as(SourcesShape, shapes["sources"])
    mail = main.delivery
    return Config(
        root=root,
        name=main.name,
        sender=main.sender,
        reply_to=main.reply_to or main.sender,
        bounce=mail.bounce or main.sender,
        language=main.language,
        postal_address=main.postal_address or "",
        site=(main.site or "").rstrip("/"),
        secret=main.secret.get_secret_value().encode() if main.secret else b"",
        schedule=Schedule(
            at=main.schedule.time(),
            days=frozenset(DAYS.index(day) for day in main.schedule.days),
            zone=main.zone(),
        ),
        send_empty=main.on_empty == "send",
        max_age_days=main.max_age_days,
        delivering=Delivering(
            transport=mail.transport,
            host=mail.host,
            port=mail.port,
            security=mail.security,
            username=mail.username.get_secret_value() if mail.username else None,
            password=mail.password.get_secret_value() if mail.password else None,
            connections=mail.connections,
            timeout=mail.timeout,
        ),
        database=main.database,
        timeout=limits.timeout,
        max_bytes=limits.max_megabytes * 1_000_000,
        sources=sources,
        topics=topics,
        subscribers=subscribers,
    )


def _as(shape: type[AnyShape], value: Shape) -> AnyShape:
    assert isinstance(value, shape)  # noqa: S101  SHAPES pairs names and types
    return value


# --- Mistakes ---------------------------------------------------------------------------------


def _checked(shape: type[Shape], document: Document, name: str) -> Shape:
    if not isinstance(document.data, dict):
        raise ConfigError(f"{document.path}:1:1: expected `key: value` lines, not a list")
    problems = [
        f"{document.where(path)}: `{'.'.join(map(str, path))}` is a secret: write ${{NAME}} and "
        "set that environment variable"
        for path in SECRETS.get(name, ())
        if document.at(path) is not None and path not in document.variables
    ]
    try:
        found = shape.model_validate(document.data, strict=False, by_alias=True, by_name=False)
    except ValidationError as error:
        secrets = frozenset(SECRETS.get(name, ()))
        problems += [_sentence(dict(one), document, shape, secrets) for one in error.errors()]
        raise ConfigError(*dict.fromkeys(problems)) from None
    if problems:
        raise ConfigError(*problems)
    return found


def _sentence(
    error: dict[str, Any], document: Document, shape: type[Shape], secrets: frozenset[Path_]
) -> str:
    """Return `file:line:column: what is wrong, the value, and what to write` for one mistake."""
    path: Path_ = tuple(step for step in error["loc"] if step != "[key]")
    kind, context = error["type"], error.get("ctx", {})
    known = _known(shape, path[:-1])
    key = path[-1] if path else ""
    if kind == "extra_forbidden" or "[key]" in error["loc"]:
        names = list(known) or _allowed(context)
        return f"{document.where(path)}: unknown key `{key}`{_suggest(str(key), names)}"
    if kind == "missing":
        return f"{document.where(path[:-1])}: `{key}` is missing"
    shown = (
        "" if path in secrets or isinstance(error["input"], dict | list) else f" `{error['input']}`"
    )
    where = document.where(path, value=True)
    label = f"`{key}`: " if isinstance(key, str) and key else ""
    message = str(error["msg"]).removeprefix("Value error, ")
    if kind == "literal_error":
        hint = _suggest(str(error["input"]), _allowed(context))
        return f"{where}: {label}{shown.strip()} is not one of them{hint}"
    return f"{where}: {label}{shown.strip()}{': ' if shown else ''}{_lower(message)}"


def _allowed(context: Mapping[str, Any]) -> list[str]:
    """Return the values of a Literal, which pydantic gives as `'a', 'b' or 'c'`."""
    listed = str(context.get("expected", "")).replace(" or ", ",").split(",")
    return [name.strip(" '") for name in listed]


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]


def _known(shape: type[Shape], path: Path_) -> tuple[str, ...]:
    """Return the keys that may stand in the mapping at `path`, from the JSON Schema."""
    schema = shape.model_json_schema(by_alias=True)
    here: Any = schema
    for step in path:
        here = _follow(here, schema)
        here = (
            here.get("items", {})
            if isinstance(step, int)
            else here.get("properties", {}).get(step, {})
        )
    return tuple(_follow(here, schema).get("properties", {}))


def _follow(here: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in here:
        here = schema["$defs"][here["$ref"].rpartition("/")[2]]
    return here


def _suggest(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    if close:
        return f"; did you mean `{close[0]}`?"
    return f"; known are {', '.join(f'`{name}`' for name in known)}" if known else ""


# --- From shapes to facts ---------------------------------------------------------------------


def _topics(
    documents: Mapping[str, Document], shapes: Mapping[str, Shape], problems: list[str]
) -> tuple[Topic, ...]:
    shape = shapes.get("topics")
    if not isinstance(shape, TopicsShape):
        return ()
    document = documents["topics"]
    topics: list[Topic] = []
    for place, topic in enumerate(shape.topics):
        path: Path_ = ("topics", place)
        if any(other.name == topic.name for other in topics):
            problems.append(
                f"{document.where((*path, 'name'))}: a second topic is called `{topic.name}`"
            )
        try:
            match = parse_match(topic.match)
        except FilterError as error:
            where = document.where((*path, "match", *error.path), value=True)
            problems.append(f"{where}: {error}")
            continue
        topics.append(
            Topic(
                name=topic.name,
                title=topic.title,
                match=match,
                weights=tuple((str(name), weight) for name, weight in topic.rank.items()),
                limit=topic.limit,
                min_score=topic.min_score,
            )
        )
    return tuple(topics)


def _subscribers(
    documents: Mapping[str, Document], shapes: Mapping[str, Shape], problems: list[str]
) -> tuple[Subscriber, ...]:
    shape, topics = shapes.get("subscribers"), shapes.get("topics")
    if not isinstance(shape, SubscribersShape) or not isinstance(topics, TopicsShape):
        return ()
    document = documents["subscribers"]
    known = [topic.name for topic in topics.topics]
    main = shapes.get("newsletter")
    zone = main.timezone if isinstance(main, NewsletterShape) else "UTC"
    lines: dict[str, str] = {}
    found: list[Subscriber] = []
    for place, person in enumerate(shape.subscribers):
        path: Path_ = ("subscribers", place)
        problems.extend(
            f"{document.where((*path, 'topics', number))}: no topic is called `{name}`"
            f"{_suggest(name, known)}"
            for number, name in enumerate(person.topics)
            if name not in known
        )
        # Mailboxes differ by case only in theory (RFC 5321, 2.4): nobody wants two copies.
        address = person.email.lower()
        if address in lines:
            problems.append(
                f"{document.where((*path, 'email'), value=True)}: {person.email} is on the list "
                f"already ({lines[address]})"
            )
            continue
        lines[address] = document.where((*path, "email"), value=True)
        if not person.paused:
            found.append(_subscriber(person, known, zone))
    return tuple(found)


def _subscriber(person: SubscriberShape, topics: list[str], zone: str) -> Subscriber:
    digest = hashlib.sha256(person.email.lower().encode()).digest()
    return Subscriber(
        id=digest[:10].hex(),
        email=person.email,
        name=person.name,
        topics=tuple(dict.fromkeys(person.topics or topics)),
        timezone=person.timezone or zone,
    )


def _sources(
    root: Path,
    documents: Mapping[str, Document],
    shapes: Mapping[str, Shape],
    problems: list[str],
) -> tuple[Source, ...]:
    shape = shapes.get("sources")
    if not isinstance(shape, SourcesShape):
        return ()
    names: set[str] = set()
    for place, source in enumerate(shape.sources):
        if source.name in names:
            where = documents["sources"].where(("sources", place, "name"), value=True)
            problems.append(f"{where}: a second source is called `{source.name}`")
        names.add(source.name)
    return tuple(
        Source(
            name=source.name,
            kind=str(source.kind),
            location=_location(source, root),
            announce=tuple(source.announce),
        )
        for source in shape.sources
    )


def _location(source: SourceShape, root: Path) -> str:
    if source.url is None:
        return (
            HUGGINGFACE
            if source.kind == "huggingface"
            else arxiv_location(tuple(source.categories))
        )
    return source.url if "://" in source.url else str((root / source.url).resolve())
