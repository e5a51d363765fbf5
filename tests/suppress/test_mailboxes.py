"""Where reports come back: files, folders, mbox, Maildir, and IMAP over TLS."""

from __future__ import annotations

import datetime as dt
import mailbox
import os
import socket
import threading
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from imapserver import Box, imap_server

from newsletter.errors import MailboxError
from newsletter.model import Fault
from newsletter.suppress import imap, mailboxes
from newsletter.suppress.mailboxes import Mail, name_of, read_mailbox

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


def mails(
    place: str, password: str = "secret", after: str = "", now: dt.datetime | None = None
) -> list[Mail]:
    found = list(read_mailbox(place, password, after=after, now=now or dt.datetime.now(dt.UTC)))
    assert not [entry for entry in found if isinstance(entry, Fault)]
    return [entry for entry in found if isinstance(entry, Mail)]


def raws(place: str, password: str = "secret", **more: Any) -> list[bytes]:
    found = []
    for mail in read_mailbox(place, password, now=dt.datetime.now(dt.UTC), **more):
        assert isinstance(mail, Mail)
        found.append(mail.raw.replace(b"\r\n", b"\n"))
        mail.done()
    return found


WANTED = [raw.replace(b"\r\n", b"\n") for raw in (ONE, TWO)]


def test_a_file_a_folder_an_mbox_and_a_maildir(tmp_path: Path) -> None:
    """One message, all below a folder, and both of the boxes that mail servers write."""
    folder = tmp_path / "folder"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.eml").write_bytes(ONE)
    (folder / "deep" / "b.eml").write_bytes(TWO)
    (folder / "deep" / "empty.eml").write_bytes(b"")
    maildir = mailbox.Maildir(tmp_path / "maildir")
    mbox = mailbox.mbox(tmp_path / "bounce")
    for raw in (ONE, TWO):
        maildir.add(raw)
        mbox.add(raw)
    mbox.close()

    assert raws(str(folder / "a.eml")) == WANTED[:1]
    assert raws(str(folder)) == [*WANTED, b""]
    assert sorted(raws(str(tmp_path / "maildir"))) == sorted(WANTED)
    assert [raw.strip() for raw in raws(str(tmp_path / "bounce"))] == [
        raw.strip() for raw in WANTED
    ]


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    """The error is one line and names the place."""
    with pytest.raises(MailboxError, match="nowhere: no such file or folder"):
        raws(str(tmp_path / "nowhere"))


@pytest.mark.parametrize("place", ["", " ", "imaps:/ada:hunter2@mail.example/INBOX", "IMAP:x"])
def test_what_names_no_mailbox_is_no_path(place: str) -> None:
    """Not the folder that one stands in, and nothing that may have a password is repeated."""
    with pytest.raises(MailboxError, match=r"^this names no mailbox") as caught:
        name_of(place)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(("scheme", "implicit"), [("imaps", True), ("imap", False)])
def test_imap_over_tls_only_what_is_unread_and_marked_once_dealt_with(
    box: Box,
    scheme: str,
    *,
    implicit: bool,
) -> None:
    """Reading alone changes nothing: who is interrupted finds the message again."""
    with imap_server(box, implicit=implicit):
        place = f"{scheme}://bounce%40n.example@localhost:{box.port}/Bounces"
        reading = read_mailbox(place, "secret", now=dt.datetime.now(dt.UTC))
        first = next(reading)
        del reading
        assert isinstance(first, Mail)
        assert (first.raw, first.name) == (ONE, "message 4")
        assert box.seen == set()
        assert raws(place, "secret") == WANTED
        assert box.seen == {4, 9}
        assert raws(place, "secret") == []
    assert 'SELECT "Bounces"' in box.commands
    assert any(command.startswith("LOGIN bounce@n.example") for command in box.commands)


