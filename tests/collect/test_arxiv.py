"""arXiv's announcements and its API, and what the one does not show."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from makers import make_document, make_paper, make_source

from newsletter.collect.answers import CatchUp, Parsed, VisitWindow
from newsletter.collect.kinds.arxiv import (
    catch_up,
    locate_announcements,
    locate_search,
    parse_arxiv,
    question,
    read_facts,
    subject,
)
from newsletter.collect.kinds.calendar import EASTERN
from newsletter.errors import SourceError
from newsletter.model import Paper

# Wednesday morning in the east of the US; Tuesday's batch is due, and in the feed since midnight.
NOW = dt.datetime(2026, 3, 18, 11, tzinfo=dt.UTC)
MONDAY, TUESDAY = (dt.datetime(2026, 3, day, 20, tzinfo=EASTERN) for day in (16, 17))
SOURCE = make_source(kind="arxiv", location="", categories=("cs.CL", "cs.LG"))


def window(covered: dt.datetime | None) -> VisitWindow:
    week = dt.timedelta(days=7)
    return VisitWindow(since=NOW - week, until=NOW, reach=NOW - week, covered=covered)


def shown(*papers: Paper, day: int = 18) -> Parsed:
    """A feed that says it was made at midnight of that day."""
    return Parsed(papers=papers, dated=dt.datetime(2026, 3, day, 4, tzinfo=dt.UTC))


def asked(found: CatchUp) -> tuple[str, str]:
    """The categories and the dates that the API is asked for."""
    query = parse_qs(urlsplit(found.url).query)["search_query"][0]
    categories, _, dates = query.partition(" AND submittedDate:")
    return categories, dates


def paper(number: int = 1, category: str = "cs.CL") -> Paper:
    return make_paper(number, categories=(category,), announce="new")


def test_a_fresh_batch_is_all_there_is() -> None:
    """The feed shows the batch that is due: nothing is asked for, and it counts as collected."""
    found = catch_up(SOURCE, window(MONDAY), shown(paper()), [paper()])

    assert found == CatchUp(covered=TUESDAY)


def test_a_stale_batch_is_asked_for_by_date() -> None:
    """Hundreds of entries, all known, though an announcement was due: the API is asked instead."""
    found = catch_up(SOURCE, window(MONDAY), shown(paper()), [])

    assert found.why == "the feed shows an old batch; announced on Tue 17 Mar"
    assert found.covered == TUESDAY
    # Monday 14:00 to Tuesday 14:00 Eastern, and two days more for what moderation held back.
    assert asked(found) == ("(cat:cs.CL OR cat:cs.LG)", "[202603141800 TO 202603171800]")


def test_a_batch_that_is_stale_in_one_category_is_noticed() -> None:
    """Several categories come as one feed: one of them may be yesterday's."""
    old, new = paper(1, "cs.CL"), paper(2, "cs.LG")

    found = catch_up(SOURCE, window(MONDAY), shown(old, new), [new])

    assert found.why == "nothing new in cs.CL, though an announcement was due"
    assert asked(found)[0] == "(cat:cs.CL)"
    assert found.covered == TUESDAY


def test_a_failing_or_unchanged_feed_is_asked_for_by_date() -> None:
    """429, an empty answer, 304: its papers come from the API all the same."""
    failed = catch_up(SOURCE, window(MONDAY), None, [])
    unchanged = catch_up(SOURCE, window(MONDAY), Parsed(), [])

    assert failed.why == "no feed; announced on Tue 17 Mar"
    assert unchanged.why == "not in the feed: announced on Tue 17 Mar"
    assert failed.url == unchanged.url != ""


def test_what_is_collected_is_not_asked_for_again() -> None:
    """The second run of a day finds all papers known, and nothing new is due."""
    assert catch_up(SOURCE, window(TUESDAY), shown(paper()), []) == CatchUp(covered=TUESDAY)


def test_after_a_week_off_every_batch_between_is_asked_for() -> None:
    """The feed shows the last one only; those before come from the API, none older than an issue."""
    before = dt.datetime(2026, 3, 1, 20, tzinfo=EASTERN)

    found = catch_up(SOURCE, window(before), shown(paper()), [paper()])

    assert found.why == "not in the feed: announced on Wed 11 Mar, Thu 12 Mar, Sun 15 Mar …"
    assert found.covered == TUESDAY
    assert asked(found)[1] == "[202603081800 TO 202603161800]"


def test_a_first_visit_wants_the_last_batch_only() -> None:
    """From the feed when it has it, else from the API; never the months before."""
    assert catch_up(SOURCE, window(None), shown(paper()), [paper()]).url == ""
    stale = catch_up(SOURCE, window(None), shown(paper(), day=17), [paper()])
    assert asked(stale)[1].endswith("TO 202603171800]")
    assert stale.covered == TUESDAY


def test_a_source_without_categories_has_nothing_to_ask_for() -> None:
    """A file of one's own is read as it is."""
    source = make_source(kind="arxiv")

    assert catch_up(source, window(MONDAY), shown(paper()), []).url == ""


