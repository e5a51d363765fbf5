"""Databases as older versions of the program left them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import sqlalchemy as sa
from alembic import command

from newsletter.store.migrations.runner import configure

FIRST = """
PRAGMA journal_mode=WAL;
CREATE TABLE schema (version INTEGER NOT NULL, PRIMARY KEY (version));
INSERT INTO schema VALUES (1);
CREATE TABLE paper (id TEXT NOT NULL, data JSON NOT NULL, published DATETIME,
  first_seen DATETIME NOT NULL, offered DATE, PRIMARY KEY (id));
CREATE INDEX ix_paper_offered ON paper (offered);
CREATE TABLE paper_key ("key" TEXT NOT NULL, paper TEXT NOT NULL, PRIMARY KEY ("key"));
CREATE INDEX ix_paper_key_paper ON paper_key (paper);
CREATE TABLE source (id TEXT NOT NULL, name TEXT NOT NULL, etag TEXT NOT NULL,
  last_modified TEXT NOT NULL, last_good DATETIME, last_error TEXT NOT NULL,
  failures INTEGER NOT NULL, PRIMARY KEY (id));
INSERT INTO source VALUES ('1', 'a', '"x"', '', NULL, '', 3);
CREATE TABLE issue (date DATE NOT NULL, number INTEGER NOT NULL, papers INTEGER NOT NULL,
  planned_at DATETIME NOT NULL, PRIMARY KEY (date), UNIQUE (number));
INSERT INTO issue VALUES ('2026-03-17', 7, 95, '2026-03-17 06:30:00.000000');
CREATE TABLE edition (issue DATE NOT NULL, "key" TEXT NOT NULL, subject TEXT NOT NULL,
  html TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (issue, "key"),
  FOREIGN KEY(issue) REFERENCES issue (date));
INSERT INTO edition VALUES ('2026-03-17', 'a', 'Subject', '<p>html</p>', 'text');
INSERT INTO edition VALUES ('2026-03-17', 'b', 'Other', '<p>more</p>', 'less');
CREATE TABLE delivery (issue DATE NOT NULL, subscriber TEXT NOT NULL, email TEXT NOT NULL,
  name TEXT NOT NULL, timezone TEXT NOT NULL, edition TEXT NOT NULL, state TEXT NOT NULL,
  attempt INTEGER NOT NULL, lease_owner TEXT, lease_until DATETIME, next_at DATETIME,
  code INTEGER NOT NULL, reason TEXT NOT NULL, changed_at DATETIME NOT NULL,
  PRIMARY KEY (issue, subscriber), FOREIGN KEY(issue) REFERENCES issue (date));
CREATE INDEX delivery_open ON delivery (issue, state, next_at);
INSERT INTO delivery VALUES ('2026-03-17', 'id-a', 'a@Readers.example', 'A', 'UTC', 'a', 'planned', 0,
  NULL, NULL, NULL, 0, '', '2026-03-17 06:30:00.000000');
INSERT INTO delivery VALUES ('2026-03-17', 'id-b', 'b@readers.example', 'B', 'UTC', 'b', 'deferred', 2,
  NULL, NULL, '2026-03-17 07:30:00.000000', 451, '451 later', '2026-03-17 06:40:00.000000');
"""
"""What version 0.1 made of an empty file, as SQLite tells it, and a few rows."""


def make_old(folder: Path, version: int = 1) -> sa.Engine:
    """Make a database of an older schema, with the rows of FIRST, as its program left it."""
    with sqlite3.connect(folder / "old.db") as opened:
        opened.executescript(FIRST)
    opened.close()
    engine = sa.create_engine(f"sqlite:///{folder}/old.db")
    if version > 1:
        with engine.begin() as connection:
            command.stamp(configure(connection), "0001")
            command.upgrade(configure(connection), f"{version:04}")
            connection.exec_driver_sql("DROP TABLE alembic_version")
            connection.exec_driver_sql("UPDATE schema SET version = ?", (version,))
    return engine
