"""Sending and what comes back, as an operator meets them: the commands, end to end."""

from __future__ import annotations

import contextlib
import datetime as dt
import email
import json
import re
import shutil
import sqlite3
import stat
from collections import Counter
from pathlib import Path
from typing import Any

import commands
import dkim
import pytest
import yaml
from commands import Done
from faultserver import DROP, Faults, fault_server
from makers import write_newsletter
from servers import Page, http_server

from newsletter import links
from newsletter.cli.rehearsing import GONE, load_preview
from newsletter.send.signatures import dns_record, load_key, make_key
from newsletter.store import TallyStore, open_database
from newsletter.store.tables import audiences, blocks, deliveries, editions

RSS = b"""<rss version='2.0'><channel><title>x</title>
<item><title>Agents of language models</title><link>https://arxiv.org/abs/2603.99001</link>
<description>We propose agents.</description></item></channel></rss>"""
SECRET = "signs bounce addresses, with 32 bytes"
READERS = ("ada", "bo", "cy")
KEYS = {"DKIM_R1": make_key("rsa").decode(), "DKIM_E1": make_key("ed25519").decode()}


def newsletter(folder: Path, *words: str, **more: str) -> Done:
    return commands.newsletter(*words, cwd=folder, **{"SECRET": SECRET, **KEYS, **more})


def as_json(done: Done) -> Any:
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def letter(tmp_path: Path, root: Path) -> Any:
    """Return a newsletter with three readers, one local source and a mail server that can fail."""
    with http_server(feed=Page(RSS)) as web, fault_server() as faults:
        people = "".join(f"  - {{email: {name}@readers.example}}\n" for name in READERS)
        write_newsletter(
            tmp_path,
            root,
            newsletter=f"""name: Daily
from: papers@news.example.org
secret: ${{SECRET}}
dkim:
  - {{selector: r1, key: "${{DKIM_R1}}"}}
  - {{selector: e1, key: "${{DKIM_E1}}"}}
delivery:
  transport: smtp
  host: 127.0.0.1
  port: {faults.port}
  security: none
  connections: 1
  bounce: bounce@news.example.org
  complaints: fbl@news.example.org
""",
            sources=f"private_networks: [127.0.0.1]\nsources:\n  - {{name: Feed, url: '{web.url}/feed'}}\n",
            subscribers=f"subscribers:\n{people}",
        )
        yield tmp_path, faults


def sender_of(faults: Faults, name: str) -> str:
    """Return the envelope sender of the mail to somebody."""
    place = next(
        n for n, command in enumerate(faults.commands) if command.startswith(f"RCPT TO:<{name}@")
    )
    found = re.search(r"<(.*?)>", faults.commands[place - 1])
    assert found
    return found[1]


def dsn(to: str, reader: str, diagnostic: str = "550 5.1.1 User unknown") -> str:
    return (
        f"From: MAILER-DAEMON@mx.example.org\nTo: <{to}>\nSubject: Undelivered\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n--b\n'
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\n"
        f"Final-Recipient: rfc822; {reader}\nAction: failed\nStatus: 5.1.1\n"
        f"Diagnostic-Code: smtp; {diagnostic}\n\n--b--\n"
    )


def test_every_mail_is_signed_and_has_a_bounce_address_of_its_own(
    letter: tuple[Path, Faults],
) -> None:
    """Two good signatures; the envelope says whose mail it is, and nobody can make one up."""
    folder, faults = letter
    assert newsletter(folder, "run", "--quiet").returncode == 0

    keys = [
        load_key(KEYS[f"DKIM_{selector.upper()}"].encode(), "news.example.org", selector)
        for selector in ("r1", "e1")
    ]
    records = {f"{name}.".encode(): text.encode() for name, text in map(dns_record, keys)}
    for _, raw in faults.messages:
        checker = dkim.DKIM(raw)
        for place in range(2):
            assert checker.verify(idx=place, dnsfunc=lambda name, **_: records.get(name))
            assert b"cfbl-address" in {name.lower() for name in checker.include_headers}
        assert b"\r\nCFBL-Address: fbl@news.example.org; report=arf\r\n" in raw
    senders = {sender_of(faults, name) for name in READERS}
    assert len(senders) == 3
    for sender in senders:
        tag = sender.partition("@")[0].removeprefix("bounce+")
        found = links.read_bounce_tag([SECRET.encode()], tag)
        assert found
        assert found[0] <= dt.datetime.now(dt.UTC).date()


