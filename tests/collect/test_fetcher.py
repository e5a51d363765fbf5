"""HTTP and files within limits, against a real server that misbehaves."""

from __future__ import annotations

import asyncio
import gzip
import ipaddress
import os
import socket
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import run
from servers import Page, http_server

from newsletter.collect.answers import Document, Manners
from newsletter.collect.http.addresses import digest
from newsletter.collect.http.fetcher import Fetched, Fetcher, GoneError, MissingError
from newsletter.collect.http.responses import MAX_FRESH, freshness, retry_after
from newsletter.errors import SourceError
from newsletter.model import Validators

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


async def fetch(
    location: str, seconds: float = 10.0, max_bytes: int = 1_000_000, silence: float = 10.0
) -> tuple[Document, ...]:
    async with Fetcher(
        backoff=0.01,
        user_agent="test (ada@example.org)",
        private_networks=LOOPBACK,
        timeout=seconds,
        silence=silence,
        max_bytes=max_bytes,
    ) as fetcher:
        return (await fetcher.fetch(location)).documents


def test_fetches_and_says_who_asks() -> None:
    """The document arrives with its type, and the server sees a User-Agent with a contact."""
    with http_server(feed=Page(b"<rss/>", "application/rss+xml")) as web:
        (document,) = run(fetch(f"{web.url}/feed"))

    assert (document.content, document.content_type) == (b"<rss/>", "application/rss+xml")
    assert web.requests[0][1]["user-agent"] == "test (ada@example.org)"


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (Page(misbehaviour="endless"), "more than 1 MB"),
        (Page(misbehaviour="bomb"), "more than 1 MB"),
        (Page(misbehaviour="redirect-loop"), "more than 5 redirects"),
        (Page(misbehaviour="not-gzip"), "compression is damaged"),
        (Page(misbehaviour="hang-up"), "peer closed|incomplete"),
        (Page(status=404), "HTTP 404 Not Found: has the address changed"),
        (Page(status=410), "retired"),
        (Page(status=429, headers={"Retry-After": "120"}), r"asks to wait \(120\)"),
        (Page(status=500), "HTTP 500"),
        (Page(status=302, headers={"Location": "file:///etc/passwd"}), "only http and https"),
    ],
)
def test_every_misbehaviour_is_one_clear_line(page: Page, reason: str) -> None:
    """A server that misbehaves costs one line with its address, and never more than the limits."""
    with http_server(feed=page) as web, pytest.raises(SourceError, match=reason) as caught:
        run(fetch(f"{web.url}/feed"))

    assert str(caught.value).startswith("http://127.0.0.1")
    assert "\n" not in str(caught.value)


def test_a_server_that_falls_silent_is_given_up() -> None:
    """Long before the time for the whole document is over."""
    with (
        http_server(feed=Page(misbehaviour="silent")) as web,
        pytest.raises(SourceError, match="the server stopped sending"),
    ):
        run(fetch(f"{web.url}/feed", silence=0.5))


def test_a_slow_server_is_given_up() -> None:
    """The time limit is for the whole document, not for each byte."""
    with (
        http_server(feed=Page(misbehaviour="slow")) as web,
        pytest.raises(SourceError, match=r"within 0\.5 s"),
    ):
        run(fetch(f"{web.url}/feed", seconds=0.5))


