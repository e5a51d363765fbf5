"""How often strangers may ask for what costs mail or time: token buckets, by network and in all."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

MOST_NETWORKS: Final = 50_000
"""Networks that are remembered; the one not seen for longest is forgotten."""


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


@dataclass(slots=True, kw_only=True)
class Limit:
    """Allows `burst` requests at once, and `per_hour` in the long run."""

    per_hour: float
    burst: float
    clock: Callable[[], float]
    """Seconds that never go back."""
    _buckets: OrderedDict[str, _Bucket] = field(default_factory=OrderedDict)

    def allows(self, who: str) -> bool:
        """Return whether `who` may ask once more, and count it if so."""
        now = self.clock()
        bucket = self._buckets.pop(who, None) or _Bucket(self.burst, now)
        bucket.left = min(self.burst, bucket.left + (now - bucket.at) * self.per_hour / 3600)
        bucket.at = now
        self._buckets[who] = bucket
        if len(self._buckets) > MOST_NETWORKS:
            self._buckets.popitem(last=False)
        if bucket.left < 1:
            return False
        bucket.left -= 1
        return True


@dataclass(slots=True, kw_only=True)
class Limits:
    """A limit for each network, and one for all together."""

    network: Limit
    everybody: Limit

    def allow(self, network: str) -> bool:
        """Return whether somebody in a network may ask once more."""
        return self.network.allows(network) and self.everybody.allows("")
