"""One paper seen by several sources becomes one Paper that keeps the best of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from newsletter.model import Paper


def merge_papers(papers: Iterable[Paper]) -> tuple[Paper, ...]:
    """Merge papers that share a key, also through a third one; keep the order of first sight.

    A paper that was known before must come before its new sightings: the id of the first stays,
    so that a delivery's links and the store's rows keep their name.
    """
    groups: dict[int, list[Paper]] = {}
    group_of: dict[str, int] = {}
    for number, paper in enumerate(papers):
        joined = sorted({group_of[key] for key in paper.keys if key in group_of})
        home = joined[0] if joined else number
        members = groups.setdefault(home, [])
        for other in joined[1:]:
            members.extend(groups.pop(other))
        members.append(paper)
        for member in members:
            group_of.update(dict.fromkeys(member.keys, home))
    return tuple(_merge(members) for members in groups.values())


def _merge(papers: list[Paper]) -> Paper:
    """Keep the best of each field: the longest abstract, the fullest author list, most votes."""
    first = papers[0]
    if len(papers) == 1:
        return first
    keys = tuple(dict.fromkeys(key for paper in papers for key in paper.keys))
    dates = [paper.published for paper in papers if paper.published]
    # The source that knows the paper by its strongest identity is believed on title and link.
    authority = min(papers, key=lambda paper: _strength(paper.keys[0]))
    sightings = {
        (sighting.source, sighting.url): sighting
        for paper in reversed(papers)
        for sighting in reversed(paper.sightings)
    }
    return replace(
        first,
        keys=tuple(sorted(keys, key=_strength)),
        title=authority.title,
        url=authority.url,
        abstract=max((paper.abstract for paper in papers), key=len),
        authors=max((paper.authors for paper in papers), key=len),
        categories=tuple(dict.fromkeys(name for paper in papers for name in paper.categories)),
        published=min(dates) if dates else None,
        announce=_first(paper.announce for paper in papers),
        version=max(paper.version for paper in papers),
        summary=_first(paper.summary for paper in papers),
        summary_by=_first(paper.summary_by for paper in papers),
        keywords=max((paper.keywords for paper in papers), key=len),
        pdf_url=_first(paper.pdf_url for paper in papers),
        code_url=_first(paper.code_url for paper in papers),
        discussion_url=_first(paper.discussion_url for paper in papers),
        votes=max(paper.votes for paper in papers),
        comments=max(paper.comments for paper in papers),
        stars=max(paper.stars for paper in papers),
        sightings=tuple(sorted(sightings.values(), key=lambda seen: (seen.seen_at, seen.source))),
    )


def _strength(key: str) -> int:
    return ("arxiv", "doi", "url", "title", "work").index(key.partition(":")[0])


def _first(values: Iterable[str]) -> str:
    return next((value for value in values if value), "")
