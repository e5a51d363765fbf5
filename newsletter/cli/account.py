"""How results are shown: a short report for a person, or one JSON object for a program."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from newsletter.cli import forgotten, health, later
from newsletter.cli.tables import new_table
from newsletter.config.settings import Config
from newsletter.day.results import Collected, EditionSummary, Ran, Rendered
from newsletter.model import (
    OPEN,
    Delivery,
    DeliveryState,
    Edition,
    Fault,
    Later,
    Pick,
    SourceReport,
    Topic,
)
from newsletter.render.checks.findings import Finding
from newsletter.send.tallies import Sent

STATE_WORDS: Mapping[DeliveryState, tuple[str, str]] = {
    DeliveryState.ACCEPTED: ("accepted", "green"),
    DeliveryState.DEFERRED: ("deferred, tried again later", "yellow"),
    DeliveryState.FAILED: ("failed", "red"),
    DeliveryState.UNKNOWN: ("unknown: begun, no answer; never sent again on its own", "magenta"),
    DeliveryState.PLANNED: ("planned, not sent yet", "yellow"),
    DeliveryState.LEASED: ("held by a sender", "yellow"),
    DeliveryState.DATA_STARTED: ("leaving right now", "yellow"),
    DeliveryState.EXPIRED: ("expired: too old to be worth sending", "red"),
    DeliveryState.SUPPRESSED: ("suppressed", "dim"),
    DeliveryState.CANCELLED: ("cancelled: left the list, nothing for them, or given up", "dim"),
}

NO_HOURS = Later()
FOR_SITE = "made for the site: nobody gets it by mail"


def problem(console: Console, text: str) -> None:
    """Print what is wrong to the error stream, one line for each problem."""
    for line in text.splitlines():
        console.print(f"[red]error:[/] {escape(line)}", highlight=False, soft_wrap=True)


def sources(console: Console, collected: Collected) -> None:
    """Show how each source did, and what in its health needs attention."""
    table = new_table("Source", "Papers:right", "New:right", "")
    for report in collected.reports:
        note = escape(report.error) if report.error else escape(report.note)
        left_out = f"{report.skipped} left out" if report.skipped else ""
        talk = f"{report.mentions} discussions" if report.mentions else ""
        state = health.words(collected.health[report.source], collected.at)
        said = " · ".join(filter(None, (left_out, talk, note, state)))
        table.add_row(
            escape(report.source),
            "[red]failed[/]" if report.error else str(report.papers) if report.asked else "",
            str(report.new) if report.ok and report.asked else "",
            f"[red]{said}[/]" if report.error else f"[dim]{said}[/]",
        )
    console.print(table)
    for note in collected.notes:
        console.print(f"  [dim]{escape(note)}[/]", soft_wrap=True)


def collected_line(collected: Collected) -> str:
    """Return a sentence that says what the visits to the sources gave."""
    failed = sum(not report.ok for report in collected.reports)
    tail = f"; {failed} of {len(collected.reports)} sources failed" if failed else ""
    return f"{collected.new} new papers, {collected.candidates} to choose from{tail}"


def picks_by_topic(console: Console, editions: Sequence[Edition], topics: Sequence[Topic]) -> None:
    """Show the best picks of each topic in all editions."""
    best: dict[str, Pick] = {}
    papers: dict[str, set[str]] = {}
    for edition in editions:
        for pick in edition.picks:
            papers.setdefault(pick.topic, set()).add(pick.paper.id)
            if pick.topic not in best or pick.score.total > best[pick.topic].score.total:
                best[pick.topic] = pick
    table = new_table("Topic", "Picks:right", "The best of them")
    for topic in topics:
        if topic.name in best:
            table.add_row(
                escape(topic.title),
                str(len(papers[topic.name])),
                escape(_short(best[topic.name].paper.title, 44)),
            )
    console.print(table)


def readers(
    console: Console, listed: Iterable[Delivery], contents: Sequence[EditionSummary]
) -> None:
    """Show each reader's delivery: for short lists."""
    papers = {summary.key: summary.picks for summary in contents}
    table = new_table("Reader", "Papers:right" if papers else "", "Delivery")
    for delivery in listed:
        words, colour = STATE_WORDS[delivery.state]
        count = str(papers.get(delivery.edition, "")) if papers else ""
        who = f"{escape(delivery.email)}  [dim]{escape(delivery.timezone)}[/]"
        table.add_row(who, count, f"[{colour}]{words}[/]")
    console.print(table)


