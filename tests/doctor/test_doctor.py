"""`newsletter doctor`, as people run it: a page of diagnoses, JSON, and an exit status."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import commands
import pytest
from commands import Done
from dnsserver import SILENT, Records, Zone, dns_server, txt
from mailservers import PASSWORD, dovecot, mail_folder, postfix
from makers import write_newsletter
from patients import DOMAIN, well
from servers import Mail, Page, http_server, smtp_server

from newsletter.send.signatures import dns_record, load_key, make_key

PEM = make_key("rsa").decode()
KEY = PEM.replace("\n", "\\n")
SECRET = "a secret of tests, of thirty-two bytes and more"
NEWSLETTER = """
name: Daily
from: papers@news.example.org
secret: ${SECRET}
database: sqlite:///ledger.db
dkim: [{selector: r1, key: "${KEY}"}]
delivery:
  bounce: b@bounce.news.example.org
  transport: smtp
  host: localhost
  port: PORT
  security: none
"""


def zone_of_ours() -> dict[str, Records]:
    name, text = dns_record(load_key(PEM.encode(), DOMAIN, "r1"))
    return {**well(), name: {"TXT": [txt(text)]}, "": {"NS": ["a.root.example."]}}


@pytest.fixture
def zone() -> Iterator[Zone]:
    with dns_server(zone_of_ours()) as served:
        yield served


@pytest.fixture
def mail() -> Iterator[Mail]:
    with smtp_server() as served:
        yield served


def write(folder: Path, root: Path, text: str) -> Path:
    sources = "sources:\n  - {name: Feed, url: 'https://feed.example/f'}\n"
    return write_newsletter(folder, root, newsletter=text, sources=sources)


def doctor(folder: Path, *words: str, **environment: str) -> Done:
    # A short PATH: SpamAssassin takes its seconds, and has tests of its own.
    values = {"SECRET": SECRET, "KEY": KEY, "PATH": "/nowhere", "COLUMNS": "200"}
    done = commands.newsletter("doctor", *words, cwd=folder, **{**values, **environment})
    assert "Traceback" not in done.stderr
    return done


def told(done: Done) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Return the diagnoses by group and name."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for diagnosis in json.loads(done.stdout)["diagnoses"]:
        found.setdefault((diagnosis["group"], diagnosis["name"]), []).append(diagnosis)
    return found


def test_a_newsletter_that_is_well(tmp_path: Path, root: Path, zone: Zone, mail: Mail) -> None:
    """Exit status 0; every group has its say; no mail left, and no database was made."""
    folder = write(tmp_path, root, NEWSLETTER.replace("PORT", str(mail.port)))
    done = doctor(folder, "--json", "--resolver", zone.address)
    found = told(done)

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["ok"] is True
    assert {group for group, _ in found} == {
        "configuration", "DNS", "mail server", "test message", "site", "sources", "machine",
    }  # fmt: skip
    assert found["DNS", "DKIM r1"][0]["level"] == "good"
    assert found["DNS", "alignment"][0]["level"] == "good"
    assert mail.messages == []
    assert not (folder / "ledger.db").exists()


def test_the_page_says_how_to_mend_and_where(tmp_path: Path, root: Path, zone: Zone) -> None:
    """An unpublished key: the record, and the line of the setting; no mail server: the host."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    folder = write(tmp_path, root, NEWSLETTER.replace("PORT", str(port)))
    zone.names = {**zone.names, f"r1._domainkey.{DOMAIN}": {}}
    done = doctor(folder, "--resolver", zone.address)
    quiet = doctor(folder, "--quiet", "--resolver", zone.address)

    assert done.returncode == 1
    assert "2 of " in done.stderr
    assert f"publish: r1._domainkey.{DOMAIN} TXT v=DKIM1; k=rsa; p=MII" in done.stdout
    assert "see config/newsletter.yaml:6:9" in done.stdout
    assert "connection refused" in done.stdout
    assert "see config/newsletter.yaml:10:3" in done.stdout
    assert "good" in done.stdout
    assert "good" not in quiet.stdout
    assert "PRIVATE" not in done.stdout