def test_addresses() -> None:
    """Categories are joined in one feed; a search is bounded by date and paged."""
    search = make_source(kind="arxiv-search", location="", query="au:byron", api="http://a.example")
    week = window(None)

    assert locate_announcements(SOURCE, week) == ("https://rss.arxiv.org/rss/cs.CL+cs.LG",)
    (url,) = locate_search(search, week)
    assert url.startswith("http://a.example?search_query=%28au%3Abyron%29+AND+submittedDate")
    assert "start=0&max_results=500" in url


ANSWER = """<feed xmlns="http://www.w3.org/2005/Atom"><title>arXiv Query</title>
<opensearch:totalResults xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">{total}</opensearch:totalResults>
{entries}</feed>"""
ENTRY = """<entry><id>http://arxiv.org/abs/2603.9900{n}v2</id><title>Paper {n}</title>
<summary>We do.</summary><author><name>Ada Byron</name></author>
<published>2026-03-17T10:00:00Z</published><updated>2026-03-17T11:00:00Z</updated>
<arxiv:comment xmlns:arxiv="http://arxiv.org/schemas/atom">Code: https://github.com/ada/engine, ICML</arxiv:comment>
<arxiv:doi xmlns:arxiv="http://arxiv.org/schemas/atom">10.1000/x{n}</arxiv:doi>
<arxiv:journal_ref xmlns:arxiv="http://arxiv.org/schemas/atom">J. Engines 1 (2026)</arxiv:journal_ref>
<category term="{category}"/><category term="cs.LG"/></entry>"""


def answer(total: int, **categories: str) -> str:
    entries = "".join(ENTRY.format(n=n[1:], category=name) for n, name in categories.items())
    return ANSWER.format(total=total, entries=entries)


def test_an_answer_of_the_api_is_paged_and_sorted_by_announcement() -> None:
    """What is only cross-listed counts as `cross`; the next page begins where this one ends."""
    document = make_document(
        answer(5, n1="cs.CL", n2="math.CO"), "http://a.example/q?search_query=x&start=0"
    )
    source = make_source(kind="arxiv", categories=("cs.CL", "cs.LG"))

    both = parse_arxiv(document, source, NOW)
    primary = parse_arxiv(
        document, make_source(kind="arxiv", categories=("cs.CL",), announce=("new",)), NOW
    )

    assert [(entry.id, entry.announce) for entry in both.papers] == [
        ("arxiv:2603.99001", "new"),
        ("arxiv:2603.99002", "cross"),
    ]
    assert both.more == "http://a.example/q?search_query=x&start=2"
    assert ([entry.id for entry in primary.papers], primary.skipped) == (["arxiv:2603.99001"], 1)
    (first, _) = both.papers
    assert (first.code_url, first.venue) == ("https://github.com/ada/engine", "J. Engines 1 (2026)")
    assert "doi:10.1000/x1" in first.keys


def test_the_last_page_leads_nowhere() -> None:
    """And so does one that arXiv sends empty by mistake: it is not asked for for ever."""
    last = make_document(answer(2, n1="cs.CL", n2="cs.CL"), "http://a.example/q?search_query=x")
    empty = make_document(answer(2), "http://a.example/q?search_query=x&start=1")

    assert parse_arxiv(last, SOURCE, NOW).more == ""
    assert parse_arxiv(empty, SOURCE, NOW).more == ""


def test_facts_by_id() -> None:
    """Papers that another source showed get arXiv's categories, code and journal."""
    known = make_paper(1, categories=())

    assert subject(known) == "2603.99001"
    assert subject(make_paper(1)) == ""
    assert (
        "id_list=2603.99001%2C2603.99002" in question("http://a", ["2603.99001", "2603.99002"])[0]
    )
    facts = read_facts(make_document(answer(1, n1="cs.CL")), ["2603.99001"])
    assert facts["2603.99001"]["categories"] == ["cs.CL", "cs.LG"]
    assert facts["2603.99001"]["keys"] == ["doi:10.1000/x1"]


@pytest.mark.data
def test_real_answers_of_the_api(data: Path) -> None:
    """Every recorded answer gives its papers, and an error its own words."""
    for path in sorted((data / "arxiv" / "api").glob("*.xml")):
        document = make_document(path.read_bytes(), path.as_uri())
        if ".400." in path.name:
            with pytest.raises(SourceError, match="arXiv says"):
                parse_arxiv(document, make_source(kind="arxiv"), NOW)
            continue
        parsed = parse_arxiv(document, make_source(kind="arxiv"), NOW)
        assert all(entry.id.startswith("arxiv:") and entry.authors for entry in parsed.papers), path
        assert all(
            entry.categories and entry.published and entry.abstract for entry in parsed.papers
        )
        entries = path.read_bytes().count(b"<entry>")
        assert len(parsed.papers) + parsed.skipped == entries, path