def test_bounces_are_read_once_and_only_when_they_are_ours(letter: tuple[Path, Faults]) -> None:
    """A forged one changes nothing; ours suppresses; the next issue leaves that reader out."""
    folder, faults = letter
    newsletter(folder, "run", "--quiet")
    box = folder / "box"
    box.mkdir()
    (box / "1.eml").write_text(dsn(sender_of(faults, "ada"), "ada@readers.example"))
    (box / "2.eml").write_text(dsn("bounce@news.example.org", "bo@readers.example"))
    (box / "3.eml").write_text(
        dsn(sender_of(faults, "cy"), "cy@readers.example", "552 5.2.2 mailbox full")
    )
    (box / "4.eml").write_text("From: cy@readers.example\nSubject: Out of office\n\nMonday.\n")
    (box / "5.eml").write_bytes(b"\xff\xfe nothing at all")

    done = newsletter(folder, "bounces", "box", "--json")
    first = as_json(done)
    again = as_json(newsletter(folder, "bounces", "box", "--json"))

    assert first["suppressed"] == ["ada@readers.example"]
    assert first["read"] == {"no-mailbox": 2, "full": 1, "reply": 1, "unreadable": 1}
    assert (again["new"], again["suppressed"]) == (0, [])
    assert done.returncode == 1
    assert len(list((folder / "outbox" / "faults").glob("*.input"))) == 1
    listed = as_json(newsletter(folder, "suppressions", "list", "--json"))["suppressions"]
    assert [(row["email"], row["verdict"], row["source"]) for row in listed] == [
        ("ada@readers.example", "no-mailbox", "bounce")
    ]
    csv = newsletter(folder, "suppressions", "export").stdout
    assert csv.splitlines()[0] == "email,since,verdict,source,evidence"
    assert newsletter(folder, "suppressions", "remove", "ada@readers.example").returncode == 0
    assert newsletter(folder, "suppressions", "remove", "ada@readers.example").returncode == 1
    missing = newsletter(folder, "bounces", "nowhere")
    assert missing.returncode == 1
    assert "no such file or folder" in missing.stderr


def test_a_mailbox_of_either_kind_is_read(letter: tuple[Path, Faults]) -> None:
    """Mbox and Maildir, as mail servers on this machine write them."""
    folder, faults = letter
    newsletter(folder, "run", "--quiet")
    report = dsn(sender_of(faults, "ada"), "ada@readers.example")
    (folder / "mbox").write_text(f"From MAILER-DAEMON Tue Mar 17 06:30:00 2026\n{report}\n")
    for part in ("new", "cur", "tmp"):
        (folder / "Maildir" / part).mkdir(parents=True)
    other = dsn(sender_of(faults, "bo"), "bo@readers.example")
    (folder / "Maildir" / "new" / "1.host").write_text(other)

    assert as_json(newsletter(folder, "bounces", "mbox", "--json"))["suppressed"] == [
        "ada@readers.example"
    ]
    assert as_json(newsletter(folder, "bounces", "Maildir", "--json"))["suppressed"] == [
        "bo@readers.example"
    ]


def test_a_refusal_for_good_is_remembered(letter: tuple[Path, Faults]) -> None:
    """Status says what it was about, and the address is suppressed."""
    folder, faults = letter
    faults.rcpt = lambda address: (
        "550 5.1.1 User unknown" if address.startswith("bo@") else "250 fine"
    )

    done = newsletter(folder, "run")
    told = as_json(newsletter(folder, "status", "--json"))

    assert done.returncode == 0
    assert told["failed"] == {"no-mailbox": 1}
    assert told["deliveries"]["accepted"] == 2
    assert told["not_accepted"][0]["verdict"] == "no-mailbox"
    assert "bo@readers.example" in newsletter(folder, "suppressions", "list").stdout


