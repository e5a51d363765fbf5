"""What the machine knows of the mailbox in which mail comes back: its password."""

from __future__ import annotations

import os

from newsletter.config.environment import read_environment
from newsletter.config.settings import Config
from newsletter.suppress.imap import PASSWORD


def mailbox_password(config: Config) -> str:
    """Return the password of the mailbox in which mail comes back; empty when none is set."""
    return read_environment(config.root, os.environ).get(PASSWORD, "")
