"""The press: makes the editions of one issue from blocks that are rendered once."""

from __future__ import annotations

import bisect
import html
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from newsletter.model import Edition, Figure, Issue, Pick, Topic
from newsletter.render import words
from newsletter.render.columns import padded
from newsletter.render.frames import Contents, Frame, Values
from newsletter.render.given import Masthead, Selection, edition_key
from newsletter.render.locales import direction_of, long_date, short_date
from newsletter.render.phrases import Phrases, phrases_of
from newsletter.render.subjects import parse_subject
from newsletter.render.templates import Templates
from newsletter.render.tokens import Blocks, hole, token
from newsletter.render.views import WHOLE, PaperView, SectionView, paper_view, shorten

SUBJECT_TITLE = 70
"""Characters of the lead's title in the subject: as many as a desktop inbox shows."""
BUDGET = 92_000
"""Bytes of HTML that an edition may have. Gmail hides all that comes after 102 kB
(hteumeuleu/email-bugs#41), and the values for each reader are still to be added."""
TOKEN_BYTES = 64
"""Bytes that the value for a token (such as an address or tag) is estimated to add."""
ROOM = {
    "comfortable": ((280, 240), (280, 160), (280, 0), (180, 0)),
    "compact": ((400, 0), (240, 0)),
    "titles": ((300, 0), (0, 0)),
    "brief": ((0, 0),),
}
"""By density, pairs of characters of abstract: for the lead, and for the other papers. The first
pair that keeps an edition within its budget is used."""
UNLIMITED = (WHOLE, WHOLE)
MAX_ALSO = 60
"""Titles listed under `also today`; further ones are only counted."""


