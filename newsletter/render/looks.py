"""How an issue looks, according to the settings; nothing is rendered here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

Figures = Literal["none", "lead", "all"]
"""Which papers are shown with a figure."""
Density = Literal["comfortable", "compact", "titles", "brief"]
"""How much of each paper is shown; `brief` is that of short editions: a title and a sentence."""

DEFAULT_SUBJECT: Final = "{{ name }}, {{ day }}: {{ highlights }}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What an edition is among those of its issue."""

    weekly: bool = False
    """The best of the week, for readers who want mail once a week."""
    short: bool = False
    """The best few papers only, each a title and a sentence."""
    language: str = ""
    """The language of its phrases; empty: the newsletter's."""

    @property
    def marks(self) -> str:
        """What this adds to the key of an edition; names of topics have no dot."""
        language = f".{self.language}" if self.language else ""
        return ".weekly" * self.weekly + ".short" * self.short + language


def form_of(key: str) -> Form:
    """Return the form of the edition with a key."""
    marks = key.partition("~")[0].split(".")[1:]
    language = next((mark for mark in marks if mark not in ("weekly", "short")), "")
    return Form(weekly="weekly" in marks, short="short" in marks, language=language)


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """How an issue looks: the values of `{{ theme.NAME }}`, and the theme's own templates."""

    values: tuple[tuple[str, str], ...]
    folders: tuple[Path, ...]
    """Folders that are searched for templates; the first that has a template counts."""
