"""Bring the catalogues of newsletter/locale/ up to date with what the code says: `make phrases`.

New phrases get an empty translation, changed ones too, and those that are not said any more go.
Pages of editors (`admin_*.html`) are in English, as the command line is, and have no translations.
"""

from __future__ import annotations

import datetime as dt
import functools
import io
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from newsletter.render.languages import LANGUAGES

ROOT: Final = Path(__file__).parent.parent
LOCALE: Final = ROOT / "newsletter" / "locale"
BEGUN: Final = dt.datetime(2026, 11, 27, tzinfo=dt.UTC)
"""So that a catalogue changes only with its phrases."""
KEYWORDS: Final = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "remark": None,
    "counted_remark": (1, 2),
    "misunderstood": None,
    "RefusedError": None,
}
"""What takes a phrase as its first argument; or one for one thing and one for several."""
WHERE: Final = {
    "newsletter": [
        ("locale/**", "ignore"),
        ("serve/templates/admin*.html", "ignore"),
        ("serve/templates/**.html", "jinja2"),
        ("**.py", "python"),
    ],
    "templates": [("**.mjml", "jinja2"), ("**.txt", "jinja2")],
}


def file_of(language: str) -> Path:
    """Return the file with the translations into a language."""
    return LOCALE / language / "LC_MESSAGES" / "newsletter.po"


@functools.cache
def said() -> Catalog:
    """Return every phrase that the program says to readers."""
    catalogue = Catalog(project="newsletter", creation_date=BEGUN)
    for folder, methods in WHERE.items():
        found = extract_from_dir(
            ROOT / folder,
            methods,
            keywords=KEYWORDS,
            comment_tags=["Translators:"],
            strip_comment_tags=True,
        )
        for name, _line, phrase, comments, context in found:
            place = [(f"{folder}/{name}", 0)]
            catalogue.add(phrase, None, place, auto_comments=comments, context=context)
    return catalogue


def brought_up(language: str) -> bytes:
    """Return the catalogue of a language with the phrases that are said now."""
    path = file_of(language)
    if path.is_file():
        with path.open("rb") as source:
            known = read_po(source, locale=language)
    else:
        known = Catalog(locale=language)
    known.update(said(), no_fuzzy_matching=True)
    known.obsolete.clear()
    known.project, known.fuzzy = "newsletter", False
    known.header_comment = f"# What newsletter says to readers, in {known.locale.english_name}."
    known.creation_date = known.revision_date = BEGUN
    known.last_translator, known.language_team = "", ""
    target = io.BytesIO()
    write_po(target, known, width=100, include_lineno=False)
    return target.getvalue()


if __name__ == "__main__":
    for code in LANGUAGES:
        if code != "en":
            file_of(code).parent.mkdir(parents=True, exist_ok=True)
            file_of(code).write_bytes(brought_up(code))
