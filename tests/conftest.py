"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine fails no test: hypothesis would complain of examples that take longer than usual.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

ROOT = Path(__file__).parent.parent


@pytest.fixture
def root() -> Path:
    """Return the project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def data() -> Path:
    """Return the folder of real documents, or skip: a user's clone has none."""
    folder = os.environ.get("NEWSLETTER_TEST_DATA")
    if not folder:
        pytest.skip("NEWSLETTER_TEST_DATA is not set: no real documents to read")
    path = (ROOT / folder).resolve()
    if not path.is_dir():
        pytest.skip(f"NEWSLETTER_TEST_DATA: there is no folder {path}")
    return path