def test_an_outbox_is_not_checked_and_that_is_no_problem(tmp_path: Path, root: Path) -> None:
    """Nothing leaves: nobody is asked, and a test cannot be sent."""
    folder = write(tmp_path, root, "name: Daily\nfrom: p@news.example.org\n")
    found = told(done := doctor(folder, "--json", "--send", "a@readers.example"))

    assert done.returncode == 0
    for group, name in (("DNS", "DNS"), ("mail server", "connection"), ("test message", "sent")):
        (diagnosis,) = found[group, name]
        assert diagnosis["level"] == "not checked"
        assert "transport: outbox" in diagnosis["found"]


def test_settings_that_cannot_be_read_are_diagnoses(tmp_path: Path, root: Path) -> None:
    """All mistakes, with their places; the rest is not checked."""
    folder = write(tmp_path, root, "name: Daily\nfrom: nobody\nfancy: 1\n")
    done = doctor(folder)

    assert done.returncode == 1
    assert "see config/newsletter.yaml:2:7" in done.stdout
    assert "everything else: " in done.stdout


@pytest.mark.parametrize("host", ["smtp.far.example", "192.0.2.77", "2001:db8::77"])
def test_offline_is_one_line(tmp_path: Path, root: Path, host: str) -> None:
    """No resolver answers, no name can be looked up, and there is no way to an address: one cause."""
    apart = ["unshare", "--net"]
    if subprocess.run([*apart, "true"], capture_output=True, check=False).returncode:
        pytest.skip("only root may take the network away from a program")
    text = NEWSLETTER.replace("localhost", f"'{host}'").replace("PORT", "587")
    folder = write(tmp_path, root, f"{text}site: https://site.example\n")
    done = subprocess.run(
        [*apart, *commands.PROGRAM, "doctor", "--json"], cwd=folder, capture_output=True, text=True,
        check=False, timeout=100, env={**os.environ, "SECRET": SECRET, "KEY": KEY},
    )  # fmt: skip
    found = told(done)

    assert done.returncode == 1
    (away,) = found["network", "network"]
    assert "not checked: DNS, mail server, site" in away["found"]
    assert not [group for group, _ in found if group in ("DNS", "mail server", "site")]


def test_a_domain_that_is_silent_is_not_our_network(
    tmp_path: Path, root: Path, zone: Zone, mail: Mail
) -> None:
    """The root answers: so it is the domain's own servers that are away."""
    folder = write(tmp_path, root, NEWSLETTER.replace("PORT", str(mail.port)))
    zone.names = {"": {"NS": ["a.root.example."]}, "*.org": {"*": SILENT}}
    found = told(doctor(folder, "--json", "--resolver", zone.address))

    assert "no answer in time" in found["DNS", "SPF"][0]["found"]
    assert "look at the name servers" in found["DNS", "SPF"][0]["mend"]


def test_a_password_is_never_shown(tmp_path: Path, root: Path, zone: Zone) -> None:
    """A server repeats it, and it is short: still it is not shown."""
    with smtp_server(security="starttls", auth=True, repeats_password=True) as mail:
        assert mail.tls is not None
        mail.tls.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        text = NEWSLETTER.replace("PORT", str(mail.port)).replace(
            "security: none", "security: starttls"
        )
        text += "  username: ${USER}\n  password: ${PASS}\n"
        folder = write(tmp_path, root, text)
        trust = {"SSL_CERT_FILE": str(tmp_path / "ca.pem")}
        done = doctor(folder, "--resolver", zone.address, USER="u", PASS="hors3", **trust)
        unset = doctor(folder, "--resolver", zone.address, **trust)

    assert "user name or password refused" in done.stdout
    assert "535 5.7.8 *** is not the password" in done.stdout
    assert "hors3" not in done.stdout + done.stderr
    assert (done.returncode, unset.returncode) == (1, 1)
    assert "PASS" in unset.stdout


