"""Editions of single readers may be made when they are sent, from a draft that is kept."""

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the drafts, and when shards are active; divide PostgreSQL's ledger into months.

    How often somebody wants mail is copied out of their wishes, for plans to read.
    """
    op.create_table(
        "draft",
        sa.Column("issue", sa.Date, sa.ForeignKey("issue.date"), primary_key=True),
        sa.Column("made_at", sa.DateTime, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.add_column(
        "subscriber", sa.Column("cadence", sa.Text, nullable=False, server_default="daily")
    )
    if op.get_bind().dialect.name == "postgresql":
        _divide()
    op.add_column("shard", sa.Column("active_until", sa.DateTime))
    # What has left before counts for rates; these issues are looked at for two days.
    op.execute("UPDATE shard SET active_until = '9999-12-31 00:00:00.000000'")
    for cadence in ("weekdays", "weekly"):
        # Wishes are JSON without spaces, and a quotation mark within a value has a backslash.
        update = sa.text("UPDATE subscriber SET cadence = :cadence WHERE wishes LIKE :wish")
        wish = f'%"cadence":"{cadence}"%'
        op.get_bind().execute(update, {"cadence": cadence, "wish": wish})


def _divide() -> None:
    """Make the ledger a table of months, with the deliveries that there are."""
    op.execute("ALTER TABLE delivery RENAME TO delivery_plain")
    op.execute(
        "CREATE TABLE delivery (LIKE delivery_plain INCLUDING DEFAULTS) PARTITION BY RANGE (issue)"
    )
    months = sa.text("SELECT DISTINCT date_trunc('month', date)::date FROM issue ORDER BY 1")
    for first in op.get_bind().scalars(months).all():
        after = (first + dt.timedelta(days=31)).replace(day=1)
        op.execute(
            f"CREATE TABLE delivery_{first:%Y_%m} PARTITION OF delivery"
            f" FOR VALUES FROM ('{first}') TO ('{after}') WITH (fillfactor = 50)"
        )
    op.execute("INSERT INTO delivery SELECT * FROM delivery_plain")
    op.execute("DROP TABLE delivery_plain")
    op.execute("ALTER TABLE delivery ADD PRIMARY KEY (issue, subscriber)")
