"""Plan deliveries: who gets which edition."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator

from newsletter.model import Delivery, Subscriber


def plan_deliveries(
    issue: dt.date,
    subscribers: Iterable[Subscriber],
    edition_of: Callable[[Subscriber], str | None],
) -> Iterator[Delivery]:
    """Yield one planned delivery for each subscriber that has an edition, each address once.

    `edition_of` returns an edition's key, or None for a reader who gets nothing of this issue.
    """
    seen: set[str] = set()
    for subscriber in subscribers:
        edition = edition_of(subscriber)
        if edition is None or subscriber.id in seen:
            continue
        seen.add(subscriber.id)
        yield Delivery(
            issue=issue,
            subscriber=subscriber.id,
            email=subscriber.email,
            name=subscriber.name,
            timezone=subscriber.timezone,
            edition=edition,
            language=subscriber.language,
        )
