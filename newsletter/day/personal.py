"""Editions of single readers that are made when they are sent, from the draft that a plan has kept.

They are made with the settings and templates of that moment, and for what their readers want then.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from newsletter.config.settings import Config
from newsletter.day.drafts import Draft, kept_draft
from newsletter.day.given import Day
from newsletter.day.readers import Readers, as_reader
from newsletter.errors import StoreError, TemplateError
from newsletter.model import LEFT, Border, Edition, Fault, Issue, fault_of

NOTHING = "nothing in this issue for them"
"""Why a reader gets no mail for whom nothing was picked."""
NOT_THEIRS = "their subscription cannot be understood: see outbox/faults"
GONE = "what the issue was made of is not kept any more"

Made = Edition | Fault | str
"""An edition, or what went wrong, or why there is none."""


@dataclass(slots=True)
class PersonalEditions:
    """Makes the editions of single readers; safe to share between threads.

    A draft takes seconds to make ready, so the last one is kept.
    """

    _ready: tuple[dt.date, Config, Draft] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def make(self, day: Day, issue: Issue, subscribers: Sequence[str]) -> dict[str, Made]:
        """Return what each of some subscribers gets, by id.

        When none can be made, as with a template that is wrong, a fault stands for each: those who
        share an edition get theirs, and these are tried again. Raises StoreError when the database
        cannot be used.
        """
        with self._lock:
            try:
                draft = self._draft(day, issue)
                if draft is None:
                    return dict.fromkeys(subscribers, GONE)
                return _of_subscribers(day, draft, subscribers)
            except StoreError:
                raise
            except Exception as error:  # noqa: BLE001  the guard at the border of these editions
                fault = fault_of(Border.EDITION, f"of single readers of {issue.date}", error)
                return dict.fromkeys(subscribers, replace(fault, is_mendable=True))

    def _draft(self, day: Day, issue: Issue) -> Draft | None:
        """Return the draft of an issue, made ready again when the settings have changed."""
        if self._ready:
            date, config, draft = self._ready
            if date == issue.date and config is day.config:
                return draft
        kept = day.stores.issues.draft(issue.date)
        if kept is None:
            return None
        draft = kept_draft(day, issue, kept)
        self._ready = (issue.date, day.config, draft)
        return draft


def _of_subscribers(day: Day, draft: Draft, subscribers: Sequence[str]) -> dict[str, Made]:
    """Return what each of some subscribers gets from a draft, by id."""
    found: dict[str, Made] = dict.fromkeys(subscribers, LEFT)
    readers: list[Readers] = []
    for kept in day.stores.subscribers.with_ids(subscribers):
        reader = as_reader(day, kept)
        found[kept.id] = NOTHING if reader else NOT_THEIRS
        readers += [reader] if reader else []
    return found | _made(draft, readers)


def _made(draft: Draft, readers: Sequence[Readers]) -> dict[str, Made]:
    """Return the editions of readers, by id; when all together fail, try one by one."""
    try:
        return _together(draft, readers)
    except (StoreError, TemplateError):
        raise
    except Exception as error:  # noqa: BLE001  the guard at a reader's border
        if len(readers) == 1:
            first = readers[0].first
            return {first.id: fault_of(Border.READER, first.email, error, repr(first).encode())}
    found: dict[str, Made] = {}
    for reader in readers:
        found |= _made(draft, [reader])
    return found


def _together(draft: Draft, readers: Sequence[Readers]) -> dict[str, Made]:
    draft.faulty.clear()
    made = draft.for_readers(readers)
    editions: dict[str, Made] = {one.readers.first.id: one.edition for one in made}
    return editions | draft.faulty
