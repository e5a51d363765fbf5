"""kill -9 at any moment: nobody is lost, nobody gets two."""

from __future__ import annotations

import collections
import json
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

from makers import write_newsletter
from servers import Message, Page, http_server, smtp_server

READERS = 150
CONNECTIONS = 3
PROGRAM = [sys.executable, "-c", "from newsletter.cli import main; main()"]
RSS = Page(
    b"<rss version='2.0'><channel><title>x</title><item><title>Agents</title>"
    b"<link>https://arxiv.org/abs/2603.99001</link></item></channel></rss>"
)


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
        people = "".join(f"  - {{email: r{n}@readers.example}}\n" for n in range(READERS))
        write_newsletter(
            tmp_path,
            root,
            newsletter=f"name: Daily\nfrom: p@news.example.org\ndelivery: {{transport: smtp, host: 127.0.0.1, "
            f"port: {mail.port}, security: none, connections: {CONNECTIONS}}}\n",
            sources=f"sources:\n  - {{name: Feed, url: '{web.url}/feed'}}\n",
            subscribers=f"subscribers:\n{people}",
        )
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
        done = subprocess.run(
            [*PROGRAM, "status", "--json"], cwd=tmp_path, capture_output=True, check=False
        )

    counts = json.loads(done.stdout)["deliveries"]
    copies = collections.Counter(message.recipient for message in mail.messages)
    assert kills >= 8
    assert counts["audience"] == READERS == counts["accepted"] + counts["unknown"]
    assert counts["unknown"] <= kills * CONNECTIONS
    assert max(copies.values()) == 1
    # Whoever has no mail is among the unknown: held back, and shown, never silently skipped.
    assert READERS - len(copies) <= counts["unknown"]
