"""Logs for programs: JSON by line, with no address in it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import commands
import httpx2 as httpx
import pytest
from commands import Done
from faultserver import Faults, fault_server
from makers import write_newsletter
from servers import Page, http_server
from sites import free_socket, write_site

RSS = b"""<rss version='2.0'><channel><title>x</title>
<item><title>Agents of language models</title><link>https://arxiv.org/abs/2603.99001</link>
<description>We propose agents.</description></item></channel></rss>"""
SECRET = "a key of digests, of 32 bytes at least"


def newsletter(folder: Path, *words: str) -> Done:
    return commands.newsletter(*words, cwd=folder, SECRET=SECRET)


def events(text: str) -> list[dict[str, Any]]:
    """Return the events; each line must be one."""
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def letter(tmp_path: Path, root: Path) -> Iterator[tuple[Path, Faults]]:
    """Return a newsletter with three readers, one source and a mail server that can fail."""
    with http_server(feed=Page(RSS)) as web, fault_server() as faults:
        people = "".join(f"  - {{email: {name}@readers.example}}\n" for name in ("ada", "bo", "cy"))
        write_newsletter(
            tmp_path,
            root,
            newsletter="name: Daily\nfrom: papers@news.example.org\nsecret: ${SECRET}\n"
            f"delivery: {{transport: smtp, host: 127.0.0.1, port: {faults.port}, security: none}}\n",
            sources="private_networks: [127.0.0.1]\nsources:\n"
            f"  - {{name: Feed, url: '{web.url}/feed'}}\n  - {{name: Gone, url: '{web.url}/gone'}}\n",
            subscribers=f"subscribers:\n{people}",
        )
        yield tmp_path, faults


def test_a_run_is_told_line_by_line(letter: tuple[Path, Faults]) -> None:
    """Sources, what was refused, and the numbers at the end; what people read is not printed."""
    folder, faults = letter
    faults.rcpt = lambda address: (
        f"550 5.1.1 <{address}>: no {address}." if address.startswith("bo@") else "250 fine"
    )

    done = newsletter(folder, "run", "--log", "json")

    told = events(done.stderr)
    assert (done.returncode, done.stdout) == (0, "")
    assert "@" not in done.stderr
    assert [(one["event"], one["level"]) for one in told] == [
        ("begin", "info"),
        ("source", "info"),
        ("source", "warning"),
        ("delivery", "warning"),
        ("run", "info"),
    ]
    assert all(one["time"].endswith("+00:00") for one in told)
    refused, run = told[-2:]
    assert (refused["state"], refused["code"], refused["verdict"]) == ("failed", 550, "no-mailbox")
    assert refused["issue"] == run["issue"]
    assert len(refused["reader"]) == 16
    assert refused["reason"].count(refused["reader"]) == 2
    assert (run["new_papers"], run["sent"]) == (1, {"accepted": 2, "failed": 1})
    assert run["deliveries"]["audience"] == 3


def test_the_digest_of_an_address_needs_the_key(letter: tuple[Path, Faults]) -> None:
    """One reader is the same in each line; with another key, or none, nobody can tell."""
    folder, faults = letter
    faults.rcpt = lambda address: "450 4.2.0 later" if address.startswith("bo@") else "250 fine"
    path = folder / "config" / "newsletter.yaml"

    def reader() -> str:
        done = newsletter(folder, "run", "--log", "json")
        found = [one["reader"] for one in events(done.stderr) if one["event"] == "delivery"]
        (folder / "outbox" / "newsletter.db").unlink()
        return str(found[0])

    first = reader()
    assert reader() == first
    path.write_text(path.read_text().replace("secret: ${SECRET}\n", ""))
    assert reader() == "(address)"


def test_json_that_is_asked_for_is_printed_beside_the_log(letter: tuple[Path, Faults]) -> None:
    """It is one object on the standard output."""
    folder, _ = letter
    done = newsletter(folder, "run", "--json", "--log", "json")

    assert json.loads(done.stdout)["deliveries"]["accepted"] == 3
    assert events(done.stderr)[-1]["event"] == "run"


def test_mistakes_are_events_too(letter: tuple[Path, Faults]) -> None:
    """In the configuration, or in the database."""
    folder, _ = letter
    database = folder / "outbox" / "newsletter.db"
    database.parent.mkdir()
    database.write_bytes(b"no database of anybody " * 100)
    (broken,) = events(newsletter(folder, "run", "--log", "json").stderr)
    (folder / "config" / "newsletter.yaml").write_text("name: x\nfrom: a\n")
    done = newsletter(folder, "run", "--log", "json")

    assert (broken["event"], broken["level"]) == ("problem", "error")
    assert "file is not a database" in broken["text"]
    assert done.returncode == 1
    assert "newsletter.yaml:2:7" in events(done.stderr)[0]["text"]
    assert newsletter(folder, "run").stderr.startswith("error:")


@pytest.mark.slow
def test_serve_logs_and_has_metrics(tmp_path: Path) -> None:
    """What it tells is events; metrics are at a port of their own, and not on the site."""
    with free_socket() as site_port, free_socket() as metrics_port:
        ports = [one.getsockname()[1] for one in (site_port, metrics_port)]
    address, metrics = (f"http://127.0.0.1:{port}" for port in ports)
    write_site(tmp_path, address)
    options = ["--port", str(ports[0]), "--no-schedule", "--metrics", str(ports[1])]
    process = subprocess.Popen(
        [sys.executable, "-m", "newsletter", "serve", *options, "--log", "json"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"]},
    )
    try:
        for _ in range(400):
            with contextlib.suppress(httpx.HTTPError):
                httpx.get(f"{address}/healthz", trust_env=False)
                break
            assert process.poll() is None, process.communicate()
        found = httpx.get(f"{metrics}/metrics", trust_env=False)
        public = httpx.get(f"{address}/metrics", trust_env=False)
    finally:
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)

    assert "newsletter_papers " in found.text
    assert public.status_code == 404
    assert out == ""
    told = events(err)
    assert {one["event"] for one in told} == {"note"}
    assert address in told[0]["text"]
    assert f"{metrics}/metrics" in told[-1]["text"]
