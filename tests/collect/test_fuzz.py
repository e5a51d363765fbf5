"""Seeded mutants of small sound documents, on every parser: see tests/fuzzing.py."""

from __future__ import annotations

import os
import resource

import pytest
from fuzzing import TARGETS, stumbles

ROUNDS = int(os.environ.get("NEWSLETTER_FUZZ_ROUNDS") or 60)
"""Inputs for each target: more find more, and take longer."""


@pytest.mark.timeout(60 + ROUNDS)
@pytest.mark.parametrize("name", TARGETS)
def test_no_broken_document_stops_a_parser(name: str) -> None:
    """No traceback, no guard that had to catch a fault, no hang, no memory, nothing past the gate."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    found = list(stumbles(name, seed=2026, rounds=ROUNDS))

    assert found == []
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000
