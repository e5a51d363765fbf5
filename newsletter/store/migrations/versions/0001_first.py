"""The schema of version 0.1, where every history starts; so there is nothing to do."""

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Do nothing: version 0.1 made its tables itself."""