def test_numbers_of_an_issue_outlive_its_deliveries(
    letter: tuple[Path, Faults], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Status tells them for ever; who it was is not kept any more, and it says so."""
    folder, faults = letter
    faults.rcpt = lambda address: "550 5.1.1 unknown" if address[:3] == "bo@" else "250 fine"
    for name, value in {"SECRET": SECRET, **KEYS}.items():
        monkeypatch.setenv(name, value)
    another = str(dt.datetime.now(dt.UTC).date() + dt.timedelta(days=2))
    newsletter(folder, "run", "--quiet", "--date", another)
    before = as_json(newsletter(folder, "status", "--json"))
    with open_database("sqlite:///outbox/newsletter.db", folder) as database:
        assert TallyStore(database).close(
            dt.date.fromisoformat(before["date"]) + dt.timedelta(days=1)
        )
        with database.transaction() as connection:
            for table in (deliveries, audiences, editions, blocks):
                connection.execute(table.delete())

    after = as_json(newsletter(folder, "status", "--json"))
    told = newsletter(folder, "status").stdout

    assert before["failed"] == {"no-mailbox": 1}
    assert after == {**before, "not_accepted": []}
    assert "failed: no-mailbox" in told
    assert "who they are is not kept any more" in told
    preview = load_preview(folder / "config", before["date"])
    assert (preview.editions, preview.notes[-1]) == ((), GONE)
    again = newsletter(folder, "send", "--only", "failed", "--date", before["date"])
    assert again.returncode == 1
    assert "closed" in again.stderr


def test_pause_resume_cancel(letter: tuple[Path, Faults]) -> None:
    """Paused, nothing leaves; resumed, it does; cancelled, what waits is given up."""
    folder, faults = letter
    faults.rcpt = lambda _address: "450 4.2.0 later"
    newsletter(folder, "run", "--quiet")
    date = as_json(newsletter(folder, "status", "--json"))["date"]
    faults.rcpt = lambda _address: "250 fine"

    assert newsletter(folder, "pause").returncode == 0  # the last issue
    held = newsletter(folder, "send", "--only", "deferred", "--date", date)
    assert held.returncode == 3
    assert "paused by the operator" in held.stderr
    assert faults.messages == []
    told = as_json(newsletter(folder, "status", "--json"))
    assert (told["state"], told["halted"]) == ("paused", "paused by the operator")
    resumed = newsletter(folder, "resume", date)
    assert resumed.returncode == 0
    assert f"{date}: 3 mails go on" in resumed.stdout
    assert "second time" not in resumed.stdout
    assert newsletter(folder, "send", "--to", "ada@readers.example", "--date", date).returncode == 3
    assert len(faults.messages) == 1
    assert "2 deliveries will not be sent" in newsletter(folder, "cancel", date).stdout
    counts = as_json(newsletter(folder, "status", "--json"))["deliveries"]
    assert (counts["accepted"], counts["cancelled"], counts["audience"]) == (1, 2, 3)
    assert newsletter(folder, "resume", date).returncode == 2
    assert newsletter(folder, "pause", "2001-01-01").returncode == 2


def test_what_was_cancelled_stays_so_and_is_done_with(letter: tuple[Path, Faults]) -> None:
    """It is not paused and resumed into life again, nor sent again, and every later run is done."""
    folder, faults = letter
    faults.rcpt = lambda address: f"{450 if address.startswith('bo@') else 550} 5.7.1 not now"
    newsletter(folder, "run", "--quiet")
    date = as_json(newsletter(folder, "status", "--json"))["date"]
    faults.rcpt = lambda _address: "250 fine"

    newsletter(folder, "cancel", date)
    paused = newsletter(folder, "pause", date)
    again = newsletter(folder, "send", "--only", "failed")
    run = newsletter(folder, "run", "--quiet")

    assert paused.returncode == 2
    assert "was cancelled, and stays so" in " ".join(paused.stderr.split())
    assert again.returncode == 1
    assert "was cancelled, for good" in again.stderr
    assert (run.returncode, run.stderr) == (0, "")
    told = as_json(newsletter(folder, "status", "--json"))
    assert (told["state"], told["halted"]) == ("cancelled", "cancelled")
    assert (told["deliveries"]["failed"], told["deliveries"]["cancelled"]) == (2, 1)
    assert faults.messages == []


def test_sending_again_to_one_reader_is_about_nobody_else(letter: tuple[Path, Faults]) -> None:
    """Whose mail is in doubt gets no second one because another reader asked for it."""
    folder, faults = letter
    faults.answer = lambda _address: DROP
    newsletter(folder, "run", "--quiet")
    faults.answer = lambda _address: "250 fine"

    again = ("send", "--to", "Bo@readers.example", "--only", "unknown")
    told = as_json(newsletter(folder, *again, "--dry-run", "--json"))
    done = newsletter(folder, *again)
    run = newsletter(folder, "run", "--quiet")

    assert told["would_send"] == 1
    assert (done.returncode, run.returncode) == (0, 0)
    counts = Counter(address for address, _ in faults.messages)
    assert counts == {"ada@readers.example": 1, "bo@readers.example": 2, "cy@readers.example": 1}


def test_a_rehearsal_tells_what_sending_would_do(letter: tuple[Path, Faults]) -> None:
    """Not who has to wait, nor who left; nothing of an issue that is paused, and why."""
    folder, faults = letter
    faults.rcpt = lambda _address: "450 4.2.0 later"
    newsletter(folder, "run", "--quiet")
    date = as_json(newsletter(folder, "status", "--json"))["date"]
    people = folder / "config" / "subscribers.yaml"
    rehearse = ("send", "--dry-run", "--json")

    waiting = as_json(newsletter(folder, *rehearse))
    due = as_json(newsletter(folder, *rehearse, "--only", "deferred"))
    people.write_text(people.read_text("utf-8").replace("  - {email: bo@readers.example}\n", ""))
    left = as_json(newsletter(folder, *rehearse, "--only", "deferred"))
    newsletter(folder, "pause", date)
    paused = newsletter(folder, "send", "--dry-run", "--only", "deferred")

    assert [answer["would_send"] for answer in (waiting, due, left)] == [0, 3, 2]
    assert paused.returncode == 1
    assert "would send 0" in paused.stdout
    assert f"the issue of {date} is paused by the operator" in paused.stderr


def test_a_key_and_its_record(letter: tuple[Path, Faults]) -> None:
    """The key alone on standard output, so that it can go where secrets are kept."""
    folder, _ = letter
    for algorithm in ("rsa", "ed25519"):
        done = newsletter(folder, "dkim-key", "--algorithm", algorithm, "--selector", "x1")
        name, text = dns_record(load_key(done.stdout.encode(), "news.example.org", "x1"))
        assert name in done.stderr
        assert text in done.stderr.replace("\n", "")
        assert "PRIVATE" not in done.stderr
        hint = done.stderr[done.stderr.index("  dkim:") :]
        assert yaml.safe_load(hint)["dkim"][0] == {"selector": "x1", "key": "${DKIM_X1}"}
    told = as_json(newsletter(folder, "dkim-key", "--json"))
    assert told["name"] == "r1._domainkey.news.example.org"


def test_the_first_key_is_made_before_the_environment_has_it(tmp_path: Path) -> None:
    """newsletter.yaml may name it already; only the domain is read, and without one it is told."""
    config = tmp_path / "config"
    config.mkdir()
    path = config / "newsletter.yaml"
    path.write_text("from: a@news.example.org\ndkim:\n  - {selector: x, key: '${DKIM_X}'}\n")

    made = newsletter(tmp_path, "dkim-key", "--algorithm", "ed25519")
    assert made.returncode == 0
    assert "e1._domainkey.news.example.org" in made.stderr
    path.write_text("name: A letter\n")
    refused = newsletter(tmp_path, "dkim-key")
    assert refused.returncode == 1
    assert "newsletter.yaml:1:1: `from` needs an address" in refused.stderr


def test_a_wrong_key_is_told_at_its_place_and_not_shown(letter: tuple[Path, Faults]) -> None:
    """One line, with the file and the remedy."""
    folder, _ = letter
    done = newsletter(folder, "check", DKIM_R1="hunter2")

    assert done.returncode == 1
    assert re.search(r"newsletter\.yaml:5:\d+: not a private key", done.stderr)
    assert "hunter2" not in done.stderr


def test_mail_by_a_command(letter: tuple[Path, Faults]) -> None:
    """`sendmail` gets each message on its standard input; its exit status says what became of it."""
    folder, _ = letter
    script = folder / "mailer"
    script.write_text(
        '#!/bin/sh\ncase "$5" in bo@*) echo no such user >&2; exit 67;; cy@*) exit 75;; esac\n'
        f'cat > {folder}/"$5"\n'
    )
    script.chmod(script.stat().st_mode | stat.S_IEXEC)
    path = folder / "config" / "newsletter.yaml"
    path.write_text(
        "name: Daily\nfrom: papers@news.example.org\n"
        f"delivery: {{transport: sendmail, command: [{script}], connections: 1}}\n"
    )

    done = newsletter(folder, "run")
    told = as_json(newsletter(folder, "status", "--json"))

    assert done.returncode == 3
    counts = told["deliveries"]
    assert (counts["accepted"], counts["failed"], counts["deferred"]) == (1, 1, 1)
    message = email.message_from_bytes((folder / "ada@readers.example").read_bytes())
    assert message["To"] == "<ada@readers.example>"
    path.write_text(path.read_text().replace(str(script), "/nowhere/mailer"))
    missing = newsletter(folder, "send", "--only", "failed,deferred")
    assert missing.returncode == 3
    assert "/nowhere/mailer" in missing.stderr


def test_an_outbox_that_cannot_be_written_loses_nothing(letter: tuple[Path, Faults]) -> None:
    """One clear line; once it is mended the next run sends all."""
    folder, _ = letter
    path = folder / "config" / "newsletter.yaml"
    path.write_text("name: Daily\nfrom: papers@news.example.org\n")
    collected = newsletter(folder, "collect")
    assert collected.returncode == 0
    newsletter(folder, "render")
    (made,) = [entry for entry in (folder / "outbox").iterdir() if entry.is_dir()]
    # A file stands where the folder of messages should be.
    (made / "eml").write_text("in the way")

    stopped = newsletter(folder, "run")
    assert stopped.returncode == 1
    assert "nothing was lost" in stopped.stderr
    (made / "eml").unlink()
    done = newsletter(folder, "run")

    assert done.returncode == 0, done.stderr
    assert as_json(newsletter(folder, "status", "--json"))["deliveries"]["accepted"] == 3


def set_delivery(folder: Path, old: str, new: str) -> None:
    path = folder / "config" / "newsletter.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_a_spent_rate_ends_and_says_when(letter: tuple[Path, Faults]) -> None:
    """One reader more than a day allows: status 3, and when to go on; as many: done, also again."""
    folder, faults = letter
    set_delivery(folder, "connections: 1", "connections: 1\n  rate: 2/day")

    spent = newsletter(folder, "run", "--quiet")
    sent_first = len(faults.messages)
    set_delivery(folder, "rate: 2/day", "rate: 3/day")
    done = newsletter(folder, "run", "--quiet")
    again = newsletter(folder, "run", "--quiet")

    assert (spent.returncode, sent_first) == (3, 2)
    assert re.search(r"a rate .* is spent: run again at 20\d\d-\d\d-\d\d", spent.stderr)
    assert (done.returncode, again.returncode) == (0, 0)
    assert len(faults.messages) == 3


def test_a_rehearsal_logs_in_and_sends_nothing(letter: tuple[Path, Faults]) -> None:
    """It says how many would leave, and by which server; what keeps them is named, with status 1."""
    folder, faults = letter
    newsletter(folder, "collect")
    told = as_json(newsletter(folder, "send", "--dry-run", "--json"))
    assert (told["would_send"], told["error"]) == (3, "")
    assert told["way"] == f"127.0.0.1:{faults.port} (no TLS)"
    assert [command.split(" ")[0] for command in faults.commands] == ["EHLO", "QUIT"]
    assert as_json(newsletter(folder, "status", "--json"))["number"] is None

    set_delivery(folder, "security: none", "security: starttls")
    refused = newsletter(folder, "send", "--dry-run")
    assert refused.returncode == 1
    assert "no STARTTLS there" in refused.stderr
    assert "would send 3; nothing was sent" in refused.stdout


def test_one_reader_alone_plans_the_issue_and_says_so(letter: tuple[Path, Faults]) -> None:
    """`send --to` sends one of three, and tells that the others wait."""
    folder, faults = letter
    newsletter(folder, "collect")

    done = newsletter(folder, "send", "--to", "ada@readers.example")

    assert done.returncode == 3
    assert "is planned now, for all 3 readers" in done.stderr
    assert "newsletter send-test" in done.stderr
    assert [recipient for recipient, _ in faults.messages] == ["ada@readers.example"]
    again = newsletter(folder, "send", "--to", "bo@readers.example")
    assert "is planned now" not in again.stderr


def test_a_test_mail_goes_to_anybody_and_plans_nothing(letter: tuple[Path, Faults]) -> None:
    """Marked, signed as the real ones are, of any edition; the ledger knows nothing of it."""
    folder, faults = letter
    newsletter(folder, "collect")

    told = as_json(newsletter(folder, "send-test", "me@elsewhere.example", "--json"))
    newsletter(folder, "send-test", "me@elsewhere.example", "--subscriber", "bo@readers.example")
    idn = as_json(newsletter(folder, "send-test", "me@bücher.example", "--json"))
    assert "sent to me@xn--bcher-kva.example" in idn["sent"]
    assert faults.messages.pop()[0] == "me@xn--bcher-kva.example"

    assert told["to"] == "me@elsewhere.example"
    assert [recipient for recipient, _ in faults.messages] == ["me@elsewhere.example"] * 2
    keys = [
        load_key(KEYS[f"DKIM_{selector.upper()}"].encode(), "news.example.org", selector)
        for selector in ("r1", "e1")
    ]
    records = {f"{name}.".encode(): text.encode() for name, text in map(dns_record, keys)}
    for _, raw in faults.messages:
        message = email.message_from_bytes(raw)
        assert message["To"] == "<me@elsewhere.example>"
        assert str(message["Subject"]).startswith("[Test] ")
        assert dkim.DKIM(raw).verify(dnsfunc=lambda name, **_: records.get(name))
        # The first key's signature stands on top.
        assert "s=r1" in str(message.get_all("DKIM-Signature", [])[0])
    assert as_json(newsletter(folder, "status", "--json"))["number"] is None
    assert newsletter(folder, "send-test", "nobody").returncode == 2
    unknown = newsletter(folder, "send-test", "me@elsewhere.example", "--edition", "nope")
    assert unknown.returncode == 2
    assert "there is no edition" in unknown.stderr
    faults.rcpt = lambda _address: "550 5.1.1 no such user"
    refused = newsletter(folder, "send-test", "me@elsewhere.example")
    assert refused.returncode == 1
    assert "550 5.1.1 no such user" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_who_comes_back_before_the_mail_went_out_gets_it(letter: tuple[Path, Faults]) -> None:
    """Taken off the list by mistake, and put on it again."""
    folder, faults = letter
    people = folder / "config" / "subscribers.yaml"
    whole = people.read_text("utf-8")
    faults.rcpt = lambda _address: "450 4.2.0 later"
    newsletter(folder, "run", "--quiet")
    date = as_json(newsletter(folder, "status", "--json"))["date"]
    faults.rcpt = lambda _address: "250 fine"

    people.write_text(whole.replace("  - {email: bo@readers.example}\n", ""), "utf-8")
    newsletter(folder, "send", "--date", date)
    left = as_json(newsletter(folder, "status", "--json"))["deliveries"]
    people.write_text(whole, "utf-8")
    newsletter(folder, "send", "--only", "deferred", "--date", date)
    back = as_json(newsletter(folder, "status", "--json"))["deliveries"]

    assert (left["cancelled"], left["deferred"]) == (1, 2)
    assert (back["accepted"], back["cancelled"]) == (3, 0)
    assert len(faults.messages) == 3


def test_two_newsletters_on_one_database_are_told(letter: tuple[Path, Faults]) -> None:
    """The second is refused in one line, before it touches the first one's readers."""
    folder, _ = letter
    newsletter(folder, "run", "--quiet")
    other = folder / "other"
    shutil.copytree(folder / "config", other / "config")
    set_delivery(
        other, "name: Daily", f"database: sqlite:///{folder}/outbox/newsletter.db\nname: B"
    )

    refused = newsletter(other, "run")

    assert refused.returncode == 1
    assert "this database belongs to “Daily”" in refused.stderr
    assert "set another `database` in newsletter.yaml" in refused.stderr
    assert "Traceback" not in refused.stderr
    set_delivery(folder, "name: Daily", "name: Weekly")
    assert newsletter(folder, "run").returncode == 0


def test_two_newsletters_as_init_wrote_them_are_told_apart(letter: tuple[Path, Faults]) -> None:
    """With one name and sender they differ by their folders: who moves leaves none behind."""
    folder, _ = letter
    shared = f"database: sqlite:///{folder}/shared.db\nname: Daily"
    set_delivery(folder, "name: Daily", shared)
    newsletter(folder, "run", "--quiet")
    other = folder / "other"
    shutil.copytree(folder / "config", other / "config")

    refused = newsletter(other, "run")
    own = newsletter(folder, "status")
    shutil.rmtree(folder / "config")
    moved = newsletter(other, "status")

    assert refused.returncode == 1
    assert "which is still there and uses it" in refused.stderr
    assert (own.returncode, moved.returncode) == (0, 0), own.stderr + moved.stderr


def test_a_copy_of_a_newsletter_with_its_database_is_not_locked_out(
    letter: tuple[Path, Faults],
) -> None:
    """A backup that was put back elsewhere has a database of its own, be the old one there or not."""
    folder, _ = letter
    newsletter(folder, "run", "--quiet")
    copy = folder / "copy"
    for part in ("config", "outbox"):
        shutil.copytree(folder / part, copy / part)

    assert newsletter(copy, "status").returncode == 0
    assert newsletter(folder, "status").returncode == 0


def test_a_reader_whose_time_zone_was_renamed_has_the_issue(letter: tuple[Path, Faults]) -> None:
    """Zones come and go with the system's tables: the date is then written in UTC."""
    folder, faults = letter
    faults.rcpt = lambda _address: "450 4.2.0 later"
    newsletter(folder, "run", "--quiet")
    date = as_json(newsletter(folder, "status", "--json"))["date"]
    faults.rcpt = lambda _address: "250 fine"
    with contextlib.closing(sqlite3.connect(folder / "outbox" / "newsletter.db")) as database:
        database.execute("UPDATE delivery SET timezone = 'Nowhere/None' WHERE email LIKE 'bo@%'")
        database.commit()

    newsletter(folder, "send", "--only", "deferred", "--date", date)

    assert as_json(newsletter(folder, "status", "--json"))["deliveries"]["accepted"] == 3


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("x'ff'", "a fault of this program (TypeError"),
        ("'Bo' || char(10) || 'Bcc: all'", "holds a control character"),
    ],
)
def test_a_reader_with_a_broken_name_costs_nobody_else(
    letter: tuple[Path, Faults], name: str, why: str
) -> None:
    """A fault in composing one message: told once, that one failed, everybody else has theirs."""
    folder, faults = letter
    faults.rcpt = lambda _address: "450 4.2.0 later"
    newsletter(folder, "run", "--quiet")
    date = as_json(newsletter(folder, "status", "--json"))["date"]
    faults.rcpt = lambda _address: "250 fine"
    with contextlib.closing(sqlite3.connect(folder / "outbox" / "newsletter.db")) as database:
        database.execute(f"UPDATE delivery SET name = {name} WHERE email LIKE 'bo@%'")
        database.commit()

    done = newsletter(folder, "send", "--only", "deferred", "--date", date)
    told = as_json(newsletter(folder, "status", "--json"))

    assert (told["deliveries"]["accepted"], told["deliveries"]["failed"]) == (2, 1)
    assert why in told["not_accepted"][0]["reason"]
    assert "Traceback" not in done.stderr


