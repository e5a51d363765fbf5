"""Render editions: one Edition per distinct selection of picks."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from newsletter.model import Edition, Issue, Paper, Pick, Topic
from newsletter.render.templates import Templates
from newsletter.render.tokens import NAMES, token

MAX_AUTHORS = 3
"""Names shown before `and n more`."""
MAX_KEY = 60
SUBJECT_TITLE = 70
"""Characters of the lead's title in the subject: what a desktop inbox shows of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Masthead:
    """What every edition says about the newsletter itself."""

    name: str
    language: str
    postal_address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What readers of the same topics get."""

    topics: tuple[str, ...]
    picks: tuple[Pick, ...]
    reader: str = ""
    """A subscriber's id, when nobody else gets this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link below a paper."""

    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperView:
    """A paper as templates see it: words and links, nothing to compute."""

    title: str
    url: str
    authors: str
    tldr: str
    tldr_by: str
    abstract: str
    badges: tuple[str, ...]
    reasons: tuple[str, ...]
    links: tuple[Link, ...]
    also: tuple[Link, ...]
    """Papers that say the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionView:
    """A topic and its papers as templates see them."""

    name: str
    title: str
    papers: tuple[PaperView, ...]


def edition_key(topics: Sequence[str], reader: str = "") -> str:
    """Return the name of the edition for readers of `topics`, in their order; fit for a file.

    With the id of a `reader` it is the one of that reader alone.
    """
    key = "+".join(topics)
    if len(key) > MAX_KEY:
        digest = hashlib.sha256(key.encode()).hexdigest()[:8]
        key = f"{key[: MAX_KEY - 9].rstrip('+-')}-{digest}"
    return f"{key}~{reader}" if reader else key


def render_editions(
    issue: Issue,
    selections: Iterable[Selection],
    topics: Sequence[Topic],
    masthead: Masthead,
    templates: Templates,
) -> tuple[Edition, ...]:
    """Return an edition for each selection, with tokens where readers differ.

    Raises TemplateError when a template fails on these papers.
    """
    titles = {topic.name: topic.title for topic in topics}
    return tuple(
        _edition(issue, selection, titles, masthead, templates) for selection in selections
    )


def _edition(
    issue: Issue,
    selection: Selection,
    titles: Mapping[str, str],
    masthead: Masthead,
    templates: Templates,
) -> Edition:
    picks = selection.picks
    sections = tuple(
        SectionView(name=name, title=titles[name], papers=tuple(map(_view, group)))
        for name, group in groupby(picks, key=lambda pick: pick.topic)
    )
    subject = _subject(issue, picks, masthead)
    letter = {
        "subject": subject,
        "preheader": _preheader(issue, picks, sections),
        "name": masthead.name,
        "language": masthead.language,
        "postal_address": masthead.postal_address,
        "date": long_date(issue.date),
        "number": issue.number,
        "glance": _glance(issue, len(picks)),
        "topics": [titles[name] for name in selection.topics],
        "sections": sections,
        **{name: token(name) for name in NAMES},
    }
    return Edition(
        key=edition_key(selection.topics, selection.reader),
        subject=subject,
        html=templates.html({"letter": letter}),
        text=templates.text({"letter": letter}),
        picks=picks,
    )


def long_date(date: dt.date) -> str:
    """Return `Tuesday, 24 November 2026`; without strftime, whose language is the machine's."""
    return f"{_DAYS[date.weekday()]}, {date.day} {_MONTHS[date.month - 1]} {date.year}"


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def _subject(issue: Issue, picks: Sequence[Pick], masthead: Masthead) -> str:
    day = f"{masthead.name}, {issue.date.day} {_MONTHS[issue.date.month - 1][:3]}"
    if not picks:
        return f"{day}: no new papers"
    lead = max(picks, key=lambda pick: pick.score.total).paper.title
    short = (
        lead if len(lead) <= SUBJECT_TITLE else lead[: SUBJECT_TITLE - 1].rsplit(" ", 1)[0] + "…"
    )
    return f"{day}: {short}" + (f" and {len(picks) - 1} more" if len(picks) > 1 else "")


def _glance(issue: Issue, picked: int) -> str:
    return f"{_papers(picked)} picked for you, out of {issue.papers} new today."


def _preheader(issue: Issue, picks: Sequence[Pick], sections: Sequence[SectionView]) -> str:
    counts = ", ".join(f"{section.title} {len(section.papers)}" for section in sections)
    told = f"{_papers(len(picks))} out of {issue.papers}"
    return f"{told}: {counts}." if counts else f"{told}."


def _papers(count: int) -> str:
    return "1 paper" if count == 1 else f"{count} papers"


def _view(pick: Pick) -> PaperView:
    paper = pick.paper
    return PaperView(
        title=paper.title,
        url=paper.url,
        authors=_authors(paper.authors),
        tldr=pick.tldr,
        tldr_by=pick.tldr_by,
        abstract=paper.abstract,
        badges=tuple(_badges(paper)),
        reasons=pick.reasons,
        links=tuple(_links(paper)),
        also=tuple(Link(label=one.title, url=one.url) for one in pick.also),
    )


def _authors(names: Sequence[str]) -> str:
    """Return the first names and how many more there are; never `and 1 more`."""
    if len(names) <= MAX_AUTHORS + 1:
        return ", ".join(names)
    return f"{', '.join(names[:MAX_AUTHORS])} and {len(names) - MAX_AUTHORS} more"


def _badges(paper: Paper) -> Iterable[str]:
    if paper.votes:
        yield f"▲ {_short(paper.votes)}"
    if paper.stars:
        yield f"★ {_short(paper.stars)}"
    if paper.comments:
        yield "1 comment" if paper.comments == 1 else f"{_short(paper.comments)} comments"
    yield from paper.categories[:2]
    if paper.announce.startswith("replace"):
        yield f"version {paper.version}"


def _short(count: int) -> str:
    """Return 1234 as `1.2k`."""
    return str(count) if count < 1_000 else f"{count / 1_000:.1f}".removesuffix(".0") + "k"  # noqa: PLR2004


def _links(paper: Paper) -> Iterable[Link]:
    if paper.url:
        yield Link(label="arXiv" if "//arxiv.org/" in paper.url else "Read", url=paper.url)
    if paper.pdf_url:
        yield Link(label="PDF", url=paper.pdf_url)
    if paper.code_url:
        yield Link(label="Code", url=paper.code_url)
    if paper.discussion_url and paper.discussion_url != paper.url:
        yield Link(label="Discussion", url=paper.discussion_url)
