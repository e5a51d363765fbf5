"""An issue for many readers, in a process of its own: planned, and sent into a sink.

    python benchmarks/corpora/crowd.py READERS PORT

Nine tenths and more are readers of ten lists of topics; one in twenty has words or mutes of their
own, and gets an edition of their own. Prints one JSON object: seconds and the peak of memory.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from newsletter.collect.identity.likeness import near_keys
from newsletter.config.files import load_config
from newsletter.day import steps
from newsletter.day.given import Day
from newsletter.doctor.sample import MORNING, sample_papers
from newsletter.model import Delivery, DeliveryState, Origin, Outcome, SignUp, Wishes
from newsletter.store import PaperStore
from newsletter.world.days import day_of
from newsletter.world.machine import STARTER, open_ledger
from newsletter.world.posts import open_post

PERSONAL = 20
"""One in so many readers has an edition of their own."""
LISTS = 10
SETTINGS = """
name: Daily Papers
from: papers@news.example.org
delivery: {{transport: smtp, host: 127.0.0.1, port: {port}, security: none, connections: 10,
  messages_per_connection: 100000}}
"""


def people(count: int, topics: tuple[str, ...]) -> Iterator[SignUp]:
    """Yield as many sign-ups as asked."""
    wanted = [(topics * 2)[n % len(topics) :][: 2 + n % 4] for n in range(LISTS)]
    for number in range(count):
        wishes = Wishes(topics=tuple(dict.fromkeys(wanted[number % LISTS])))
        if number % PERSONAL == 0:
            word = ("robot", "protein", "proof", "agent", "video")[number // PERSONAL % 5]
            wishes = Wishes(topics=wishes.topics, words=[word], mute=[f"nothing{number}"])
        yield SignUp(email=f"reader{number}@example.com", name=f"Reader {number}", wishes=wishes)


async def play(count: int, port: int, folder: Path) -> dict[str, float]:
    """Plan and send an issue for so many readers."""
    config_folder = folder / "config"
    config_folder.mkdir()
    for name in ("topics", "sources", "subscribers"):
        text = (STARTER / "config" / f"{name}.yaml").read_text("utf-8")
        (config_folder / f"{name}.yaml").write_text(text, "utf-8")
    (config_folder / "newsletter.yaml").write_text(SETTINGS.format(port=port), "utf-8")
    config = load_config(config_folder, {})
    with open_ledger(config) as database:
        PaperStore(database, near_keys).save(sample_papers(MORNING), MORNING)
        day = day_of(config, database, clock=lambda: MORNING)
        imported = time.process_time()
        store = day.stores.subscribers
        store.bring(people(count, config.choice.topic_names), Origin.IMPORT, MORNING)
        start = time.process_time()
        planned, done = await sent(day)
        counts = day.stores.ledger.counts(day.date)
    assert counts[DeliveryState.ACCEPTED] == sum(counts.values()) == count, counts
    half = done[len(done) // 2]
    return {  # of the CPU, which other work on the machine does not change
        "import_seconds": start - imported,
        "plan_seconds": planned - start,
        "first_half_seconds": half - done[0],
        "second_half_seconds": done[-1] - half,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
    }


async def sent(day: Day) -> tuple[float, list[float]]:
    """Send the issue; return when it was planned, and when each thousandth message was taken."""
    done: list[float] = []
    seen = 0

    def on_delivery(_delivery: Delivery, _outcome: Outcome) -> None:
        nonlocal seen
        seen += 1
        if seen % 1000 == 1:
            done.append(time.process_time())

    async with open_post(day.config, clock=day.clock, on_delivery=on_delivery) as post:
        told = await steps.send(day, post)
    assert not told.error, told.error
    done.append(time.process_time())
    issue = day.stores.issues.get(day.date)
    assert issue is not None
    return done[0], done


def main() -> None:
    """Play it, and print what it took."""
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(play(int(sys.argv[1]), int(sys.argv[2]), Path(folder)))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
