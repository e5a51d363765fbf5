"""Papers, and the issue each was offered in."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from makers import NOW, TODAY, make_delivery, make_paper, open_test_database, plan

from newsletter.collect.identity.duplicates import merge_papers
from newsletter.collect.identity.likeness import near_keys
from newsletter.model import IssueWindow, Paper, Sighting
from newsletter.store import Database, PaperStore

TOMORROW = TODAY + dt.timedelta(days=1)


def window(date: dt.date = TODAY) -> IssueWindow:
    start = dt.datetime.combine(date, dt.time(), dt.UTC)
    return IssueWindow(
        date=date, until=start + dt.timedelta(days=1), oldest=start - dt.timedelta(days=7)
    )


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return open_test_database(tmp_path)


def save(store: PaperStore, *papers: Paper, now: dt.datetime = NOW) -> int:
    return store.save(merge_papers((*store.known(papers), *papers)), now)


def test_a_paper_comes_back_as_it_was(database: Database) -> None:
    """Every field survives the database."""
    store = PaperStore(database)
    paper = make_paper(
        summary="S", summary_by="X", keywords=("k",), votes=3, code_url="https://c.example"
    )

    assert save(store, paper) == 1
    assert save(store, paper) == 0
    assert store.known([paper]) == (paper,)


def test_each_paper_is_offered_once(database: Database) -> None:
    """After an issue was planned its papers are no candidates for the next one."""
    store = PaperStore(database)
    old, new = make_paper(1), make_paper(2)
    save(store, old)
    plan(database, [make_delivery()], offered=[old.id])
    save(store, new)

    assert [paper.id for paper in store.candidates(window(TOMORROW))] == [new.id]
    assert {paper.id for paper in store.candidates(window())} == {old.id, new.id}


def test_a_paper_sent_under_another_name_is_not_sent_again(database: Database) -> None:
    """When a source joins a sent preprint and a new journal page, the pair counts as sent."""
    store = PaperStore(database)
    preprint, journal = make_paper(keys=("arxiv:1",)), make_paper(keys=("doi:10.1/x",))
    save(store, preprint)
    plan(database, [make_delivery()], offered=["arxiv:1"])
    save(store, journal)
    save(store, make_paper(keys=("arxiv:1", "doi:10.1/x")))

    assert store.candidates(window(TOMORROW)) == ()


def test_a_first_run_does_not_offer_an_archive(database: Database) -> None:
    """Old posts of a blog are known and never news; a paper without a date counts from its sighting."""
    store = PaperStore(database)
    save(
        store,
        make_paper(1, published=NOW - dt.timedelta(days=30)),
        make_paper(2, published=None),
        make_paper(3, published=NOW - dt.timedelta(days=6)),
    )

    assert [paper.id[-1] for paper in store.candidates(window())] == ["2", "3"]


def test_votes_are_refreshed(database: Database) -> None:
    """A later sighting raises the votes of a known paper."""
    store = PaperStore(database)
    save(store, make_paper(votes=1))
    save(store, make_paper(votes=50))

    assert store.candidates(window())[0].votes == 50


def test_two_thousand_papers(database: Database) -> None:
    """More keys than one statement may hold."""
    store = PaperStore(database)

    assert save(store, *(make_paper(number) for number in range(1, 2001))) == 2000
    assert len(store.candidates(window())) == 2000


def test_what_is_seen_after_the_next_issue_is_due_is_not_in_this_one(database: Database) -> None:
    """`--date` of a past day shows what belonged to it, not what came since."""
    store = PaperStore(database)
    save(store, make_paper(1))
    late = Sighting(source="test", seen_at=NOW + dt.timedelta(days=1), url="https://x.example")
    save(store, make_paper(2, sightings=(late,)))

    assert [paper.id[-1] for paper in store.candidates(window())] == ["1"]
    assert [paper.id[-1] for paper in store.candidates(window(TOMORROW))] == ["1", "2"]


def test_a_backlog_is_known_and_never_news(database: Database) -> None:
    """Undated posts of an archive stay out, also when they are seen again."""
    store = PaperStore(database)
    old, new = make_paper(1, published=None), make_paper(2, published=None)

    store.save([old, new], NOW, frozenset({old.id}))
    save(store, old)

    assert [paper.id for paper in store.candidates(window())] == [new.id]
    assert store.known_keys([old]) == set(old.keys)


def test_a_journal_version_is_found_by_its_title_and_never_sent_again(database: Database) -> None:
    """It comes months later, with another spelling: traces find it, comparing makes it one."""
    store = PaperStore(database, near_keys)
    preprint = make_paper(title="Pre-training models on engines of thought")
    journal = make_paper(
        keys=("doi:10.1/x",), title="Pretraining Models on Engines of Thought", published=None
    )
    save(store, preprint)
    plan(database, [make_delivery()], offered=[preprint.id])

    save(store, journal)

    assert store.candidates(window(TOMORROW)) == ()
    assert {paper.id for paper in store.with_keys(["doi:10.1/x"])} == {preprint.id}


def test_what_an_older_version_kept_passes_the_gate(database: Database) -> None:
    """A link, a number or a text that must not be shown is not in the paper that is read."""
    store = PaperStore(database)
    odd = make_paper(
        url="https://evil.example/\ue000email\ue001",
        title="A \u202etitle",
        votes=10**400,
        pdf_url="https://u:p@e.example/ö",
    )
    store.save([odd], NOW)

    (paper,) = store.last(1)

    assert (paper.url, paper.title, paper.votes) == ("", "A title", 0)
    assert paper.pdf_url == "https://e.example/%C3%B6"
