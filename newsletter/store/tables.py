"""The tables."""

from __future__ import annotations

import sqlalchemy as sa

from newsletter.store.columns import Moment, Text
from newsletter.store.indexing import make_rest, make_search

metadata = sa.MetaData()

old_versions = sa.Table("schema", metadata, sa.Column("version", sa.Integer, primary_key=True))
"""What programs from before Alembic read: a number that they do not know, so that they refuse."""

identities = sa.Table(
    "identity",
    metadata,
    sa.Column("place", sa.Integer, primary_key=True),
    sa.Column("name", Text, nullable=False),
    sa.Column("sender", Text, nullable=False),
    sa.Column("folder", Text, nullable=False),
    sa.Column("program", Text, nullable=False, server_default=""),
)
"""One row: whose database this is; `program` is the version of this program that used it last."""

papers = sa.Table(
    "paper",
    metadata,
    sa.Column("id", Text, primary_key=True),
    sa.Column("data", sa.JSON, nullable=False),
    sa.Column("published", Moment),
    sa.Column("first_seen", Moment, nullable=False, index=True),
    sa.Column("offered", sa.Date, index=True),
)
"""`offered` is the issue in which readers could get it; null until there is one."""

paper_keys = sa.Table(
    "paper_key",
    metadata,
    sa.Column("key", Text, primary_key=True),
    sa.Column("paper", Text, nullable=False, index=True),
)

paper_traces = sa.Table(
    "paper_trace",
    metadata,
    sa.Column("key", Text, primary_key=True),
    sa.Column("paper", Text, primary_key=True, index=True),
)
"""Traces: almost equal papers share them. They help to find candidates, but prove nothing."""

paper_texts = sa.Table(
    "paper_text",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("paper", Text, nullable=False, unique=True),
    sa.Column("day", sa.Date, nullable=False, index=True),
    sa.Column("title", Text, nullable=False),
    sa.Column("authors", Text, nullable=False),
    sa.Column("abstract", Text, nullable=False),
)
"""What is searched of each paper; `day` is when it was first seen. SQLite's full-text index is made
of it, and kept equal to it by triggers (https://sqlite.org/fts5.html, 4.4.3). The texts are as
`words.spaced` returns them."""

sa.event.listen(paper_texts, "after_create", make_search)

sources = sa.Table(
    "source_health",
    metadata,
    sa.Column("id", Text, primary_key=True),
    sa.Column("name", Text, nullable=False),
    sa.Column("data", sa.JSON, nullable=False),
    sa.Column("visited_at", Moment, nullable=False),
)
"""What is remembered of each source; `id` is a digest of the settings that decide its papers."""

facts = sa.Table(
    "fact",
    metadata,
    sa.Column("service", Text, primary_key=True),
    sa.Column("subject", Text, primary_key=True),
    sa.Column("data", sa.JSON, nullable=False),
    sa.Column("asked_at", Moment, nullable=False),
)
"""Answers of services that enrich papers, kept so that they are not asked every hour."""

