"""`newsletter bounces`, as an operator meets it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from commands import Done, newsletter
from imapserver import Box, imap_server
from makers import NOW, TODAY, make_delivery, plan, write_newsletter

from newsletter import links
from newsletter.model import SubscriberState
from newsletter.store import SubscriberStore, SuppressionStore, open_database

SECRET = "signs what comes back, and is long enough for it"
WHO = {name: f"{number:020x}" for number, name in enumerate(("r1", "r2"), 1)}
TAG = links.bounce_tag(SECRET.encode(), TODAY, WHO["r1"])
LINK = links.sign(SECRET.encode(), "unsubscribe", WHO["r1"])
NEWSLETTER = """name: Daily
from: papers@letter.test
secret: ${SECRET}
database: sqlite:///newsletter.db
delivery:
  bounce: bounce@letter.test
  complaints: fbl@letter.test
"""


@pytest.fixture
def folder(tmp_path: Path, root: Path) -> Path:
    """Return a newsletter that sent an issue to r1 and r2."""
    write_newsletter(tmp_path, root, newsletter=NEWSLETTER)
    planned = [
        make_delivery(name, subscriber=who, email=f"{name}@here.test") for name, who in WHO.items()
    ]
    database = open_database("sqlite:///newsletter.db", tmp_path)
    plan(database, planned)
    (tmp_path / "box").mkdir()
    return tmp_path


def bounces(folder: Path, *words: str, **more: str) -> Done:
    env = {"COLUMNS": "200", "SECRET": SECRET, **more}
    done = newsletter("bounces", *words, cwd=folder, **env)
    assert "Traceback" not in done.stderr
    return done


def read(folder: Path, *words: str, status: int = 0) -> Any:
    done = bounces(folder, *words, "--json")
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout)


def suppressed(folder: Path) -> list[str]:
    database = open_database("sqlite:///newsletter.db", folder)
    return [suppression.email for suppression in SuppressionStore(database).all()]


def report(text: str, to: str = f"bounce+{TAG}@letter.test") -> str:
    return f"Return-Path: <>\nFrom: MAILER-DAEMON@mx.test\nTo: <{to}>\nSubject: Undelivered\n\n{text}\n"


def complaint(link: str, names: str) -> str:
    return (
        "From: fbl@isp.test\nTo: fbl@letter.test\nMIME-Version: 1.0\n"
        "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n"
        "--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n"
        f"Original-Rcpt-To: {names}\n\n--b\nContent-Type: message/rfc822\n\nTo: <{names}>\n"
        f"List-Unsubscribe: <https://letter.test/s/unsubscribe/{link}>\n\nhi\n\n--b--\n"
    )


def test_a_complaint_suppresses_whose_link_it_carries(folder: Path) -> None:
    """The address that it names does not count; without a link of ours it counts for nobody."""
    (folder / "box" / "1").write_text(
        complaint("AQA3ZGQ1ZjY5OGFmZTYzZTY4NzcxNNuIYXiJS4YW", "r2@here.test")
    )
    assert read(folder, "box") == {
        "read": {"complaint": 1},
        "new": 1,
        "suppressed": [],
        "messages": 1,
        "no_reports": 0,
        "faults": 0,
    }
    (folder / "box" / "2").write_text(complaint(LINK, "r2@here.test"))
    assert read(folder, "box")["suppressed"] == ["r1@here.test"]
    assert suppressed(folder) == ["r1@here.test"]


def test_what_a_mail_server_writes_to_a_tag_is_believed(folder: Path) -> None:
    """A reply of class 5 at once; words alone not."""
    (folder / "box" / "1").write_text(report("<r1@here.test>: there is no such user"))
    assert read(folder, "box")["suppressed"] == []
    (folder / "box" / "2").write_text(report("<r1@here.test>:\n550: <r1@here.test>: User unknown"))
    assert read(folder, "box")["suppressed"] == ["r1@here.test"]


def test_the_mailbox_that_the_settings_name_is_read(folder: Path) -> None:
    """Without a mailbox on the command line; without either, it is asked for."""
    (folder / "box" / "1").write_text(report("<r1@here.test>: 550 5.1.1 no such user"))
    asked = bounces(folder)
    assert asked.returncode == 2
    assert "`returns:`" in asked.stderr
    path = folder / "config" / "newsletter.yaml"
    path.write_text(path.read_text("utf-8") + f"  returns: {folder / 'box'}\n", "utf-8")
    assert read(folder)["suppressed"] == ["r1@here.test"]


def test_mail_is_read_once_and_again_when_asked(folder: Path) -> None:
    """What was read is behind a mark; read again, the same report counts once."""
    (folder / "box" / "1").write_text(report("<r1@here.test>: 550 5.1.1 no such user"))

    first, second, third = (read(folder, "box", *more) for more in ((), (), ("--again",)))

    assert (first["new"], second["read"], third["read"], third["new"]) == (
        1,
        {},
        {"no-mailbox": 1},
        0,
    )


def test_without_a_secret_nothing_is_believed(folder: Path) -> None:
    """It is said in one line; once there is a secret, all is read again."""
    (folder / "box" / "1").write_text(report("<r1@here.test>: 550 5.1.1 no such user"))
    config = folder / "config" / "newsletter.yaml"
    config.write_text(NEWSLETTER.replace("secret: ${SECRET}\n", ""))

    without = bounces(folder, "box")

    assert without.returncode == 0
    assert without.stderr.count("\n") == 1
    assert "no `secret` in newsletter.yaml" in without.stderr
    assert suppressed(folder) == []
    config.write_text(NEWSLETTER)
    assert read(folder, "box")["suppressed"] == ["r1@here.test"]


def test_what_cannot_be_understood_is_kept_and_the_rest_is_read(folder: Path) -> None:
    """The exit status is 1. The output says how many, and where they are kept."""
    (folder / "box" / "1").write_bytes(b"Content-Type: message/rfc822\n\n" * 1000)
    (folder / "box" / "2").write_bytes(b"From: a@x.example\nSubject: =?utf-8?b?a?=\n\nhello\n")
    (folder / "box" / "3").write_text(report("<r1@here.test>: 550 5.1.1 no such user"))
    os.mkfifo(folder / "box" / "0")

    done = bounces(folder, "box")

    assert done.returncode == 1
    assert "1 message could not be read or understood; kept in" in done.stderr
    assert "outbox/faults/" in done.stderr
    assert suppressed(folder) == ["r1@here.test"]
    (kept,) = (folder / "outbox" / "faults").glob("*.input")
    assert kept.read_bytes() == (folder / "box" / "1").read_bytes()


def test_in_a_shared_mailbox_only_ours_is_marked_as_read(folder: Path) -> None:
    """Another newsletter's reports stay as they are, and are in nobody's way."""
    box = Box(messages={
        1: report("<x@here.test>: 550 5.1.1 no such user", to="bounce+other@else.test").encode(),
        2: report("<r1@here.test>: 550 5.1.1 no such user").encode(),
        3: b"From: r2@here.test\nTo: papers@letter.test\nSubject: thanks\n\nhi\n",
        4: b"From: r2@here.test\nTo: bounce@letter.test\nSubject: thanks\n\nhi\n",
    })  # fmt: skip
    box.authority.cert_pem.write_to_path(folder / "authority.pem")
    with imap_server(box):
        place = f"imaps://b@localhost:{box.port}"
        more = {
            "SSL_CERT_FILE": str(folder / "authority.pem"),
            "NEWSLETTER_IMAP_PASSWORD": "secret\n",
        }
        done = bounces(folder, place, "--json", **more)
        assert json.loads(done.stdout)["suppressed"] == ["r1@here.test"]
        assert box.seen == {2, 4}
        fetched = len([command for command in box.commands if "FETCH" in command])
        assert json.loads(bounces(folder, place, "--json", **more).stdout)["read"] == {}
        assert len([command for command in box.commands if "FETCH" in command]) == fetched == 4


def test_a_folder_may_be_named_in_any_bytes(folder: Path) -> None:
    """A name that is no UTF-8 is read, its mark is kept, and what cannot be read is kept too."""
    box = os.fsdecode(os.fsencode(folder) + b"/b\xff")
    Path(box).mkdir()
    Path(box, os.fsdecode(b"\xfe.eml")).write_bytes(b"\xff nothing at all")

    assert read(folder, box, status=1)["faults"] == 1
    assert read(folder, box) == {
        "read": {},
        "new": 0,
        "suppressed": [],
        "messages": 0,
        "no_reports": 0,
        "faults": 0,
    }


def test_a_mail_that_asks_to_leave_does_and_counts_once(folder: Path) -> None:
    """The subject is that of our List-Unsubscribe, signed; read again, it undoes no return."""
    (folder / "box" / "1").write_text(
        f"From: r1@here.test\nTo: papers@letter.test\nSubject: unsubscribe {LINK}\n\n"
    )
    (folder / "box" / "2").write_text(
        f"From: r2@here.test\nTo: papers@letter.test\nSubject: unsubscribe {WHO['r2']}\n\n"
    )
    (folder / "box" / "3").write_text(
        f"From: eve@evil.test\nTo: papers@letter.test\nSubject: Re: unsubscribe {LINK} please\n\n"
    )

    assert read(folder, "box")["read"]["unsubscribe"] == 1
    with open_database("sqlite:///newsletter.db", folder) as database:
        store = SubscriberStore(database, lambda: "new")
        states = {who: found.state for who in WHO.values() if (found := store.with_id(who))}
        assert states == {WHO["r1"]: SubscriberState.LEFT, WHO["r2"]: SubscriberState.ACTIVE}
        store.change("r1@here.test", SubscriberState.ACTIVE, "command", NOW)

    assert read(folder, "box", "--again")["new"] == 0
    with open_database("sqlite:///newsletter.db", folder) as database:
        back = SubscriberStore(database, lambda: "new").with_id(WHO["r1"])
        assert back is not None
        assert back.state is SubscriberState.ACTIVE
