"""Databases of older versions open, with everything that was in them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import sqlalchemy as sa
from makers import (
    NOW,
    TODAY,
    make_delivery,
    make_paper,
    make_source,
    plan,
)

from newsletter.model import DeliveryState, IssueWindow
from newsletter.store import IssueStore, PaperStore, SourceStore, SqlLedger, open_database

SECOND = """
CREATE TABLE schema (version INTEGER PRIMARY KEY);
INSERT INTO schema VALUES (2);
CREATE TABLE issue (date DATE PRIMARY KEY, number INTEGER NOT NULL UNIQUE,
  papers INTEGER NOT NULL, planned_at DATETIME NOT NULL);
INSERT INTO issue VALUES ('2026-03-17', 7, 95, '2026-03-17 06:30:00.000000');
CREATE TABLE edition (issue DATE NOT NULL REFERENCES issue (date), key TEXT NOT NULL,
  subject TEXT NOT NULL, html TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (issue, key));
INSERT INTO edition VALUES ('2026-03-17', 'a', 'Subject', '<p>html</p>', 'text');
CREATE TABLE delivery (issue DATE NOT NULL REFERENCES issue (date), subscriber TEXT NOT NULL,
  email TEXT NOT NULL, name TEXT NOT NULL, timezone TEXT NOT NULL, edition TEXT NOT NULL,
  state TEXT NOT NULL, attempt INTEGER NOT NULL, lease_owner TEXT, lease_until DATETIME,
  next_at DATETIME, code INTEGER NOT NULL, reason TEXT NOT NULL, changed_at DATETIME NOT NULL,
  PRIMARY KEY (issue, subscriber));
INSERT INTO delivery VALUES ('2026-03-17', 'id', 'a@readers.example', 'A', 'UTC', 'a', 'planned', 0,
  NULL, NULL, NULL, 0, '', '2026-03-17 06:30:00.000000');
"""


def test_an_issue_planned_by_the_second_version_is_sent_as_it_was(tmp_path: Path) -> None:
    """Its editions, whole then, are there in blocks, and its deliveries wait as before."""
    engine = sa.create_engine(f"sqlite:///{tmp_path}/old.db")
    with engine.begin() as connection:
        for statement in SECOND.split(";"):
            if statement.strip():
                connection.exec_driver_sql(statement)
    engine.dispose()

    for _ in range(2):  # the second time there is nothing left to do
        database = open_database("sqlite:///old.db", tmp_path)
        edition = IssueStore(database).edition(TODAY, "agents")
        assert (edition.html, edition.text) == ("<p>html</p>", "text")
        (waiting,) = SqlLedger(database).deliveries(TODAY)
        assert waiting.state is DeliveryState.PLANNED
        assert waiting.language == "en"
        assert IssueStore(database).dates() == (dt.date(2026, 3, 17),)
        database.close()


def test_identities_of_the_fourth_version_pass_the_gate(tmp_path: Path) -> None:
    """A paper that was sent under an odd name is found, and never sent, under its new one."""
    odd, sent = "url:evil.example/\ue000\x1b", "url:e.example/größe"
    twin, plain = "url:e.example/ü", "url:e.example/%C3%BC"
    database = open_database("sqlite:///old.db", tmp_path)
    store = PaperStore(database, lambda paper: (f"near:{paper.title}",))
    store.save(
        [make_paper(title=one, id=one, keys=(one,)) for one in (odd, sent, twin, plain)], NOW
    )
    plan(database, [make_delivery()], offered=[sent, twin])
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE schema SET version = 4")
    database.close()

    database = open_database("sqlite:///old.db", tmp_path)
    store = PaperStore(database)
    window = IssueWindow(
        date=TODAY + dt.timedelta(days=1),
        until=NOW + dt.timedelta(days=1),
        oldest=NOW - dt.timedelta(days=100),
    )
    new = "url:e.example/gr%C3%B6%C3%9Fe"

    assert [paper.id for paper in store.candidates(window)] == ["url:evil.example/"]
    assert [paper.id for paper in store.with_keys([new])] == [new]
    assert [paper.id for paper in store.with_keys([plain])] == [plain]
    assert store.known_keys([make_paper(keys=(odd, sent))]) == frozenset()
    database.close()


def test_secrets_in_what_the_fourth_version_remembered_are_gone(tmp_path: Path) -> None:
    """Addresses with a login or a key are forgotten, and the habit of the source is not."""
    database = open_database("sqlite:///old.db", tmp_path)
    row = (
        '{"failures": 2, "last_error": "https://bob:s3cret@e.example/: HTTP 503", "validators": '
        '{"url": "https://e.example/?key=s3cret", "etag": "1"}, "moved_to": "https://s3cret@e.example/",'
        ' "days": [["2026-03-16", 4]]}'
    )
    with database.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO source_health VALUES ('1', 'a', ?, '2026-03-17 06:00:00')", (row,)
        )
        connection.exec_driver_sql("UPDATE schema SET version = 4")
    database.close()

    database = open_database("sqlite:///old.db", tmp_path)

    ((_, health),) = SourceStore(database).known([make_source()], NOW)[1:]
    assert (health.failures, health.days) == (2, ((dt.date(2026, 3, 16), 4),))
    assert "s3cret" not in repr(health)
    with database.transaction() as connection:
        assert "s3cret" not in repr(connection.exec_driver_sql("SELECT * FROM source_health").all())
    database.close()
