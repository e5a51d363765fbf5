"""Unread mail in a folder over IMAP (RFC 3501), from a server that is not trusted.

`imaplib` allows each piece of an answer the full timeout, and keeps whatever it is sent. Here an
answer as a whole has a limit of time, bytes and lines.
"""

from __future__ import annotations

import contextlib
import functools
import imaplib
import itertools
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from newsletter.errors import MailboxError
from newsletter.suppress.places import PASSWORD, Place, folder_name, one_line

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

TIMEOUT = 60.0
"""Seconds for each answer, from the command to its last byte."""
MAX_ANSWER = 8_000_000
"""Most bytes of one answer."""
MAX_LINES = 20_000
"""Most lines of one answer."""
WINDOW = 20_000
"""UIDs in one search, so that the numbers found fit into one answer."""
MOST_WINDOWS = 5_000

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """An unread message."""

    raw: bytes
    uid: int
    mark: str
    """The mark to read on from, once this message is dealt with."""
    done: Callable[[], None]
    """Marks it as read; raises MailboxError."""


def read_unread(
    place: Place, password: str, *, after: str = "", limit: int, max_bytes: int,
    clock: Clock = time.monotonic,
) -> Iterator[Unread]:  # fmt: skip
    """Yield at most `limit` unread messages after the mark `after`, up to `max_bytes` of each.

    Only `done` marks a message as read. Raises MailboxError, in one printable line without the
    password.
    """
    with _opened(place, password, clock) as client:
        found = itertools.islice(_unread(client, place, after, max_bytes), limit)
        for number, raw, mark in found:
            done = functools.partial(_mark_read, client, place, password, number)
            yield Unread(raw=raw, uid=number, mark=mark, done=done)


def find_subject(
    place: Place, password: str, word: str, *, max_bytes: int, clock: Clock = time.monotonic
) -> bytes | None:
    """Return the newest message with `word` (letters and digits) in its subject, read or not.

    Nothing is changed. Raises MailboxError, as `read_unread` does.
    """
    with _opened(place, password, clock) as client:
        _select(client, place)
        _, data = client.uid("SEARCH", "SUBJECT", f'"{word}"')
        told = (data[0] or b"").split() if data else []
        number = max((int(uid) for uid in told if _is_uid(uid)), default=0)
        return _content(client, number, max_bytes) if number else None


@contextlib.contextmanager
def _opened(place: Place, password: str, clock: Clock) -> Iterator[_Limited]:
    """Log in; whatever goes wrong in the block is a MailboxError."""
    if not password:
        raise MailboxError(f"{place.host}: {PASSWORD} is not set")
    if not password.isprintable():
        raise MailboxError(f"{place.host}: the password in {PASSWORD} has a control character")
    client: _Limited | None = None
    try:
        client = _connect(place, clock)
        _log_in(client, place.user, password)
        yield client
        client.logout()
    except MailboxError:
        raise
    except (imaplib.IMAP4.error, OSError, ValueError) as error:
        raise MailboxError(f"{place.host}: {_told(error, password)}") from None
    finally:
        # If we were interrupted, do not wait for the server's goodbye.
        if client is not None:
            with contextlib.suppress(OSError):
                client.shutdown()


class _Limited(imaplib.IMAP4):
    """A client whose answers have limits."""

    def __init__(self, host: str, port: int, clock: Clock, **more: ssl.SSLContext) -> None:
        self._clock = clock
        self._pending = bytearray()
        self._source: socket.socket | None = None
        self._begin()
        super().__init__(host, port, timeout=TIMEOUT, **more)

    def _begin(self) -> None:
        self._until = self._clock() + TIMEOUT
        self._bytes = self._lines = 0

    def send(self, data: ReadableBuffer) -> None:
        """Send a command or a part of one, and restart the limits for its answer."""
        self._begin()
        super().send(data)

    def read(self, size: int) -> bytes:
        """Return `size` bytes of an answer."""
        if size > MAX_ANSWER:
            raise self.abort("it announces more data than was asked for")
        self._follow()
        while len(self._pending) < size:
            self._fill()
        return self._take(size)

    def readline(self) -> bytes:
        """Return one line of an answer."""
        self._follow()
        start = 0
        while (end := self._pending.find(b"\n", start)) < 0:
            start = len(self._pending)
            self._fill()
        self._lines += 1
        if self._lines > MAX_LINES:
            raise self.abort("its answer has too many lines")
        return self._take(end + 1)

    def _follow(self) -> None:
        """Refuse bytes that came before TLS began: an attacker may have put them there."""
        if self._source is not self.sock:
            if self._pending:
                raise self.abort("it sent data before TLS began")
            self._source = self.sock

    def _take(self, size: int) -> bytes:
        found = bytes(self._pending[:size])
        del self._pending[:size]
        return found

    def _fill(self) -> None:
        left = self._until - self._clock()
        late = f"its answer took longer than {TIMEOUT:.0f} s"
        if left <= 0:
            raise self.abort(late)
        self.sock.settimeout(left)
        try:
            found = self.sock.recv(65536)
        except TimeoutError:
            raise self.abort(late) from None
        if not found:
            raise self.abort("it closed the connection")
        self._bytes += len(found)
        if self._bytes > MAX_ANSWER:
            raise self.abort("its answer is too long")
        self._pending += found


