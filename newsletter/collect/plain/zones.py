"""Names of time zones in dates, as feeds of the whole world write them.

Where a name has several meanings, the first of RFC 822 counts (CST and EST are American), then the
one with the most people (IST is India's).
"""

from __future__ import annotations

import datetime as dt
from typing import Final

_HOURS = {
    "ut utc gmt z wet": 0, "cet met mez west bst wat": 1, "cest mest mesz eet cat sast": 2,
    "eest msk мск eat trt idt": 3, "gst samt": 4, "pkt uzt": 5, "almt": 6, "ict wib": 7,
    "sgt hkt pht awst wita myt": 8, "jst kst wit": 9, "aest chst": 10, "aedt": 11, "nzst": 12,
    "nzdt": 13, "est cdt": -5, "cst mdt": -6, "mst pdt": -7, "pst akdt": -8, "akst": -9,
    "hst": -10, "edt ast clt": -4, "brt art adt clst uyt": -3,
}  # fmt: skip
ZONES: Final[dict[str, int]] = {
    name: hours * 60 for names, hours in _HOURS.items() for name in names.split()
} | {"ist": 330, "npt": 345, "mmt": 390, "acst": 570, "acdt": 630, "irst": 210, "nst": -210}
"""Minutes ahead of UTC."""
PLACES: Final = {
    "et": "America/New_York", "ct": "America/Chicago", "mt": "America/Denver",
    "pt": "America/Los_Angeles",
}  # fmt: skip
"""Names that mean summer or winter time, whichever is in force."""
AMERICAN: Final = frozenset(
    dt.timezone(dt.timedelta(hours=hours)) for hours in range(-8, -4)
)  # where 11/05 is a day in November
