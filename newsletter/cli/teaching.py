"""The teach command: asks about ten papers, and learns from each answer."""

from __future__ import annotations

import contextlib
import sys
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from newsletter.cli.given import find_subscriber, load
from newsletter.cli.program import DONE, AsJson, ConfigDir, app
from newsletter.cli.progress import show_progress
from newsletter.cli.terminal import console, errors, print_json
from newsletter.day import steps
from newsletter.day.drafts import Draft, make_draft
from newsletter.day.explaining import find_stored
from newsletter.day.given import Day
from newsletter.day.teaching import QUESTIONS, Proposal, answer, next_question
from newsletter.errors import ConfigError
from newsletter.model import SubscriberState, Subscription
from newsletter.pick.summaries import summarise
from newsletter.world import days

Ids = Annotated[
    list[str] | None, typer.Option(metavar="ID", help="Say it of this paper, and ask nothing.")
]


@app.command()
def teach(
    *,
    config: ConfigDir = Path("config"),
    subscriber: Annotated[
        str | None,
        typer.Option(metavar="EMAIL", help="Whose taste; not needed if there is one reader only."),
    ] = None,
    count: Annotated[int, typer.Option(min=1, max=100, help="How many papers.")] = QUESTIONS,
    yes: Ids = None,
    no: Ids = None,
    as_json: AsJson = False,
) -> None:
    """Teach what somebody likes: a yes or no to ten papers, each chosen by the answers before it.

    Answers are kept as they are given, as those of the links in mails are. `--json` shows the next
    paper and asks nothing; `--yes` and `--no` answer without a terminal.

    Examples: `newsletter teach`, `newsletter teach --subscriber ada@example.org --yes 2410.01234`
    """
    settings = load(config)
    with contextlib.ExitStack() as stack:
        # The bar of a first run must be gone before the first question: it draws over the prompt.
        with show_progress(quiet=as_json) as watch:
            day = stack.enter_context(days.open_day(settings, on_embedded=watch.embedded))
            steps.follow_list(day)
            kept = _whose(day, subscriber)
            for ids, liked in ((yes, True), (no, False)):
                for name in ids or ():
                    paper = find_stored(day, name)
                    if paper is None:
                        raise ConfigError(f"no stored paper has the id `{name}`")
                    answer(day, kept, paper, liked=liked)
            if not as_json and (yes or no):
                console().print(f"{_counted(len(yes or ()) + len(no or ()))} of {kept.email} kept")
                return
            if not as_json and not sys.stdin.isatty():
                raise typer.BadParameter(
                    "this asks questions, and there is no terminal: --yes, --no"
                )
            draft = make_draft(day)
            first = next_question(day, draft, _again(day, kept), ())
        if as_json:
            print_json({"subscriber": kept.email, "question": _as_json(first)})
            return
        _ask(day, kept, draft, first, count, console())
    raise typer.Exit(DONE)


def _ask(
    day: Day,
    kept: Subscription,
    draft: Draft,
    question: Proposal | None,
    count: int,
    screen: Console,
) -> None:
    """Ask a first question, and more until there are enough answers, or the reader stops."""
    asked: set[str] = set()
    said = {True: 0, False: 0}
    while len(asked) < count:
        if asked:
            question = next_question(day, draft, _again(day, kept), asked)
        if question is None:
            screen.print("There are no more papers to ask about.")
            break
        asked.add(question.paper.id)
        _show(screen, question, len(asked), count)
        told = _answer(screen)
        if told is None:
            break
        if told != "skip":
            liked = told == "yes"
            answer(day, kept, question.paper, liked=liked)
            said[liked] += 1
    whole = said[True] + said[False]
    screen.print(f"\n{_counted(whole)} kept: {said[True]} yes, {said[False]} no.")
    if whole:
        screen.print(f"See what changed: newsletter pick --subscriber {escape(kept.email)}")


def _show(screen: Console, question: Proposal, number: int, count: int) -> None:
    paper = question.paper
    tldr, _ = summarise(paper)
    chance = "" if question.chance is None else f"  [dim]{question.chance:.0%} likely[/]"
    screen.print(f"\n[dim]{number} of {count}[/]  [bold]{escape(paper.title)}[/]{chance}")
    if tldr:
        screen.print(f"  {escape(tldr)}")


def _answer(screen: Console) -> str | None:
    """Return yes, no or skip; None when the reader stops."""
    while True:
        try:
            typed = screen.input("  More like this? [y]es, [n]o, [s]kip, [q]uit: ", markup=False)
        except EOFError:
            return None
        word = typed.strip().lower()
        for name in ("yes", "no", "skip"):
            if word and name.startswith(word):
                return name
        if word and "quit".startswith(word):
            return None
        errors().print("  y, n, s or q, please")


def _whose(day: Day, email: str | None) -> Subscription:
    """Return the subscriber with an address; without one, the only one that there is."""
    if email is not None:
        return find_subscriber(day, email)
    active = list(islice(day.stores.subscribers.all(states=(SubscriberState.ACTIVE,)), 2))
    if len(active) != 1:
        raise typer.BadParameter(
            "whose taste? --subscriber EMAIL" if active else "there is no subscriber to teach"
        )
    return active[0]


def _again(day: Day, kept: Subscription) -> Subscription:
    """Return a subscriber with what they have said meanwhile."""
    return day.stores.subscribers.with_id(kept.id) or kept


def _as_json(question: Proposal | None) -> dict[str, object] | None:
    if question is None:
        return None
    paper = question.paper
    return {
        "paper": paper.id,
        "title": paper.title,
        "url": paper.url,
        "tldr": summarise(paper)[0],
        "chance": question.chance,
    }


def _counted(count: int) -> str:
    return "1 answer" if count == 1 else f"{count} answers"
