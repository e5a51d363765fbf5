"""GET /metrics: how a newsletter does, read from the database, and nothing about any reader."""

from __future__ import annotations

import datetime as dt
import json
import re
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest
import yaml
from makers import (
    NOW,
    TODAY,
    make_delivery,
    make_issue,
    make_paper,
    make_source,
    open_test_database,
    plan,
)
from prometheus_client.parser import text_string_to_metric_families

from newsletter.errors import ConfigError, StoreError
from newsletter.model import (
    Claim,
    DeliveryState,
    Outcome,
    Settlement,
    SignUp,
    SourceReport,
)
from newsletter.store import (
    Database,
    PaperStore,
    RequestStore,
    SourceStore,
    SqlLedger,
)
from newsletter.store.measures import Measures, measure
from newsletter.world.metrics import Exposition, families, read_place, serving_metrics

DEPLOY = Path(__file__).parent.parent / "deploy"
MINUTE = dt.timedelta(minutes=1)
Samples = dict[tuple[str, tuple[str, ...]], float]


def samples(text: str) -> Samples:
    """Return each value by its name and the values of its labels."""
    return {
        (sample.name.removeprefix("newsletter_"), tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with open_test_database(tmp_path) as opened:
        yield opened


def live(database: Database) -> None:
    """Have an issue of yesterday that is done, and one of today that is being sent."""
    yesterday = TODAY - dt.timedelta(days=1)
    PaperStore(database).save([make_paper(1), make_paper(2)], NOW)
    ledger = SqlLedger(database)
    for number, date in enumerate((yesterday, TODAY), 1):
        issue = make_issue(date=date, number=number)
        plan(
            database, [make_delivery(name, issue=date) for name in ("ada", "bo", "cy")], issue=issue
        )
    ledger.cancel(yesterday, NOW)
    (one, two) = ledger.claim(TODAY, owner="me", limit=2, now=NOW, until=NOW + MINUTE)
    claims = [Claim(delivery=delivery, owner="me") for delivery in (one, two)]
    ledger.record(claims, [], NOW)
    good = Outcome(state=DeliveryState.ACCEPTED)
    ledger.record([], [Settlement(claim=claims[0], outcome=good)], NOW)
    report = SourceReport(source="x", error="down")
    store = SourceStore(database)
    store.record(make_source(name='A "fine" source'), SourceReport(source="x", papers=1), NOW)
    for _ in range(2):
        store.record(make_source(name="b", location="https://b.example/"), report, NOW)
    RequestStore(database, lambda: "f" * 20).sign_up(SignUp(email="new@x.example"), NOW)


def test_all_numbers_are_those_of_the_database(database: Database) -> None:
    """States of the last issues, what waits and since when, sources, papers."""
    live(database)
    with serving_metrics("0", database, lambda: NOW + MINUTE / 2) as address:
        answer = httpx.get(address)

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    found = samples(answer.text)
    day = str(TODAY)
    assert {
        states: count for (name, states), count in found.items() if name == "deliveries" and count
    } == {
        (day, "accepted"): 1,
        (day, "data_started"): 1,
        (day, "planned"): 1,
        (str(TODAY - dt.timedelta(days=1)), "cancelled"): 3,
    }
    plain = {name: value for (name, labels), value in found.items() if not labels}
    assert plain == {
        "unfinished_issues": 1,
        "ready_shards": 1,
        "senders": 0,
        "oldest_open_delivery_timestamp_seconds": NOW.timestamp(),
        "started_last_minute": 2,
        "notices_waiting": 1,
        "suppressions": 0,
        "papers": 2,
        "last_issue_timestamp_seconds": NOW.timestamp(),
    }
    by_name = {
        (name, labels[1]): value for (name, labels), value in found.items() if len(labels) == 2
    }
    assert by_name["source_failures", "b"] == 2
    assert by_name["source_last_success_timestamp_seconds", "b"] == 0
    assert by_name["source_last_success_timestamp_seconds", 'A "fine" source'] == NOW.timestamp()
    assert "@" not in answer.text


def test_an_empty_newsletter_has_metrics(database: Database) -> None:
    """Before the first issue nothing waits, and nothing fails."""
    found = measure(database, NOW)

    assert (found.deliveries, found.unfinished, found.waits_since) == ({}, 0, None)
    assert {metric.name for metric in families(found)} >= {
        "newsletter_papers",
        "newsletter_deliveries",
    }


def test_what_waits_for_its_hour_does_not_count_as_late(database: Database) -> None:
    """It does from its hour on; the oldest counts."""
    plan(database, [make_delivery("ada")])
    with database.transaction() as connection:
        connection.exec_driver_sql(
            "UPDATE delivery SET not_before = ?", ("2026-03-17 09:00:00.000000",)
        )
    hour = NOW.replace(hour=9, minute=0)

    assert measure(database, hour - MINUTE).waits_since is None
    assert measure(database, hour + 5 * MINUTE).waits_since == hour
    assert measure(database, hour - MINUTE).unfinished == 1


def test_a_locked_database_is_told_and_nobody_hangs(database: Database, tmp_path: Path) -> None:
    """503 within seconds; and the numbers again when it is free."""
    other = sqlite3.connect(tmp_path / "test.db")
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    exposition = Exposition(lambda: measure(database, NOW), patience=0.2)
    database.engine.dispose()
    other.execute("PRAGMA journal_mode=DELETE")
    other.execute("BEGIN EXCLUSIVE")

    with pytest.raises(StoreError, match="busy"):
        exposition.text()
    with pytest.raises(StoreError, match="busy"):
        exposition.text()
    other.execute("ROLLBACK")
    other.close()

    patient = Exposition(lambda: measure(database, NOW))
    assert b"newsletter_papers 0.0" in patient.text()
    exposition.close()
    patient.close()


def test_all_who_ask_at_once_wait_for_one_reading(database: Database) -> None:
    """A slow database is not asked again for each of them; a reading that failed is tried again."""
    count, free, answers = 0, threading.Event(), list[bytes]()

    def measured() -> Measures:
        nonlocal count
        count += 1
        free.wait(10)
        if count == 1:
            raise StoreError("no")
        return measure(database, NOW)

    exposition = Exposition(measured, patience=0.05)
    for _ in range(3):
        with pytest.raises(StoreError, match="busy"):
            exposition.text()
    assert count == 1
    free.set()
    with pytest.raises(StoreError, match=r"^no"):
        exposition._last[1].result() if exposition._last else None
    patient = threading.Barrier(5)

    def ask() -> None:
        patient.wait()
        answers.append(exposition.text())

    exposition._patience = 10
    asking = [threading.Thread(target=ask) for _ in range(5)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    exposition.close()

    assert count == 2
    assert len(answers) == 5
    assert len(set(answers)) == 1


def test_numbers_are_kept_for_some_seconds(database: Database) -> None:
    """Then they are read anew."""
    clock = [0.0]
    exposition = Exposition(lambda: measure(database, NOW), lambda: clock[0])
    before = exposition.text()
    PaperStore(database).save([make_paper()], NOW)

    clock[0] = 9.0
    assert exposition.text() == before
    clock[0] = 10.5
    assert b"newsletter_papers 1.0" in exposition.text()
    exposition.close()


def test_only_metrics_are_answered_and_only_here(database: Database) -> None:
    """Other pages do not exist; a port that is in use, or is none, is told."""
    with serving_metrics("0", database, lambda: NOW) as address:
        assert address.startswith("http://127.0.0.1:")
        assert httpx.get(address.replace("metrics", "admin")).status_code == 404
        assert httpx.post(address).status_code == 501
        port = address.split(":")[2].partition("/")[0]
        with (
            pytest.raises(StoreError, match="choose another port"),
            serving_metrics(port, database, lambda: NOW),
        ):
            pass
    for wrong in ("", "x", "1:2:x", "65536", "-1"):
        with pytest.raises(ConfigError, match="port such as 9200"):
            read_place(wrong)
    assert read_place("[::1]:9200") == ("::1", 9200)
    assert read_place("0.0.0.0:9200") == ("0.0.0.0", 9200)


def expressions() -> Iterator[tuple[str, str]]:
    """Yield every expression of the dashboard and of the alerts, with where it stands."""
    board = json.loads((DEPLOY / "grafana.json").read_text("utf-8"))
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for group in yaml.safe_load((DEPLOY / "alerts.yml").read_text("utf-8"))["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]


def test_the_dashboard_and_the_alerts_ask_for_metrics_that_there_are(database: Database) -> None:
    """By names, labels and states; and every metric is on the dashboard."""
    live(database)
    metrics = {metric.name: metric for metric in families(measure(database, NOW))}
    labels = {
        label for metric in metrics.values() for sample in metric.samples for label in sample.labels
    }
    asked: set[str] = set()
    for where, text in expressions():
        named = set(re.findall(r"newsletter_\w+", text))
        assert named <= set(metrics), where
        assert named or "up{" in text, where
        asked |= named
        for states in re.findall(r'state=~?"([^"]+)"', text):
            assert set(states.split("|")) <= {state.value for state in DeliveryState}, where
        for label in re.findall(r"by \((\w+)\)", text):
            assert label in labels, where
    assert asked == set(metrics)
    board = json.loads((DEPLOY / "grafana.json").read_text("utf-8"))
    legends = [target["legendFormat"] for panel in board["panels"] for target in panel["targets"]]
    assert set(re.findall(r"{{(\w+)}}", " ".join(legends))) <= labels
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))
