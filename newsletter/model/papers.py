"""Papers, where they were seen, and discussions of them."""

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
    """A discussion of a paper: a sign of interest in it, which brings no paper by itself."""

    keys: tuple[str, ...]
    """The identities of the paper that is discussed."""
    sighting: Sighting


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A research paper, or a post about one; its text is plain Unicode already."""

    id: str
    """The strongest of `keys`: the paper's name in the store, the ledger and readers' links."""
    keys: tuple[str, ...]
    """All its identities: `arxiv:2410.01234`, `doi:10.1/x`, `url:example.org/p`."""
    title: str
    url: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    published: dt.datetime | None = None
    announce: str = ""
    """arXiv's announcement type, if there is one."""
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
    """The authors' employer, as a source gives it."""
    submitted_by: str = ""
    """Who submitted it to the source."""
    votes: int = 0
    comments: int = 0
    stars: int = 0
    """Stars of the code's repository."""
    citations: int = 0
    sightings: tuple[Sighting, ...] = ()
    """Oldest first."""

    @property
    def first_seen(self) -> dt.datetime | None:
        """When any source first showed it."""
        return self.sightings[0].seen_at if self.sightings else None