def deliveries(
    console: Console, counts: Mapping[DeliveryState, int], hours: Later = NO_HOURS
) -> None:
    """Show the ledger of an issue; the states add up to the audience.

    `hours` are those of the planned ones that wait for the hour that their readers chose.
    """
    if not sum(counts.values()):
        console.print(FOR_SITE)
        return
    table = new_table("Deliveries", ":right")
    for state, (words, colour) in STATE_WORDS.items():
        count = counts.get(state, 0) - hours.count * (state is DeliveryState.PLANNED)
        if count:
            table.add_row(f"[{colour}]{words}[/]", str(count))
    if hours.count:
        words = f"for the hour that their readers chose{later.following(hours)}"
        table.add_row(words, str(hours.count))
    table.add_row("[bold]audience[/]", f"[bold]{sum(counts.values())}[/]")
    console.print(table)


def troubled(console: Console, listed: Iterable[Delivery], limit: int = 10) -> None:
    """Show why deliveries were not accepted: the first `limit` ones by name."""
    for place, delivery in enumerate(listed):
        if place == limit:
            console.print("  [dim]… `newsletter status --json` lists all[/]")
            return
        later = f", again at {delivery.next_at:%H:%M} UTC" if delivery.next_at else ""
        why = f": {escape(delivery.reason)}" if delivery.reason else ""
        console.print(
            f"  {escape(delivery.email)}  "
            f"[dim]{delivery.state.value}{later}{why}[/]",
            highlight=False, soft_wrap=True,
        )  # fmt: skip


def by_verdict(listed: Iterable[Delivery]) -> dict[str, int]:
    """Return how many deliveries failed, by verdict: what the refusal was about."""
    failed = (delivery for delivery in listed if delivery.state is DeliveryState.FAILED)
    return dict(Counter(delivery.verdict or "unknown" for delivery in failed).most_common())


def delivery_json(delivery: Delivery) -> dict[str, object]:
    """Return a delivery that was not accepted as plain data."""
    return {
        "email": delivery.email,
        "state": delivery.state.value,
        "verdict": delivery.verdict,
        "reason": delivery.reason,
        "next_at": delivery.next_at.isoformat() if delivery.next_at else None,
        "not_before": delivery.not_before.isoformat() if delivery.not_before else None,
    }


def ran_line(ran: Ran) -> str:
    """Return a summary of a run in one line, for logs and cron."""
    if not ran.counts:
        papers = f" of {len(ran.rendered.papers)} papers" if ran.rendered else ""
        return f"{ran.date}: nothing to send{papers} (`newsletter pick` says why)"
    accepted = ran.counts[DeliveryState.ACCEPTED]
    audience = sum(ran.counts.values())
    if not audience:
        return f"{ran.date}: {FOR_SITE}"
    now = ran.sent.outcomes[DeliveryState.ACCEPTED]
    if ran.already and not ran.sent.outcomes and not open_count(ran.counts):
        return f"{ran.date}: everything was already sent ({accepted} of {audience} accepted)"
    planned = DeliveryState.PLANNED
    counts = {**ran.counts, planned: ran.counts.get(planned, 0) - ran.later.count}
    others = [
        f"{count} {state.value}"
        for state, count in counts.items()
        if count and state is not DeliveryState.ACCEPTED
    ]
    told = (f"{now} sent now", f"{accepted} of {audience} accepted", *others)
    return f"{ran.date}: " + ", ".join(filter(None, (*told, later.words(ran.later))))


def sent_notes(sent: Sent) -> Iterable[str]:
    """Yield what a person should know about the result of sending."""
    if sent.freed:
        yield f"{sent.freed} deliveries that an earlier run had held were taken up again"
    if sent.lost:
        yield (
            f"{sent.lost} deliveries were leaving when an earlier run died: now `unknown`, not "
            "sent again unless you ask (newsletter send --only unknown)"
        )
    if sent.expired:
        yield f"{sent.expired} deliveries expired: the issue was too old to be worth sending"
    if sent.resume_at:
        yield (
            f"a rate of newsletter.yaml is spent: run again at {sent.resume_at:%Y-%m-%d %H:%M:%S} "
            "UTC or later; what was not sent is still planned"
        )