def test_imap_errors_are_one_line_and_hold_no_password(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong password, a folder that is not there, a stranger's certificate, nobody there."""
    with imap_server(box):
        place = f"imaps://b@localhost:{box.port}"
        with pytest.raises(MailboxError, match=r"^localhost: wrong password$") as wrong:
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
        ("imaps://b:hunter2@", "write imaps://user@host/Folder"),
        ("IMAPS://b:hunter2@mail.example.org", "put the password into NEWSLETTER_IMAP_PASSWORD"),
        ("imaps://b:hunter2@[mail.example.org", "write imaps://user@host/Folder"),
        ("imaps://b:hunter2@mail.example.org:99999", "write imaps://user@host/Folder"),
        ("imaps://b%0d%0ax@mail.example.org/hunter2", "control characters"),
        ("pop3://b:hunter2@mail.example.org", "pop3: not known here"),
        ("imaps://b:hunter2@mail.example.org", "put the password into NEWSLETTER_IMAP_PASSWORD"),
    ],
)
def test_an_imap_address_has_a_user_and_no_password(place: str, said: str) -> None:
    """A password in an argument would stand in the process list."""
    for use in (raws, name_of):
        with pytest.raises(MailboxError, match=said) as error:
            use(place)
        assert "hunter2" not in str(error.value)


# --- What lies in folders -----------------------------------------------------------------------


def test_what_is_no_file_stops_nothing(tmp_path: Path) -> None:
    """A pipe that nobody writes into, a socket, links to a file and in a circle, a folder."""
    new = tmp_path / "new"
    for part in ("new", "cur"):
        (tmp_path / part).mkdir()
    outside = tmp_path / "secret.txt"
    outside.write_bytes(b"not for mail")
    os.mkfifo(new / "a.fifo")
    (new / "b.link").symlink_to(outside)
    (new / "c.circle").symlink_to(new / "c.circle")
    (new / "d.folder").mkdir()
    (new / "d.folder" / "x").write_bytes(b"no mail of this Maildir")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(new / "e.socket"))
        (new / "f.mail").write_bytes(WANTED[0])

        assert raws(str(tmp_path)) == WANTED[:1]


def test_what_was_a_file_when_it_was_listed(tmp_path: Path) -> None:
    """Who swaps a file for a link or a pipe meanwhile gets nothing read, and nobody to wait."""
    outside = tmp_path / "secret.txt"
    outside.write_bytes(b"not for mail")
    box = tmp_path / "box"
    box.mkdir()
    for name in ("a", "b", "c", "d"):
        (box / name).write_bytes(WANTED[0])
    reading = read_mailbox(str(box), "", now=dt.datetime.now(dt.UTC))
    next(reading)
    for name in ("b", "c", "d"):
        (box / name).unlink()
    (box / "b").symlink_to(outside)
    os.mkfifo(box / "c")

    assert not [entry for entry in reading if isinstance(entry, Mail)]


