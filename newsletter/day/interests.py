"""read_interest(): what a stranger typed into one field → wishes, as a subscription has them.

It comes from people whom nobody knows. So all of it is bounded, nothing in it names a file or is an
expression, and a library is read in a process of its own with limits.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from newsletter.day.pieces import (
    BIBTEX,
    FIELD,
    FILE,
    MOST_PIECE,
    as_term,
    excerpt_of,
    pieces_of,
    reference_in,
    terms_in,
    topic_called,
)
from newsletter.day.strangers import no_file, plain_problem, read_guarded
from newsletter.day.titles import paper_called
from newsletter.errors import LibraryError, SourceError
from newsletter.model import (
    Paper,
    Remark,
    Topic,
    Wishes,
    counted_remark,
    remark,
)
from newsletter.model.gate import line
from newsletter.pick.filters.folding import fold
from newsletter.pick.filters.language import FilterError, parse_match
from newsletter.pick.filters.queries import is_query
from newsletter.store import PaperStore, SearchStore
from newsletter.store.words import STOP_WORDS

MOST_TEXT = 2_000
"""Characters of the text that are read."""
MOST_PIECES = 20
"""Parts of the text, between commas and line ends, that are read."""
MOST_TITLES = 12
"""Parts of the text that are looked for as titles."""
MOST_TERMS = 30
"""Terms of all filters together."""
MOST_LIKES = 50
"""Likes that are kept; those of a library are taken evenly from all of it."""
PHRASE = 3
"""Words of a part that are looked for as they stand."""
MANY_WORDS = 5
"""Telling words of a longer part up to which a paper that has them all is wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """What somebody is interested in."""

    topics: tuple[str, ...] = ()
    """Names of topics."""
    words: tuple[str, ...] = ()
    """Terms and one-line queries: a paper with any of them is wanted."""
    likes: tuple[str, ...] = ()
    """Ids of papers, or words."""
    asked: tuple[str, ...] = ()
    """The arXiv ids among the likes of which no paper is stored: arXiv can be asked for them."""
    problems: tuple[Remark, ...] = ()
    """What cannot be understood, for the person; the rest counts all the same."""
    notes: tuple[Remark, ...] = ()
    """How something was understood, where that is not plain, for the person."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for."""
        return not (self.topics or self.words or self.likes)


def interest_wishes(interest: Interest) -> Wishes:
    """Return what a subscription stores of an interest."""
    return Wishes(
        topics=interest.topics, words=[*interest.words] or None, likes=interest.likes[:MOST_LIKES]
    )


def read_interest(
    text: str,
    *,
    library: bytes = b"",
    topics: Sequence[Topic],
    papers: PaperStore,
    search: SearchStore,
) -> Interest:
    """Return what somebody means who typed `text`, and perhaps brought a `library`.

    The text is parts with commas, semicolons or line ends between them. A part is the name or title
    of a topic, an id or address of a paper, the title of a stored paper, a query in the language of
    filters, or words. A library is BibTeX, CSL JSON or RIS.
    """
    reading = _Understood(topics, papers, search)
    text = text.strip()
    if BIBTEX.match(text) and not library:  # a library that was pasted
        text, library = "", text.encode("utf-8", "replace")
    if len(text) > MOST_TEXT:
        reading.misunderstood(
            "This is long: only the first %(most)s characters count.", most=MOST_TEXT
        )
    pieces = list(itertools.islice(pieces_of(text[:MOST_TEXT], reading.is_title), MOST_PIECES + 1))
    if len(pieces) > MOST_PIECES:
        reading.misunderstood("These are many: only the first %(most)s count.", most=MOST_PIECES)
    for piece in pieces[:MOST_PIECES]:
        reading.take(piece)
    if library:
        reading.take_library(library)
    return reading.whole()