vectors = sa.Table(
    "vector",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("digest", Text, nullable=False, unique=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
"""Sentence embeddings, in half-precision numbers, by a digest of the text."""

SENTENCE = ("digest", "model", "language", "wording")
sentences = sa.Table(
    "sentence",
    metadata,
    *(sa.Column(name, Text, primary_key=True) for name in SENTENCE),
    sa.Column("paper", Text, nullable=False),
    sa.Column("state", Text, nullable=False),
    sa.Column("content", Text, nullable=False),
    sa.Column("why", Text, nullable=False),
    sa.Column("requests", sa.Integer, nullable=False),
    sa.Column("tokens", sa.BigInteger, nullable=False),
    sa.Column("asked_at", Moment, nullable=False, index=True),
    sa.Column("written_at", Moment),
)
"""What a machine was asked to write about a text, and what the last day of asking has cost."""

issues = sa.Table(
    "issue",
    metadata,
    sa.Column("date", sa.Date, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False, unique=True),
    sa.Column("papers", sa.Integer, nullable=False),
    sa.Column("planned_at", Moment, nullable=False),
    sa.Column("state", Text, nullable=False, server_default="planned"),
    sa.Column("halted", Text, nullable=False, server_default=""),
    sa.Column("closed", sa.Boolean, nullable=False, server_default=sa.false()),
)
"""`halted` is the reason, for people, why an issue is paused or cancelled; `closed`: every
delivery is final, and counted (tallies.py): none of them moves any more."""

picks = sa.Table(
    "pick",
    metadata,
    sa.Column("issue", sa.Date, sa.ForeignKey("issue.date"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("paper", Text, nullable=False, index=True),
    sa.Column("topic", Text, nullable=False),
    sa.Column("score", sa.Float, nullable=False),
    sa.Column("data", sa.JSON, nullable=False),
)
"""What an issue shows everybody, by `number` from 0, in the order of its page. `paper` is one of
the paper's keys."""

editions = sa.Table(
    "edition",
    metadata,
    sa.Column("issue", sa.Date, sa.ForeignKey("issue.date"), primary_key=True),
    sa.Column("key", Text, primary_key=True),
    sa.Column("subject", Text, nullable=False),
    sa.Column("html", sa.JSON, nullable=False),
    sa.Column("text", sa.JSON, nullable=False),
)
"""`html` and `text` are numbers of blocks, in order."""

blocks = sa.Table(
    "block",
    metadata,
    sa.Column("issue", sa.Date, sa.ForeignKey("issue.date"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("content", Text, nullable=False),
)
"""Pieces that editions are made of: ten thousand personal editions share most of them."""

deliveries = sa.Table(
    "delivery",
    metadata,
    sa.Column("issue", sa.Date, sa.ForeignKey("issue.date"), primary_key=True),
    sa.Column("subscriber", Text, primary_key=True),
    sa.Column("email", Text, nullable=False),
    sa.Column("name", Text, nullable=False),
    sa.Column("timezone", Text, nullable=False),
    sa.Column("language", Text, nullable=False, server_default="en"),
    sa.Column("edition", Text, nullable=False),
    sa.Column("state", Text, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False, default=0),
    sa.Column("lease_owner", Text),
    sa.Column("lease_until", Moment),
    sa.Column("next_at", Moment),
    sa.Column("not_before", Moment),
    sa.Column("code", sa.Integer, nullable=False, default=0),
    sa.Column("reason", Text, nullable=False, default=""),
    sa.Column("verdict", Text, nullable=False, server_default=""),
    sa.Column("domain", Text, nullable=False, server_default=""),
    sa.Column("started_at", Moment),
    sa.Column("changed_at", Moment, nullable=False),
)
"""`domain` is the address's; `started_at` is when the message last began to leave; `not_before` is
the hour that the reader chose, or null for as soon as may be. There is no other index: PostgreSQL
then writes a delivery's new state into the room that its page has left ("HOT",
https://www.postgresql.org/docs/current/storage-hot.html; `partitions.py` leaves the room), and the
table does not grow with what becomes of its rows. There it is a table for each month
(`partitions.py`)."""

shards = sa.Table(
    "shard",
    metadata,
    sa.Column("issue", sa.Date, sa.ForeignKey("issue.date"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("first", Text, nullable=False),
    sa.Column("last", Text, nullable=False),
    sa.Column("deliveries", sa.Integer, nullable=False),
    sa.Column("ready_at", Moment),
    sa.Column("active_until", Moment),
    sa.Column("sender", Text),
)
"""About 1,000 deliveries of an issue each: those whose subscribers' ids are from `first` to `last`.
`ready_at` is when one of them may next be claimed, or its lease runs out: never later than that,
but it may be earlier. It is null when all are final. `sender` is the worker that is at it.
No message of it has begun to leave after `active_until`, or can before another claim; null: none
has ever."""

senders = sa.Table(
    "sender",
    metadata,
    sa.Column("name", Text, primary_key=True),
    sa.Column("seen_at", Moment, nullable=False),
)
"""When each sender last said that it is at work, by the database's clock; PostgreSQL only."""

audiences = sa.Table(
    "audience",
    metadata,
    sa.Column("issue", sa.Date, sa.ForeignKey("issue.date"), primary_key=True),
    sa.Column("name", Text, primary_key=True),
    sa.Column("edition", Text, nullable=False),
)
"""Which edition of an issue each audience gets: readers with equal topics, or a single reader. It
is empty for a single reader who gets nothing, where others have theirs made when they are sent."""

drafts = sa.Table(
    "draft",
    metadata,
    sa.Column("issue", sa.Date, sa.ForeignKey("issue.date"), primary_key=True),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
"""What an issue was made of, where editions of single readers are made only when they are sent."""

subscribers = sa.Table(
    "subscriber",
    metadata,
    sa.Column("id", Text, primary_key=True),
    sa.Column("address", Text, nullable=False, unique=True),
    sa.Column("email", Text, nullable=False),
    sa.Column("domain", Text, nullable=False),
    sa.Column("name", Text, nullable=False),
    sa.Column("wishes", Text, nullable=False),
    sa.Column("audience", Text, nullable=False),
    sa.Column("timezone", Text, nullable=False),
    sa.Column("language", Text, nullable=False),
    sa.Column("hour", sa.Integer, nullable=False, server_default="-1"),
    sa.Column("cadence", Text, nullable=False, server_default="daily"),
    sa.Column("state", Text, nullable=False),
    sa.Column("paused_until", sa.Date),
    sa.Column("origin", Text, nullable=False),
    sa.Column("changed_by", Text, nullable=False),
    sa.Column("consent_at", Moment, nullable=False),
    sa.Column("consent", Text, nullable=False),
    sa.Column("left_because", Text, nullable=False, server_default=""),
    sa.Column("changed_at", Moment, nullable=False),
    sa.Index("subscriber_audience", "state", "audience"),
    # Rows are stored in the order of ids, in which a plan reads them and writes deliveries.
    sqlite_with_rowid=False,
)
"""`address` is `email` in lower case: mailboxes differ by case only in theory. `wishes` is JSON;
`audience`, `timezone`, `language`, `hour` and `cadence` are copied from it for the plan to read."""

feedback = sa.Table(
    "feedback",
    metadata,
    sa.Column("subscriber", Text, primary_key=True),
    sa.Column("paper", Text, primary_key=True),
    sa.Column("kind", Text, primary_key=True),
    sa.Column("given_at", Moment, nullable=False),
)
"""What readers say about papers; `paper` is one of the paper's keys."""

notices = sa.Table(
    "notice",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("subscriber", Text, nullable=False),
    sa.Column("kind", Text, nullable=False),
    sa.Column("state", Text, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("wishes", Text, nullable=False, server_default="{}"),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("next_at", Moment, nullable=False),
    sa.Column("reason", Text, nullable=False, server_default=""),
    sa.Index("notice_subscriber", "subscriber", "kind"),
    sa.Index("notice_waiting", "next_at", sqlite_where=sa.text("state = 'waiting'")).ddl_if(
        "sqlite"
    ),
)
"""Mails to one person: to confirm, to welcome, to change what they get. Their addresses are those
of the subscribers; `wishes` is what somebody asks for who is to confirm it, as JSON."""

suppressions = sa.Table(
    "suppression",
    metadata,
    sa.Column("email", Text, primary_key=True),
    sa.Column("verdict", Text, nullable=False),
    sa.Column("source", Text, nullable=False),
    sa.Column("evidence", Text, nullable=False),
    sa.Column("since", Moment, nullable=False),
)
"""Addresses, in lower case, that must not be mailed: bounced for good, complained, or asked."""

bounces = sa.Table(
    "bounce",
    metadata,
    sa.Column("digest", Text, primary_key=True),
    sa.Column("issue", sa.Date),
    sa.Column("subscriber", Text),
    sa.Column("email", Text, nullable=False, index=True),
    sa.Column("verdict", Text, nullable=False),
    sa.Column("verified", sa.Boolean, nullable=False),
    sa.Column("evidence", Text, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),
)
"""Bounces that were read, each once; `digest` is of the message and the recipient in it."""

sa.event.listen(metadata, "after_create", make_rest)
