"""What `init` writes: a working config/ and outbox/, and copies of templates if they are wanted."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from newsletter import __version__
from newsletter.config.schemas import schemas
from newsletter.errors import StoreError
from newsletter.files.writing import make_folder
from newsletter.render.copies import NOTE, note_of, noted
from newsletter.world.machine import STARTER


def write_starter(console: Console, directory: Path, *, templates: bool = False) -> None:
    """Write config/ and outbox/ into `directory`; keep every file that exists.

    With `templates` the packaged templates are copied too. Without copies the packaged ones are
    used, so that they follow the program.

    Raises StoreError when the folder cannot be written.
    """
    folders = ("config", "templates") if templates else ("config",)
    try:
        kept = _write_starter(directory, folders)
    except OSError as error:
        raise StoreError(f"{error.filename or directory}: {error.strerror}") from None
    place = "" if directory == Path() else f"{directory}/"
    written = f"[bold]{escape(place)}config/[/]{', templates/' * templates} and outbox/"
    console.print(f"Wrote {written}", soft_wrap=True)
    if kept:
        console.print(f"Kept as they were: {', '.join(map(str, kept))}", soft_wrap=True)
    if templates:
        console.print(
            "Delete the copies that you do not edit: the packaged ones follow the program.",
            soft_wrap=True,
        )
    change = f"cd {directory} && " if place else ""
    console.print(
        f"\nNext: edit [bold]{escape(place)}config/subscribers.yaml[/], then\n"
        f"  [bold]{escape(change)}newsletter run[/]\n"
        "It writes the emails to outbox/ until config/newsletter.yaml names a mail server.\n\n"
        "For an email every day:\n"
        f"  [bold]{escape(change)}newsletter schedule cron --install[/]   (or systemd, launchd, "
        "actions; without --install it shows what it would install)",
        soft_wrap=True,
    )


def _write_starter(directory: Path, folders: tuple[str, ...]) -> list[Path]:
    kept, copied = [], []
    for folder in folders:
        for source in sorted((STARTER / folder).rglob("*")):
            # The program owns the schemas: they are written again below. All other files belong to
            # the user once they exist.
            if not source.is_file() or source.parent.name == "schema":
                continue
            target = directory / folder / source.relative_to(STARTER / folder)
            if target.exists():
                kept.append(target)
                continue
            # The list of readers is private.
            make_folder(target.parent, public=folder != "config")
            target.write_bytes(source.read_bytes())
            if folder == "templates":
                copied.append(target.relative_to(directory / folder).as_posix())
            target.chmod(0o600 if target.name == "subscribers.yaml" else 0o644)
    if copied:
        templates = directory / "templates"
        note = note_of(templates, copied, __version__, noted(templates))
        (templates / NOTE).write_text(note, encoding="utf-8")
    schema_folder = directory / "config" / "schema"
    schema_folder.mkdir(parents=True, exist_ok=True)
    for name, schema in schemas().items():
        text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        (schema_folder / f"{name}.json").write_text(text, encoding="utf-8")
    outbox = directory / "outbox"
    make_folder(outbox)
    for path, text in ((outbox, "*\n!.gitignore\n"), (directory, ".env\npublic/\n")):
        if not (path / ".gitignore").exists():
            (path / ".gitignore").write_text(text, encoding="utf-8")
    return kept
