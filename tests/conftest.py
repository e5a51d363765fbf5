"""Fixtures that every test may use."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from hypothesis import HealthCheck, settings

# A busy machine fails no test: hypothesis would complain of examples that take longer than usual.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# For `make quick`: a quarter of the usual number of examples.
settings.register_profile("quick", settings.get_profile("patient"), max_examples=25)
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


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a certificate authority that has signed nothing."""
    path = tmp_path_factory.mktemp("authority") / "authority.pem"
    trustme.CA().cert_pem.write_to_path(path)
    return path


@pytest.fixture(scope="module", autouse=True)
def few_authorities(request: pytest.FixtureRequest, authority: Path) -> Iterator[None]:
    """Trust one authority in these folders: reading the machine's takes 30 ms a connection."""
    with pytest.MonkeyPatch.context() as patch:
        if request.path.parent.name in ("collect", "send", "suppress"):
            patch.setenv("SSL_CERT_FILE", str(authority))
        yield


def pytest_collection_finish() -> None:
    """Leave what was imported out of every later search for garbage."""
    gc.collect()
    gc.freeze()
