"""Where reports come back: files, folders, mbox, Maildir, and IMAP over TLS."""

from __future__ import annotations

import mailbox
from pathlib import Path

import pytest
from imapserver import Box, imap_server

from newsletter.errors import MailboxError
from newsletter.mailboxes import read_mailbox

ONE = b"Subject: one\r\n\r\nFirst.\r\n"
TWO = b"Subject: two\r\n\r\nSecond.\r\n"


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Box:
    """Return a mailbox of two messages, whose authority this process trusts."""
    found = Box(messages={4: ONE, 9: TWO})
    path = tmp_path / "authority.pem"
    found.authority.cert_pem.write_to_path(path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return found


def raws(place: str, password: str = "") -> list[bytes]:
    found = []
    for raw, done in read_mailbox(place, password):
        found.append(raw.replace(b"\r\n", b"\n"))
        done()
    return found


WANTED = [one.replace(b"\r\n", b"\n") for one in (ONE, TWO)]


def test_a_file_a_folder_an_mbox_and_a_maildir(tmp_path: Path) -> None:
    """One message, all below a folder, and both of the boxes that mail servers write."""
    folder = tmp_path / "folder"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.eml").write_bytes(ONE)
    (folder / "deep" / "b.eml").write_bytes(TWO)
    (folder / "deep" / "empty.eml").write_bytes(b"")
    maildir = mailbox.Maildir(tmp_path / "maildir")
    mbox = mailbox.mbox(tmp_path / "bounce")
    for one in (ONE, TWO):
        maildir.add(one)
        mbox.add(one)
    mbox.close()

    assert raws(str(folder / "a.eml")) == WANTED[:1]
    assert raws(str(folder)) == [*WANTED, b""]
    assert sorted(raws(str(tmp_path / "maildir"))) == sorted(WANTED)
    assert [one.strip() for one in raws(str(tmp_path / "bounce"))] == [
        one.strip() for one in WANTED
    ]


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    """One line, with the place."""
    with pytest.raises(MailboxError, match="nowhere: no such file or folder"):
        raws(str(tmp_path / "nowhere"))


@pytest.mark.parametrize(("scheme", "implicit"), [("imaps", True), ("imap", False)])
def test_imap_over_tls_only_what_is_unread_and_marked_once_dealt_with(
    box: Box,
    scheme: str,
    implicit: bool,  # noqa: FBT001
) -> None:
    """Reading alone changes nothing: who is interrupted finds the message again."""
    with imap_server(box, implicit=implicit):
        place = f"{scheme}://bounce%40n.example@localhost:{box.port}/Bounces"
        reading = read_mailbox(place, "secret")
        raw, _ = next(reading)
        del reading
        assert raw == ONE
        assert box.seen == set()
        assert raws(place, "secret") == WANTED
        assert box.seen == {4, 9}
        assert raws(place, "secret") == []
    assert 'SELECT "Bounces"' in box.commands
    assert any(one.startswith("LOGIN bounce@n.example") for one in box.commands)


def test_imap_errors_are_one_line_and_hold_no_password(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong password, a folder that is not there, a stranger's certificate, nobody there."""
    with imap_server(box):
        place = f"imaps://b@localhost:{box.port}"
        with pytest.raises(MailboxError, match=r"localhost: .*wrong password") as wrong:
            raws(place, "hunter2")
        assert "hunter2" not in str(wrong.value)
        with pytest.raises(MailboxError, match="no folder `Nowhere`"):
            raws(f"{place}/Nowhere", "secret")
        monkeypatch.delenv("SSL_CERT_FILE")
        with pytest.raises(MailboxError, match="certificate verify failed"):
            raws(place, "secret")
    with pytest.raises(MailboxError, match="localhost: "):
        raws(place, "secret")


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("imaps://mail.example.org", "write imaps://user@host/Folder"),
        ("imaps://b:hunter2@mail.example.org", "belongs into NEWSLETTER_IMAP_PASSWORD"),
    ],
)
def test_an_imap_address_has_a_user_and_no_password(place: str, said: str) -> None:
    """A password in an argument would stand in the process list."""
    with pytest.raises(MailboxError, match=said) as error:
        raws(place)
    assert "hunter2" not in str(error.value)