@dataclass(slots=True)
class Press:
    """Makes the editions of one issue; what they share is rendered once."""

    issue: Issue
    topics: Sequence[Topic]
    masthead: Masthead
    templates: Templates
    web: bool = field(default=False, kw_only=True)
    figures: Mapping[str, Figure] = field(default_factory=dict, kw_only=True)
    """Copies of papers' pictures, by paper id."""
    values: Values = field(init=False)
    """The values that templates get in every edition."""
    _phrases: Phrases = field(init=False)
    _titles: dict[str, str] = field(init=False)
    """Of topics and of the sections that are everybody's own, in the language of the edition."""
    _own: dict[str, str] = field(init=False)
    _html: Frame = field(init=False)
    _text: Frame = field(init=False)
    _subject: Callable[[Mapping[str, object]], str] = field(init=False)
    _papers: dict[tuple[object, ...], PaperView] = field(init=False, default_factory=dict)
    _sections: dict[tuple[str, int], SectionView] = field(init=False, default_factory=dict)
    _blocks: Blocks = field(init=False, default_factory=Blocks)
    _sizes: dict[str, int] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Set the values that are the same in every edition of the issue."""
        head = self.masthead
        self._phrases = phrases_of(head.language)
        self._own = words.own_sections(self._phrases)
        self._titles = {topic.name: topic.title for topic in self.topics} | self._own
        self._subject = parse_subject(head.subject)
        letter = {
            "name": head.name,
            "language": head.language,
            "phrases": self._phrases.language,
            "own": head.written_in,
            "direction": direction_of(head.language),
            "postal_address": head.postal_address,
            "number": self.issue.number,
            "period": words.period(head.days),
            "density": head.density,
            "archive_url": head.issue_page.replace("{date}", str(self.issue.date)),
            "citations_url": head.citations.replace("{date}", str(self.issue.date)),
            "web": self.web,
            "feedback": head.feedback and not self.web,
            "subject": hole("subject"),
            "preheader": hole("preheader"),
            "greeting": token("greeting"),
            "email": token("email"),
            "date": token("date"),
            "unsubscribe_url": head.links.unsubscribe.replace("{tag}", token("unsubscribe")),
            "preferences_url": head.links.preferences.replace("{tag}", token("preferences")),
            "feedback_url": head.links.feedback.replace("{tag}", token("feedback")),
        }
        self.values = {
            "letter": letter,
            "theme": self.templates.theme,
            "_": self._phrases.gettext,
            "ngettext": self._phrases.ngettext,
        }
        self._html = Frame(self.templates.html.cuts, self.values)
        self._text = Frame(self.templates.text.cuts, self.values)

    def edition(self, selection: Selection) -> Edition:
        """Return the edition that the readers of a selection get.

        When it would be larger than BUDGET, abstracts are shortened first; then the papers with
        the lowest scores are moved to `also today`.
        """
        for room in self._rooms():
            contents = self.contents(selection, room)
            blocks = self._html.blocks(contents)
            if self.web or self._size(blocks) <= BUDGET:
                break
        else:
            contents, blocks = self._moved(selection, room)
        plain = {name: html.unescape(value) for name, value in contents.holes.items()}
        return Edition(
            key=edition_key(selection.topics, selection.reader, selection.form),
            subject=plain["subject"],
            html_blocks=self._blocks.numbers(blocks),
            text_blocks=self._blocks.numbers(self._text.blocks(replace(contents, holes=plain))),
            blocks=self._blocks.table,
            picks=selection.picks,
        )

    def _rooms(self) -> tuple[tuple[int, int], ...]:
        return (UNLIMITED,) if self.web else ROOM[self.masthead.density]

    def _moved(
        self, selection: Selection, room: tuple[int, int]
    ) -> tuple[Contents, tuple[str, ...]]:
        """Return contents and blocks with as few papers in `also today` as the budget allows."""
        lead = selection.lead
        others = (pick for pick in selection.picks if pick is not lead)
        weakest = sorted(others, key=lambda pick: pick.score.overall)

        def blocks(moved: int) -> tuple[Contents, tuple[str, ...]]:
            also = frozenset(id(pick) for pick in weakest[:moved])
            contents = self.contents(selection, room, also)
            return contents, self._html.blocks(contents)

        def over(moved: int) -> int:
            return -max(0, self._size(blocks(moved)[1]) - BUDGET)

        return blocks(bisect.bisect_left(range(len(weakest)), 0, key=over))

    def contents(
        self,
        selection: Selection,
        room: tuple[int, int] | None = None,
        moved: frozenset[int] = frozenset(),
    ) -> Contents:
        """Return what templates show of a selection.

        `room` is the number of characters for the abstract of the lead, and of each other paper.
        Of the picks whose `id()` is in `moved`, only the titles are listed.
        """
        room = room or self._rooms()[0]
        lead = selection.lead
        grouped: dict[str, list[Pick]] = {}
        also: list[Pick] = []
        for pick in selection.picks:
            if id(pick) in moved:
                also.append(pick)
            elif pick is not lead:
                grouped.setdefault(pick.topic, []).append(pick)
        # The paper of the day is shown before the sections, but counts in its topic too.
        sections = [
            (
                self._section(name, len(some) + bool(lead and lead.topic == name)),
                [self._paper(pick, room[1]) for pick in some],
            )
            for name, some in grouped.items()
        ]
        count = len(selection.picks)
        return Contents(
            sections=sections,
            lead=[self._paper(lead, room[0], is_lead=True)] if lead else [],
            also=[self._paper(pick, 0) for pick in also[:MAX_ALSO]],
            letter={
                "glance": self._glance(count, self._papers_of(selection)),
                "tally": words.tally(self._phrases, count, self._papers_of(selection)),
                "topics": tuple(self._titles[name] for name in (*selection.topics, *selection.own)),
                "count": count,
                "more": len(also[MAX_ALSO:]),
                "has_also": bool(also),
            },
            holes={
                "subject": html.escape(self._subject_of(selection, lead)),
                "preheader": html.escape(padded(self._preheader(selection))),
            },
        )

    def _section(self, name: str, count: int) -> SectionView:
        view = self._sections.get((name, count))
        if view is None:
            view = SectionView(
                name=name, title=self._titles[name], language=self._written_in(name), count=count
            )
            self._sections[name, count] = view
        return view

    def _written_in(self, topic: str) -> str:
        """Return the language of the title of a topic."""
        return self._phrases.language if topic in self._own else self.masthead.written_in

    def _paper(self, pick: Pick, room: int, *, is_lead: bool = False) -> PaperView:
        has_figure = self.masthead.figures in ("all", "lead" if is_lead else "all")
        # Only in these values can picks of one paper differ between readers.
        told = (pick.reasons, pick.tldr, pick.wording, len(pick.also))
        key = (pick.paper.id, pick.topic, room, has_figure, *told)
        view = self._papers.get(key)
        if view is None:
            view = self._papers[key] = paper_view(
                pick,
                self._titles[pick.topic],
                self._phrases,
                topic_language=self._written_in(pick.topic),
                room=room,
                density=self.masthead.density,
                figure=self.figures.get(pick.paper.id) if has_figure else None,
                figure_url=self.masthead.figure_url,
            )
        return view

    def _size(self, blocks: Iterable[str]) -> int:
        """Return the bytes of HTML that blocks have, with an estimate for their tokens."""
        sizes, total = self._sizes, 0
        for block in blocks:
            size = sizes.get(block)
            if size is None:
                size = sizes[block] = html_bytes(block)
            total += size
        return total

    def _subject_of(self, selection: Selection, lead: Pick | None) -> str:
        date, language = self.issue.date, self.masthead.language
        title = shorten(lead.paper.title, SUBJECT_TITLE) if lead else ""
        more = max(0, len(selection.picks) - 1)
        return self._subject(
            {
                "name": self.masthead.name,
                "day": short_date(date, language),
                "date": long_date(date, language, self.masthead.days),
                "number": self.issue.number,
                "lead": title,
                "count": len(selection.picks),
                "more": more,
                "highlights": words.highlights(self._phrases, title, more),
                "topics": [self._titles[name] for name in selection.topics],
            }
        )

    def _papers_of(self, selection: Selection) -> int:
        return self.issue.papers if selection.papers is None else selection.papers

    def _glance(self, picked: int, papers: int) -> str:
        glance = words.web_glance if self.web else words.glance
        return glance(self._phrases, picked, papers, self.masthead.days)

    def _preheader(self, selection: Selection) -> str:
        """Return the sentence that inboxes show beside the subject; it continues the subject."""
        counts = Counter(pick.topic for pick in selection.picks)
        told = [(self._titles[name], count) for name, count in counts.items()]
        return words.preheader(self._phrases, told, self._papers_of(selection), self.masthead.days)


def html_bytes(text: str) -> int:
    """Return the bytes that HTML has with its tokens filled in; values are estimated."""
    return len(text.encode("utf-8", "replace")) + TOKEN_BYTES * text.count("\ue000")
