"""The site as a process: killed while people sign up; issues that are due; how it ends."""

from __future__ import annotations

import collections
import contextlib
import datetime as dt
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx2 as httpx
import pytest
from servers import Page, http_server, smtp_server
from sites import SECRET, read_mail, write_site

from newsletter.config.files import load_config
from newsletter.links import sign
from newsletter.model import SubscriberState
from newsletter.serve.forms import form_token
from newsletter.world import machine
from newsletter.world.days import open_day

pytestmark = pytest.mark.slow


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


@contextlib.contextmanager
def serving(folder: Path, port: int, *more: str) -> Iterator[subprocess.Popen[str]]:
    """Run `newsletter serve` as a process of its own; it is dead at the end."""
    program = [sys.executable, "-m", "newsletter", "serve", "--port", str(port), *more]
    env = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
    process = subprocess.Popen(
        program, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env
    )
    try:
        for _ in range(400):
            with contextlib.suppress(httpx.HTTPError):
                httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False)
                break
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.05)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def subscribers(folder: Path) -> dict[str, SubscriberState]:
    config = load_config(folder / "config", {})
    with open_day(config) as day:
        return {found.email: found.state for found in day.stores.subscribers.all()}


def test_no_sign_up_is_lost_and_nobody_is_mailed_twice(tmp_path: Path) -> None:
    """Kill -9, four times, while people sign up and their mails leave."""
    port, chance = free_port(), random.Random(7)
    address = f"http://127.0.0.1:{port}"
    stop, answered = threading.Event(), []

    def sign_up(number: int) -> None:
        with httpx.Client(base_url=address, trust_env=False, timeout=10) as client:
            count = 0
            while not stop.is_set():
                count += 1
                email = f"r{number}x{count}@crowd.example"
                token = form_token(
                    SECRET.encode(), "subscribe", machine.utc_now() - dt.timedelta(seconds=5)
                )
                try:
                    answer = client.post("/subscribe", data={"email": email, "form": token})
                except httpx.HTTPError:
                    time.sleep(0.05)
                    continue
                if answer.status_code == 200:
                    answered.append(email)

    with smtp_server() as mail:
        write_site(
            tmp_path, address, mail_port=mail.port, days=1,
            more="serve: {proxies: [127.0.0.0/8]}",
        )  # fmt: skip
        crowd = [threading.Thread(target=sign_up, args=(number,)) for number in range(4)]
        for thread in crowd:
            thread.start()
        for _ in range(4):
            with serving(tmp_path, port, "--no-schedule", "--sign-ups", "100000") as process:
                time.sleep(chance.uniform(0.5, 2.5))
                process.send_signal(signal.SIGKILL)
        stop.set()
        for thread in crowd:
            thread.join()
        known = subscribers(tmp_path)
        assert len(answered) > 20
        assert [email for email in answered if email not in known] == []
        with serving(tmp_path, port, "--no-schedule"):
            last = "last@crowd.example"
            token = form_token(
                SECRET.encode(), "subscribe", machine.utc_now() - dt.timedelta(seconds=5)
            )
            httpx.post(f"{address}/subscribe", data={"email": last, "form": token}, trust_env=False)
            read_mail(mail, last, seconds=60)
        counts = collections.Counter(sent.recipient for sent in mail.messages)

    assert max(counts.values()) == 1
    # What was leaving at the moment of a kill is not sent again: at most four a kill.
    assert len(set(answered) - set(counts)) <= 16


FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>F</title>
<item><title>A language model that asks</title><link>https://arxiv.org/abs/2611.01234</link>
<description>We let a language model ask one question. It answers better on every task that we tried.</description>
<pubDate>{date}</pubDate></item></channel></rss>"""


def test_an_issue_is_made_and_sent_when_it_is_due_and_the_site_shows_it(tmp_path: Path) -> None:
    """Without cron; a run that was missed while nothing ran is caught up once; SIGTERM ends it."""
    port, now = free_port(), machine.utc_now()
    address = f"http://127.0.0.1:{port}"
    written = now.astimezone(ZoneInfo("UTC")).strftime("%a, %d %b %Y %H:%M:%S +0000")
    with smtp_server() as mail, http_server(feed=Page(FEED.format(date=written).encode())) as feeds:
        due = (now - dt.timedelta(hours=1)).strftime("%H:00")
        write_site(
            tmp_path, address, mail_port=mail.port, days=0, more=f"schedule: {{at: '{due}'}}",
            subscribers="subscribers:\n  - {email: ada@readers.example}\n",
        )  # fmt: skip
        (tmp_path / "config" / "sources.yaml").write_text(
            f"private_networks: [127.0.0.0/8]\nsources:\n  - {{name: Feed, url: '{feeds.url}/feed'}}\n"
        )
        with serving(tmp_path, port) as process:
            (message,) = read_mail(mail, "ada@readers.example", seconds=90)
            assert "A language model that asks" in str(message["Subject"])
            page = ""
            for _ in range(150):
                page = httpx.get(address, trust_env=False).text
                if "A language model that asks" in page:
                    break
                time.sleep(0.1)
            assert "A language model that asks" in page
            time.sleep(6)
            assert len(read_mail(mail, "ada@readers.example")) == 1
            unsubscribe = re.search(r"<(http\S+/u/\S+)>", str(message["List-Unsubscribe"]))
            assert unsubscribe is None, "one click needs https; the page is in the mail"
            who = sign(SECRET.encode(), "unsubscribe", "00")
            assert httpx.get(f"{address}/u/{who}", trust_env=False).status_code == 200
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) in (0, -signal.SIGTERM)


def test_an_issue_leaves_once_though_the_site_is_killed_meanwhile(tmp_path: Path) -> None:
    """Kill -9, three times, while 150 people are mailed and others sign up: each gets one mail."""
    port, now = free_port(), machine.utc_now()
    address = f"http://127.0.0.1:{port}"
    written = now.strftime("%a, %d %b %Y %H:%M:%S +0000")
    readers = [f"reader{number}@list.example" for number in range(150)]
    listed = "subscribers:\n" + "".join(f"  - {{email: {email}}}\n" for email in readers)
    answered = []
    with (
        smtp_server(on_message=lambda _message: time.sleep(0.02)) as mail,
        http_server(feed=Page(FEED.format(date=written).encode())) as feeds,
    ):
        due = (now - dt.timedelta(hours=1)).strftime("%H:00")
        more = f"schedule: {{at: '{due}'}}"
        write_site(tmp_path, address, mail_port=mail.port, days=0, more=more, subscribers=listed)
        (tmp_path / "config" / "sources.yaml").write_text(
            f"private_networks: [127.0.0.0/8]\nsources: [{{name: F, url: '{feeds.url}/feed'}}]\n"
        )
        for turn in range(4):
            with serving(tmp_path, port, "--sign-ups", "100000") as process:
                email = f"new{turn}@crowd.example"
                asked = machine.utc_now() - dt.timedelta(seconds=5)
                token = form_token(SECRET.encode(), "subscribe", asked)
                fields = {"email": email, "form": token}
                answer = httpx.post(f"{address}/subscribe", data=fields, trust_env=False)
                answered.append((email, answer.status_code))
                for _ in range(300):
                    sent = {message.recipient for message in list(mail.messages)}
                    if len(sent & set(readers)) > 30 * (turn + 1):
                        break
                    time.sleep(0.1)
                if turn < 3:
                    process.send_signal(signal.SIGKILL)
                    continue
                for _ in range(900):
                    sent = {message.recipient for message in list(mail.messages)}
                    if set(readers) <= sent:
                        break
                    time.sleep(0.1)
        counts = collections.Counter(message.recipient for message in mail.messages)

    assert [counts[email] for email in readers] == [1] * len(readers)
    known = subscribers(tmp_path)
    assert all(status == 200 and email in known for email, status in answered)
    assert max(counts[email] for email, _ in answered) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_asked_to_and_says_nothing(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM; no traceback."""
    port = free_port()
    write_site(tmp_path, f"http://127.0.0.1:{port}", days=1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with serving(tmp_path, port, "--no-schedule") as process:
        process.send_signal(number)
        said = process.communicate(timeout=20)[0]
    assert process.returncode in (0, 130, -number)
    assert "Traceback" not in said
    assert f"http://127.0.0.1:{port}/" in said


def test_a_port_that_is_taken_is_told_of(tmp_path: Path) -> None:
    """In one line, with what to do."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        write_site(tmp_path, f"http://127.0.0.1:{port}", days=1)
        done = subprocess.run(
            [sys.executable, "-m", "newsletter", "serve", "--port", str(port)],
            cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert "choose another with --port" in done.stderr
