"""Papers by their arXiv ids."""

from __future__ import annotations

import ipaddress
import json

from makers import NOW, run
from servers import Page, Web, http_server

from newsletter.collect.http.fetcher import Fetcher
from newsletter.collect.lookup import look_up
from newsletter.collect.reader import DocumentReader
from newsletter.model import Paper


async def no_sleep(_seconds: float) -> None:
    pass


def looked_up(web: Web, *, other: str = "") -> tuple[tuple[Paper, ...], str]:
    async def work() -> tuple[tuple[Paper, ...], str]:
        networks = [ipaddress.ip_network("127.0.0.0/8")]
        async with (
            Fetcher(user_agent="t", private_networks=networks, sleep=no_sleep) as fetcher,
            DocumentReader() as reader,
        ):
            ids = ["2603.99001", "2603.99002"]
            return await look_up(ids, fetcher, reader, NOW, f"{web.url}/arxiv", other=other)

    return run(work())


def test_semantic_scholar_is_asked_where_arxiv_refuses() -> None:
    """For all ids at once; an unknown one is left out, and the note says who was asked."""
    paper = {"title": "Engines", "externalIds": {"ArXiv": "2603.99001"}, "abstract": "We do."}
    pages = {"paper/batch": Page(json.dumps([paper, None]).encode(), "application/json")}
    with http_server(arxiv=Page(status=406), **pages) as web:
        papers, note = looked_up(web, other=web.url)

    assert [(paper.id, paper.title) for paper in papers] == [("arxiv:2603.99001", "Engines")]
    assert "HTTP 406" in note
    assert note.endswith("Semantic Scholar was asked instead")


def test_two_services_that_fail_are_both_told() -> None:
    """The issue goes on without the papers."""
    with http_server(arxiv=Page(status=406)) as web:
        papers, note = looked_up(web, other=web.url)

    assert papers == ()
    assert ("HTTP 406" in note, "HTTP 404" in note) == (True, True)
