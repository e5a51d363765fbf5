"""The preview command: shows the issue on a local page that follows every edit, or as files."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
import watchfiles

from newsletter.cli import account
from newsletter.cli.program import NOT_RIGHT, ConfigDir, app
from newsletter.cli.terminal import console, errors
from newsletter.cli.tuning import Tuner
from newsletter.config.files import load_config
from newsletter.errors import StoreError
from newsletter.serve.preview.app import preview_app
from newsletter.serve.preview.shown import Preview, PreviewEdition
from newsletter.serve.preview.static import write_static
from newsletter.world import posts


@app.command()
def preview(
    *,
    config: ConfigDir = Path("config"),
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 8000,
    static: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the preview as files into DIR.")
    ] = None,
) -> None:
    """Show the issue on a local page that follows your edits, and on which you tune topics.

    The page edits the files of config/: only from the address that is printed, whose last part
    nobody else knows. Before anything was collected it shows invented papers.

    Examples: `newsletter preview --port 8001`, `newsletter preview --static proof`
    """
    settings = load_config(config, os.environ)
    tuner = Tuner(config)
    if static is not None:
        _write(tuner.load(""), static)
        return
    listening = _listen(port)
    # Behind the `#`, no browser sends it anywhere.
    token = secrets.token_urlsafe(16)
    address = f"http://127.0.0.1:{listening.getsockname()[1]}/#{token}"
    console().print(f"Preview at [bold]{address}[/] (Ctrl-C ends it)", soft_wrap=True)

    async def changes() -> AsyncIterator[object]:
        root = config.resolve().parent
        # Watch the folders, not the files: an editor that saves by renaming creates a new file.
        # The packaged templates only change with the program.
        own = [
            folder for folder in settings.letter.theme.folders if root in folder.resolve().parents
        ]
        wanted = dict.fromkeys((config, root / "templates", *own))
        while True:
            folders = [folder for folder in wanted if folder.is_dir()]
            async for found in watchfiles.awatch(
                *folders, debounce=200, step=50, rust_timeout=1000, yield_on_timeout=True
            ):
                begun = len(folders) < sum(folder.is_dir() for folder in wanted)
                if found or begun:
                    yield found
                if begun:  # the first copy of a template: watch its folder too
                    break

    async def send_test(edition: PreviewEdition, to: str) -> str:
        message = edition.message.replace("\n", "\r\n").encode()
        return await posts.send_test(load_config(config, os.environ), message, to)

    site = preview_app(tuner, changes, send_test, settings.letter.reply_to, token)
    # An open page keeps its connection open: do not wait for that when stopping.
    running = uvicorn.Config(site, log_level="critical", timeout_graceful_shutdown=1)
    uvicorn.Server(running).run(sockets=[listening])


def _write(shown: Preview, folder: Path) -> None:
    if shown.problem:
        account.problem(errors(), shown.problem)
        raise typer.Exit(NOT_RIGHT)
    try:
        written = write_static(shown, folder)
    except OSError as error:
        raise StoreError(f"{folder}: {error.strerror}") from None
    console().print(f"Wrote {len(written)} files; open [bold]{written[0]}[/]", soft_wrap=True)


def _listen(port: int) -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        listening.listen()  # the user may open the address before the server is running
    except OSError as error:
        listening.close()
        raise StoreError(
            f"127.0.0.1:{port}: {error.strerror}; choose another with --port"
        ) from None
    return listening
