"""Deliveries are claimed by shards: ranges of readers, of which each knows when it is ready."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

# Issues of which something is open, or may be opened again: nobody reopens older ones.
SHARDS = """INSERT INTO shard (issue, number, first, last, deliveries, ready_at)
 SELECT issue, (place - 1) / 1000, min(subscriber), max(subscriber), count(*), min(ready)
 FROM (SELECT issue, subscriber,
  row_number() OVER (PARTITION BY issue ORDER BY subscriber) AS place,
  CASE WHEN state = 'planned' THEN coalesce(not_before, '1970-01-01 00:00:00.000000')
   WHEN state = 'deferred' THEN next_at
   WHEN state IN ('leased', 'data_started') THEN lease_until END AS ready
  FROM delivery WHERE issue >= (SELECT date(max(issue), '-7 days') FROM delivery)
  OR issue IN (SELECT issue FROM delivery
   WHERE state IN ('planned', 'deferred', 'leased', 'data_started'))) AS placed
 GROUP BY issue, (place - 1) / 1000"""


def upgrade() -> None:
    """Make the tables, and the shards of issues that are still sent."""
    op.create_table(
        "shard",
        sa.Column("issue", sa.Date, sa.ForeignKey("issue.date"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("first", sa.Text, nullable=False),
        sa.Column("last", sa.Text, nullable=False),
        sa.Column("deliveries", sa.Integer, nullable=False),
        sa.Column("ready_at", sa.DateTime),
        sa.Column("sender", sa.Text),
    )
    op.create_table(
        "sender",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("seen_at", sa.DateTime, nullable=False),
    )
    op.execute(SHARDS)
    op.drop_index("delivery_planned", "delivery")
    op.drop_index("delivery_deferred", "delivery")
