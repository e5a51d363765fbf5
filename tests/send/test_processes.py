"""What is known of a sender by its name in the ledger."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from newsletter.model import Fate
from newsletter.send.processes import boot_id, fate_of, sender_name

OWN = "here:boot-2:77:aa"


def test_a_name_tells_machine_boot_and_process() -> None:
    """Two senders in one process still have different names."""
    first, second = sender_name(), sender_name()

    assert first != second
    assert first.rsplit(":", 3)[1:3] == [boot_id(), str(os.getpid())]


@pytest.mark.parametrize(
    ("owner", "fate"),
    [
        ("here:boot-2:OURS:bb", Fate.DEAD),  # this process under an earlier name
        ("here:boot-1:1:bb", Fate.LOST),  # the machine was started again, whoever has that id now
        ("here:boot-1:OURS:bb", Fate.LOST),
        ("here:boot-2:1:bb", Fate.ALIVE),  # process 1 is always there
        ("there:boot-9:1:bb", Fate.AWAY),
        ("there:boot-2:1:bb", Fate.ALIVE),  # the same machine under another name: a container
        ("nonsense", Fate.AWAY),
        ("", Fate.AWAY),
        ("here:boot-2:x:bb", Fate.ALIVE),
    ],
)
def test_what_is_known_of_a_sender(owner: str, fate: Fate) -> None:
    """Only who is surely gone is dead; a restart of the machine may have lost what it wrote last."""
    assert fate_of(owner.replace("OURS", str(os.getpid())), own=OWN) is fate


def test_its_own_name_is_alive() -> None:
    """A sender does not take its own leases away."""
    own = f"here:boot-2:{os.getpid()}:aa"

    assert fate_of(own, own=own) is Fate.ALIVE


def test_a_process_that_ended_is_dead() -> None:
    """Its leases are free at once."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()

    assert fate_of(f"here:boot-2:{ended.pid}:bb", own=OWN) is Fate.DEAD
