"""The preview's page, and the preview as files that open without a server."""

from __future__ import annotations

import importlib.resources
import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment

from newsletter.serve.preview.shown import Preview

STATIC: Final = ("preview.css", "preview.js")
"""What a page without a server needs."""
FILES: Final = (*STATIC, "tuning.css", "tuning.js")


def page_file(name: str) -> str | None:
    """Return a style or script of the page; None when there is none with this name."""
    return _file(name) if name in FILES else None


def _file(name: str) -> str:
    return importlib.resources.files("newsletter.serve").joinpath("pages", name).read_text("utf-8")


def render_page(name: str, settings: Mapping[str, Any]) -> str:
    """Return the page; its script gets `settings`: where tests go, and the state if static."""
    template = Environment(autoescape=True).from_string(_file("preview.html"))
    return template.render(name=name, settings=settings)


def write_static(shown: Preview, folder: Path) -> tuple[Path, ...]:
    """Write the preview as files that open without a server; return them.

    Raises OSError when the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "index.html": render_page(shown.name, {"static": shown.state}),
        **{name: _file(name) for name in STATIC},
    }
    for number, edition in enumerate(shown.editions):
        # As scripts, because pages opened from files may not fetch; `<` could end a script early.
        data = json.dumps(asdict(edition)).replace("<", "\\u003c")
        files[f"edition-{number}.js"] = f"window.editions[{number}] = {data};\n"
        files[f"edition-{number}.html"] = edition.html
    for old in folder.glob("edition-*"):
        if re.fullmatch(r"edition-\d+\.(js|html)", old.name) and old.name not in files:
            old.unlink()
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
        (folder / name).chmod(0o600)  # they hold readers' addresses
    return tuple(folder / name for name in files)
