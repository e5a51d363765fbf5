"""One source, page by page: what is asked, what is remembered, what is said."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from makers import make_paper, make_source, run
from servers import Page, Web, http_server

from newsletter.collect import visits
from newsletter.collect.answers import CatchUp, Document, Parsed, SourceKind
from newsletter.collect.http.fetcher import Fetcher
from newsletter.collect.kinds.calendar import EASTERN
from newsletter.collect.kinds.feeds import parse_feed
from newsletter.collect.kinds.table import KINDS
from newsletter.collect.reader import DocumentReader
from newsletter.collect.visits import BACKLOG, MAX_PAPERS, visit_source
from newsletter.model import Border, Fault, Health, Paper, Source, Validators, Visit

NOW = dt.datetime(2026, 3, 18, 11, tzinfo=dt.UTC)
MONDAY, TUESDAY = (dt.datetime(2026, 3, day, 20, tzinfo=EASTERN) for day in (16, 17))
DAY = dt.timedelta(days=1)


async def no_sleep(_seconds: float) -> None:
    pass


def visit(
    source: Source,
    health: Health | None = None,
    *,
    known: Sequence[str] = (),
    timeout: float = 5,
    kind: SourceKind | None = None,
    oldest: dt.datetime | None = None,
) -> Visit:
    """Visit a source at NOW; papers whose ids are `known` were seen before."""

    def unseen(papers: Sequence[Paper]) -> list[Paper]:
        return [paper for paper in papers if paper.id not in known]

    async def work() -> Visit:
        networks = [ipaddress.ip_network("127.0.0.0/8")]
        async with (
            Fetcher(
                user_agent="t", timeout=timeout, private_networks=networks, sleep=no_sleep
            ) as fetcher,
            DocumentReader() as reader,
        ):
            return await visit_source(
                source,
                kind or KINDS[source.kind],
                fetcher,
                reader.read,
                unseen,
                health or Health(),
                now=NOW,
                max_age=7 * DAY,
                oldest=oldest,
            )

    return run(work())


def rss(*numbers: int, date: str = "Wed, 18 Mar 2026 00:00:00 -0400", **page: Any) -> Page:
    items = "".join(
        f"<item><title>Paper {n}</title><link>https://arxiv.org/abs/2603.{n}</link>"
        f"<description>arXiv:2603.{n}v1 Announce Type: new Abstract: We do.</description>"
        "<category>cs.CL</category></item>"
        for n in numbers
    )
    head = f"<title>x</title><pubDate>{date}</pubDate>"
    return Page(f"<rss version='2.0'><channel>{head}{items}</channel></rss>".encode(), **page)


def atom(total: int, *numbers: int) -> bytes:
    entries = "".join(
        f"<entry><id>http://arxiv.org/abs/2603.{n}v1</id><title>Paper {n}</title><summary>We do."
        f"</summary><category term='cs.CL'/></entry>"
        for n in numbers
    )
    space = "xmlns:opensearch='http://a9.com/-/spec/opensearch/1.1/'"
    count = f"<opensearch:totalResults {space}>{total}</opensearch:totalResults>"
    return f"<feed xmlns='http://www.w3.org/2005/Atom'>{count}{entries}</feed>".encode()


def arxiv(web: Web) -> Source:
    return make_source(
        kind="arxiv", location=f"{web.url}/feed", api=f"{web.url}/api", categories=("cs.CL",)
    )


def asked(web: Web, path: str) -> list[dict[str, list[str]]]:
    return [
        parse_qs(urlsplit(target).query)
        for target, _ in web.requests
        if target.partition("?")[0] == path
    ]


def test_a_stale_arxiv_feed_is_replaced_by_its_api_page_by_page() -> None:
    """Everything in the feed is known though a batch is due: the reader gets the new papers."""
    pages = {"0": atom(3, 99001, 99002), "2": atom(3, 99003)}
    api = Page(make=lambda path: pages[parse_qs(urlsplit(path).query)["start"][0]])
    with http_server(feed=rss(99001), api=api) as web:
        found = visit(arxiv(web), Health(covered=MONDAY), known=["arxiv:2603.99001"])

    assert [paper.id[-1] for paper in found.papers] == ["1", "2", "3"]
    assert found.report.ok
    assert found.report.covered == TUESDAY
    assert found.report.note == (
        "the feed shows an old batch; announced on Tue 17 Mar; asked the service: 3 papers"
    )
    assert [query["start"] for query in asked(web, "/api")] == [["0"], ["2"]]


def test_arxiv_answering_429_costs_nobody_a_paper() -> None:
    """The feed is busy, the API gives the batch; the report says both, and nothing failed."""
    busy = Page(status=429, headers={"Retry-After": "3600"})
    with http_server(feed=busy, api=Page(atom(1, 99001))) as web:
        found = visit(arxiv(web), Health(covered=MONDAY))

    assert [paper.id for paper in found.papers] == ["arxiv:2603.99001"]
    assert found.report.ok
    assert "no feed; announced on Tue 17 Mar; asked the service: 1 papers" in found.report.note
    assert "HTTP 429" in found.report.note


def test_a_batch_that_could_not_be_had_is_asked_for_again() -> None:
    """Feed and API fail: the source failed, and the batch stays due."""
    with http_server(feed=Page(status=404), api=Page(status=404)) as web:
        found = visit(arxiv(web), Health(covered=MONDAY))

    assert not found.report.ok
    assert found.report.covered is None


def test_a_quiet_weekend_says_so_and_asks_nobody() -> None:
    """The feed is empty and nothing is due."""
    with http_server(feed=rss(), api=Page(atom(0))) as web:
        found = visit(arxiv(web), Health(covered=TUESDAY))

    assert asked(web, "/api") == []
    assert (found.report.ok, found.report.note) == (True, "an empty feed")


def test_a_service_is_asked_for_the_time_since_the_last_good_visit() -> None:
    """With an overlap for what is indexed late; a first visit looks back two days, none further
    than an issue reaches.
    """
    empty = json.dumps({"collection": [], "messages": [{"total": "0"}]}).encode()
    source = make_source(kind="biorxiv", location="")
    spans = []
    for last_good in (NOW - 3 * DAY, None, NOW - 60 * DAY):
        with http_server() as web:
            for first in ("2026-03-14", "2026-03-15", "2026-03-16", "2026-03-11"):
                web.pages[f"/details/biorxiv/{first}/2026-03-18/0/json"] = Page(empty)
            found = visit(
                make_source(kind="biorxiv", location="", api=web.url), Health(last_good=last_good)
            )
            assert found.report.ok
            spans.append(web.requests[0][0].split("/")[3])

    assert spans == ["2026-03-15", "2026-03-16", "2026-03-11"]
    assert source.is_service


def test_pages_are_followed_and_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that leads on for ever is left after so many pages, and the report says it."""
    monkeypatch.setattr(visits, "MAX_PAGES", 5)
    page = {"notes": [{"id": "abcdef1", "content": {"title": "x"}}]}
    body = json.dumps({"notes": page["notes"] * 500}).encode()
    with http_server(notes=Page(body)) as web:
        source = make_source(kind="openreview", location="", api=web.url, query="V/Submission")
        found = visit(source)

    assert len(web.requests) == 5
    assert "stopped after 5 pages" in found.report.note
    assert len(found.papers) == 1


