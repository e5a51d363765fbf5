"""Issues that are paused or cancelled: nothing is claimed of them."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from newsletter.model import IssueState
from newsletter.store.ledger.statements import REASON
from newsletter.store.tables import issues


def state_of(connection: sa.Connection, issue: dt.date) -> IssueState:
    """Return whether an issue goes on; one that nobody has planned yet may."""
    found = connection.scalar(sa.select(issues.c.state).where(issues.c.date == issue))
    return IssueState(found or IssueState.PLANNED)


def why_halted(connection: sa.Connection, issue: dt.date) -> str:
    """Return why an issue is paused or cancelled; nothing when it is neither."""
    return connection.scalar(sa.select(issues.c.halted).where(issues.c.date == issue)) or ""


def set_state(connection: sa.Connection, issue: dt.date, state: IssueState, why: str = "") -> None:
    """Pause, resume or cancel an issue; one that was cancelled stays so."""
    connection.execute(
        issues.update()
        .where(issues.c.date == issue, issues.c.state != IssueState.CANCELLED)
        .values(state=state.value, halted=why[:REASON])
    )
