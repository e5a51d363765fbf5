"""Every source at once."""

from __future__ import annotations

import datetime as dt
import ipaddress
from pathlib import Path

import pytest
from makers import NOW, make_document, make_source, run
from servers import Page, http_server

from newsletter.collect.http.fetcher import Fetcher
from newsletter.collect.identity.duplicates import merge_papers
from newsletter.collect.kinds.table import KINDS
from newsletter.collect.papers import collect_papers
from newsletter.collect.reader import DocumentReader
from newsletter.errors import SourceError
from newsletter.model import Health, Paper, Source, Visit

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")

RSS = b"""<rss version="2.0"><channel><title>x</title><item><title>A paper</title>
<link>https://arxiv.org/abs/2603.99001v1</link></item></channel></rss>"""
DAILY = b'[{"paper": {"id": "2603.99001", "title": "A paper", "upvotes": 5}}]'


async def collect(sources: list[Source], **health: Health) -> list[Visit]:
    """Visit the sources; `health` is what is remembered of each, by name."""
    async with (
        Fetcher(user_agent="test", timeout=5, backoff=0.01, private_networks=[LOOPBACK]) as fetcher,
        DocumentReader() as reader,
    ):
        visits = collect_papers(
            sources,
            fetcher,
            reader,
            lambda papers: papers,
            remembered=lambda source: health.get(source.name, Health()),
            now=NOW,
            max_age=dt.timedelta(days=7),
        )
        return [visit async for visit in visits]


def merged(visits: list[Visit]) -> tuple[Paper, ...]:
    return merge_papers(paper for visit in visits for paper in visit.papers)


def test_a_failing_source_costs_only_its_own_papers() -> None:
    """Two sources that work give one merged paper; the failing one gives a line."""
    with http_server(rss=Page(RSS), daily=Page(DAILY), broken=Page(status=503)) as web:
        found = run(
            collect(
                [
                    make_source(name="rss", location=f"{web.url}/rss"),
                    make_source(name="broken", location=f"{web.url}/broken"),
                    make_source(name="daily", kind="huggingface", location=f"{web.url}/daily"),
                ]
            )
        )

    (paper,) = merged(found)
    assert paper.votes == 5
    assert {seen.source for seen in paper.sightings} == {"rss", "daily"}
    assert [visit.report.ok for visit in found] == [True, False, True]
    assert "HTTP 503" in found[1].report.error


def test_one_bad_file_of_a_folder_is_a_note(tmp_path: Path) -> None:
    """A folder with a good and a bad file gives the good one's papers and says what was bad."""
    (tmp_path / "good.xml").write_bytes(RSS)
    (tmp_path / "bad.xml").write_bytes(b"nothing")

    (found,) = run(collect([make_source(location=str(tmp_path))]))

    assert found.report.ok
    assert found.report.papers == 1
    assert "bad.xml" in found.report.note


def _kind(path: Path) -> str:
    if path.name.startswith("api-"):
        return "huggingface"
    return "arxiv" if "arxiv" in path.parts else "feed"


@pytest.mark.data
@pytest.mark.parametrize("folder", ["feeds", "arxiv", "huggingface", "blogs", "other-apis"])
def test_every_real_document_gives_papers_or_a_reason(data: Path, folder: str) -> None:
    """No traceback, no mark-up in titles, no mojibake, over every real document there is."""
    documents = [path for path in (data / folder).rglob("*") if path.is_file()]
    gave = 0
    for path in documents:
        source = make_source(kind=_kind(path))
        try:
            parsed = KINDS[source.kind].parse(
                make_document(path.read_bytes(), path.as_uri()), source, NOW
            )
        except SourceError as error:
            assert str(error).strip(), path
            assert "\n" not in str(error), path
            continue
        assert parsed.papers or parsed.note or parsed.skipped or b"<" in path.read_bytes(), path
        gave += bool(parsed.papers)
        for paper in parsed.papers:
            assert paper.title, path
            # feedparser's own corpus tests markup as text: its titles are meant to hold some.
            if "feedparser" not in path.parts and "gofeed" not in path.parts:
                assert not _dirty(paper.title), (path, paper.title)
            assert not any("Ã" in name or "â€" in name for name in paper.authors), path

    assert documents
    assert gave > 0 or folder == "other-apis"


def _dirty(title: str) -> bool:
    return any(mark in title for mark in ("&lt;", "&amp;", "&#", "</", "\\", "{", "â€", "Ã©"))


@pytest.mark.data
def test_papers_of_several_real_sources_meet(data: Path) -> None:
    """The public RSS of the Daily Papers and its snapshots of other days agree on identity."""
    days = sorted((data / "huggingface" / "feed").glob("*.xml"))[:40]
    found = run(collect([make_source(name=day.name, location=str(day)) for day in days]))
    seen = sum(visit.report.papers for visit in found)
    papers = merged(found)

    assert len(papers) < seen
    assert all(paper.id.startswith("arxiv:") for paper in papers)
    assert len({paper.url for paper in papers}) == len(papers)
    assert all(
        paper.published is None or paper.published < NOW + dt.timedelta(365) for paper in papers
    )


def test_what_is_remembered_of_one_source_stops_no_other() -> None:
    """A fault before the first question is that source's, as any later one is."""

    async def work(url: str) -> list[Visit]:
        sources = [make_source(name=name, location=f"{url}/{name}") for name in ("odd", "rss")]

        def remembered(source: Source) -> Health:
            if source.name == "odd":
                raise ZeroDivisionError("our own bug")
            return Health()

        async with (
            Fetcher(user_agent="test", timeout=5, private_networks=[LOOPBACK]) as fetcher,
            DocumentReader() as reader,
        ):
            visits = collect_papers(
                sources,
                fetcher,
                reader,
                lambda papers: papers,
                remembered=remembered,
                now=NOW,
                max_age=dt.timedelta(days=7),
            )
            return [visit async for visit in visits]

    with http_server(rss=Page(RSS), odd=Page(RSS)) as web:
        odd, sound = run(work(web.url))

    assert "ZeroDivisionError" in odd.report.error
    assert [fault.name for fault in odd.faults] == ["odd"]
    assert len(sound.papers) == 1


def test_sources_of_one_name_are_told_apart() -> None:
    """By their addresses, as far as those may be told."""
    with http_server(rss=Page(RSS)) as web:
        outlines = "".join(
            f'<outline text="a" xmlUrl="{web.url}/rss?key=s3cret{number}"/>' for number in range(3)
        )
        opml = Page(f"<opml><body>{outlines}</body></opml>".encode())
        with http_server(list=opml) as lists:
            source = make_source(name="list", kind="opml", location=f"{lists.url}/list")
            found = run(collect([source]))

    names = [visit.source.name for visit in found]
    assert len(set(names)) == 4
    assert "s3cret" not in "".join(names)
