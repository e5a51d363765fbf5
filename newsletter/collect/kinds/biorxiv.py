"""bioRxiv and medRxiv, which share an API → Paper."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

from newsletter.collect.answers import (
    Document,
    Locator,
    Parsed,
    VisitWindow,
    iso_moment,
    listed,
    mapping,
    numbered,
    read_list,
    text,
    whole,
)
from newsletter.collect.entries import read_papers
from newsletter.collect.identity.keys import doi, paper_keys
from newsletter.collect.identity.repositories import repository
from newsletter.model import Paper, Sighting, Source

API = "https://api.biorxiv.org"
_PAGE = re.compile(r"/(\d+)(/json)?$")


def locate_preprints(server: str) -> Locator:
    """Return where to ask for the preprints of `biorxiv` or `medrxiv`, by date of posting."""

    def locate(source: Source, window: VisitWindow) -> tuple[str, ...]:
        # The API takes dates, so the whole first day is asked for.
        since, until = (f"{moment:%Y-%m-%d}" for moment in (window.since, window.until))
        return (f"{source.api or API}/details/{server}/{since}/{until}/0/json",)

    return locate


def parse_preprints(document: Document, source: Source, now: dt.datetime) -> Parsed:
    """Return the preprints of one page, without new versions of older preprints.

    If the source has `categories`, only preprints of those count. Raises SourceError when the
    answer is an error or not a list of preprints.
    """
    found, answer = read_list(document, "bioRxiv", "collection")
    wanted = {name.casefold() for name in source.categories}

    def read(item: object) -> Paper | None:
        given = mapping(item)
        field, version = text(given.get("category")), numbered(given.get("version"))
        late = version > 1 and "replace" not in source.announce
        if late or (wanted and field.casefold() not in wanted):
            return None
        return _paper(given, field, version, source, now)

    papers, account = read_papers(found, read, source, now)
    said = mapping(next(iter(listed(answer.get("messages"))), None))
    notes = [] if found else ["no preprints posted"]
    return Parsed(
        papers=papers,
        skipped=account.skipped,
        note="; ".join((*notes, *account.notes())),
        more=_next_page(document, said, found),
        faults=tuple(account.faults),
    )


def _next_page(document: Document, said: object, found: list[object]) -> str:
    """Return the address of the next page; its last number is how many preprints came before."""
    page = _PAGE.search(document.url)
    total = numbered(mapping(said).get("total"))
    if not page or not found or whole(page[1]) + len(found) >= total:
        return ""
    return f"{document.url[: page.start()]}/{whole(page[1]) + len(found)}{page[2] or ''}"


def _paper(
    given: Mapping[str, object], field: str, version: int, source: Source, now: dt.datetime
) -> Paper | None:
    title, name = text(given.get("title")), doi(str(given.get("doi") or ""))
    if not title or not name:
        return None
    abstract = text(given.get("abstract"))
    server = "medrxiv" if text(given.get("server")).lower() == "medrxiv" else "biorxiv"
    url = f"https://www.{server}.org/content/{name}v{version}"
    authors = tuple(filter(None, map(str.strip, text(given.get("authors")).split(";"))))
    # `published` is the DOI of the journal version, or `NA`: both are the same work.
    published = str(given.get("published") or "")
    keys = paper_keys(references=(name, published), url="", title=title)
    return Paper(
        id=keys[0],
        keys=keys,
        title=title,
        url=url,
        abstract=abstract,
        authors=authors,
        categories=(field,) if field else (),
        published=iso_moment(given.get("date")),
        version=version,
        pdf_url=f"{url}.full.pdf",
        code_url=repository(abstract),
        organisation=text(given.get("author_corresponding_institution"), 200),
        sightings=(Sighting(source=source.name, seen_at=now, url=url),),
    )
