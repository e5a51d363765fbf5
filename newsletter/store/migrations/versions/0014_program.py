"""The version of the program that used the database last, so that a later one says what is new."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add the version; of older databases it is not known."""
    op.add_column("identity", sa.Column("program", sa.Text, nullable=False, server_default=""))
