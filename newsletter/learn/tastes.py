"""What topics and readers like, learnt from the papers that the store knows."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from newsletter.collect.identity import keys as identity
from newsletter.config.topics import LIBRARIES
from newsletter.errors import ModelError
from newsletter.files.reading import read_regular
from newsletter.learn import models, spaces
from newsletter.learn.libraries import MAX_BYTES, read_library, words_as_paper
from newsletter.model import Border, Fault, Paper, Reason, ReasonKind, Topic, fault_of
from newsletter.pick.signals import LIKED_CHANCE, Mark
from newsletter.store import PaperStore

SETS = 2
"""How many sets of candidates are kept: 1,000 papers take some 2 MB."""
AGAINST = 0.05
"""The chance from which on a paper is like what somebody does not like: less is needed to put a
paper behind others than to show it."""
BACKGROUND = 1000
"""Papers that likes are compared with: the last ones collected. Twice as many find hardly more."""


@dataclass(slots=True)
class Tastes:
    """Marks for the papers of a day, by the likes of a topic or reader."""

    papers: PaperStore
    root: Path
    """The folder from which relative paths of libraries start."""
    embed: spaces.Embed | None = None
    """Makes sentence embeddings, if they are installed."""
    floor: float = LIKED_CHANCE
    """The chance from which on a paper is near enough to likes."""
    on_fault: Callable[[Fault], None] = lambda _fault: None
    """Called with a fault for each library that cannot be read."""
    _space: spaces.Space | None = field(default=None, init=False)
    _seen: dict[tuple[str, ...], spaces.Seen] = field(default_factory=dict, init=False)
    """Candidates in the space, by their ids: those of the day, and those of the week."""
    _rows: dict[str, int] = field(default_factory=dict, init=False)
    """The place of each paper of the background in it, by id."""
    _libraries: dict[str, tuple[Paper, ...]] = field(default_factory=dict, init=False)

    def marks(
        self, candidates: Sequence[Paper], likes: Sequence[str], dislikes: Sequence[str] = ()
    ) -> dict[str, Mark]:
        """Return how near each candidate is to the likes, by paper id.

        Without likes, they say how near it is to the dislikes; without both, there are none.
        A like is a paper's id or address, a library file (BibTeX, or CSL JSON as Zotero exports
        it), or words, such as a title or a sentence, the oldest first: what was liked since makes
        one count less. A paper that the store does not know yet teaches nothing. Neither does a
        library that cannot be read; `on_fault` is called for it.
        """
        (liked, ages), (disliked, _) = self._texts(likes), self._texts(dislikes)
        if not (liked or disliked) or not candidates:
            return {}
        space, seen = self._look(candidates)
        if space is None or seen is None:
            return {}
        against = not liked
        model = (
            models.learn(space, disliked) if against
            else models.learn(space, liked, disliked, ages=ages)
        )  # fmt: skip
        chances = models.chances(seen, [model])[:, 0]

        kind = ReasonKind.DISLIKED if against else ReasonKind.LIKED

        def reason(place: int) -> Reason:
            row = seen.words[[place]]
            words = models.shared_words(space, model, candidates[place], row)
            return Reason(kind=kind, words=words)

        return {
            paper.id: Mark(
                chance=float(chance),
                reason=functools.partial(reason, place),
                floor=AGAINST if against else self.floor,
                against=against,
            )
            for place, (paper, chance) in enumerate(zip(candidates, chances, strict=True))
        }

    def of_topics(
        self, candidates: Sequence[Paper], topics: Iterable[Topic]
    ) -> dict[str, dict[str, Mark]]:
        """Return the marks of every topic that has likes, by the topic's name."""
        return {topic.name: self.marks(candidates, topic.like) for topic in topics if topic.like}

    def novelty(self, candidates: Sequence[Paper], sent: Sequence[Paper]) -> dict[str, float]:
        """Return how unlike each candidate is to the most similar `sent` paper, by its id."""
        if not candidates or not sent:
            return {}
        space, seen = self._look(candidates)
        if space is None or seen is None:
            return {}
        values = spaces.novelty(seen, space.see(sent))
        return {paper.id: float(value) for paper, value in zip(candidates, values, strict=True)}

    def unknown(self, likes: Iterable[str]) -> tuple[str, ...]:
        """Return the arXiv ids among the likes whose papers the store does not know."""
        named = {key for like in likes if (key := _key(like)).startswith("arxiv:")}
        known = {key for paper in self.papers.with_keys(named) for key in paper.keys}
        return tuple(sorted(key.removeprefix("arxiv:") for key in named - known))

    def _look(self, candidates: Sequence[Paper]) -> tuple[spaces.Space | None, spaces.Seen | None]:
        """Return the space of the last papers, and the candidates in it; each is made once."""
        try:
            return self._placed(candidates)
        except ModelError as error:
            # Likes still teach without the model, by words.
            self.on_fault(fault_of(Border.MODEL, "embeddings", error))
            self.embed = self._space = None
            self._seen = {}
            return self._placed(candidates)

    def _placed(
        self, candidates: Sequence[Paper]
    ) -> tuple[spaces.Space | None, spaces.Seen | None]:
        of = tuple(paper.id for paper in candidates)
        if self._space is None:
            last = self.papers.last(BACKGROUND)
            try:
                self._space = spaces.Space(last, self.embed)
            except ValueError:  # the newsletter's first days
                return None, None
            self._rows = {paper.id: place for place, paper in enumerate(last)}
        if of not in self._seen:
            kept = list(self._seen.items())[1 - SETS :]
            if self._rows.keys() >= set(of):  # a day's papers are among the last ones
                seen = self._space.background.rows([self._rows[name] for name in of])
            else:
                seen = self._space.see(candidates)
            self._seen = dict([*kept, (of, seen)])
        return self._space, self._seen[of]

    def _library(self, name: str) -> tuple[Paper, ...]:
        """Return the papers of a library; if it cannot be read, only this library is lost."""
        if name not in self._libraries:
            path = self.root / name
            try:
                library = read_library(path)
            except Exception as error:  # noqa: BLE001  border: a library must not stop the others
                self.on_fault(fault_of(Border.LIBRARY, name, error, _content(path)))
                self._libraries[name] = ()
            else:
                self._libraries[name] = library.papers
        return self._libraries[name]

    def _texts(self, likes: Sequence[str]) -> tuple[list[Paper], list[int]]:
        """Return the papers that likes name, and of each how many likes came after it.

        The papers of a library count as one like: nobody knows when each of them was added.
        """
        keys = {like: _key(like) for like in likes}
        stored = self.papers.with_keys(key for key in keys.values() if key)
        by_key = {key: paper for paper in stored for key in paper.keys}
        found: list[Paper] = []
        ages: list[int] = []
        for age, (like, key) in zip(range(len(keys) - 1, -1, -1), keys.items(), strict=True):
            if key:
                some: Sequence[Paper] = [by_key[key]] if key in by_key else []
            elif like.lower().endswith(LIBRARIES):
                some = self._library(like)
            else:
                some = [words_as_paper(like)]
            found += some
            ages += [age] * len(some)
        return found, ages


_ID = re.compile(r"(?:(?:doi|openreview|url):|title:(?=[0-9a-f]{20}$))\S+")
"""The id of a stored paper that is not on arXiv."""


def _key(like: str) -> str:
    """Return the identity that a like names, or nothing if the like is words or a file."""
    if _ID.fullmatch(like):
        return like
    known = identity.arxiv_id(like)
    if known:
        return f"arxiv:{known[0]}"
    return next(iter(identity.reference_keys(like)), "") if " " not in like.strip() else ""


def named(likes: Iterable[str]) -> frozenset[str]:
    """Return the identities of the papers among some likes or dislikes."""
    return frozenset(key for like in likes if (key := _key(like)))


def _content(path: Path) -> bytes:
    try:
        return read_regular(path, MAX_BYTES)
    except OSError:
        return b""
