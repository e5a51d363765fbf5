"""Words: the phrases that code makes and a reader sees, each a whole sentence or label.

The other phrases are in the templates. No sentence here is built from parts of sentences. Names and
numbers in a sentence are values, so that a translation can put them in the right place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from newsletter.model import Reason, ReasonKind, Wording
from newsletter.model.gate import line
from newsletter.render.phrases import ENGLISH, Phrases

WEEK: Final = 7
"""Days of an issue that covers a week."""


def figure(phrases: Phrases, by: str, title: str) -> str:
    """Return what stands in place of a figure where pictures are off."""
    return phrases.gettext("Figure from %(source)s: %(title)s", source=by, title=title)


def say(reason: Reason, phrases: Phrases = ENGLISH) -> str:
    """Return a reason as one line of words."""
    return line(_said(reason, phrases))


def _said(reason: Reason, phrases: Phrases) -> str:  # noqa: C901, PLR0911, PLR0912  one per kind
    _, ngettext = phrases.gettext, phrases.ngettext
    name, count = reason.name, reason.count
    match reason.kind:
        case ReasonKind.IN_TITLE:
            return _("matches %(words)s in the title", words=_quoted(reason.words, phrases))
        case ReasonKind.IN_ABSTRACT:
            return _("matches %(words)s in the abstract", words=_quoted(reason.words, phrases))
        case ReasonKind.IN_AUTHORS:
            return _("matches %(words)s among the authors", words=_quoted(reason.words, phrases))
        case ReasonKind.IN_TEXT:
            return _("matches %(words)s in the text", words=_quoted(reason.words, phrases))
        case ReasonKind.IN_VENUE:
            return _("matches %(words)s as its venue", words=_quoted(reason.words, phrases))
        case ReasonKind.IN_SOURCE:
            return _("matches %(words)s as its source", words=_quoted(reason.words, phrases))
        case ReasonKind.IN_CATEGORY:
            return _("filed under %(categories)s", categories=phrases.listed(reason.words))
        case ReasonKind.VOTES_WANTED:
            return ngettext("%(num)s vote or more", "%(num)s votes or more", count)
        case ReasonKind.VOTES if name:
            return ngettext(
                "%(num)s vote on %(name)s", "%(num)s votes on %(name)s", count, name=name
            )
        case ReasonKind.VOTES:
            return votes(phrases, count)
        case ReasonKind.COMMENTS if name:
            return ngettext(
                "%(num)s comment on %(name)s", "%(num)s comments on %(name)s", count, name=name
            )
        case ReasonKind.COMMENTS:
            return ngettext("%(num)s comment", "%(num)s comments", count)
        case ReasonKind.TOP:
            return _("top %(share)s%% of today's votes", share=reason.share)
        case ReasonKind.STARS:
            return ngettext("its code has %(num)s star", "its code has %(num)s stars", count)
        case ReasonKind.NEW:
            return _("new today")
        case ReasonKind.AGE:
            return ngettext("%(num)s day old", "%(num)s days old", count)
        case ReasonKind.LIKED if reason.words:
            return _("like what you like: %(words)s", words=_quoted(reason.words, phrases))
        case ReasonKind.LIKED:
            return _("like what you like")
        case ReasonKind.DISLIKED if reason.words:
            return _("like what you want less of: %(words)s", words=_quoted(reason.words, phrases))
        case ReasonKind.DISLIKED:
            return _("like what you want less of")
        case ReasonKind.AUTHOR:
            return _("by %(name)s", name=name)
        case ReasonKind.VENUE:
            return _("at %(name)s", name=name)
        case ReasonKind.NOVEL:
            return _("unlike anything sent lately")
        case ReasonKind.SHOWN_ELSEWHERE:
            return _("shown under %(name)s", name=name)
        case ReasonKind.SAYS_THE_SAME:
            return _("says the same as %(title)s", title=_quoted([name], phrases))
        case ReasonKind.SAME_AUTHOR:
            return ngettext(
                "%(num)s paper of %(name)s is shown already",
                "%(num)s papers of %(name)s are shown already",
                count,
                name=name,
            )
        case ReasonKind.NO_ROOM:
            return ngettext(
                "%(num)s paper scores more: it misses by %(gap)s",
                "%(num)s papers score more: it misses by %(gap)s",
                count,
                gap=f"{reason.gap:.2f}",
            )
        case ReasonKind.LEFT_OUT:
            return _("left out for variety, or muted")


def greeting(phrases: Phrases, name: str) -> str:
    """Return the greeting for a reader; `name` may be empty."""
    return phrases.gettext("Hello %(name)s", name=name) if name else phrases.gettext("Hello")


def period(days: int) -> str:
    """Return a word, for templates, for the time that an issue of `days` days covers."""
    return "week" if days == WEEK else "today"


def glance(phrases: Phrases, count: int, papers: int, days: int) -> str:
    """Return what is in a reader's mail: `count` of the `papers` that were new in `days`."""
    if days == WEEK:
        return phrases.ngettext(
            "%(num)s paper picked for you, out of %(papers)s new this week.",
            "%(num)s papers picked for you, out of %(papers)s new this week.",
            count,
            papers=papers,
        )
    return phrases.ngettext(
        "%(num)s paper picked for you, out of %(papers)s new today.",
        "%(num)s papers picked for you, out of %(papers)s new today.",
        count,
        papers=papers,
    )


