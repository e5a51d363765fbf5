"""A newsletter that runs for years forgets what is old, and nothing that is still needed."""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from makers import (
    NOW,
    TODAY,
    make_edition,
    make_issue,
    make_paper,
    make_pick,
    make_source,
    open_test_database,
    write_newsletter,
)

from newsletter.cli.forgotten import line
from newsletter.config.files import load_config
from newsletter.config.settings import Keeping
from newsletter.day.given import Day
from newsletter.day.keeping import cutoffs, forget
from newsletter.day.planning import Spool
from newsletter.day.pools import window_of
from newsletter.day.results import Forgotten
from newsletter.errors import LedgerError
from newsletter.model import (
    Claim,
    DeliveryState,
    FeedbackKind,
    Origin,
    Outcome,
    Paper,
    Settlement,
    SignUp,
    SourceReport,
)
from newsletter.store import Database, Query
from newsletter.store.clearing import Cleared
from newsletter.store.retention import Gone, Retention
from newsletter.store.shrinking import give_back
from newsletter.store.tables import audiences, blocks, deliveries, editions, papers, sources
from newsletter.store.tallies import _close
from newsletter.world.days import day_of

DAY = dt.timedelta(days=1)
KEEP = Keeping(papers=60, shown=120, editions=30, ledger=60, answers=31, outbox=30)
READERS = ("ada@x.example", "bo@x.example", "cy@x.example")


@dataclass
class Years:
    """A newsletter at a time that tests set, with invented issues."""

    day: Day
    database: Database
    now: dt.datetime = NOW
    sizes: list[int] = field(default_factory=list)
    """Pages of the database's file, after each day."""

    def on(self, number: int) -> dt.date:
        """Go to the morning of a day, counted from 0; return its date."""
        self.now = NOW + number * DAY
        return self.now.date()

    def papers(self, number: int) -> list[Paper]:
        """Return the papers of a day; as in some feeds, the last has no date."""
        date = self.now - 3 * DAY / 24
        made = [make_paper(10 * number + n, published=date) for n in range(7)]
        return [*made[:-1], replace(made[-1], published=None)]

    def issue(self, number: int, *, settled: bool = True) -> None:
        """Collect papers, plan an issue that shows the first three, and send it."""
        date, stores = self.on(number), self.day.stores
        stores.papers.save(self.papers(number), self.now)
        chosen = stores.papers.candidates(window_of(replace(self.day, date=date)))
        shown = [make_pick(paper, also=(chosen[3],)) for paper in chosen[:3]]
        with Spool() as spool:
            for audience in stores.subscribers.audiences():
                spool.add(audience.name, make_edition(html=f"<p>{'words ' * 300}{date}</p>"))
            issue = make_issue(date=date, number=number + 1, papers=len(chosen))
            offered = [paper.id for paper in chosen]
            assert stores.issues.plan(issue, spool, offered, self.now, shown=shown)
        if settled:
            self.send(date)

    def send(self, date: dt.date) -> None:
        """Have all of an issue accepted but the last delivery, which is refused."""
        ledger = self.day.stores.ledger
        until = self.now + DAY
        claimed = ledger.claim(date, owner="me", limit=9, now=self.now, until=until)
        claims = [Claim(delivery=delivery, owner="me") for delivery in claimed]
        ledger.record(claims, [], self.now)
        good = Outcome(state=DeliveryState.ACCEPTED, code=250, reason="250 queued")
        bad = Outcome(state=DeliveryState.FAILED, code=550, reason="550 no", verdict="content")
        outcomes = [*[good] * (len(claims) - 1), bad]
        settled = map(
            lambda claim, outcome: Settlement(claim=claim, outcome=outcome), claims, outcomes
        )
        ledger.record([], list(settled), self.now)

    def forget(self) -> Forgotten:
        return forget(replace(self.day, date=self.now.date()))

    def count(self, table: sa.Table) -> int:
        with self.database.reading() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0

    def pages(self) -> int:
        with self.database.reading() as connection:
            return int(connection.exec_driver_sql("PRAGMA page_count").scalar() or 0)


