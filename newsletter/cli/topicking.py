"""The topics commands: list, try."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from newsletter.cli import account, picking
from newsletter.cli.given import load
from newsletter.cli.program import AsJson, ConfigDir, app
from newsletter.cli.progress import show_progress
from newsletter.cli.tables import new_table
from newsletter.cli.terminal import console, errors, print_json
from newsletter.config.documents import parse_document
from newsletter.day.querying import TermCount, TriedQuery, count_terms, try_query
from newsletter.errors import ConfigError
from newsletter.model import Match
from newsletter.pick.filters.language import FilterError, parse_match
from newsletter.world import days

MOST_SHOWN = 20
"""Papers that are shown; `--json` has all."""

sections = typer.Typer(
    help="Topics: list them, or try a query before it becomes one.\n\n"
    'Example: newsletter topics try "tool use"',
    no_args_is_help=True,
)
app.add_typer(sections, name="topics")


@sections.command(name="list")
def list_(*, config: ConfigDir = Path("config"), as_json: AsJson = False) -> None:
    """Show the topics of topics.yaml: what they look for, and how many papers a mail has of each.

    Example: `newsletter topics list --json`
    """
    topics = load(config).choice.topics
    found = [
        (topic, [*map(_words, count_terms(topic.match, ()))] if topic.match else [])
        for topic in topics
    ]
    if as_json:
        rows = [
            {
                "name": topic.name, "title": topic.title, "limit": topic.limit, "terms": terms,
                "like": topic.like, "weights": dict(topic.weights),
            }
            for topic, terms in found
        ]  # fmt: skip
        print_json({"topics": rows})
        return
    table = new_table("Name", "Title", "At most:right", "Looks for")
    for topic, terms in found:
        told = ", ".join((*terms, *(f"like {like}" for like in topic.like)))
        table.add_row(topic.name, escape(topic.title), str(topic.limit), escape(told))
    console().print(table)


def _words(term: TermCount) -> str:
    return f"not {term.text}" if term.excludes else term.text


@sections.command(name="try")
def try_(
    query: Annotated[
        list[str] | None,
        typer.Argument(metavar="QUERY...", help="As in `match:`; of several, any."),
    ] = None,
    *,
    config: ConfigDir = Path("config"),
    like: Annotated[
        list[str] | None,
        typer.Option(metavar="LIKE", help="As in `like:`; may be given several times."),
    ] = None,
    last: Annotated[
        int, typer.Option("--days", min=1, max=366, help="Papers seen in so many.")
    ] = 7,
    as_json: AsJson = False,
) -> None:
    """Show which papers of the last days a topic with a query, or likes, would want, and why.

    A query is a term, a line such as `agents AND NOT robots`, or YAML as under `match:`. The papers
    are those that `collect` has brought; how many each term finds by itself is shown, too.

    Examples: `newsletter topics try "tool use" "function calling" --days 14`,
    `newsletter topics try --like 2410.01234 --like "how agents plan"`,
    `newsletter topics try '{any: [LLM, "title: agent"], none: [protein]}'`
    """
    if not query and not like:
        raise typer.BadParameter("give it a query, or something to like with --like")
    match = _match(query) if query else None
    likes = tuple(like or ())
    settings = load(config)
    with (
        show_progress(quiet=as_json) as watch,
        days.open_day(settings, on_embedded=watch.embedded) as day,
    ):
        tried = try_query(day, match, ", ".join(query or likes), last, likes)
        account.faults(errors(), day.folders.faults.seen, day.folders.faults.folder)
    if as_json:
        print_json(
            {
                "papers": tried.papers,
                "days": last,
                "shown": tried.shown,
                "picks": [picking.pick_json(pick) for pick in tried.picks],
                "terms": [asdict(term) for term in tried.terms],
            }
        )
        return
    _show(tried, last)


def _show(tried: TriedQuery, last: int) -> None:
    """Show what a query finds, term by term, and its papers with the reasons."""
    if not tried.papers:
        console().print(
            f"No papers were seen in the last {last} days: run [bold]newsletter collect[/] first"
        )
        return
    if tried.terms:
        table = new_table("Term", "Papers:right", "")
        for term in tried.terms:
            note = (
                "left out" if term.excludes else "" if term.papers else "[yellow]finds nothing[/]"
            )
            table.add_row(escape(term.text), str(term.papers), note)
        console().print(table)
    if tried.topic.like and not tried.likes_count:
        from newsletter.learn.spaces import FEWEST  # noqa: PLC0415  loads numpy; seldom needed

        console().print(
            f"Likes count for nothing yet: {FEWEST} papers must be known, and what is liked too"
        )
    picking.show_picks(console(), tried.picks[:MOST_SHOWN], [tried.topic])
    if (more := len(tried.picks) - MOST_SHOWN) > 0:
        console().print(f"  [dim]… and {more} more: --json has all[/]")
    count = len(tried.picks)
    console().print(
        f"\n{count} of {tried.papers} papers of the last {last} days"
        + (f"; one issue would show the best {tried.shown} of these" if count > tried.shown else "")
    )


def _match(query: list[str]) -> Match:
    """Return the filter that a command is given; exits with wrong usage for a mistake."""
    try:
        parts = [_plain(text) for text in query]
        return parse_match(parts[0] if len(parts) == 1 else parts)
    except (FilterError, ConfigError) as error:
        raise typer.BadParameter(str(error)) from None


def _plain(text: str) -> object:
    """Return a term, or the data of YAML in brackets."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    return parse_document(Path("QUERY"), text, {}).data
