"""bioRxiv and medRxiv, which share an API → Paper."""

from __future__ import annotations

import datetime as dt
import difflib
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
from newsletter.collect.plain.people import names_of
from newsletter.collect.withdrawals import WITHDRAWN
from newsletter.model import Paper, Sighting, Source

API = "https://api.biorxiv.org"
_FIELDS = frozenset(
    name.strip()
    for name in (
        "animal behavior and cognition, biochemistry, bioengineering, bioinformatics, biophysics, "
        "cancer biology, cell biology, clinical trials, developmental biology, ecology, "
        "epidemiology, evolutionary biology, genetics, genomics, immunology, microbiology, "
        "molecular biology, neuroscience, paleontology, pathology, pharmacology and toxicology, "
        "physiology, plant biology, scientific communication and education, synthetic biology, "
        "systems biology, zoology, "
        # medRxiv's
        "addiction medicine, allergy and immunology, anesthesia, cardiovascular medicine, "
        "dentistry and oral medicine, dermatology, emergency medicine, endocrinology, "
        "forensic medicine, gastroenterology, genetic and genomic medicine, geriatric medicine, "
        "health economics, health informatics, health policy, "
        "health systems and quality improvement, hematology, hiv aids, infectious diseases, "
        "intensive care and critical care medicine, medical education, medical ethics, nephrology, "
        "neurology, nursing, nutrition, obstetrics and gynecology, "
        "occupational and environmental health, oncology, ophthalmology, orthopedics, "
        "otolaryngology, pain medicine, palliative medicine, pediatrics, "
        "primary care research, psychiatry and clinical psychology, "
        "public and global health, radiology and imaging, "
        "rehabilitation medicine and physical therapy, respiratory medicine, rheumatology, "
        "sexual and reproductive health, sports medicine, surgery, toxicology, transplantation, "
        "urology"
    ).split(",")
)
"""The fields of both servers in November 2026, as `_plain` writes them."""
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
    wanted = {_plain(name) for name in source.categories}

    def read(item: object) -> Paper | None:
        given = mapping(item)
        field, version = text(given.get("category")), numbered(given.get("version"))
        late = version > 1 and "replace" not in source.announce
        if late or (wanted and _plain(field) not in wanted):
            return None
        return _paper(given, field, version, source, now)

    papers, account = read_papers(found, read, source, now)
    said = mapping(next(iter(listed(answer.get("messages"))), None))
    notes = [] if found else ["no preprints posted"]
    known = _FIELDS | {_plain(text(mapping(item).get("category"))) for item in found}
    notes += [_unknown(name) for name in source.categories if _plain(name) not in known]
    return Parsed(
        papers=papers,
        skipped=account.skipped,
        note="; ".join((*notes, *account.notes())),
        more=_next_page(document, said, found),
        faults=tuple(account.faults),
    )


def _plain(field: str) -> str:
    """Return a field's name as it is compared: `Cell-Biology`, `cell_biology` → cell biology."""
    return " ".join(re.sub(r"[-_/,&]", " ", field.casefold().replace("&", " and ")).split())


def _unknown(name: str) -> str:
    """Return what to say of a category that neither server has."""
    plain = _plain(name)
    within = sorted(field for field in _FIELDS if plain in field.split())
    close = within[:1] or difflib.get_close_matches(plain, sorted(_FIELDS), n=1)
    return f"no category `{name}`" + (f": did you mean `{close[0]}`?" if close else "")


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
    authors = names_of(text(given.get("authors")).split(";"))
    is_withdrawn = text(given.get("type")).lower().startswith("withdraw")
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
        announce=WITHDRAWN if is_withdrawn else "",
        version=version,
        pdf_url=f"{url}.full.pdf",
        code_url=repository(abstract),
        organisation=text(given.get("author_corresponding_institution"), 200),
        sightings=(Sighting(source=source.name, seen_at=now, url=url),),
    )
