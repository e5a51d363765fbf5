"""The sources commands: list, add, remove."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.markup import escape

from newsletter import __version__
from newsletter.cli import account, health
from newsletter.cli.given import load, wait_for
from newsletter.cli.program import DONE, NOT_RIGHT, AsJson, ConfigDir, app
from newsletter.cli.progress import show_progress
from newsletter.cli.tables import new_table
from newsletter.cli.terminal import console, errors, print_json
from newsletter.collect.finding import address_of
from newsletter.collect.http.addresses import shown
from newsletter.config.editing import FILE, add_sources, as_entry, remove_source, source_names
from newsletter.config.mistakes import suggest
from newsletter.config.settings import Config
from newsletter.config.values import read_line
from newsletter.day.sampling import MOST_TRIED, Sample, Sampled, sample_sources
from newsletter.errors import SourceError
from newsletter.model import Source
from newsletter.world import days
from newsletter.world.machine import utc_now

MOST_SHOWN = 10
"""Papers of a source that are shown."""

places = typer.Typer(
    help="Where papers come from: list, add, remove.\n\n"
    "Example: newsletter sources add https://example.org/blog",
    no_args_is_help=True,
)
app.add_typer(places, name="sources")


@places.command(name="list")
def list_(*, config: ConfigDir = Path("config"), as_json: AsJson = False) -> None:
    """Show the sources of sources.yaml, and how each did last.

    Example: `newsletter sources list --json`
    """
    settings = load(config)
    with days.open_day(settings) as day:
        recall, now = day.stores.sources.remembered(), day.clock()
        found = [(source, recall(source)) for source in settings.collecting.sources]
    if as_json:
        print_json(
            {"sources": [_as_json(one) | health.as_json(one.name, h, now) for one, h in found]}
        )
        return
    table = new_table("Source", "Kind", "Where", "Last good day", "")
    for source, known in found:
        good = f"{known.last_good:%Y-%m-%d}" if known.last_good else "never"
        said = known.last_error or health.words(known, now)
        table.add_row(escape(source.name), source.kind, escape(_where(source)), good, escape(said))
    console().print(table)
    account.unasked(errors(), settings)


@places.command()
def add(
    given: Annotated[
        str, typer.Argument(metavar="URL|FILE", help="A site, a feed or a list of feeds (OPML).")
    ],
    *,
    config: ConfigDir = Path("config"),
    name: Annotated[str, typer.Option(help="Its name in reports. Default: its own.")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Write it without asking.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what it would bring.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Find the feed behind an address, try it, show a day of it, and write it to sources.yaml.

    Pages of arXiv, bioRxiv, medRxiv, OpenReview, Hugging Face, Hacker News, Reddit and Semantic
    Scholar become sources of their own kind. Of a list (OPML), each feed that can be read is added.
    Remarks and order in sources.yaml stay. Without a terminal nothing is written but with `--yes`.

    Examples: `newsletter sources add https://example.org/blog`,
    `newsletter sources add https://arxiv.org/list/stat.ML/recent --yes`,
    `newsletter sources add subscriptions.opml --dry-run`
    """
    settings = load(config)
    location, url = _location(given, settings)
    try:
        found = wait_for(_tried(location, settings, _line(name), quiet=as_json))
    except SourceError as error:
        raise SourceError(f"{error}{_plainly(given, location)}") from None
    samples = [_as_written(one, location, url) for one in found.samples]
    good = [one for one in samples if one.report.ok]
    if as_json:
        _print(found, samples, written=bool(good and yes and not dry_run))
    else:
        _show(found, samples)
    if good and not dry_run and (yes or _agreed(good, config, as_json=as_json)):
        add_sources(config, [as_entry(one.source) for one in good], os.environ)
        if not as_json:
            told = ", ".join(one.source.name for one in good[:MOST_SHOWN])
            console().print(f"{config / FILE}: added {escape(told)}", soft_wrap=True)
    elif good and not dry_run:
        account.problem(errors(), "nothing was written; --yes writes it")
        raise typer.Exit(NOT_RIGHT)
    raise typer.Exit(DONE if len(good) == len(samples) else NOT_RIGHT)


@places.command()
def remove(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    *,
    config: ConfigDir = Path("config"),
) -> None:
    """Take a source out of sources.yaml; its papers stay.

    Example: `newsletter sources remove "A research blog"`
    """
    names = source_names(config, os.environ)
    if name not in names:
        raise typer.BadParameter(f"no source is called `{name}`{suggest(name, names)}")
    if len(names) == 1:
        raise typer.BadParameter(f"`{name}` is the only source: add another one first")
    remove_source(config, names.index(name), os.environ)
    console().print(f"{config / FILE}: {escape(name)} was taken out", soft_wrap=True)


