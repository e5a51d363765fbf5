"""write_sentences(): a machine is asked about what editions will likely show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from newsletter.config.settings import Summaries
from newsletter.day import letters
from newsletter.day.drafts import AHEAD, Draft
from newsletter.day.given import Day, Web
from newsletter.day.wording import sentences_of
from newsletter.model import Paper, Sentence, Wording
from newsletter.pick.summaries import summarise
from newsletter.render.languages import primary
from newsletter.render.locales import language_of_text
from newsletter.summarise.judging import SPOKEN, is_fit
from newsletter.summarise.questions import Enquiry, question


async def write_sentences(day: Day, web: Web, draft: Draft) -> tuple[str, ...]:
    """Have sentences written for the papers of a draft, best first; return what is worth a line.

    The newsletter's own language comes first: sentences in others are made of it. Does nothing when
    no machine is named. Raises StoreError when the database cannot be used.
    """
    machine, own = day.config.summaries, day.config.letter.language
    if machine is None or web.writer is None or day.config.letter.density == "titles":
        return ()
    shown = _shown(draft)
    for language in sorted(shown, key=lambda language: (language != own, language)):
        if machine.is_for(language):
            questions = tuple(_questions(day, machine, shown[language], language))
            await web.writer.write(questions, day.stores.sentences, day.clock)
    return web.writer.notes()


def _shown(draft: Draft) -> Mapping[str, Sequence[Paper]]:
    """Return, by language, the papers that editions show: first those that most readers get.

    Of papers that equally many get, those with the higher score come first.
    """
    readers: dict[str, Counter[str]] = {}
    scores: dict[str, float] = {}
    papers: dict[str, Paper] = {}

    for selection, count in draft.likely(AHEAD):
        language = letters.language_of(draft.day.config.letter, selection.form)
        counted = readers.setdefault(language, Counter())
        for pick in selection.picks:
            papers[pick.paper.id] = pick.paper
            counted[pick.paper.id] += count
            scores[pick.paper.id] = max(scores.get(pick.paper.id, 0.0), pick.score.overall)
    return {
        language: [
            papers[name]
            for name, _ in sorted(
                counted.items(), key=lambda one: (-one[1], -scores[one[0]], one[0])
            )
        ]
        for language, counted in readers.items()
    }


def _questions(
    day: Day, machine: Summaries, papers: Sequence[Paper], language: str
) -> Iterator[Enquiry]:
    """Yield what is to be asked: about papers whose sentence is taken from the abstract."""
    letter = day.config.letter
    main = primary(language)
    writes = machine.writes and language == letter.language and main in SPOKEN
    own: Mapping[str, Sentence] = {}
    if machine.writes and language != letter.language:
        own = sentences_of(day, papers, letter.language)
    for paper in papers:
        told, by = summarise(paper)
        if not told or by:
            continue
        if writes:
            yield question(paper, machine.model, language)
            continue
        if paper.id in own and own[paper.id].wording is Wording.WRITTEN:
            told = own[paper.id].text
        is_foreign = language_of_text(told) != main
        if is_foreign and is_fit(told, paper.title, paper.abstract):
            yield question(paper, machine.model, language, told)
