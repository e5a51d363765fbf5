"""Drafts of issues as they are kept: papers as JSON, compressed."""

from __future__ import annotations

import datetime as dt
import json
import zlib
from typing import Any

import sqlalchemy as sa

from newsletter.model import Cadence, KeptDraft
from newsletter.store.papers import paper_data, read_paper
from newsletter.store.tables import drafts


def keep_draft(connection: sa.Connection, issue: dt.date, draft: KeptDraft) -> None:
    """Write what an issue was made of."""
    told = {
        "papers": [paper_data(paper) for paper in draft.papers],
        "week": [paper_data(paper) for paper in draft.week],
        "bad": sorted(draft.bad),
        "cadences": sorted(draft.cadences),
    }
    content = zlib.compress(json.dumps(told, separators=(",", ":")).encode())
    row = {"issue": issue, "made_at": draft.made_at, "content": content}
    connection.execute(drafts.insert(), row)


def read_draft(connection: sa.Connection, issue: dt.date) -> KeptDraft | None:
    """Return what an issue was made of, if that is kept."""
    row = connection.execute(sa.select(drafts).where(drafts.c.issue == issue)).one_or_none()
    if row is None:
        return None
    told: dict[str, Any] = json.loads(zlib.decompress(row.content))
    return KeptDraft(
        made_at=row.made_at,
        papers=tuple(map(read_paper, told["papers"])),
        week=tuple(map(read_paper, told["week"])),
        bad=frozenset(told["bad"]),
        cadences=frozenset(map(Cadence, told["cadences"])),
    )
