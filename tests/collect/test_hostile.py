"""What strangers sent to stop, leak or silence an issue: it costs itself, and all else arrives."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import time

import pytest
from fuzzing import TARGETS
from makers import NOW, make_document, make_paper, make_source, run
from servers import Page, http_server

from newsletter.collect.answers import Parsed
from newsletter.collect.entries import read_papers
from newsletter.collect.http.fetcher import Fetcher
from newsletter.collect.identity.duplicates import merge_papers
from newsletter.collect.kinds.feeds import parse_feed
from newsletter.collect.kinds.hackernews import parse_stories
from newsletter.collect.kinds.huggingface import parse_daily_papers
from newsletter.collect.kinds.opml import parse_opml
from newsletter.collect.kinds.table import KINDS
from newsletter.collect.papers import collect_papers
from newsletter.collect.plain.latex import plain_latex
from newsletter.collect.plain.text import plain_text
from newsletter.collect.reader import DocumentReader
from newsletter.errors import SourceError
from newsletter.model import Health, Paper, Visit

SOUND = {"id": "s", "title": "A sound paper", "url": "https://e.example/sound"}


def json_feed(*items: dict[str, object]) -> bytes:
    version = "https://jsonfeed.org/version/1.1"
    return json.dumps({"version": version, "items": [*items, SOUND]}).encode()


def rss(item: str) -> bytes:
    sound = "<item><title>A sound paper</title><link>https://e.example/sound</link></item>"
    return f"<rss version='2.0'><channel><title>t</title>{item}{sound}</channel></rss>".encode()


def read(content: bytes) -> Parsed:
    return parse_feed(make_document(content), make_source(), NOW)


LINKLESS: dict[str, bytes] = {
    "none": rss("<item><title>A paper</title><guid isPermaLink='false'>x1</guid></item>"),
    "scheme": json_feed({"title": "A paper", "url": "javascript:alert(1)"}),
    "token": rss(
        "<item><title>A paper</title><link>https://evil.example/?who=&#xE000;email&#xE001;&amp;t="
        "&#xE000;preferences&#xE001;</link></item>"
    ),
    "unknown token": json_feed(
        {"title": "A paper", "url": "https://evil.example/\ue000nosuch\ue001"}
    ),
    "escapes": json_feed({"title": "A paper", "url": "https://evil.example/\x1b]0;x\x07\x9b31m"}),
    "direction": json_feed({"title": "A paper", "url": "https://evil.example/\u202etxet"}),
    "length": json_feed({"title": "A paper", "url": "https://evil.example/" + "x" * 200_000}),
    "half a character": json_feed({"title": "A paper", "url": "https://evil.example/\ud800"}),
}


@pytest.mark.parametrize("kind", LINKLESS)
def test_a_paper_without_a_usable_link_is_kept_without_one(kind: str) -> None:
    """And counted; its identity is that of its title, and the next paper arrives."""
    parsed = read(LINKLESS[kind])

    odd, sound = parsed.papers
    assert (odd.title, odd.url, odd.keys[0][:6]) == ("A paper", "", "title:")
    assert sound.url == "https://e.example/sound"
    assert parsed.note == "1 without a usable link"


def test_odd_links_are_cleaned() -> None:
    """A login is left out, a line break too, and marks of HTML are encoded."""
    parsed = read(
        json_feed(
            {"id": "1", "title": "One", "url": "https://user:secret@evil.example/"},
            {"id": "2", "title": "Two", "url": "https://evil.example/\r\nBcc: x@y.z\n\nhello"},
            {"id": "3", "title": "Three", "url": 'https://evil.example/q?a="><img src=x>'},
        )
    )

    assert [paper.url for paper in parsed.papers[:3]] == [
        "https://evil.example/",
        "https://evil.example/Bcc:%20x@y.zhello",
        "https://evil.example/q?a=%22%3E%3Cimg%20src=x%3E",
    ]
    assert "secret" not in repr(parsed)


def test_relative_links_bring_no_secret_of_the_feed() -> None:
    """They start at its address without name and query."""
    content = rss("<item><title>A paper</title><link>#part</link></item>")
    document = make_document(content, "https://bob:pw@e.example/feed?key=abc")

    odd, _ = parse_feed(document, make_source(), NOW).papers

    assert odd.url == "https://e.example/feed#part"


@pytest.mark.parametrize(
    "votes", ["1" + "0" * 400, "1" + "0" * 5_000, "-3", "1e999", "NaN", '"many"']
)
def test_a_count_that_cannot_be_is_none(votes: str) -> None:
    """The field is left out; the paper and all others are there."""
    content = '[{"paper": {"id": "2611.00001", "title": "Odd", "upvotes": %s}, "numComments": 5}, '
    content += '{"paper": {"id": "2611.00002", "title": "Sound", "upvotes": 7}}]'

    parsed = parse_daily_papers(make_document(content % votes), make_source(), NOW)

    assert [paper.votes for paper in parsed.papers] == [0, 7]
    assert parsed.papers[0].comments == 5


def test_a_discussion_passes_the_gate_too() -> None:
    """Its votes are as plausible as a paper's, and the next one is read."""
    hits = [
        {
            "objectID": str(number),
            "url": f"https://arxiv.org/abs/2611.0000{number}",
            "points": points,
        }
        for number, points in ((1, 10**400), (2, 7))
    ]

    parsed = parse_stories(
        make_document(json.dumps({"hits": hits})), make_source(name="H\u202eN"), NOW
    )

    assert [mention.sighting.votes for mention in parsed.mentions] == [0, 7]
    assert {mention.sighting.source for mention in parsed.mentions} == {"HN"}