async def _tried(location: str, settings: Config, name: str, *, quiet: bool) -> Sampled:
    with show_progress(quiet=quiet) as watch:
        async with days.open_web(settings, version=__version__, on_source=watch.source) as web:
            return await sample_sources(location, settings, web, utc_now(), name)


def _location(given: str, settings: Config) -> tuple[str, str]:
    """Return where to look, and how the file names it: a path in it starts at its folder's parent.

    Raises SourceError for what is neither a file nor an address.
    """
    path = Path(given)
    if "://" in given or not path.exists():
        address = address_of(given)
        return address, address
    whole = path.resolve()
    root = settings.root
    return str(whole), str(whole.relative_to(root) if whole.is_relative_to(root) else whole)


def _plainly(given: str, location: str) -> str:
    """Return a hint for an address with a port and without a scheme: https was tried."""
    if "://" in given or urlsplit(location).port is None:
        return ""
    return f"; if the server there has no TLS, write http://{location.partition('://')[2]}"


def _as_written(sample: Sample, location: str, url: str) -> Sample:
    """Return a sample whose source has the address that sources.yaml gets."""
    if sample.source.location != location:
        return sample
    return replace(sample, source=replace(sample.source, location=url))


def _agreed(good: Sequence[Sample], config: Path, *, as_json: bool) -> bool:
    """Ask on a terminal whether sources shall be written."""
    if as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    what = "it" if len(good) == 1 else f"these {len(good)}"
    return typer.confirm(f"Write {what} to {config / FILE}?")


def _show(found: Sampled, samples: Sequence[Sample]) -> None:
    """Show what each source would bring."""
    for source, other in found.there:
        console().print(f"{escape(source.name)}: is there already, as {escape(other)}")
    for sample in samples:
        source, report = sample.source, sample.report
        if not report.ok:
            account.problem(errors(), f"{source.name}: {report.error}")
            continue
        note = f" · {report.note}" if report.note else ""
        many = f"{report.papers} paper{'s' * (report.papers != 1)}"
        told = f"{many}, {len(sample.papers)} of the newest day{note}"
        console().print(f"[bold]{escape(source.name)}[/]  {source.kind}  {escape(_where(source))}")
        console().print(f"  [dim]{escape(told)}[/]", soft_wrap=True)
        if len(samples) > 1:
            continue
        for paper in sample.papers[:MOST_SHOWN]:
            day = f"{paper.published:%Y-%m-%d}" if paper.published else "no date   "
            console().print(f"  {day}  {escape(paper.title)}", soft_wrap=True)
        if (more := len(sample.papers) - MOST_SHOWN) > 0:
            console().print(f"  [dim]… and {more} more[/]")
    if found.untried:
        account.problem(
            errors(),
            f"{found.untried} more feeds were not tried: of a list, the first {MOST_TRIED} are; "
            "`kind: opml` in sources.yaml reads all of it",
        )


def _print(found: Sampled, samples: Sequence[Sample], *, written: bool) -> None:
    print_json(
        {
            "sources": [
                {
                    **_as_json(sample.source),
                    "papers": sample.report.papers,
                    "error": sample.report.error,
                    "note": sample.report.note,
                    "newest": [
                        {"title": paper.title, "url": paper.url, "published": paper.published}
                        for paper in sample.papers
                    ],
                }
                for sample in samples
            ],
            "there": [{"name": source.name, "as": other} for source, other in found.there],
            "untried": found.untried,
            "written": written,
        }
    )


def _as_json(source: Source) -> dict[str, object]:
    where = shown(source.location)
    return {"name": source.name, "kind": source.kind, "url": where, **_asked(source)}


def _asked(source: Source) -> dict[str, object]:
    given = {"categories": source.categories, "query": source.query, "authors": source.authors}
    return {name: value for name, value in given.items() if value}


def _where(source: Source) -> str:
    parts = (shown(source.location), ", ".join(source.categories), source.query)
    return " ".join(filter(None, (*parts, ", ".join(source.authors))))


def _line(name: str) -> str:
    try:
        found = read_line(name)
    except ValueError as error:
        raise typer.BadParameter(f"--name {error}") from None
    if "${" in found:
        raise SourceError("--name has a variable in it, which sources.yaml would replace")
    return found
