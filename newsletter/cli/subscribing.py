"""Commands for people: subscribers list, show, add, remove, pause, resume."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from newsletter.cli import account, importing
from newsletter.cli.completing import complete_topics
from newsletter.cli.given import load, parse_date, unknown_topic
from newsletter.cli.importing import DryRun, From, State, Text, read_words, would
from newsletter.cli.program import DONE, NOT_RIGHT, AsJson, ConfigDir, app
from newsletter.cli.tables import new_table
from newsletter.cli.terminal import console, errors, print_json
from newsletter.config.values import read_address
from newsletter.day import steps
from newsletter.day.given import Day
from newsletter.errors import ConfigError
from newsletter.model import ANY_HOUR, ASKED, Origin, SignUp, SubscriberState, Subscription, Wishes
from newsletter.world import days

MOST_SHOWN = 50
"""How many people are listed on the screen; `--json` and `export` have no limit."""

people = typer.Typer(
    help="People: list, show, add, remove, pause, resume, import, export.\n\n"
    "Those of subscribers.yaml follow that file; everybody else lives in the database.\n\n"
    "Example: newsletter subscribers list",
    no_args_is_help=True,
)
app.add_typer(people, name="subscribers")

Email = Annotated[str, typer.Argument(metavar="EMAIL")]


@people.command(name="list")
def list_(
    *,
    config: ConfigDir = Path("config"),
    state: State = None,
    origin: From = None,
    text: Text = "",
    as_json: AsJson = False,
) -> None:
    """Show who gets the newsletter, and who does not any more.

    Examples: `newsletter subscribers list --state left`, `newsletter subscribers list --json`
    """
    with days.open_day(load(config)) as day:
        _follow(day)
        counts = day.stores.subscribers.counts()
        found = day.stores.subscribers.all(
            states=tuple(state or ()), origins=tuple(origin or ()), text=text
        )
        if as_json:
            print_json({"subscribers": [_as_json(person) for person in found]})
            return
        barred = day.stores.subscribers.count_barred()
        table = new_table("Address", "Topics", "State", "Came by", "Since")
        shown = 0
        for shown, person in enumerate(found, 1):
            if shown > MOST_SHOWN:
                break
            table.add_row(
                escape(person.email),
                escape(", ".join(person.wishes.topics) or "every topic")
                + (" [dim]and their own[/]" if person.is_personal else ""),
                _state(person, is_barred=day.stores.suppressions.get(person.email) is not None),
                person.origin.value,
                f"{person.consent_at:%Y-%m-%d}",
            )
    console().print(table if shown else "Nobody.")
    if shown > MOST_SHOWN:
        console().print("… and more: `--text`, `--state`, `--json` or `subscribers export`")
    told = ", ".join(f"{count} {status.value}" for status, count in counts.items() if count)
    told += f"; of the active, {barred} suppressed: they get nothing" if barred else ""
    console().print(f"[dim]{told or 'nobody'} in all[/]")


@people.command()
def show(email: Email, *, config: ConfigDir = Path("config"), as_json: AsJson = False) -> None:
    """Show all that is kept of one person.

    Example: `newsletter subscribers show ada@example.org`
    """
    with days.open_day(load(config)) as day:
        _follow(day)
        found = _find(day, email)
        barred = day.stores.suppressions.get(found.email)
    told = _as_json(found)
    if barred:
        why = f"{barred.verdict}, {barred.source}, {barred.since:%Y-%m-%d}"
        told["suppressed"] = f"gets no mail ({why})"
    if as_json:
        print_json(told)
        return
    for name, value in told.items():
        if value or (name == "hour" and value is not None):
            text = value if isinstance(value, str) else ", ".join(map(str, _flat(value)))
            console().print(f"[dim]{name.replace('_', ' '):>14}[/]  {escape(text)}", soft_wrap=True)


@people.command()
def add(
    email: Email,
    *,
    config: ConfigDir = Path("config"),
    name: Annotated[str, typer.Option(help="For the greeting.")] = "",
    topic: Annotated[
        list[str] | None,
        typer.Option(
            help="A topic's name; may be given several times.", autocompletion=complete_topics
        ),
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Add one person, who has asked for it; what they want beyond topics goes into YAML.

    Example: `newsletter subscribers add ada@example.org --name Ada --topic agents`
    """
    settings = load(config)
    known = settings.choice.topic_names
    for topic_name in topic or ():
        if topic_name not in known:
            raise unknown_topic(topic_name, known)
    who = SignUp(
        email=_address(email),
        name=read_words(name),
        wishes=Wishes(topics=tuple(dict.fromkeys(topic or ()))),
        consent="added with the command `newsletter subscribers add`",
    )
    with days.open_day(settings) as day:
        _follow(day)
        store = day.stores.subscribers
        found = store.bring([who], Origin.COMMAND, day.clock(), keep=not dry_run)
    if found.new:
        console().print(f"{who.email}: {would(dry_run, 'added')}")
    elif found.left:
        told = f"{who.email} has left; `newsletter subscribers resume {who.email}` brings them back"
        account.problem(errors(), told)
    else:
        console().print(f"{who.email}: is there already")
    if found.suppressed:
        told = (
            f"{who.email} is suppressed, and gets nothing; `newsletter suppressions remove "
            f"{who.email}` mails them again"
        )
        account.problem(errors(), told)
    raise typer.Exit(NOT_RIGHT if found.left or found.suppressed else DONE)


