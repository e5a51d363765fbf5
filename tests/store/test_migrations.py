"""Databases of older versions open, with everything that was in them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import sqlalchemy as sa
from makers import TODAY

from newsletter.model import DeliveryState
from newsletter.store import IssueStore, SqlLedger, open_database

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
        (edition,) = IssueStore(database).editions(TODAY)
        assert (edition.html, edition.text) == ("<p>html</p>", "text")
        (waiting,) = SqlLedger(database).deliveries(TODAY)
        assert waiting.state is DeliveryState.PLANNED
        assert waiting.language == "en"
        assert IssueStore(database).dates() == (dt.date(2026, 3, 17),)
        database.close()
