"""Editions of single readers may be made when they are sent, from a draft that is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the drafts; copy out of wishes how often somebody wants mail, for plans to read."""
    op.create_table(
        "draft",
        sa.Column("issue", sa.Date, sa.ForeignKey("issue.date"), primary_key=True),
        sa.Column("made_at", sa.DateTime, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.add_column(
        "subscriber", sa.Column("cadence", sa.Text, nullable=False, server_default="daily")
    )
    for cadence in ("weekdays", "weekly"):
        # Wishes are JSON without spaces, and a quotation mark within a value has a backslash.
        update = sa.text("UPDATE subscriber SET cadence = :cadence WHERE wishes LIKE :wish")
        wish = f'%"cadence":"{cadence}"%'
        op.get_bind().execute(update, {"cadence": cadence, "wish": wish})
