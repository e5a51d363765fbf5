"""What each database makes in its own way: indexes of papers' words, tables in parts."""

from __future__ import annotations

import sqlalchemy as sa

from newsletter.store.partitions import BY_MONTH

SEARCH = (
    """CREATE VIRTUAL TABLE paper_search USING fts5(title, authors, abstract,
 content='paper_text', content_rowid='number', tokenize='porter unicode61 remove_diacritics 2')""",
    """CREATE TRIGGER paper_text_new AFTER INSERT ON paper_text BEGIN
 INSERT INTO paper_search(rowid, title, authors, abstract)
 VALUES (new.number, new.title, new.authors, new.abstract); END""",
    """CREATE TRIGGER paper_text_gone AFTER DELETE ON paper_text BEGIN
 INSERT INTO paper_search(paper_search, rowid, title, authors, abstract)
 VALUES ('delete', old.number, old.title, old.authors, old.abstract); END""",
    """CREATE TRIGGER paper_text_changed AFTER UPDATE ON paper_text BEGIN
 INSERT INTO paper_search(paper_search, rowid, title, authors, abstract)
 VALUES ('delete', old.number, old.title, old.authors, old.abstract);
 INSERT INTO paper_search(rowid, title, authors, abstract)
 VALUES (new.number, new.title, new.authors, new.abstract); END""",
)
"""The statements that make SQLite's full-text index of `paper_text`."""


POSTGRESQL_SEARCH = (
    """CREATE TABLE paper_search (
 number INTEGER PRIMARY KEY REFERENCES paper_text ON DELETE CASCADE, words TSVECTOR NOT NULL)""",
    "CREATE INDEX paper_search_words ON paper_search USING gin (words)",
)
"""The same for PostgreSQL; `index.py` writes it."""


def make_search(_table: sa.Table, connection: sa.Connection, **_options: object) -> None:
    """Make the index of a database whose table of texts was just made."""
    sqlite = connection.dialect.name == "sqlite"
    for statement in SEARCH if sqlite else POSTGRESQL_SEARCH:
        connection.exec_driver_sql(statement)


POSTGRESQL_REST = (
    *BY_MONTH,
    "CREATE INDEX notice_waiting ON notice (next_at) WHERE state = 'waiting'",
)
"""SQLAlchemy could say it in `tables.py`, but would import all about PostgreSQL for SQLite, too."""


def make_rest(_tables: sa.MetaData, connection: sa.Connection, **_options: object) -> None:
    """Make what is PostgreSQL's alone, when all tables were just made."""
    if connection.dialect.name != "sqlite":
        for statement in POSTGRESQL_REST:
            connection.exec_driver_sql(statement)
