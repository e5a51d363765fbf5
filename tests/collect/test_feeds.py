"""RSS, Atom, RDF and JSON Feed documents."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from corpora.expectations import verdicts
from makers import NOW, make_document, make_source

from newsletter.collect.kinds.arxiv import parse_arxiv
from newsletter.collect.kinds.feeds import parse_feed
from newsletter.errors import SourceError

ARXIV = """<?xml version='1.0' encoding='UTF-8'?>
<rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0">
<channel><title>cs.CL</title>{items}<skipDays><day>Sunday</day></skipDays></channel></rss>"""
ITEM = """<item><title>{title}</title><link>https://arxiv.org/abs/{id}</link>
<description>arXiv:{id}v{version} Announce Type: {kind} \nAbstract: {abstract}</description>
<guid isPermaLink="false">oai:arXiv.org:{id}v{version}</guid><category>cs.CL</category>
<pubDate>Tue, 17 Mar 2026 00:00:00 -0400</pubDate><dc:creator>{authors}</dc:creator></item>"""


def item(**changes: object) -> str:
    values = {
        "title": "On $O(n^2)$", "id": "2603.99001", "version": 1, "kind": "new",
        "abstract": r"78.2\% &amp; more.", "authors": "Ada Byron, Ole Ø. Berg",
    }  # fmt: skip
    return ITEM.format(**(values | changes))


def test_arxiv_announcement_is_read_whole() -> None:
    """Title, abstract, authors, id, version, date and links of an announcement are all there."""
    document = make_document(ARXIV.format(items=item(version=2)))

    (paper,) = parse_arxiv(document, make_source(kind="arxiv"), NOW).papers

    assert paper.title == "On O(n²)"
    assert paper.abstract == "78.2% & more."
    assert paper.authors == ("Ada Byron", "Ole Ø. Berg")
    assert (paper.id, paper.version, paper.announce) == ("arxiv:2603.99001", 2, "new")
    assert paper.published == dt.datetime(2026, 3, 17, 4, tzinfo=dt.UTC)
    assert paper.url == "https://arxiv.org/abs/2603.99001"
    assert paper.pdf_url == "https://arxiv.org/pdf/2603.99001"


def test_affiliations_are_no_authors() -> None:
    """ArXiv puts them in brackets between the names, with commas of their own."""
    creators = "Ada Byron (1 and 2), Bo Li (2) ((1) Analytical Society, London, (2) Anywhere)"

    (paper,) = parse_arxiv(
        make_document(ARXIV.format(items=item(authors=creators))), make_source(kind="arxiv"), NOW
    ).papers

    assert paper.authors == ("Ada Byron", "Bo Li")


@pytest.mark.parametrize(
    ("creators", "names"),
    [
        ("Ada Byron, Bo Li and Cy Zed", ("Ada Byron", "Bo Li", "Cy Zed")),
        ("Byron, Ada; Li, Bo", ("Byron, Ada", "Li, Bo")),
        ("Byron, A., Li, B. C., Zed, D", ("Byron, A.", "Li, B. C.", "Zed, D")),
        ("Byron, A.", ("Byron, A.",)),
        ("Byron, Ada", ("Byron, Ada",)),
        ("ada@example.org (Ada Byron)", ("Ada Byron",)),
        ("ada@example.org", ()),
    ],
)
def test_names_in_one_string(creators: str, names: tuple[str, ...]) -> None:
    """However they are parted; an address alone is nobody's name."""
    text = f"<rss version='2.0'><channel><title>x</title><item><title>T</title><author>{creators}</author></item></channel></rss>"

    (paper,) = parse_feed(make_document(text), make_source(), NOW).papers

    assert paper.authors == names


def test_replacements_are_left_out_unless_asked_for() -> None:
    """New versions of old papers count only when the source's `announce` names them."""
    items = item() + item(id="2511.99001", version=3, kind="replace")
    document = make_document(ARXIV.format(items=items))

    default = parse_arxiv(document, make_source(kind="arxiv"), NOW)
    asked = parse_arxiv(document, make_source(kind="arxiv", announce=("replace",)), NOW)

    assert [paper.announce for paper in default.papers] == ["new"]
    assert default.skipped == 1
    assert [paper.announce for paper in asked.papers] == ["replace"]


def test_empty_weekend_feed_says_so() -> None:
    """A feed without items on a quiet day is no failure, and the reason is given."""
    parsed = parse_arxiv(make_document(ARXIV.format(items="")), make_source(kind="arxiv"), NOW)

    assert parsed.papers == ()
    assert "quiet at weekends" in parsed.note


