"""Lists of feeds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import NOW, make_document, make_source

from newsletter.collect.answers import Parsed
from newsletter.collect.kinds.opml import parse_opml
from newsletter.errors import SourceError


def parse(text: str | bytes) -> Parsed:
    return parse_opml(make_document(text, "https://l.example/list.opml"), make_source(), NOW)


def test_feeds_of_all_folders_once_each() -> None:
    """Nested outlines, relative addresses, odd case; other schemes and repeats are left out."""
    parsed = parse("""<?xml version="1.0"?><opml version="2.0"><head><title>Mine</title></head><body>
    <outline text="Labs"><outline text="A &amp; B" type="rss" xmlUrl="https://a.example/feed"/>
      <outline title="Relative" xmlURL="feeds/b.xml"/></outline>
    <outline text="Again" xmlUrl="https://a.example/feed"/>
    <outline text="Local" xmlUrl="file:///etc/passwd"/><outline text="No feed"/></body></opml>""")

    assert [(source.name, source.location) for source in parsed.sources] == [
        ("A & B", "https://a.example/feed"),
        ("Relative", "https://l.example/feeds/b.xml"),
    ]
    assert (parsed.skipped, parsed.note) == (2, "names 2 sources")


def test_a_list_has_no_secrets_to_hand_on() -> None:
    """The key that opens the list is for its own server only."""
    source = make_source(headers=(("Authorization", "secret"),))
    text = '<opml><body><outline xmlUrl="https://a.example/f"/></body></opml>'

    (found,) = parse_opml(make_document(text), source, NOW).sources

    assert found.headers == ()


def test_an_empty_list_says_so() -> None:
    """It is no failure."""
    assert parse("<opml/>").note == "a list without feeds"


@pytest.mark.parametrize("text", ["", "words", "<rss/>", "{}"])
def test_what_is_no_list_is_said_in_one_line(text: str) -> None:
    """With its address."""
    with pytest.raises(SourceError, match=r"^https://l\.example/list\.opml: not OPML") as caught:
        parse(text)

    assert "\n" not in str(caught.value)


def test_entities_are_neither_expanded_nor_fetched() -> None:
    """A list is somebody else's XML as well."""
    parsed = parse("""<!DOCTYPE opml [<!ENTITY f SYSTEM "file:///etc/passwd"><!ENTITY a "aaaa">]>
    <opml><body><outline text="&f;&a;" xmlUrl="https://a.example/f"/></body></opml>""")

    assert "root:" not in parsed.sources[0].name


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: f"<opml>{text}".encode()))
def test_any_bytes_give_sources_or_one_line(content: bytes) -> None:
    """Never a traceback."""
    try:
        assert parse(content).note
    except SourceError as error:
        assert "not OPML" in str(error)


def test_a_login_stays_with_its_feed_and_is_not_its_name() -> None:
    """A reader's own list may have one; nobody is shown it."""
    (source,) = parse(
        '<opml><body><outline xmlUrl="https://bob:s3cret@a.example/feed?key=s3cret"/></body></opml>'
    ).sources

    assert source.location == "https://bob:s3cret@a.example/feed?key=s3cret"
    assert source.name == "https://a.example/feed?key=…"


def test_names_of_sources_are_fit_for_a_terminal() -> None:
    """They are told with every visit."""
    (source,) = parse(
        '<opml><body><outline text="A&#x202E;&#xE000;b&#x9b;31m" xmlUrl="https://a.example/"/></body></opml>'
    ).sources

    assert source.name == "Ab31m"


def test_addresses_that_nobody_could_ask_are_left_out() -> None:
    """Other schemes, and characters that are in no address."""
    parsed = parse(
        '<opml><body><outline xmlUrl="https://a.example/&#xE000;x"/><outline xmlUrl="http://["/>'
        '<outline xmlUrl="gopher://a.example/"/></body></opml>'
    )

    assert (parsed.sources, parsed.skipped) == ((), 3)
