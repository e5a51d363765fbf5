"""What editions are made from: the newsletter's masthead and links, and who gets which papers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from newsletter.model import Pick
from newsletter.render.looks import DEFAULT_SUBJECT, Density, Figures, Form

MAX_KEY = 60
"""Characters of the key of an edition, without what tells its form and reader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Addresses of the pages for one reader; `{tag}` in them is replaced by the reader's tag."""

    unsubscribe: str
    preferences: str
    feedback: str
    """Where a reader asks for more, or fewer, papers like one; the id of that paper follows."""


NOWHERE = Links(unsubscribe="#", preferences="#", feedback="#")


@dataclass(frozen=True, slots=True, kw_only=True)
class Masthead:
    """What every edition says about the newsletter itself."""

    name: str
    language: str = "en"
    """Of the edition (BCP 47)."""
    own_language: str = ""
    """Of what the editor wrote, such as titles of topics; empty: the same."""
    postal_address: str = ""
    subject: str = DEFAULT_SUBJECT
    density: Density = "comfortable"
    figures: Figures = "none"
    """Which papers are shown with a figure, if there is one of them."""
    figure_url: str = ""
    """Where figures are, with `{name}` for the name of one: never on another host than our own."""
    feedback: bool = True
    """Whether readers get links to ask for more, or fewer, papers like one."""
    links: Links = NOWHERE
    issue_page: str = ""
    """Address at which an issue can be read on the web, with `{date}` for its date."""
    citations: str = ""
    """Address of an issue's papers as BibTeX, with `{date}` for its date."""
    days: int = 1
    """How many days an issue covers: 7 for a weekly digest."""

    @property
    def written_in(self) -> str:
        """The language of what the editor wrote (BCP 47)."""
        return self.own_language or self.language


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What readers of the same topics get."""

    topics: tuple[str, ...]
    picks: tuple[Pick, ...]
    own: tuple[str, ...] = ()  # sections beyond topics that its reader asked for: own words
    reader: str = ""
    """The id of the subscriber, when the selection is for one reader only."""
    lead: Pick | None = None
    """The pick that gets more room than the others, and is shown before them."""
    form: Form = field(default_factory=Form)
    papers: int | None = None
    """How many papers it was chosen from; None: those of the issue."""


def edition_key(topics: Sequence[str], reader: str = "", form: Form | None = None) -> str:
    """Return the name of the edition for readers of `topics` (in this order); safe as a file name.

    With the id of a `reader`, it is the name of the edition for that reader alone. Editions of the
    same topics in another `form` have other names.
    """
    key = "+".join(topics)
    if len(key) > MAX_KEY:
        digest = hashlib.sha256(key.encode()).hexdigest()[:8]
        key = f"{key[: MAX_KEY - 9].rstrip('+-')}-{digest}"
    key += form.marks if form else ""
    return f"{key}~{reader}" if reader else key
