"""A newsletter on PostgreSQL, as its operator meets it: the same commands, one URL changed."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commands import Done, newsletter
from faultserver import Faults, fault_server
from makers import write_newsletter
from postgres import needs_postgresql, server, using
from servers import Page, http_server

pytestmark = needs_postgresql
RSS = b"""<rss version='2.0'><channel><title>x</title>
<item><title>Agents of language models</title><link>https://arxiv.org/abs/2603.99001</link>
<description>We propose agents.</description></item>
<item><title>Tools of agents</title><link>https://arxiv.org/abs/2603.99002</link>
<description>Agents that use tools.</description></item></channel></rss>"""
SECRET = "signs bounce addresses, with 32 bytes"
ROOT = Path(__file__).parents[1]
READERS = ("ada", "bo", "cy")


@pytest.fixture(scope="module")
def letter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Faults, str]]:
    """Return a newsletter with three readers, a source, a mail server, and a database's URL."""
    folder = tmp_path_factory.mktemp("postgresql")
    with (
        using("postgresql") as backend,
        http_server(feed=Page(RSS)) as web,
        fault_server() as faults,
    ):
        url = backend.url(folder, "letter")
        people = "".join(f"  - {{email: {name}@readers.example}}\n" for name in READERS)
        write_newsletter(
            folder,
            ROOT,
            newsletter=f"name: Daily\nfrom: papers@news.example.org\nsecret: ${{SECRET}}\n"
            f"site: https://news.example.org\ndatabase: {url}\n"
            f"delivery: {{transport: smtp, host: 127.0.0.1, port: {faults.port}, security: none, "
            "connections: 1, bounce: bounce@news.example.org}\n",
            sources="private_networks: [127.0.0.1]\nsources:\n"
            f"  - {{name: Feed, url: '{web.url}/feed'}}\n",
            subscribers=f"subscribers:\n{people}",
        )
        yield folder, faults, url


def do(folder: Path, *words: str, status: int = 0) -> Done:
    done = newsletter(*words, cwd=folder, SECRET=SECRET)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    return done


def told(folder: Path, *words: str) -> Any:
    return json.loads(do(folder, *words, "--json").stdout)


def test_a_day_is_run_on_postgresql(letter: tuple[Path, Faults, str]) -> None:
    """Collected, picked, sent once, and known to every command; no file of SQLite is made."""
    folder, faults, _url = letter
    faults.rcpt = lambda address: (
        "550 5.1.1 User unknown" if address.startswith("bo@") else "250 fine"
    )

    do(folder, "check")
    do(folder, "run")
    do(folder, "run")

    assert sorted(to.partition("@")[0] for to, _ in faults.messages) == ["ada", "cy"]
    stands = told(folder, "status")
    assert stands["deliveries"]["accepted"] == 2
    assert stands["failed"] == {"no-mailbox": 1}
    assert "bo@readers.example" in do(folder, "suppressions", "list").stdout
    assert not list(folder.rglob("*.db"))


def test_people_come_and_go_on_postgresql(letter: tuple[Path, Faults, str]) -> None:
    """By commands: added, paused, listed in order, taken off."""
    folder, *_ = letter
    do(folder, "subscribers", "add", "dee@readers.example", "--name", "Dée")
    do(folder, "subscribers", "pause", "dee@readers.example", "--until", "2999-01-02")
    do(folder, "subscribers", "remove", "cy@readers.example")

    listed = told(folder, "subscribers", "list")["subscribers"]
    people = {one["email"].partition("@")[0]: one["state"] for one in listed}
    assert list(people) == sorted(people)
    assert people["dee"] == "paused"


def test_what_comes_back_is_read_on_postgresql(letter: tuple[Path, Faults, str]) -> None:
    """A report that is not proved is noted, and suppresses nobody."""
    folder, *_ = letter
    (folder / "box").mkdir()
    (folder / "box" / "1.eml").write_text(
        "From: mailer-daemon@readers.example\nTo: x@y.example\n"
        "Subject: failed\nContent-Type: multipart/report; report-type=delivery-status; "
        "boundary=b\n\n--b\nContent-Type: text/plain\n\nno\n--b\n"
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; readers.example\n\n"
        "Final-Recipient: rfc822; ada@readers.example\nAction: failed\nStatus: 5.1.1\n\n--b--\n"
    )

    first = told(folder, "bounces", "box")

    assert (first["read"], first["new"], first["suppressed"]) == ({"no-mailbox": 1}, 1, [])
    assert told(folder, "bounces", "box")["new"] == 0


def test_the_site_is_served_from_postgresql(letter: tuple[Path, Faults, str]) -> None:
    """Its pages, its search, and somebody who asks for the newsletter."""
    folder, *_ = letter
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = [sys.executable, "-m", "newsletter", "serve", "--port", str(port)]
    with subprocess.Popen(
        program, cwd=folder, env={"SECRET": SECRET, "PATH": "/usr/bin:/bin"},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as served:  # fmt: skip
        try:
            pages = {path: _page(port, path) for path in ("/", "/search?q=agents", "/healthz")}
        finally:
            served.terminate()
            assert served.stderr is not None
            said = served.stderr.read()

    assert "Agents of language models" in pages["/"]
    assert "Tools of agents" in pages["/search?q=agents"]
    assert "Traceback" not in said


def _page(port: int, path: str) -> str:
    """Return a page of a site that may still be starting."""
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            return f"{error.code}"
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def test_a_second_newsletter_on_the_same_database_is_told(
    letter: tuple[Path, Faults, str], tmp_path: Path, root: Path
) -> None:
    """Whoever it logs in as; and its password is shown nowhere."""
    _folder, _faults, url = letter
    other = url.replace("postgres@", "postgres:open-sesame@")
    write_newsletter(
        tmp_path,
        root,
        newsletter=f"name: Weekly\nfrom: other@news.example.org\ndatabase: {other}\n",
        subscribers="subscribers: []\n",
    )

    done = newsletter("run", cwd=tmp_path)

    assert done.returncode != 0
    assert "this database belongs to “Daily”" in done.stderr
    assert "sesame" not in done.stdout + done.stderr


def test_a_server_that_is_down_is_one_line(letter: tuple[Path, Faults, str]) -> None:
    """Of every command, with what to do about it."""
    folder, *_ = letter
    server().stop()
    try:
        for words in (["run"], ["status"], ["subscribers", "list"], ["check"]):
            done = newsletter(*words, cwd=folder, SECRET=SECRET)
            assert done.returncode != 0
            assert "does PostgreSQL run" in done.stderr
            assert "Traceback" not in done.stderr
    finally:
        server().start()
