"""A sender of which only the ledger is measured, in a process of its own.

    python benchmarks/corpora/ledgers.py URL [--bare] [--batch N] [--rows N]

It says that it is ready, waits for a line, claims deliveries of the last issue, writes that they
begin and that they were accepted, until there are no more. With --bare it runs one batched
`UPDATE … RETURNING` over the same rows instead, which is what the database can do. Prints one JSON
object: rows, seconds, the rate of the first and last tenth of the rows, and the peak of memory.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import resource
import sys
import time
from pathlib import Path

import sqlalchemy as sa

from newsletter.model import Claim, DeliveryState, Outcome, Settlement
from newsletter.store import Database, SqlLedger, open_database

BATCH = 1_000
LEASE = dt.timedelta(minutes=30)
ACCEPTED = Outcome(state=DeliveryState.ACCEPTED, code=250, reason="2.0.0 queued as 4XyZ12345")
RANGES = "SELECT first, last FROM shard WHERE issue = :day ORDER BY number"
BARE = """UPDATE delivery SET code = code + 1 WHERE issue = :day
 AND subscriber BETWEEN :first AND :last RETURNING subscriber, email"""


def send(database: Database, issue: dt.date, batch: int, rows: int) -> list[tuple[int, float]]:
    """Move so many deliveries; return how many were done, and when, after each batch."""
    ledger, owner = SqlLedger(database), f"bench:::{os.getpid()}"
    done = [(0, time.perf_counter())]
    while done[-1][0] < rows:
        now = dt.datetime.now(dt.UTC)
        found = ledger.claim(issue, owner=owner, limit=batch, now=now, until=now + LEASE)
        if not found:
            break
        claims = [Claim(delivery=delivery, owner=owner) for delivery in found]
        ledger.record(claims, [], now)
        ledger.record([], [Settlement(claim=claim, outcome=ACCEPTED) for claim in claims], now)
        done.append((done[-1][0] + len(found), time.perf_counter()))
    return done


def update(database: Database, issue: dt.date) -> list[tuple[int, float]]:
    """Change each row once; return how many were done, and when, after each batch."""
    with database.reading() as connection:
        ranges = connection.execute(sa.text(RANGES), {"day": issue}).all()
    done = [(0, time.perf_counter())]
    for first, last in ranges:
        with database.transaction() as connection:
            some = {"day": issue, "first": first, "last": last}
            found = connection.execute(sa.text(BARE), some).all()
        done.append((done[-1][0] + len(found), time.perf_counter()))
    return done


def rate(done: list[tuple[int, float]], first: float, last: float) -> float:
    """Return rows a second between two shares of all rows."""
    total = done[-1][0]
    some = [(rows, at) for rows, at in done if first * total <= rows <= last * total]
    return (some[-1][0] - some[0][0]) / (some[-1][1] - some[0][1]) if len(some) > 1 else 0.0


def main() -> None:
    """Wait, work, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("url")
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--batch", type=int, default=BATCH)
    parser.add_argument("--rows", type=int, default=sys.maxsize)
    given = parser.parse_args()
    with open_database(given.url, Path.cwd()) as database:
        with database.reading() as connection:
            issue = connection.scalar(sa.text("SELECT max(date) FROM issue"))
        issue = dt.date.fromisoformat(issue) if isinstance(issue, str) else issue
        print("ready", flush=True)
        sys.stdin.readline()
        done = (
            update(database, issue)
            if given.bare
            else send(database, issue, given.batch, given.rows)
        )
    told = {
        "rows": done[-1][0],
        "seconds": done[-1][1] - done[0][1],
        "first": rate(done, 0, 0.1),
        "last": rate(done, 0.9, 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
