"""topics.yaml → Topic."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence

from newsletter.config.documents import Document
from newsletter.config.mistakes import suggest
from newsletter.config.nodes import Path_
from newsletter.config.shape import Shape
from newsletter.config.shapes import TopicShape, TopicsShape
from newsletter.model import Match, Topic
from newsletter.pick.filters.language import FilterError, parse_match


def read_topics(
    documents: Mapping[str, Document], shapes: Mapping[str, Shape], problems: list[str]
) -> tuple[Topic, ...]:
    """Return the topics, each with what it takes over; mistakes go to `problems`."""
    shape = shapes.get("topics")
    if not isinstance(shape, TopicsShape):
        return ()
    document = documents["topics"]
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
    document: Document,
    path: Path_,
    problems: list[str],
) -> TopicShape:
    """Return a topic with the settings of those that it extends, where it says nothing itself."""
    by_name = {one.name: one for one in topics}
    seen = {topic.name}
    found, wanted = topic, topic.extends
    while wanted:
        where = document.where((*path, "extends"), value=True)
        if wanted not in by_name:
            problems.append(f"{where}: no topic is called `{wanted}`{suggest(wanted, [*by_name])}")
            return found
        if wanted in seen:
            problems.append(f"{where}: `{wanted}` extends itself, by way of {', '.join(seen)}")
            return found
        seen.add(wanted)
        base = by_name[wanted]
        missing = base.model_fields_set - found.model_fields_set - {"name", "title"}
        # `extends` itself has been followed; what the base takes over comes with the next turn.
        update = {name: getattr(base, name) for name in missing - {"extends"}}
        found = found.model_copy(update=update)
        wanted = base.extends
    return found


LIBRARIES = (".bib", ".json", ".ris")
"""How the names of files end that hold papers somebody likes."""
_OTHER_FILES = re.compile(
    r"\S+\.(?:bibtex|biblatex|csv|docx?|enl|enw|html?|md|nbib|opml|pdf|rdf|tex|tsv|txt|xlsx?|xml|zip)",
    re.IGNORECASE,
)


def libraries(likes: Sequence[str], document: Document, path: Path_) -> Iterator[tuple[str, str]]:
    """Yield the library files among likes, each with the place where it is named."""
    for place, like in enumerate(likes):
        if like.lower().endswith(LIBRARIES):
            yield like, document.where((*path, place), value=True)


def check_likes(likes: Sequence[str], document: Document, path: Path_, problems: list[str]) -> None:
    """Find files of kinds that cannot be read: they would be taken for words."""
    problems.extend(
        f"{document.where((*path, place), value=True)}: `{like}` is no library that can be read: "
        "export it as BibTeX (.bib), CSL JSON (.json) or RIS (.ris)"
        for place, like in enumerate(likes)
        if _OTHER_FILES.fullmatch(like) and "://" not in like and not like.startswith("10.")
    )


def read_filter(
    value: object, document: Document, path: Path_, problems: list[str]
) -> Match | None:
    """Return the filter that stands at `path`, if any; a mistake in it goes to `problems`."""
    if value is None:
        return None
    try:
        return parse_match(value)
    except FilterError as error:
        problems.append(f"{document.where((*path, *error.path), value=True)}: {error}")
        return None
