"""Which of the reasons for a pick tell its reader something that is not on the page already."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from newsletter.model import Pick, Reason, ReasonKind
from newsletter.render.words import say

_TELLING: Final = (
    ReasonKind.AUTHOR,
    ReasonKind.IN_AUTHORS,
    ReasonKind.LIKED,
    ReasonKind.VENUE,
    ReasonKind.IN_VENUE,
    ReasonKind.TOP,
    ReasonKind.NOVEL,
    ReasonKind.IN_TEXT,
    ReasonKind.IN_TITLE,
    ReasonKind.IN_ABSTRACT,
)
"""Reasons that may be shown. Votes, comments, stars and categories are badges; all is new."""
_SAME: Final = {
    ReasonKind.IN_AUTHORS: ReasonKind.AUTHOR,
    ReasonKind.IN_VENUE: ReasonKind.VENUE,
}
"""Two ways to ask for the same: the second kind names it in full."""
SHORT: Final = 4
"""Words of fewer letters have no other forms but the plural: `LLM`, `R`."""
_WORD = re.compile(r"[^\W_]+")


def telling_reasons(pick: Pick, section: str) -> tuple[Reason, ...]:
    """Return the reasons to show beside a pick under the title of its `section`, strongest first.

    A reason tells something when it is about whom or what a reader follows, what they like, the
    top of the votes, or a match that is not seen at once: words that stand in the title of the
    section or of the paper, or in the sentence told, are silence. No two reasons say the same.
    Commands that explain scores show all reasons instead.
    """
    shown = f"{pick.paper.title} {pick.tldr}"
    kinds = {reason.kind for reason in pick.reasons}
    kept: dict[ReasonKind, Reason] = {}
    for reason in pick.reasons:
        is_said = (
            _SAME.get(reason.kind) in kinds
            or _is_shown(reason, section, shown)
            or _words(say(reason)) <= _words(section)
        )
        is_vain = reason.kind == ReasonKind.TOP and max(pick.paper.votes, pick.paper.comments) <= 1
        if reason.kind in _TELLING and not is_said and not is_vain:
            known = kept.setdefault(reason.kind, reason)
            if reason.words and not known.words:
                kept[reason.kind] = reason
    return tuple(kept.values())


def _words(text: str) -> set[str]:
    return {*_WORD.findall(text.casefold())}


def _is_shown(reason: Reason, section: str, shown: str) -> bool:
    """Tell whether what a reason found in a text can be read beside it.

    One of its terms in the title of the section is enough: then it is the usual match there. Of
    `shown`, what is told of the paper, all of them.
    """
    if reason.kind not in (ReasonKind.IN_TITLE, ReasonKind.IN_ABSTRACT):
        return False
    titled, told = _WORD.findall(section.casefold()), _WORD.findall(f"{section} {shown}".casefold())
    return any(_has(titled, term) for term in reason.words) or all(
        _has(told, term) for term in reason.words
    )


def _has(words: Sequence[str], term: str) -> bool:
    """Tell whether a term is among words, each in some form."""
    parts = _WORD.findall(term.casefold())
    is_compound = len(parts) > 1 and "".join(parts) in "".join(words)  # pre-training, pretraining
    return is_compound or (bool(parts) and all(_is_among(part, words) for part in parts))


def _is_among(part: str, words: Sequence[str]) -> bool:
    """Tell whether a word, or another form of it, is among others: `agents` in `agentic`."""
    if len(part) < SHORT:
        return part in words or (len(part) > 1 and f"{part}s" in words)
    return any(word.startswith(part[: max(SHORT, len(part) - 3)]) for word in words)
