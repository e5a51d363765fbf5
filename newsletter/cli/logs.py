"""Logs for programs: one JSON object a line on the error stream, in place of text for people.

Addresses are never in them. In their place stands a digest with the newsletter's key, by which one
reader is the same in every line and can be found by who has the key; without a key, nothing.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import hmac
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from newsletter.cli import account, forgotten
from newsletter.cli.given import load
from newsletter.cli.program import NOT_RIGHT
from newsletter.cli.progress import Watch, show_progress
from newsletter.config.settings import Config
from newsletter.day.results import Ran
from newsletter.errors import NewsletterError
from newsletter.model import Delivery, DeliveryState, Outcome, SourceReport
from newsletter.world.machine import utc_now

HIDDEN: Final = "(address)"
_ADDRESS: Final = re.compile(r"[^\s<>@\"'(),:;]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,9}")


class LogForm(StrEnum):
    """How a command tells what happens."""

    TEXT = "text"
    JSON = "json"


LogOption = Annotated[
    LogForm,
    typer.Option("--log", help="`json` writes what happens as JSON to the error stream, by line."),
]


class JsonLog:
    """Writes events, each as one line."""

    def __init__(self, clock: Callable[[], dt.datetime], secret: bytes = b"") -> None:
        """Take times from `clock`; `secret` is the key of digests of addresses."""
        self._clock = clock
        self._secret = secret

    def event(self, name: str, *, level: str = "info", **values: object) -> None:
        """Write that something happened."""
        told = {"time": self._clock().isoformat(timespec="milliseconds"), "level": level}
        safe = {key: self._safe(value) for key, value in values.items()}
        line = json.dumps({**told, "event": name, **safe}, default=str)
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    def problem(self, text: str) -> None:
        """Write what is wrong, a line for each problem."""
        for line in text.splitlines():
            self.event("problem", level="error", text=line)

    def reader(self, address: str) -> str:
        """Return what stands in the place of an address."""
        if not self._secret:
            return HIDDEN
        key = hmac.digest(self._secret, b"log", "sha256")
        return hmac.new(key, address.lower().encode(), hashlib.sha256).hexdigest()[:16]

    def _safe(self, value: object) -> object:
        """Return a value without the addresses in its texts."""
        if isinstance(value, str):
            return _ADDRESS.sub(lambda found: self.reader(found[0]), value)
        if isinstance(value, Mapping):
            return {self._safe(str(key)): self._safe(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self._safe(one) for one in value]
        return value


class LoggedRun:
    """Logs what a run does while it does it (a `Watch`)."""

    def __init__(self, log: JsonLog) -> None:
        """Write to `log`."""
        self._log = log

    def expect(self, sources: int, mails: int) -> None:
        """Log how much there is to do."""
        self._log.event("begin", sources=sources, readers=mails)

    def source(self, report: SourceReport, /) -> None:
        """Log how a visit went."""
        self._log.event(
            "source",
            level="info" if report.ok else "warning",
            source=report.source,
            papers=report.papers,
            new=report.new,
            error=report.error,
        )

    def delivery(self, delivery: Delivery, outcome: Outcome, /) -> None:
        """Log a delivery that was not accepted; those that were are counted at the end."""
        if outcome.state is not DeliveryState.ACCEPTED:
            self._log.event(
                "delivery",
                level="warning",
                issue=delivery.issue,
                reader=self._log.reader(delivery.email),
                state=outcome.state.value,
                code=outcome.code,
                verdict=outcome.verdict,
                reason=outcome.reason,
            )

    def embedded(self, _made: int, _wanted: int, /) -> None:
        """Log nothing: it is only slow once."""


@contextlib.contextmanager
def watching(log: JsonLog | None, *, quiet: bool) -> Iterator[Watch]:
    """Watch a run: into the log, if there is one, or with progress bars."""
    if log is not None:
        yield LoggedRun(log)
        return
    with show_progress(quiet=quiet) as watch:
        yield watch


def load_logged(folder: Path, form: LogForm) -> tuple[Config, JsonLog | None]:
    """Read the configuration in `folder`; return it, and the log if there is to be one."""
    if form is LogForm.TEXT:
        return load(folder), None
    with errors_logged(JsonLog(utc_now)):
        settings = load(folder)
    return settings, JsonLog(utc_now, settings.letter.secret)


def log_run(log: JsonLog, ran: Ran) -> None:
    """Log how a run ended."""
    for fault in ran.faults:
        log.event("fault", level="error", issue=ran.date, text=str(fault))
    if ran.sent.error:
        log.event("stopped", level="error", issue=ran.date, text=ran.sent.error)
    for date in ran.unfinished:
        log.event("unfinished", level="warning", issue=date)
    if ran.forgotten.rows.total or ran.forgotten.files.files:
        log.event("forgotten", rows=forgotten.as_json(ran.forgotten))
    bad = ran.faults or ran.sent.error or (ran.collected and ran.collected.all_failed)
    log.event(
        "run",
        level="error" if bad else "info",
        issue=ran.date,
        already_planned=ran.already,
        new_papers=ran.collected.new if ran.collected else 0,
        editions=len(ran.rendered.contents) if ran.rendered else 0,
        sent={state.value: count for state, count in ran.sent.outcomes.items()},
        deliveries=account.counts_json(ran.counts),
        later=ran.later.count,
    )


@contextlib.contextmanager
def errors_logged(log: JsonLog | None) -> Iterator[None]:
    """Log what ends the block as an error, and exit; without a log, do nothing."""
    try:
        yield
    except NewsletterError as error:
        if log is None:
            raise
        log.problem(str(error))
        raise typer.Exit(NOT_RIGHT) from None
