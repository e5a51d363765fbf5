"""topics.yaml → Topic."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from newsletter.config.documents import YamlDocument
from newsletter.config.mistakes import suggest
from newsletter.config.nodes import Path_
from newsletter.config.shape import Shape
from newsletter.config.values import Like, Line, Slug
from newsletter.model import Match, Topic
from newsletter.pick.filters.language import FilterError, parse_match
from newsletter.pick.personal import OWN_TOPICS
from newsletter.pick.signals import SIGNALS

OWN_NAMES = tuple(topic.name for topic in OWN_TOPICS)
"""The names of readers' own sections."""


class TopicShape(Shape):
    """One topic."""

    name: Slug = Field(description="Short name that subscribers use: lower case and hyphens.")
    title: Line = Field(description="Heading in the email.")
    match: object = Field(
        None, description="Terms, a one-line query, or any:, all: and none: over them."
    )
    like: list[Like] = Field(
        [],
        description="What its papers should be like: arXiv ids, library files (.bib, or .json "
        "from Zotero), titles, or a sentence.",
    )
    rank: dict[Literal[tuple(SIGNALS)], Annotated[float, Field(ge=0)]] = Field(  # type: ignore[valid-type]
        {},
        description="Weights of the signals. Default: relevance 1, trending 0.8, recency 0.2, and "
        "1 for taste with `like`, author with `authors`, venue with `venues`.",
    )
    limit: int = Field(6, ge=1, le=50, description="Most papers of the topic in an email.")
    authors: list[Line] = Field(
        [], description="Authors whose papers count more; `author` in `rank` is their weight."
    )
    venues: list[Line] = Field(
        [], description="Venues whose papers count more; `venue` in `rank` is their weight."
    )
    fresh: int | None = Field(
        None, ge=1, le=366, description="Days after which a paper is too old for this topic."
    )
    extends: Slug | None = Field(
        None, description="Another topic, whose settings apply where this one sets none."
    )
    min_score: float = Field(0.0, ge=0, le=1, description="Papers with lower scores are left out.")

    @model_validator(mode="after")
    def _weighs_something(self) -> TopicShape:
        if self.rank and not any(self.rank.values()):
            raise ValueError("`rank` needs at least one weight above 0")
        if self.match is None and not self.like and not self.extends:
            raise ValueError(
                "a topic needs a `match`, or a `like` with what its papers should be like"
            )
        if self.name in OWN_NAMES:
            raise ValueError(
                f"`{self.name}` is the name of a section of readers' own: choose another"
            )
        return self

    def weights(self) -> tuple[tuple[str, float], ...]:
        """Return the weight of each signal."""
        usual = {"relevance": 1.0, "trending": 0.8, "recency": 0.2}
        more = {"taste": self.like, "author": self.authors, "venue": self.venues}
        given = self.rank or (usual | {name: 1.0 for name, some in more.items() if some})
        return tuple((str(name), weight) for name, weight in given.items())


class TopicsShape(Shape):
    """topics.yaml."""

    topics: list[TopicShape] = Field(min_length=1, description="The sections of an issue.")


def usual_topic(name: str, title: str, match: Match | None, like: Sequence[str] = ()) -> Topic:
    """Return a topic with a filter or likes, and with the settings of one that sets no others."""
    shape = TopicShape(name=name, title=title, match=[title], like=[*like])
    return Topic(
        name=name,
        title=title,
        match=match,
        weights=shape.weights(),
        limit=shape.limit,
        like=tuple(like),
    )


def read_topics(
    shape: TopicsShape, document: YamlDocument, problems: list[str]
) -> tuple[Topic, ...]:
    """Return the topics, each with the settings it inherits; mistakes go to `problems`."""
    topics: list[Topic] = []
    for place, given in enumerate(shape.topics):
        path: Path_ = ("topics", place)
        topic = _extended(given, shape.topics, document, path, problems)
        if any(other.name == topic.name for other in topics):
            problems.append(
                f"{document.where((*path, 'name'))}: a second topic is called `{topic.name}`"
            )
        match = read_filter(topic.match, document, (*path, "match"), problems)
        check_likes(given.like, document, (*path, "like"), problems)
        if match is None and topic.match is not None:
            continue
        topics.append(
            Topic(
                name=topic.name,
                title=topic.title,
                match=match,
                weights=topic.weights(),
                limit=topic.limit,
                like=tuple(topic.like),
                authors=tuple(topic.authors),
                venues=tuple(topic.venues),
                min_score=topic.min_score,
                fresh=dt.timedelta(days=topic.fresh) if topic.fresh else None,
            )
        )
    return tuple(topics)


def _extended(
    topic: TopicShape,
    topics: Sequence[TopicShape],
    document: YamlDocument,
    path: Path_,
    problems: list[str],
) -> TopicShape:
    """Return a topic with the settings of the topics it extends, where it sets none itself."""
    by_name = {known.name: known for known in topics}
    seen = {topic.name}
    found, wanted = topic, topic.extends
    while wanted:
        where = document.where((*path, "extends"), value=True)
        if wanted not in by_name:
            problems.append(f"{where}: no topic is called `{wanted}`{suggest(wanted, [*by_name])}")
            return found
        if wanted in seen:
            problems.append(f"{where}: `{wanted}` extends itself, through {', '.join(seen)}")
            return found
        seen.add(wanted)
        base = by_name[wanted]
        missing = base.model_fields_set - found.model_fields_set - {"name", "title"}
        # `extends` itself has been followed; the base's own base comes in the next round.
        update = {name: getattr(base, name) for name in missing - {"extends"}}
        found = found.model_copy(update=update)
        wanted = base.extends
    return found


LIBRARIES = (".bib", ".json", ".ris")
"""Suffixes of library files, which hold papers that somebody likes."""
_OTHER_FILES = re.compile(
    r"\S+\.(?:bibtex|biblatex|csv|docx?|enl|enw|html?|md|nbib|opml|pdf|rdf|tex|tsv|txt|xlsx?|xml|zip)",
    re.IGNORECASE,
)


def libraries(
    likes: Sequence[str], document: YamlDocument, path: Path_
) -> Iterator[tuple[str, str]]:
    """Yield the library files among the likes, each with the place where it is named."""
    for place, like in enumerate(likes):
        if like.lower().endswith(LIBRARIES):
            yield like, document.where((*path, place), value=True)


def check_likes(
    likes: Sequence[str], document: YamlDocument, path: Path_, problems: list[str]
) -> None:
    """Report files of kinds that cannot be read: they would be taken for words."""
    problems.extend(
        f"{document.where((*path, place), value=True)}: `{like}` is no library of a known kind: "
        "export it as BibTeX (.bib), CSL JSON (.json) or RIS (.ris)"
        for place, like in enumerate(likes)
        if _OTHER_FILES.fullmatch(like) and "://" not in like and not like.startswith("10.")
    )


def read_filter(
    value: object, document: YamlDocument, path: Path_, problems: list[str]
) -> Match | None:
    """Return the filter at `path`, or None; a mistake in it goes to `problems`."""
    if value is None:
        return None
    try:
        return parse_match(value)
    except FilterError as error:
        problems.append(f"{document.where((*path, *error.path), value=True)}: {error}")
        return None
