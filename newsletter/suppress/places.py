"""Where a folder is that is read over IMAP: imaps://user@host/Folder, without its password."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from newsletter.errors import MailboxError

PASSWORD = "NEWSLETTER_IMAP_PASSWORD"  # noqa: S105  the name of a variable


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a folder is, without its password."""

    host: str
    port: int
    user: str
    folder: str
    implicit: bool
    """True if TLS begins at once, False for STARTTLS; a connection without TLS is not possible."""

    def __str__(self) -> str:
        """Return its address."""
        scheme = "imaps" if self.implicit else "imap"
        return f"{scheme}://{self.user}@{self.host}:{self.port}/{self.folder}"


def parse_place(text: str) -> Place:
    """Return the place that imaps://user@host/Folder names.

    Raises MailboxError; its message does not show the text, which may hold a password.
    """
    wanted = "write imaps://user@host/Folder"
    try:
        parts = urlsplit(text)
        host, user, port = parts.hostname or "", unquote(parts.username or ""), parts.port
    except ValueError:
        raise MailboxError(f"this is not the address of a mailbox: {wanted}") from None
    if not host or not user:
        raise MailboxError(f"this address lacks a user or a host: {wanted}")
    if parts.password is not None:
        raise MailboxError(f"{one_line(host)}: put the password into {PASSWORD}, not here")
    folder = unquote(parts.path.strip("/")) or "INBOX"
    if not (user + folder + host).isprintable():
        raise MailboxError(f"this address has control characters: {wanted}")
    implicit = parts.scheme.lower() == "imaps"
    port = port or (993 if implicit else 143)
    return Place(host=host, port=port, user=user, folder=folder, implicit=implicit)


def folder_name(name: str) -> str:
    """Return a folder's name in modified UTF-7 (RFC 3501, 5.1.3)."""
    if name.isascii():
        return name

    def encode(found: re.Match[str]) -> str:
        if found[0] == "&":
            return "&-"
        encoded = base64.b64encode(found[0].encode("utf-16-be")).decode().rstrip("=")
        return f"&{encoded.replace('/', ',')}-"

    return re.sub(r"&|[^\x20-\x7e]+", encode, name)


def one_line(text: str) -> str:
    """Return what a server said in one printable line."""
    return " ".join("".join(c if c.isprintable() else " " for c in text[:2000]).split())[:300]
