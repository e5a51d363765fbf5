"""The only module that writes to the terminal: text from outside cannot control the terminal."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment


class SafeConsole(Console):
    """A console that prints text without control characters.

    A title, a URL or a server's answer may contain escape sequences, which a terminal obeys, or
    bidi characters, which change the direction of a line. Each is shown as a space, wherever it
    comes from: all that is printed here passes `render`, so callers need not do anything.
    """

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Yield the segments of what is printed, with unsafe characters in their text replaced."""
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable():
                yield segment
            else:
                yield segment._replace(text=safe(segment.text))

    def on_broken_pipe(self) -> None:
        """Pass the BrokenPipeError on to `main`: rich would exit with status 1."""
        raise BrokenPipeError


def safe(text: str) -> str:
    """Return `text` with a space for each control, bidi, private-use or unassigned character."""
    return "".join(char if char.isprintable() or char == "\n" else " " for char in text)


UNFOLDED = 10_000
"""Columns of what is no terminal: a program that reads a result wants whole lines."""


def console() -> Console:
    """Return the console for results; into a file or a pipe it writes lines of any length.

    The variable COLUMNS gives another width.
    """
    made = SafeConsole(highlight=False, emoji=False)
    if not made.is_terminal and not os.environ.get("COLUMNS", "").isdigit():
        made.width = UNFOLDED
    return made


def errors() -> Console:
    """Return the console for problems."""
    return SafeConsole(stderr=True, highlight=False, emoji=False)


def print_json(value: Mapping[str, object]) -> None:
    """Print one JSON object on one line; unprintable characters are escaped, so nothing is lost."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    sys.stdout.write("".join(map(_escaped, text)) if not text.isprintable() else text)
    sys.stdout.write("\n")


def _escaped(char: str) -> str:
    return char if char.isprintable() else json.dumps(char)[1:-1]
