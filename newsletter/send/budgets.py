"""What may leave now: the rates of a provider and of single domains, counted in the ledger.

The ledger remembers when each message began to leave, whichever sender sent it. So a rate is kept
even after a restart, and with a second sender.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from newsletter.model import Delivery
from newsletter.send.ledger import Ledger
from newsletter.send.pace import Rate

MOST_ASKED = 20
"""The most domains with a spent rate that are looked at one by one: each such query of the ledger
reads the whole issue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What may be claimed at one moment."""

    limit: int
    """Messages in all; 0 or less when the rate is spent."""
    rooms: Mapping[str, int]
    """How many more messages the rate of a domain allows; 0 or less when it is spent. Only domains
    with a rate, to which messages left lately or are about to leave."""
    full: frozenset[str]
    """Domains whose rates are spent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The rates of one call of `send_editions`."""

    ledger: Ledger
    rate: Rate | None = None
    per_domain: Mapping[str, Rate] = field(default_factory=dict)
    """Rates by domain; `*` stands for every other domain."""

    def rate_of(self, domain: str) -> Rate | None:
        """Return the rate for a domain, if there is one."""
        return self.per_domain.get(domain) or self.per_domain.get("*")

    def allowance(self, now: dt.datetime, most: int) -> Allowance:
        """Return what may be claimed: at most `most` messages."""
        if self.rate is not None:
            most = min(most, self.rate.count - sum(self._used(self.rate, now).values()))
        rooms: dict[str, int] = {}
        for per in {rate.per for rate in self.per_domain.values()}:
            for domain, used in self.ledger.used(now - per, now).items():
                rate = self.rate_of(domain)
                if rate is not None and rate.per == per:
                    rooms[domain] = rate.count - used
        full = frozenset(domain for domain, room in rooms.items() if room <= 0)
        return Allowance(limit=most, rooms=rooms, full=full)

    def within(
        self, after: Allowance, found: Sequence[Delivery]
    ) -> tuple[Sequence[Delivery], Sequence[Delivery]]:
        """Return which of the claimed deliveries may be sent, and which have to be given back.

        `after` is the allowance in which these deliveries are already counted. Its numbers are
        negative where too many were claimed: for one domain, or because another sender claimed at
        the same moment.
        """
        too_many = max(0, -after.limit)
        over = Counter({domain: -room for domain, room in after.rooms.items() if room < 0})
        kept: list[Delivery] = []
        back: list[Delivery] = []
        for delivery in reversed(found):
            if too_many > 0 or over[delivery.domain] > 0:
                back.append(delivery)
                too_many -= 1
                over[delivery.domain] -= 1
            else:
                kept.append(delivery)
        return kept[::-1], back

    def waiting(
        self,
        allowance: Allowance,
        issue: dt.date,
        now: dt.datetime,
        email: str | None,
        shard: int | None = None,
    ) -> tuple[str, ...]:
        """Return the domains (or `*` for all) whose deliveries wait until a rate allows them."""

        def waits(*domains: str) -> bool:
            return self.ledger.waits(issue, now=now, email=email, domains=domains, shard=shard)

        if allowance.limit <= 0:
            return ("*",) if waits() else ()
        if not allowance.full or not waits(*allowance.full):
            return ()
        some = sorted(allowance.full)[:MOST_ASKED]
        return tuple(domain for domain in some if waits(domain)) or tuple(some)

    def free_at(
        self, now: dt.datetime, allowance: Allowance, waiting: Collection[str]
    ) -> dt.datetime:
        """Return when more may leave: by the rate for all, or by the first domain of `waiting`.

        A message that is about to leave counts as leaving now.
        """
        return min(self._moments(now, allowance, waiting), default=now)

    def _moments(
        self, now: dt.datetime, allowance: Allowance, waiting: Collection[str]
    ) -> Iterator[dt.datetime]:
        if allowance.limit <= 0 and self.rate is not None:
            yield self._free(self.rate, now, -allowance.limit, "")
            return
        for domain in waiting:
            if rate := self.rate_of(domain):
                yield self._free(rate, now, -allowance.rooms[domain], domain)

    def _free(self, rate: Rate, now: dt.datetime, over: int, domain: str) -> dt.datetime:
        """Return when a rate that is exceeded by `over` messages has room for one more."""
        left = self.ledger.departure(now - rate.per, now, over, domain)
        return (left or now) + rate.per

    def _used(self, rate: Rate, now: dt.datetime) -> Mapping[str, int]:
        return self.ledger.used(now - rate.per, now)