def test_no_network_says_to_look_at_it() -> None:
    """A refused connection and a name that does not exist are one line each."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(SourceError, match=r"cannot connect .*online"):
        run(fetch(f"http://127.0.0.1:{port}/"))
    with pytest.raises(SourceError, match="cannot connect"):
        run(fetch("http://no-such-host.invalid/"))


def test_files_and_folders(tmp_path: Path) -> None:
    """A file is one document; a folder is its feed files, by name; what is missing is said."""
    (tmp_path / "b.xml").write_bytes(b"2")
    (tmp_path / "a.json").write_bytes(b"1")
    (tmp_path / "README.md").write_bytes(b"no feed")

    assert [document.content for document in run(fetch(str(tmp_path)))] == [b"1", b"2"]
    assert [document.content for document in run(fetch(str(tmp_path / "b.xml")))] == [b"2"]
    with pytest.raises(SourceError, match="no such file"):
        run(fetch(str(tmp_path / "c.xml")))
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="no feed in this folder"):
        run(fetch(str(tmp_path / "empty")))


def test_a_busy_server_is_asked_again() -> None:
    """429 and 503 are waited out, as long as the server says; the document arrives."""
    calm = Page(b"<rss/>")
    busy = Page(status=429, headers={"Retry-After": "0"}, then=Page(status=503, then=calm))
    with http_server(feed=busy) as web:
        (document,) = run(fetch(f"{web.url}/feed"))

    assert document.content == b"<rss/>"
    assert len(web.requests) == 3


def test_a_server_that_stays_busy_is_given_up() -> None:
    """After two more tries it is one line; a wait past the time limit is not even begun."""
    with http_server(
        feed=Page(status=503), slow=Page(status=429, headers={"Retry-After": "3600"})
    ) as web:
        with pytest.raises(SourceError, match="HTTP 503"):
            run(fetch(f"{web.url}/feed"))
        assert len(web.requests) == 3
        with pytest.raises(SourceError, match=r"asks to wait \(3600\)"):
            run(fetch(f"{web.url}/slow"))
        assert len(web.requests) == 4


def test_a_date_to_come_back_is_counted_on_the_servers_own_clock() -> None:
    """Retry-After may be a date; a clock that is wrong on either side does not matter."""
    headers = {"Retry-After": "Tue, 17 Mar 2026 06:00:00 GMT"}
    with http_server(feed=Page(status=503, headers=headers, then=Page(b"<rss/>"))) as web:
        assert run(fetch(f"{web.url}/feed"))


def test_an_unchanged_document_is_not_sent_again() -> None:
    """What the server gave to recognise it by is sent back, and 304 is no failure."""

    async def twice(url: str) -> tuple[Fetched, Fetched]:
        async with Fetcher(user_agent="test", private_networks=LOOPBACK) as fetcher:
            first = await fetcher.fetch(url)
            return first, await fetcher.fetch(url, first.validators)

    headers = {"ETag": '"abc"', "Last-Modified": "Tue, 17 Mar 2026 06:00:00 GMT"}
    with http_server(feed=Page(b"<rss/>", headers=headers, then=Page(status=304))) as web:
        first, second = run(twice(f"{web.url}/feed"))

    assert first.validators == Validators(
        address=digest(f"{web.url}/feed"), etag='"abc"', last_modified=headers["Last-Modified"]
    )
    assert (second.unchanged, second.documents) == (True, ())
    assert web.requests[1][1]["if-none-match"] == '"abc"'
    assert web.requests[1][1]["if-modified-since"] == headers["Last-Modified"]


class Slept:
    """Sleeps for no time, and remembers for how long it should have."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(round(seconds, 1))


def test_requests_to_one_server_are_as_far_apart_as_it_wants() -> None:
    """Three seconds and one connection for arXiv: also when many sources ask at once."""
    slept = Slept()

    async def four(url: str) -> None:
        async with Fetcher(user_agent="t", private_networks=LOOPBACK, sleep=slept) as fetcher:
            manners = Manners(connections=1, pause=3.0)
            await asyncio.gather(
                *(fetcher.fetch(f"{url}/feed?{n}", manners=manners) for n in range(4))
            )

    with http_server(feed=Page(b"<rss/>")) as web:
        run(four(web.url))

    assert len(web.requests) == 4
    # Nothing was really slept, so that each waits for all that are before it.
    assert slept.seconds == pytest.approx([3.0, 6.0, 9.0], abs=0.5)


async def fetch_one(url: str, **options: Any) -> Fetched:
    async with Fetcher(user_agent="t", private_networks=LOOPBACK, timeout=5) as fetcher:
        return await fetcher.fetch(url, **options)


