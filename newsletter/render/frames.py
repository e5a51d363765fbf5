"""Frames: a compiled template, cut at its loops, so that each block is rendered once.

Editions differ in which papers they show, not in what a paper looks like. Loops over sections and
papers are taken out of the template and run here. The regions between them are rendered once for
each section or paper, and cached. An edition is then made by joining strings that already exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, TypedDict

import jinja2
from jinja2 import nodes

from newsletter.errors import TemplateError
from newsletter.render.sandbox import mistake_of
from newsletter.render.tokens import HOLE, NUMBER
from newsletter.render.views import PaperView, SectionView

REPEATED: Final = ("sections", "papers", "lead", "also")
"""Lists whose items become blocks: `sections` holds sections, the others hold papers."""


Rendering = Callable[[Mapping[str, object]], str]
"""Turns values into text; raises TemplateError, with the line that fails."""


class Values(TypedDict):
    """What templates get in every edition of an issue."""

    letter: Mapping[str, object]
    theme: Mapping[str, object]
    _: Callable[..., str]
    """Puts a phrase into the language of the edition."""
    ngettext: Callable[..., str]


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A part of a template between two loops."""

    render: Rendering
    section: str
    """The template's name for the section that the region uses; empty when it uses none."""
    paper: str
    letter: tuple[str, ...]
    """The attributes of `letter` that the region uses: `glance`, `topics`, …"""


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """A loop over sections or papers."""

    name: str
    """The name of the loop variable."""
    over: str
    """One of REPEATED."""
    body: tuple[Region | Loop, ...]
    otherwise: tuple[Region | Loop, ...]
    """What is shown instead when the list is empty."""


def cut(
    environment: jinja2.Environment, text: str, at: Callable[[int], str]
) -> tuple[Region | Loop, ...]:
    """Cut a Jinja template at its loops over sections and papers.

    `at` gives `file:line` of a line of `text`. Raises jinja2's errors for text that jinja2 cannot
    parse. Raises TemplateError for a repeated block that uses `loop`: such a block is rendered once
    and shown in many places, so it has no fixed position in its loop.
    """
    parsed = environment.parse(text)
    # Macros and values that a template sets at its top level are known in all its regions.
    prelude = [node for node in parsed.body if isinstance(node, nodes.Macro | nodes.Assign)]
    rest = [node for node in parsed.body if node not in prelude]

    def region(body: list[nodes.Node], names: Mapping[str, str]) -> Region:
        tree = nodes.Template([*prelude, *body], lineno=1)
        tree.set_environment(environment)
        used, letter = _used(tree.body)
        if "loop" in used and names:
            raise TemplateError(
                f"{at(body[0].lineno)}: `loop` is not known here: what repeats is rendered once "
                "and shown in many places"
            )
        template = jinja2.Template.from_code(
            environment, environment.compile(tree), environment.make_globals(None)
        )
        return Region(
            renderer(template, at),
            names.get("section", "") if names.get("section") in used else "",
            names.get("paper", "") if names.get("paper") in used else "",
            tuple(sorted(letter)),
        )

    def pieces(body: Sequence[nodes.Node], names: Mapping[str, str]) -> Iterator[Region | Loop]:
        waiting: list[nodes.Node] = []
        for node in body:
            over = _repeated(node, names.get("section"))
            if not over or not isinstance(node, nodes.For):
                waiting.append(node)
                continue
            if waiting:
                yield region(waiting, names)
                waiting = []
            name = getattr(node.target, "name", "")
            inner = {**names, "section" if over == "sections" else "paper": name}
            yield Loop(
                name, over, tuple(pieces(node.body, inner)), tuple(pieces(node.else_, names))
            )
        if waiting:
            yield region(waiting, names)

    return tuple(pieces(rest, {}))


def _used(body: Sequence[nodes.Node]) -> tuple[set[str], set[str]]:
    """Return the names that nodes use, and the attributes of `letter` that they use.

    `loop` counts only outside of loops among these nodes.
    """
    names: set[str] = set()
    letter: set[str] = set()
    waiting = [(node, False) for node in body]
    while waiting:
        node, inside = waiting.pop()
        if isinstance(node, nodes.Name) and not (node.name == "loop" and inside):
            names.add(node.name)
        elif isinstance(node, nodes.Getattr) and getattr(node.node, "name", "") == "letter":
            letter.add(node.attr)
        inside = inside or isinstance(node, nodes.For)
        waiting += ((child, inside) for child in node.iter_child_nodes())
    return names, letter


