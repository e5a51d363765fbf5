"""Kinds of columns that keep the same in SQLite and in PostgreSQL."""

from __future__ import annotations

import datetime as dt
from typing import Final

import sqlalchemy as sa


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


class _PlainText(sa.types.TypeDecorator[str]):
    """Text in PostgreSQL: sorted and compared by code points, as SQLite does, and without NUL.

    PostgreSQL keeps no NUL in a text; it comes from outside, in answers of mail servers.
    """

    impl = sa.Text
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(collation="C")

    def process_bind_param(
        self,
        value: str | None,
        dialect: sa.Dialect,  # noqa: ARG002  SQLAlchemy passes it by its name
    ) -> str | None:
        """Leave NUL out."""
        return value.replace("\0", "") if value else value


Text: Final = sa.Text().with_variant(_PlainText(), "postgresql")
"""Text that is equal, and in the same order, on both databases."""
