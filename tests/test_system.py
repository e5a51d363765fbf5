"""Programs that we did not write take our mail: postfix's smtp-sink, SpamAssassin."""

from __future__ import annotations

import email
import email.policy
import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest
from makers import ListQueue, make_parcel, play_demo, run

from newsletter.model import DeliveryState
from newsletter.send.connecting import SmtpSettings
from newsletter.send.smtp import SmtpTransport

SINK = Path("/usr/sbin/smtp-sink")


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Return the demo's messages as its SMTP server received them."""
    return play_demo(tmp_path_factory.mktemp("system")).messages


def test_smtp_sink_takes_the_demo(messages: list[bytes]) -> None:
    """Another implementation of SMTP accepts every message, byte for byte."""
    if not SINK.exists():
        pytest.skip(
            "postfix's smtp-sink is not installed: `make test` installs it as root on Debian"
        )
    drop = ["-u", "nobody"] if os.getuid() == 0 else []
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen([SINK, *drop, f"127.0.0.1:{port}", "10"], stderr=subprocess.PIPE) as sink:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)

        queue = ListQueue([make_parcel(f"r{n}", message) for n, message in enumerate(messages)])

        async def send() -> None:
            settings = SmtpSettings(
                host="127.0.0.1", port=port, security="none", sender="b@news.example.org"
            )
            async with SmtpTransport(settings).session() as session:
                await session.work(queue)

        run(send())
        states = [outcome.state for outcome in queue.outcomes.values()]
        sink.terminate()

    assert states == [DeliveryState.ACCEPTED] * len(messages) == [DeliveryState.ACCEPTED] * 6


def test_spamassassin_finds_little_to_say(messages: list[bytes]) -> None:
    """Offline, the demo's issue stays far below the usual limit of 5."""
    if shutil.which("spamassassin") is None:
        pytest.skip("spamassassin is not installed: `make test` installs it as root on Debian")
    done = subprocess.run(
        ["spamassassin", "-L", "-t"],
        input=messages[0],
        capture_output=True,
        check=True,
        timeout=100,
    )

    header = str(
        email.message_from_bytes(done.stdout, policy=email.policy.default)["X-Spam-Status"]
    )
    found = re.search(r"score=(-?[\d.]+)", header)
    assert found, header
    assert float(found[1]) <= 0.5, header
