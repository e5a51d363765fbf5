"""Every test of the store runs on both databases, unless it says that it is about one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from postgres import BOTH, using

ONE = {"test_migrations.py", "test_outbox.py"}
"""Files about SQLite's files, or about no database at all."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test twice, unless it is marked as one of SQLite's alone."""
    one = any(map(metafunc.definition.get_closest_marker, ("sqlite", "postgresql")))
    if not one and metafunc.definition.path.name not in ONE:
        metafunc.parametrize("backend", BOTH, indirect=True, scope="module")


@pytest.fixture(scope="module", autouse=True)
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    """Have this test's databases be of one kind."""
    kind = getattr(request, "param", "sqlite")
    with using(kind):
        yield kind
