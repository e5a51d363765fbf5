"""What MkDocs needs to make a site of pages that are written to be read in the repository, too.

Pages of the root (README, CHANGELOG and others) get a place on the site; links follow them there.
A link to a file that is no page, such as a systemd unit, is only its words on the site.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT: Final = Path(__file__).parent.parent
PLACES: Final = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "explanation/security.md",
    "CONTRIBUTING.md": "explanation/contributing.md",
}
"""Pages of the root, and where they are on the site."""
_LINK: Final = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\((?!\w+:|#)([^)#\s]+)(#[^)\s]+)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Give the pages of the root their places."""
    for name, place in PLACES.items():
        files.append(File.generated(config, place, content=(ROOT / name).read_text("utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Have links lead where their pages are on the site."""
    del config
    here = page.file.src_uri
    origins = {place: name for name, place in PLACES.items()}
    folder = posixpath.dirname(origins.get(here, f"docs/{here}"))

    def follow(link: re.Match[str]) -> str:
        """Return a link as it is on the site, or its words."""
        picture, words, target, anchor = link.groups()
        wanted = posixpath.normpath(posixpath.join(folder, target))
        place = PLACES.get(wanted, wanted.removeprefix("docs/"))
        found = files.get_file_from_path(place)
        if found is None or (wanted not in PLACES and not wanted.startswith("docs/")):
            return words
        there = posixpath.relpath(place, posixpath.dirname(here) or ".")
        return f"{picture}[{words}]({there}{anchor or ''})"

    return _LINK.sub(follow, markdown)
