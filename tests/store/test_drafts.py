"""Issues whose single readers get editions that are made when they are sent, on both databases."""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path

import pytest
from makers import NOW, TODAY, make_issue, make_paper, open_test_database

from newsletter.day.planning import Spool
from newsletter.errors import StaleDraftError
from newsletter.model import (
    MADE_WHEN_SENT,
    Cadence,
    Edition,
    KeptDraft,
    Origin,
    SignUp,
    SubscriberState,
    Subscription,
    Wishes,
)
from newsletter.store import Database, IssueStore, SqlLedger, SubscriberStore

DRAFT = KeptDraft(
    made_at=NOW - dt.timedelta(minutes=1),
    papers=(make_paper(1, title="Größe: 一 🦆"), make_paper(2, votes=3)),
    week=(make_paper(3),),
    bad=frozenset({"arxiv:2603.99002"}),
    cadences=frozenset({Cadence.DAILY, Cadence.WEEKDAYS}),
)
WISHES = {
    "shared": Wishes(topics=("agents",)),
    "other": Wishes(topics=("robots",)),
    "ahead": Wishes(words=["snow"]),
    "nothing": Wishes(mute=["snow"]),
    "later": Wishes(likes=("snow",)),
    "weekly": Wishes(likes=("snow",), cadence=Cadence.WEEKLY),
    "work": Wishes(follow=("Ada Byron",), cadence=Cadence.WEEKDAYS),
}
EDITION = Edition(key="agents", subject="s", html_blocks=(0,), text_blocks=(0,), blocks=["x"])


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """Return a database with a reader for each of WISHES, and one more of `later` who is paused."""
    found = open_test_database(tmp_path)
    ids = map("{:020x}".format, itertools.count(1))
    store = SubscriberStore(found, lambda: next(ids))
    people = [SignUp(email=f"{name}@r.example", wishes=wishes) for name, wishes in WISHES.items()]
    paused = SignUp(email="paused@r.example", wishes=WISHES["later"])
    store.bring([*people, paused], Origin.SITE, NOW)
    store.change("paused@r.example", SubscriberState.PAUSED, "site", NOW)
    return found


def plan(database: Database, *, draft: bool, considered: frozenset[str] | None = None) -> bool:
    """Plan an issue with an edition for a topic, and one that was made ahead for one reader."""
    audiences = {kept.email.partition("@")[0]: kept.audience for kept in everybody(database)}
    with Spool() as spool:
        spool.add("agents", EDITION)
        spool.add(audiences["ahead"], EDITION)
        if draft:
            spool.leave(DRAFT, ["agents", "robots", audiences["ahead"], audiences["nothing"]])
        store = IssueStore(database)
        return store.plan(make_issue(), spool, (), NOW, considered=considered)


def everybody(database: Database) -> list[Subscription]:
    return list(SubscriberStore(database, str).all())


def editions(database: Database) -> dict[str, str]:
    found = SqlLedger(database).deliveries(TODAY)
    return {delivery.email.partition("@")[0]: delivery.edition for delivery in found}


def test_single_readers_without_an_edition_are_planned_when_there_is_a_draft(
    database: Database,
) -> None:
    """Not those for whom there is nothing, nor those who want no mail on this day."""
    assert plan(database, draft=True)

    assert editions(database) == {
        "shared": "agents", "ahead": "agents", "later": MADE_WHEN_SENT, "work": MADE_WHEN_SENT,
    }  # fmt: skip


def test_without_a_draft_they_are_not(database: Database) -> None:
    """Whoever has no edition gets no mail."""
    assert plan(database, draft=False)

    assert editions(database) == {"shared": "agents", "ahead": "agents"}
    assert IssueStore(database).draft(TODAY) is None


def test_a_draft_is_kept_as_it_was(database: Database) -> None:
    """With whatever papers hold."""
    plan(database, draft=True)

    assert IssueStore(database).draft(TODAY) == DRAFT
    assert IssueStore(database).draft(TODAY - dt.timedelta(days=1)) is None


def test_only_shared_audiences_make_a_plan_with_a_draft_stale(database: Database) -> None:
    """A single reader who came meanwhile gets an edition made later anyhow."""
    with pytest.raises(StaleDraftError):
        plan(database, draft=False, considered=frozenset({"agents", "robots"}))
    with pytest.raises(StaleDraftError):
        plan(database, draft=True, considered=frozenset({"agents"}))
    assert plan(database, draft=True, considered=frozenset({"agents", "robots"}))


def test_editions_that_are_listed_are_there(database: Database) -> None:
    """An audience that gets nothing has none."""
    plan(database, draft=True)

    store = IssueStore(database)
    assert [edition.key for _, edition in store.editions(TODAY)] == ["agents"]
    assert dict(store.subjects(TODAY)) == {"agents": "s"}


def test_single_readers_are_counted_behind_a_name(database: Database) -> None:
    """Those who get mail on this day, and are not paused."""
    store = SubscriberStore(database, str)
    names = sorted(kept.audience for kept in store.all() if kept.is_personal)

    assert store.count_personal("", frozenset(Cadence)) == 5
    assert store.count_personal("robots", {Cadence.WEEKLY}) == 1
    assert store.count_personal(names[1], frozenset(Cadence)) == 3
    assert store.count_personal(names[-1], frozenset(Cadence)) == 0


def test_readers_by_their_ids(database: Database) -> None:
    """Only those who get mail at this moment."""
    store = SubscriberStore(database, str)
    ids = {kept.email.partition("@")[0]: kept.id for kept in store.all()}

    found = store.with_ids([ids["later"], ids["paused"], ids["shared"], "nobody"])

    assert [kept.email for kept in found] == ["shared@r.example", "later@r.example"]
    assert store.with_ids([]) == ()


def test_how_often_somebody_wants_mail_follows_their_wishes(database: Database) -> None:
    """Plans read it from a column of its own."""
    store = SubscriberStore(database, str)
    person = store.find("later@r.example")
    assert person

    store.choose(person.id, "", Wishes(likes=("snow",), cadence=Cadence.WEEKLY), NOW)

    assert store.count_personal("", {Cadence.WEEKLY}) == 2
