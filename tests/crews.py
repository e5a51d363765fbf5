"""Workers as they run: processes on a real PostgreSQL, with real feeds and a real mail server."""

from __future__ import annotations

import contextlib
import datetime as dt
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa
from commands import PROGRAM, variables
from makers import over_smtp, write_newsletter
from postgres import using
from servers import Page

from newsletter.store import Database, open_database

LATE = """
import datetime as dt
from newsletter.world import machine
machine.utc_now = lambda: dt.datetime.now(dt.UTC) + dt.timedelta(minutes={minutes})
from newsletter.__main__ import main
main()
"""
"""The program, with another clock."""


@dataclass
class Crew:
    """A newsletter on PostgreSQL, and the workers that were started for it."""

    folder: Path
    url: str
    database: Database
    workers: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, count: int = 1, minutes: float = 0) -> list[subprocess.Popen[str]]:
        """Start more workers, whose clocks are so many minutes ahead; return them."""
        program = [sys.executable, "-c", LATE.format(minutes=minutes)] if minutes else PROGRAM
        found = []
        for _ in range(count):
            log = self.folder / f"worker{len(self.workers)}.log"
            with log.open("w") as said:
                worker = subprocess.Popen(
                    [*program, "worker"], cwd=self.folder, env=variables({}), text=True,
                    stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
                )  # fmt: skip
            self.workers.append(worker)
            found.append(worker)
        return found

    def counts(self) -> dict[str, int]:
        """Return how many deliveries are in each state."""
        with self.database.reading() as connection:
            rows = connection.execute(
                sa.text("SELECT state, count(*) FROM delivery GROUP BY state")
            )
            return {str(state): int(count) for state, count in rows}

    def until(
        self, is_so: Callable[[dict[str, int]], bool], seconds: float = 180
    ) -> dict[str, int]:
        """Wait until the counts are so; fail with what workers said otherwise."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            counts = self.counts()
            if is_so(counts):
                return counts
            time.sleep(0.1)
        raise AssertionError(f"{self.counts()}\n{self.held()}\n{self.said()}")

    def held(self) -> str:
        """Return what is not finished: shards and who has them, jobs, and who is alive."""
        with self.database.reading() as connection:
            found = [
                f"{row._mapping}"
                for query in (
                    "SELECT * FROM shard WHERE ready_at IS NOT NULL OR sender IS NOT NULL",
                    "SELECT * FROM sender",
                    "SELECT * FROM procrastinate.procrastinate_jobs",
                    "SELECT * FROM procrastinate.procrastinate_workers",
                    "SELECT now()",
                )
                for row in connection.execute(sa.text(query))
            ]
        alive = [number for number, one in enumerate(self.workers) if one.poll() is None]
        return "\n".join([*found, f"at work: {alive}"])

    def said(self) -> str:
        """Return what all workers said."""
        logs = sorted(self.folder.glob("worker*.log"))
        return "\n".join(f"{log.name}: {log.read_text('utf-8')}" for log in logs)

    def stop(self) -> list[int]:
        """End the workers as an operator does; return their statuses."""
        for worker in self.workers:
            with contextlib.suppress(ProcessLookupError):
                worker.send_signal(signal.SIGCONT)
                worker.send_signal(signal.SIGTERM)
        return [worker.wait(60) for worker in self.workers]

    def write(
        self, *, port: int, readers: int, feed: str, connections: int = 10, wishes: str = ""
    ) -> None:
        """Write the newsletter, with a mail server at a port, and the `wishes` of all its readers."""
        people = "".join(f"  - {{email: r{n}@readers.example{wishes}}}\n" for n in range(readers))
        write_newsletter(
            self.folder, Path(__file__).parents[1],
            newsletter="name: Daily\nfrom: p@news.example.org\nschedule: {at: '00:00'}\n"
            f"database: {self.url}\ndelivery: {over_smtp(port, connections)}\n",
            sources=f"private_networks: [127.0.0.1]\nsources:\n  - {{name: Feed, url: '{feed}/feed'}}\n",
            subscribers=f"subscribers:\n{people}" if people else "subscribers: []\n",
        )  # fmt: skip


def feed_of_today() -> Page:
    """Return a feed of papers of the last hour: workers go by the machine's clock."""
    now = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    titles = ("Language models that plan", "Agents in the wild")
    items = "".join(
        f"<item><title>{title}</title><link>https://papers.example/{number}</link>"
        "<description>We propose it. It works well on everything that we could think of.</description>"
        f"<pubDate>{now:%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
        for number, title in enumerate(titles)
    )
    return Page(f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>".encode())


@contextlib.contextmanager
def workers(folder: Path) -> Iterator[Crew]:
    """Return a newsletter without workers yet; all are ended afterwards."""
    with using("postgresql") as backend:
        url = backend.url(folder, "work")
        crew = Crew(folder, url, open_database(url, folder))
        try:
            yield crew
        finally:
            for worker in crew.workers:
                if worker.poll() is None:
                    worker.kill()
                    worker.wait()
            crew.database.close()
