"""Words: every phrase that code makes and a reader sees, each a whole sentence or label.

The other phrases are in the templates. No sentence here is built from parts of sentences. Names and
numbers in a sentence are values, so that a translation can put them in the right place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from newsletter.model import Reason, ReasonKind, Wording
from newsletter.model.gate import line

WEEK: Final = 7
"""Days of an issue that covers a week."""
THOUSAND: Final = 1_000

ARXIV, READ, PDF, CODE, DISCUSSION = "arXiv", "Read", "PDF", "Code", "Discussion"
"""Labels of links below a paper."""
HAS_CODE: Final = "code"


def figure(by: str, title: str) -> str:
    """Return what stands in place of a figure where pictures are off."""
    return f"Figure from {by}: {title}"


def gettext(language: str) -> Callable[..., str]:
    """Return what puts a phrase of a template into a language.

    A phrase is a whole English sentence with `%(name)s` for its values. There are no translations
    yet: every language gets the English phrase.
    """
    del language

    def say_phrase(phrase: str, **values: object) -> str:
        return phrase % values if values else phrase

    return say_phrase


def language_of_phrases(language: str) -> str:
    """Return the language that the phrases have in a newsletter of a language: English as yet.

    What is in another language than the document says so (`lang`), so that it is read aloud as it
    is written (WCAG 2.2, 3.1.2).
    """
    del language
    return "en"


def say(reason: Reason) -> str:
    """Return a reason as one line of words."""
    return line(_said(reason))


def _said(reason: Reason) -> str:  # noqa: C901, PLR0911, PLR0912  one per kind
    name, count = reason.name, reason.count
    match reason.kind:
        case ReasonKind.IN_TITLE:
            return f"matches {_quoted(reason.words)} in the title"
        case ReasonKind.IN_ABSTRACT:
            return f"matches {_quoted(reason.words)} in the abstract"
        case ReasonKind.IN_AUTHORS:
            return f"matches {_quoted(reason.words)} among the authors"
        case ReasonKind.IN_TEXT:
            return f"matches {_quoted(reason.words)} in the text"
        case ReasonKind.IN_VENUE:
            return f"matches {_quoted(reason.words)} as its venue"
        case ReasonKind.IN_SOURCE:
            return f"matches {_quoted(reason.words)} as its source"
        case ReasonKind.IN_CATEGORY:
            return f"filed under {_listed(reason.words)}"
        case ReasonKind.VOTES_WANTED:
            return f"{count} votes or more"
        case ReasonKind.VOTES if name:
            return _counted(count, f"{count} vote on {name}", f"{count} votes on {name}")
        case ReasonKind.VOTES:
            return _counted(count, f"{count} vote", f"{count} votes")
        case ReasonKind.COMMENTS if name:
            return _counted(count, f"{count} comment on {name}", f"{count} comments on {name}")
        case ReasonKind.COMMENTS:
            return _counted(count, f"{count} comment", f"{count} comments")
        case ReasonKind.TOP:
            return f"top {reason.share}% of today's votes"
        case ReasonKind.STARS:
            return _counted(count, f"its code has {count} star", f"its code has {count} stars")
        case ReasonKind.NEW:
            return "new today"
        case ReasonKind.AGE:
            return _counted(count, f"{count} day old", f"{count} days old")
        case ReasonKind.LIKED if reason.words:
            return f"like what you like: {_quoted(reason.words)}"
        case ReasonKind.LIKED:
            return "like what you like"
        case ReasonKind.DISLIKED if reason.words:
            return f"like what you want less of: {_quoted(reason.words)}"
        case ReasonKind.DISLIKED:
            return "like what you want less of"
        case ReasonKind.AUTHOR:
            return f"by {name}"
        case ReasonKind.VENUE:
            return f"at {name}"
        case ReasonKind.NOVEL:
            return "unlike anything sent lately"
        case ReasonKind.SHOWN_ELSEWHERE:
            return f"shown under {name}"
        case ReasonKind.SAYS_THE_SAME:
            return f"says the same as “{name}”"
        case ReasonKind.SAME_AUTHOR:
            return f"{count} papers of {name} are shown already"
        case ReasonKind.NO_ROOM:
            return f"{count} papers score more: it misses by {reason.gap:.2f}"
        case ReasonKind.LEFT_OUT:
            return "left out for variety, or muted"


def greeting(name: str) -> str:
    """Return the greeting for a reader; `name` may be empty."""
    return f"Hello {name}" if name else "Hello"


def period(days: int) -> str:
    """Return a phrase for the time that an issue of `days` days covers."""
    return "week" if days == WEEK else "today"


def glance(count: int, papers: int, days: int) -> str:
    """Return what is in a reader's mail: `count` of the `papers` that were new in `days`."""
    if days == WEEK:
        return _counted(
            count,
            f"1 paper picked for you, out of {papers} new this week.",
            f"{count} papers picked for you, out of {papers} new this week.",
        )
    return _counted(
        count,
        f"1 paper picked for you, out of {papers} new today.",
        f"{count} papers picked for you, out of {papers} new today.",
    )


