"""Meanings of refusals, departures of messages, pauses of issues, and suppressions."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the columns; from now on indexes hold only waiting deliveries."""
    for column in ("verdict", "domain"):
        op.add_column("delivery", sa.Column(column, sa.Text, nullable=False, server_default=""))
    op.add_column("delivery", sa.Column("started_at", sa.DateTime))
    op.add_column("issue", sa.Column("halted", sa.Text, nullable=False, server_default=""))
    op.drop_index("delivery_open", "delivery", if_exists=True)
    for name, columns, state in (
        ("delivery_planned", ["issue"], "planned"),
        ("delivery_deferred", ["issue", "next_at"], "deferred"),
    ):
        where = sa.text(f"state = '{state}'")
        op.create_index(name, "delivery", columns, sqlite_where=where)
    op.execute("UPDATE delivery SET domain = lower(substr(email, instr(email, '@') + 1))")
    op.create_table(
        "suppression",
        sa.Column("email", sa.Text, primary_key=True),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
    )
    op.create_table(
        "bounce",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("issue", sa.Date),
        sa.Column("subscriber", sa.Text),
        sa.Column("email", sa.Text, nullable=False, index=True),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("verified", sa.Boolean, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("seen_at", sa.DateTime, nullable=False),
    )