def _repeated(node: nodes.Node, section: str | None) -> str:
    """Return which list of REPEATED a node loops over; empty when it is not such a loop."""
    if not isinstance(node, nodes.For) or node.test or node.recursive:
        return ""
    if not isinstance(node.iter, nodes.Getattr) or not isinstance(node.target, nodes.Name):
        return ""
    of = getattr(node.iter.node, "name", "")
    wanted = "letter" if node.iter.attr in ("sections", "lead", "also") else section
    return node.iter.attr if of and of == wanted and node.iter.attr in REPEATED else ""


def renderer(template: jinja2.Template, at: Callable[[int], str]) -> Rendering:
    """Return a function that renders a template; errors become TemplateError, with their line."""

    def render(values: Mapping[str, object]) -> str:
        try:
            return template.render(values)
        except Exception as error:  # noqa: BLE001  a template may divide by zero, index wrongly, …
            where = at(_line(error))
            said = (
                mistake_of(error) if isinstance(error, jinja2.TemplateSyntaxError) else str(error)
            )
            raise TemplateError(f"{where}: {said or type(error).__name__}") from None

    return render


def _line(error: BaseException) -> int:
    """Return the template line that an error came from (Jinja rewrites its tracebacks), or 0."""
    trace, line = error.__traceback__, 0
    while trace:
        if trace.tb_frame.f_code.co_filename in ("<template>", "<unknown>"):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What an edition shows, as templates see it."""

    sections: Sequence[tuple[SectionView, Sequence[PaperView]]]
    """Sections, each with its papers."""
    lead: Sequence[PaperView]
    also: Sequence[PaperView]
    letter: Mapping[str, object]
    """What the edition says about itself: `glance`, `topics`, …"""
    holes: Mapping[str, str]
    """Values for the holes named in OPEN_NAMES, ready for this part (escaped in HTML)."""

    def numbers(self) -> dict[PaperView, int]:
        """Return the number of each paper: from 1, in the order in which they are shown."""
        shown = (self.lead, *(papers for _, papers in self.sections), self.also)
        return {view: number for number, view in enumerate(chain.from_iterable(shown), 1)}


_Place = tuple[SectionView | None, PaperView | None, Sequence[PaperView]]


class _Block:
    """A rendered region: strings, with holes in between."""

    __slots__ = ("pieces",)

    def __init__(self, rendered: str) -> None:
        self.pieces = HOLE.split(rendered)

    def into(self, out: list[str], holes: Mapping[str, str], number: int) -> None:
        """Add the block, as that of paper `number` of the edition.

        What fills a hole is a string of its own, so that all editions share those around it.
        """
        for place, piece in enumerate(self.pieces):
            if place % 2:
                out.append(str(number) if piece == NUMBER else holes[piece])
            elif piece:
                out.append(piece)


class Frame:
    """A cut template for one issue; remembers the blocks it has rendered."""

    def __init__(self, cuts: Sequence[Region | Loop], values: Values) -> None:
        """Prepare to render `cuts`; `values` are the same in every edition of the issue."""
        self._cuts = cuts
        self._values = values
        self._made: dict[tuple[object, ...], _Block] = {}

    def blocks(self, contents: Contents) -> tuple[str, ...]:
        """Return the blocks of an edition, in order; equal blocks share one string.

        Raises TemplateError when a template fails on these papers.
        """
        out: list[str] = []
        self._fill(self._cuts, contents, (None, None, ()), out, contents.numbers())
        return tuple(out)

    def _fill(
        self,
        cuts: Sequence[Region | Loop],
        contents: Contents,
        place: _Place,
        out: list[str],
        numbers: Mapping[PaperView, int],
    ) -> None:
        """Add the blocks of `cuts` to `out`.

        `place` is the section, the paper and the section's papers that the blocks are about.
        """
        section, paper, papers = place
        inner: list[_Place]
        for part in cuts:
            if type(part) is Loop:
                if part.over == "sections":
                    inner = [(view, None, inside) for view, inside in contents.sections]
                else:
                    items = papers if part.over == "papers" else getattr(contents, part.over)
                    inner = [(section, item, ()) for item in items]
                for deeper in inner:
                    self._fill(part.body, contents, deeper, out, numbers)
                if not inner:
                    self._fill(part.otherwise, contents, place, out, numbers)
            elif type(part) is Region:
                key = (
                    part,
                    section if part.section else None,
                    paper if part.paper else None,
                    *[contents.letter.get(name) for name in part.letter],
                )
                block = self._made.get(key)
                if block is None:
                    block = self._made[key] = self._render(part, contents, section, paper)
                block.into(out, contents.holes, numbers[paper] if paper else 0)

    def _render(
        self,
        region: Region,
        contents: Contents,
        section: SectionView | None,
        paper: PaperView | None,
    ) -> _Block:
        letter = {**self._values["letter"], **contents.letter}
        values: dict[str, object] = {**self._values, "letter": letter}
        if region.section:
            values[region.section] = section
        if region.paper:
            values[region.paper] = paper
        return _Block(region.render(values))
