"""Editions are built from blocks; deliveries have a language; sentences have vectors."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Split each edition, which was one text, into two blocks: its HTML and its text part."""
    op.create_table(
        "vector",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("digest", sa.Text, nullable=False, unique=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
        if_not_exists=True,  # some databases of this version had it already
    )
    op.create_table(
        "block",
        sa.Column("issue", sa.Date, sa.ForeignKey("issue.date"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("content", sa.Text, nullable=False),
    )
    op.add_column("delivery", sa.Column("language", sa.Text, nullable=False, server_default="en"))
    connection = op.get_bind()
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
    with op.batch_alter_table("edition") as edition:
        edition.alter_column("html", type_=sa.JSON)
        edition.alter_column("text", type_=sa.JSON)
