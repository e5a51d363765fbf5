"""Subscribers are stored, under the ids of older versions, with the edition each one gets."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

# Older versions knew subscribers only by their deliveries. Those who are still on the list become
# active when it is next read.
FILL = """INSERT OR IGNORE INTO subscriber (id, address, email, domain, name, wishes, audience,
 timezone, language, state, origin, changed_by, consent_at, consent, changed_at)
 SELECT subscriber, lower(email), email, lower(substr(email, instr(email, '@') + 1)), name, '{}',
 '*', '', '', 'left', 'yaml', 'yaml', changed_at, 'was on the list before version 0.2', changed_at
 FROM delivery ORDER BY issue DESC"""
# The edition of a single reader is named after the reader, following a tilde.
AUDIENCES = """INSERT INTO audience (issue, name, edition) SELECT issue,
 CASE WHEN instr(key, '~') > 0 THEN substr(key, instr(key, '~')) ELSE key END, key FROM edition"""


def upgrade() -> None:
    """Make the tables, and fill them from the ledger."""
    op.create_table(
        "audience",
        sa.Column("issue", sa.Date, sa.ForeignKey("issue.date"), primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("edition", sa.Text, nullable=False),
    )
    op.create_table(
        "subscriber",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("address", sa.Text, nullable=False, unique=True),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("domain", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("wishes", sa.Text, nullable=False),
        sa.Column("audience", sa.Text, nullable=False),
        sa.Column("timezone", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("paused_until", sa.Date),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.Column("consent_at", sa.DateTime, nullable=False),
        sa.Column("consent", sa.Text, nullable=False),
        sa.Column("changed_at", sa.DateTime, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("subscriber_audience", "subscriber", ["state", "audience"])
    op.execute(FILL)
    op.execute(AUDIENCES)