def test_votes_of_the_last_days_are_read_again() -> None:
    """Most votes come after the first morning: today's list, and those of three days before."""

    def daily(path: str) -> bytes:
        date = parse_qs(urlsplit(path).query).get("date", [""])[0]
        votes = {"": 1, "2026-03-15": 90}.get(date, 5)
        return json.dumps(
            [{"paper": {"id": f"2603.9900{votes}", "title": "x", "upvotes": votes}}]
        ).encode()

    with http_server(daily=Page(make=daily)) as web:
        source = make_source(kind="huggingface", location="", api=f"{web.url}/daily")
        found = visit(source, Health(last_good=NOW - dt.timedelta(hours=2)))

    assert [query.get("date") for query in asked(web, "/daily")] == [
        None,
        ["2026-03-17"],
        ["2026-03-16"],
        ["2026-03-15"],
    ]
    assert {paper.votes for paper in found.papers} == {1, 5, 90}


def test_one_bad_day_of_several_is_a_note() -> None:
    """The other days' papers are there, and what failed is said."""

    def daily(path: str) -> bytes:
        ok = b'[{"paper": {"id": "2603.99001", "title": "x"}}]'
        return b'{"error": "Invalid date"}' if "03-16" in path else ok

    with http_server(daily=Page(make=daily)) as web:
        found = visit(make_source(kind="huggingface", location="", api=f"{web.url}/daily"))

    assert found.report.ok
    assert "Hugging Face says: Invalid date" in found.report.note