@pytest.mark.parametrize(
    ("control", "age", "fresh"),
    [
        ("max-age=600", "", 600),
        ("public, max-age=600", "200", 400),
        ('Max-Age="60"', "", 60),
        ("max-age=86400", "", MAX_FRESH),
        ("no-cache, max-age=600", "", 0),
        ("max-age=600, no-store", "", 0),
        ("max-age=0", "", 0),
        ("s-maxage=600", "", 0),
        ("max-age=soon", "x", 0),
        ("", "", 0),
    ],
)
def test_a_server_may_ask_to_be_left_alone_for_a_while(
    control: str, age: str, fresh: float
) -> None:
    """Cache-Control counts, less the time in caches, and never for more than an hour."""
    headers = {name: value for name, value in (("Cache-Control", control), ("Age", age)) if value}
    with http_server(feed=Page(b"<rss/>", headers=headers)) as web:
        assert run(fetch_one(f"{web.url}/feed")).fresh == fresh


def test_only_a_permanent_redirect_is_an_address_to_remember() -> None:
    """301 and 308 lead to the new address, up to the first temporary hop."""

    def hop(code: int, to: str) -> Page:
        return Page(status=code, headers={"Location": to})

    with http_server(
        a=hop(301, "/b"), b=hop(308, "/c"), c=hop(302, "/d"), d=hop(301, "/feed"),
        feed=Page(b"<rss/>", headers={"ETag": '"1"'}),
    ) as web:  # fmt: skip
        moved, temporary = run(fetch_one(f"{web.url}/a")), run(fetch_one(f"{web.url}/c"))

    assert moved.moved_to == f"{web.url}/c"
    assert temporary.moved_to == ""
    assert moved.documents[0].url == f"{web.url}/feed"
    # What it is recognised by belongs to the address that is asked next time.
    assert moved.validators is not None
    assert temporary.validators is not None
    kept = digest(f"{web.url}/c")
    assert (moved.validators.address, temporary.validators.address) == (kept, kept)


def test_redirects_are_followed_only_where_they_may_be() -> None:
    """An address that was judged leads to no other: certificates of providers of mail."""
    with http_server(
        away=Page(status=302, headers={"Location": "/feed"}), feed=Page(b"PEM")
    ) as web:
        assert run(fetch_one(f"{web.url}/feed", redirects=0)).documents[0].content == b"PEM"
        with pytest.raises(SourceError, match="redirect"):
            run(fetch_one(f"{web.url}/away", redirects=0))
    assert [path for path, _ in web.requests] == ["/feed", "/away"]


def test_a_key_never_follows_a_redirect_to_another_server() -> None:
    """It is for the server it was given for; another port is another server."""
    with http_server(feed=Page(b"<rss/>")) as other:
        away = Page(status=302, headers={"Location": f"{other.url}/feed"})
        stay = Page(status=302, headers={"Location": "/feed"})
        with http_server(away=away, stay=stay, feed=Page(b"<rss/>")) as own:
            for name in ("away", "stay"):
                run(fetch_one(f"{own.url}/{name}", headers={"X-Api-Key": "secret"}))

    assert "x-api-key" not in other.requests[0][1]
    assert [headers.get("x-api-key") for _, headers in own.requests] == ["secret"] * 3


def test_a_question_may_have_a_body() -> None:
    """Services that are asked for many papers at once take a list."""
    echo = Page(make=lambda asked: asked.encode())
    with http_server(batch=echo) as web:
        fetched = run(fetch_one(f"{web.url}/batch", body=b'["a"]'))

    assert fetched.documents[0].content == b'/batch["a"]'
    assert web.requests[0][1]["content-type"] == "application/json"


def test_gone_and_missing_are_told_apart() -> None:
    """410 is for good, 404 may be a mistake."""
    with http_server(gone=Page(status=410)) as web:
        with pytest.raises(GoneError, match="retired"):
            run(fetch_one(f"{web.url}/gone"))
        with pytest.raises(MissingError, match="404"):
            run(fetch_one(f"{web.url}/missing"))


