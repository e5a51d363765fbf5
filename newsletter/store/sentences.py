"""Sentences that a machine wrote about papers, each asked for once; and what was spent on them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, Final

import sqlalchemy as sa

from newsletter.model import Commission, Permit, Ration, Sentence, Spending, Wording
from newsletter.model.gate import line
from newsletter.store.chunks import CHUNK, chunks
from newsletter.store.database import Database
from newsletter.store.dialects import alone, inserting
from newsletter.store.tables import SENTENCE, sentences

OPEN: Final = "open"
"""Somebody asks for it, or was killed while asking."""
WRITTEN: Final = "written"
REFUSED: Final = "refused"
"""What was answered did not pass the checks: the same model would say the same again."""
FAILED: Final = "failed"
"""There was no answer."""
PATIENCE: Final = dt.timedelta(minutes=15)
"""After so long nobody asks any more for what is still open: a run was killed."""
MOST_TRIES: Final = 3
"""How often one sentence is asked for in a day when there is no answer."""


class SentenceStore:
    """Sentences in the database."""

    def __init__(self, database: Database) -> None:
        """Use an open `database`."""
        self._database = database

    def take(self, wanted: Commission, tokens: int, allowance: Ration, now: dt.datetime) -> Permit:
        """Return whether a sentence may be asked for now, at `tokens` at most; if so, count it.

        The request and its tokens are counted before anything is sent, in one transaction that no
        other is beside: however many ask, and wherever they are killed, the day's `allowance` is
        never exceeded.
        """
        with self._database.transaction() as connection:
            alone(connection, "sentences")
            row = connection.execute(sa.select(sentences).where(_is(wanted))).one_or_none()
            if row is not None and not _may_be_asked_again(row, now):
                return Permit.KNOWN
            if not self._count(connection, wanted, row, tokens, allowance, now):
                return Permit.SPENT
        return Permit.GIVEN

    def take_again(
        self, wanted: Commission, tokens: int, allowance: Ration, now: dt.datetime
    ) -> bool:
        """Count one more request for a sentence that we ask for; False: the budget is spent."""
        with self._database.transaction() as connection:
            alone(connection, "sentences")
            row = connection.execute(sa.select(sentences).where(_is(wanted))).one_or_none()
            return self._count(connection, wanted, row, tokens, allowance, now)

    def _count(
        self,
        connection: sa.Connection,
        wanted: Commission,
        row: sa.Row[Any] | None,
        tokens: int,
        allowance: Ration,
        now: dt.datetime,
    ) -> bool:
        spent = _spent(connection, now)
        if spent.requests + 1 > allowance.requests or spent.tokens + tokens > allowance.tokens:
            return False
        is_today = row is not None and row.asked_at >= _midnight(now)
        values = {
            "paper": wanted.paper,
            "state": OPEN,
            "content": "",
            "why": "",
            "requests": (row.requests if row is not None and is_today else 0) + 1,
            "tokens": (row.tokens if row is not None and is_today else 0) + tokens,
            "asked_at": now,
            "written_at": None,
        }
        insert = inserting(connection, sentences).values(**_key(wanted), **values)
        connection.execute(insert.on_conflict_do_update(index_elements=SENTENCE, set_=values))
        return True

    def keep(
        self,
        wanted: Commission,
        sentence: Sentence,
        now: dt.datetime,
        *,
        answered: bool,
        unused: int = 0,
    ) -> None:
        """Write what came of a request, which cost `unused` tokens less than were counted."""
        state = WRITTEN if sentence.text else REFUSED if answered else FAILED
        with self._database.transaction() as connection:
            connection.execute(
                sentences.update()
                .where(_is(wanted))
                .values(
                    state=state,
                    content=sentence.text,
                    why=sentence.why,
                    tokens=sentences.c.tokens - unused,
                    written_at=now,
                )
            )

    def known(
        self, digests: Iterable[str], model: str, language: str, until: dt.datetime
    ) -> dict[str, tuple[Sentence, ...]]:
        """Return, by digest, what `model` has written in a language until a moment."""
        found: dict[str, tuple[Sentence, ...]] = {}
        with self._database.reading() as connection:
            for some in chunks(sorted(set(digests)), CHUNK):
                query = sa.select(sentences).where(
                    sentences.c.digest.in_(some),
                    sentences.c.model == model,
                    sentences.c.language == language,
                    sentences.c.state == WRITTEN,
                    sentences.c.written_at <= until,
                )
                for row in connection.execute(query):
                    found[row.digest] = (*found.get(row.digest, ()), _sentence(row))
        return found

    def about(self, digest: str) -> tuple[Sentence, ...]:
        """Return all that machines answered about a text, and why an answer was refused."""
        query = (
            sa.select(sentences)
            .where(sentences.c.digest == digest, sentences.c.state != OPEN)
            .order_by(sentences.c.asked_at, *(sentences.c[name] for name in SENTENCE[1:]))
        )
        with self._database.reading() as connection:
            return tuple(map(_sentence, connection.execute(query)))

    def forget(self, before: dt.date) -> None:
        """Delete what was last asked for before a day."""
        moment = dt.datetime.combine(before, dt.time(), dt.UTC)
        with self._database.transaction() as connection:
            connection.execute(sentences.delete().where(sentences.c.asked_at < moment))

    def spent(self, now: dt.datetime) -> Spending:
        """Return what was spent on the day (UTC) of a moment."""
        with self._database.reading() as connection:
            return _spent(connection, now)


def _spent(connection: sa.Connection, now: dt.datetime) -> Spending:
    """Return what was asked on a day, from its first to its last moment, by any clock."""
    begin = _midnight(now)
    is_in = (sentences.c.asked_at >= begin) & (sentences.c.asked_at < begin + dt.timedelta(days=1))

    def counted(state: str) -> sa.ColumnElement[int]:
        return sa.func.coalesce(sa.func.sum(sa.case((sentences.c.state == state, 1), else_=0)), 0)

    row = connection.execute(
        sa.select(
            sa.func.coalesce(sa.func.sum(sentences.c.requests), 0),
            sa.func.coalesce(sa.func.sum(sentences.c.tokens), 0),
            counted(WRITTEN),
            counted(REFUSED),
        ).where(is_in)
    ).one()
    requests, tokens, written, refused = map(int, row)
    return Spending(requests=requests, tokens=tokens, written=written, refused=refused)


def _may_be_asked_again(row: sa.Row[Any], now: dt.datetime) -> bool:
    if row.state == OPEN:
        return bool(now - row.asked_at >= PATIENCE)
    is_today = row.asked_at >= _midnight(now)
    return bool(row.state == FAILED and not (is_today and row.requests >= MOST_TRIES))


def _sentence(row: sa.Row[Any]) -> Sentence:
    return Sentence(
        text=line(row.content),
        model=row.model,
        language=row.language,
        wording=Wording(row.wording),
        why=row.why,
    )


def _key(wanted: Commission) -> dict[str, str]:
    return {name: str(getattr(wanted, name)) for name in SENTENCE}


def _is(wanted: Commission) -> sa.ColumnElement[bool]:
    return sa.and_(*(sentences.c[name] == value for name, value in _key(wanted).items()))


def _midnight(now: dt.datetime) -> dt.datetime:
    day = now.astimezone(dt.UTC).date()
    return dt.datetime.combine(day, dt.time(), dt.UTC)