def test_a_source_that_is_gone_is_retired_and_not_asked_again() -> None:
    """HTTP 410 is an answer for good."""
    with http_server(feed=Page(status=410)) as web:
        source = make_source(location=f"{web.url}/feed")
        gone = visit(source)
        after = visit(source, Health(retired=True))

    assert gone.report.retired
    assert "retired" in gone.report.error
    assert (after.report.asked, after.report.retired) == (False, True)
    assert "remove it from sources.yaml" in after.report.note
    assert len(web.requests) == 1


def test_a_permanent_redirect_is_remembered_and_a_bad_one_forgotten() -> None:
    """The new address is asked from then on; when it fails, the old one is next."""
    moved = Page(status=301, headers={"Location": "/new"})
    with http_server(feed=moved, new=rss(99001)) as web:
        source = make_source(location=f"{web.url}/feed")
        first = visit(source)
        again = visit(source, Health(moved_to=f"{web.url}/new", last_good=NOW))
        web.pages["/new"] = Page(status=404)
        failed = visit(source, Health(moved_to=f"{web.url}/new", last_good=NOW))

    assert first.report.moved_to == again.report.moved_to == f"{web.url}/new"
    assert f"moved for good to {web.url}/new: change `url` in sources.yaml" in first.report.note
    assert [path for path, _ in web.requests] == ["/feed", "/new", "/new", "/new"]
    assert (failed.report.ok, failed.report.moved_to) == (False, "")


def test_a_server_that_asks_to_be_left_alone_is() -> None:
    """Until the time it gave; nothing is lost, and nothing is said to have failed."""
    with http_server(feed=rss(99001, headers={"Cache-Control": "max-age=600"})) as web:
        source = make_source(location=f"{web.url}/feed")
        first = visit(source)
        early = visit(source, Health(fresh_until=first.report.fresh_until))
        late = visit(source, Health(fresh_until=NOW - DAY))

    assert first.report.fresh_until == NOW + dt.timedelta(minutes=10)
    assert (early.report.asked, early.papers) == (False, ())
    assert "the server asked for no visit before 11:10 UTC" in early.report.note
    assert late.papers
    assert len(web.requests) == 2


def test_validators_are_sent_to_the_address_they_are_for() -> None:
    """And 304 leaves what is known as it is."""
    with http_server(feed=rss(99001, headers={"ETag": '"1"'}, then=Page(status=304))) as web:
        source = make_source(location=f"{web.url}/feed")
        first = visit(source)
        again = visit(source, Health(validators=first.report.validators or Validators()))
        other = Validators(address="of another", etag='"1"')
        visit(source, Health(validators=other))

    assert again.report.note == "nothing new since the last visit"
    assert again.report.validators is None
    assert [headers.get("if-none-match") for _, headers in web.requests] == [None, '"1"', None]


