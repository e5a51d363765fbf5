"""Terms of topics.yaml that find nothing, or nearly everything, among the papers known so far."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from newsletter.config.documents import YamlDocument, read_document
from newsletter.config.nodes import Path_
from newsletter.model import Paper
from newsletter.pick.filters.folding import fold_paper
from newsletter.pick.filters.language import parse_match
from newsletter.pick.filters.scanning import count_holding

DAYS = dt.timedelta(days=30)
"""How far back the papers go."""
FEW = 10
"""With fewer papers, a word that all of them have is no surprise."""
NEARLY_ALL = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class TermHealth:
    """How many of the papers known so far a term of a topic finds by itself."""

    topic: str
    """The name of the topic."""
    text: str
    path: Path_
    """Where it stands in topics.yaml; `YamlDocument.values` has line and column."""
    papers: int
    known: int
    """How many papers there are."""
    excludes: bool
    """Whether it stands under `none`: then it may well be rare."""

    @property
    def is_idle(self) -> bool:
        """Whether it should find papers, and finds none."""
        return not self.papers and not self.excludes

    @property
    def is_wide(self) -> bool:
        """Whether it finds nearly everything, and so tells nothing apart."""
        return self.known >= FEW and self.papers >= NEARLY_ALL * self.known


def term_health(document: YamlDocument, papers: Sequence[Paper]) -> tuple[TermHealth, ...]:
    """Return each term of topics.yaml with the papers that it finds; those of `near` are left out.

    Raises FilterError for a term that cannot be understood.
    """
    terms = list(_terms(document))
    counts = count_holding([parse_match(text) for _, text in terms], map(fold_paper, papers))
    return tuple(
        TermHealth(
            topic=str(document.at((*path[:2], "name"))),
            text=text,
            path=path,
            papers=count,
            known=len(papers),
            excludes="none" in path[3:],
        )
        for (path, text), count in zip(terms, counts, strict=True)
    )


def idle_terms(
    folder: Path, environment: Mapping[str, str], papers: Sequence[Paper]
) -> Iterator[str]:
    """Yield a line for each term of topics.yaml that tells no papers apart, with its place.

    Those of a topic that find nothing are told in one line: there may be many, and none is wrong.
    """
    if not papers:
        return
    document = read_document(folder / "topics.yaml", environment)
    yield from _early_likes(document, len(papers))
    known = len(papers)
    idle: dict[Path_, list[TermHealth]] = {}
    for term in term_health(document, papers):
        if term.is_idle:
            idle.setdefault(term.path[:2], []).append(term)
        elif term.is_wide and not term.excludes:
            yield (
                f"{document.where(term.path, value=True)}: `{term.text}` finds {term.papers} of "
                f"the {known} papers known so far: it tells nothing apart"
            )
    for some in idle.values():
        find = "finds" if len(some) == 1 else "find"
        told = ", ".join(f"`{term.text}`" for term in some)
        where = document.where(some[0].path, value=True)
        yield f"{where}: {told} {find} none of the {known} papers known so far"


def unread_topics(
    folder: Path, environment: Mapping[str, str], wanted: Iterable[Sequence[str]]
) -> Iterator[str]:
    """Yield one line with the topics that no reader has yet, if there are any, and readers.

    `wanted` has the topics of each reader, or of readers who have the same; none means every topic.
    """
    document = read_document(folder / "topics.yaml", environment)
    places = {
        str(document.at((*path, "name"))): document.where((*path, "name"), value=True)
        for path in document.values
        if path[:1] == ("topics",) and len(path) == 2  # noqa: PLR2004  `topics`, and the place
    }
    unread, is_anybody = dict(places), False
    for names in wanted:
        is_anybody = True
        for name in names or places:
            unread.pop(name, None)
        if not unread:
            return
    if is_anybody and unread:
        some = "topic" if len(unread) == 1 else "topics"
        told = ", ".join(f"`{name}`" for name in unread)
        yield f"{next(iter(unread.values()))}: no reader has the {some} {told} yet"


def _early_likes(document: YamlDocument, known: int) -> Iterator[str]:
    """Yield a line for each topic whose likes teach nothing yet, for want of papers."""
    liking = {
        path[:3] for path in document.values if path[:1] == ("topics",) and path[2:3] == ("like",)
    }
    if not liking:
        return
    from newsletter.learn.spaces import FEWEST  # noqa: PLC0415  loads numpy; many have no likes

    if known < FEWEST:
        for path in sorted(liking, key=str):
            yield (
                f"{document.where(path)}: `like` counts once {FEWEST} papers are known; so far "
                f"{known} are"
            )


def _terms(document: YamlDocument) -> Iterator[tuple[Path_, str]]:
    """Yield every term with its place."""
    for path in document.values:
        text = document.at(path)
        if (
            path[:1] == ("topics",)
            and path[2:3] == ("match",)
            and isinstance(text, str)
            and not any(str(step).startswith("near") for step in path[3:])
        ):
            yield path, text