def test_what_waits_for_its_hour_is_told_and_is_no_failure(letter: tuple[Path, Faults]) -> None:
    """A dry run before and after the plan, the run itself, and the status: all say the same."""
    folder, faults = letter
    now = dt.datetime.now(dt.UTC)
    later = now + dt.timedelta(hours=2)
    people = "".join(
        f"  - {{email: {name}@readers.example, hour: {moment.hour}}}\n"
        for name, moment in (("ada", now), ("bo", later), ("cy", later))
    )
    (folder / "config" / "subscribers.yaml").write_text(f"subscribers:\n{people}", "utf-8")
    newsletter(folder, "collect")

    before = as_json(newsletter(folder, "send", "--dry-run", "--json"))
    of_bo = as_json(newsletter(folder, "send", "--dry-run", "--json", "--to", "bo@readers.example"))
    ran = newsletter(folder, "run")
    after = as_json(newsletter(folder, "send", "--dry-run", "--json"))
    status, as_text = newsletter(folder, "status", "--json"), newsletter(folder, "status")

    due = later.replace(minute=0, second=0, microsecond=0)
    words = f"for the hour that their readers chose, the next at {due:%Y-%m-%d %H:%M} UTC"
    assert (before["would_send"], before["later"]) == (1, 2)
    assert (of_bo["would_send"], of_bo["later"]) == (0, 1)
    assert (after["would_send"], after["later"]) == (0, 2)
    assert ran.returncode == status.returncode == as_text.returncode == 0
    assert ran.stdout.endswith(f": 1 sent now, 1 of 3 accepted, 2 wait {words}\n")
    assert ran.stderr == ""
    assert as_json(status)["later"] == {"count": 2, "next_at": due.isoformat()}
    assert {delivery["not_before"] for delivery in as_json(status)["not_accepted"]} == {
        due.isoformat()
    }
    assert words in " ".join(as_text.stdout.split())
    assert "bo@" not in as_text.stdout
    assert len(faults.messages) == 1


