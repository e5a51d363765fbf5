"""Papers, where they were seen, and what was said of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One time that one source showed a paper, and what its readers thought of it."""

    source: str
    seen_at: dt.datetime
    url: str
    votes: int = 0
    comments: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A discussion of a paper: it tells of interest in a paper, but brings none by itself."""

    keys: tuple[str, ...]
    """The identities of the paper that is discussed."""
    sighting: Sighting


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A research paper (or a post about one), its text already plain Unicode."""

    id: str
    """The strongest of `keys`: what the store, the ledger and the reader's links call it."""
    keys: tuple[str, ...]
    """Every identity it is known by: `arxiv:2410.01234`, `doi:10.1/x`, `url:example.org/p`."""
    title: str
    url: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    published: dt.datetime | None = None
    announce: str = ""
    """arXiv's announcement type, where there is one."""
    version: int = 1
    summary: str = ""
    """A one-sentence summary that a source gave; never mixed with the authors' abstract."""
    summary_by: str = ""
    """Who wrote `summary`, in words for the reader."""
    keywords: tuple[str, ...] = ()
    pdf_url: str = ""
    code_url: str = ""
    discussion_url: str = ""
    image_url: str = ""
    """A picture that a source shows with it."""
    venue: str = ""
    """Journal or conference."""
    organisation: str = ""
    """Whom the authors work for, as a source says."""
    submitted_by: str = ""
    """Who brought it to the source's attention."""
    votes: int = 0
    comments: int = 0
    stars: int = 0
    """Of the code's repository."""
    citations: int = 0
    sightings: tuple[Sighting, ...] = ()
    """Oldest first."""

    @property
    def first_seen(self) -> dt.datetime | None:
        """When any source first showed it."""
        return self.sightings[0].seen_at if self.sightings else None