def _in_a_hurry(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


@pytest.fixture
def years(tmp_path: Path, root: Path) -> Years:
    write_newsletter(tmp_path, root)
    config = replace(load_config(tmp_path / "config", {}), keeping=KEEP)
    database = open_test_database(tmp_path)
    # Nobody pulls the plug here, and to wait for the disk takes most of the time.
    sa.event.listen(database.engine, "connect", _in_a_hurry)
    database.engine.dispose()
    made = Years(day=day_of(config, database), database=database)
    made.day = day_of(config, database, clock=lambda: made.now)
    made.day.stores.subscribers.bring([SignUp(email=name) for name in READERS], Origin.IMPORT, NOW)
    return made


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_after_a_year_nothing_grows_and_nothing_is_repeated(years: Years) -> None:
    """400 days: the database keeps its size, no paper comes twice, and old numbers stay right."""
    stores = years.day.stores
    for number in range(400):
        if number == 5:  # it stays paused for a year
            years.issue(number, settled=False)
        else:
            years.issue(number)
        years.forget()
        years.sizes.append(years.pages())

    assert years.sizes[-1] <= years.sizes[-31]
    assert years.sizes[-1] < 1.1 * years.sizes[150]
    # A paper of the first day comes again, as news: it is none, dated or not.
    again = [replace(paper, published=None) for paper in years.papers(0)]
    assert stores.papers.with_keys([again[0].id]) == ()
    assert stores.papers.save(again, years.now) == 0
    window = window_of(replace(years.day, date=years.now.date()))
    assert not {paper.id for paper in again} & {p.id for p in stores.papers.candidates(window)}
    assert stores.papers.offered(again[0]) == TODAY
    # The issue that was never sent is whole.
    paused = TODAY + 5 * DAY
    assert stores.issues.unfinished(years.now.date()) == (paused,)
    assert stores.ledger.counts(paused)[DeliveryState.PLANNED] == len(READERS)
    (waiting,) = {delivery.edition for delivery in stores.ledger.deliveries(paused)}
    assert stores.issues.edition(paused, waiting).html
    # Numbers of all other issues outlive their rows.
    for date in (TODAY, TODAY + 399 * DAY):
        counts = stores.ledger.counts(date)
        assert (counts[DeliveryState.ACCEPTED], counts[DeliveryState.FAILED]) == (2, 1)
        tally = stores.accounts.tally(date)
        assert (tally.total, tally.states[DeliveryState.FAILED]) == (3, 1)
    assert stores.tallies.failed(TODAY) == {"content": 1}
    assert years.count(deliveries) < 70 * len(READERS)


def test_pages_and_search_hold_as_long_as_issues_are_shown(years: Years) -> None:
    """Papers on an issue's page, and those named beside them, outlive those that are on none."""
    stores = years.day.stores
    years.issue(0)
    shown = stores.picks.of(TODAY)
    years.on(70)
    gone = years.forget()

    assert gone.rows.papers == 3
    assert stores.picks.of(TODAY) == shown
    assert len(stores.search.find(Query(words="language models"), limit=9).papers) == 4
    years.on(125)
    assert years.forget().rows.papers == 4
    assert stores.picks.dates() == ()
    assert stores.search.find(Query(words="language models"), limit=9).total == 0


def test_what_somebody_likes_stays(years: Years) -> None:
    """Papers that a reader liked, saved or did not want teach and are listed for years."""
    stores = years.day.stores
    years.issue(0)
    (ada, bo, _) = [stores.subscribers.find(name) for name in READERS]
    assert ada
    assert bo
    said = years.papers(0)[5]
    stores.feedback.give(ada.id, said.keys, FeedbackKind.SAVE, years.now)
    liked = years.papers(0)[4]
    stores.subscribers.choose(bo.id, "", replace(bo.wishes, likes=(liked.id,)), years.now)

    years.on(130)
    years.forget()

    left = {paper.id for paper in stores.papers.with_keys([p.id for p in years.papers(0)])}
    assert left == {said.id, liked.id}


def test_a_run_that_was_killed_meanwhile_is_finished_by_the_next(
    years: Years, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever that is, the numbers are right, what is left is whole, and the rest goes then."""
    monkeypatch.setattr("newsletter.store.retention.BATCH", 1)
    monkeypatch.setattr("newsletter.store.retention.PAPERS", 2)
    stores = years.day.stores
    for number in range(3):
        years.issue(number)
    years.on(200)
    killed = 0
    for steps in range(200):
        left = iter(range(steps))

        def rest(left: object = left) -> None:
            if next(left, None) is None:  # type: ignore[call-overload]
                raise KeyboardInterrupt

        retention = Retention(years.database, rest)
        years.day = replace(years.day, stores=replace(stores, retention=retention))
        try:
            years.forget()
        except KeyboardInterrupt:
            killed += 1
        else:
            break
        for date in (TODAY, TODAY + DAY):
            assert stores.ledger.counts(date)[DeliveryState.ACCEPTED] == 2
            for _, edition in stores.issues.editions(date):
                assert edition.html
        assert len(stores.papers.known_keys(years.papers(0))) == 7

    assert killed > 5
    for table in (deliveries, audiences, editions, blocks, papers):
        assert years.count(table) == 0, table.name
    assert years.forget() == Forgotten()


def test_a_closed_issue_is_closed(years: Years) -> None:
    """Nothing of it is sent again, so its numbers are for good; before that, it can be."""
    stores = years.day.stores
    years.issue(0)
    years.on(2)
    years.forget()
    assert stores.ledger.reopen(TODAY, [DeliveryState.FAILED], years.now) == 1
    years.on(9)
    years.forget()
    assert not stores.tallies.is_closed(TODAY), "a delivery is open"
    assert stores.issues.unfinished(years.now.date()) == (TODAY,)
    years.send(TODAY)
    years.on(10)
    years.forget()

    assert stores.tallies.is_closed(TODAY)
    with pytest.raises(LedgerError, match="closed"):
        stores.ledger.reopen(TODAY, [DeliveryState.FAILED], years.now)
    stores.ledger.follow_subscribers(TODAY, years.now)
    assert stores.ledger.counts(TODAY)[DeliveryState.FAILED] == 1


def test_an_issue_that_waits_is_never_closed_nor_deleted(years: Years) -> None:
    """However old it is, also where somebody opens it again while it is being closed."""
    stores = years.day.stores
    years.issue(0, settled=False)
    years.on(2_000)
    with years.database.transaction() as connection:
        _close(connection, TODAY)
    assert not years.forget().rows.deliveries

    assert stores.issues.unfinished(years.now.date()) == (TODAY,)
    (edition,) = {delivery.edition for delivery in stores.ledger.deliveries(TODAY)}
    assert stores.issues.edition(TODAY, edition).html
    years.send(TODAY)
    years.on(2_001)
    assert years.forget().rows.deliveries == len(READERS)


def test_files_go_but_not_what_waits(years: Years) -> None:
    """Drafts and copies of mails go; those of an issue that was not sent, and others' files, stay."""
    outbox, public = years.day.folders.outbox.folder, years.day.folders.archive.folder
    for number in range(3):
        years.issue(number, settled=number != 1)
    mine = outbox / str(TODAY) / "notes.ods"
    for date in (TODAY, TODAY + DAY, TODAY + 2 * DAY):
        for path in (
            outbox / str(date),
            outbox / "notices" / "welcome" / str(date),
            public / str(date),
        ):
            (path / "eml").mkdir(parents=True)
            (path / "issue.html").write_text("x" * 100)
            (path / "eml" / "ada@x.example.eml").write_text("x" * 100)
    mine.write_text("mine")
    (outbox / "letters-2020-01-01").mkdir()
    faults = years.day.folders.faults.folder
    faults.mkdir()
    for name in ("old", "new"):
        (faults / f"entry-{name}.txt").write_text("x")
    years.on(40)
    old = years.now - 61 * DAY
    os.utime(faults / "entry-old.txt", (old.timestamp(), old.timestamp()))

    gone = years.forget().files

    assert (gone.files, gone.size) == (11, 1001)
    assert mine.read_text() == "mine"
    assert sorted(path.name for path in outbox.glob("2*")) == [str(TODAY), str(TODAY + DAY)]
    assert len([*(outbox / str(TODAY + DAY)).rglob("*.*")]) == 2
    assert (outbox / "letters-2020-01-01").is_dir()
    assert len([*public.rglob("issue.html")]) == 3
    assert [path.name for path in faults.iterdir()] == ["entry-new.txt"]


def test_figures_stay_that_a_published_page_shows(years: Years) -> None:
    """The archive is kept for ever with its pictures; those that only mails showed go."""
    figures, archive = years.day.folders.figures, years.day.folders.archive
    shown, mailed, fresh = (figures.keep(bytes([n]), "jpg") for n in range(3))
    page = archive.of(TODAY) / "issue.html"
    page.parent.mkdir(parents=True)
    page.write_text(f'<img src="../figures/{shown}">')
    years.on(400)
    for name in (shown, mailed):
        os.utime(figures.folder / name, (NOW.timestamp(), NOW.timestamp()))

    years.forget()

    assert figures.names() == tuple(sorted((shown, fresh)))


def test_answers_and_sources_that_are_gone_are_forgotten(years: Years) -> None:
    """What the program itself remembers stays; so does a source that is set, or after a pause."""
    stores = years.day.stores
    for service in ("crossref", "figure", "keep"):
        stores.facts.save(service, {"x": {"a": 1}}, years.now)
    configured = years.day.config.collecting.sources[0]
    report = SourceReport(source="x", new=1, papers=1)
    for source in (configured, make_source()):
        stores.sources.record(source, report, years.now)
    years.on(100)
    years.forget()
    assert years.count(sources) == 2, "nothing was visited since: it may be a pause"
    stores.sources.record(make_source(name="b", location="https://b.example/f"), report, years.now)
    years.on(101)
    years.forget()

    assert years.count(sources) == 2
    assert stores.sources.remembered()(configured).last_new
    for service, left in (("crossref", {}), ("figure", {}), ("keep", {"x": {"a": 1}})):
        assert stores.facts.known(service, ["x"], NOW - DAY) == left


def test_a_paper_that_may_be_news_is_kept(years: Years) -> None:
    """Whatever `keep` says; and for ever means that nothing goes."""
    today = dt.date(2026, 12, 1)
    assert cutoffs(KEEP, today, 7).papers == today - 60 * DAY
    assert cutoffs(KEEP, today, 300).papers == today - 303 * DAY
    never = Keeping(papers=0, shown=0, seen=0, editions=0, ledger=0, answers=0)
    assert set(vars_of(cutoffs(never, today, 7))) == {None}
    years.day = replace(years.day, config=replace(years.day.config, keeping=never))
    years.issue(0)
    years.on(9_000)
    assert years.forget() == Forgotten()


def vars_of(value: object) -> list[object]:
    return [getattr(value, name) for name in type(value).__slots__]  # type: ignore[attr-defined]


def test_the_file_shrinks_when_much_was_deleted_at_once(years: Years) -> None:
    """And only then: rewriting it keeps others from writing."""
    with years.database.transaction() as connection:
        connection.exec_driver_sql("CREATE TABLE ballast (x BLOB)")
        for _ in range(40):
            connection.exec_driver_sql("INSERT INTO ballast VALUES (zeroblob(100000))")
    assert give_back(years.database, much=1_000_000) == 0
    with years.database.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM ballast")
    before = years.pages()
    assert give_back(years.database) == 0, "it is not worth it"

    assert give_back(years.database, much=1_000_000) > 3_000_000

    assert years.pages() < before / 10
    assert years.day.stores.subscribers.find(READERS[0])


def test_much_that_goes_is_told_in_one_line() -> None:
    """A usual day is not told."""
    usual = Forgotten(rows=Gone(papers=600, deliveries=3), files=Cleared(files=40, size=3_000_000))
    much = Forgotten(rows=Gone(papers=12_345, deliveries=9_000, keys=2), shrunk=80_000_000)

    assert not usual.is_much
    assert much.is_much
    assert Forgotten(files=Cleared(files=1, size=100_000_000)).is_much
    assert line(much) == (
        "deleted what is old (`keep` in newsletter.yaml): 12,345 papers, 9,000 deliveries, 2 other "
        "rows; 80 MB of the disk are free again"
    )
    assert line(usual).endswith(
        "600 papers, 3 deliveries, 40 files; 3 MB of the disk are free again"
    )
