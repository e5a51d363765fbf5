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
        ("iso-2022-jp", "私たちは新しい言語モデルを提案します"),
        ("cp1250", "Nowa metoda głębokiego uczenia się: źdźbło, łódź, święto"),
        ("iso-8859-2", "Nová metoda hlubokého učení: příště žluťoučký kůň"),
        ("cp1250", "Uczenie robotów: przegląd metod i wyników"),
        ("cp1250", "Posilované učení: přehled metod"),
        ("iso-8859-2", "Strojno učenje za različne naloge"),
        ("cp1250", "Megerősítéses tanulás"),
        ("cp1254", "Pekiştirmeli öğrenme için yöntem"),
        ("cp1252", "Aprendizaje automático en español: años después"),
        ("cp1252", "Vélnám á íslensku þýðir það"),
        ("cp1252", "Perché città è più"),
        ("cp1252", "Fläche 10 m², 5 µm; «déjà» vu, 1¾ Tassen, señal, ¿qué?"),
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


def test_the_language_of_a_feed_tells_its_encoding() -> None:
    """Letters of Czech that are other letters in Windows-1252 need the feed's own word."""
    title = "<title>Nová metoda hlubokého učení úloh řízení</title>"
    feed = FEED.replace("<item>", "<language>cs</language><item>").format(title)

    assert read(feed.encode("cp1250")).title == "Nová metoda hlubokého učení úloh řízení"


def test_halves_of_a_character_do_not_cost_the_feed() -> None:
    """UTF-16 written as two numbers is one character; a half alone is nothing."""
    title = "&#xD83D;&#xDE00; and &#55357;&#56832;, not &#xD83D; alone, &#54620;"

    assert read(FEED.format(f"<title>{title}</title>")).title == "😀 and 😀, not alone, 한"


@pytest.mark.parametrize("end", [30, 50, 75])
def test_a_document_that_is_cut_off_loses_its_last_entry(end: int) -> None:
    """Half an entry has no link or a wrong one, and would come again whole."""
    last = "<item><title>Second</title><link>https://e.example/2</link><guid>2</guid></item>"
    whole = FEED.format("<title>First</title><link>https://e.example/1</link></item>" + last)
    content = whole[: whole.index(last)] + last[:end]

    parsed = parse_feed(make_document(content), make_source(), NOW)

    assert [paper.title for paper in parsed.papers] == ["First"]
    assert parsed.note == "the document is cut off; its last entry was left out"
    assert not parse_feed(make_document(whole), make_source(), NOW).note


def test_an_id_is_no_link() -> None:
    """A guid without `isPermaLink` is a link only if it is an address."""
    named, address = (
        read(FEED.format(f"<title>T</title><guid>{guid}</guid>"))
        for guid in ("17", "https://e.example/17")
    )

    assert (named.url, address.url) == ("", "https://e.example/17")


def test_the_link_behind_a_counter() -> None:
    """FeedBurner's own address counts readers; the feed also gives the original one."""
    feed = FEED.replace(
        "<rss ", "<rss xmlns:feedburner='http://rssnamespace.org/feedburner/ext/1.0' "
    )
    item = "<title>T</title><link>https://f.example/~3/x</link>"
    item += "<feedburner:origLink>https://e.example/1</feedburner:origLink>"

    assert read(feed.format(item)).url == "https://e.example/1"


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


@pytest.mark.parametrize(
    "page",
    [
        "<!doctype html><base href='https://o.example/d/'><link rel=alternate type='application/rss+xml' href=f>",
        "<HTML><LINK TITLE='a > b' REL='Alternate' TYPE='application/atom+xml' HREF='https://o.example/d/f'>",
        """<!-- by hand --><?xml version='1.0'?><!-- again -->
        <html><!-- <link rel='alternate' type='application/rss+xml' href='/old'> -->
        <link rel='alternate' type='application/feed+json' href='https://o.example/d/f'>
        <link rel='alternate' type='application/rss+xml'>""",
    ],
)
def test_a_web_page_offers_no_other_feed(page: str) -> None:
    """The page's base counts; comments, and links without an address, do not."""
    with pytest.raises(SourceError, match=r"names its feed: https://o\.example/d/f$"):
        read(page)


def test_a_list_of_feeds_is_told() -> None:
    """Whoever takes an OPML file for a feed reads which kind it is."""
    with pytest.raises(SourceError, match=r"OPML.*its `kind` is `opml`"):
        read("<?xml version='1.0'?><opml version='2.0'><body/></opml>")


def test_authors_of_atom_feeds() -> None:
    """Those of the source or of the feed count for entries that name none (RFC 4287, 4.2.1)."""
    entry = "<entry><title>{0}</title><link href='https://e.example/{0}'/>{1}</entry>"
    entries = entry.format(1, "") + entry.format(2, "<author><name>Bo Li</name></author>")
    entries += entry.format(3, "<source><author><name>Cy Wu</name></author></source>")
    feed = f"<author><name>Ann Lee</name></author>{entries}"
    content = f"<feed xmlns='http://www.w3.org/2005/Atom'>{feed}</feed>"

    papers = parse_feed(make_document(content), make_source(), NOW).papers

    assert [paper.authors for paper in papers] == [("Ann Lee",), ("Bo Li",), ("Cy Wu",)]


def test_authors_of_json_feeds() -> None:
    """As objects or as texts; those of the feed count for items that name none."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "authors": [{"name": "Ann Lee"}],
        "items": [
            {"id": "1", "url": "https://e.example/1", "title": "A\nB"},
            {"id": "2", "url": "https://e.example/2", "title": "C", "author": "Bo Li"},
        ],
    }
    # A line break within a text is not allowed in JSON, and written nevertheless.
    content = json.dumps(feed).replace("A\\nB", "A\nB")

    first, second = parse_feed(make_document(content), make_source(), NOW).papers

    assert (first.title, first.authors, second.authors) == ("A B", ("Ann Lee",), ("Bo Li",))


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
