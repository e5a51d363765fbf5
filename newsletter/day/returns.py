"""read_returns(): mail that came back is read once, noted, and acted on."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from newsletter.day.given import Day, Stores
from newsletter.model import Fault
from newsletter.store import Once
from newsletter.suppress.mailboxes import Mail, name_of, read_mailbox
from newsletter.suppress.returns import NOTED, Returned, read_returned

MARKS = "mailbox"
"""The name under which the fact store keeps the mark of each mailbox: how far it was read."""


@dataclass(slots=True)
class ReadReturns:
    """What was found in a mailbox."""

    kinds: Counter[str] = field(default_factory=Counter)
    """Verdicts of bounces and kinds of other events, and how often each came."""
    messages: int = 0
    new: int = 0
    """How many bounces were not known before."""
    barred: list[str] = field(default_factory=list)
    """Addresses that are suppressed from now on."""
    mark: str = ""
    """How far the mailbox was read."""


def read_returns(day: Day, place: str, password: str, *, again: bool = False) -> ReadReturns:
    """Read what came to `place` since the last time: a path, or imaps:// with its `password`.

    What cannot be read or understood is kept in outbox/faults/. With `again`, what was read before
    is read, too: it counts once all the same. Raises MailboxError when the place cannot be read,
    and StoreError when the database cannot be used; what was read until then is noted.
    """
    facts, now = day.stores.facts, day.clock()
    read = ReadReturns()
    name = name_of(place)
    known = {} if again else facts.known(MARKS, [name])
    after = str(known.get(name, {}).get("mark", ""))
    try:
        _read_all(day, read_mailbox(place, password, after=after, now=now), read)
    finally:
        if read.mark:
            facts.save(MARKS, {name: {"mark": read.mark}}, now)
    return read


def _read_all(day: Day, found: Iterable[Mail | Fault], read: ReadReturns) -> None:
    letter, stores, faults, now = day.config.letter, day.stores, day.folders.faults, day.clock()
    own = {letter.bounce, letter.complaints} - {"", letter.sender}
    for mail in found:
        if isinstance(mail, Fault):
            faults.keep(mail)
            continue
        read.messages += 1
        returned = read_returned(
            mail.raw,
            mail.name,
            secrets=letter.secrets,
            own=own,
            address_of=stores.suppressions.address_of,
        )
        read.kinds.update(bounce.verdict for bounce in returned.bounces)
        others = (event.kind for event in returned.events if event.kind not in NOTED)
        read.kinds.update(kind.value for kind in others)
        if returned.fault:
            faults.keep(returned.fault)
        if not letter.secret:  # nobody can tell whose a report is
            continue
        new, barred = act_on(stores, [returned], now)
        read.new += new
        read.barred += barred
        if returned.is_ours:
            mail.done()
        read.mark = mail.mark


def act_on(
    stores: Stores, found: Sequence[Returned], now: dt.datetime, once: Once | None = None
) -> tuple[int, tuple[str, ...]]:
    """Note what came back, by mail or by a provider's webhook, and do what follows from it.

    Return how much was new, and which addresses are suppressed from now on. What came before, as a
    message or as the request `once`, does nothing again: it does not undo that somebody came back.
    Killed meanwhile, all of it is done when it comes again. Raises StoreError when the database
    cannot be used.
    """
    noted = [bounce for returned in found for bounce in returned.bounces]
    leaving = [returned for returned in found if returned.leaves]
    if leaving and not (once and stores.suppressions.has_come(once)):
        known = stores.suppressions.knows([returned.bounces[0].digest for returned in leaving])
        for returned in leaving:
            if returned.bounces[0].digest not in known:
                stores.requests.leave(returned.leaves, now)
    return stores.suppressions.note(noted, now, once)
