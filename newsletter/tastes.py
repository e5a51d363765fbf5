"""What topics and readers like, learnt from the papers that the store knows."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bibtexparser.entrypoint import parse_string

from newsletter.collect import identity
from newsletter.collect.text import plain_text
from newsletter.config.topics import LIBRARIES
from newsletter.errors import ConfigError
from newsletter.model import Paper, Topic
from newsletter.pick import Mark
from newsletter.pick import taste as tastes
from newsletter.store import PaperStore

BACKGROUND = 2000
"""Papers that likes are told from: the last ones that were collected."""
_FIELD = re.compile(r"[{}]")


@dataclass(slots=True)
class Tastes:
    """Marks for the papers of a day, by what somebody likes."""

    papers: PaperStore
    root: Path
    """Where paths of libraries start."""
    embed: tastes.Embed | None = None
    """Makes sentence embeddings, where they are installed."""
    _space: tastes.Space | None = field(default=None, init=False)
    _seen: tastes.Seen | None = field(default=None, init=False)
    _of: tuple[str, ...] = field(default=(), init=False)

    def marks(
        self, candidates: Sequence[Paper], likes: Sequence[str], dislikes: Sequence[str] = ()
    ) -> dict[str, Mark]:
        """Return how near each candidate is to the likes, by paper id; nothing without likes.

        A like is an id or address of a paper, a library file (BibTeX, or CSL JSON as Zotero
        exports it), or words: a title, a sentence. What is not known yet teaches nothing.

        Raises ConfigError when a library cannot be read.
        """
        liked, disliked = self._texts(likes), self._texts(dislikes)
        if not liked or not candidates:
            return {}
        space, seen = self._look(candidates)
        if space is None or seen is None:
            return {}
        model = tastes.learn(space, liked, disliked)
        values = tastes.marks(seen, [model])[:, 0]

        def reason(paper: Paper) -> str:
            words = tastes.shared_words(space, model, paper)
            quoted = " and ".join(f"“{word}”" for word in words)
            return f"like what you like: {quoted}" if quoted else "like what you like"

        return {
            paper.id: Mark(value=float(value), reason=functools.partial(reason, paper))
            for paper, value in zip(candidates, values, strict=True)
        }

    def of_topics(
        self, candidates: Sequence[Paper], topics: Iterable[Topic]
    ) -> dict[str, dict[str, Mark]]:
        """Return the marks of every topic that likes something, by its name."""
        return {one.name: self.marks(candidates, one.like) for one in topics if one.like}

    def novelty(self, candidates: Sequence[Paper], sent: Sequence[Paper]) -> dict[str, float]:
        """Return how unlike each candidate is to the nearest paper that was `sent`, by its id."""
        if not candidates or not sent:
            return {}
        space, seen = self._look(candidates)
        if space is None or seen is None:
            return {}
        values = tastes.novelty(seen, space.see(sent))
        return {paper.id: float(one) for paper, one in zip(candidates, values, strict=True)}

    def unknown(self, likes: Iterable[str]) -> tuple[str, ...]:
        """Return the arXiv ids among the likes of papers that the store does not know."""
        named = {key for one in likes if (key := _key(one)).startswith("arxiv:")}
        known = {key for paper in self.papers.with_keys(named) for key in paper.keys}
        return tuple(sorted(key.removeprefix("arxiv:") for key in named - known))

    def _look(self, candidates: Sequence[Paper]) -> tuple[tastes.Space | None, tastes.Seen | None]:
        """Return the space of the last papers, and the candidates in it; made once for a day."""
        of = tuple(paper.id for paper in candidates)
        if self._space is None:
            try:
                self._space = tastes.Space(self.papers.last(BACKGROUND), self.embed)
            except ValueError:  # a newsletter's first days: too few papers to tell likes from
                return None, None
        if self._seen is None or of != self._of:
            self._seen, self._of = self._space.see(candidates), of
        return self._space, self._seen

    def _texts(self, likes: Sequence[str]) -> list[Paper]:
        keys = {one: _key(one) for one in likes}
        stored = self.papers.with_keys(key for key in keys.values() if key)
        by_key = {key: paper for paper in stored for key in paper.keys}
        found: list[Paper] = []
        for one, key in keys.items():
            if key:
                found += [by_key[key]] if key in by_key else []
            elif one.endswith(LIBRARIES):
                found += read_library(self.root / one)
            else:
                found.append(words_as_paper(one))
        return found


def _key(like: str) -> str:
    """Return the identity that a like names, or nothing when it is words or a file."""
    known = identity.arxiv_id(like)
    if known:
        return f"arxiv:{known[0]}"
    return next(iter(identity.reference_keys(like)), "") if " " not in like.strip() else ""


def words_as_paper(text: str, abstract: str = "") -> Paper:
    """Return words as if they were a paper's title, to learn from."""
    return Paper(id=text, keys=(f"title:{text}",), title=text, url="", abstract=abstract)


def read_library(path: Path) -> list[Paper]:
    """Return the titles and abstracts of a BibTeX or CSL JSON file; raises ConfigError."""
    try:
        text = path.read_text("utf-8-sig")
        if path.suffix == ".json":
            entries = json.loads(text)
            given = [one for one in entries if isinstance(one, dict)]
        else:
            given = [_lowered(one.fields_dict) for one in parse_string(text).entries]
    except OSError as error:
        raise ConfigError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    except (ValueError, TypeError, RecursionError) as error:
        raise ConfigError(f"{path}: not a library in BibTeX or CSL JSON ({error})") from None
    return [
        words_as_paper(title, plain_text(str(one.get("abstract") or "")))
        for one in given
        if (title := plain_text(_FIELD.sub("", str(one.get("title") or ""))))
    ]


def _lowered(fields: Mapping[str, Any]) -> dict[str, str]:
    return {name.lower(): str(value.value) for name, value in fields.items()}