def tally(phrases: Phrases, count: int, papers: int) -> str:
    """Return the same in a few words, for the line at the top."""
    return phrases.ngettext(
        "%(num)s of %(papers)s new", "%(num)s of %(papers)s new", count, papers=papers
    )


def web_glance(phrases: Phrases, count: int, papers: int, days: int) -> str:
    """Return the same for the web page, which is for everybody."""
    if days == WEEK:
        return phrases.ngettext(
            "%(num)s paper picked out of %(papers)s new this week.",
            "%(num)s papers picked out of %(papers)s new this week.",
            count,
            papers=papers,
        )
    return phrases.ngettext(
        "%(num)s paper picked out of %(papers)s new today.",
        "%(num)s papers picked out of %(papers)s new today.",
        count,
        papers=papers,
    )


def preheader(phrases: Phrases, topics: Sequence[tuple[str, int]], papers: int, days: int) -> str:
    """Return what an inbox shows beside the subject: topics and how many papers each has."""
    if not topics:
        return _empty_preheader(phrases, papers, days)
    told = ", ".join(f"{title} {number}" for title, number in topics)
    count = sum(number for _, number in topics)
    if days == WEEK:
        return phrases.ngettext(
            "%(num)s paper of %(papers)s new this week: %(topics)s.",
            "%(num)s papers of %(papers)s new this week: %(topics)s.",
            count,
            papers=papers,
            topics=told,
        )
    return phrases.ngettext(
        "%(num)s paper of %(papers)s new today: %(topics)s.",
        "%(num)s papers of %(papers)s new today: %(topics)s.",
        count,
        papers=papers,
        topics=told,
    )


def _empty_preheader(phrases: Phrases, papers: int, days: int) -> str:
    if days == WEEK:
        return phrases.gettext("0 papers of %(papers)s new this week.", papers=papers)
    return phrases.gettext("0 papers of %(papers)s new today.", papers=papers)


def authors(phrases: Phrases, names: Sequence[str], more: int) -> str:
    """Return the authors of a paper; `more` is how many are not named."""
    named = ", ".join(names)
    if not more:
        return named
    # Translators: authors of a paper, and how many people are not named.
    return phrases.ngettext(
        "%(names)s and %(num)s more", "%(names)s and %(num)s more", more, names=named
    )


def votes(phrases: Phrases, count: int) -> str:
    """Return how many votes a paper has."""
    return phrases.ngettext("%(num)s vote", "%(num)s votes", count)


def comments(phrases: Phrases, count: int) -> str:
    """Return the badge for comments."""
    return phrases.ngettext(
        "%(short)s comment", "%(short)s comments", count, short=phrases.short_number(count)
    )


def has_code(phrases: Phrases) -> str:
    """Return the badge of a paper with code."""
    # Translators: a badge: the paper comes with code.
    return phrases.gettext("code")


def version(phrases: Phrases, number: int) -> str:
    """Return the badge of a paper that replaces an earlier one."""
    return phrases.gettext("version %(number)s", number=number)


def link_labels(phrases: Phrases) -> dict[str, str]:
    """Return the labels of links below a paper, by what they lead to."""
    _ = phrases.gettext
    return {
        "arxiv": "arXiv",
        # Translators: the label of a link: read the paper.
        "paper": _("Read"),
        "pdf": "PDF",
        # Translators: the label of a link to the code of a paper.
        "code": _("Code"),
        "discussion": _("Discussion"),
    }


def own_sections(phrases: Phrases) -> dict[str, str]:
    """Return the titles of the sections that no topics.yaml defines, by their names."""
    _ = phrases.gettext
    return {
        "own-words": _("Your own words"),
        "liked": _("Close to what you like"),
        "outside": _("Outside your topics"),
    }


def highlights(phrases: Phrases, lead: str, more: int) -> str:
    """Return what a subject says of the papers: the title of the first, and how many follow."""
    if not lead:
        return phrases.gettext("no new papers")
    if not more:
        return lead
    # Translators: a subject: the title of a paper, and how many papers follow.
    return phrases.ngettext(
        "%(title)s and %(num)s more", "%(title)s and %(num)s more", more, title=lead
    )


def by_machine(phrases: Phrases, wording: Wording, model: str) -> str:
    """Return who wrote the sentence about a paper, when a machine did: never its authors.

    Of a model's name what comes last is enough; `hf.co/someone/model` would become a link.
    """
    name = model.rpartition("/")[2]
    if wording is Wording.TRANSLATED:
        return phrases.gettext("translated by a machine, %(model)s", model=name)
    return phrases.gettext("written by a machine, %(model)s", model=name)


def _quoted(words: Sequence[str], phrases: Phrases) -> str:
    return phrases.listed([phrases.gettext("“%(quoted)s”", quoted=word) for word in words])