def test_an_undated_archive_is_no_news() -> None:
    """A first visit takes the first few undated entries; later ones are all new."""
    items = "".join(f"<item><title>Post {n}</title></item>" for n in range(30))
    page = Page(f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>".encode())
    with http_server(feed=page) as web:
        source = make_source(location=f"{web.url}/feed")
        first, later = visit(source), visit(source, Health(last_good=NOW - DAY))

    assert len(first.papers) == 30
    assert first.backlog == {paper.id for paper in first.papers[BACKLOG:]}
    assert "20 undated entries taken for an archive" in first.report.note
    assert later.backlog == frozenset()


def breaks(*_given: object) -> Any:
    raise ZeroDivisionError("our own bug")


def test_a_fault_in_locating_is_the_sources_error() -> None:
    """A value, not an exception: the other sources go on."""
    failed = visit(make_source(location=""), kind=SourceKind(parse=parse_feed, locate=breaks))

    assert failed.report.error == "a fault of this program (ZeroDivisionError: our own bug)"
    assert failed.report.faults == 1
    (fault,) = failed.faults
    assert (fault.border, fault.name) == ("source", "test")
    assert "in breaks" in fault.trace


def test_a_fault_in_catching_up_costs_nothing_that_was_shown() -> None:
    """The papers of the feed are there, and the fault is told in the note."""
    with http_server(feed=rss(10001)) as web:
        source = make_source(location=f"{web.url}/feed")
        found = visit(source, kind=SourceKind(parse=parse_feed, catch_up=breaks))

    assert [paper.title for paper in found.papers] == ["Paper 10001"]
    assert "a fault of this program" in found.report.note
    assert (found.report.ok, found.report.faults) == (True, 1)
    assert found.report.validators is None


def test_a_fault_in_parsing_is_kept_with_its_document() -> None:
    """And told as the reason why there are no papers."""
    with http_server(feed=rss(10001)) as web:
        failed = visit(make_source(location=f"{web.url}/feed"), kind=SourceKind(parse=breaks))

    assert failed.report.error.startswith("a fault of this program (ZeroDivisionError")
    assert b"Paper 10001" in failed.faults[0].content


def leading_to(target: str) -> Callable[[Document, Source, dt.datetime], Parsed]:
    return lambda document, _source, _now: Parsed(more=target.format(document.url))


@pytest.mark.parametrize("more", ["//127.0.0.2:{port}/next", "http://127.0.0.2:{port}/next"])
def test_the_next_page_is_on_the_same_server(more: str) -> None:
    """A service that names another one is not followed there, and says so."""
    with http_server(feed=rss(10001), next=rss(10002)) as web:
        port = web.url.rpartition(":")[2]
        source = make_source(location=f"{web.url}/feed", headers=(("x-api-key", "secret"),))
        found = visit(source, kind=SourceKind(parse=leading_to(more.format(port=port))))

    assert "the next page is on another server" in found.report.note
    assert [path for path, _ in web.requests] == ["/feed"]


def test_headers_stay_with_the_server_that_they_are_for() -> None:
    """A service that redirects to another server leads on from there, without our keys."""
    with http_server(there=rss(10001), next=rss(10002)) as second:
        hop = Page(status=302, headers={"Location": f"{second.url}/there"})
        with http_server(feed=hop) as first:
            source = make_source(location=f"{first.url}/feed", headers=(("x-api-key", "s3cret"),))
            visit(source, kind=SourceKind(parse=leading_to(f"{second.url}/next")))

    assert {path for path, _ in second.requests} == {"/there", "/next"}
    assert "s3cret" in repr(first.requests)
    assert "s3cret" not in repr(second.requests)


def test_no_secret_of_an_address_is_told_or_kept() -> None:
    """Neither in an error, nor in a note, nor in what is remembered, wherever it fails."""
    moved = Page(status=301, headers={"Location": "/new?key=s3cret"})
    with http_server(
        feed=rss(10001, headers={"ETag": '"1"'}), new=rss(10001), old=moved, odd=Page(b"no feed"),
        hangup=Page(misbehaviour="hang-up"), busy=Page(status=503),
    ) as web:  # fmt: skip
        host = web.url.removeprefix("http://")
        paths = ("feed", "old", "odd", "hangup", "busy", "missing")
        addresses = [f"http://bob:s3cret@{host}/{path}?key=s3cret" for path in paths]
        addresses += [
            "http://bob:s3cret@[bad/?key=s3cret",
            "ftp://bob:s3cret@e.example/?key=s3cret",
        ]
        addresses += ["http://bob:s3cret@nowhere.invalid/?key=s3cret"]
        told = [visit(make_source(location=address)).report for address in addresses]

    assert [report.ok for report in told] == [True, True, *[False] * 7]
    assert "s3cret" not in repr(told)
    assert all(report.error or report.validators for report in told)
    assert "moved for good" in told[1].note


def test_no_secret_is_in_a_fault() -> None:
    """Exceptions of libraries name the address that they failed at."""

    def fails(source: Source, _window: object) -> Any:
        raise ZeroDivisionError(
            f"cannot ask at https://bob:s3cret@e.example/?key=s3cret {source.kind}"
        )

    failed = visit(make_source(location=""), kind=SourceKind(parse=parse_feed, locate=fails))

    (fault,) = failed.faults
    assert "https://e.example/?key=…" in fault.problem
    assert "https://e.example/?key=…" in fault.trace
    assert "s3cret" not in fault.problem + fault.trace + failed.report.error


def odd_entry(document: Document, _source: Source, _now: dt.datetime) -> Parsed:
    """Return what a parser does of a document with one entry that it fails on."""
    fault = Fault(border=Border.ENTRY, name="test", problem=f"odd, at {document.shown}")
    return Parsed(papers=(make_paper(1),), note="1 could not be read", faults=(fault,))


def test_a_document_with_a_fault_is_asked_for_again_whole() -> None:
    """A 304 would hide the entry from a program that can read it by then."""
    with http_server(feed=rss(10001, headers={"ETag": '"1"'})) as web:
        found = visit(make_source(location=f"{web.url}/feed"), kind=SourceKind(parse=odd_entry))

    assert (found.report.ok, found.report.validators) == (True, None)
    assert found.report.note == "1 could not be read"


def test_faults_of_what_is_asked_for_later_are_kept_too() -> None:
    """The pages that the feed did not show may have odd entries as well."""
    with http_server(feed=rss(10001), more=rss(10002)) as web:

        def catch_up(*_given: object) -> CatchUp:
            return CatchUp(url=f"{web.url}/more", why="late")

        source = make_source(location=f"{web.url}/feed")
        found = visit(source, kind=SourceKind(parse=odd_entry, catch_up=catch_up))

    assert [fault.problem.rpartition("/")[2] for fault in found.faults] == ["feed", "more"]
    assert found.report.faults == 2


def test_a_visit_ends_when_there_is_enough() -> None:
    """A service that never comes to an end fills no memory."""

    def flood(document: Document, _source: Source, _now: dt.datetime) -> Parsed:
        return Parsed(papers=(make_paper(1),) * (MAX_PAPERS // 2), more=document.url)

    with http_server(feed=rss(10001)) as web:
        found = visit(
            make_source(location=f"{web.url}/feed"), kind=SourceKind(parse=flood), timeout=60
        )

    assert len(web.requests) == 2
    assert "stopped after 2 pages" in found.report.note


def oai(*records: tuple[int, str], token: str = "") -> bytes:
    made = "".join(
        f"<record><header/><metadata><arXiv xmlns='http://arxiv.org/OAI/arXiv/'><id>2603.{n}</id>"
        f"<created>{created}</created><authors><author><keyname>Lee</keyname><forenames>Ann"
        f"</forenames><suffix>Jr.</suffix></author></authors><title>Paper {n}</title>"
        f"<categories>cs.CL cs.LG</categories><abstract>We do.</abstract></arXiv></metadata></record>"
        for n, created in records
    )
    more = f"<resumptionToken>{token}</resumptionToken>" if token else ""
    space = "http://www.openarchives.org/OAI/2.0/"
    return f"<OAI-PMH xmlns='{space}'><ListRecords>{made}{more}</ListRecords></OAI-PMH>".encode()


def test_where_arxiv_refuses_its_records_are_asked_for_by_date() -> None:
    """Feed and API answer 406: OAI-PMH gives the batch, page by page; the line says each step."""
    pages = {
        "from": oai((99001, "2026-03-17"), (90001, "2025-01-01"), token="next"),
        "resumptionToken": oai((99002, "2026-03-17")),
    }
    records = Page(
        make=lambda path: next(page for name, page in pages.items() if f"{name}=" in path)
    )
    busy = Page(status=406, headers={"Retry-After": "1"})
    with http_server(feed=busy, api=busy, oai=records) as web:
        found = visit(arxiv(web), Health(covered=MONDAY))

    assert [paper.id for paper in found.papers] == ["arxiv:2603.99001", "arxiv:2603.99002"]
    assert found.papers[0].authors == ("Ann Lee Jr.",)
    assert found.papers[0].categories == ("cs.CL", "cs.LG")
    assert (found.report.ok, found.report.covered, found.report.skipped) == (True, TUESDAY, 1)
    assert "asked OAI-PMH instead; asked the service: 2 papers" in found.report.note
    assert "HTTP 406" in found.report.note
    assert len(asked(web, "/api")) == 3  # the wait that it asks for, twice
    assert (
        asked(web, "/oai")[0] | {"set": ["cs:cs:CL"], "from": ["2026-03-17"]}
        == asked(web, "/oai")[0]
    )


def test_a_record_service_that_fails_too_leaves_the_batch_due() -> None:
    """An error of OAI-PMH is told in its words."""
    error = b"<OAI-PMH><error code='badArgument'>No such set</error></OAI-PMH>"
    with http_server(feed=Page(status=404), api=Page(status=404), oai=Page(error)) as web:
        found = visit(arxiv(web), Health(covered=MONDAY))

    assert (found.report.ok, found.report.covered) == (False, None)
    assert "OAI-PMH says: No such set" in found.report.error


def test_no_network_is_one_line() -> None:
    """However many addresses a source has: one cause, and the servers that it concerns."""
    source = make_source(kind="huggingface", location="", api="http://nowhere.invalid/papers")

    error = visit(source).report.error

    assert error.count("cannot connect") == 1
    assert error.startswith("nowhere.invalid: cannot connect (")


@pytest.mark.parametrize(
    ("oldest", "note"),
    [(None, "1 of 2 older than 7 days"), (NOW - 30 * DAY, ""), (NOW, "2 of 2 older than 7 days")],
)
def test_papers_that_are_too_old_are_counted(oldest: dt.datetime | None, note: str) -> None:
    """The source's line says how many of its papers are older than the issue reaches."""
    dates = ("Mon, 16 Mar 2026 08:00:00 GMT", "Mon, 02 Mar 2026 08:00:00 GMT")
    items = "".join(
        f"<item><title>Post {number}</title><link>https://e.example/{number}</link>"
        f"<pubDate>{date}</pubDate></item>"
        for number, date in enumerate(dates)
    )
    feed = Page(f"<rss version='2.0'><channel>{items}</channel></rss>".encode())
    with http_server(feed=feed) as web:
        found = visit(make_source(location=f"{web.url}/feed"), oldest=oldest)

    assert found.report.note == note
