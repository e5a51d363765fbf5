"""A simulation of many workers at one ledger: where the queue forms, and what more of them add.

    python benchmarks/crowding.py [--quick] [--json] [--data DIR]

Each worker has some connections to a mail server that is a round trip away. A message begins once
its start is written; all that wait to begin, and all answers that came meanwhile, are written in
one transaction, and a worker has one transaction under way at a time, as the real one. The database
does as many transactions at once as it has cores. How long one takes is measured first, on a real
PostgreSQL: a fixed part (a commit waits for the disk), and a part for each row.

`workers_at_half` is the number of workers from which on each delivers less than half of what it
does alone; `most_per_second` the most deliveries that one database of so many cores takes, and
`rows_per_transaction_at_most` how many rows then share a transaction.
"""

from __future__ import annotations

import argparse
import collections
import datetime as dt
import heapq
import itertools
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from postgres import server  # noqa: E402
from scale import configure, database_of, plan, send  # noqa: E402

ROUND_TRIP = 0.05
CONNECTIONS = 20
CORES = 8
DAY = dt.date(2026, 11, 1)
SECONDS = 4.0
WARM = 1.0
"""Seconds that are not counted: at the beginning all messages begin at once."""


@dataclass(frozen=True, slots=True)
class Service:
    """What a transaction takes: seconds, and seconds for each row."""

    fixed: float
    row: float


@dataclass(slots=True)
class Worker:
    """What waits at one worker to be written, and whether a transaction is under way."""

    starts: int
    answers: int = 0
    is_writing: bool = False


@dataclass(slots=True)
class Ledger:
    """The database: transactions wait in one queue for a core."""

    service: Service
    free: int
    queue: collections.deque[tuple[int, int, int]] = field(default_factory=collections.deque)
    """(worker, starts, answers) of transactions that wait."""


def simulate(workers: int, service: Service, *, cores: int = CORES) -> tuple[float, float, float]:
    """Return deliveries a second, rows in a transaction, and transactions that wait, on average."""
    crew = [Worker(starts=CONNECTIONS) for _ in range(workers)]
    ledger = Ledger(service, cores)
    order = itertools.count()
    events: list[tuple[float, int, str, int, int, int]] = []
    done = rows = transactions = 0
    waited = 0.0

    def write(now: float, number: int) -> None:
        worker = crew[number]
        if worker.is_writing or not worker.starts + worker.answers:
            return
        worker.is_writing = True
        ledger.queue.append((number, worker.starts, worker.answers))
        worker.starts = worker.answers = 0
        begin(now)

    def begin(now: float) -> None:
        while ledger.free and ledger.queue:
            ledger.free -= 1
            number, starts, answers = ledger.queue.popleft()
            takes = service.fixed + service.row * (starts + answers)
            heapq.heappush(events, (now + takes, next(order), "written", number, starts, answers))

    for number in range(workers):
        # Not all at once: workers do not begin in the same moment.
        heapq.heappush(events, (ROUND_TRIP * number / workers, next(order), "wake", number, 0, 0))
    last = 0.0
    while events:
        now, _, kind, number, starts, answers = heapq.heappop(events)
        if now > WARM + SECONDS:
            break
        waited += len(ledger.queue) * (now - last)
        last = now
        worker = crew[number]
        if kind == "written":
            ledger.free += 1
            worker.is_writing = False
            if now > WARM:
                rows, transactions = rows + starts + answers, transactions + 1
            if starts:
                event = (now + ROUND_TRIP, next(order), "answered", number, starts, 0)
                heapq.heappush(events, event)
            begin(now)
        elif kind == "answered":
            # Each answer frees a connection, which begins the next message.
            worker.answers += starts
            worker.starts += starts
            done += starts if now > WARM else 0
        write(now, number)
    return done / SECONDS, rows / max(1, transactions), waited / (WARM + SECONDS)


def measured(folder: Path, readers: int) -> Service:
    """Return what a transaction takes on a real PostgreSQL: of ten rows, and of a thousand."""
    with database_of("postgresql", folder, readers) as (url, database):
        plan(database, DAY)
        few = send(url, folder, 1, "--batch=10", f"--rows={readers // 10}")
        many = send(url, folder, 1, "--batch=1000")
    # Three transactions for each batch: claimed, begun, settled.
    small, large = 10 / few["rate"] / 3, 1000 / many["rate"] / 3
    row = (large - small) / 990
    return Service(fixed=max(1e-5, small - 10 * row), row=row)


def sizes(service: Service, *, quick: bool) -> Iterator[tuple[int, float, float, float]]:
    """Yield numbers of workers, each with what they deliver together."""
    for workers in (1, 4, 16, 64, 256) if quick else (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000):
        yield workers, *simulate(workers, service)


def main() -> None:
    """Measure, simulate and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="fewer rows, up to 256 workers")
    parser.add_argument("--json", action="store_true", help="named figures on the last line")
    parser.add_argument("--data", type=Path, help="not needed: the readers are invented")
    options = parser.parse_args()
    configure(server())
    with tempfile.TemporaryDirectory() as name:
        service = measured(Path(name), 10_000 if options.quick else 50_000)
    print(f"a transaction: {service.fixed * 1e3:.2f} ms and {service.row * 1e6:.1f} µs a row")
    print(f"{'workers':>8} {'mails/s':>9} {'of ideal':>9} {'rows/tx':>8} {'waiting':>8}")
    found = list(sizes(service, quick=options.quick))
    alone = found[0][1]
    for workers, rate, rows, waiting in found:
        share = rate / (alone * workers)
        print(f"{workers:>8} {rate:>9.0f} {share:>9.2f} {rows:>8.1f} {waiting:>8.1f}")
    best = max(found, key=lambda one: one[1])
    half = next((one[0] for one in found if one[1] < alone * one[0] / 2), 0)
    told = {
        "transaction_ms": round(service.fixed * 1e3, 3), "row_us": round(service.row * 1e6, 1),
        "one_worker": round(alone), "most_per_second": round(best[1]),
        "rows_per_transaction_at_most": round(best[2], 1), "workers_at_half": half,
    }  # fmt: skip
    if options.json:
        print(json.dumps(told))


if __name__ == "__main__":
    main()
