"""with_summaries(): an edition with sentences that a machine wrote, out of the store alone.

There is no network here: drafts, previews and editions that are made when they are sent all show
what was in the store when the issue was made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from newsletter.day import selections
from newsletter.day.given import Day
from newsletter.model import Paper, Pick, Sentence, Wording
from newsletter.pick.summaries import details
from newsletter.render.given import Selection
from newsletter.render.languages import primary
from newsletter.render.locales import language_of_text
from newsletter.summarise.questions import digest


def sentences_of(day: Day, papers: Iterable[Paper], language: str) -> Mapping[str, Sentence]:
    """Return, by paper id, the sentences in a language that were written until the day's moment.

    There are none when no machine is named, or none for editions in this language.
    """
    machine = day.config.summaries
    if machine is None or not machine.is_for(language):
        return {}
    digests = {paper.id: digest(paper) for paper in papers}
    known = day.stores.sentences.known(digests.values(), machine.model, language, day.clock())
    wanted = [Wording.WRITTEN, Wording.TRANSLATED] if machine.writes else [Wording.TRANSLATED]
    found: dict[str, Sentence] = {}
    for paper, name in digests.items():
        best = [one for one in known.get(name, ()) if one.wording in wanted]
        if best:
            found[paper] = min(best, key=lambda one: wanted.index(one.wording))
    return found


def answers_about(day: Day, paper: Paper) -> tuple[Sentence, ...]:
    """Return all that machines answered about a paper, and why an answer was refused."""
    return day.stores.sentences.about(digest(paper))


def with_summaries(selection: Selection, sentences: Mapping[str, Sentence]) -> Selection:
    """Return the selection with `sentences`, by paper id, in place of those of abstracts.

    What a source gave stays: it has an author already.
    """
    picks = tuple(_with(pick, sentences.get(pick.paper.id)) for pick in selection.picks)
    return replace(selection, picks=picks, lead=selections.lead(picks))


def _with(pick: Pick, sentence: Sentence | None) -> Pick:
    if sentence is None or pick.tldr_by or not pick.tldr:
        return pick
    is_same = language_of_text(pick.paper.abstract) == primary(sentence.language)
    return replace(
        pick,
        tldr=sentence.text,
        tldr_by=sentence.model,
        wording=sentence.wording,
        tldr_language=sentence.language,
        # What adds to the sentence depends on what it says.
        details=details(pick.paper, sentence.text) if is_same else pick.details,
    )
