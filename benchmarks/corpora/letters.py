"""An issue rendered the plain way: one Jinja render of the whole template, for comparison."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from newsletter.render.given import Selection
from newsletter.render.press import Press
from newsletter.render.tokens import HOLE, NUMBER


class Rendering(Protocol):
    """Whatever renders values."""

    def render(self, values: Mapping[str, Any], /) -> str:
        """Return the text."""


@dataclass(frozen=True)
class Section:
    """A section that carries its papers, as a whole template repeats them."""

    name: str
    title: str
    language: str
    count: int
    papers: list[Any]


def rendered_whole(press: Press, selection: Selection, template: Rendering, kind: str) -> str:
    """Return one part of an edition, without blocks, budget and memory."""
    contents = press.contents(selection)
    shared = press.values
    letter = {
        **shared["letter"],
        **contents.letter,
        "sections": [
            Section(view.name, view.title, view.language, view.count, list(papers))
            for view, papers in contents.sections
        ],
        "lead": contents.lead,
        "also": contents.also,
    }
    rendered = template.render({**shared, "letter": letter})
    holes = {name: html.unescape(value) for name, value in contents.holes.items()}
    # Each part prints the number of each paper once.
    number = 0
    out = []
    for place, piece in enumerate(HOLE.split(rendered)):
        if not place % 2:
            out.append(piece)
        elif piece == NUMBER:
            number += 1
            out.append(str(number))
        else:
            out.append(html.escape(holes[piece]) if kind == "html" else holes[piece])
    return "".join(out)
