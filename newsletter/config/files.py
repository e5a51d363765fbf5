"""load_config(): the four files of config/ → Config, with every mistake in one go."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast
from urllib.parse import quote

from newsletter.config.documents import Document, read_document
from newsletter.config.environment import read_environment
from newsletter.config.mistakes import checked, is_secret
from newsletter.config.nodes import Path_, not_set
from newsletter.config.schemas import SHAPES
from newsletter.config.settings import Config, Delivering
from newsletter.config.shape import Shape
from newsletter.config.shapes import NewsletterShape, SubscribersShape, TopicsShape
from newsletter.config.source_shapes import SourcesShape
from newsletter.config.sources import enrichment_of, read_sources
from newsletter.config.subscribers import read_subscribers
from newsletter.config.themes import read_theme
from newsletter.config.topics import libraries, read_topics
from newsletter.errors import ConfigError, SigningError
from newsletter.model import Schedule, Source, Subscriber, Topic
from newsletter.render.looks import Density, Theme
from newsletter.send.pace import Pace, parse_rate

if TYPE_CHECKING:
    from newsletter.send.signatures import SigningKey

AnyShape = TypeVar("AnyShape", bound=Shape)


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
    variables = read_environment(folder.resolve().parent, environment)
    for name, shape in SHAPES.items():
        try:
            documents[name] = read_document(folder / f"{name}.yaml", variables)
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
    left_out = {path[:2]: text for path, text in _missing(documents["sources"])}
    limits = _as(SourcesShape, shapes["sources"])
    asked = [one for place, one in enumerate(limits.enrich) if ("enrich", place) not in left_out]
    usable = [one for place, one in enumerate(sources) if ("sources", place) not in left_out]
    config = _config(folder, shapes, theme, keys, tuple(usable), topics, subscribers)
    return replace(
        config,
        enrichments=tuple(map(enrichment_of, asked)),
        missing=tuple(text for _, text in _missing(documents["newsletter"])),
        left_out=tuple(left_out.values()),
        listed=len(_as(SubscribersShape, shapes["subscribers"]).subscribers),
        libraries=tuple(_libraries(documents, shapes)),
        places={
            one.name: documents["sources"].where(("sources", place, "url"), value=True)
            for place, one in enumerate(sources)
        },
        secrets=frozenset(_secrets(documents)),
    )


def _missing(document: Document) -> Iterator[tuple[Path_, str]]:
    """Yield where a secret is missing, and a sentence that says so."""
    for path, name in document.unset.items():
        yield path, f"{document.where(path, value=True)}: {not_set(name)}"


def _libraries(
    documents: Mapping[str, Document], shapes: Mapping[str, Shape]
) -> Iterator[tuple[str, str]]:
    for place, topic in enumerate(_as(TopicsShape, shapes["topics"]).topics):
        yield from libraries(topic.like, documents["topics"], ("topics", place, "like"))
    for place, who in enumerate(_as(SubscribersShape, shapes["subscribers"]).subscribers):
        for name in ("likes", "dislikes"):
            path = ("subscribers", place, name)
            yield from libraries(getattr(who, name), documents["subscribers"], path)


SHORTEST = 8
"""Characters of a secret from which on it is looked for in what is shown: a shorter one would
black out innocent words."""


def _secrets(documents: Mapping[str, Document]) -> Iterator[str]:
    """Yield the values that must not be shown: passwords and keys, with their encoded forms."""
    for name, document in documents.items():
        whole = (document.at(path) for path in document.variables if is_secret(name, path))
        # Of an address such as `https://x.example/feed?key=${KEY}`; a part with a slash is a place.
        parts = (one for some in document.within.values() for one in some if "/" not in one)
        for value in (*whole, *parts):
            if isinstance(value, str) and len(value) >= SHORTEST:
                yield value
                yield quote(value, safe="")
                yield value.encode("unicode_escape").decode()


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
    secret = main.secret.get_secret_value().encode() if main.secret else b""
    return Config(
        folder=folder,
        root=folder.resolve().parent,
        name=main.name,
        sender=main.sender,
        reply_to=main.reply_to or main.sender,
        bounce=mail.bounce or main.sender,
        verp=mail.bounce is not None and bool(secret),
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
        secret=secret,
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
            patience=mail.patience,
        ),
        keys=keys,
        database=main.database,
        timeout=limits.timeout,
        silence=limits.silence,
        max_bytes=limits.max_megabytes * 1_000_000,
        private_networks=tuple(map(ipaddress.ip_network, limits.private_networks)),
        sources=sources,
        enrichments=(),
        enrich_seconds=limits.enrich_seconds,
        topics=topics,
        subscribers=subscribers,
    )


def _keys(
    documents: Mapping[str, Document], shapes: Mapping[str, Shape], problems: list[str]
) -> Iterator[SigningKey]:
    """Yield the keys that sign mail; what is wrong with one is told without a word of it."""
    main = shapes.get("newsletter")
    if not isinstance(main, NewsletterShape) or not main.dkim:
        return
    # Cryptography is slow to load, and needed only by those who sign here.
    from newsletter.send.signatures import load_key  # noqa: PLC0415

    for place, one in enumerate(main.dkim):
        if ("dkim", place, "key") in documents["newsletter"].unset:
            continue
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
