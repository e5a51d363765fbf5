"""The preview command: render what was collected (or the invented day) at every request."""

from __future__ import annotations

import hashlib
import os
import socket
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from newsletter import letters
from newsletter.cli import health, world
from newsletter.cli.checking import sample_papers
from newsletter.cli.program import ConfigDir, app, console
from newsletter.config import load_config
from newsletter.errors import NewsletterError, StoreError
from newsletter.model import Issue
from newsletter.pick import OWN_TOPICS, pick_papers
from newsletter.render import lint, render_editions
from newsletter.schedule import due_date, issue_window
from newsletter.serve import Preview, preview_app
from newsletter.store import IssueStore, PaperStore, SourceStore, open_database
from newsletter.tastes import Tastes


@app.command()
def preview(
    *,
    config: ConfigDir = Path("config"),
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 8000,
) -> None:
    """Show the issue on a local page that follows your edits of config and templates.

    Before anything was collected it shows invented papers.

    Example: `newsletter preview --port 8001`
    """
    load_config(config, os.environ)
    listening = _listen(port)
    address = f"http://127.0.0.1:{listening.getsockname()[1]}/"
    console().print(f"Preview at [bold]{address}[/] (Ctrl-C ends it)", soft_wrap=True)
    site = preview_app(lambda: load_preview(config), lambda: files_version(config))
    server = uvicorn.Server(uvicorn.Config(site, log_level="warning", lifespan="off"))
    server.run(sockets=[listening])


def load_preview(folder: Path) -> Preview:
    """Render every edition that the list of subscribers asks for; a mistake becomes a page."""
    try:
        return _load(folder)
    except NewsletterError as error:
        return Preview(name="", editions=(), problem=str(error))


def _load(folder: Path) -> Preview:
    config = load_config(folder, os.environ)
    now = world.utc_now()
    date = due_date(config.schedule, now)
    database = open_database(config.database, config.root)
    try:
        remembered = SourceStore(database).known(config.sources, now)
        store = PaperStore(database)
        papers = store.candidates(issue_window(config.schedule, date, config.max_age_days))
        number = IssueStore(database).next_number()
        shown = papers or sample_papers(now)
        tastes = Tastes(store, config.root, world.embedder(database))
        marks = tastes.of_topics(shown, config.topics)
        picks = pick_papers(shown, letters.topics(config), now, marks)
        # Somebody who wants every topic comes first, so that an empty list shows something too.
        curious = replace(letters.NOBODY, topics=tuple(topic.name for topic in config.topics))
        everybody = replace(config, subscribers=(curious, *config.subscribers), send_empty=True)
        selections = tuple(letters.selections(everybody, picks, shown, tastes.marks))
    finally:
        database.close()
    notes = tuple(
        f"{name}: {said}"
        for name, one in remembered
        if (said := one.last_error or health.words(one, now))
    )
    if not papers:
        notes = (
            *notes,
            "Invented papers: `newsletter collect` brings real ones.",
        )
    editions = render_editions(
        Issue(date=date, number=number, papers=len(shown)),
        selections,
        (*config.topics, *OWN_TOPICS),
        letters.masthead(config),
        letters.templates(config),
    )
    found = dict.fromkeys(one.message for edition in editions for one in lint(edition))
    return Preview(name=config.name, editions=editions, notes=(*notes, *found))


def files_version(folder: Path) -> str:
    """Return a text that changes when a file of config or templates does."""
    root = folder.resolve().parent
    files = sorted(path for part in (folder, root / "templates") for path in part.glob("*.*"))
    try:
        # The size too: an editor that empties a file and then fills it may be quicker than a tick.
        seen = [(path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in files]
    except OSError:
        return "changing"  # an editor is between deleting and writing
    return hashlib.sha256(repr(seen).encode()).hexdigest()


def _listen(port: int) -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except OSError as error:
        listening.close()
        raise StoreError(
            f"127.0.0.1:{port}: {error.strerror}; choose another with --port"
        ) from None
    return listening