def test_missing_title_and_abstract_lose_only_themselves() -> None:
    """A missing title is taken from the text; an entry with neither is counted, not raised."""
    items = item(title="", abstract="A first sentence. A second.") + item(
        id="2603.99002", abstract=""
    )
    items += "<item><link>https://example.org/nothing</link></item>"

    parsed = parse_feed(make_document(ARXIV.format(items=items)), make_source(), NOW)

    assert [paper.title for paper in parsed.papers] == ["A first sentence.", "On O(n²)"]
    assert parsed.papers[1].abstract == ""
    assert (parsed.skipped, parsed.note) == (1, "1 without title or text")


def test_old_arxiv_rdf() -> None:
    """The RSS 1.0 feeds of before 2024: id in the title, authors as links, UPDATED is a replacement."""
    rdf = """<?xml version="1.0"?>
    <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
     xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>x</title></channel>
    <item rdf:about="http://arxiv.org/abs/2301.00001"><title>Deep X. (arXiv:2301.00001v2 [cs.CL])</title>
    <link>http://arxiv.org/abs/2301.00001</link><description>&lt;p&gt;We do.&lt;/p&gt;</description>
    <dc:creator>&lt;a href="http://x"&gt;Ada Byron&lt;/a&gt;, &lt;a href="http://y"&gt;Bo Li&lt;/a&gt;</dc:creator></item>
    <item rdf:about="http://arxiv.org/abs/2301.00002"><title>Y. (arXiv:2301.00002v2 [cs.CL] UPDATED)</title>
    <link>http://arxiv.org/abs/2301.00002</link></item></rdf:RDF>"""

    parsed = parse_arxiv(make_document(rdf), make_source(kind="arxiv"), NOW)

    (paper,) = parsed.papers
    assert (paper.title, paper.id) == ("Deep X", "arxiv:2301.00001")
    assert paper.authors == ("Ada Byron", "Bo Li")
    assert parsed.skipped == 1


