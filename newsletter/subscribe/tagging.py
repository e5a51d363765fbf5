"""Which topics the tags, groups and merge fields of other programs mean."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from newsletter.config.mistakes import suggest
from newsletter.subscribe.programs import TRUE

_NOT_WORD = re.compile(r"[^\w]+")
LONGEST = 2_000
"""Characters of a cell with tags that are looked at."""
MOST_TAGS = 200
"""Tags of one person that are looked at."""


class Tagging:
    """Finds topics in the words of a list."""

    def __init__(self, topics: Mapping[str, str], on_note: Callable[[str], None]) -> None:
        """Know `topics`: their names, with their titles. What is no topic is told to `on_note`."""
        self._names = tuple(topics)
        self._known = {_folded(title): name for name, title in topics.items()}
        self._known |= {_folded(name): name for name in topics}
        self._on_note = on_note

    def is_topic(self, word: str) -> bool:
        """Return whether a word is a topic's name or title, whatever its case and hyphens."""
        return _folded(word) in self._known

    def required(self, text: str) -> list[str]:
        """Return topics by their names, with spaces or commas between them; raises ValueError."""
        names = text.replace(",", " ").split()
        if unknown := [name for name in names if name not in self._names]:
            told = suggest(unknown[0], [*self._names])
            raise ValueError(f"no topic is called `{unknown[0][:60]}`{told}")
        return names

    def among(self, text: str) -> list[str]:
        """Return those of some tags that are topics; the others are told of."""
        if whole := self._known.get(_folded(text[:LONGEST])):
            return [whole]  # a title may have a comma in it
        found = []
        for tag in _tags(text[:LONGEST])[:MOST_TAGS]:
            if name := self._known.get(_folded(tag)):
                found.append(name)
            else:
                self._on_note(f"the tag `{tag[:60]}` is no topic here: left out")
        return found

    def in_column(self, column: str, text: str) -> list[str]:
        """Return the topics of a column: it is called after one, or has nothing but topics."""
        if not text:
            return []
        if name := self._known.get(_folded(column)):
            return [name] if text.lower() in TRUE else []
        tags = _tags(text[:LONGEST])[:MOST_TAGS]
        found = [self._known.get(_folded(tag)) for tag in tags]
        if not found or None in found:
            return []
        self._on_note(f"the column `{column[:60]}` names topics, and is read as such")
        return [name for name in found if name]


@lru_cache(maxsize=10_000)
def _folded(word: str) -> str:
    return _NOT_WORD.sub("-", word.casefold().replace("_", "-")).strip("-")


@lru_cache(maxsize=10_000)
def _tags(text: str) -> tuple[str, ...]:
    """Return tags with commas or semicolons between them, some in quotation marks or brackets."""
    text = text.strip("[]{} ")
    mark = ";" if ";" in text and "," not in text else ","
    try:
        row = next(csv.reader([text], delimiter=mark, skipinitialspace=True), [])
    except csv.Error:
        row = text.split(mark)
    return tuple(tag for cell in row if (tag := cell.strip(" '\"\t\r\n")))
