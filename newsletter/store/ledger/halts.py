"""Issues that are paused or cancelled: none of their deliveries is claimed."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from newsletter.model import IssueState
from newsletter.store.ledger.statements import REASON
from newsletter.store.tables import issues


def state_of(connection: sa.Connection, issue: dt.date) -> IssueState:
    """Return the state of an issue; an issue that does not exist yet counts as planned."""
    found = connection.scalar(sa.select(issues.c.state).where(issues.c.date == issue))
    return IssueState(found or IssueState.PLANNED)


def why_halted(connection: sa.Connection, issue: dt.date) -> str:
    """Return why an issue is paused or cancelled; empty when it is neither."""
    return connection.scalar(sa.select(issues.c.halted).where(issues.c.date == issue)) or ""


def set_state(connection: sa.Connection, issue: dt.date, state: IssueState, why: str = "") -> None:
    """Pause, resume or cancel an issue; a cancelled issue stays cancelled."""
    connection.execute(
        issues.update()
        .where(issues.c.date == issue, issues.c.state != IssueState.CANCELLED)
        .values(state=state.value, halted=why[:REASON])
    )
