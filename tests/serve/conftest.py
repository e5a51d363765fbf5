"""A newsletter with five days of issues, its site, and the mailbox of everybody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from servers import Mail, smtp_server
from sites import Running, free_socket, running_site, write_site


@pytest.fixture(scope="module")
def mail() -> Iterator[Mail]:
    """The mail server that takes what the site sends."""
    with smtp_server() as server:
        yield server


@pytest.fixture(scope="module")
def web(mail: Mail, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The site; each test subscribes addresses of its own."""
    folder: Path = tmp_path_factory.mktemp("site")
    listening = free_socket()
    write_site(folder, f"http://127.0.0.1:{listening.getsockname()[1]}", mail_port=mail.port)
    with running_site(folder, listening) as running:
        yield running
