"""Writer: asks an endpoint for sentences, within a budget; stops when nobody answers."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Protocol, Self

from newsletter.collect.answers import Document, Manners
from newsletter.collect.http.fetcher import BusyError, Fetcher, LargeError
from newsletter.config.settings import Summaries
from newsletter.errors import SourceError
from newsletter.model import Commission, Permit, Ration, Sentence, Wording
from newsletter.summarise.judging import judge
from newsletter.summarise.questions import Enquiry, body, most_tokens
from newsletter.summarise.replies import Answered, models, read_answer

PATH: Final = "/chat/completions"
RETRIES: Final = 2
"""How often a busy endpoint is asked again for one sentence."""
BACKOFF: Final = 2.0
"""Seconds until then, if it does not say; the next time twice as many."""
MOST_FAILURES: Final = 3
"""Failures in a row after which the endpoint is asked no more in this run."""
NAMED: Final = 3
"""Reasons for refusals that are named, the most frequent ones."""


class Books(Protocol):
    """Where requests are counted before they are made, and what came of them is kept."""

    def take(self, wanted: Commission, tokens: int, allowance: Ration, now: dt.datetime) -> Permit:
        """Return whether a sentence may be asked for now, at so many tokens; if so, count it."""

    def take_again(
        self, wanted: Commission, tokens: int, allowance: Ration, now: dt.datetime
    ) -> bool:
        """Count one more request for the same sentence; False: the budget is spent."""

    def keep(
        self,
        wanted: Commission,
        sentence: Sentence,
        now: dt.datetime,
        *,
        answered: bool,
        unused: int = 0,
    ) -> None:
        """Keep what came of a request, which cost `unused` tokens less than were counted."""


@dataclass(slots=True, kw_only=True)
class _Reckoning:
    """What came of a run's questions."""

    written: Counter[Wording] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    """By what was wrong."""
    failed: int = 0
    left: int = 0
    """Questions that were not asked, for want of budget, of time, or of an endpoint."""
    in_a_row: int = 0
    problem: str = ""
    """The last failure."""
    is_spent: bool = False
    is_late: bool = False


