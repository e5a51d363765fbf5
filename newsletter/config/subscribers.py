"""subscribers.yaml → SignUp: who is on the list, and what each asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pydantic import Field

from newsletter.config.documents import YamlDocument, read_document
from newsletter.config.environment import read_environment
from newsletter.config.gathering import gathered
from newsletter.config.mistakes import checked, suggest
from newsletter.config.nodes import Path_
from newsletter.config.shape import Shape
from newsletter.config.topics import check_likes, libraries, read_filter
from newsletter.config.values import Address, Language, Like, Line, Slug, Text, Zone
from newsletter.errors import ConfigError
from newsletter.files.reading import read_regular
from newsletter.model import ANY_HOUR, Cadence, Length, SignUp, Wishes

FILE = "subscribers.yaml"
MOST = 100_000_000
"""Largest list that is read, in bytes; a million readers need less."""
FORM = "2"
"""Version of what is read from the list: change it, and every list is read again."""


class SubscriberShape(Shape):
    """One subscriber."""

    email: Address = Field(description="Where the mail goes; no two may share one.")
    name: Text = Field("", description="For the greeting.")
    topics: list[Slug] = Field(
        [], description="Names from topics.yaml, in the order of the email. Default: every topic."
    )
    timezone: Zone | None = Field(None, description="Default: the newsletter's.")
    language: Language | None = Field(
        None, description="Language of their mail (BCP 47). Default: the newsletter's."
    )
    words: object = Field(
        None, description="Words of their own, as in a topic's `match`; they make a section."
    )
    follow: list[Line] = Field([], description="Authors whose papers go into that section.")
    mute: object = Field(None, description="Papers that they do not want, as in a topic's `match`.")
    mute_authors: list[Line] = Field([], description="Authors whose papers they do not want.")
    likes: list[Like] = Field(
        [],
        description="What they like, as in a topic's `like`: it decides half of each score, and "
        "adds a section of papers close to it.",
    )
    dislikes: list[Like] = Field([], description="What they do not like, in the same form.")
    hour: int | None = Field(
        None,
        ge=0,
        le=23,
        description="Hour of their own day, 0 to 23, from which they want an issue. Default: as "
        "soon as it is made.",
    )
    cadence: Literal["daily", "weekdays", "weekly"] = Field(
        "daily",
        description="`weekdays`: no issue on Saturday and Sunday; `weekly`: the best of the week "
        "on the day `schedule.weekly`.",
    )
    length: Literal["full", "short"] = Field(
        "full", description="`short`: the best five papers only, as titles with a sentence."
    )
    paused: bool = Field(default=False, description="If true, gets nothing until it is false.")


class SubscribersShape(Shape):
    """subscribers.yaml."""

    subscribers: list[SubscriberShape] = Field([], description="Who gets an issue.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberList:
    """The contents of subscribers.yaml."""

    sign_ups: tuple[SignUp, ...]
    libraries: tuple[tuple[str, str], ...]
    """Library files that subscribers like, each with the place where it is named."""
    is_blank: bool = False
    """Whether the file says nothing at all."""


def read_list(
    folder: Path, topics: Sequence[str], environment: Mapping[str, str]
) -> SubscriberList:
    """Read subscribers.yaml in `folder`; `topics` are the names of the topics that exist.

    `environment` gives the values of `${NAME}`. Raises ConfigError with one `file:line:column: what
    is wrong` for each mistake.
    """
    variables = read_environment(folder.resolve().parent, environment)
    document = read_document(folder / FILE, variables)
    problems: list[str] = []
    try:
        shape = checked(SubscribersShape, document, "subscribers")
        found = _read(shape, topics, document, problems)
    except ConfigError as error:
        raise ConfigError(*gathered(error.problems)) from None
    if problems:
        raise ConfigError(*gathered(problems))
    return replace(found, is_blank=not document.data)


def check_list(
    folder: Path,
    topics: Sequence[str] | None,
    environment: Mapping[str, str],
    texts: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    """Return the mistakes in subscribers.yaml.

    Without `topics`, the names of topics are not checked. `texts` are as for `load_config`.
    """
    try:
        document = read_document(folder / FILE, environment, texts)
        shape = checked(SubscribersShape, document, "subscribers")
        problems: list[str] = []
        if topics is not None:
            _read(shape, topics, document, problems)
    except ConfigError as error:
        return error.problems
    return tuple(problems)


def list_digest(folder: Path, topics: Sequence[str]) -> str:
    """Return a digest of subscribers.yaml and the topics' names; empty for an unusual file.

    While it is unchanged, reading the list again gives the same result. A file with values from
    the environment, or one that cannot be read, has no digest.
    """
    try:
        raw = read_regular(folder / FILE, MOST)
    except OSError:
        return ""
    if len(raw) > MOST or b"${" in raw:
        return ""
    digest = hashlib.sha256("\n".join((FORM, *topics)).encode())
    digest.update(b"\0" + raw)
    return digest.hexdigest()


def _read(
    shape: SubscribersShape, topics: Sequence[str], document: YamlDocument, problems: list[str]
) -> SubscriberList:
    known = frozenset(topics)
    lines: dict[str, str] = {}
    found: list[SignUp] = []
    files: list[tuple[str, str]] = []
    for place, person in enumerate(shape.subscribers):
        path: Path_ = ("subscribers", place)
        problems.extend(
            f"{document.where((*path, 'topics', number))}: no topic is called `{name}`"
            f"{suggest(name, [*topics])}"
            for number, name in enumerate(person.topics)
            if name not in known
        )
        # Mailboxes differ by case only in theory (RFC 5321, 2.4), and nobody wants two copies.
        address = person.email.lower()
        if address in lines:
            problems.append(
                f"{document.where((*path, 'email'), value=True)}: {person.email} is on the list "
                f"already ({lines[address]})"
            )
            continue
        lines[address] = document.where((*path, "email"), value=True)
        read_filter(person.words, document, (*path, "words"), problems)
        for name in ("likes", "dislikes"):
            likes = getattr(person, name)
            check_likes(likes, document, (*path, name), problems)
            files += libraries(likes, document, (*path, name))
        read_filter(person.mute, document, (*path, "mute"), problems)
        found.append(sign_up(person))
    return SubscriberList(sign_ups=tuple(found), libraries=tuple(files))


def sign_up(person: SubscriberShape) -> SignUp:
    """Return one entry of the list as plain data."""
    return SignUp(
        email=person.email,
        name=person.name,
        is_paused=person.paused,
        wishes=Wishes(
            topics=tuple(dict.fromkeys(person.topics)),
            timezone=person.timezone or "",
            language=person.language or "",
            words=person.words,
            follow=tuple(person.follow),
            mute=person.mute,
            mute_authors=tuple(person.mute_authors),
            likes=tuple(person.likes),
            dislikes=tuple(person.dislikes),
            hour=ANY_HOUR if person.hour is None else person.hour,
            cadence=Cadence(person.cadence),
            length=Length(person.length),
        ),
    )
