"""A test mail is found again: in a folder, an mbox, a Maildir, and over IMAP."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from imapserver import Box, imap_server

from newsletter.errors import MailboxError
from newsletter.world.mailboxes import finder

MAIL = b"To: a@b.example\nSubject: [Test c0ffee] Daily\n\nBody.\n"
OTHER = b"To: a@b.example\nSubject: Daily\n\nSubject: [Test c0ffee]\n"


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def test_in_a_folder_and_in_a_maildir_that_is_not_there_yet(tmp_path: Path) -> None:
    """The mark counts in the head only."""
    box = tmp_path / "box"
    look = finder(str(box), "", "c0ffee", now())
    with pytest.raises(MailboxError, match="no such file"):
        look()
    for part in ("new", "cur", "tmp"):
        (box / part).mkdir(parents=True)
    (box / "new" / "1").write_bytes(OTHER)
    assert look() is None
    (box / "new" / "2").write_bytes(MAIL)

    assert look() == MAIL


def test_in_an_mbox_only_what_was_added(tmp_path: Path) -> None:
    """What was there before is not read again; one that was emptied is read from its start."""
    path = tmp_path / "mbox"
    path.write_bytes(b"From x Fri\n" + MAIL + b"\n")
    look = finder(str(path), "", "c0ffee", now())
    assert look() is None
    with path.open("ab") as file:
        file.write(b"From x Fri\n" + OTHER + b"\nFrom x Fri\n" + MAIL + b"\n")

    assert look() == MAIL.rstrip(b"\n") + b"\n\n"
    path.write_bytes(b"From x Fri\n" + MAIL)
    assert look() == MAIL


def test_over_imap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it was read or not; it stays as it was."""
    box = Box(messages={4: OTHER, 9: MAIL, 10: OTHER}, seen={9})
    path = tmp_path / "authority.pem"
    box.authority.cert_pem.write_to_path(path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with imap_server(box):
        place = f"imaps://me@localhost:{box.port}/INBOX"
        assert finder(place, "secret", "c0ffee", now())() == MAIL
        assert finder(place, "secret", "decaf", now())() is None
        with pytest.raises(MailboxError) as refused:
            finder(place, "wrong-horse", "c0ffee", now())()

    assert "wrong-horse" not in str(refused.value)
    assert box.seen == {9}
    with pytest.raises(MailboxError, match="NEWSLETTER_IMAP_PASSWORD is not set"):
        finder(place, "", "c0ffee", now())()


def test_what_names_no_mailbox() -> None:
    """A slip is told before any mail is sent."""
    with pytest.raises(MailboxError, match="write a path"):
        finder("pop3://a@b.example", "", "c0ffee", now())
