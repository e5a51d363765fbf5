"""Pictures of papers over HTTP: a source's own, or the first figure of arXiv's HTML."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import pytest
from makers import NOW, make_document, make_paper, make_source, run
from pictures import chart, encoded, noise
from servers import Page, Web, http_server

from newsletter.collect.answers import Document
from newsletter.collect.figures import MOST_NOTES, Copies, copy_figures, first_figure
from newsletter.collect.http.fetcher import Fetcher
from newsletter.collect.kinds.table import KINDS
from newsletter.collect.reader import DocumentReader
from newsletter.model import Paper

CHART = Page(encoded(chart()), "image/png")
LATEXML = """<!DOCTYPE html><html><head><base href="/html/2603.99001v2/"></head><body>
<img src="logo.png">
<figure class="ltx_table"><img src="table.png"></figure>
<figure class="ltx_figure" id="S1.F1"><svg class="ltx_picture"></svg><img src="drawing.svg"></figure>
<figure class="ltx_float ltx_figure"><img src="data:image/png;base64,AAAA"><img class="ltx_graphics" src="x1.png"></figure>
<figure class="ltx_figure"><img src="x2.png"></figure></body></html>"""


async def no_sleep(_seconds: float) -> None:
    pass


def copied(
    web: Web, papers: Sequence[Paper], *, private: bool = True, seconds: float = 20
) -> Copies:
    async def work() -> Copies:
        networks = [ipaddress.ip_network("127.0.0.0/8")] if private else []
        async with (
            Fetcher(
                user_agent="t", private_networks=networks, timeout=5, sleep=no_sleep
            ) as fetcher,
            DocumentReader() as reader,
        ):
            return await copy_figures(
                papers, fetcher, reader, html=f"{web.url}/html/", seconds=seconds
            )

    return run(work())


def post(number: int, image: str, **changes: object) -> Paper:
    """A post of a blog, which is at no other service."""
    url = f"https://www.lab.example/{number}"
    return make_paper(
        number, keys=(f"url:lab.example/{number}",), url=url, image_url=image, **changes
    )


def test_the_picture_of_the_source() -> None:
    """It is copied, made smaller, and says whose it is."""
    with http_server(**{"a.png": Page(encoded(noise()), "image/png")}) as web:
        copies = copied(web, [post(1, f"{web.url}/a.png")])

    (copy,) = copies.found.values()
    assert (copy.by, copies.without, copies.notes) == ("lab.example", (), ())
    assert len(copy.picture.content) <= 60_000


def test_the_first_figure_of_arxivs_html() -> None:
    """Where no source shows a picture, and also where the one it shows cannot be had."""
    pages = {
        "html/2603.99001": Page(LATEXML.encode(), "text/html"),
        "html/2603.99001v2/x1.png": CHART,
    }
    with http_server(**pages) as web:
        for image in ("", f"{web.url}/gone.png"):
            copies = copied(web, [make_paper(image_url=image)])
            assert copies.found["arxiv:2603.99001"].by == "arXiv"
            assert copies.notes == ()


def test_papers_without_a_picture_are_remembered() -> None:
    """No HTML at arXiv, HTML without figures, a post without picture: nothing failed."""
    with http_server(**{"html/2603.99002": Page(b"<html><p>text</p></html>", "text/html")}) as web:
        copies = copied(web, [make_paper(1), make_paper(2), post(3, "")])

    assert (copies.found, copies.notes) == ({}, ())
    assert set(copies.without) == {"arxiv:2603.99001", "arxiv:2603.99002", "url:lab.example/3"}


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (Page(status=403), "refuses programs"),
        (Page(status=404), "HTTP 404"),
        (Page(misbehaviour="bomb"), "more than 20 MB"),
        (Page(misbehaviour="redirect-loop"), "redirects"),
        (Page(misbehaviour="hang-up"), ""),
        (Page(misbehaviour="slow"), "within 5 s"),
        (Page(encoded(chart())[:2000], "image/png"), "no picture that can be read"),
        (Page(b"<html>log in</html>" * 1000, "image/png"), "no picture that can be read"),
        (Page(status=302, headers={"Location": "http://10.0.0.1/x.png"}), "10.0.0.1"),
    ],
)
def test_one_that_cannot_be_had_costs_only_itself(page: Page, said: str) -> None:
    """The others are copied; it is told in one line."""
    with http_server(**{"bad.png": page, "good.png": CHART}) as web:
        copies = copied(web, [post(1, f"{web.url}/bad.png"), post(2, f"{web.url}/good.png")])

    assert list(copies.found) == ["url:lab.example/2"]
    (note,) = copies.notes
    assert note.startswith("figure: http://127.0.0.1")
    assert said in note
    assert "\n" not in note


def test_no_private_address_is_asked() -> None:
    """A feed may name any address as a picture: those within our own network are refused."""
    with http_server(**{"a.png": CHART}) as web:
        copies = copied(
            web,
            [post(1, f"{web.url}/a.png"), post(2, "file:///etc/passwd"), post(3, "/etc/passwd")],
            private=False,
        )
        assert web.requests == []

    assert copies.found == {}
    assert copies.without == ("url:lab.example/2", "url:lab.example/3")
    (note,) = copies.notes
    assert "127.0.0.1" in note


def test_the_time_for_all_is_limited() -> None:
    """What was copied by then is kept."""
    with http_server(**{"slow.png": Page(misbehaviour="slow"), "good.png": CHART}) as web:
        papers = [post(1, f"{web.url}/good.png"), post(2, f"{web.url}/slow.png")]
        copies = copied(web, papers, seconds=5)

    assert list(copies.found) == ["url:lab.example/1"]
    assert copies.notes == ("figure: 1 were not there after 5 s",)


def test_many_that_fail_are_counted() -> None:
    """A host that is down does not fill the screen."""
    with http_server() as web:
        copies = copied(web, [post(n, f"{web.url}/{n}.png") for n in range(12)])

    assert len(copies.notes) == MOST_NOTES + 1
    assert copies.notes[-1] == "figures: 7 more could not be had"


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b"\x00\xff",
        b"<html>",
        b"<figure class='ltx_figure'><img>",
        b"<figure class='ltx_figure'><img src='http://['>",
    ],
)
def test_pages_without_a_figure(page: bytes) -> None:
    """Empty, torn, or odd: no figure, and no error."""
    assert first_figure(Document(url="https://arxiv.org/html/1", content=page)) == ""


FEEDS = {
    '<media:thumbnail url="https://e.org/a.png"/><media:content url="https://e.org/b.png" medium="image"/>': "https://e.org/a.png",
    '<media:content url="https://e.org/v.mp4" type="video/mp4"/><media:content url="/b.png" type="image/png"/>': "https://example.org/b.png",
    '<enclosure url="https://e.org/talk.mp3" type="audio/mpeg" length="1"/>': "",
    '<enclosure url="https://e.org/c.jpg" type="image/jpeg" length="1"/>': "https://e.org/c.jpg",
    "<description>&lt;p>Words&lt;/p>&lt;img alt='x' src='d.png?a=1&amp;amp;b=2'>&lt;img src='e.png'></description>": "https://example.org/d.png?a=1&b=2",
    "<description>&lt;img src='data:image/png;base64,AA'></description>": "",
    "<description>No picture.</description>": "",
}


@pytest.mark.parametrize(("given", "expected"), FEEDS.items())
def test_the_picture_of_an_entry(given: str, expected: str) -> None:
    """Media RSS, an enclosure that is a picture, the first in the text."""
    feed = (
        '<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel><title>x</title>'
        f"<item><title>A paper</title><link>https://example.org/p</link>{given}</item></channel></rss>"
    )
    source = make_source()
    (paper,) = (
        KINDS["feed"].parse(make_document(feed, url="https://example.org/feed"), source, NOW).papers
    )

    assert paper.image_url == expected


def test_the_picture_of_a_json_feeds_item() -> None:
    """Its `image`, or the first in its text."""
    feed = (
        '{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "title": "A", "url": "/a", "image": "a.png"},'
        ' {"id": "2", "title": "B", "url": "/b", "content_html": "<p>b <img src=\\"/b.png\\">"}, {"id": "3", "title": "C", "url": "/c"}]}'
    )
    papers = (
        KINDS["feed"]
        .parse(make_document(feed, url="https://example.org/feed"), make_source(), NOW)
        .papers
    )

    assert [paper.image_url for paper in papers] == [
        "https://example.org/a.png",
        "https://example.org/b.png",
        "",
    ]
