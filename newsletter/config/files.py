"""load_config(): newsletter.yaml, sources.yaml and topics.yaml → Config, with all mistakes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from newsletter.config.delivery import delivering, read_keys
from newsletter.config.documents import YamlDocument, read_document
from newsletter.config.environment import read_environment
from newsletter.config.gathering import gathered
from newsletter.config.keeping import keeping
from newsletter.config.mistakes import checked, is_secret
from newsletter.config.newsletter import NewsletterShape, choice, letter, schedule
from newsletter.config.serving import serving
from newsletter.config.settings import Collecting, Config, Summaries
from newsletter.config.shape import Shape
from newsletter.config.sources import SourcesShape, collecting, read_sources
from newsletter.config.subscribers import check_list
from newsletter.config.summaries import summaries
from newsletter.config.themes import read_theme
from newsletter.config.topics import TopicsShape, libraries, read_topics
from newsletter.config.variables import Recorded
from newsletter.errors import ConfigError
from newsletter.render.looks import Theme
from newsletter.store.urls import secrets_of

if TYPE_CHECKING:
    from newsletter.send.signatures import SigningKey

_SHAPES: Mapping[str, type[Shape]] = {
    "newsletter": NewsletterShape,
    "sources": SourcesShape,
    "topics": TopicsShape,
}


def load_config(
    folder: Path, environment: Mapping[str, str], texts: Mapping[str, str] | None = None
) -> Config:
    """Read the configuration in `folder`; `environment` gives the values of `${NAME}`.

    `texts` stand, by the names of files, for what is in them: an edit that is not saved yet.

    The list of subscribers is read by `read_list`; here it is only checked, if the other files have
    mistakes. Raises ConfigError with one `file:line:column: what is wrong` for each mistake.
    """
    if not folder.is_dir():
        raise ConfigError(
            f"{folder}: no such folder; `newsletter init` writes a working configuration, "
            "--config DIR names another"
        )
    problems: list[str] = []
    documents: dict[str, YamlDocument] = {}
    shapes: dict[str, Shape] = {}
    root = folder.resolve().parent
    variables = read_environment(root, environment)
    for name, shape in _SHAPES.items():
        try:
            documents[name] = read_document(folder / f"{name}.yaml", variables, texts)
            shapes[name] = checked(shape, documents[name], name)
        except ConfigError as error:
            problems += error.problems
    main, from_, wanted = (shapes.get(name) for name in _SHAPES)
    topics = (
        read_topics(wanted, documents["topics"], problems)
        if isinstance(wanted, TopicsShape)
        else None
    )
    sources = (
        read_sources(from_, root, documents["sources"], problems)
        if isinstance(from_, SourcesShape)
        else None
    )
    theme: Theme | None = None
    keys: tuple[SigningKey, ...] = ()
    if isinstance(main, NewsletterShape):
        document = documents["newsletter"]
        theme = read_theme(
            main.theme, root, document, problems, name=main.name, language=main.language
        )
        keys = tuple(read_keys(main.dkim, main.sender, document, problems))
    if problems or topics is None or sources is None or theme is None:
        names = [topic.name for topic in wanted.topics] if isinstance(wanted, TopicsShape) else None
        raise ConfigError(*gathered((*problems, *check_list(folder, names, variables, texts))))
    assert isinstance(main, NewsletterShape)  # noqa: S101  mistakes have been raised above
    assert isinstance(from_, SourcesShape)  # noqa: S101  the same
    assert isinstance(wanted, TopicsShape)  # noqa: S101  the same
    machine = summaries(main.summaries, documents["newsletter"], main.language)
    return Config(
        folder=folder,
        root=root,
        database=main.database,
        letter=letter(main, theme),
        choice=choice(main, topics, documents["newsletter"]),
        schedule=schedule(main),
        collecting=_asking(collecting(from_, sources, documents["sources"]), machine),
        delivering=delivering(main.delivery, keys),
        serving=serving(main.serve, documents["newsletter"]),
        keeping=keeping(main.keep),
        summaries=machine,
        missing=tuple(_missing(documents["newsletter"])),
        libraries=tuple(
            found
            for place, topic in enumerate(wanted.topics)
            for found in libraries(topic.like, documents["topics"], ("topics", place, "like"))
        ),
        secrets=frozenset((*_secrets(documents), *_passwords(main.database))),
    )


def _asking(found: Collecting, machine: Summaries | None) -> Collecting:
    """Return the settings of collecting; what is left out for lack of a secret is told together."""
    missing = (machine.missing,) if machine and machine.missing else ()
    return replace(found, left_out=(*found.left_out, *missing))


def _missing(document: YamlDocument) -> Iterator[str]:
    """Yield a sentence, with its place, for each secret that is missing."""
    for path, missing in document.unset.items():
        # What only the site needs, or only better sentences, stops no mail.
        if path[:1] not in (("serve",), ("summaries",)):
            yield f"{document.where(path, value=True)}: {missing}"


SHORTEST = 8
"""Shortest secret that is blacked out of what is shown: a shorter one may be part of an innocent
word."""


def _secrets(documents: Mapping[str, YamlDocument]) -> Iterator[str]:
    """Yield the values that must not be shown: passwords and keys, with their encoded forms."""
    for name, document in documents.items():
        whole = (document.at(path) for path in document.variables if is_secret(name, path))
        # Parts of an address, as in `https://x.example/feed?key=${KEY}`; a slash makes it a path.
        parts = (part for some in document.within.values() for part in some if "/" not in part)
        for value in (*whole, *parts):
            if isinstance(value, str) and len(value) >= SHORTEST:
                yield value
                yield quote(value, safe="")
                yield value.encode("unicode_escape").decode()


def _passwords(database: str) -> Iterator[str]:
    """Yield the passwords in a database's URL, as they are and as they are written there."""
    for word in secrets_of(database):
        if len(word) >= SHORTEST:
            yield word
            yield quote(word, safe="")


def sender_domain(folder: Path) -> str:
    """Return the domain of `from` in newsletter.yaml, even if other settings are missing or wrong.

    Somebody who is making a key cannot have it in the environment yet. Raises ConfigError if there
    is no address.
    """
    document = read_document(folder / "newsletter.yaml", Recorded())
    domain = str(document.at(("from",))).rpartition("@")[2].strip("> ")
    if "." not in domain:
        raise ConfigError(f"{document.where(('from',))}: `from` needs an address, or give --domain")
    return domain.lower()
