"""Workers that are killed, stopped and cut off: nothing is lost, and nothing goes out twice."""

from __future__ import annotations

import collections
import random
import signal
import time
from collections.abc import Callable

import pytest
from crews import Crew
from faultserver import Faults, fault_server
from postgres import needs_postgresql, server

pytestmark = [needs_postgresql, pytest.mark.slow, pytest.mark.timeout(900)]
OPEN = ("planned", "deferred", "leased", "data_started")
CHANCE = 20261127


def slowly(seconds: float) -> Callable[[str], str]:
    """Return an answer to each mail that takes so many seconds."""

    def answer(_address: str) -> str:
        time.sleep(seconds)
        return "250 taken"

    return answer


def check(crew: Crew, smtp: Faults, readers: int, most_unknown: int) -> None:
    """Every reader is accounted for; who got the mail got it once; doubt is rare, and never sent."""
    counts = crew.counts()
    got = collections.Counter(to for to, _ in smtp.messages)
    assert sum(counts.values()) == readers
    assert set(counts) <= {"accepted", "unknown"}, counts
    assert counts.get("unknown", 0) <= most_unknown, (counts, crew.said())
    assert max(got.values()) == 1
    # A mail in doubt may have arrived; all others have.
    assert counts["accepted"] <= len(got) <= readers


def finished(counts: dict[str, int]) -> bool:
    return bool(counts) and not any(counts.get(state) for state in OPEN)


def test_workers_are_killed_at_random(crew: Crew, feed: str) -> None:
    """Of four, one is killed every second or so, and another begins; 20,000 readers."""
    chance, kills = random.Random(CHANCE), 0
    with fault_server() as smtp:
        crew.write(port=smtp.port, readers=20_000, feed=feed)
        at_work = crew.start(4)
        crew.until(lambda counts: counts.get("accepted", 0) > 200)
        while not finished(crew.counts()) and kills < 12:
            time.sleep(chance.uniform(0.3, 1.5))
            at_work.pop(chance.randrange(len(at_work))).kill()
            kills += 1
            at_work += crew.start(1)
        crew.until(finished, 600)
        crew.stop()

    assert kills > 3
    # Ten connections each, and each has at most a few messages whose answer nobody has read yet.
    check(crew, smtp, 20_000, most_unknown=kills * 100)


def test_the_shard_of_a_killed_worker_is_soon_at_work_elsewhere(crew: Crew, feed: str) -> None:
    """Another worker of the same host has it within seconds: not after its lease, half an hour."""
    with fault_server(answer=slowly(0.02)) as smtp:
        crew.write(port=smtp.port, readers=900, feed=feed)
        (first,) = crew.start()
        crew.until(lambda counts: counts.get("accepted", 0) > 20)
        crew.start()
        time.sleep(3)  # the other one is ready, and has nothing to do: there is one shard
        first.kill()
        crew.until(finished)
        assert crew.stop()[1:] == [0], crew.said()
    check(crew, smtp, 900, most_unknown=100)


def test_the_database_restarts_in_the_middle(crew: Crew, feed: str) -> None:
    """At once, as after a power cut: workers wait for it, and go on; none has to be started again."""
    with fault_server() as smtp:
        crew.write(port=smtp.port, readers=6_000, feed=feed)
        crew.start(2)
        crew.until(lambda counts: counts.get("accepted", 0) > 500)
        server().restart("immediate")
        crew.until(finished, 600)
        assert crew.stop() == [0, 0], crew.said()
    check(crew, smtp, 6_000, most_unknown=400)


def test_a_worker_says_that_the_database_is_away_and_back(crew: Crew, feed: str) -> None:
    """Each once, however often it was tried meanwhile; what is left is done then."""

    def wait_until_said(text: str) -> None:
        end = time.monotonic() + 90
        while text not in crew.said():
            assert time.monotonic() < end, crew.said()
            time.sleep(0.1)

    with fault_server(answer=slowly(0.02)) as smtp:
        crew.write(port=smtp.port, readers=600, feed=feed)
        crew.start()
        crew.until(lambda counts: counts.get("accepted", 0) > 20)
        server().stop()
        try:
            wait_until_said("the database is away")
            time.sleep(3)  # some tries
        finally:
            server().start()
        wait_until_said("the database is back; going on")
        crew.until(finished, 600)
        assert crew.stop() == [0], crew.said()
    assert crew.said().count("is away") == crew.said().count("is back") == 1
    check(crew, smtp, 600, most_unknown=100)


def test_connections_to_the_database_are_cut(crew: Crew, feed: str) -> None:
    """All of them, again and again."""
    with fault_server() as smtp:
        crew.write(port=smtp.port, readers=6_000, feed=feed)
        crew.start(2)
        crew.until(lambda counts: counts.get("accepted", 0) > 200)
        for _ in range(3):
            server().execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                " AND backend_type = 'client backend'"
            )
            time.sleep(1.5)
        crew.until(finished, 600)
        assert crew.stop() == [0, 0], crew.said()
    check(crew, smtp, 6_000, most_unknown=600)


def test_a_worker_that_slept_is_fenced(crew: Crew, feed: str) -> None:
    """Stopped until all count it as dead, then woken: what it held is not its own any more."""
    with fault_server(answer=slowly(0.005)) as smtp:
        crew.write(port=smtp.port, readers=2_000, feed=feed)
        first, _ = crew.start(2)
        crew.until(lambda counts: counts.get("accepted", 0) > 100)
        first.send_signal(signal.SIGSTOP)
        crew.until(finished, 600)
        first.send_signal(signal.SIGCONT)
        time.sleep(2)
        assert crew.stop() == [0, 0], crew.said()
    check(crew, smtp, 2_000, most_unknown=100)


def test_clocks_that_differ_by_minutes(crew: Crew, feed: str) -> None:
    """Ten minutes ahead, and ten behind: nobody takes what another one holds."""
    with fault_server(answer=slowly(0.002)) as smtp:
        crew.write(port=smtp.port, readers=4_000, feed=feed)
        crew.start(1, minutes=10)
        crew.start(1, minutes=-10)
        crew.until(finished, 600)
        assert crew.stop() == [0, 0], crew.said()
    check(crew, smtp, 4_000, most_unknown=0)