def open_count(counts: Mapping[DeliveryState, int]) -> int:
    """Return how many deliveries are not final yet."""
    return sum(counts.get(state, 0) for state in OPEN)


def findings(console: Console, found: Sequence[Finding]) -> None:
    """Show what the linter found; what has no place is told once, not for each edition."""
    shown = {(one.level, one.message, one.where): one for one in reversed(found)}
    for finding in reversed(shown.values()):
        colour = "red" if finding.level == "error" else "yellow"
        where = escape(finding.where or finding.edition)
        console.print(
            f"[{colour}]{finding.level}:[/] {where}: {escape(finding.message)}",
            highlight=False, soft_wrap=True,
        )  # fmt: skip


def unasked(console: Console, config: Config) -> None:
    """Say which sources and services could not be asked because their secrets are missing."""
    for text in config.collecting.left_out:
        problem(console, f"{text}: it was left out")


def faults(console: Console, found: Sequence[Fault], folder: Path) -> None:
    """Say what was left out, and where it is kept."""
    for fault in found:
        console.print(f"[red]left out:[/] {escape(str(fault))}", soft_wrap=True)
    if found:
        count = "one thing was" if len(found) == 1 else f"{len(found)} things were"
        problem(console, f"{count} left out, all others went on; kept in {_relative(folder)}")


def report_json(report: SourceReport) -> dict[str, object]:
    """Return a source's report as plain data."""
    return {**asdict(report), "ok": report.ok}


def ran_json(ran: Ran) -> dict[str, object]:
    """Return a run as plain data."""
    return {
        "date": ran.date.isoformat(),
        "already_planned": ran.already,
        "sources": [
            report_json(report) for report in (ran.collected.reports if ran.collected else ())
        ],
        "new_papers": ran.collected.new if ran.collected else 0,
        "editions": _editions_json(ran.rendered),
        "sent": {state.value: count for state, count in ran.sent.outcomes.items()},
        "error": ran.sent.error,
        "faults": [str(fault) for fault in ran.faults],
        "resume_at": ran.sent.resume_at.isoformat() if ran.sent.resume_at else None,
        "unfinished_issues": [date.isoformat() for date in ran.unfinished],
        "later": later.as_json(ran.later),
        "earlier": later.as_json(ran.earlier),
        "deliveries": counts_json(ran.counts),
        "forgotten": forgotten.as_json(ran.forgotten),
    }


def counts_json(counts: Mapping[DeliveryState, int]) -> dict[str, int]:
    """Return the ledger's counts as plain data, with their sum."""
    return {**{state.value: n for state, n in counts.items()}, "audience": sum(counts.values())}


def _editions_json(rendered: Rendered | None) -> list[dict[str, object]]:
    return [
        {"edition": summary.key, "subject": summary.subject, "picks": summary.picks}
        for summary in (rendered.contents if rendered else ())
    ]


def rendered_json(rendered: Rendered) -> dict[str, object]:
    """Return what was rendered as plain data."""
    return {
        "date": rendered.issue.date.isoformat(),
        "number": rendered.issue.number,
        "editions": _editions_json(rendered),
        "files": [str(path) for path in rendered.files],
    }


def where_to_look(console: Console, folder: Path) -> None:
    """Say where the emails are."""
    pages = list(folder.glob("*.html"))
    if pages:
        # Name the largest edition: it shows most.
        page = escape(_relative(max(pages, key=lambda path: (path.stat().st_size, path.name))))
        console.print(f"Open  [bold]{page}[/] in a browser", soft_wrap=True)
    console.print(
        f"Files [bold]{escape(_relative(folder))}/[/] (html, txt, eml, papers.json)", soft_wrap=True
    )


def _relative(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def explain_date(date: dt.date) -> str:
    """Return a date in words: the weekday, the day, the month and the year."""
    return f"{date:%A} {date.day} {date:%B} {date.year}"


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