def test_only_a_file_or_a_folder_is_a_mailbox(tmp_path: Path) -> None:
    """A pipe is told apart at once: nobody waits for who writes into it."""
    os.mkfifo(tmp_path / "fifo")

    with pytest.raises(MailboxError, match="neither a file nor a folder"):
        raws(str(tmp_path / "fifo"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_one_file_that_may_not_be_read_is_a_fault(tmp_path: Path) -> None:
    """The other files are read."""
    (tmp_path / "a.eml").write_bytes(WANTED[0])
    (tmp_path / "a.eml").chmod(0)
    (tmp_path / "b.eml").write_bytes(WANTED[1])

    fault, mail = read_mailbox(str(tmp_path), "", now=dt.datetime.now(dt.UTC))

    assert isinstance(fault, Fault)
    assert "Permission denied" in fault.problem
    assert isinstance(mail, Mail)


def test_a_file_of_any_size_is_read_up_to_a_limit(tmp_path: Path) -> None:
    """A single mail, and a mail in an mbox, that are longer than the limit."""
    (tmp_path / "a.eml").write_bytes(b"Subject: x\n\n" + b"x" * 5_000_000)
    (tmp_path / "mbox").write_bytes(
        b"From a@b.example\nSubject: x\n\n"
        + b"x" * 5_000_000
        + b"\n\nFrom b@b.example\n"
        + WANTED[1]
    )

    (mail,) = mails(str(tmp_path / "a.eml"))
    first, second = mails(str(tmp_path / "mbox"))

    assert len(mail.raw) == mailboxes.MAX_BYTES
    assert len(first.raw) <= mailboxes.MAX_BYTES + 65536
    assert second.raw == WANTED[1]


def test_a_folder_is_read_on_from_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many at a time, each once, whatever its name; memory does not grow with the folder."""
    monkeypatch.setattr(mailboxes, "MOST", 30)
    for n in range(100):
        (tmp_path / f"{n:03}").write_bytes(b"Subject: %d\n\n" % n)
    read: list[str] = []
    after = ""
    for _ in range(4):
        found = mails(str(tmp_path), after=after)
        assert len(found) <= 30
        read += [Path(mail.name).name for mail in found]
        after = found[-1].mark

    assert sorted(read) == [f"{n:03}" for n in range(100)]
    assert mails(str(tmp_path), after=after) == []
    (tmp_path / "000-came-later").write_bytes(WANTED[0])
    assert [mail.raw for mail in mails(str(tmp_path), after=after)] == WANTED[:1]
    # A clock that was set back: what comes now seems older than what was read.
    assert len(mails(str(tmp_path), after=after, now=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))) == 30


def test_memory_does_not_grow_with_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many files only as many names are held as are read."""
    monkeypatch.setattr(mailboxes, "MOST", 10)
    peaks = []
    for count in (500, 4_000):
        folder = tmp_path / str(count)
        folder.mkdir()
        for n in range(count):
            (folder / f"{n}.{'x' * 100}").touch()
        tracemalloc.start()
        mails(str(folder))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < 3 * peaks[0]


def test_an_mbox_is_read_on_from_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a mail server appends is read; a box that was emptied is read from its beginning."""
    monkeypatch.setattr(mailboxes, "MOST", 2)
    box = tmp_path / "bounce"

    def add(*numbers: int) -> None:
        with box.open("ab") as file:
            for n in numbers:
                file.write(
                    b"From a@b.example Tue Mar 17\nSubject: %d\n\nHello\nFrom the start\n>From x\n\n"
                    % n
                )

    def subjects(after: str) -> tuple[list[int], str]:
        found = mails(str(box), after=after)
        return [int(mail.raw.split()[1]) for mail in found], found[-1].mark if found else after

    add(1, 2, 3)
    first, mark = subjects("")
    second, mark = subjects(mark)
    assert (first, second) == ([1, 2], [3])
    assert subjects(mark)[0] == []
    add(4)
    assert subjects(mark)[0] == [4]
    box.unlink()
    add(5)
    assert subjects(mark)[0] == [5]


def test_an_mbox_that_was_emptied_may_grow_to_the_same_size(tmp_path: Path) -> None:
    """A new report is found although the file is as long as before: such reports look alike."""
    box = tmp_path / "bounce"
    told = b"From MAILER-DAEMON Tue Mar 17 06:30:0%d 2026\nSubject: failed\n\n552 full\n\n"
    box.write_bytes(told % 1)
    (first,) = mails(str(box))
    assert mails(str(box), after=first.mark) == []

    box.write_bytes(told % 2)
    assert len(mails(str(box), after=first.mark)) == 1


# --- What a server may answer -------------------------------------------------------------------


def test_imap_reads_on_from_where_it_was(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was left unread is not in the way of what came since; a new folder is read anew."""
    monkeypatch.setattr(mailboxes, "MOST", 1)
    with imap_server(box):
        place = f"imaps://b@localhost:{box.port}"
        (first,) = mails(place)
        (second,) = mails(place, after=first.mark)
        assert (first.raw, second.raw) == (ONE, TWO)
        assert mails(place, after=second.mark) == []
        box.validity = 8
        assert mails(place, after=second.mark)[0].raw == ONE
        box.validity = None
        assert mails(place)[0].raw == ONE
    assert box.seen == set()


def test_imap_searches_so_many_numbers_at_once(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer holds as many numbers as it may, however many are unread."""
    monkeypatch.setattr(imap, "WINDOW", 5)
    box.messages[23] = TWO
    with imap_server(box):
        assert len(raws(f"imaps://b@localhost:{box.port}")) == 3
    assert [command for command in box.commands if "SEARCH" in command][
        -1
    ] == "UID SEARCH UID 21:25 UNSEEN"


def test_names_and_passwords_of_any_script(box: Box) -> None:
    """A folder in modified UTF-7 (RFC 3501, 5.1.3), a password that is not ASCII."""
    box.password = "pässwort"
    with imap_server(box):
        assert (
            raws(f"imaps://b@localhost:{box.port}/Zur%C3%BCck%20%26%20%22weg", "pässwort") == WANTED
        )
    assert 'SELECT "Zur&APw-ck &- \\"weg"' in box.commands


def test_a_password_is_asked_for(box: Box) -> None:
    """The error says which environment variable has to hold the password."""
    for password, said in (
        ("", "NEWSLETTER_IMAP_PASSWORD is not set"),
        ("a\r\nb", "control character"),
    ):
        with pytest.raises(MailboxError, match=said):
            raws(f"imaps://b@localhost:{box.port}", password)


@pytest.mark.parametrize(
    ("command", "answer", "said"),
    [
        ("LOGIN", b"TAG NO \x1b]0;owned\x07\x1b[2J no, not with hunter2\r\n", "no, not with …"),
        ("SELECT", b"* 1 EXISTS\r\n" * 30_000, "too many lines"),
        ("SELECT", b"TAG OK [\xff\xfe]\r\nrubbish\r\n", "no folder|localhost"),
        ("SEARCH", b"* SEARCH " + b"1 " * 5_000_000, "too long"),
        ("FETCH", b"* 4 FETCH (BODY[] {99999999999}\r\n", "more data than was asked for"),
        ("FETCH", b"* 4 FETCH (BODY[] {" + b"9" * 5_000 + b"}\r\n", "localhost"),
        ("FETCH", b"\0\0\0\r\n", "localhost"),
        ("STORE", b"TAG BAD hunter2 \x1b[2J\r\n", "localhost"),
    ],
)
def test_no_answer_is_taken_without_limits(
    box: Box, command: str, answer: bytes, said: str
) -> None:
    """Bytes and lines are counted; what is told is one printable line without the password."""
    box.password = "hunter2"
    box.instead[command] = answer
    with imap_server(box), pytest.raises(MailboxError, match=said) as error:
        raws(f"imaps://b@localhost:{box.port}", "hunter2")
    assert str(error.value).isprintable()
    assert "hunter2" not in str(error.value)


def test_an_answer_has_so_much_time_as_a_whole(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that sends a byte now and then is left, however often it does."""
    monkeypatch.setattr(imap, "TIMEOUT", 1.0)
    box.instead["SELECT"] = b"* 1 EXISTS\r\n" * 50
    box.pause = 0.05
    with imap_server(box), pytest.raises(MailboxError, match="took longer than 1 s"):
        raws(f"imaps://b@localhost:{box.port}")


def test_what_a_server_sends_ahead_of_tls_is_no_answer(box: Box) -> None:
    """Nobody in between can put words into a server's mouth before TLS begins."""
    box.instead["STARTTLS"] = b"TAG OK begin\r\n* OK injected\r\n"
    with imap_server(box, implicit=False), pytest.raises(MailboxError, match="before TLS began"):
        raws(f"imap://b@localhost:{box.port}")
    assert not any(command.startswith("LOGIN") for command in box.commands)


def test_a_server_that_hangs_up_is_told() -> None:
    """The error is one line."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def hang_up() -> None:
            listening.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(MailboxError, match="localhost: "):
            raws(f"imap://b@localhost:{port}")
        thread.join(5)
