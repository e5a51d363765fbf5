"""What other services know of papers, within a time limit."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import NOW, make_document, make_paper, run
from servers import Page, http_server

from newsletter.collect.http.fetcher import Fetcher
from newsletter.collect.reader import DocumentReader
from newsletter.collect.services.enrichment import Enriched, enrich_papers, with_facts
from newsletter.collect.services.table import ENRICHERS
from newsletter.errors import SourceError
from newsletter.model import Enrichment, Paper


def enrich(
    papers: Sequence[Paper],
    *services: Enrichment,
    kept: Mapping[str, Any] | None = None,
    seconds: float = 5,
) -> Enriched:
    def known(_service: str, subjects: Sequence[str], _since: dt.datetime) -> dict[str, Any]:
        return {subject: (kept or {})[subject] for subject in subjects if subject in (kept or {})}

    async def no_sleep(_seconds: float) -> None:
        pass

    async def work() -> Enriched:
        networks = [ipaddress.ip_network("127.0.0.1")]
        async with (
            Fetcher(
                user_agent="t", timeout=5, private_networks=networks, sleep=no_sleep, backoff=0.01
            ) as fetcher,
            DocumentReader() as reader,
        ):
            return await enrich_papers(papers, services, fetcher, reader, known, NOW, seconds)

    return run(work())


def github(path: str) -> bytes:
    return json.dumps({"stargazers_count": len(path)}).encode()


def test_stars_citations_and_venues() -> None:
    """Each service is asked about what it knows: a repository, an arXiv id, a DOI."""
    coded = make_paper(1, code_url="https://github.com/ada/engine")
    journal = make_paper(2, keys=("doi:10.1000/x,y",), abstract="", authors=())
    scholar = [{"citationCount": 3, "venue": "arXiv.org", "tldr": {"text": "Engines think."}}, None]
    crossref = {"message": {"items": [{
        "DOI": "10.1000/X,Y", "container-title": ["Journal of Engines"], "is-referenced-by-count": 8,
        "abstract": "<jats:p>We do.</jats:p>", "author": [{"given": "Ada", "family": "Byron"}, {}],
    }]}}  # fmt: skip
    pages: dict[str, Page] = {
        "repos/ada/engine": Page(make=github),
        "paper/batch": Page(json.dumps(scholar).encode()),
        "works": Page(json.dumps(crossref).encode()),
    }
    with http_server(**pages) as web:
        names = ("github", "semantic-scholar", "crossref")
        found = enrich([coded, journal], *(Enrichment(service=name, api=web.url) for name in names))

    first, second = found.papers
    assert (first.stars, first.citations, first.venue) == (17, 3, "")
    assert (first.summary, first.summary_by) == ("Engines think.", "AI, Semantic Scholar")
    assert (second.venue, second.citations) == ("Journal of Engines", 8)
    assert (second.abstract, second.authors) == ("We do.", ("Ada Byron",))
    assert found.notes == ()
    queries = [parse_qs(urlsplit(path).query) for path, _ in web.requests]
    assert queries[2]["filter"] == ["doi:10.1000/x%2Cy"]


def test_what_is_known_is_not_asked_for_again() -> None:
    """Neither an answer nor that there was none; both are handed back to be kept."""
    papers = [make_paper(n, code_url=f"https://github.com/ada/{n}") for n in (1, 2, 3)]
    with http_server(**{"repos/ada/3": Page(make=github)}) as web:
        service = Enrichment(service="github", api=web.url)
        found = enrich(papers, service, kept={"ada/1": {"stars": 7}, "ada/2": {}})

    assert [paper.stars for paper in found.papers] == [7, 12]
    assert [path for path, _ in web.requests] == ["/repos/ada/3"]
    assert found.told == (("github", {"ada/3": {"stars": 12}}),)


def test_a_repository_that_is_gone_says_nothing_of_the_next() -> None:
    """404 is an answer; a refusal ends the questions, and is told."""
    papers = [make_paper(n, code_url=f"https://github.com/ada/{n}") for n in (1, 2, 3, 4)]
    refused = Page(b'{"message": "API rate limit exceeded"}', status=403)
    with http_server(**{"repos/ada/2": Page(make=github), "repos/ada/3": refused}) as web:
        found = enrich(papers, Enrichment(service="github", api=web.url))

    assert [paper.id[-1] for paper in found.papers] == ["2"]
    assert [path[-1] for path, _ in web.requests] == ["1", "2", "3"]
    assert found.told[0] == ("github", {"ada/1": {}})
    assert "github: " in found.notes[0]
    assert "HTTP 403" in found.notes[0]


def test_an_issue_waits_no_longer_than_it_may() -> None:
    """A slow service is left out after the time limit; what came before it is kept."""
    papers = [make_paper(1, code_url="https://github.com/ada/1")]
    pages = {"repos/ada/1": Page(make=github), "paper/batch": Page(misbehaviour="slow")}
    with http_server(**pages) as web:
        services = [
            Enrichment(service=name, api=web.url) for name in ("github", "semantic-scholar")
        ]
        found = enrich(papers, *services, seconds=2.0)

    assert [paper.stars for paper in found.papers] == [12]
    assert found.notes == ("enrichment stopped after 2 s; the rest is asked for next time",)


def test_facts_fill_gaps_and_never_replace() -> None:
    """An abstract stays the authors', a summary its writer's; numbers only grow."""
    paper = make_paper(summary="Ours.", summary_by="the authors", citations=9, venue="ICML")
    facts = {
        "summary": "Theirs.", "summary_by": "AI", "citations": 3, "venue": "x", "abstract": "x",
        "keys": ["doi:10.1/x", *paper.keys], "unknown": 1,
    }  # fmt: skip

    found = with_facts(paper, facts)

    assert (found.summary, found.summary_by) == ("Ours.", "the authors")
    assert (found.citations, found.venue, found.abstract) == (9, "ICML", paper.abstract)
    assert found.keys == (*paper.keys, "doi:10.1/x")


ODD = st.recursive(
    st.none() | st.integers() | st.text(max_size=8) | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from("message items DOI author given tldr text externalIds venue".split()),
            inner,
        )
    ),
    max_leaves=15,
)


@pytest.mark.parametrize("service", list(ENRICHERS))
@given(value=ODD)
def test_any_answer_gives_facts_or_one_line(service: str, value: Any) -> None:
    """An odd field loses itself."""
    document = make_document(json.dumps(value), "https://api.example/q")
    try:
        found = ENRICHERS[service].read(document, ["a", "b"])
    except SourceError as error:
        assert str(error).startswith("https://api.example/q")
    else:
        for facts in found.values():
            assert with_facts(make_paper(), facts).title


def test_a_fault_of_one_service_stops_no_other() -> None:
    """It is told and kept, and the next service is asked."""
    paper = make_paper(1, code_url="https://github.com/ada/engine")
    with http_server(**{"repos/ada/engine": Page(make=github)}) as web:
        found = enrich(
            [paper],
            Enrichment(service="nobody knows it", api=web.url),
            Enrichment(service="github", api=web.url),
        )

    assert [enriched.stars > 0 for enriched in found.papers] == [True]
    (fault,) = found.faults
    assert (fault.border, fault.name) == ("source", "nobody knows it")
    assert fault.trace
    assert found.notes[0].startswith("nobody knows it: a fault of this program (KeyError")


def test_odd_facts_pass_the_gate_too() -> None:
    """What a service tells goes into the same papers as what a source shows."""
    daily = [
        {"citationCount": 10**400, "venue": "V\u202e", "externalIds": {"DOI": "10.1/\u202e x"}}
    ]
    with http_server(**{"paper/batch": Page(json.dumps(daily).encode())}) as web:
        found = enrich([make_paper(1)], Enrichment(service="semantic-scholar", api=web.url))

    (paper,) = found.papers
    assert (paper.citations, paper.venue) == (0, "V")
    assert all(key.isascii() and key.isprintable() and " " not in key for key in paper.keys)