def test_a_site_without_readers_reads_well(letter: tuple[Path, Faults]) -> None:
    """run, status and check: no mail for anybody, and no error."""
    folder, faults = letter
    path = folder / "config" / "newsletter.yaml"
    path.write_text(f"site: https://news.example.org\n{path.read_text('utf-8')}", "utf-8")
    (folder / "config" / "subscribers.yaml").write_text("subscribers: []\n", "utf-8")

    check = newsletter(folder, "check")
    newsletter(folder, "collect")
    render = newsletter(folder, "render")
    ran = newsletter(folder, "run")
    status = newsletter(folder, "status")

    told = "made for the site: nobody gets it by mail"
    assert "nobody is on the list, so its issues go to the site alone" in check.stderr
    assert told in render.stdout
    assert (ran.returncode, ran.stderr) == (0, "")
    assert told in ran.stdout
    assert (status.returncode, told in status.stdout) == (0, True)
    assert faults.messages == []


def test_who_gets_no_mail_on_a_day_is_told_of(letter: tuple[Path, Faults]) -> None:
    """A test mail for a weekly reader says so on other days; `pick` shows nothing."""
    folder, _ = letter
    today = dt.datetime.now(dt.UTC).date()
    other = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[(today.weekday() + 3) % 7]
    path = folder / "config" / "newsletter.yaml"
    path.write_text(f"schedule: {{weekly: {other}}}\n{path.read_text('utf-8')}", "utf-8")
    people = "subscribers: [{email: ada@readers.example, cadence: weekly}]\n"
    (folder / "config" / "subscribers.yaml").write_text(people, "utf-8")
    newsletter(folder, "collect")

    own = ("--subscriber", "ada@readers.example")
    test = newsletter(folder, "send-test", "me@readers.example", *own)
    picked = as_json(newsletter(folder, "pick", *own, "--json"))
    ran = newsletter(folder, "run")

    assert test.returncode == 2
    assert "gets no mail of the issue that is due" in " ".join(
        test.stderr.replace("│", " ").split()
    )
    assert picked["picks"] == []
    assert (ran.returncode, "nothing to send" in ran.stdout) == (0, True)


def test_check_looks_at_the_editions_that_readers_ask_for(letter: tuple[Path, Faults]) -> None:
    """A weekly template that fails is an error once somebody wants weekly mail."""
    folder, _ = letter
    template = folder / "templates" / "weekly.mjml"
    text = template.read_text("utf-8").replace("letter.language", "letter.langwidge.x")
    template.write_text(text, "utf-8")

    before = newsletter(folder, "check")
    people = "subscribers: [{email: ada@readers.example, cadence: weekly, length: short}]\n"
    (folder / "config" / "subscribers.yaml").write_text(people, "utf-8")
    after = newsletter(folder, "check")

    assert before.returncode == 0
    assert after.returncode == 1
    assert "weekly.mjml" in after.stderr