@pytest.mark.parametrize("words", [("--send", "nobody"), ("--wait", "-1"), ("--wait", "x")])
def test_wrong_usage(tmp_path: Path, root: Path, words: tuple[str, ...]) -> None:
    """Before anybody is asked."""
    folder = write(tmp_path, root, "name: Daily\nfrom: p@news.example.org\n")

    assert doctor(folder, *words).returncode == 2


def test_a_resolver_that_is_none_is_a_diagnosis(tmp_path: Path, root: Path, mail: Mail) -> None:
    """All other groups are looked at."""
    folder = write(tmp_path, root, NEWSLETTER.replace("PORT", str(mail.port)))
    found = told(doctor(folder, "--json", "--resolver", "dns.example"))

    assert "not the address of a resolver" in found["DNS", "resolver"][0]["found"]
    assert ("mail server", "connection") in found


def test_a_database_that_cannot_be_used_is_a_diagnosis(tmp_path: Path, root: Path) -> None:
    """So is what it would have told."""
    folder = write(tmp_path, root, "name: D\nfrom: p@news.example.org\ndatabase: sqlite:///x.db\n")
    (folder / "x.db").write_bytes(b"no database at all, but long enough to be taken for one" * 50)
    found = told(done := doctor(folder, "--json"))

    assert done.returncode == 1
    assert "see" not in found["machine", "database"][0]["found"]
    assert found["sources", "sources"][0]["level"] == "not checked"


def test_a_test_mail_is_sent_and_read_back(tmp_path: Path, root: Path, zone: Zone) -> None:
    """By a server that puts it into a Maildir; List-Unsubscribe-Post is in `h=`."""
    box = tmp_path / "box"
    for part in ("new", "cur", "tmp"):
        (box / part).mkdir(parents=True)

    with smtp_server() as mail:
        mail.on_message = lambda message: _keep(box, message.content)
        text = NEWSLETTER.replace("PORT", str(mail.port)) + "site: https://127.0.0.1:1\n"
        folder = write(tmp_path / "letter", root, text)
        words = ("--json", "--resolver", zone.address, "--send", "me@readers.example")
        found = told(doctor(folder, *words, "--mailbox", str(box)))
        lost = told(doctor(folder, *words, "--mailbox", str(tmp_path / "letter"), "--wait", "0"))
        alone = told(doctor(folder, *words))

    assert [message.recipient for message in mail.messages] == ["me@readers.example"] * 3
    assert re.search(rb"\r\nSubject: \[Test [0-9a-f]{10}\] ", mail.messages[0].content)
    test = {
        name: diagnoses for (group, name), diagnoses in found.items() if group == "test message"
    }
    assert [test[name][0]["level"] for name in ("sent", "headers", "DKIM", "one click")] == [
        "good"
    ] * 4
    assert "not in" in lost["test message", "read back"][0]["found"]
    assert alone["test message", "read back"][0]["level"] == "not checked"


def _keep(box: Path, content: bytes) -> None:
    (box / "new" / str(len(list((box / "new").iterdir())))).write_bytes(content)


def test_a_test_mail_that_is_refused(tmp_path: Path, root: Path, zone: Zone) -> None:
    """Nobody waits for it."""
    with smtp_server(rcpt_replies={"me@readers.example": "550 5.1.1 no such user"}) as mail:
        folder = write(tmp_path, root, NEWSLETTER.replace("PORT", str(mail.port)))
        words = ("--json", "--resolver", zone.address, "--send", "me@readers.example")
        done = doctor(folder, *words, "--mailbox", str(tmp_path))

    assert done.returncode == 1
    assert "550 5.1.1 no such user" in told(done)["test message", "sent"][0]["found"]


def test_a_slip_in_the_mailbox_is_told_before_a_mail_leaves(
    tmp_path: Path, root: Path, zone: Zone, mail: Mail
) -> None:
    """A password in its address is not shown."""
    folder = write(tmp_path, root, NEWSLETTER.replace("PORT", str(mail.port)))
    words = ("--json", "--resolver", zone.address, "--send", "me@readers.example")
    done = doctor(folder, *words, "--mailbox", "imaps://me:hors3@mail.example/INBOX")

    assert "not here" in told(done)["test message", "read back"][0]["found"]
    assert "hors3" not in done.stdout
    assert mail.messages == []


