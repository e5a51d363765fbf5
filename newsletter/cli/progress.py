"""Progress bars on a terminal; nothing anywhere else."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Protocol

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
)

from newsletter.cli.terminal import errors
from newsletter.model import Delivery, Outcome, SourceReport


class Watch(Protocol):
    """What is told about a run while it works."""

    def expect(self, sources: int, mails: int) -> None:
        """Say how many sources and mails there will be."""
        ...

    def source(self, report: SourceReport, /) -> None:
        """Count one source."""
        ...

    def delivery(self, delivery: Delivery, outcome: Outcome, /) -> None:
        """Count one delivery."""
        ...

    def embedded(self, made: int, wanted: int, /) -> None:
        """Say how many papers have sentence embeddings, and how many shall have."""
        ...


class Silent:
    """Shows nothing: for cron, pipes, --json and --quiet."""

    def expect(self, sources: int, mails: int) -> None:
        """Show nothing."""

    def source(self, _report: SourceReport, /) -> None:
        """Show nothing."""

    def delivery(self, _delivery: Delivery, _outcome: Outcome, /) -> None:
        """Show nothing."""

    def embedded(self, _made: int, _wanted: int, /) -> None:
        """Show nothing."""


class Bars:
    """A bar each for sources, sentence embeddings and deliveries, once there are any."""

    def __init__(self, progress: Progress) -> None:
        """Draw on `progress`."""
        self._progress = progress
        self._sources = progress.add_task("sources", visible=False)
        self._embeddings = progress.add_task("reading papers", visible=False)
        self._mails = progress.add_task("deliveries", visible=False)

    def expect(self, sources: int, mails: int) -> None:
        """Show the bars that will have something to count."""
        self._progress.update(self._sources, total=sources, visible=sources > 0)
        self._progress.update(self._mails, total=mails, visible=mails > 0)

    def source(self, _report: SourceReport, /) -> None:
        """Count one source."""
        self._progress.advance(self._sources)

    def delivery(self, _delivery: Delivery, _outcome: Outcome, /) -> None:
        """Count one delivery."""
        self._progress.advance(self._mails)

    def embedded(self, made: int, wanted: int, /) -> None:
        """Show how far it is."""
        self._progress.update(self._embeddings, completed=made, total=wanted, visible=made < wanted)


@contextlib.contextmanager
def show_bar(words: str, *, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """Show a bar for one thing, if there is a terminal; the block tells how much is done of all."""
    console = errors()
    if quiet or not console.is_terminal:
        yield lambda _done, _all: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task(words, total=None)
        yield lambda done, total: progress.update(bar, completed=done, total=total)


@contextlib.contextmanager
def show_progress(*, quiet: bool) -> Iterator[Watch]:
    """Show progress bars if there is a terminal to show them on."""
    console = errors()
    if quiet or not console.is_terminal:
        yield Silent()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield Bars(progress)
