"""read_interest(): what a stranger typed into one field → wishes, as a subscription has them.

It comes from people whom nobody knows. So all of it is bounded, nothing in it names a file or is an
expression, and a library is read in a process of its own with limits.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from newsletter.collect.identity import keys as identity
from newsletter.config.topics import LIBRARIES
from newsletter.day.strangers import no_file, plain_problem, read_guarded
from newsletter.day.titles import paper_called
from newsletter.errors import LibraryError, SourceError
from newsletter.model import Match, Near, Paper, Term, Topic, Wishes
from newsletter.model.gate import line
from newsletter.pick.filters.folding import fold
from newsletter.pick.filters.language import FIELDS, SHORT, FilterError, parse_match
from newsletter.pick.filters.queries import is_query
from newsletter.store import PaperStore, SearchStore
from newsletter.store.words import STOP_WORDS

MOST_TEXT = 2_000
"""Characters of the text that are read."""
MOST_PIECES = 20
"""Parts of the text, between commas and line ends, that are read."""
MOST_PIECE = 300
"""Characters of such a part: as many as the longest title has."""
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
    problem: str = ""
    """What cannot be understood, for the person; the rest counts all the same."""
    notes: tuple[str, ...] = ()
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
    if _BIBTEX.match(text) and not library:  # a library that was pasted
        text, library = "", text.encode("utf-8", "replace")
    if len(text) > MOST_TEXT:
        reading.problem(f"This is long: only the first {MOST_TEXT:,} characters count.")
    pieces = list(itertools.islice(_pieces(text[:MOST_TEXT], reading.is_title), MOST_PIECES + 1))
    if len(pieces) > MOST_PIECES:
        reading.problem(f"These are many: only the first {MOST_PIECES} count.")
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
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    terms: int = 0
    called: dict[str, Paper | None] = field(default_factory=dict)

    def problem(self, said: str) -> None:
        """Note what cannot be understood."""
        self.problems.append(said)

    def is_title(self, text: str) -> bool:
        """Tell whether a text is the title of a stored paper."""
        return self._paper_called(text) is not None

    def take(self, piece: str) -> None:
        """Read one part of the text."""
        if topic := _topic_called(piece, self.given):
            self.topics.append(topic)
        elif reference := _reference(piece):
            self._take_reference(piece, reference)
        elif _FILE.fullmatch(piece):
            self.problem(f"{_shown(piece)} looks like a file: choose it as your library instead.")
        elif piece.lower().startswith("regex:"):
            self._refuse_expression(piece)
        elif is_query(piece) or _FIELD.match(piece) or piece.startswith(("/", '"')):
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
            self.notes.append(f"We do not know {_shown(piece)} yet; it counts as soon as we do.")
        else:
            self.problem(f"We know no paper at {_shown(piece)}: type its title, or its arXiv id.")

    def _take_filter(self, query: str, piece: str) -> None:
        try:
            found = parse_match([query])
        except FilterError as error:
            self.problem(
                f"{_shown(piece)} cannot be understood: "
                f"{plain_problem(str(error).removeprefix(f'`{query}`: '))}"
            )
            return
        terms = list(_terms(found))
        if any(term.field == "regex" for term in terms):
            self._refuse_expression(piece)
        elif any(term.field == "category" and term.words.count("*") > 1 for term in terms):
            self.problem(f"{_shown(piece)}: a category takes one asterisk, such as cat:cs.*.")
        elif self.terms + len(terms) > MOST_TERMS:
            self.problem(f"These are many words: {_shown(piece)} does not count any more.")
        else:
            self.terms += len(terms)
            self.words.append(query)

    def _refuse_expression(self, piece: str) -> None:
        self.problem(
            f"{_shown(piece)} is a regular expression, and only the newsletter's own topics may "
            "have these: please write words."
        )

    def _take_words(self, piece: str) -> None:
        words = fold(piece).split()
        telling = [word for word in words if word not in STOP_WORDS]
        if not telling:
            if words:
                self.problem(f"{_shown(piece)} says too little: almost every paper has it.")
            return
        if len(words) <= PHRASE and len(telling) == len(words):
            self._take_filter(_as_term(piece), piece)
        elif len(telling) <= MANY_WORDS:
            self._take_filter(f"({' AND '.join(dict.fromkeys(telling))})", piece)
        self.likes.append(no_file(piece))

    def take_library(self, raw: bytes) -> None:
        """Read a library: what is stored of it, and titles."""
        try:
            library = read_guarded(raw)
        except (LibraryError, SourceError) as error:
            # One line of its first problem says enough.
            self.problem(
                f"Your library cannot be read: {plain_problem(str(error).splitlines()[0])}"
            )
            return
        titles = list(dict.fromkeys(paper.title for paper in library.papers))
        room = max(0, MOST_LIKES - len(self.likes))
        chosen = [titles[place * len(titles) // room] for place in range(room)] if room else []
        chosen = list(dict.fromkeys(titles if len(titles) <= room else chosen))
        for title in chosen:
            paper = paper_called(self.search, title, exactly=True)
            self.likes.append(paper.id if paper else no_file(line(title, MOST_PIECE)))
        said = f"We read {len(titles):,} papers in your library"
        evenly = (
            "" if len(chosen) == len(titles) else f"; {len(chosen)} of them, taken evenly, count"
        )
        self.notes.append(f"{said}{evenly}.")
        if library.notes:
            more = len(library.notes) - 1
            self.notes.append(
                f"In your library: {plain_problem(library.notes[0])}"
                + (f" There are {more:,} more such places." if more else "")
            )

    def whole(self) -> Interest:
        """Return what was read."""
        likes = tuple(dict.fromkeys(like for like in self.likes if like))[:MOST_LIKES]
        return Interest(
            topics=tuple(dict.fromkeys(self.topics)),
            words=tuple(dict.fromkeys(self.words)),
            likes=likes,
            asked=tuple(dict.fromkeys(self.asked)),
            problem=" ".join(self.problems[:3]),
            notes=tuple(self.notes),
        )


_BIBTEX = re.compile(r"@\w{3,20}\s*[{(]")
_FILE = re.compile(rf"\S+(?:{'|'.join(map(re.escape, LIBRARIES))})", re.IGNORECASE)
_FIELD = re.compile(rf"(?:{'|'.join((*FIELDS, *SHORT, 'regex'))}):\s*\S", re.IGNORECASE)
_ASKED_DOI = re.compile(r"(?:doi:\s*|https?://(?:dx\.)?doi\.org/)?10\.\d{4,9}/\S+", re.IGNORECASE)


def _pieces(text: str, is_whole: Callable[[str], bool]) -> Iterator[str]:
    """Yield the parts of a text."""
    for row in text.splitlines():
        whole = line(row, MOST_PIECE)
        if "," in whole and is_whole(whole):
            yield whole
            continue
        for piece in _SEPARATED.findall(row):
            if plain := line(piece, MOST_PIECE).strip(" .;,"):
                yield plain


_SEPARATED = re.compile(r'(?:"[^"]*"|\([^()]*\)|[^,;])+')
"""A part ends at a comma or semicolon that stands neither in quotation marks nor in brackets."""


def _topic_called(text: str, topics: Sequence[Topic]) -> str:
    """Return the name of the topic that a text names, or nothing."""
    wanted = fold(text)
    names = ((topic.name, name) for topic in topics for name in (topic.name, topic.title))
    return next((found for found, name in names if fold(name) == wanted), "")


def _reference(text: str) -> str:
    """Return the key of the paper that a text names by its id or address, or nothing."""
    if found := identity.arxiv_id(text):
        return f"arxiv:{found[0]}"
    if _ASKED_DOI.fullmatch(text) and (name := identity.doi(text)):
        return f"doi:{name}"
    return next(iter(identity.reference_keys(text)), "") if " " not in text else ""


def _terms(part: Match | Term | Near) -> Iterator[Term]:
    if isinstance(part, Term):
        yield part
    elif isinstance(part, Near):
        yield from part.terms
    else:
        for inner in (*part.any, *part.all, *part.none):
            yield from _terms(inner)


def _as_term(words: str) -> str:
    """Return words as one term: a colon in them would name a field."""
    return " ".join(words.replace(":", " ").replace('"', " ").split())


def _shown(piece: str) -> str:
    return f"“{line(piece, 60)}”"