def test_what_is_left_out_is_counted() -> None:
    """In the source's line, by kind of field."""
    daily = [
        {
            "paper": {
                "id": "2611.00001",
                "title": "A",
                "upvotes": 10**400,
                "publishedAt": "0001-01-01",
            }
        },
        {"paper": {"id": "2611.00002", "title": "B", "githubRepo": "javascript:x"}},
    ]

    parsed = parse_daily_papers(make_document(json.dumps(daily)), make_source(), NOW)

    assert parsed.note == "left out as implausible: 1 counts, 1 dates, 1 links"


@pytest.mark.parametrize(
    "date", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00"]
)
def test_a_date_that_cannot_be_is_none(date: str) -> None:
    """The paper arrives without one."""
    parsed = read(
        json_feed({"id": "1", "title": "A", "date_published": date, "url": "https://e.example"})
    )

    odd, sound = parsed.papers
    assert (odd.published, sound.title) == (None, "A sound paper")
    assert parsed.note == "left out as implausible: 1 dates"


@pytest.mark.parametrize(
    "content", ["<:x><outline/></:x>", "<x:y/>", "<opml:opml/>", "<!-- x -->", "<a><b>"]
)
def test_a_list_that_is_none_is_one_line(content: str) -> None:
    """Also when the name of its root is no name."""
    with pytest.raises(SourceError, match=r"^https://example\.org/feed: not OPML"):
        parse_opml(make_document(content), make_source(kind="opml"), NOW)


LATEX = (
    "{" * 40 + r"\cite{a}",
    r"\textbf{" * 43 + r"\cite{a}",
    r"\frac{" * 45 + r"\cite{a}",
    r"\sqrt[" * 60 + r"\cite{a}",
    "$" + "x_{" * 60 + r"\cite{a}$",
    r"\'" * 60 + r"\footnote{a}",
)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", LATEX, ids=range(len(LATEX)))
def test_deep_latex_ends(text: str) -> None:
    """Below the depth that is followed, every command gets past something."""
    assert len(plain_latex(text)) < 3 * len(text)
    assert "word" in plain_latex(text + " word " + "}" * 60)


