"""Opens the issue that the preview shows; what goes wrong there is told, and ends nothing."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from newsletter.config.files import load_config
from newsletter.day import steps
from newsletter.day.given import Day
from newsletter.errors import ConfigError, NewsletterError
from newsletter.model import Border, fault_of
from newsletter.serve.preview.shown import Mistake
from newsletter.store import FaultStore
from newsletter.world import days, machine


@contextlib.contextmanager
def rehearsed(
    folder: Path, texts: Mapping[str, str] | None = None, what: str = "that is due"
) -> Iterator[Day]:
    """Open the issue that is due, as it would be if files of config/ had the `texts`.

    Nothing is changed by texts that are only tried: readers and the database stay as they are.
    Raises NewsletterError, without secrets in its words, for everything that goes wrong in the
    block; a fault of the program is kept, and named as the one of an issue that `what` tells.
    """
    redact: Callable[[str], str] = str
    try:
        config = load_config(folder, os.environ, texts)
        redact = machine.redactor(config.secrets)
        if texts:
            with contextlib.suppress(ConfigError):
                config = replace(config, database=load_config(folder, os.environ).database)
        with days.open_day(config) as day:
            if not texts:
                steps.follow_list(day)
            yield day
    except ConfigError as error:
        raise ConfigError(*map(redact, error.problems)) from None
    except NewsletterError as error:
        raise NewsletterError(redact(str(error))) from None
    except Exception as error:  # noqa: BLE001  a border: it is told, and the page goes on
        fault = fault_of(Border.EDITION, what, error)
        FaultStore(folder.resolve().parent / "outbox" / "faults", redact).keep(fault)
        raise NewsletterError(redact(f"{fault}; kept in outbox/faults")) from None


def planned_dates(day: Day) -> tuple[str, ...]:
    """Return the dates of the planned issues, the newest first."""
    return tuple(date.isoformat() for date in day.stores.issues.dates())


_PLACE = re.compile(r"(?P<path>[^\n]*?):(?P<line>\d+):(?P<column>\d+): (?P<said>.*)", re.DOTALL)


def mistake(problem: str) -> Mistake:
    """Return a sentence of ConfigError with its place apart."""
    found = _PLACE.fullmatch(problem)
    if found is None:
        return Mistake(file="", line=1, column=1, said=problem)
    return Mistake(
        file=Path(found["path"]).name,
        line=int(found["line"]),
        column=int(found["column"]),
        said=found["said"],
    )
