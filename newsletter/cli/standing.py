"""The status command: the state of an issue. It reads the database, and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

import typer

from newsletter.cli import account
from newsletter.cli.given import load, parse_date
from newsletter.cli.later import as_json as later_json
from newsletter.cli.program import DONE, NOT_FINAL, AsJson, ConfigDir, OnDate, app
from newsletter.cli.terminal import console, errors, print_json
from newsletter.model import Delivery, DeliveryState, Later
from newsletter.store import IssueStore, SqlLedger, TallyStore
from newsletter.world import machine

NOT_KEPT = "who they are is not kept any more (`keep: ledger` in newsletter.yaml)"


@app.command()
def status(
    *, config: ConfigDir = Path("config"), date: OnDate = None, as_json: AsJson = False
) -> None:
    """Show the ledger of an issue (default: the newest): who got it, who did not, and why.

    Example: `newsletter status --date 2026-11-24 --json`
    """
    settings = load(config)
    wanted, now = parse_date(date), machine.utc_now()
    with machine.open_ledger(settings) as database:
        issues, ledger = IssueStore(database), SqlLedger(database)
        wanted = wanted or next(iter(issues.dates()), None)
        issue = issues.get(wanted) if wanted else None
        counts: Mapping[DeliveryState, int] = {}
        listed: Sequence[Delivery] = ()
        state, halted, later = None, "", Later()
        failed: Mapping[str, int] = {}
        is_closed = False
        if issue:
            counts = ledger.counts(issue.date)
            listed = ledger.deliveries(
                issue.date, frozenset(DeliveryState) - {DeliveryState.ACCEPTED}
            )
            state, halted = ledger.state(issue.date), ledger.halted(issue.date)
            later = ledger.later(issue.date, now)
            tallies = TallyStore(database)
            is_closed = tallies.is_closed(issue.date)
            failed = tallies.failed(issue.date) if is_closed else account.by_verdict(listed)
    if as_json:
        print_json(
            {
                "date": wanted,
                "number": issue.number if issue else None,
                "state": state,
                "halted": halted,
                "deliveries": account.counts_json(counts),
                "later": later_json(later),
                "failed": failed,
                "not_accepted": [account.delivery_json(delivery) for delivery in listed],
            }
        )
    elif issue is None:
        console().print(f"No issue was planned{f' for {wanted}' if wanted else ' yet'}")
    else:
        console().print(f"[bold]Issue {issue.number}[/], {account.explain_date(issue.date)}")
        if halted:
            account.problem(errors(), f"{issue.date}: {halted}")
        account.deliveries(console(), counts, later)
        for verdict, count in failed.items():
            console().print(f"{count:>8}  failed: {verdict}")
        account.troubled(
            console(), [delivery for delivery in listed if not _is_later(delivery, now)]
        )
        if is_closed and sum(counts.values()) > counts[DeliveryState.ACCEPTED] and not listed:
            console().print(f"[dim]{NOT_KEPT}[/]")
    raise typer.Exit(NOT_FINAL if account.open_count(counts) > later.count else DONE)


def _is_later(delivery: Delivery, now: dt.datetime) -> bool:
    """Return whether a delivery waits for the hour that its reader chose."""
    is_planned = delivery.state is DeliveryState.PLANNED
    return is_planned and delivery.not_before is not None and delivery.not_before > now