def tally(count: int, papers: int) -> str:
    """Return the same in a few words, for the line at the top."""
    return f"{count} of {papers} new"


def web_glance(count: int, papers: int, days: int) -> str:
    """Return the same for the web page, which is for everybody."""
    if days == WEEK:
        return _counted(
            count,
            f"1 paper picked out of {papers} new this week.",
            f"{count} papers picked out of {papers} new this week.",
        )
    return _counted(
        count,
        f"1 paper picked out of {papers} new today.",
        f"{count} papers picked out of {papers} new today.",
    )


def preheader(topics: Sequence[tuple[str, int]], papers: int, days: int) -> str:
    """Return what an inbox shows beside the subject: topics and how many papers each has."""
    if not topics:
        return _empty_preheader(papers, days)
    count = sum(number for _, number in topics)
    told = ", ".join(f"{title} {number}" for title, number in topics)
    if days == WEEK:
        return _counted(
            count,
            f"1 paper of {papers} new this week: {told}.",
            f"{count} papers of {papers} new this week: {told}.",
        )
    return _counted(
        count,
        f"1 paper of {papers} new today: {told}.",
        f"{count} papers of {papers} new today: {told}.",
    )


def _empty_preheader(papers: int, days: int) -> str:
    if days == WEEK:
        return f"0 papers of {papers} new this week."
    return f"0 papers of {papers} new today."


def authors(names: Sequence[str], more: int) -> str:
    """Return the authors of a paper; `more` is how many are not named."""
    named = ", ".join(names)
    return f"{named} and {more} more" if more else named


def comments(count: int) -> str:
    """Return the badge for comments."""
    return _counted(count, f"{count} comment", f"{short_number(count)} comments")


def version(number: int) -> str:
    """Return the badge of a paper that replaces an earlier one."""
    return f"version {number}"


def short_number(count: int) -> str:
    """Return 1234 as `1.2k`."""
    if count < THOUSAND:
        return str(count)
    return f"{count / THOUSAND:.1f}".removesuffix(".0") + "k"


def _counted(count: int, singular: str, plural: str) -> str:
    return singular if count == 1 else plural


def _quoted(words: Sequence[str]) -> str:
    return _listed([f"“{word}”" for word in words])


def _listed(words: Sequence[str]) -> str:
    return " and ".join(words)


def by_machine(wording: Wording, model: str) -> str:
    """Return who wrote the sentence about a paper, when a machine did: never its authors.

    Of a model's name what comes last is enough; `hf.co/someone/model` would become a link.
    """
    name = model.rpartition("/")[2]
    if wording is Wording.TRANSLATED:
        return f"translated by a machine, {name}"
    return f"written by a machine, {name}"
