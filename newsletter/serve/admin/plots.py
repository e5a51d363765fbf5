"""Numbers of days as bars: what an SVG needs, without words and without style."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

DAYS: Final = 90
SLOT: Final = 8
"""Width of a day."""
HEIGHT: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One rectangle."""

    x: int
    y: float
    height: float
    series: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """The bars of some days, one number upon another, and the numbers themselves."""

    bars: tuple[Bar, ...]
    rows: tuple[tuple[dt.date, tuple[int, ...]], ...]
    """The days on which there is a number, the latest first."""
    sums: tuple[int, ...]
    most: int
    """The highest day."""
    first: dt.date
    last: dt.date
    width: int = DAYS * SLOT
    height: int = HEIGHT
    bar: int = SLOT - 2


def plot(numbers: Mapping[dt.date, Sequence[int]], today: dt.date, series: int) -> Plot:
    """Return the plot of the last days up to `today`, with `series` numbers for each."""
    first = today - dt.timedelta(days=DAYS - 1)
    within = {day: tuple(some) for day, some in numbers.items() if first <= day <= today}
    most = max((sum(some) for some in within.values()), default=0)
    bars: list[Bar] = []
    for day, some in sorted(within.items()):
        low = float(HEIGHT)
        for place, number in enumerate(some):
            height = round(number / most * HEIGHT, 1) if most else 0.0
            low = round(low - height, 1)
            if height:
                x = (day - first).days * SLOT
                bars.append(Bar(x=x, y=low, height=height, series=place))
    return Plot(
        bars=tuple(bars),
        rows=tuple((day, some) for day, some in sorted(within.items(), reverse=True) if any(some)),
        sums=tuple(sum(some[place] for some in within.values()) for place in range(series)),
        most=most,
        first=first,
        last=today,
    )
