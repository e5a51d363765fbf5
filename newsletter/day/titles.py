"""Stored papers by their titles, and stored papers that are like one."""

from __future__ import annotations

import difflib

from newsletter.collect.identity.keys import letters
from newsletter.collect.identity.likeness import is_same_work
from newsletter.model import Paper
from newsletter.pick.filters.folding import fold
from newsletter.store import Query, SearchStore

SHORTEST = 3
"""Words that a title has at least: shorter ones are rather words that somebody is interested in."""
TRIED = 5
SPELLING = 0.9
"""Least likeness of a title and what somebody typed."""
BESIDE = 5
"""Papers that are looked at besides those that are wanted: some of them are the same work."""


def paper_called(search: SearchStore, text: str, *, exactly: bool = False) -> Paper | None:
    """Return the stored paper with this title, or nothing; small differences do not count.

    With `exactly`, only case, accents and punctuation may differ, and other words are not tried.
    """
    if len(fold(text).split()) < SHORTEST:
        return None
    wanted = letters(text)
    query = Query(words=text.replace('"', " "))
    found = search.find(query, limit=TRIED).papers
    if not found and not exactly:  # a word that is spelled in another way
        found = search.about(query, limit=TRIED).papers
    titles = {paper.id: letters(paper.title) for paper in found}
    for paper in found:
        if titles[paper.id] == wanted:
            return paper
    if exactly:
        return None
    return next((paper for paper in found if _is_near(wanted, titles[paper.id])), None)


def _is_near(left: str, right: str) -> bool:
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    # The cheap bounds first: most titles are far away.
    return (
        matcher.real_quick_ratio() >= SPELLING
        and matcher.quick_ratio() >= SPELLING
        and matcher.ratio() >= SPELLING
    )


def papers_like(search: SearchStore, paper: Paper, count: int = 6) -> tuple[Paper, ...]:
    """Return stored papers that are like one, the nearest first: neither itself nor a version."""
    found: list[Paper] = []
    for other in search.like(paper, limit=count + BESIDE):
        if not any(_is_same(other, known) for known in (paper, *found)):
            found.append(other)
    return tuple(found[:count])


def _is_same(left: Paper, right: Paper) -> bool:
    return (
        not {*left.keys}.isdisjoint(right.keys)
        or letters(left.title) == letters(right.title)
        or is_same_work(left, right)
    )
