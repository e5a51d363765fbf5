"""Terms of topics.yaml that find nothing, or nearly everything, among the papers known so far."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
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
    terms = list(_terms(document))
    counts = count_holding([parse_match(text) for _, text in terms], map(fold_paper, papers))
    known = len(papers)
    idle: dict[Path_, list[tuple[str, str]]] = {}
    for (path, text), count in zip(terms, counts, strict=True):
        where = document.where(path, value=True)
        if not count:
            idle.setdefault(path[:2], []).append((where, f"`{text}`"))
        elif known >= FEW and count >= NEARLY_ALL * known:
            yield (
                f"{where}: `{text}` finds {count} of the {known} papers known so far: it tells "
                "nothing apart"
            )
    for some in idle.values():
        find = "finds" if len(some) == 1 else "find"
        told = ", ".join(text for _, text in some)
        yield f"{some[0][0]}: {told} {find} none of the {known} papers known so far"


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
    """Yield every wanted term with its place: what is not wanted may well be rare."""
    for path in document.values:
        text = document.at(path)
        inside = path[3:]
        if (
            path[:1] == ("topics",)
            and path[2:3] == ("match",)
            and isinstance(text, str)
            and "none" not in inside
            and not any(str(step).startswith("near") for step in inside)
        ):
            yield path, text
