"""Papers and sections as templates see them: words and links, nothing to compute."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypedDict

from newsletter.model import Figure, Paper, Pick, Wording
from newsletter.render import words
from newsletter.render.locales import direction_of_text, language_of_text
from newsletter.render.people import byline
from newsletter.render.phrases import Phrases
from newsletter.render.reasons import telling_reasons
from newsletter.render.tokens import NUMBER, hole

MAX_AUTHORS = 3
"""Names shown before `and n more`."""
WHOLE = 10_000
"""Characters of room in which an abstract is shown whole, as on the web."""
FIGURE_WIDTH: Final = 528
"""Most pixels that a figure takes: as wide as a paper's text is in the shipped templates."""
MAX_ALIKE = 3
"""Papers that say the same as a paper, listed below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link below a paper."""

    label: str
    url: str


# Views are compared by identity: each is made once, and used in all editions.
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PaperView:
    """A paper as templates see it."""

    id: str
    """Quoted for use in a URL."""
    title: str
    url: str
    number: str
    """Its place in the edition, from 1; a hole, since it depends on the papers before it."""
    authors: str
    topic: str
    """The title of its section."""
    topic_language: str
    """The language of that title (BCP 47)."""
    tldr: str
    tldr_by: str
    """Who wrote `tldr`, in words: a source, or a machine; empty: the authors."""
    tldr_language: str
    """The language of `tldr` where it is another than the paper's (BCP 47); else empty."""
    direction: Literal["ltr", "rtl"]
    """The direction in which the title is written."""
    start: str
    """The side on which lines begin in that direction: left or right."""
    language: str
    """The language that it is written in (BCP 47), where that is sure; else empty."""
    abstract: str
    """Sentences of it that add to `tldr`, as far as there is room; on the web the whole of it."""
    figure: str
    """Where its picture is: on the newsletter's own site, or within the mail; empty without one."""
    figure_alt: str
    """What stands in its place: what it is, and whose."""
    figure_width: int
    """Pixels that it takes where there is room."""
    figure_height: int
    badges: tuple[str, ...]
    reasons: tuple[str, ...]
    links: tuple[Link, ...]
    also: tuple[Link, ...]
    """Papers that say the same."""

    @property
    def summary(self) -> str:
        """The sentence with who wrote it, for places that have no other mark; may be empty."""
        return f"{self.tldr} ({self.tldr_by})" if self.tldr and self.tldr_by else self.tldr


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SectionView:
    """A topic as templates see it."""

    name: str
    """Safe as the name of an anchor."""
    title: str
    language: str
    """The language of the title (BCP 47)."""
    count: int
    """Number of papers picked under the topic, including the paper of the day."""


def paper_view(
    pick: Pick,
    topic: str,
    phrases: Phrases,
    *,
    topic_language: str = "",
    room: int,
    density: str,
    figure: Figure | None = None,
    figure_url: str = "",
) -> PaperView:
    """Return a pick as templates see it, with at most `room` characters of its details.

    With the room that is `WHOLE`, the abstract stands there as it is. `figure_url` is where
    figures are, with `{name}` for the name of one.
    """
    paper = pick.paper
    bare = density in ("titles", "brief")
    links = () if bare else tuple(_links(paper, phrases))
    also = () if bare else pick.also[:MAX_ALIKE]
    direction = direction_of_text(paper.title)
    language = language_of_text(f"{paper.title} {paper.abstract}")
    return PaperView(
        id=urllib.parse.quote(paper.id, safe=""),
        title=paper.title,
        url=paper.url,
        number=hole(NUMBER),
        direction=direction,
        start="right" if direction == "rtl" else "left",
        language=language,
        authors=_authors(paper.authors, phrases),
        topic=topic,
        topic_language=topic_language,
        tldr="" if density == "titles" else pick.tldr,
        tldr_by="" if density == "titles" else author_of_summary(pick, phrases),
        tldr_language=pick.tldr_language if pick.tldr_language != language else "",
        abstract="" if bare else excerpt(pick, room),
        **_figure(None if bare else figure, figure_url, paper.title, phrases),
        badges=tuple(_badges(paper, phrases)),
        reasons=()
        if bare
        else tuple(words.say(reason, phrases) for reason in telling_reasons(pick, topic)),
        links=links,
        also=tuple(Link(label=same.title, url=same.url) for same in also),
    )


def author_of_summary(pick: Pick, phrases: Phrases) -> str:
    """Return who wrote the sentence about a paper, in words; nothing when its authors did."""
    if pick.wording is Wording.GIVEN:
        return pick.tldr_by
    return words.by_machine(phrases, pick.wording, pick.tldr_by)


def excerpt(pick: Pick, room: int) -> str:
    """Return the details that fit whole in `room` characters, or the whole abstract."""
    if room >= WHOLE:
        return pick.paper.abstract
    kept: list[str] = []
    for sentence in pick.details:
        if len(sentence) <= room:
            kept.append(sentence)
            room -= len(sentence) + 1
    return " ".join(kept)


def shorten(text: str, room: int) -> str:
    """Return `text`; if it is longer than `room` characters, cut at a word, with `…` added."""
    if len(text) <= room:
        return text
    head = text[: room - 1]
    cut, _, _ = head.rpartition(" ")
    # Text without spaces (some languages, one long word) is cut at the limit.
    return (cut if len(cut) > room // 2 else head).rstrip(" ,;:–-") + "…"


def _authors(names: Sequence[str], phrases: Phrases) -> str:
    """Return the first authors and how many more there are; never `and 1 more`."""
    if len(names) <= MAX_AUTHORS + 1:
        return words.authors(phrases, [*map(byline, names)], 0)
    return words.authors(phrases, [*map(byline, names[:MAX_AUTHORS])], len(names) - MAX_AUTHORS)


def _badges(paper: Paper, phrases: Phrases) -> Iterable[str]:
    if paper.votes:
        yield f"▲\N{NO-BREAK SPACE}{phrases.short_number(paper.votes)}"
    if paper.stars:
        yield f"★\N{NO-BREAK SPACE}{phrases.short_number(paper.stars)}"
    if paper.comments:
        yield words.comments(phrases, paper.comments)
    if paper.venue:
        yield shorten(paper.venue, 40)
    yield from paper.categories[:2]
    if paper.code_url and not paper.stars:
        yield words.has_code(phrases)
    if paper.announce.startswith("replace"):
        yield words.version(phrases, paper.version)


def _links(paper: Paper, phrases: Phrases) -> Iterable[Link]:
    """Yield the links below a paper; its title links to `url` too."""
    labels = words.link_labels(phrases)
    if paper.url:
        label = labels["arxiv" if "//arxiv.org/" in paper.url else "paper"]
        yield Link(label=label, url=paper.url)
    if paper.pdf_url:
        yield Link(label=labels["pdf"], url=paper.pdf_url)
    if paper.code_url:
        yield Link(label=labels["code"], url=paper.code_url)
    if paper.discussion_url and paper.discussion_url != paper.url:
        yield Link(label=labels["discussion"], url=paper.discussion_url)


class _Shown(TypedDict):
    figure: str
    figure_alt: str
    figure_width: int
    figure_height: int


def _figure(figure: Figure | None, url: str, title: str, phrases: Phrases) -> _Shown:
    if figure is None:
        return _Shown(figure="", figure_alt="", figure_width=0, figure_height=0)
    width = min(FIGURE_WIDTH, figure.width)
    return _Shown(
        figure=url.replace("{name}", figure.name),
        figure_alt=words.figure(phrases, figure.by, title),
        figure_width=width,
        figure_height=max(1, round(figure.height * width / figure.width)),
    )
