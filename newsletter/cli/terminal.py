"""The one way to the terminal: nothing from outside acts there, however it is printed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment


class SafeConsole(Console):
    """A console on which text is text.

    A title, a URL or a server's answer may hold escape sequences, which a terminal obeys, or
    characters that turn a line around. They are shown as a space, wherever they come from: what is
    printed here passes `render`, and no caller has to remember.
    """

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Yield the segments of what is printed, their text without anything that acts."""
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable():
                yield segment
            else:
                yield segment._replace(text=safe(segment.text))

    def on_broken_pipe(self) -> None:
        """Let a closed pipe through to `main`: rich would leave with status 1."""
        raise BrokenPipeError


def safe(text: str) -> str:
    """Return `text` with a space for each control, bidi, private-use or unassigned character."""
    return "".join(char if char.isprintable() or char == "\n" else " " for char in text)


def console() -> Console:
    """Return where results go."""
    return SafeConsole(highlight=False)


def errors() -> Console:
    """Return where problems go."""
    return SafeConsole(stderr=True, highlight=False)


def print_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object on one line; what is not printable is escaped, and loses nothing."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    sys.stdout.write("".join(map(_escaped, text)) if not text.isprintable() else text)
    sys.stdout.write("\n")


def _escaped(char: str) -> str:
    return char if char.isprintable() else json.dumps(char)[1:-1]
