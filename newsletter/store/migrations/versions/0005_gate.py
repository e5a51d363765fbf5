"""Identities of papers pass the gate; addresses of sources that may hold a key are removed."""

import hashlib
import json
import re
from urllib.parse import quote

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

NEVER = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\xad\u180e\u200b\u2028\u2029"
    "\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\uffff\ud800-\udfff\ufdd0-\ufdef\U000e0000-\U000e00ff"
    "\ue000-\uf8ff\U000f0000-\U0010ffff]"
)
PRINTABLE = re.compile(r"[!-~]+")
SAFE = "".join(map(chr, range(0x21, 0x7F)))
LONGEST = 500


def upgrade() -> None:
    """Rename papers and their keys, merge those that become equal, remove sources' addresses."""
    connection = op.get_bind()
    for (old,) in connection.exec_driver_sql("SELECT id FROM paper").all():
        if identity(old) != old:
            rename(connection, old, identity(old))
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


def rename(connection: sa.Connection, old: str, new: str) -> None:
    """Give a paper its new identity; if another paper has that already, merge the two."""
    if connection.exec_driver_sql("SELECT 1 FROM paper WHERE id = ?", (new,)).first():
        connection.exec_driver_sql(
            "UPDATE paper SET offered = coalesce(offered, (SELECT offered FROM paper "
            "WHERE id = ?)) WHERE id = ?",
            (old, new),
        )
        connection.exec_driver_sql("DELETE FROM paper WHERE id = ?", (old,))
    else:
        connection.exec_driver_sql("UPDATE paper SET id = ? WHERE id = ?", (new, old))
    connection.exec_driver_sql(
        "UPDATE OR REPLACE paper_key SET paper = ? WHERE paper = ?", (new, old)
    )
    connection.exec_driver_sql(
        "UPDATE OR REPLACE paper_trace SET paper = ? WHERE paper = ?", (new, old)
    )


def identity(given: str) -> str:
    """Return an identity as printable ASCII without spaces; a long one becomes a digest."""
    if not PRINTABLE.fullmatch(given):
        given = quote(NEVER.sub("", given), safe=SAFE)
    if len(given) <= LONGEST:
        return given
    return f"{given[:20].partition(':')[0]}:{hashlib.sha256(given.encode()).hexdigest()}"
