"""Pages that are kept in memory: each for what it shows, and no more than there are."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from newsletter.serve.app import PageCache


def asked(
    path: str, query: str = "", *, host: str = "news.example.org", language: str = ""
) -> Request:
    headers = [(b"host", host.encode()), (b"accept-language", language.encode())]
    return Request({
        "type": "http", "method": "GET", "scheme": "https", "path": path, "headers": headers,
        "query_string": query.encode(), "server": ("127.0.0.1", 80),
    })  # fmt: skip


def answers(requests: Sequence[Request], *, by_topic: bool = False) -> tuple[list[str], int]:
    """Return what each request is answered, one after the other, and how many pages were made."""
    made: list[str] = []

    def endpoint(request: Request) -> Response:
        made.append(f"{request.scope['path']} {request.query_params.get('topic')}")
        return PlainTextResponse(made[-1])

    async def all_answers() -> list[str]:
        kept = PageCache(lambda: 0.0).of(endpoint, by_topic=by_topic)
        return [bytes((await kept(request)).body).decode() for request in requests]

    return asyncio.run(all_answers()), len(made)


def test_a_page_is_found_by_the_path_that_made_it() -> None:
    """Ids hold `?` and `#`; and nobody names another page by the host that they ask."""
    paths = ["/papers/doi:10.1/a", "/papers/doi:10.1/a?1", "/papers/doi:10.1/a#2", "/x"]
    hosts = ["news.example.org", "news.example.org/archive#", "a/papers?"]

    said, made = answers([asked(path, host=host) for host in hosts for path in paths])

    assert said == [f"{path} None" for path in paths] * len(hosts)
    assert made == len(paths)


def test_nobody_fills_the_memory_with_one_page() -> None:
    """What a page does not read makes no other page: queries, topics, languages of any kind."""
    queries = [f"topic={number}&x={number}" for number in range(50)]
    languages = [f"x{number}, de-{number};q=0.{number}" for number in range(50)]
    requests = [asked("/archive", query) for query in queries]
    requests += [asked("/archive", language=language) for language in languages]

    assert answers(requests)[1] == 2
    assert answers([asked("/", "topic=a"), asked("/", "topic=b")], by_topic=True)[1] == 2
