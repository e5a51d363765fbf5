"""Senders as processes: their names in the ledger, and whether they are still there."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path

from newsletter.model import Fate


def sender_name() -> str:
    """Return a name for this process: host, boot id, process id and a random part."""
    return f"{socket.gethostname()}:{boot_id()}:{os.getpid()}:{secrets.token_hex(4)}"


def boot_id() -> str:
    """Return an id of this boot of the machine; empty where the system has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


def fate_of(owner: str, *, own: str) -> Fate:
    """Tell what is known of the sender called `owner`.

    When another program has got the sender's process id, the sender counts as alive. That costs
    a wait, never a second mail.
    """
    host, boot, process, _ = (":::" + owner).rsplit(":", 3)
    our_host, our_boot, _, _ = own.rsplit(":", 3)
    if host.lstrip(":") != our_host or not process.isdigit():
        return Fate.ALIVE if boot and boot == our_boot else Fate.AWAY
    if boot != our_boot:
        return Fate.LOST
    if int(process) == os.getpid():
        return Fate.ALIVE if owner == own else Fate.DEAD
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return Fate.DEAD
    except PermissionError:
        pass  # the process exists, but belongs to another user
    return Fate.ALIVE