@people.command()
def remove(email: Email, *, config: ConfigDir = Path("config"), dry_run: DryRun = False) -> None:
    """Send somebody nothing any more, also when subscribers.yaml names them.

    Example: `newsletter subscribers remove ada@example.org`
    """
    _change(config, email, SubscriberState.LEFT, "removed", dry_run=dry_run)


@people.command()
def pause(
    email: Email,
    *,
    config: ConfigDir = Path("config"),
    until: Annotated[
        str | None,
        typer.Option(metavar="YYYY-MM-DD", help="The first day with mail again. Default: none."),
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Send somebody nothing for a while.

    Example: `newsletter subscribers pause ada@example.org --until 2026-09-01`
    """
    _change(
        config, email, SubscriberState.PAUSED, "paused", until=parse_date(until), dry_run=dry_run
    )


@people.command()
def resume(email: Email, *, config: ConfigDir = Path("config"), dry_run: DryRun = False) -> None:
    """Mail somebody again who was paused, or has left and asked to be back.

    Example: `newsletter subscribers resume ada@example.org`
    """
    _change(config, email, SubscriberState.ACTIVE, "gets mail again", dry_run=dry_run)


people.command(name="import")(importing.import_)
people.command(name="export")(importing.export)


_STANDING = {
    SubscriberState.LEFT: "they have left",
    SubscriberState.PENDING: "they have not confirmed their address",
}


def _change(
    config: Path,
    email: str,
    state: SubscriberState,
    told: str,
    *,
    until: dt.date | None = None,
    dry_run: bool,
) -> None:
    """Change the state of one subscriber, and print it."""
    with days.open_day(load(config)) as day:
        _follow(day)
        found = _find(day, email)
        gone = found.state in (SubscriberState.LEFT, SubscriberState.PENDING)
        if state is SubscriberState.PAUSED and gone:
            raise typer.BadParameter(
                f"{found.email} gets nothing: {_STANDING[found.state]}; there is nothing to pause"
            )
        is_unproved = found.state is SubscriberState.PENDING or found.consent == ASKED
        if state is SubscriberState.ACTIVE and is_unproved:
            raise typer.BadParameter(
                f"{found.email} asked on the site and never confirmed it: nobody knows whether the "
                "address is theirs; `newsletter subscribers remove` it, and `add` it again with "
                "their consent"
            )
        if not dry_run:
            by = Origin.COMMAND.value
            day.stores.subscribers.change(found.email, state, by, day.clock(), until=until)
    end = f" until {until}" if until else ""
    console().print(f"{escape(found.email)}: {would(dry_run, told + end)}", soft_wrap=True)


def _follow(day: Day) -> None:
    """Bring the store up to date with subscribers.yaml.

    A mistake in the file is only reported: somebody can be removed all the same.
    """
    try:
        steps.follow_list(day)
    except ConfigError as error:
        account.problem(errors(), f"{error}\nwhat was known before still holds")


def _find(day: Day, email: str) -> Subscription:
    found = day.stores.subscribers.find(_address(email))
    if found is None:
        raise typer.BadParameter(f"no subscriber has the address `{email}`")
    return found


def _address(email: str) -> str:
    try:
        return read_address(email)
    except ValueError as error:
        raise typer.BadParameter(f"{email}: {error}") from None


def _state(person: Subscription, *, is_barred: bool) -> str:
    if is_barred and person.state is SubscriberState.ACTIVE:
        return "[red]suppressed[/]"
    colour = "green" if person.state is SubscriberState.ACTIVE else "dim"
    until = f" until {person.paused_until}" if person.paused_until else ""
    return f"[{colour}]{person.state.value}{until}[/]"


def _as_json(person: Subscription) -> dict[str, object]:
    feedback = {"more": person.more, "less": person.less}
    return {
        "id": person.id,
        "email": person.email,
        "name": person.name,
        "state": person.state.value,
        "paused_until": person.paused_until,
        "origin": person.origin.value,
        "changed_by": person.changed_by,
        "changed_at": person.changed_at,
        "consent_at": person.consent_at,
        "consent": person.consent,
        **{name: value for name, value in asdict(person.wishes).items() if value},
        "hour": None if person.wishes.hour == ANY_HOUR else person.wishes.hour,
        **{name: value for name, value in feedback.items() if value},
    }


def _flat(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{key}: {', '.join(map(str, _flat(inner)))}"
    elif isinstance(value, list | tuple):
        yield from value
    else:
        yield value
