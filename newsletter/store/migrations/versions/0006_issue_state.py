"""Whether an issue is paused or cancelled becomes a state, instead of a word in the reason."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Read the state from the reason: `cancelled` means cancelled, any other reason paused."""
    op.add_column("issue", sa.Column("state", sa.Text, nullable=False, server_default="planned"))
    op.execute("UPDATE issue SET state = 'paused' WHERE halted NOT IN ('', 'cancelled')")
    op.execute("UPDATE issue SET state = 'cancelled' WHERE halted = 'cancelled'")
    # Some databases of version 5 are older than this table.
    op.create_table(
        "identity",
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("folder", sa.Text, nullable=False),
        if_not_exists=True,
    )
