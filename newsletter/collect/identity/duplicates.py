"""Merge the sightings of a paper by several sources into one Paper with the best of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from newsletter.collect.identity.keys import strength
from newsletter.collect.identity.likeness import is_same_work, near_keys
from newsletter.model import Mention, Paper, Sighting

CROWD = 20
"""Papers that a paper is compared with for each trace they share. If more share it, it does not
identify a work, and comparing all with all would take the square of their number."""


def merge_papers(papers: Iterable[Paper], *, alike: bool = True) -> tuple[Paper, ...]:
    """Merge papers that share a key, even through a third paper, or are versions of one work.

    With `alike` false only keys count. This is used within one source, which does not list a paper
    under two names. The order is that of first sight. A known paper must come before its new
    sightings: the first paper's id is kept, so links in sent issues and rows in the store stay
    valid.
    """
    given = tuple(papers)
    homes = _Homes(len(given))
    owner: dict[str, int] = {}
    near: dict[str, list[int]] = {}
    for number, paper in enumerate(given):
        for key in paper.keys:
            homes.join(owner.setdefault(key, number), number)
        bands = [near.setdefault(band, []) for band in (near_keys(paper) if alike else ())]
        for other in sorted({neighbour for band in bands for neighbour in band}):
            if homes.of(other) != homes.of(number) and is_same_work(paper, given[other]):
                homes.join(other, number)
        for band in bands:
            if len(band) < CROWD:
                band.append(number)
    groups: dict[int, list[Paper]] = {}
    for number, paper in enumerate(given):
        groups.setdefault(homes.of(number), []).append(paper)
    return tuple(_merge(members) for members in groups.values())


class _Homes:
    """Which papers belong together: a disjoint-set forest, in which joining is almost free."""

    def __init__(self, count: int) -> None:
        self._above = list(range(count))

    def of(self, number: int) -> int:
        """Return the first paper of the group that a paper is in."""
        while self._above[number] != number:
            self._above[number] = self._above[self._above[number]]
            number = self._above[number]
        return number

    def join(self, left: int, right: int) -> None:
        """Join two groups."""
        first, second = sorted((self.of(left), self.of(right)))
        self._above[second] = first


def attach_mentions(papers: Iterable[Paper], mentions: Iterable[Mention]) -> tuple[Paper, ...]:
    """Return those of `papers` that are discussed, with the sightings of their discussions.

    A paper without a discussion page gets that of the liveliest discussion.
    """
    talk: dict[str, list[Sighting]] = {}
    for mention in mentions:
        for key in mention.keys:
            talk.setdefault(key, []).append(mention.sighting)
    found = []
    for paper in papers:
        seen = {
            (sighting.source, sighting.url): sighting
            for key in paper.keys
            for sighting in talk.get(key, ())
        }
        if seen:
            best = max(
                seen.values(),
                key=lambda sighting: (sighting.votes + sighting.comments, sighting.url),
            )
            discussed = replace(
                paper,
                sightings=tuple(seen.values()),
                discussion_url=paper.discussion_url or best.url,
            )
            found.append(_merge([paper, discussed]))
    return tuple(found)


def _merge(papers: list[Paper]) -> Paper:
    """Keep the best of each field: the longest abstract, the fullest author list, most votes."""
    first = papers[0]
    if len(papers) == 1:
        return first
    keys = tuple(dict.fromkeys(key for paper in papers for key in paper.keys))
    dates = [paper.published for paper in papers if paper.published]
    # Title and link come from the source whose key for the paper is the strongest.
    authority = min(papers, key=lambda paper: strength(paper.keys[0]))
    return replace(
        first,
        keys=tuple(sorted(keys, key=strength)),
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
        image_url=_first(paper.image_url for paper in papers),
        venue=_first(paper.venue for paper in papers),
        organisation=_first(paper.organisation for paper in papers),
        submitted_by=_first(paper.submitted_by for paper in papers),
        votes=max(paper.votes for paper in papers),
        comments=max(paper.comments for paper in papers),
        stars=max(paper.stars for paper in papers),
        citations=max(paper.citations for paper in papers),
        sightings=_sightings(papers),
    )


def _sightings(papers: Iterable[Paper]) -> tuple[Sighting, ...]:
    """Return every sighting once, with its earliest time and its latest number of votes."""
    found: dict[tuple[str, str], Sighting] = {}
    for paper in papers:
        for seen in paper.sightings:
            known = found.setdefault((seen.source, seen.url), seen)
            found[seen.source, seen.url] = replace(
                known,
                seen_at=min(known.seen_at, seen.seen_at),
                votes=max(known.votes, seen.votes),
                comments=max(known.comments, seen.comments),
            )
    return tuple(sorted(found.values(), key=lambda seen: (seen.seen_at, seen.source, seen.url)))


def _first(values: Iterable[str]) -> str:
    return next((value for value in values if value), "")
