"""The health of sources, and what they were recognised by."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from makers import NOW, make_source

from newsletter.model import SourceReport, Validators
from newsletter.store import SourceStore, open_database

SEEN = Validators(etag='"abc"', last_modified="Tue, 17 Mar 2026 06:00:00 GMT")


def test_validators_come_back_for_the_same_source_only(tmp_path: Path) -> None:
    """When anything that decides its papers changes, the document is asked for again, whole."""
    store = SourceStore(open_database("sqlite:///test.db", tmp_path))
    source = make_source()
    store.record([source], [SourceReport(source="test", papers=3, validators=SEEN)], NOW)

    assert store.validators([source]) == {"test": SEEN}
    assert store.validators([make_source(announce=("replace",))]) == {}
    assert store.validators([make_source(location="https://example.org/other")]) == {}
    assert store.validators([make_source(name="renamed")]) == {"renamed": SEEN}


def test_a_failure_keeps_validators_and_tells_when_it_last_worked(tmp_path: Path) -> None:
    """A bad day forgets nothing; 304 counts as a good one."""
    store = SourceStore(open_database("sqlite:///test.db", tmp_path))
    source, later = make_source(), NOW + dt.timedelta(days=2)
    failed = SourceReport(source="test", error="HTTP 500")
    store.record([source], [SourceReport(source="test", validators=SEEN)], NOW)
    store.record([source], [SourceReport(source="test", note="nothing new")], NOW)

    (told,) = store.record([source], [failed], later)

    assert told.last_good == NOW
    assert store.validators([source]) == {"test": SEEN}
    (stranger,) = store.record([make_source(location="https://example.org/new")], [failed], later)
    assert stranger.last_good is None
