"""Where reports come back: files, folders, mbox, Maildir and IMAP, one message after the other.

Anything may be put into such a folder, so only regular files are opened, and read up to a limit.
Each message has a mark. Reading on from the last mark yields only messages that are new since then.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import heapq
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from newsletter.errors import MailboxError
from newsletter.model import Border, Fault
from newsletter.suppress.imap import read_unread
from newsletter.suppress.places import parse_place

MOST = 10_000
"""Messages that are read at most in one run."""
MAX_BYTES = 2_000_000
"""Bytes that are read of a message, at most."""

LINE = 1000
"""Bytes that are compared of an mbox's first line, which says when its first message came."""

_QUIETLY = (FileNotFoundError, IsADirectoryError)
"""A mail program moved the file (the next run finds it), or it is a folder."""
_OPEN = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A message as it was found."""

    raw: bytes
    name: str
    """The file or the message in a folder, as a person would name it."""
    mark: str
    """The mark to read on from, once this message is dealt with; empty if there is none."""
    done: Callable[[], None]
    """Call this when the message was ours and has been dealt with; raises MailboxError."""


def name_of(place: str) -> str:
    """Return the name under which a place's mark is kept; it never holds a password.

    Raises MailboxError when the text names no mailbox.
    """
    if is_imap(place):
        return str(parse_place(place))
    return os.fsencode(Path(place).resolve()).decode("utf-8", "backslashreplace")


def read_mailbox(
    place: str, password: str, *, after: str = "", now: dt.datetime
) -> Iterator[Mail | Fault]:
    """Yield messages at `place`: a path, or imaps://user@host/Folder with its `password`.

    Yields at most MOST messages, those after the mark `after`; of an IMAP folder only unread ones,
    and only `done` marks them as read. A single message that cannot be read is yielded as a fault.
    Raises MailboxError when the place as a whole cannot be read.
    """
    if is_imap(place):
        for unread in read_unread(
            parse_place(place), password, after=after, limit=MOST, max_bytes=MAX_BYTES
        ):
            yield Mail(
                raw=unread.raw, name=f"message {unread.uid}", mark=unread.mark, done=unread.done
            )
        return
    path = Path(place)
    try:
        if path.is_dir():
            yield from _folder(path, after, now)
        else:
            yield from _file(path, after)
    except FileNotFoundError:
        raise MailboxError(f"{place}: no such file or folder") from None
    except OSError as error:
        raise MailboxError(f"{error.filename or path}: {error.strerror or error}") from None


def is_imap(place: str) -> bool:
    """Tell whether a place is an IMAP address, not a path; raises MailboxError for neither."""
    scheme, found, _ = place.partition("://")
    if not place.strip() or (not found and place.lower().startswith(("imap:", "imaps:"))):
        raise MailboxError("this names no mailbox; write a path, or imaps://user@host/Folder")
    if found and scheme.lower() not in ("imap", "imaps"):
        raise MailboxError(f"{scheme}: not known here; write a path, or imaps://user@host/Folder")
    return bool(found)


def _nothing() -> None:
    """Do nothing: files are not changed."""


# --- Folders ------------------------------------------------------------------------------------


def _folder(path: Path, after: str, now: dt.datetime) -> Iterator[Mail | Fault]:
    """Yield the messages in a folder or Maildir in the order in which they came there.

    The order is that of the inode's change time (ctime): nobody can set it, and it is never
    earlier than that of a file already read. After a clock is set back, all are read again.
    """
    begin = _parse_mark(after)
    if begin[0] > now.timestamp() * 1e9:
        begin = (0, "")
    faults: list[Fault] = []
    # However many files there are, memory holds only as many names as are read.
    found = heapq.nsmallest(MOST, (entry for entry in _files(path, faults) if entry[:2] > begin))
    yield from faults
    for changed, name, file in found:
        try:
            raw = _read(file)
        except _QUIETLY:
            continue
        except OSError as error:
            yield _unreadable(file, error)
            continue
        if raw is not None:
            yield Mail(raw=raw, name=file, mark=f"{changed} {name}", done=_nothing)


def _files(path: Path, faults: list[Fault]) -> Iterator[tuple[int, str, str]]:
    """Yield change time, name for sorting, and path of every regular file in a folder."""
    if (path / "new").is_dir() and (path / "cur").is_dir():
        waiting = [str(path / "new"), str(path / "cur")]
        is_deep = False
    else:
        waiting, is_deep = [str(path)], True
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if is_deep and entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif entry.is_file(follow_symlinks=False):
                        changed = entry.stat(follow_symlinks=False).st_ctime_ns
                        name = os.fsencode(entry.path).decode("latin-1")
                        yield changed, name, entry.path
        except FileNotFoundError:
            continue
        except OSError as error:
            if folder == str(path):
                raise
            faults.append(_unreadable(folder, error))


def _parse_mark(mark: str) -> tuple[int, str]:
    changed, _, name = mark.partition(" ")
    return (int(changed), name) if changed.isdigit() else (0, "")


def _read(file: str) -> bytes | None:
    """Return the beginning of a file, or None if it is not a regular file."""
    handle = os.open(file, _OPEN | os.O_NOFOLLOW)
    with os.fdopen(handle, "rb") as opened:
        return opened.read(MAX_BYTES) if stat.S_ISREG(os.fstat(handle).st_mode) else None


def _unreadable(file: str, error: OSError) -> Fault:
    return Fault(border=Border.REPORT, name=file, problem=error.strerror or type(error).__name__)


# --- Files --------------------------------------------------------------------------------------


def _file(path: Path, after: str) -> Iterator[Mail]:
    """Yield the message in a file, or the messages of an mbox (RFC 4155)."""
    handle = os.open(path, _OPEN)
    with os.fdopen(handle, "rb") as opened:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise MailboxError(f"{path}: this is neither a file nor a folder")
        if path.suffix == ".eml" or opened.read(5) != b"From ":
            opened.seek(0)
            yield Mail(raw=opened.read(MAX_BYTES), name=str(path), mark="", done=_nothing)
            return
        opened.seek(0)
        first = hashlib.sha256(opened.readline(LINE)).hexdigest()[:16]
        begin, known = _parse_mark(after)
        opened.seek(begin)
        if known != first or opened.read(5) not in (b"From ", b""):
            begin = 0  # the file was emptied and has grown again, perhaps to the same size
        elif begin > os.fstat(handle).st_size:
            begin = 0
        opened.seek(begin)
        for count, (start, raw, end) in enumerate(_messages(opened, begin), 1):
            yield Mail(
                raw=raw, name=f"{path}, at byte {start}", mark=f"{end} {first}", done=_nothing
            )
            if count == MOST:
                return


def _messages(opened: BinaryIO, begin: int) -> Iterator[tuple[int, bytes, int]]:
    """Yield start, text and end of each message; long lines are read in pieces."""
    start = place = begin
    lines: list[bytes] = []
    size = 0
    is_start, after_blank = True, True
    while piece := opened.readline(65536):
        if is_start and after_blank and piece.startswith(b"From ") and place > start:
            yield start, b"".join(lines), place
            start, lines, size = place, [], 0
        elif place > start and size < MAX_BYTES:
            lines.append(piece)
            size += len(piece)
        after_blank = is_start and piece in (b"\n", b"\r\n")
        place += len(piece)
        is_start = piece.endswith(b"\n")
    if place > start:
        yield start, b"".join(lines), place
