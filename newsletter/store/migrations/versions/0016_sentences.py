"""Sentences that a machine wrote about papers, and what they cost."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Add the table; nothing was written before."""
    op.create_table(
        "sentence",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("model", sa.Text, primary_key=True),
        sa.Column("language", sa.Text, primary_key=True),
        sa.Column("wording", sa.Text, primary_key=True),
        sa.Column("paper", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("requests", sa.Integer, nullable=False),
        sa.Column("tokens", sa.BigInteger, nullable=False),
        sa.Column("asked_at", sa.DateTime, nullable=False),
        sa.Column("written_at", sa.DateTime),
    )
    op.create_index("ix_sentence_asked_at", "sentence", ["asked_at"])
