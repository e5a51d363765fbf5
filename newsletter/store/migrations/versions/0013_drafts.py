"""Editions of single readers may be made when they are sent, from a draft that is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the drafts, and when shards are active.

    How often somebody wants mail is copied out of their wishes, for plans to read.
    """
    op.create_table(
        "draft",
        sa.Column("issue", sa.Date, sa.ForeignKey("issue.date"), primary_key=True),
        sa.Column("made_at", sa.DateTime, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.add_column(
        "subscriber", sa.Column("cadence", sa.Text, nullable=False, server_default="daily")
    )
    op.add_column("shard", sa.Column("active_until", sa.DateTime))
    # What has left before counts for rates; these issues are looked at for two days.
    op.execute("UPDATE shard SET active_until = '9999-12-31 00:00:00.000000'")
    for cadence in ("weekdays", "weekly"):
        # Wishes are JSON without spaces, and a quotation mark within a value has a backslash.
        update = sa.text("UPDATE subscriber SET cadence = :cadence WHERE wishes LIKE :wish")
        wish = f'%"cadence":"{cadence}"%'
        op.get_bind().execute(update, {"cadence": cadence, "wish": wish})