class Writer:
    """Asks one endpoint; use as an async context manager, one per run."""

    def __init__(
        self,
        settings: Summaries,
        fetcher: Fetcher,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Ask as `settings` say through `fetcher`, which must not repeat requests by itself."""
        self.settings = settings
        self._fetcher = fetcher
        self._sleep = sleep
        self._tally = _Reckoning()
        self._until: float | None = None

    async def __aenter__(self) -> Self:
        """Open the connections."""
        await self._fetcher.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close them."""
        await self._fetcher.__aexit__(kind, error, trace)

    async def write(
        self, questions: Sequence[Enquiry], books: Books, clock: Callable[[], dt.datetime]
    ) -> None:
        """Ask the questions in their order, and keep each answer in `books` as soon as it is there.

        Nothing is asked that is kept already. It ends when the day's budget or the time of the run
        is spent, or when the endpoint has failed several times in a row. A failure is never raised:
        `notes` tells it. Raises StoreError when the database cannot be used.
        """
        waiting = iter(questions)
        left = len(questions)

        async def ask_on() -> None:
            nonlocal left
            for asked in waiting:
                if self._has_ended:
                    return
                left -= 1
                await self._ask(asked, books, clock)

        try:
            async with asyncio.timeout(self._rest()), asyncio.TaskGroup() as group:
                for _ in range(self.settings.connections):
                    group.create_task(ask_on())
        except TimeoutError:
            self._tally.is_late = True
        except ExceptionGroup as several:  # whoever stopped first says why
            raise several.exceptions[0] from None
        self._tally.left += left

    @property
    def _has_ended(self) -> bool:
        tally = self._tally
        return tally.is_spent or tally.is_late or tally.in_a_row >= MOST_FAILURES

    def _rest(self) -> float:
        """Return the seconds that are left of the run's time; it begins with the first question."""
        now = asyncio.get_running_loop().time()
        if self._until is None:
            self._until = now + self.settings.seconds
        return max(0.0, self._until - now)

    async def _ask(self, asked: Enquiry, books: Books, clock: Callable[[], dt.datetime]) -> None:
        tally, most = self._tally, most_tokens(asked, thinks=self.settings.thinks)
        permit = books.take(asked.wanted, most, self.settings.allowance, clock())
        if permit is Permit.SPENT:
            tally.is_spent = True
            tally.left += 1
        if permit is not Permit.GIVEN:
            return
        text, why, tokens, answered = "", "", None, True
        try:
            found = read_answer(await self._post(asked, most, books, clock))
            tokens = found.tokens
            text, why = _judged(found, asked, self.settings.key)
        except LargeError:
            why = "it is longer than a sentence"
        except SourceError as error:
            # Services name the key that they refuse; what went wrong is kept in the database.
            why, answered = _without(self.settings.key, str(error)), False
        wanted = asked.wanted
        sentence = Sentence(
            text=text, model=wanted.model, language=wanted.language, wording=wanted.wording, why=why
        )
        # What the endpoint does not tell costs what it may cost at most.
        unused = 0 if tokens is None else most - tokens
        books.keep(wanted, sentence, clock(), answered=answered, unused=unused)
        tally.in_a_row = 0 if answered else tally.in_a_row + 1
        if text:
            tally.written[wanted.wording] += 1
        elif answered:
            tally.refused[why.partition(" (")[0]] += 1
        else:
            tally.failed += 1
            tally.problem = why

    async def _post(
        self, asked: Enquiry, most: int, books: Books, clock: Callable[[], dt.datetime]
    ) -> Document:
        """Return what the endpoint answers; a busy one is asked again after the wait it wants."""
        told = body(asked, thinks=self.settings.thinks)
        for attempt in range(RETRIES + 1):
            try:
                return await self._fetch(PATH, told)
            except BusyError as busy:
                wait = BACKOFF * 2**attempt if busy.wait is None else busy.wait
                if attempt == RETRIES or wait > min(self.settings.timeout, self._rest()):
                    raise
                await self._sleep(wait)
                if not books.take_again(asked.wanted, most, self.settings.allowance, clock()):
                    raise
        raise AssertionError("the last attempt returns or raises")

    async def _fetch(self, path: str, told: bytes | None = None) -> Document:
        key = self.settings.key
        fetched = await self._fetcher.fetch(
            f"{self.settings.endpoint}{path}",
            headers={"Authorization": f"Bearer {key}"} if key else {},
            manners=Manners(connections=self.settings.connections),
            body=told,
            redirects=0,
        )
        return fetched.documents[0]

    async def models(self) -> tuple[str, ...]:
        """Return the models that the endpoint has; nothing is written. Raises SourceError."""
        return models(await self._fetch("/models"))

    def notes(self) -> tuple[str, ...]:
        """Return what became of the questions, in one line; nothing when nothing was asked."""
        parts = list(self._told())
        return (f"summaries: {'; '.join(parts)}",) if parts else ()

    def _told(self) -> Iterator[str]:
        tally = self._tally
        for wording, count in sorted(tally.written.items()):
            yield f"{count} {wording}"
        if tally.refused:
            why = ", ".join(name for name, _ in tally.refused.most_common(NAMED))
            yield f"{tally.refused.total()} refused: {why}"
        if tally.failed:
            yield f"{tally.failed} without an answer: {tally.problem}"
        if tally.left:
            yield f"{tally.left} not asked for: {self._why_left()}"

    def _why_left(self) -> str:
        if self._tally.is_spent:
            allowance = self.settings.allowance
            return (
                f"the day's budget is spent ({allowance.requests:,} requests, "
                f"{allowance.tokens:,} tokens)"
            )
        if self._tally.is_late:
            return f"{self.settings.seconds:g} s are over; the next run goes on"
        return "the endpoint does not answer; the next run tries again"


def _without(key: str, text: str) -> str:
    return text.replace(key, "***") if key else text


def _judged(found: Answered, asked: Enquiry, key: str) -> tuple[str, str]:
    if not found.is_whole:
        return "", "it was cut off"
    if key and key in found.text:  # what is wrong with an answer is told in its own words
        return "", "it repeats the key"
    try:
        return judge(found.text, asked)
    except Exception as error:  # noqa: BLE001  guard: one answer must not stop the others
        return "", f"the checks fail on it ({type(error).__name__})"