# Each is repeated: together they are every way to open something and never close it.
PIECES = (
    "{", "}", "$", "$$", "\\(", "\\[", "[", "\\cite[", "\\cite{", "\\frac", "\\frac{", "^{", "_", "\\'", "\\textbf{",
    "\\sqrt[", " ", "\n", "<a ", '<a b="', "<a b='", "<a b=x ", '<a b="" c="', "<!--", "<script", "</script ", "<?",
    "&amp;", "&#", "(arXiv:[", "(arXiv:", "arxiv:", "doi:", "openreview.net/forum?", "github.com/", "a@", "a", "(", "-",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("piece", PIECES)
def test_text_takes_time_by_its_length(piece: str) -> None:
    """Four times the text takes about four times as long, never sixteen."""

    def seconds(length: int) -> float:
        text = "x " + piece * (length // len(piece))
        start = time.process_time()
        plain_text(text)
        read(
            json_feed(
                {"title": text, "authors": [{"name": text}], "id": text, "content_text": text}
            )
        )
        return time.process_time() - start

    once = min(seconds(20_000) for _ in range(2))
    assert seconds(80_000) < 10 * max(once, 0.02)


def test_an_author_of_60_kb_costs_no_time() -> None:
    """A name without an end makes feedparser look for an address in it."""
    start = time.process_time()

    parsed = read(rss(f"<item><title>A paper</title><author>{'a' * 60_000}</author></item>"))

    assert time.process_time() - start < 5
    assert [paper.title for paper in parsed.papers] == ["A paper", "A sound paper"]
    assert len("".join(parsed.papers[0].authors)) <= 200


def test_a_crowd_of_equal_titles_takes_no_square_of_time() -> None:
    """Ten thousand papers that look alike are told apart in seconds."""
    crowd = [
        Paper(
            id=f"doi:10.1/{number}",
            keys=(f"doi:10.1/{number}",),
            title="The very same title of a paper",
            url="",
            authors=(f"Author{number}", "Somebody Else"),
        )
        for number in range(10_000)
    ]
    start = time.process_time()

    merged = merge_papers(crowd)

    assert time.process_time() - start < 20
    assert len(merged) == 10_000


def test_a_chain_of_identities_takes_no_square_of_time() -> None:
    """Each paper joins the two before it: all are one in the end."""
    count = 10_000
    single = [_known_as(f"url:{number}") for number in range(count)]
    links = [_known_as(f"url:{n}", f"url:{n - 1}") for n in range(count - 1, 0, -1)]
    start = time.process_time()

    merged = merge_papers([*single, *links])

    assert time.process_time() - start < 10
    assert [paper.id for paper in merged] == ["url:0"]


def _known_as(*keys: str) -> Paper:
    return Paper(id=keys[0], keys=keys, title="x", url="")


@pytest.mark.slow
def test_a_flood_of_entries_is_cut_and_counted() -> None:
    """The first ten thousand are read."""
    items: list[dict[str, object]] = [
        {"id": str(number), "title": f"Paper {number}", "url": f"https://e.example/{number}"}
        for number in range(10_005)
    ]

    parsed = read(json_feed(*items))

    assert len(parsed.papers) == 10_000
    assert "only the first 10000 entries were read, 6 were not" in parsed.note


def test_all_of_them_together_stop_nobody() -> None:
    """Every source is visited, what is sound arrives, and nothing ends in a traceback."""
    pages = {str(number): Page(content) for number, content in enumerate(LINKLESS.values())}
    pages["latex"] = Page(json_feed({"title": LATEX[0], "url": "https://e.example/1"}))
    pages["author"] = Page(rss(f"<item><title>a</title><author>{'a' * 60_000}</author></item>"))
    pages["deep"] = Page(b"[" * 100_000)
    pages["zeros"] = Page(b"\0" * 50_000)

    async def collect(address: str) -> list[Visit]:
        sources = [make_source(name=name, location=f"{address}/{name}") for name in pages]
        networks = [ipaddress.ip_network("127.0.0.0/8")]
        async with (
            Fetcher(user_agent="t", timeout=10, private_networks=networks) as fetcher,
            DocumentReader() as reader,
        ):
            visits = collect_papers(
                sources,
                fetcher,
                reader,
                lambda papers: papers,
                remembered=lambda _source: Health(),
                now=NOW,
                max_age=dt.timedelta(days=7),
            )
            return [visit async for visit in visits]

    with http_server(**pages) as web:
        visits = run(collect(web.url))

    failed = {visit.source.name for visit in visits if not visit.report.ok}
    assert failed == {"deep", "zeros"}
    assert all(visit.papers[-1].title == "A sound paper" for visit in visits if visit.report.ok)
    assert [visit.faults for visit in visits] == [()] * len(pages)


def test_a_fault_of_ours_in_one_entry_costs_that_entry() -> None:
    """It is kept with its input, told in the source's line, and all others are read."""

    def reads(number: int) -> Paper:
        return make_paper(number, votes=6 // (number - 1))

    papers, account = read_papers([0, 1, 2], reads, make_source(), NOW)

    assert [paper.votes for paper in papers] == [0, 6]
    assert list(account.notes()) == ["1 could not be read", "left out as implausible: 1 counts"]
    (fault,) = account.faults
    assert (fault.border, fault.name, fault.content) == ("entry", "test", b"1")
    assert "ZeroDivisionError" in fault.problem
    assert "in reads" in fault.trace


def test_a_lack_of_memory_is_about_the_whole_document() -> None:
    """It is no fault of the entry that happened to need the last of it."""

    def reads(_number: int) -> Paper:
        raise MemoryError

    with pytest.raises(MemoryError):
        read_papers([1], reads, make_source(), NOW)


def test_kinds_are_all_here() -> None:
    """A new kind is fuzzed as well: see tests/fuzzing.py."""
    assert set(KINDS) - {"medrxiv", "arxiv-search"} <= set(TARGETS)
