"""The papers that were seen last are found without reading all others."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Index papers by when they were first seen."""
    op.create_index("ix_paper_first_seen", "paper", ["first_seen"])
