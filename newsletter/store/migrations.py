"""What databases that older versions made need, one step for each version."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

import sqlalchemy as sa

from newsletter.model.gate import identity


def _learn_health_anew(connection: sa.Connection) -> None:
    # Version 1 kept the health of sources in columns; the next visit learns it anew.
    connection.exec_driver_sql("DROP TABLE IF EXISTS source")


def _cut_editions(connection: sa.Connection) -> None:
    # Version 2 kept each edition whole, and knew no languages.
    if "language" not in _columns(connection, "delivery"):
        connection.exec_driver_sql(
            "ALTER TABLE delivery ADD COLUMN language TEXT NOT NULL DEFAULT 'en'"
        )
    rows = connection.exec_driver_sql("SELECT issue, key, html, text FROM edition").all()
    for place, (issue, key, html, text) in enumerate(rows):
        for number, content in ((2 * place, html), (2 * place + 1, text)):
            connection.exec_driver_sql(
                "INSERT INTO block (issue, number, content) VALUES (?, ?, ?)",
                (issue, number, content),
            )
        connection.exec_driver_sql(
            "UPDATE edition SET html = ?, text = ? WHERE issue = ? AND key = ?",
            (json.dumps([2 * place]), json.dumps([2 * place + 1]), issue, key),
        )


def _tell_refusals_apart(connection: sa.Connection) -> None:
    # Version 3 did not know what a refusal says, when a message left, and no pauses.
    for table, column, kind in (
        ("delivery", "verdict", "TEXT NOT NULL DEFAULT ''"),
        ("delivery", "domain", "TEXT NOT NULL DEFAULT ''"),
        ("delivery", "started_at", "DATETIME"),
        ("issue", "halted", "TEXT NOT NULL DEFAULT ''"),
    ):
        if column not in _columns(connection, table):
            connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
    connection.exec_driver_sql("DROP INDEX IF EXISTS delivery_open")
    for name, columns, state in (
        ("delivery_planned", "issue", "planned"),
        ("delivery_deferred", "issue, next_at", "deferred"),
    ):
        connection.exec_driver_sql(
            f"CREATE INDEX IF NOT EXISTS {name} ON delivery ({columns}) WHERE state = '{state}'"
        )
    connection.exec_driver_sql(
        "UPDATE delivery SET domain = lower(substr(email, instr(email, '@') + 1))"
    )


def _pass_the_gate(connection: sa.Connection) -> None:
    # Version 4 kept identities as sources gave them, and addresses that may hold a key.
    for (old,) in connection.exec_driver_sql("SELECT id FROM paper").all():
        new = identity(old)
        if new == old:
            continue
        known = connection.exec_driver_sql("SELECT 1 FROM paper WHERE id = ?", (new,)).first()
        if known:
            connection.exec_driver_sql(
                "UPDATE paper SET offered = coalesce(offered, (SELECT offered FROM paper "
                "WHERE id = ?)) WHERE id = ?",
                (old, new),
            )
            connection.exec_driver_sql("DELETE FROM paper WHERE id = ?", (old,))
        else:
            connection.exec_driver_sql("UPDATE paper SET id = ? WHERE id = ?", (new, old))
        for table in ("paper_key", "paper_trace"):
            connection.exec_driver_sql(
                f"UPDATE OR REPLACE {table} SET paper = ? WHERE paper = ?",  # noqa: S608  names of ours
                (new, old),
            )
    for (old,) in connection.exec_driver_sql("SELECT key FROM paper_key").all():
        if identity(old) != old:
            connection.exec_driver_sql(
                "UPDATE OR REPLACE paper_key SET key = ? WHERE key = ?", (identity(old), old)
            )
    for name, data in connection.exec_driver_sql("SELECT id, data FROM source_health").all():
        kept = json.loads(data) | {"validators": {}, "last_error": "", "moved_to": ""}
        connection.exec_driver_sql(
            "UPDATE source_health SET data = ? WHERE id = ?", (json.dumps(kept), name)
        )


def _columns(connection: sa.Connection, table: str) -> set[str]:
    return {one["name"] for one in sa.inspect(connection).get_columns(table)}


STEPS: Final[Mapping[int, Callable[[sa.Connection], None]]] = {
    1: _learn_health_anew,
    2: _cut_editions,
    3: _tell_refusals_apart,
    4: _pass_the_gate,
}
"""What brings a database of the version that is named to the next one."""


def migrate(connection: sa.Connection, version: int, wanted: int) -> None:
    """Bring a database from one version to another, in the transaction it is given."""
    for step in range(version, wanted):
        STEPS[step](connection)
