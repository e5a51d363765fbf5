"""The tables."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

metadata = sa.MetaData()


class Moment(sa.types.TypeDecorator[dt.datetime]):
    """A moment with a time zone, stored in UTC: databases drop or convert the zone."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(
        self,
        value: dt.datetime | None,
        dialect: sa.Dialect,  # noqa: ARG002  SQLAlchemy passes it by its name
    ) -> dt.datetime | None:
        """Store UTC without a zone."""
        return value.astimezone(dt.UTC).replace(tzinfo=None) if value else None

    def process_result_value(
        self,
        value: dt.datetime | None,
        dialect: sa.Dialect,  # noqa: ARG002  SQLAlchemy passes it by its name
    ) -> dt.datetime | None:
        """Return an aware moment in UTC."""
        return value.replace(tzinfo=dt.UTC) if value else None


old_versions = sa.Table("schema", metadata, sa.Column("version", sa.Integer, primary_key=True))
"""What programs from before Alembic read: a number that they do not know, so that they refuse."""

identities = sa.Table(
    "identity",
    metadata,
    sa.Column("place", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("sender", sa.Text, nullable=False),
    sa.Column("folder", sa.Text, nullable=False),
)
"""One row: whose database this is."""

papers = sa.Table(
    "paper",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("data", sa.JSON, nullable=False),
    sa.Column("published", Moment),
    sa.Column("first_seen", Moment, nullable=False, index=True),
    sa.Column("offered", sa.Date, index=True),
)
"""`offered` is the issue in which readers could get it; null until there is one."""

paper_keys = sa.Table(
    "paper_key",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("paper", sa.Text, nullable=False, index=True),
)

paper_traces = sa.Table(
    "paper_trace",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("paper", sa.Text, primary_key=True, index=True),
)
"""Traces: almost equal papers share them. They help to find candidates, but prove nothing."""

paper_texts = sa.Table(
    "paper_text",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("paper", sa.Text, nullable=False, unique=True),
    sa.Column("day", sa.Date, nullable=False, index=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("authors", sa.Text, nullable=False),
    sa.Column("abstract", sa.Text, nullable=False),
)
"""What is searched of each paper; `day` is when it was first seen. SQLite's full-text index is made
of it, and kept equal to it by triggers (https://sqlite.org/fts5.html, 4.4.3). The texts are as
`words.spaced` returns them."""

SEARCH = (
    """CREATE VIRTUAL TABLE paper_search USING fts5(title, authors, abstract,
 content='paper_text', content_rowid='number', tokenize='porter unicode61 remove_diacritics 2')""",
    """CREATE TRIGGER paper_text_new AFTER INSERT ON paper_text BEGIN
 INSERT INTO paper_search(rowid, title, authors, abstract)
 VALUES (new.number, new.title, new.authors, new.abstract); END""",
    """CREATE TRIGGER paper_text_gone AFTER DELETE ON paper_text BEGIN
 INSERT INTO paper_search(paper_search, rowid, title, authors, abstract)
 VALUES ('delete', old.number, old.title, old.authors, old.abstract); END""",
    """CREATE TRIGGER paper_text_changed AFTER UPDATE ON paper_text BEGIN
 INSERT INTO paper_search(paper_search, rowid, title, authors, abstract)
 VALUES ('delete', old.number, old.title, old.authors, old.abstract);
 INSERT INTO paper_search(rowid, title, authors, abstract)
 VALUES (new.number, new.title, new.authors, new.abstract); END""",
)
"""The statements that make SQLite's full-text index of `paper_text`."""


def _make_search(_table: sa.Table, connection: sa.Connection, **_options: object) -> None:
    if connection.dialect.name == "sqlite":
        for statement in SEARCH:
            connection.exec_driver_sql(statement)


sa.event.listen(paper_texts, "after_create", _make_search)

sources = sa.Table(
    "source_health",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("data", sa.JSON, nullable=False),
    sa.Column("visited_at", Moment, nullable=False),
)
"""What is remembered of each source; `id` is a digest of the settings that decide its papers."""

facts = sa.Table(
    "fact",
    metadata,
    sa.Column("service", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("data", sa.JSON, nullable=False),
    sa.Column("asked_at", Moment, nullable=False),
)
"""Answers of services that enrich papers, kept so that they are not asked every hour."""

vectors = sa.Table(
    "vector",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
"""Sentence embeddings, in half-precision numbers, by a digest of the text."""

issues = sa.Table(
    "issue",
    metadata,
    sa.Column("date", sa.Date, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False, unique=True),
    sa.Column("papers", sa.Integer, nullable=False),
    sa.Column("planned_at", Moment, nullable=False),
    sa.Column("state", sa.Text, nullable=False, server_default="planned"),
    sa.Column("halted", sa.Text, nullable=False, server_default=""),
    sa.Column("closed", sa.Boolean, nullable=False, server_default=sa.false()),
)
"""`halted` is the reason, for people, why an issue is paused or cancelled; `closed`: every
delivery is final, and counted (tallies.py): none of them moves any more."""

picks = sa.Table(
    "pick",
    metadata,
    sa.Column("issue", sa.Date, sa.ForeignKey("issue.date"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("paper", sa.Text, nullable=False, index=True),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("score", sa.Float, nullable=False),
    sa.Column("data", sa.JSON, nullable=False),
)
"""What an issue shows everybody, by `number` from 0, in the order of its page. `paper` is one of
the paper's keys."""

editions = sa.Table(
    "edition",
    metadata,
    sa.Column("issue", sa.Date, sa.ForeignKey("issue.date"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("html", sa.JSON, nullable=False),
    sa.Column("text", sa.JSON, nullable=False),
)
"""`html` and `text` are numbers of blocks, in order."""

blocks = sa.Table(
    "block",
    metadata,
    sa.Column("issue", sa.Date, sa.ForeignKey("issue.date"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("content", sa.Text, nullable=False),
)
"""Pieces that editions are made of: ten thousand personal editions share most of them."""

deliveries = sa.Table(
    "delivery",
    metadata,
    sa.Column("issue", sa.Date, sa.ForeignKey("issue.date"), primary_key=True),
    sa.Column("subscriber", sa.Text, primary_key=True),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("timezone", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False, server_default="en"),
    sa.Column("edition", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False, default=0),
    sa.Column("lease_owner", sa.Text),
    sa.Column("lease_until", Moment),
    sa.Column("next_at", Moment),
    sa.Column("not_before", Moment),
    sa.Column("code", sa.Integer, nullable=False, default=0),
    sa.Column("reason", sa.Text, nullable=False, default=""),
    sa.Column("verdict", sa.Text, nullable=False, server_default=""),
    sa.Column("domain", sa.Text, nullable=False, server_default=""),
    sa.Column("started_at", Moment),
    sa.Column("changed_at", Moment, nullable=False),
    # Only of what waits: a delivery on its way changes no index, whatever becomes of it.
    sa.Index("delivery_planned", "issue", "not_before", sqlite_where=sa.text("state = 'planned'")),
    sa.Index("delivery_deferred", "issue", "next_at", sqlite_where=sa.text("state = 'deferred'")),
)
"""`domain` is the address's; `started_at` is when the message last began to leave; `not_before` is
the hour that the reader chose, or null for as soon as may be."""

audiences = sa.Table(
    "audience",
    metadata,
    sa.Column("issue", sa.Date, sa.ForeignKey("issue.date"), primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("edition", sa.Text, nullable=False),
)
"""Which edition of an issue each audience gets: readers with equal topics, or a single reader."""

subscribers = sa.Table(
    "subscriber",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("address", sa.Text, nullable=False, unique=True),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("domain", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("wishes", sa.Text, nullable=False),
    sa.Column("audience", sa.Text, nullable=False),
    sa.Column("timezone", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("hour", sa.Integer, nullable=False, server_default="-1"),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("paused_until", sa.Date),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("changed_by", sa.Text, nullable=False),
    sa.Column("consent_at", Moment, nullable=False),
    sa.Column("consent", sa.Text, nullable=False),
    sa.Column("left_because", sa.Text, nullable=False, server_default=""),
    sa.Column("changed_at", Moment, nullable=False),
    sa.Index("subscriber_audience", "state", "audience"),
    # Rows are stored in the order of ids, in which a plan reads them and writes deliveries.
    sqlite_with_rowid=False,
)
"""`address` is `email` in lower case: mailboxes differ by case only in theory. `wishes` is JSON;
`audience`, `timezone`, `language` and `hour` are copied from it for the plan to read."""

feedback = sa.Table(
    "feedback",
    metadata,
    sa.Column("subscriber", sa.Text, primary_key=True),
    sa.Column("paper", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("given_at", Moment, nullable=False),
)
"""What readers say about papers; `paper` is one of the paper's keys."""

notices = sa.Table(
    "notice",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("subscriber", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("wishes", sa.Text, nullable=False, server_default="{}"),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("next_at", Moment, nullable=False),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Index("notice_subscriber", "subscriber", "kind"),
    sa.Index("notice_waiting", "next_at", sqlite_where=sa.text("state = 'waiting'")),
)
"""Mails to one person: to confirm, to welcome, to change what they get. Their addresses are those
of the subscribers; `wishes` is what somebody asks for who is to confirm it, as JSON."""

suppressions = sa.Table(
    "suppression",
    metadata,
    sa.Column("email", sa.Text, primary_key=True),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Column("since", Moment, nullable=False),
)
"""Addresses, in lower case, that must not be mailed: bounced for good, complained, or asked."""

bounces = sa.Table(
    "bounce",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("issue", sa.Date),
    sa.Column("subscriber", sa.Text),
    sa.Column("email", sa.Text, nullable=False, index=True),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("verified", sa.Boolean, nullable=False),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),
)
"""Bounces that were read, each once; `digest` is of the message and the recipient in it."""
