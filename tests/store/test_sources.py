"""The health of sources, and what they were recognised by."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import NOW, make_source, open_test_database

from newsletter.model import Health, SourceReport, Validators
from newsletter.store import SourceStore
from newsletter.store.sources import REMEMBERED_DAYS, after

SEEN = Validators(address="1f", etag='"abc"', last_modified="Tue, 17 Mar 2026 06:00:00 GMT")


def day(number: int) -> dt.datetime:
    return NOW + dt.timedelta(days=number)


@pytest.fixture
def store(tmp_path: Path) -> SourceStore:
    return SourceStore(open_test_database(tmp_path))


def test_health_comes_back_for_the_same_source_only(store: SourceStore) -> None:
    """When anything that decides its papers changes, the document is asked for again, whole."""
    source = make_source()
    report = SourceReport(
        source="test", papers=3, new=2, validators=SEEN, fresh_until=day(1), covered=day(0)
    )
    store.record(source, report, NOW)

    remembered = store.remembered()

    assert remembered(source) == Health(
        last_good=NOW,
        last_new=NOW,
        validators=SEEN,
        fresh_until=day(1),
        covered=day(0),
        days=((NOW.date(), 2),),
    )
    assert remembered(make_source(name="renamed")).validators == SEEN
    assert remembered(make_source(headers=(("x-key", "another"),))).validators == SEEN
    for other in (
        make_source(announce=("replace",)),
        make_source(location="https://example.org/other"),
        make_source(query="agents"),
    ):
        assert remembered(other) == Health()


def test_a_failure_forgets_nothing_good(store: SourceStore) -> None:
    """A bad day keeps the last good one, the validators and the batch; it forgets a new address."""
    source = make_source()
    good = SourceReport(source="test", new=1, validators=SEEN, moved_to="https://n.example/f")
    store.record(source, good, NOW)
    store.record(source, SourceReport(source="test", error="HTTP 500"), day(1))
    health = store.record(source, SourceReport(source="test", error="HTTP 502"), day(2))

    assert (health.last_good, health.last_new, health.validators) == (NOW, NOW, SEEN)
    assert (health.failures, health.last_error, health.moved_to) == (2, "HTTP 502", "")
    assert store.record(source, SourceReport(source="test"), day(3)).failures == 0


def test_a_source_that_was_left_alone_stays_as_it_was() -> None:
    """Not asking is neither good nor bad."""
    health = Health(last_good=NOW, retired=True, failures=3)

    assert after(health, SourceReport(source="test", asked=False), day(1)) == health


def test_a_source_is_stale_when_it_breaks_its_own_habit() -> None:
    """Daily, it may be silent over a weekend with a holiday; weekly, for two weeks; then not."""
    daily = after(Health(), SourceReport(source="a", new=3), day(0))
    daily = after(daily, SourceReport(source="a", new=2), day(1))
    weekly = after(Health(), SourceReport(source="b", new=1), day(0))
    weekly = after(weekly, SourceReport(source="b", new=1), day(7))

    assert (daily.papers_per_day, weekly.papers_per_day) == (2.5, 0.25)
    assert [daily.is_stale(day(n)) for n in (2, 5, 6)] == [False, False, True]
    assert [weekly.is_stale(day(n)) for n in (14, 21, 22)] == [False, False, True]
    assert not Health().is_stale(NOW)


@given(st.lists(st.integers(0, 5), max_size=100))
def test_papers_are_counted_by_day_and_old_days_forgotten(counts: list[int]) -> None:
    """However many visits there are, the last days are kept, each with its sum."""
    health = Health()
    for number, new in enumerate(counts):
        for _ in range(2):
            health = after(health, SourceReport(source="a", new=new), day(number))

    assert [count for _, count in health.days] == [2 * new for new in counts][-REMEMBERED_DAYS:]


def test_doctor_lists_what_is_configured_and_what_a_list_named(store: SourceStore) -> None:
    """A source of an OPML list is forgotten once the list was read without it."""
    ours = make_source(kind="opml")
    listed = make_source(name="listed", location="https://l.example/f")
    store.record(ours, SourceReport(source="test"), NOW)
    store.record(listed, SourceReport(source="listed"), NOW)

    def names(moment: dt.datetime) -> list[str]:
        return [name for name, _ in store.known([ours], moment)]

    assert names(day(6)) == ["test", "listed"]
    assert names(day(8)) == ["test"]
    store.record(ours, SourceReport(source="test", error="HTTP 500"), day(1))
    assert names(day(1)) == ["test", "listed"]
    store.record(ours, SourceReport(source="test"), day(2))
    assert names(day(2)) == ["test"]


def test_doctor_forgets_what_was_taken_out_of_the_configuration(store: SourceStore) -> None:
    """Without a list, nothing is known but what is configured; when a visit was, is known anyway."""
    gone = make_source(name="gone", location="https://gone.example/f")
    assert store.last_visit() is None
    store.record(gone, SourceReport(source="gone", error="HTTP 404"), NOW)

    assert [name for name, _ in store.known([make_source()], NOW)] == ["test"]
    assert store.last_visit() == NOW


def test_what_cannot_be_read_is_learnt_anew(tmp_path: Path) -> None:
    """One odd row stops no run."""
    database = open_test_database(tmp_path)
    store = SourceStore(database)
    store.record(make_source(), SourceReport(source="test"), NOW)
    with database.transaction() as connection:
        connection.exec_driver_sql("""UPDATE source_health SET data = '{"failures": "many"}'""")

    assert store.remembered()(make_source()) == Health()