def test_json_feed() -> None:
    """A JSON Feed gives title, text, authors, tags and date."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "items": [
            {"id": "1", "url": "https://b.example/1?utm_source=x", "title": "T &amp; U",
             "content_html": "<p>Body</p>", "authors": [{"name": "Ada"}, "odd"], "tags": ["x"],
             "date_published": "2026-03-17T06:00:00+01:00"},
            "not an item",
        ],
    }  # fmt: skip

    (paper,) = parse_feed(make_document(json.dumps(feed)), make_source(), NOW).papers

    assert (paper.title, paper.abstract, paper.authors) == ("T & U", "Body", ("Ada",))
    assert paper.keys == ("url:b.example/1", "guid:example.org/1")
    assert paper.published == dt.datetime(2026, 3, 17, 5, tzinfo=dt.UTC)


def test_entries_that_share_a_link_stay_apart() -> None:
    """A feed that links every entry to its front page still gives one paper per entry."""
    entries = "".join(
        f"<item><title>Post {n}</title><link>https://b.example/</link></item>" for n in "ab"
    )
    document = make_document(
        f"<rss version='2.0'><channel><title>b</title>{entries}</channel></rss>"
    )

    parsed = parse_feed(document, make_source(), NOW)

    assert len({paper.id for paper in parsed.papers}) == 2


def test_labels_in_the_text_become_fields() -> None:
    """A feed that writes authors and votes into the text gives authors, votes and an abstract."""
    text = "&lt;p&gt;&lt;b&gt;Authors:&lt;/b&gt; Ada Byron, Bo Li&lt;/p&gt;&lt;p&gt;&lt;b&gt;Upvotes:&lt;/b&gt; 33&lt;/p&gt;&lt;p&gt;&lt;b&gt;Summary:&lt;/b&gt; We do.&lt;/p&gt;"
    document = make_document(
        f"<rss version='2.0'><channel><title>x</title><item><title>T</title><link>https://arxiv.org/abs/2603.99001</link>"
        f"<description>{text}</description></item></channel></rss>"
    )

    (paper,) = parse_feed(document, make_source(), NOW).papers

    assert (paper.authors, paper.votes, paper.abstract) == (("Ada Byron", "Bo Li"), 33, "We do.")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"<!doctype html><html><p>Hello</html>", "a web page, not a feed"),
        (b"{", "not valid JSON"),
        (b"[1, 2]", "no JSON Feed"),
        (b"[" * 100_000, "not valid JSON"),
        (b"just words", "not a feed"),
        (b"<a><b></a>", "not a feed"),
        (bytes(range(256)), "not a feed"),
    ],
)
def test_what_is_no_feed_is_said_in_one_line(content: bytes, reason: str) -> None:
    """A document that is no feed raises one line with its address and the reason."""
    with pytest.raises(SourceError, match=reason) as caught:
        parse_feed(make_document(content), make_source(), NOW)

    assert str(caught.value).startswith("https://example.org/feed")
    assert "\n" not in str(caught.value)


def test_arxiv_api_error_entry_is_a_failure() -> None:
    """The arXiv API sends its errors as an entry: that is no paper."""
    atom = """<feed xmlns="http://www.w3.org/2005/Atom"><entry>
    <id>http://arxiv.org/api/errors#incorrect_id_format_for_abc</id><title>Error</title>
    <link href="http://arxiv.org/api/errors#incorrect_id_format_for_abc"/>
    <summary>incorrect id format for abc</summary></entry></feed>"""

    with pytest.raises(SourceError, match="arXiv says: incorrect id format"):
        parse_arxiv(make_document(atom), make_source(kind="arxiv"), NOW)


def test_xml_bombs_and_external_entities_are_harmless() -> None:
    """Entities are neither expanded nor fetched."""
    bomb = """<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa">
    <!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">
    <!ENTITY f SYSTEM "file:///etc/passwd">]>
    <rss version="2.0"><channel><title>x</title><item><title>T &c; &f;</title></item></channel></rss>"""

    parsed = parse_feed(make_document(bomb), make_source(), NOW)

    assert all("root:" not in paper.title and len(paper.title) < 400 for paper in parsed.papers)


CDF = """<?xml version="1.0"?><CHANNEL HREF="https://c.example/"><TITLE>c</TITLE>
<ITEM HREF="https://c.example/1"><TITLE>Old but read</TITLE><ABSTRACT>We do.</ABSTRACT></ITEM></CHANNEL>"""
ATOM_03 = """<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>a</title><entry>
<title mode="escaped" type="text/html">Old &amp;amp; read</title><link rel="alternate" href="/1"/>
<id>tag:a.example,2003:1</id><author><name>Ada Byron</name></author>
<issued>2003-12-13T08:29:29-04:00</issued><modified>2003-12-14T00:00:00Z</modified></entry></feed>"""
RSS_090 = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://my.netscape.com/rdf/simple/0.9/">
<channel><title>r</title></channel><item><title>Oldest</title><link>https://r.example/1</link></item></rdf:RDF>"""
RSS_091 = """<!DOCTYPE rss SYSTEM "http://my.netscape.com/publish/formats/rss-0.91.dtd"><rss version="0.91"><channel>
<title>r</title><item><title>Ol&eacute;</title><link>https://r.example/2</link></item></channel></rss>"""


def test_json_authors_in_other_forms() -> None:
    """One person in place of a list, a text in place of a person, a name with commas."""
    people: list[dict[str, object]] = [
        {"authors": {"name": "Ann Lee"}},
        {"author": "Ann Lee"},
        {"authors": ["Ann Lee"]},
        {"authors": [{"name": "van der Berg, Jan Jr."}]},
    ]
    items = [
        {"id": number, "url": f"https://e.example/{number}", "title": "T", **some}
        for number, some in enumerate(people)
    ]
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": items}

    papers = parse_feed(make_document(json.dumps(feed)), make_source(), NOW).papers

    named = [paper.authors for paper in papers]
    assert named == [("Ann Lee",)] * 3 + [("van der Berg, Jan Jr.",)]


def test_entries_that_share_an_id_and_have_no_link_stay_apart() -> None:
    """An id that several have is none's; their titles tell."""
    items = [{"id": "1", "title": title, "content_text": "x"} for title in ("One", "Two")]
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": items}

    one, two = parse_feed(make_document(json.dumps(feed)), make_source(), NOW).papers

    assert not set(one.keys) & set(two.keys)


JSON_10 = """{"version": "https://jsonfeed.org/version/1", "items": [{"id": "https://j.example/1",
"content_text": "No title here. More.", "author": {"name": "Ada Byron"}}]}"""


