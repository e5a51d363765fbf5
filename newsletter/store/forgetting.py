"""What stays of papers whose texts were deleted: a number made of each key, and their issue."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from newsletter.store.chunks import CHUNK, chunks
from newsletter.store.dialects import inserting
from newsletter.store.tables import metadata

forgotten = sa.Table(
    "paper_forgotten",
    metadata,
    # As INTEGER, SQLite keeps rows in the order of this key, and needs no index of it.
    sa.Column(
        "digest",
        sa.BigInteger().with_variant(sa.Integer, "sqlite"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("offered", sa.Integer, nullable=False),
    sa.Column("gone", sa.Integer, nullable=False),
)
"""What stays of papers whose texts are deleted: a number made of each key, so that none is news
again. `offered` and `gone` are days as `date.toordinal` counts them; `offered` is 0 for never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is known of a paper that was deleted."""

    offered: dt.date | None
    """The issue that it was offered in."""


def remember(connection: sa.Connection, keys: Mapping[str, dt.date | None], gone: dt.date) -> None:
    """Note keys of papers that are deleted on the day `gone`, each with the issue of its paper."""
    if not keys:
        return
    rows = {
        digest(key): {"offered": offered.toordinal() if offered else 0, "gone": gone.toordinal()}
        for key, offered in keys.items()
    }
    new = inserting(connection, forgotten)
    known = new.on_conflict_do_update(
        index_elements=[forgotten.c.digest],
        set_={"offered": new.excluded.offered, "gone": new.excluded.gone},
    )
    connection.execute(known, [{"digest": number, **row} for number, row in rows.items()])


def recall(connection: sa.Connection, keys: Iterable[str]) -> Memory | None:
    """Return what is known of a deleted paper that had any of `keys`; None if there was none."""
    numbers = [digest(key) for key in keys]
    query = sa.select(forgotten.c.offered).where(forgotten.c.digest.in_(numbers))
    days = list(connection.scalars(query))
    if not days:
        return None
    offered = min((day for day in days if day), default=0)
    return Memory(offered=dt.date.fromordinal(offered) if offered else None)


def recalled(connection: sa.Connection, keys: Iterable[str]) -> frozenset[str]:
    """Return those of `keys` that deleted papers had."""
    by_number = {digest(key): key for key in keys}
    found = set[str]()
    for some in chunks(by_number, CHUNK):
        query = sa.select(forgotten.c.digest).where(forgotten.c.digest.in_(some))
        found.update(by_number[number] for number in connection.scalars(query))
    return frozenset(found)


def digest(key: str) -> int:
    """Return the number of a key, out of 2^63: of 2 million, two agree once in 4 million times.

    It takes a third of the room, and is an integer that both databases keep in order.
    """
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest()) >> 1
