"""Health of sources becomes a document; traces of papers and answers of services are kept."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Drop the health of sources, which was in columns: the next visit learns it again."""
    op.drop_table("source", if_exists=True)
    op.create_table(
        "source_health",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column("visited_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "paper_trace",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("paper", sa.Text, primary_key=True, index=True),
    )
    op.create_table(
        "fact",
        sa.Column("service", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column("asked_at", sa.DateTime, nullable=False),
    )
