"""What becomes of the papers that sources show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from makers import NOW, make_paper, make_source

from newsletter.collect.services.enrichment import Enriched
from newsletter.day.intake import Intake
from newsletter.errors import StoreError
from newsletter.model import Mention, Paper, Sighting, SourceReport, Visit
from newsletter.store import Database, FactStore, PaperStore, SourceStore, open_database


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return open_database("sqlite:///test.db", tmp_path)


def traces(paper: Paper) -> tuple[str, ...]:
    """Break on one paper, as a fault of ours would."""
    if paper.title == "Odd":
        raise ZeroDivisionError("our own bug")
    return ()


def intake(database: Database) -> Intake:
    return Intake(
        papers=PaperStore(database, traces),
        sources=SourceStore(database),
        facts=FactStore(database),
        now=NOW,
    )


def seen(*papers: Paper, name: str = "test") -> Visit:
    source = make_source(name=name, location=f"https://e.example/{name}")
    report = SourceReport(source=name, papers=len(papers))
    return Visit(source=source, report=report, papers=papers)


def test_a_paper_that_cannot_be_kept_costs_itself(database: Database) -> None:
    """All others of its source are kept, and it is told, with what is known of it."""
    taking = intake(database)
    sound = [make_paper(number) for number in range(5)]

    report = taking.take(seen(*sound[:2], make_paper(9, title="Odd"), *sound[2:]))

    assert {paper.id for paper in taking.papers.last(9)} == {paper.id for paper in sound}
    assert (report.ok, report.faults) == (True, 1)
    assert "1 could not be kept" in report.note
    (fault,) = taking.faults
    assert (fault.border, fault.name) == ("entry", "Odd")
    assert make_paper(9).id.encode() in fault.content
    assert "in traces" in fault.trace


def test_a_source_that_cannot_be_kept_stops_no_other(database: Database) -> None:
    """Its papers are lost for now, and asked for again at the next visit."""
    taking = intake(database)
    broken = seen(make_paper(1), name="broken")
    odd = Visit(source=broken.source, report=broken.report, papers=(None,))  # type: ignore[arg-type]

    told = [taking.take(odd), taking.take(seen(make_paper(2)))]

    assert [report.ok for report in told] == [False, True]
    assert told[0].error.startswith("a fault of this program (AttributeError")
    assert [fault.name for fault in taking.faults] == ["broken"]
    assert [paper.id for paper in taking.papers.last(9)] == [make_paper(2).id]


def test_faults_of_visits_and_services_are_gathered(database: Database) -> None:
    """They stand in one list, wherever they were found."""
    taking = intake(database)
    taking.take(seen(make_paper(9, title="Odd")))
    (first,) = taking.faults
    found = seen(make_paper(1))
    taking.take(
        Visit(source=found.source, report=found.report, papers=found.papers, faults=(first,))
    )
    taking.enrich(Enriched(papers=(make_paper(1, votes=3),), faults=(first,)))

    assert taking.faults == [first] * 3
    assert [paper.votes for paper in taking.papers.last(9)] == [3]


def test_a_discussion_that_cannot_be_kept_costs_itself(database: Database) -> None:
    """The other papers are told of theirs."""
    kept = Intake(
        papers=PaperStore(database),
        sources=SourceStore(database),
        facts=FactStore(database),
        now=NOW,
    )
    kept.take(seen(make_paper(1), make_paper(2, title="Odd")))
    taking = intake(database)
    talk = Sighting(source="hn", seen_at=NOW, url="https://talk.example/1", votes=5)
    taking.mentions = [Mention(keys=make_paper(n).keys, sighting=talk) for n in (1, 2)]

    taking.attach_discussions()

    urls = {paper.title: paper.discussion_url for paper in taking.papers.last(9)}
    assert urls[make_paper(1).title] == "https://talk.example/1"
    assert [fault.name for fault in taking.faults] == ["Odd"]


def test_a_database_that_cannot_be_used_is_no_fault_of_a_paper(database: Database) -> None:
    """The error is about the whole run, and is told as such."""
    taking = intake(database)
    with database.transaction() as connection:
        connection.exec_driver_sql("DROP TABLE paper")

    with pytest.raises(StoreError, match="no such table"):
        taking.take(seen(make_paper(1)))

    assert taking.faults == []


def test_a_key_that_a_server_says_back_is_kept_nowhere(database: Database) -> None:
    """Neither in a source's line nor in a paper: it would be in the database, and in mail."""
    key = "k3y-of-the-operator"
    taking = intake(database)
    taking.redact = lambda text: text.replace(key, "***")
    link = f"https://x.example/?key={key}"
    paper = make_paper(
        1,
        title=f"Echo of {key}",
        authors=(f"{key} et al.", "Ada Byron"),
        url=link,
        pdf_url="https://x.example/1.pdf",
        sightings=(Sighting(source="test", seen_at=NOW, url=link),),
    )
    visit = seen(paper)
    visit = replace(visit, report=replace(visit.report, note=f"HTTP 200 {key}"))

    report = taking.take(visit)

    assert key not in f"{report} {taking.reports} {taking.papers.last(5)}"
    (kept,) = taking.papers.last(5)
    assert (kept.title, kept.authors) == ("Echo of ***", ("*** et al.", "Ada Byron"))
    assert (kept.url, kept.pdf_url) == ("", "https://x.example/1.pdf")
