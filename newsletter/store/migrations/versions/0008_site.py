"""What the site needs: picks of each day, a search index, hours of readers, feedback, notices."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

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
TEXTS = """INSERT INTO paper_text (paper, day, title, authors, abstract)
 SELECT id, date(first_seen), coalesce(json_extract(data, '$.title'), ''),
 coalesce((SELECT group_concat(value, '; ') FROM json_each(data, '$.authors')), ''),
 coalesce(json_extract(data, '$.abstract'), '') FROM paper ORDER BY first_seen, id"""


def upgrade() -> None:
    """Make the tables; every known paper can be found."""
    op.create_table(
        "paper_text",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("paper", sa.Text, nullable=False, unique=True),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("authors", sa.Text, nullable=False),
        sa.Column("abstract", sa.Text, nullable=False),
    )
    for statement in SEARCH:
        op.execute(statement)
    op.execute(TEXTS)
    op.create_table(
        "pick",
        sa.Column("issue", sa.Date, sa.ForeignKey("issue.date"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("paper", sa.Text, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
    )
    op.create_index("ix_pick_paper", "pick", ["paper"])
    op.add_column("subscriber", sa.Column("hour", sa.Integer, nullable=False, server_default="-1"))
    op.add_column(
        "subscriber", sa.Column("left_because", sa.Text, nullable=False, server_default="")
    )
    op.add_column("delivery", sa.Column("not_before", sa.DateTime))
    op.drop_index("delivery_planned", "delivery")
    op.create_index(
        "delivery_planned",
        "delivery",
        ["issue", "not_before"],
        sqlite_where=sa.text("state = 'planned'"),
    )
    op.create_table(
        "feedback",
        sa.Column("subscriber", sa.Text, primary_key=True),
        sa.Column("paper", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("given_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "notice",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("subscriber", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("wishes", sa.Text, nullable=False, server_default="{}"),
        sa.Column("made_at", sa.DateTime, nullable=False),
        sa.Column("next_at", sa.DateTime, nullable=False),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
    )
    op.create_index("notice_subscriber", "notice", ["subscriber", "kind"])
    op.create_index(
        "notice_waiting", "notice", ["next_at"], sqlite_where=sa.text("state = 'waiting'")
    )
