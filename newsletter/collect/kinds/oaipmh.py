"""arXiv's records by date over OAI-PMH → Paper: what stands in when its API refuses us.

The protocol is https://www.openarchives.org/OAI/openarchivesprotocol.html; arXiv's sets and fields
are described at https://info.arxiv.org/help/oa/.
"""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

from lxml import etree

from newsletter.collect.answers import CatchUp, Document, Manners, Parsed, iso_moment, text
from newsletter.collect.entries import read_papers
from newsletter.collect.http.addresses import joined
from newsletter.collect.identity.keys import arxiv_id, paper_keys
from newsletter.collect.identity.repositories import repository
from newsletter.collect.withdrawals import WITHDRAWN, remarks_withdrawn
from newsletter.errors import SourceError
from newsletter.model import Paper, Sighting, Source

OAI = "https://oaipmh.arxiv.org/oai"
MANNERS = Manners(connections=1, pause=3.0, throttles=(406,))
OLD = dt.timedelta(days=14)
"""A record whose paper was made before this is a new version of it."""
_GROUPS = frozenset(("cs", "math", "stat", "eess", "econ", "q-bio", "q-fin"))


def locate_records(source: Source, missing: CatchUp) -> tuple[str, ...]:
    """Return where to ask for the records of each category in the days that are missing."""
    if missing.since is None or missing.until is None:
        return ()
    days = {"from": f"{missing.since:%Y-%m-%d}", "until": f"{missing.until:%Y-%m-%d}"}
    fixed = {"verb": "ListRecords", "metadataPrefix": "arXiv"} | days
    categories = missing.categories or source.categories
    # Whoever has another address for arXiv's API has the records there, too.
    start = joined(source.api, "/oai") if source.api else OAI
    return tuple(f"{start}?{urlencode(fixed | {'set': set_of(name)})}" for name in categories)


def set_of(category: str) -> str:
    """Return the name of a category's set.

    >>> set_of("cs.CL"), set_of("hep-th"), set_of("astro-ph.CO")
    ('cs:cs:CL', 'physics:hep-th', 'physics:astro-ph:CO')
    """
    archive, _, part = category.partition(".")
    group = archive if archive in _GROUPS else "physics"
    return ":".join(filter(None, (group, archive, part)))


def parse_records(document: Document, source: Source, now: dt.datetime) -> Parsed:
    """Return the papers of one page of records, without new versions of older papers.

    Raises SourceError when the answer is an error, or no list of records.
    """
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, huge_tree=False)
    root = etree.fromstring(document.content, parser) if document.content.strip() else None
    if root is None or etree.QName(root).localname != "OAI-PMH":
        raise SourceError(f"{document.shown}: no answer of OAI-PMH")
    error = root.find("{*}error")
    if error is not None and error.get("code") != "noRecordsMatch":
        said = text(error.text, 300) or text(error.get("code"))
        raise SourceError(f"{document.shown}: OAI-PMH says: {said}")
    records = root.findall("{*}ListRecords/{*}record/{*}metadata/{*}arXiv")
    every, account = read_papers(records, lambda record: _paper(record, source, now), source, now)
    papers = tuple(paper for paper in every if paper.announce in source.announce)
    token = (root.findtext("{*}ListRecords/{*}resumptionToken") or "").strip()
    start = document.url.partition("?")[0]
    asked = urlencode({"verb": "ListRecords", "resumptionToken": token})
    return Parsed(
        papers=papers,
        skipped=account.skipped + account.withdrawn + len(every) - len(papers),
        note="; ".join(account.notes()),
        more=f"{start}?{asked}" if token and records else "",
        faults=tuple(account.faults),
    )


def _paper(record: etree._Element, source: Source, now: dt.datetime) -> Paper | None:
    def field(name: str) -> str:
        return text(record.findtext(f"{{*}}{name}"))

    known, title = arxiv_id(field("id")), field("title")
    if known is None or not title:
        return None
    made = iso_moment(field("created"))
    categories = tuple(field("categories").split())
    primary = not source.categories or categories[:1] == () or categories[0] in source.categories
    announce = "new" if primary else "cross"
    if made and made < now - OLD:
        announce = "replace" if primary else "replace-cross"
    if remarks_withdrawn(field("comments")):
        announce = WITHDRAWN
    url = f"https://arxiv.org/abs/{known[0]}"
    keys = paper_keys(references=(url, field("doi")), url=url, title=title)
    abstract = field("abstract")
    return Paper(
        id=keys[0],
        keys=keys,
        title=title,
        url=url,
        abstract=abstract,
        authors=tuple(filter(None, map(_name, record.findall("{*}authors/{*}author")))),
        categories=categories,
        published=made,
        announce=announce,
        pdf_url=f"https://arxiv.org/pdf/{known[0]}",
        code_url=repository(abstract) or repository(field("comments")),
        venue=field("journal-ref")[:200],
        sightings=(Sighting(source=source.name, seen_at=now, url=url),),
    )


def _name(author: etree._Element) -> str:
    parts = (text(author.findtext(f"{{*}}{name}")) for name in ("forenames", "keyname", "suffix"))
    return " ".join(filter(None, parts))
