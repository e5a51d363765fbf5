"""topics.yaml → Topic."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from newsletter.config.documents import Document, Path_
from newsletter.config.mistakes import suggest
from newsletter.config.shape import Shape
from newsletter.config.shapes import TopicShape, TopicsShape
from newsletter.model import Match, Topic
from newsletter.pick import FilterError, parse_match


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
        check_libraries(given.like, document, (*path, "like"), problems)
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


LIBRARIES = (".bib", ".json")
"""How the names of files end that hold papers somebody likes."""


def check_libraries(
    likes: Sequence[str], document: Document, path: Path_, problems: list[str]
) -> None:
    """Find libraries that are not there: better now than when the day's papers are waiting."""
    root = document.path.resolve().parent.parent
    problems.extend(
        f"{document.where((*path, place), value=True)}: there is no file {root / like}"
        for place, like in enumerate(likes)
        if like.endswith(LIBRARIES) and not (root / like).is_file()
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
