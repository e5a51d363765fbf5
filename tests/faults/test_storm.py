"""Two hundred kills over five thousand readers, and senders that sleep past their lease."""

from __future__ import annotations

import collections
import contextlib
import datetime as dt
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from faultserver import Faults, fault_server
from makers import TODAY, make_delivery, plan

from newsletter.model import DeliveryState
from newsletter.store import SqlLedger, open_database

S = DeliveryState
READERS = 5_000
KILLS = 200
CONNECTIONS = 4

# The sender alone, without the collecting and rendering of `newsletter run`: it is started and
# killed some hundred times. Everything in it is what the program uses.
SENDER = """
import asyncio, datetime as dt, random, sys
from pathlib import Path
from newsletter.send.processes import fate_of, sender_name
from newsletter.send.connecting import SmtpSettings
from newsletter.send.editions import Sender, send_editions
from newsletter.send.pace import Pace
from newsletter.send.smtp import SmtpTransport
from newsletter.store import SqlLedger, open_database
folder, port, connections = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
owner = sender_name()
database = open_database("sqlite:///test.db", folder)
day = dt.date(2026, 3, 17)
clock = lambda: dt.datetime.now(dt.UTC)
async def prepare(some):
    return [f"To: {one.email}\\r\\n\\r\\n{'words ' * 50}\\r\\n".encode() for one in some]
async def main():
    settings = SmtpSettings(host="127.0.0.1", port=port, security="none", sender="b@n.example")
    sent = await send_editions(
        day, SqlLedger(database, lean=True), prepare,
        Sender(
            transport=SmtpTransport(settings), owner=owner, clock=clock, chance=random.Random(1),
            fate_of=lambda other: fate_of(other, own=owner),
        ),
        deadline=clock() + dt.timedelta(hours=20),
        pace=Pace(connections=connections, cooldown=0.01),
    )
    sys.exit(sent.error or 0)
asyncio.run(main())
"""


def planned(folder: Path, readers: int = READERS) -> None:
    database = open_database("sqlite:///test.db", folder)
    plan(database, [make_delivery(f"r{n}") for n in range(readers)])
    database.close()


def start(folder: Path, faults: Faults, connections: int = CONNECTIONS) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", SENDER, str(folder), str(faults.port), str(connections)]
    return subprocess.Popen(command)


@pytest.fixture
def processes() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Every sender of a test; what still runs when it ends, or fails, is killed."""
    running: list[subprocess.Popen[bytes]] = []
    yield running
    for process in running:
        process.kill()
        process.wait()


def fall_asleep(sender: subprocess.Popen[bytes], folder: Path) -> None:
    """Stop a sender at a moment in which it does not hold SQLite's lock.

    Asleep in the middle of a transaction it would keep everybody else out, whatever they do: that
    is a locked database, and has its own test.
    """
    probe = sqlite3.connect(folder / "test.db", timeout=0, isolation_level=None)
    with contextlib.closing(probe):
        for _ in range(1_000):
            sender.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, sender.pid, os.WSTOPPED)
            try:
                probe.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                sender.send_signal(signal.SIGCONT)
                time.sleep(0.001)
            else:
                probe.execute("ROLLBACK")
                return
    pytest.fail("never found it without the lock")


def check(folder: Path, faults: Faults, most_unknown: int, readers: int = READERS) -> None:
    """Everybody has one mail, but for those that are held as unknown, who have one or none."""
    database = open_database("sqlite:///test.db", folder)
    ledger = SqlLedger(database)
    counts = ledger.counts(TODAY)
    copies = collections.Counter(recipient for recipient, _ in faults.messages)
    accepted = {delivery.email for delivery in ledger.deliveries(TODAY, {S.ACCEPTED})}
    unknown = {delivery.email for delivery in ledger.deliveries(TODAY, {S.UNKNOWN})}
    database.close()
    assert sum(counts.values()) == readers
    assert counts[S.ACCEPTED] + counts[S.UNKNOWN] == readers, counts
    assert max(copies.values()) == 1, copies.most_common(3)
    assert accepted <= set(copies)
    assert len(unknown) <= most_unknown
    assert set(copies) <= accepted | unknown


@pytest.mark.slow
@pytest.mark.timeout(280)
@pytest.mark.parametrize("senders", [1, 2, 4])
def test_a_storm_of_kills_loses_and_doubles_nothing(
    tmp_path: Path, processes: list[subprocess.Popen[bytes]], senders: int
) -> None:
    """Kill -9, again and again, at random moments and right after a message was taken."""
    kills_wanted = KILLS if senders == 1 else 24
    readers = READERS if senders == 1 else 3_000
    planned(tmp_path, readers)
    chance = random.Random(senders)
    lock = threading.Lock()
    running: list[subprocess.Popen[bytes]] = []
    left = [0]

    def count_down(_recipient: str) -> None:
        if senders > 1:
            # Somebody sends while the killed are started again: slow enough to outlast all kills.
            time.sleep(0.008)
        with lock:
            left[0] -= 1
            alive = [process for process in running if process.poll() is None]
            if left[0] <= 0 and alive:
                # At the very moment between the dot and its answer.
                left[0] = readers
                chance.choice(alive).kill()

    with fault_server(on_taken=count_down) as faults:
        kills = 0
        deadline = time.monotonic() + 240
        while kills < kills_wanted and time.monotonic() < deadline:
            with lock:
                left[0] = chance.randrange(1, readers // kills_wanted)
                running[:] = [process for process in running if process.poll() is None]
                while len(running) < senders:
                    running.append(start(tmp_path, faults))
                    processes.append(running[-1])
                watched = list(running)
            if chance.random() < 0.3:
                # At any moment at all: while it starts, claims, writes or waits.
                time.sleep(chance.random() * 0.8)
                with lock:
                    chance.choice(watched).kill()
            while all(process.poll() is None for process in watched):
                time.sleep(0.005)
            kills = sum(process.poll() == -signal.SIGKILL for process in processes)
            if all(process.poll() == 0 for process in watched):
                break
        for process in running:
            process.wait(60)
        kills = sum(process.poll() == -signal.SIGKILL for process in processes)
        processes.append(start(tmp_path, faults))
        assert processes[-1].wait(120) == 0
        check(tmp_path, faults, most_unknown=kills * CONNECTIONS, readers=readers)

    assert kills >= kills_wanted * 0.9, kills
    assert faults.messages


def test_a_sender_that_sleeps_past_its_lease_sends_nothing_twice(
    tmp_path: Path, processes: list[subprocess.Popen[bytes]]
) -> None:
    """SIGSTOP in the middle, its leases run out, another sender finishes, SIGCONT."""
    readers = 300
    planned(tmp_path, readers)
    asleep = threading.Event()

    def stop_at_hundred(_recipient: str) -> None:
        if len(faults.messages) == 100:
            fall_asleep(processes[0], tmp_path)
            asleep.set()

    with fault_server(on_taken=stop_at_hundred) as faults:
        processes.append(start(tmp_path, faults))
        assert asleep.wait(30)
        # Its leases have run out: what it had begun is unknown, the rest goes to others.
        database = open_database("sqlite:///test.db", tmp_path)
        with database.transaction() as connection:
            past = (dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)).replace(tzinfo=None)
            connection.exec_driver_sql("UPDATE delivery SET lease_until = ?", (str(past),))
        database.close()
        processes.append(start(tmp_path, faults))
        assert processes[1].wait(60) == 0
        processes[0].send_signal(signal.SIGCONT)
        processes[0].wait(60)
        check(tmp_path, faults, most_unknown=CONNECTIONS, readers=readers)
