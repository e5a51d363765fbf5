"""Crossref: where a paper with a DOI was published, and how often it is cited → facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from newsletter.collect.answers import Document, count, listed, mapping, read_json, text
from newsletter.errors import SourceError
from newsletter.model import Paper

API = "https://api.crossref.org"
_FIELDS = "DOI,container-title,is-referenced-by-count,abstract,author"


def subject(paper: Paper) -> str:
    """Return the paper's DOI, unless it is arXiv's: those are at DataCite, not at Crossref."""
    names = (key.removeprefix("doi:") for key in paper.keys if key.startswith("doi:"))
    return next((name for name in names if not name.startswith("10.48550/")), "")


def question(api: str, subjects: Sequence[str]) -> tuple[str, object]:
    """Return the address of a query for several DOIs at once (https://api.crossref.org)."""
    asked = {
        # Commas separate filters; several filters of one name match any of them.
        "filter": ",".join(f"doi:{name.replace(',', '%2C')}" for name in subjects),
        "rows": str(len(subjects)),
        "select": _FIELDS,
    }
    return f"{api}/works?{urlencode(asked)}", None


def read_facts(document: Document, subjects: Sequence[str]) -> dict[str, dict[str, object]]:
    """Return venue, citations, abstract and authors by DOI; raises SourceError."""
    del subjects
    message = mapping(mapping(read_json(document)).get("message"))
    items = message.get("items")
    if not isinstance(items, list):
        raise SourceError(f"{document.shown}: JSON, but no answer of Crossref (no list `items`)")
    return {str(item.get("DOI")).lower(): _facts(item) for item in map(mapping, items)}


def _facts(item: Mapping[str, object]) -> dict[str, object]:
    names = (
        " ".join(filter(None, (text(author.get("given")), text(author.get("family")))))
        for author in map(mapping, listed(item.get("author")))
    )
    facts = {
        "venue": text(next(iter(listed(item.get("container-title"))), ""), 200),
        "citations": count(item.get("is-referenced-by-count")),
        "abstract": text(item.get("abstract")).removeprefix("Abstract ").strip(),
        "authors": list(filter(None, names)),
    }
    return {name: value for name, value in facts.items() if value}
