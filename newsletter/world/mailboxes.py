"""What the machine knows of the mailbox in which mail comes back, and a look into any mailbox."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path

from newsletter.config.environment import read_environment
from newsletter.config.settings import Config
from newsletter.suppress.imap import find_subject
from newsletter.suppress.mailboxes import MAX_BYTES, Mail, is_imap, read_mailbox
from newsletter.suppress.places import PASSWORD, parse_place


def mailbox_password(config: Config) -> str:
    """Return the password of the mailbox in which mail comes back; empty when none is set."""
    return read_environment(config.root, os.environ).get(PASSWORD, "")


def finder(place: str, password: str, mark: str, now: dt.datetime) -> Callable[[], bytes | None]:
    """Return what looks once for a mail with `mark` in its head that comes from `now` on.

    `place` is a path, or imaps://user@host/Folder. Raises MailboxError when it names no mailbox, as
    the function does that is returned when the mailbox cannot be read.
    """
    if is_imap(place):
        where = parse_place(place)
        return lambda: find_subject(where, password, mark, max_bytes=MAX_BYTES)
    path = Path(place)
    if path.is_dir() or not path.exists():
        # Clocks of disks are a little coarser than ours.
        since = f"{int((now.timestamp() - 5) * 1e9)} "
        return lambda: _in_folder(place, since, mark)
    begin = path.stat().st_size
    return lambda: _in_file(path, begin, mark)


def _in_folder(place: str, since: str, mark: str) -> bytes | None:
    now = dt.datetime.fromtimestamp(int(since) / 1e9, dt.UTC) + dt.timedelta(days=1)
    for found in read_mailbox(place, "", after=since, now=now):
        if isinstance(found, Mail) and mark.encode() in _head(found.raw):
            return found.raw
    return None


def _in_file(path: Path, begin: int, mark: str) -> bytes | None:
    """Return the mail that was added to an mbox, which only grows (RFC 4155)."""
    with contextlib.suppress(OSError), path.open("rb") as opened:
        opened.seek(begin if path.stat().st_size >= begin else 0)
        for part in b"\n\n".join([b"", opened.read(10 * MAX_BYTES)]).split(b"\nFrom "):
            raw = part.partition(b"\n")[2]
            if mark.encode() in _head(raw):
                return raw
    return None


def _head(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
