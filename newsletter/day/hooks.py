"""take_call(): what a provider of mail tells is acted on, once, like mail that came back."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.day.given import Day
from newsletter.day.returns import act_on
from newsletter.store import Once
from newsletter.suppress.returns import Returned
from newsletter.suppress.webhooks.calls import Proved
from newsletter.suppress.webhooks.readers import Person, read_told
from newsletter.suppress.webhooks.table import PROVIDERS

CALLERS = tuple(f"hook {name}" for name in PROVIDERS)
"""The names under which the database remembers requests that count once."""
STRANGER = "about nobody here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of a request."""

    kinds: Counter[str]
    """Verdicts of bounces and kinds of other events, and how often each came."""
    new: int = 0
    barred: tuple[str, ...] = ()
    """Addresses that are suppressed from now on."""


def take_call(day: Day, name: str, proved: Proved) -> Taken:
    """Note and do what a request of the provider called `name` says, once.

    Raises StoreError when the database cannot be used; then it is to be sent again.
    """
    stores, secrets = day.stores, day.config.letter.secrets
    domain = day.config.letter.sender.rpartition("@")[2].lower()

    def person_at(email: str) -> Person | None:
        found = stores.subscribers.find(email)
        if found is None:
            return None
        issue = stores.suppressions.latest_issue(found.id)
        return Person(subscriber=found.id, email=found.email, issue=issue)

    found = [
        read_told(
            told,
            name,
            domain=domain,
            secrets=secrets,
            address_of=stores.suppressions.address_of,
            person_at=person_at,
        )
        for told in proved.told
    ]
    kinds = Counter(proved.ignored)
    kinds.update(map(_kind, found))
    matters = any(returned.bounces for returned in found)
    if not matters and proved.signs_body:
        return Taken(kinds=kinds)  # sent again, it would do nothing again
    new, barred = act_on(stores, found, day.clock(), _once(name, proved))
    return Taken(kinds=kinds, new=new, barred=barred)


def _kind(returned: Returned) -> str:
    verdicts: Sequence[str] = [bounce.verdict for bounce in returned.bounces]
    return verdicts[0] if verdicts else STRANGER


def confirm_call(day: Day, name: str, proved: Proved) -> None:
    """Remember a request whose address was visited, so that it is visited once."""
    day.stores.suppressions.note((), day.clock(), _once(name, proved))


def _once(name: str, proved: Proved) -> Once:
    # A digest: what a provider calls a request may be of any length, and any letters.
    digest = hashlib.sha256(proved.once.encode("utf-8", "replace")).hexdigest()
    return Once(f"hook {name}", digest)
