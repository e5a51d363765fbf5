"""Search by date has an index; papers in scripts without spaces are found by any part of them."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)


SOME = 1_000
"""Papers that are in memory at the same time."""


def upgrade() -> None:
    """Make the index, and put spaces around the letters of such scripts in what is searched."""
    op.create_index("ix_paper_text_day", "paper_text", ["day"])
    connection = op.get_bind()
    texts = sa.table("paper_text", *map(sa.column, ("number", "title", "authors", "abstract")))
    last = connection.scalar(sa.select(sa.func.max(texts.c.number))) or 0
    for start in range(0, last + 1, SOME):
        some = sa.select(texts).where(texts.c.number.between(start, start + SOME - 1))
        for row in connection.execute(some).all():
            written = {name: getattr(row, name) for name in ("title", "authors", "abstract")}
            changed = {name: UNSPACED.sub(r" \g<0> ", text) for name, text in written.items()}
            if changed != written:
                change = texts.update().where(texts.c.number == row.number)
                connection.execute(change.values(**changed))