@pytest.mark.parametrize(
    ("text", "title", "url"),
    [
        (CDF, "Old but read", "https://c.example/1"),
        (ATOM_03, "Old & read", "https://example.org/1"),
        (RSS_090, "Oldest", "https://r.example/1"),
        (RSS_091, "Olé", "https://r.example/2"),
        (JSON_10, "No title here.", "https://j.example/1"),
    ],
)
def test_formats_that_are_hardly_seen_any_more(text: str, title: str, url: str) -> None:
    """CDF, Atom 0.3, RSS 0.90 and 0.91, JSON Feed 1.0; relative links start at the document."""
    (paper,) = parse_feed(make_document(text), make_source(), NOW).papers

    assert (paper.title, paper.url) == (title, url)
    if text in (ATOM_03, JSON_10):
        assert paper.authors == ("Ada Byron",)
    if text is ATOM_03:
        assert paper.published == dt.datetime(2003, 12, 13, 12, 29, 29, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "text", ["<rss version='2.0'><channel/></rss>", "<feed xmlns='http://www.w3.org/2005/Atom'/>"]
)
def test_a_feed_without_entries_is_a_feed(text: str) -> None:
    """A blog that has not begun is no failure."""
    assert parse_feed(make_document(text), make_source(), NOW).papers == ()


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "windows-1252", "utf-16", "koi8-r"])
def test_any_encoding_comes_out_as_written(encoding: str) -> None:
    """By declaration, by byte order mark, or by the header."""
    title = "Теория" if encoding == "koi8-r" else "Émilie – du Châtelet"
    if encoding == "iso-8859-1":
        title = "Émilie du Châtelet"
    feed = f"<?xml version='1.0' encoding='{encoding}'?><rss version='2.0'><channel><title>x</title><item><title>{title}</title></item></channel></rss>"

    (paper,) = parse_feed(make_document(feed.encode(encoding)), make_source(), NOW).papers

    assert paper.title == title


@pytest.mark.slow
@pytest.mark.parametrize(
    "content",
    [
        b"<rss><channel>" + b"<item>" * 60_000,
        b"<a " * 100_000,
        b"<rss><channel><item><title>" + b"&lt;b&gt;" * 40_000,
        b"<rss version='2.0'><channel><item><title><![CDATA[" + b"<" * 200_000,
        b"<feed>" + b"<entry><title type='xhtml'>" * 3_000,
        b'{"version": "https://jsonfeed.org/version/1", "items": [' + b"[" * 100_000,
        b"<!DOCTYPE x [" + b"<!ENTITY a 'b'>" * 20_000,
        b"&" * 300_000,
    ],
)
@pytest.mark.timeout(30)
def test_no_small_document_takes_long(content: bytes) -> None:
    """What is read in a thread cannot be ended: it must end by itself, whatever it is."""
    try:
        parsed = parse_feed(make_document(content), make_source(), NOW)
    except SourceError as error:
        assert "\n" not in str(error)
    else:
        assert all(len(paper.title) <= 300 for paper in parsed.papers)


@pytest.mark.data
def test_what_feedparsers_corpus_expects_holds(data: Path) -> None:
    """Of every document: an entry's title, link, id, dates and authors, where it names them."""
    judged = list(verdicts(data / "feeds" / "feedparser"))

    assert len(judged) > 50
    assert [verdict for verdict in judged if not verdict.is_met] == []


def test_withdrawn_papers_of_arxiv_are_left_out() -> None:
    """What the abstract or the comment says counts; the source's line says how many."""
    items = item(abstract="This paper has been withdrawn by the author.")
    items += item(id="2603.99002").replace(
        "<dc:creator>", "<arxiv:comment>This paper has been withdrawn</arxiv:comment><dc:creator>"
    )
    for number, remark in enumerate(
        (
            "5 pages; withdrawn",
            "Submission withdrawn by the authors",
            "10 pages. Paper was withdrawn",
        )
    ):
        items += item(id=f"2603.9910{number}").replace(
            "<dc:creator>", f"<arxiv:comment>{remark}</arxiv:comment><dc:creator>"
        )
    items += item(id="2603.99004", abstract="We have withdrawn this paper for an error.")
    items += item(id="2603.99003", abstract="We study withdrawn papers. They are few.").replace(
        "<dc:creator>",
        "<arxiv:comment>Withdrawn from ICML 2026, now at X</arxiv:comment><dc:creator>",
    )

    parsed = parse_arxiv(make_document(ARXIV.format(items=items)), make_source(kind="arxiv"), NOW)

    assert [paper.id for paper in parsed.papers] == ["arxiv:2603.99003"]
    assert (parsed.skipped, parsed.note) == (6, "6 withdrawn")