def test_the_health_of_sources_alone_asks_nobody(tmp_path: Path, root: Path) -> None:
    """What was taken out of the configuration is forgotten."""
    with http_server() as web:
        folder = write_newsletter(
            tmp_path, root,
            newsletter="name: D\nfrom: p@news.example.org\ndatabase: sqlite:///x.db\n",
            sources=f"private_networks: [127.0.0.1]\nsources:\n  - {{name: Old, url: '{web.url}/a'}}\n",
        )  # fmt: skip
        commands.newsletter("collect", cwd=folder)
        sick = doctor(folder, "--sources")
        path = folder / "config" / "sources.yaml"
        path.write_text(path.read_text().replace("Old", "New").replace("/a", "/b"))
        asked = len(web.requests)
        well_ = doctor(folder, "--sources", "--json")

        assert len(web.requests) == asked
    assert (sick.returncode, well_.returncode) == (1, 0)
    assert "1 of 1 sources need a look" in sick.stderr
    assert [source["source"] for source in json.loads(well_.stdout)["sources"]] == ["New"]


def test_sendmail_is_looked_for(tmp_path: Path, root: Path, zone: Zone) -> None:
    """What it does with mail is its own; mail leaves from this machine."""
    text = NEWSLETTER.replace("transport: smtp", "transport: sendmail").replace("PORT", "25")
    folder = write(tmp_path, root, f"{text}  command: [/no/such/sendmail]\n")
    found = told(doctor(folder, "--json", "--resolver", zone.address))

    assert "no such command" in found["mail server", "command"][0]["found"]


def test_the_site_s_links_are_tried(tmp_path: Path, root: Path, zone: Zone, mail: Mail) -> None:
    """With a link that this secret signed, as they stand in mails."""
    with http_server(archive=Page(b"x")) as web:
        text = NEWSLETTER.replace("PORT", str(mail.port)) + f"site: {web.url}\n"
        folder = write(tmp_path, root, text)
        found = told(doctor(folder, "--json", "--resolver", zone.address))
        asked = [path for path, _ in web.requests]

    assert found["site", "archive"][0]["level"] == "good"
    assert found["site", "unsubscribe"][0]["level"] == "error"
    assert any(path.startswith("/u/") for path in asked)


def test_postfix_and_dovecot(tmp_path: Path, root: Path, zone: Zone) -> None:
    """Real servers: STARTTLS, a login, the mail delivered by LMTP and read back over IMAP."""
    with mail_folder(2) as servers, dovecot(servers), postfix(servers):
        text = NEWSLETTER.replace("PORT", str(servers.smtp)).replace(
            "security: none", "security: starttls"
        )
        text += "  username: ${USER}\n  password: ${PASS}\n"
        text += f"  returns: imaps://r0@localhost:{servers.imaps}/INBOX\n"
        text += "site: https://127.0.0.1:1\n"
        folder = write(tmp_path, root, text)
        done = doctor(
            folder, "--json", "--resolver", zone.address, "--send", "r0@readers.example",
            USER="r1", PASS=PASSWORD, SSL_CERT_FILE=str(servers.authority),
            NEWSLETTER_IMAP_PASSWORD=PASSWORD, PATH=os.environ["PATH"],
        )  # fmt: skip
        found = told(done)

    server = {
        name: diagnoses[0] for (group, name), diagnoses in found.items() if group == "mail server"
    }
    test = {
        name: diagnoses[0] for (group, name), diagnoses in found.items() if group == "test message"
    }
    assert {name: diagnosis["level"] for name, diagnosis in server.items()} == dict.fromkeys(
        ("connection", "certificate", "login", "SIZE", "PIPELINING", "DSN", "sender"), "good"
    )
    assert [test[name]["level"] for name in ("sent", "headers", "DKIM", "one click")] == [
        "good"
    ] * 4
    assert PASSWORD not in done.stdout