@dataclass(slots=True)
class _Understood:
    """An interest while it is read."""

    given: Sequence[Topic]
    papers: PaperStore
    search: SearchStore
    topics: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    likes: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    problems: list[Remark] = field(default_factory=list)
    notes: list[Remark] = field(default_factory=list)
    terms: int = 0
    called: dict[str, Paper | None] = field(default_factory=dict)

    def misunderstood(self, phrase: str, *, detail: str = "", **values: object) -> None:
        """Note what cannot be understood."""
        self.problems.append(remark(phrase, detail=detail, **values))

    def is_title(self, text: str) -> bool:
        """Tell whether a text is the title of a stored paper."""
        return self._paper_called(text) is not None

    def take(self, piece: str) -> None:
        """Read one part of the text."""
        if topic := topic_called(piece, self.given):
            self.topics.append(topic)
        elif reference := reference_in(piece):
            self._take_reference(piece, reference)
        elif FILE.fullmatch(piece):
            self.misunderstood(
                "“%(piece)s” looks like a file: choose it as your library instead.",
                piece=excerpt_of(piece),
            )
        elif piece.lower().startswith("regex:"):
            self._refuse_expression(piece)
        elif is_query(piece) or FIELD.match(piece) or piece.startswith(("/", '"')):
            self._take_filter(piece, piece)
        elif paper := self._paper_called(piece):
            self.likes.append(paper.id)
        else:
            self._take_words(piece)

    def _paper_called(self, text: str) -> Paper | None:
        if text not in self.called and len(self.called) < MOST_TITLES:
            self.called[text] = paper_called(self.search, text)
        return self.called.get(text)

    def _take_reference(self, piece: str, key: str) -> None:
        stored = self.papers.with_keys([key])
        if stored:
            self.likes.append(stored[0].id)
        elif key.startswith("arxiv:"):
            self.likes.append(key)
            self.asked.append(key.removeprefix("arxiv:"))
        elif key.startswith(("doi:", "openreview:")):
            self.likes.append(key)
            self.notes.append(
                remark(
                    "We do not know “%(piece)s” yet; it counts as soon as we do.",
                    piece=excerpt_of(piece),
                )
            )
        else:
            self.misunderstood(
                "We know no paper at “%(piece)s”: type its title, or its arXiv id.",
                piece=excerpt_of(piece),
            )

    def _take_filter(self, query: str, piece: str) -> None:
        try:
            found = parse_match([query])
        except FilterError as error:
            self.misunderstood(
                "“%(piece)s” cannot be understood:",
                piece=excerpt_of(piece),
                detail=plain_problem(str(error).removeprefix(f"`{query}`: ")),
            )
            return
        terms = list(terms_in(found))
        if any(term.field == "regex" for term in terms):
            self._refuse_expression(piece)
        elif any(term.field == "category" and term.words.count("*") > 1 for term in terms):
            self.misunderstood(
                "“%(piece)s”: a category takes one asterisk, such as cat:cs.*.",
                piece=excerpt_of(piece),
            )
        elif self.terms + len(terms) > MOST_TERMS:
            self.misunderstood(
                "These are many words: “%(piece)s” does not count any more.",
                piece=excerpt_of(piece),
            )
        else:
            self.terms += len(terms)
            self.words.append(query)

    def _refuse_expression(self, piece: str) -> None:
        self.misunderstood(
            "“%(piece)s” is a regular expression, and only the newsletter's own topics may have "
            "these: please write words.",
            piece=excerpt_of(piece),
        )

    def _take_words(self, piece: str) -> None:
        words = fold(piece).split()
        telling = [word for word in words if word not in STOP_WORDS]
        if not telling:
            if words:
                self.misunderstood(
                    "“%(piece)s” says too little: almost every paper has it.",
                    piece=excerpt_of(piece),
                )
            return
        if len(words) <= PHRASE and len(telling) == len(words):
            self._take_filter(as_term(piece), piece)
        elif len(telling) <= MANY_WORDS:
            self._take_filter(f"({' AND '.join(dict.fromkeys(telling))})", piece)
        self.likes.append(no_file(piece))

    def take_library(self, raw: bytes) -> None:
        """Read a library: what is stored of it, and titles."""
        try:
            library = read_guarded(raw)
        except (LibraryError, SourceError) as error:
            # One line of its first problem says enough.
            self.misunderstood(
                "Your library cannot be read:", detail=plain_problem(str(error).splitlines()[0])
            )
            return
        titles = list(dict.fromkeys(paper.title for paper in library.papers))
        room = max(0, MOST_LIKES - len(self.likes))
        chosen = [titles[place * len(titles) // room] for place in range(room)] if room else []
        chosen = list(dict.fromkeys(titles if len(titles) <= room else chosen))
        for title in chosen:
            paper = paper_called(self.search, title, exactly=True)
            self.likes.append(paper.id if paper else no_file(line(title, MOST_PIECE)))
        if len(chosen) == len(titles):
            said = counted_remark(
                "We read %(num)s paper in your library.",
                "We read %(num)s papers in your library.",
                len(titles),
            )
        else:
            said = counted_remark(
                "We read %(num)s paper in your library; %(count)s, taken evenly, count.",
                "We read %(num)s papers in your library; %(count)s, taken evenly, count.",
                len(titles),
                count=len(chosen),
            )
        self.notes.append(said)
        if library.notes:
            self.notes.append(
                counted_remark(
                    "%(num)s place in your library could not be read well:",
                    "%(num)s places in your library could not be read well; the first:",
                    len(library.notes),
                    detail=plain_problem(library.notes[0]),
                )
            )

    def whole(self) -> Interest:
        """Return what was read."""
        likes = tuple(dict.fromkeys(like for like in self.likes if like))[:MOST_LIKES]
        return Interest(
            topics=tuple(dict.fromkeys(self.topics)),
            words=tuple(dict.fromkeys(self.words)),
            likes=likes,
            asked=tuple(dict.fromkeys(self.asked)),
            problems=tuple(self.problems[:3]),
            notes=tuple(self.notes),
        )