@pytest.mark.parametrize(
    ("text", "abstract", "authors", "venue"),
    [
        ("<p>Publication date: May 2026</p><p><b>Source:</b> Some Journal, Volume 3</p><p>Author(s): Ann Lee, Bo Li</p>",
         "", ("Ann Lee", "Bo Li"), "Some Journal"),
        ("Publication date: Available online 25 May 2026 Source: J. of X Author(s): Ann Lee", "", ("Ann Lee",), "J. of X"),
        ("<p>Nature, Published online: 25 May 2026; <a>doi:10.1038/s1</a></p>We find.", "We find.", (), "Nature"),
        ("Science, Volume 380, Issue 6645, Page 12-13, June 2026. ", "", (), "Science"),
        ("Author(s): Ann Lee and Bo Li<br/><p>We find.</p><br/>[Phys. Rev. X 1, 2] Published Mon May 4, 2026",
         "We find.", ("Ann Lee", "Bo Li"), ""),
        ("Abstract We find. © 2026 The Authors. All rights reserved.", "We find.", (), ""),
        ("We find. The post On X appeared first on A Blog.", "We find.", (), ""),
        ("We find that [&#8230;]", "We find that…", (), ""),
        ("Abstract interpretation is sound.", "Abstract interpretation is sound.", (), ""),
        ("J Foo Bar. 2026 Nov 25:1-10. doi: 10.1000/1. Online ahead of print.<p>ABSTRACT</p>We find.<p>PMID:1 | DOI:10.1000/1</p>",
         "We find.", (), "J Foo Bar"),
        ("IEEE Transactions on X, vol. 12, no. 3, pp. 1-10, 2026", "", (), "IEEE Transactions on X"),
        ("doi:10.1038/s41-1We find.", "We find.", (), ""),
        ("We find. Der Beitrag Zu X erschien zuerst auf Ein Blog.", "We find.", (), ""),
        ("We find. (Received 1 May 2026; accepted 2 June 2026)", "We find.", (), ""),
        ("We find. Keywords: a, b, c", "We find.", (), ""),
        ("We find. Read more...", "We find.", (), ""),
        ("We find. This is an open access article under the CC BY license.", "We find.", (), ""),
        ("We find. submitted by /u/ann [link] [comments]", "We find.", (), ""),
        ("We say what words like “published by” mean.", "We say what words like “published by” mean.", (), ""),
        ("Author(s): Ann Lee, Bo Li<br><b>Abstract</b>We find.", "We find.", ("Ann Lee", "Bo Li"), ""),
        ("Proceedings of X, Volume 123, Issue 47, June 2026.<br/>SignificanceWe find.", "We find.", (), "Proceedings of X"),
        ("Letters of X, Ahead of Print. <br/>We find.", "We find.", (), "Letters of X"),
        ("We find. Comments: 12 pages, 3 figures. Accepted at X", "We find.", (), ""),
        ("We find. Subjects: cs.LG; stat.ML", "We find.", (), ""),
        ("We find. 3 Comments", "We find.", (), ""),
        ("We find. Filed under: Models", "We find.", (), ""),
        ("We find. Read more at blog.example.org", "We find.", (), ""),
        ("We find. View the full article", "We find.", (), ""),
        ("5 min read. We find.", "We find.", (), ""),
        ("We find. Subjects see 12 pages.", "We find. Subjects see 12 pages.", (), ""),
        ("Diseases spread more easily there.", "Diseases spread more easily there.", (), ""),
        ("Children who read more books write better.", "Children who read more books write better.", (), ""),
        ("We find that Continue reading", "We find that", (), ""),
        ("SummaryMixing is linear.", "SummaryMixing is linear.", (), ""),
        ("Abstractive summaries help.", "Abstractive summaries help.", (), ""),
        ("Source: we trace it.", "Source: we trace it.", (), ""),
    ],
)  # fmt: skip
def test_publishers_boilerplate_is_no_abstract(
    text: str, abstract: str, authors: tuple[str, ...], venue: str
) -> None:
    """What it says of authors and journal is kept; the authors' own words stay as they are."""
    feed = f"<rss version='2.0'><channel><item><title>T</title><description><![CDATA[{text}]]></description></item></channel></rss>"

    (paper,) = parse_feed(make_document(feed), make_source(), NOW).papers

    assert (paper.abstract, paper.authors, paper.venue) == (abstract, authors, venue)
