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
"""Words of fewer letters have no other forms: `R`, `art`."""
_WORD = re.compile(r"[^\W_]+")


def telling_reasons(pick: Pick, section: str) -> tuple[Reason, ...]:
    """Return the reasons to show beside a pick under the title of its `section`, strongest first.

    A reason tells something when it is about whom or what a reader follows, what they like, the
    top of the votes, or a match that is not seen at once: words that stand in the title of the
    section or of the paper, or in the sentence told, are silence. No two reasons say the same.
    Commands that explain scores show all reasons instead.
    """
    shown = f"{section} {pick.paper.title} {pick.tldr}"
    kinds = {reason.kind for reason in pick.reasons}
    kept: dict[ReasonKind, Reason] = {}
    for reason in pick.reasons:
        is_said = (
            _SAME.get(reason.kind) in kinds
            or _is_shown(reason, shown)
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


def _is_shown(reason: Reason, shown: str) -> bool:
    """Tell whether all words that a reason found in a text can be read in what is `shown`."""
    if reason.kind not in (ReasonKind.IN_TITLE, ReasonKind.IN_ABSTRACT):
        return False
    listed = _WORD.findall(shown.casefold())
    joined = "".join(listed)
    for term in reason.words:
        parts = _WORD.findall(term.casefold())
        is_compound = len(parts) > 1 and "".join(parts) in joined  # pre-training, pretraining
        if not is_compound and not (parts and all(_is_among(part, listed) for part in parts)):
            return False
    return True


def _is_among(part: str, words: Sequence[str]) -> bool:
    """Tell whether a word, or another form of it, is among others: `agents` in `agentic`."""
    if len(part) < SHORT:
        return part in words
    return any(word.startswith(part[: max(SHORT, len(part) - 3)]) for word in words)
