"""Feeds with the usual faults: their encoding, their ampersands, a page in their place."""

from __future__ import annotations

import json

import pytest
from makers import NOW, make_document, make_source

from newsletter.collect.kinds.feeds import parse_feed
from newsletter.errors import SourceError
from newsletter.model import Paper

FEED = "<?xml version='1.0'?><rss version='2.0'><channel><item>{}</item></channel></rss>"


def read(content: str | bytes) -> Paper:
    (paper,) = parse_feed(make_document(content), make_source(), NOW).papers
    return paper


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "Café résumé naïve: Höhe “über” alles"),
        ("cp1251", "Новая модель языка для обучения с подкреплением"),
        ("koi8-r", "Новая модель языка для обучения с подкреплением"),
        ("gb18030", "我们提出一种新的语言模型，用于强化学习推荐系统"),
        ("shift_jis", "私たちは新しい言語モデルを提案します"),
        ("euc-kr", "우리는 새로운 언어 모델을 제안한다 강화 학습"),
    ],
)
def test_encodings_that_are_not_declared(encoding: str, text: str) -> None:
    """Windows-1252 where letters beyond ASCII stand alone, else the likeliest encoding."""
    assert read(FEED.format(f"<title>{text}</title>").encode(encoding)).title == text


def test_one_wrong_byte_leaves_the_rest() -> None:
    """A stray byte of Windows-1252 in UTF-8 is read as such; all other letters stay."""
    content = (
        FEED.format("<title>Höhe 中文 naïve CAFE</title>").encode().replace(b"CAFE", b"caf\xe9")
    )

    assert read(content).title == "Höhe 中文 naïve café"


def test_a_bare_ampersand_stays_alone() -> None:
    """It gains no semicolon; entities, and what CDATA quotes, keep their meaning."""
    plain = read(FEED.format("<title>D&D, R&amp;D &lt; AT&T</title>"))
    quoted = read(
        FEED.format("<title>T</title><link><![CDATA[https://e.example/?a=1&b=2]]></link>")
    )

    assert plain.title == "D&D, R&D < AT&T"
    assert quoted.url == "https://e.example/?a=1&b=2"


def test_a_podcasts_blurb_does_not_replace_the_description() -> None:
    """It is used only where nothing else is."""
    blurb = "<title>T</title><itunes:summary>Blurb</itunes:summary>"
    feed = FEED.replace("<rss ", "<rss xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd' ")

    described = read(feed.format(f"<description>Said.</description>{blurb}"))

    assert (described.abstract, read(feed.format(blurb)).abstract) == ("Said.", "Blurb")


def test_a_web_page_offers_its_feed() -> None:
    """The message names the feed that the page names, as an address that can be asked."""
    page = """<!doctype html><html><head><link rel="stylesheet" href="/s.css">
    <link href='/feed.xml?a=1&amp;b=2' type="application/rss+xml" rel='alternate'></head></html>"""

    with pytest.raises(SourceError, match=r"it names its feed: https?://[^ ]+/feed.xml\?a=1&b=2$"):
        read(page)


def test_json_feeds_with_a_mark_and_relative_links() -> None:
    """A byte order mark is no fault; links start from the home page, else from the feed."""
    feed = {
        "version": "https://jsonfeed.org/version/1",
        "home_page_url": "https://j.example/",
        "items": [{"id": 1, "url": "/rel/1", "title": "T", "date_published": "2026-03-16 08:00"}],
    }

    paper = read(b"\xef\xbb\xbf" + json.dumps(feed).encode())
    utf_16 = read(json.dumps(feed | {"home_page_url": None}).encode("utf-16"))

    assert (paper.url, paper.published is None) == ("https://j.example/rel/1", False)
    assert utf_16.url.endswith("example.org/rel/1")
