"""Readers of one audience get mail in one language: it is part of the name of their audience."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Name the audiences of readers who have chosen a language anew."""
    # Only a plan that is made later reads the names: deliveries have the edition they get.
    op.execute(
        "UPDATE subscriber SET audience = audience || '|in-' || language"
        " WHERE language <> '' AND substr(audience, 1, 1) <> '~'"
    )