class _LimitedTls(_Limited, imaplib.IMAP4_SSL):
    """The same, with TLS from the start."""


def _connect(place: Place, clock: Clock) -> _Limited:
    context = ssl.create_default_context()
    if place.implicit:
        return _LimitedTls(place.host, place.port, clock, ssl_context=context)
    client = _Limited(place.host, place.port, clock)
    try:
        client.starttls(context)
    except BaseException:
        client.shutdown()
        raise
    return client


def _log_in(client: _Limited, user: str, password: str) -> None:
    if (user + password).isascii():
        client.login(user, password)
    else:
        client.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())


def _unread(
    client: _Limited, place: Place, after: str, max_bytes: int
) -> Iterator[tuple[int, bytes, str]]:
    """Yield UID, content and mark of each unread message."""
    _select(client, place)
    validity = _number(client, "UIDVALIDITY")
    known, _, last = after.partition(":")
    begin = int(last) + 1 if known == str(validity) and last.isdigit() else 1
    for number in _search(client, begin, _number(client, "UIDNEXT")):
        raw = _content(client, number, max_bytes)
        if raw is not None:
            yield number, raw, f"{validity}:{number}"


def _select(client: _Limited, place: Place) -> None:
    quoted = folder_name(place.folder).replace("\\", "\\\\").replace('"', '\\"')
    status, _ = client.select(f'"{quoted}"')
    if status != "OK":
        raise MailboxError(f"{place.host}: no folder `{place.folder}` there")


def _content(client: _Limited, number: int, max_bytes: int) -> bytes | None:
    """Return the beginning of a message, and leave it unread."""
    _, data = client.uid("FETCH", str(number), f"(BODY.PEEK[]<0.{max_bytes}>)")
    raw = next((part[1] for part in data if isinstance(part, tuple)), None)
    return raw[:max_bytes] if isinstance(raw, bytes) else None


def _search(client: _Limited, begin: int, end: int) -> Iterator[int]:
    """Yield the UIDs of unread messages from `begin` on; `end` is the next UID, or 0."""
    for _ in range(MOST_WINDOWS):
        last = str(begin + WINDOW - 1) if end else "*"
        _, data = client.uid("SEARCH", "UID", f"{begin}:{last}", "UNSEEN")
        told = (data[0] or b"").split() if data else []
        # `n:*` also names the last message when there is none from n on.
        yield from sorted({int(uid) for uid in told if _is_uid(uid) and int(uid) >= begin})
        begin += WINDOW
        if begin >= end:
            return


def _is_uid(text: bytes) -> bool:
    return text.isdigit() and len(text) <= 10  # noqa: PLR2004  32 bits


def _number(client: _Limited, name: str) -> int:
    """Return a number from the answer to SELECT; 0 when it is missing."""
    _, data = client.response(name)
    text = data[0] if data else None
    return int(text) if isinstance(text, bytes) and _is_uid(text) else 0


def _mark_read(client: _Limited, place: Place, password: str, number: int) -> None:
    try:
        client.uid("STORE", str(number), "+FLAGS", r"(\Seen)")
    except (imaplib.IMAP4.error, OSError, ValueError) as error:
        raise MailboxError(f"{place.host}: {_told(error, password)}") from None


def _told(error: Exception, password: str) -> str:
    """Return an error in one printable line, without the password that a server may repeat."""
    said = error.args[0] if len(error.args) == 1 else str(error)
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(error)
    text = text or type(error).__name__
    if isinstance(error, ValueError) and not isinstance(error, OSError):
        text = "its answer is not IMAP"
    return one_line(text.replace(password, "…") if password else text)
