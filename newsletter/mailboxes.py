"""Where reports come back: files, folders, mbox, Maildir and IMAP, one message after the other."""

from __future__ import annotations

import contextlib
import imaplib
import mailbox
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from newsletter.errors import MailboxError

MOST = 10_000
"""Messages read in one go."""
TIMEOUT = 60.0
"""Seconds for each answer of an IMAP server."""

Done = Callable[[], None]
"""To be called when a message has been dealt with."""


def read_mailbox(place: str, password: str) -> Iterator[tuple[bytes, Done]]:
    """Yield the messages at `place`: a path, or imaps://user@host/Folder with its `password`.

    Of an IMAP folder those that nobody has read; each is marked as read once it is dealt with.
    Raises MailboxError when the place cannot be read.
    """
    if place.startswith(("imap://", "imaps://")):
        yield from _imap(place, password)
        return
    path = Path(place)
    if not path.exists():
        raise MailboxError(f"{place}: no such file or folder")
    for raw in _local(path):
        yield raw, lambda: None


def _local(path: Path) -> Iterator[bytes]:
    try:
        if path.is_dir() and (path / "new").is_dir() and (path / "cur").is_dir():
            for part in ("new", "cur"):
                for file in sorted((path / part).iterdir()):
                    yield file.read_bytes()
        elif path.is_dir():
            for file in sorted(one for one in path.rglob("*") if one.is_file()):
                yield file.read_bytes()
        elif path.read_bytes()[:5] == b"From " and path.suffix != ".eml":
            box = mailbox.mbox(path, create=False)
            with contextlib.closing(box):
                for key in box.iterkeys():
                    yield box.get_bytes(key)
        else:
            yield path.read_bytes()
    except OSError as error:
        raise MailboxError(f"{error.filename or path}: {error.strerror}") from None


def _imap(place: str, password: str) -> Iterator[tuple[bytes, Done]]:
    parts = urlsplit(place)
    host, user = parts.hostname or "", unquote(parts.username or "")
    if not host or not user:
        raise MailboxError(f"{place}: write imaps://user@host/Folder")
    if parts.password is not None:
        raise MailboxError(f"{host}: a password belongs into NEWSLETTER_IMAP_PASSWORD, not here")
    folder = unquote(parts.path.strip("/")) or "INBOX"
    context = ssl.create_default_context()
    try:
        if parts.scheme == "imaps":
            client: imaplib.IMAP4 = imaplib.IMAP4_SSL(
                host, parts.port or 993, ssl_context=context, timeout=TIMEOUT
            )
        else:
            client = imaplib.IMAP4(host, parts.port or 143, timeout=TIMEOUT)
            client.starttls(context)
        with client:
            client.login(user, password)
            yield from _unseen(client, folder)
    except (imaplib.IMAP4.error, OSError) as error:
        raise MailboxError(f"{host}: {error}") from None


def _unseen(client: imaplib.IMAP4, folder: str) -> Iterator[tuple[bytes, Done]]:
    status, _ = client.select(f'"{folder}"')
    if status != "OK":
        raise MailboxError(f"no folder `{folder}` there")
    _, found = client.uid("SEARCH", "UNSEEN")
    for number in found[0].split()[:MOST]:
        _, data = client.uid("FETCH", number, "(BODY.PEEK[])")
        raw = next((one[1] for one in data if isinstance(one, tuple)), None)
        if isinstance(raw, bytes):
            yield raw, lambda number=number: _seen(client, number)  # type: ignore[misc]


def _seen(client: imaplib.IMAP4, number: bytes) -> None:
    client.uid("STORE", number.decode(), "+FLAGS", r"(\Seen)")
