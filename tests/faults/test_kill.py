"""kill -9 at any moment: nobody is lost, nobody gets two."""

from __future__ import annotations

import collections
import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import threading
from pathlib import Path

import pytest
from commands import PROGRAM
from makers import counts_of, over_smtp, write_letter
from servers import Message, Page, http_server, smtp_server

READERS = 150
CONNECTIONS = 3
RSS = Page(
    b"<rss version='2.0'><channel><title>x</title><item><title>Agents</title>"
    b"<link>https://arxiv.org/abs/2603.99001</link></item></channel></rss>"
)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_terminated_sender_finishes_what_is_in_flight(
    tmp_path: Path, root: Path, number: signal.Signals
) -> None:
    """No mail is left in doubt, the rest stays planned, and the next run sends it."""
    running: list[subprocess.Popen[bytes]] = []

    def stop_at_fifth(message: Message) -> None:
        if message.recipient.startswith("r") and len(mail.messages) == 5:
            running[0].send_signal(number)

    with http_server(feed=RSS) as web, smtp_server(on_message=stop_at_fifth) as mail:
        write_letter(tmp_path, root, web.url, over_smtp(mail.port, CONNECTIONS), readers=60)
        # Whoever runs the tests may have been told to ignore SIGHUP (nohup), and that is handed on.
        with subprocess.Popen(
            [*PROGRAM, "run", "--quiet"],
            cwd=tmp_path,
            preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # noqa: PLW1509  one thread forks
        ) as sender:
            running.append(sender)
            status = sender.wait(60)
        stopped = counts_of(tmp_path)
        assert (
            subprocess.run([*PROGRAM, "run", "--quiet"], cwd=tmp_path, check=False).returncode == 0
        )

    assert status == 3
    assert stopped["unknown"] == stopped["leased"] == stopped["data_started"] == 0
    assert 0 < stopped["planned"] < 60
    assert counts_of(tmp_path)["accepted"] == len(mail.messages) == 60


def test_nohup_keeps_a_sender_when_its_terminal_goes(tmp_path: Path, root: Path) -> None:
    """Whoever asks for that gets it: SIGHUP stays ignored."""
    running: list[subprocess.Popen[bytes]] = []

    def hang_up_at_fifth(_message: Message) -> None:
        if len(mail.messages) == 5:
            running[0].send_signal(signal.SIGHUP)

    with http_server(feed=RSS) as web, smtp_server(on_message=hang_up_at_fifth) as mail:
        write_letter(tmp_path, root, web.url, over_smtp(mail.port, CONNECTIONS), readers=30)
        command = ["nohup", *PROGRAM, "run", "--quiet"]
        with subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.DEVNULL) as sender:
            running.append(sender)
            assert sender.wait(60) == 0

    assert len(mail.messages) == 30


def last_in_turn(folder: Path, count: int) -> set[str]:
    """Return the readers whose mails leave last."""
    with contextlib.closing(sqlite3.connect(folder / "ledger.db")) as database:
        query = "SELECT email FROM delivery ORDER BY subscriber DESC LIMIT ?"
        return {str(email) for (email,) in database.execute(query, (count,))}


def test_who_leaves_in_the_middle_of_a_run_gets_nothing(tmp_path: Path, root: Path) -> None:
    """The list is edited while mail leaves; half written, what it said before still holds."""
    people = tmp_path / "config" / "subscribers.yaml"

    gone: set[str] = set()

    def edit(_message: Message) -> None:
        if len(mail.messages) == 5:
            people.write_text("subscribers:\n  - {email: r1@readers.ex", "utf-8")
        elif len(mail.messages) == 10:
            gone.update(last_in_turn(tmp_path, 10))
            staying = {f"r{n}@readers.example" for n in range(60)} - gone
            lines = "".join(f"  - {{email: {address}}}\n" for address in sorted(staying))
            people.write_text(f"subscribers:\n{lines}", "utf-8")

    with http_server(feed=RSS) as web, smtp_server(on_message=edit) as mail:
        write_letter(tmp_path, root, web.url, over_smtp(mail.port, CONNECTIONS), readers=60)
        done = subprocess.run([*PROGRAM, "run", "--quiet"], cwd=tmp_path, check=False)

    counts = counts_of(tmp_path)
    assert done.returncode == 0
    assert (counts["accepted"], counts["cancelled"]) == (50, 10)
    assert len(mail.messages) == 50
    assert not gone & {message.recipient for message in mail.messages}


def test_killed_senders_lose_and_double_nothing(tmp_path: Path, root: Path) -> None:
    """Senders killed after a random number of mails; in the end each reader has one, but for those
    left `unknown`, of whom there are at most as many as connections were open at each kill.
    """
    chance = random.Random(11)
    running: list[subprocess.Popen[bytes]] = []
    left = 0
    lock = threading.Lock()

    def count_down(_message: Message) -> None:
        nonlocal left
        with lock:
            left -= 1
            if left == 0 and running:
                os.kill(running[-1].pid, signal.SIGKILL)

    with http_server(feed=RSS) as web, smtp_server(on_message=count_down) as mail:
        write_letter(tmp_path, root, web.url, over_smtp(mail.port, CONNECTIONS), READERS)
        kills = 0
        for _attempt in range(40):
            left = chance.randrange(1, 16)
            with subprocess.Popen(
                [*PROGRAM, "run", "--quiet"], cwd=tmp_path, stderr=subprocess.PIPE
            ) as sender:
                running.append(sender)
                status = sender.wait(60)
            if status == 0:
                break
            assert status in (-signal.SIGKILL, 3)
            kills += status == -signal.SIGKILL

    counts = counts_of(tmp_path)
    copies = collections.Counter(message.recipient for message in mail.messages)
    assert kills >= 8
    assert counts["audience"] == READERS == counts["accepted"] + counts["unknown"]
    assert counts["unknown"] <= kills * CONNECTIONS
    assert max(copies.values()) == 1
    # Whoever has no mail is among the unknown: held back, and shown, never silently skipped.
    assert READERS - len(copies) <= counts["unknown"]