@given(st.text(max_size=60))
def test_any_cache_control_is_a_number_of_seconds(text: str) -> None:
    """Headers are somebody else's text."""
    response = httpx2.Response(200, headers=[(b"cache-control", text.encode("utf-8", "ignore"))])

    assert 0 <= freshness(response) <= MAX_FRESH


def test_what_a_server_says_is_fit_for_a_terminal() -> None:
    """Reason phrases and times to wait are any text that the server likes."""
    odd = {"Retry-After": "soon\x1b[31m\x9b"}
    with (
        http_server(feed=Page(status=503, headers=odd)) as web,
        pytest.raises(SourceError) as caught,
    ):
        run(fetch(f"{web.url}/feed"))

    assert str(caught.value).isprintable()
    assert "the server asks to wait (soon[31m" in str(caught.value)


@pytest.mark.parametrize("etag", ['"\xff"', '"' + "x" * 600 + '"'])
def test_what_could_not_be_sent_back_is_not_remembered(etag: str) -> None:
    """It would make every later request fail."""
    with http_server(feed=Page(b"<rss/>", headers={"ETag": etag})) as web:
        found = run(fetch_one(f"{web.url}/feed"))

    assert found.validators is not None
    assert found.validators.etag == ""


def test_what_is_compressed_more_than_once_is_refused() -> None:
    """Two layers make a million bytes of one, before anybody can count them."""
    twice = gzip.compress(gzip.compress(b"x" * 5_000_000))
    page = Page(twice, headers={"Content-Encoding": "gzip, gzip"})
    with (
        http_server(feed=page) as web,
        pytest.raises(SourceError, match="compressed more than once"),
    ):
        run(fetch(f"{web.url}/feed"))


DATES = (
    "Tue, 17 Mar 2026 06:00:00 GMT", "99999999999999999999", "Tue, 17 Mar 99999999999 06:00:00 GMT", "-1", "²",
    "Tue, 17 Mar 0000 06:00:00 +9999999999", "Tue, 99 Mar 2026 99:99:99 GMT",
)  # fmt: skip


@pytest.mark.parametrize("date", DATES)
def test_a_time_to_wait_that_is_none_is_none(date: str) -> None:
    """A number of seconds, or a date after the server's own; anything else is not understood."""
    headers = [(b"retry-after", date.encode()), (b"date", DATES[0].encode())]
    response = httpx2.Response(503, headers=headers)

    wait = retry_after(response)

    assert wait is None or wait >= 0


def test_a_pipe_is_no_document(tmp_path: Path) -> None:
    """Nobody may ever write into it."""
    os.mkfifo(tmp_path / "feed.xml")

    with pytest.raises(SourceError, match="neither a file nor a folder"):
        run(fetch(str(tmp_path / "feed.xml")))


def test_an_answer_that_is_no_http_is_one_short_line() -> None:
    """What it says instead goes to a terminal and into the database."""

    async def work() -> str:
        async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(
                b"https://bob:s3cret@e.example/?key=s3cret \x1b[31m" + b"x" * 5_000 + b"\r\n\r\n"
            )
            await writer.drain()
            writer.close()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(SourceError) as caught:
                await fetch(f"http://127.0.0.1:{port}/feed")
        return str(caught.value)

    told = run(work())

    assert told.isprintable()
    assert len(told) < 400
    assert "s3cret" not in told


def test_gzip_under_another_name() -> None:
    """A server that calls it `x-gzip`, or sends a packed file, is understood; within the limits."""
    packed = gzip.compress(b"<rss/>")
    with http_server(
        named=Page(packed, headers={"Content-Encoding": "x-gzip"}),
        file=Page(packed, headers={"Content-Type": "application/gzip"}),
        again=Page(gzip.compress(packed)),
        bomb=Page(gzip.compress(bytes(30_000_000))),
    ) as web:
        for name in ("named", "file", "again"):
            assert run(fetch(f"{web.url}/{name}"))[0].content == b"<rss/>"
        with pytest.raises(SourceError, match="after decompression"):
            run(fetch(f"{web.url}/bomb"))
