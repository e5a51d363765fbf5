"""The whole program against real servers: Postfix in front of Dovecot, and Dovecot alone."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import commands
import pytest
from commands import PROGRAM, Done
from mailservers import PASSWORD, MailServers, dovecot, greylisting, mail_folder, postfix
from makers import write_newsletter
from servers import Page, http_server

RSS = Page(
    b"<rss version='2.0'><channel><title>x</title><item><title>Agents</title>"
    b"<link>https://arxiv.org/abs/2603.99001</link></item></channel></rss>"
)
READERS = 30
SECRET = "a secret of tests, of thirty-two bytes and more"
LOGIN = {"MAIL_USER": "bounce", "MAIL_PASSWORD": PASSWORD}
NEWSLETTER = """name: Daily
from: papers@news.example.org
secret: ${{SECRET}}
delivery: {{bounce: bounce@news.example.org, {delivery}}}
"""
SUBMISSION = "username: '${MAIL_USER}', password: '${MAIL_PASSWORD}'"


class Letter:
    """A newsletter in a folder, and the servers that it sends by."""

    def __init__(self, folder: Path, root: Path, servers: MailServers) -> None:
        self.folder = folder
        self.root = root
        self.servers = servers

    def write(self, web: str, delivery: str, readers: int = READERS, gone: str = "") -> None:
        names = [*(f"r{n}" for n in range(readers)), *([gone] if gone else [])]
        write_newsletter(
            self.folder,
            self.root,
            newsletter=NEWSLETTER.format(delivery=delivery),
            sources="private_networks: [127.0.0.1]\nsources:\n"
            f"  - {{name: Feed, url: '{web}/feed'}}\n",
            subscribers="subscribers:\n"
            + "".join(f"  - {{email: {name}@readers.example}}\n" for name in names),
        )

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        trust = {"SSL_CERT_FILE": str(self.servers.authority)}
        return kept | {"SECRET": SECRET, "COLUMNS": "200"} | LOGIN | trust | more

    def newsletter(self, *words: str, **more: str) -> Done:
        done = commands.newsletter(*words, cwd=self.folder, **self.environment(**more))
        assert "Traceback" not in done.stderr
        return done

    def told(self, *words: str, **more: str) -> Any:
        return json.loads(self.newsletter(*words, "--json", **more).stdout)

    def counts(self) -> Any:
        return self.told("status")["deliveries"]

    def over_smtp(self, connections: int = 4, more: str = SUBMISSION) -> str:
        port = self.servers.smtp
        return (
            f"transport: smtp, host: localhost, port: {port}, security: starttls, "
            f"connections: {connections}, {more}"
        )


@pytest.fixture
def letter(tmp_path: Path, root: Path) -> Iterator[Letter]:
    """Return a newsletter beside a running Dovecot."""
    with mail_folder(READERS * 10) as servers, dovecot(servers):
        yield Letter(tmp_path, root, servers)


def test_starttls_and_a_login_and_what_is_wrong_with_them(letter: Letter) -> None:
    """All is told before anything leaves; then everybody has one mail."""
    with http_server(feed=RSS) as web, postfix(letter.servers, tls="encrypt"):
        letter.write(web.url, letter.over_smtp())
        letter.newsletter("collect")
        ready = letter.newsletter("send", "--dry-run")
        wrong = letter.newsletter("send", "--dry-run", MAIL_PASSWORD="hunter2")
        unknown = letter.newsletter("send", "--dry-run", SSL_CERT_FILE="")
        done = letter.newsletter("send")
        letter.servers.wait_until_empty()

    assert ready.returncode == 0, ready.stderr
    assert f"would send {READERS} by localhost:" in ready.stdout
    assert "(starttls, logged in as bounce)" in ready.stdout
    assert (wrong.returncode, unknown.returncode) == (1, 1)
    assert "user name or password refused: 535" in wrong.stderr
    assert "hunter2" not in wrong.stderr
    assert "SSL_CERT_FILE" in unknown.stderr
    assert done.returncode == 0, done.stderr
    assert letter.servers.messages() == {f"r{n}": 1 for n in range(READERS)}


def test_a_server_that_wants_tls_or_a_login_first(letter: Letter) -> None:
    """Who does neither is told what to write, and nothing is lost."""
    with (
        http_server(feed=RSS) as web,
        postfix(
            letter.servers,
            tls="encrypt",
            smtpd_sender_restrictions="permit_sasl_authenticated,reject",
        ),
    ):
        letter.write(web.url, letter.over_smtp(more="timeout: 20").replace("starttls", "none"))
        plain = letter.newsletter("run")
        assert letter.counts()["planned"] == READERS
        letter.write(web.url, letter.over_smtp())
        assert letter.newsletter("send").returncode == 0

    assert plain.returncode == 3
    assert "530" in plain.stderr
    assert "write `security: starttls`" in plain.stderr


def test_greylisting_is_of_one_mailbox_each(letter: Letter) -> None:
    """All are tried in the first run, whatever was said to the one before; all have theirs later."""
    with (
        http_server(feed=RSS) as web,
        greylisting() as policy,
        postfix(letter.servers, smtpd_recipient_restrictions=policy),
    ):
        letter.write(web.url, letter.over_smtp(connections=1))
        start = time.monotonic()
        first = letter.newsletter("run")
        took = time.monotonic() - start
        deferred = letter.counts()["deferred"]
        second = letter.newsletter("send", "--only", "deferred")
        letter.servers.wait_until_empty()

    assert (first.returncode, deferred) == (3, READERS)
    assert took < 40
    assert second.returncode == 0, second.stderr
    assert letter.servers.messages() == {f"r{n}": 1 for n in range(READERS)}


def test_fewer_connections_than_we_would_open(letter: Letter) -> None:
    """Postfix greets the third with 421: everything goes over those that it takes."""
    with (
        http_server(feed=RSS) as web,
        postfix(letter.servers, smtpd_client_connection_count_limit="2"),
    ):
        letter.write(web.url, letter.over_smtp(connections=8))
        done = letter.newsletter("run")
        letter.servers.wait_until_empty()
        log = letter.servers.log

    assert "Connection concurrency limit exceeded" in log
    assert done.returncode == 0, done.stderr
    assert letter.servers.messages() == {f"r{n}": 1 for n in range(READERS)}


@pytest.mark.parametrize("way", ["maildir", "imap"])
def test_what_comes_back_suppresses_who_is_gone(letter: Letter, way: str) -> None:
    """Postfix takes a mail to nobody and returns it to the address that only this delivery has."""
    with http_server(feed=RSS) as web, postfix(letter.servers):
        letter.write(web.url, letter.over_smtp(), readers=3, gone="nobody-there")
        done = letter.newsletter("run")
        letter.servers.wait_until_empty()
        place = str(letter.servers.mailbox("bounce"))
        if way == "imap":
            place = f"imaps://bounce@localhost:{letter.servers.imaps}/INBOX"
        read = letter.told("bounces", place, NEWSLETTER_IMAP_PASSWORD=PASSWORD)
        again = letter.told("bounces", place, NEWSLETTER_IMAP_PASSWORD=PASSWORD)

    assert done.returncode == 0, done.stderr
    assert letter.counts()["accepted"] == 4
    assert read["suppressed"] == ["nobody-there@readers.example"]
    assert again["suppressed"] == []
    assert letter.servers.messages() == {"r0": 1, "r1": 1, "r2": 1}
    listed = letter.told("suppressions", "list")["suppressions"]
    assert [row["email"] for row in listed] == ["nobody-there@readers.example"]


def test_lmtp_to_a_mail_store(letter: Letter) -> None:
    """Dovecot takes the mail of those it knows, and says at once whom it does not."""
    with http_server(feed=RSS) as web:
        delivery = f"transport: lmtp, host: 127.0.0.1, port: {letter.servers.lmtp}"
        letter.write(web.url, delivery, readers=5, gone="nobody-there")
        done = letter.newsletter("run")

    assert done.returncode == 0, done.stderr
    told = letter.told("status")
    assert (told["deliveries"]["accepted"], told["failed"]) == (5, {"no-mailbox": 1})
    assert letter.servers.messages() == {f"r{n}": 1 for n in range(5)}


def test_a_killed_sender_loses_and_doubles_nothing(letter: Letter) -> None:
    """Kill -9 at any moment, some times over: one mail each, but for those that are told as unknown."""
    readers, connections = READERS * 6, 3
    chance = random.Random(3)
    with http_server(feed=RSS) as web, postfix(letter.servers):
        letter.write(web.url, letter.over_smtp(connections), readers=readers)
        letter.newsletter("collect")
        kills = 0
        for _ in range(40):
            with subprocess.Popen(
                [*PROGRAM, "run", "--quiet"], cwd=letter.folder, env=letter.environment()
            ) as sender:
                before = letter.servers.log.count("status=sent")
                threading.Thread(
                    target=kill_after, args=(sender, letter, before + chance.randrange(1, 40))
                ).start()
                status = sender.wait(100)
            kills += status == -signal.SIGKILL
            if status == 0 or kills == 6:
                break
        last = letter.newsletter("run", "--quiet")
        letter.servers.wait_until_empty()

    counts, copies = letter.counts(), letter.servers.messages()
    assert last.returncode == 0, last.stderr
    assert kills >= 3
    assert counts["audience"] == readers == counts["accepted"] + counts["unknown"]
    assert counts["unknown"] <= kills * connections
    assert max(copies.values()) == 1
    assert readers - len(copies) <= counts["unknown"]


def kill_after(sender: subprocess.Popen[bytes], letter: Letter, sent: int) -> None:
    """Kill a sender once Postfix has delivered so much, if it is there still."""
    while sender.poll() is None:
        if letter.servers.log.count("status=sent") >= sent:
            sender.kill()
            return
        time.sleep(0.005)
