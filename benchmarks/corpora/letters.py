"""An issue rendered the plain way: one Jinja render of the whole template, for comparison."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from newsletter.render.press import Press, Selection
from newsletter.render.tokens import HOLE


class Rendering(Protocol):
    """Whatever renders values."""

    def render(self, values: Mapping[str, Any], /) -> str:
        """Return the text."""


@dataclass(frozen=True)
class Section:
    """A section that carries its papers, as a whole template repeats them."""

    name: str
    title: str
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
            Section(view.name, view.title, view.count, list(papers))
            for view, papers in contents.sections
        ],
        "lead": contents.lead,
        "also": contents.also,
    }
    rendered = template.render({**shared, "letter": letter})
    holes = {name: html.unescape(value) for name, value in contents.holes.items()}
    first = 1
    out = []
    # Numbers count on from block to block; a `0` begins the next block.
    seen: set[str] = set()
    for place, piece in enumerate(HOLE.split(rendered)):
        if not place % 2:
            out.append(piece)
        elif not piece.isdigit():
            out.append(html.escape(holes[piece]) if kind == "html" else holes[piece])
        else:
            if piece == "0" and seen:
                first += len(seen)
                seen = set()
            seen.add(piece)
            out.append(str(first + int(piece)))
    return "".join(out)
