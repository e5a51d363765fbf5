"""Issues as they were last loaded, edits that are tried, and where editions had their papers."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, replace
from typing import Any, Final, TypeVar

import anyio

from newsletter.pick.changes import Placed, changes
from newsletter.serve.preview.shown import Preview, PreviewEdition, Sketch, Tuning

KEPT: Final = 32
"""Things of a kind that are remembered, the last ones used."""

Key = TypeVar("Key")
Value = TypeVar("Value")


class LeftError(Exception):
    """Who asked is not there any more: an answer would be for nobody."""


class Shelf:
    """Loads issues on demand, and again after every change; keeps the last that worked."""

    def __init__(self, tuning: Tuning) -> None:
        """Show the newsletter of `tuning`."""
        self.tuning = tuning
        self._fresh: dict[str, Preview] = {}
        self._good: dict[str, Preview] = {}
        self._tried: OrderedDict[str, tuple[Sketch, str]] = OrderedDict()
        self._editions: OrderedDict[tuple[str, str, str], PreviewEdition | None] = OrderedDict()
        self._placed: OrderedDict[tuple[str, str, str], tuple[Placed, ...]] = OrderedDict()
        self._lock = asyncio.Lock()
        self.changed = asyncio.Event()

    async def apart(
        self, work: Callable[..., Value], *given: object, is_gone: Callable[[], Awaitable[bool]]
    ) -> Value:
        """Do what takes long in a thread, one after the other.

        Raises LeftError when its turn comes and whoever waited for it has gone.
        """
        async with self._lock:
            if await is_gone():
                raise LeftError
            return await anyio.to_thread.run_sync(work, *given)

    async def preview(self, date: str) -> Preview:
        """Return an issue; when something is wrong now, as it was before, with what is wrong."""
        async with self._lock:
            if date not in self._fresh:
                then = self.changed
                found = await anyio.to_thread.run_sync(self.tuning.load, date)
                if found.problem:
                    last = self._good.get(date, found)
                    found = replace(last, problem=found.problem, mistakes=found.mistakes)
                else:
                    self._good[date] = found
                if then is not self.changed:  # a file was edited meanwhile
                    return found
                self._fresh[date] = found
            return self._fresh[date]

    def forget(self) -> None:
        """Load issues again from now on, and tell every page."""
        self._fresh.clear()
        self._editions.clear()
        self.changed.set()
        self.changed = asyncio.Event()

    def keep_trial(self, sketch: Sketch, version: str) -> str:
        """Remember texts that are tried, and the version that they make; return their name."""
        _remember(self._tried, sketch.name, (sketch, version))
        return sketch.name

    def trial(self, name: str) -> tuple[Sketch, str]:
        """Return texts that are tried, and their version; raises KeyError when they are gone."""
        return self._tried[name] if name else (Sketch(), "")

    async def edition(
        self, date: str, audience: str, trial: str, is_gone: Callable[[], Awaitable[bool]]
    ) -> PreviewEdition | None:
        """Return an edition, as it is or as it would be with the texts of a trial."""
        if not trial:
            shown = await self.preview(date)
            for edition in shown.editions:
                if edition.audience == audience or not audience:
                    return edition
        sketch = replace(self.trial(trial)[0], date=date)
        key = (date, audience, trial)
        if key in self._editions:
            return self._editions[key]
        then = self.changed
        made: PreviewEdition | None = await self.apart(
            self.tuning.edition, sketch, audience, is_gone=is_gone
        )
        if then is self.changed:
            _remember(self._editions, key, made)
        return made

    async def version(self, date: str, trial: str) -> str:
        """Return of which texts of config files an edition is made."""
        return self.trial(trial)[1] if trial else (await self.preview(date)).version

    def place(self, version: str, date: str, edition: PreviewEdition) -> None:
        """Remember where the papers of an edition are, to compare others with it."""
        _remember(self._placed, (version, date, edition.audience), edition.placed)

    def since(self, version: str, date: str, edition: PreviewEdition) -> list[Any] | None:
        """Return what has changed in an edition since a version; None when that is not known."""
        before = self._placed.get((version, date, edition.audience))
        return None if before is None else differences(before, edition.placed)


def differences(before: Sequence[Placed], after: Sequence[Placed]) -> list[Any]:
    """Return what has changed as plain data."""
    return [asdict(moved) for moved in changes(before, after)]


def _remember(known: OrderedDict[Key, Value], key: Key, value: Value) -> None:
    known[key] = value
    known.move_to_end(key)
    while len(known) > KEPT:
        known.popitem(last=False)
