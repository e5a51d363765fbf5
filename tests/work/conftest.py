"""What the tests of workers share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from crews import Crew, feed_of_today, workers
from servers import http_server


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[Crew]:
    """Return a newsletter on PostgreSQL, without workers yet."""
    with workers(tmp_path) as crew:
        yield crew


@pytest.fixture
def feed() -> Iterator[str]:
    """Return the address of a site with a feed of papers of today."""
    with http_server(feed=feed_of_today()) as web:
        yield web.url
