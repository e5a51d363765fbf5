"""Issues are closed and counted; keys of papers are remembered when their texts are deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add what retention needs; issues are closed, and counted, by the next run."""
    op.add_column(
        "issue", sa.Column("closed", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.create_table(
        "tally",
        sa.Column("issue", sa.Date, sa.ForeignKey("issue.date"), primary_key=True),
        sa.Column("state", sa.Text, primary_key=True),
        sa.Column("verdict", sa.Text, primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "paper_forgotten",
        sa.Column(
            "digest",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("offered", sa.Integer, nullable=False),
        sa.Column("gone", sa.Integer, nullable=False),
    )
