"""Editions of single readers that are made when they are sent, from the draft that was kept.

That they are the same as those made ahead is held by `test_wishes`, which runs both ways.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from worlds import (
    TITLES,
    TOPICS,
    World,
    paged,
    people,
    ran,
    seven_papers,
    shown,
    votes,
    write,
)

from newsletter.day import personal, steps
from newsletter.day.drafts import Draft, kept_draft, make_draft
from newsletter.day.given import Day
from newsletter.day.planning import Spool
from newsletter.day.pools import Pool
from newsletter.day.readers import Readers
from newsletter.day.rendering import render
from newsletter.model import (
    LEFT,
    MADE_WHEN_SENT,
    Delivery,
    DeliveryState,
    Edition,
    Fault,
    Subscriber,
)
from newsletter.render.given import Selection
from newsletter.store import SubscriberStore, open_database
from newsletter.store.tables import drafts, subscribers

DAY = dt.timedelta(days=1)


@pytest.fixture
def world(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A newsletter with seven papers on a Tuesday; no edition of a single reader is made ahead."""
    monkeypatch.setattr("newsletter.day.rendering.AHEAD", 0)
    with seven_papers(tmp_path, root) as found:
        yield found


def planned(world: World) -> None:
    """Collect and plan the issue, and send nothing."""
    world.do(steps.collect)
    world.do(steps.make_issue)


def ledger(world: World) -> dict[str, Delivery]:
    """Return the deliveries of the day by the readers' names."""
    found = world.do(lambda day: day.stores.ledger.deliveries(day.date))
    return {delivery.email.partition("@")[0]: delivery for delivery in found}


def reasons(world: World) -> dict[str, tuple[str, str]]:
    """Return state and reason of each delivery."""
    return {name: (one.state.value, one.reason) for name, one in ledger(world).items()}


def test_only_single_readers_wait_for_their_edition(world: World) -> None:
    """Readers of the same topics share one that is made by whoever plans."""
    people(world, ada={}, bo={"words": ["snow"]}, cy={"likes": ["agents that plan over snow"]})

    planned(world)

    editions = {name: one.edition for name, one in ledger(world).items()}
    assert editions == {"ada": "agents+robots", "bo": MADE_WHEN_SENT, "cy": MADE_WHEN_SENT}


def test_who_has_nothing_in_the_issue_gets_no_mail(world: World) -> None:
    """That is told in the ledger, and everybody is accounted for."""
    people(world, ada={"topics": ["robots"]}, bo={"words": ["sea"], "topics": ["robots"]},
           cy={"topics": ["robots"], "mute": ["robots"]})  # fmt: skip

    done = ran(world, world.now)

    assert reasons(world)["cy"] == ("cancelled", personal.NOTHING)
    assert set(world.mails()) == {"ada", "bo"}
    assert done.counts[DeliveryState.ACCEPTED] == 2
    assert done.counts[DeliveryState.CANCELLED] == 1


def test_a_mail_has_the_papers_of_the_plan(world: World) -> None:
    """Whatever is collected between the plan and the mail belongs to the next issue."""
    people(world, bo={"words": ["sea", "violins"]})
    planned(world)
    world.web.pages["/feed"] = paged(*TITLES, "Violins of the sea")
    world.do(steps.collect)

    world.do(steps.send)

    assert "Agents of the sea" in shown(world, "bo")
    assert "Violins of the sea" not in shown(world, "bo")
    assert "Violins of the sea" in [p.title for p in world.do(lambda day: make_draft(day).papers)]


def test_a_mail_has_what_its_reader_wants_when_it_is_sent(world: World) -> None:
    """Their wishes of that moment count, with the papers of the plan."""
    people(world, bo={"words": ["sea"], "topics": ["robots"]}, cy={"words": ["snow"]})
    planned(world)
    people(world, bo={"words": ["chemists"], "topics": ["robots"]})

    world.do(steps.send)

    assert shown(world, "bo") == ["Agents with tools for chemists", "Robots that walk by night"]
    assert reasons(world)["cy"] == ("cancelled", LEFT)


def test_a_subscription_that_cannot_be_understood_costs_nobody_else_their_mail(
    world: World,
) -> None:
    """Its topics have gone from topics.yaml after the plan."""
    people(world, bo={"words": ["sea"], "topics": ["robots"]}, cy={"words": ["snow"]})
    planned(world)
    write(world, "topics", TOPICS.partition("  - {name: robots")[0])
    people(world, cy={"words": ["snow"]})
    with_gone = "UPDATE subscriber SET state = 'active' WHERE email = 'bo@readers.example'"
    sql(world, with_gone)

    world.do(steps.send)

    assert reasons(world)["bo"][0] == "cancelled"
    assert "Agents that plan over snow" in shown(world, "cy")


def sql(world: World, text: str) -> None:
    with (
        open_database("sqlite:///outbox/newsletter.db", world.folder) as database,
        database.transaction() as connection,
    ):
        connection.execute(sa.text(text))


def test_a_draft_that_is_gone_is_told(world: World) -> None:
    """Its readers get nothing; those of shared editions do."""
    people(world, ada={}, bo={"words": ["sea"]})
    planned(world)
    sql(world, str(drafts.delete()))

    world.do(steps.send)

    assert reasons(world) == {
        "ada": ("accepted", reasons(world)["ada"][1]),
        "bo": ("cancelled", personal.GONE),
    }


def test_a_fault_costs_one_reader_their_mail(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where it is only met when many are made together."""
    people(world, bo={"words": ["sea"]}, cy={"words": ["snow"]}, di={"words": ["chemists"]})
    planned(world)
    together = personal._together

    def broken(draft: Draft, readers: list[Readers]) -> dict[str, personal.Made]:
        if any(reader.first.email.startswith("cy@") for reader in readers):
            raise ValueError("a fault of ours")
        return together(draft, readers)

    monkeypatch.setattr(personal, "_together", broken)

    world.do(steps.send)

    assert set(world.mails()) == {"bo", "di"}
    state, why = reasons(world)["cy"]
    assert state == "failed"
    assert "a fault of ours" in why


def test_a_fault_is_not_remembered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What went wrong once for a reader may be right the next time."""
    people(world, bo={"words": ["sea"]}, cy={"words": ["snow"]})
    planned(world)
    editions, fails = personal.PersonalEditions(), [True]
    select = Pool.select

    def failing(pool: Pool, reader: Subscriber, *given: object) -> Selection:
        if fails and reader.email.startswith("bo@"):
            raise ValueError("a fault of ours")
        return select(pool, reader, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(Pool, "select", failing)
    ids = {name: one.subscriber for name, one in ledger(world).items()}

    def twice(day: Day) -> list[dict[str, personal.Made]]:
        issue = day.stores.issues.get(day.date)
        assert issue
        first = editions.make(day, issue, list(ids.values()))
        fails.clear()
        return [first, editions.make(day, issue, list(ids.values()))]

    first, second = world.do(twice)

    assert isinstance(first[ids["bo"]], Fault)
    assert isinstance(first[ids["cy"]], Edition)
    assert all(isinstance(made, Edition) for made in second.values())


def test_a_template_that_breaks_after_the_plan_holds_up_single_readers_alone(world: World) -> None:
    """They get their mail once it is mended."""
    people(world, ada={}, bo={"words": ["sea"]}, cy={"words": ["snow"]})
    planned(world)
    broken = world.folder / "templates" / "issue.txt"
    broken.parent.mkdir(exist_ok=True)
    broken.write_text("{% if %}", "utf-8")

    sent = world.do(steps.send)

    assert set(world.mails()) == {"ada"}
    assert len(sent.faults) == 1
    assert "issue.txt" in str(sent.faults[0])
    assert {reasons(world)[name][0] for name in ("bo", "cy")} == {"deferred"}

    broken.unlink()
    world.now += dt.timedelta(minutes=10)
    world.do(steps.send)

    assert set(world.mails()) == {"ada", "bo", "cy"}
    assert len(world.mail.messages) == 3


def test_a_draft_that_cannot_be_read_holds_up_single_readers_alone(world: World) -> None:
    """As when a disk has spoilt it; however many they are, the issue is not paused."""
    shared: dict[str, dict[str, object]] = {f"s{n}": {} for n in range(30)}
    people(world, **shared, **{f"r{n}": {"words": ["sea"]} for n in range(30)})
    planned(world)
    sql(world, "UPDATE draft SET content = x'00ff'")

    world.do(steps.send)

    assert set(world.mails()) == set(shared)
    assert {reasons(world)[f"r{n}"][0] for n in range(30)} == {"deferred"}


def test_a_draft_is_made_ready_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """And again when the settings have changed."""
    people(world, **{f"r{n}": {"words": ["sea"]} for n in range(60)})
    planned(world)
    ready: list[dt.date] = []

    def counted(day: Day, *given: object) -> Draft:
        ready.append(day.date)
        return kept_draft(day, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(personal, "kept_draft", counted)
    editions = personal.PersonalEditions()
    wanted = [delivery.subscriber for delivery in ledger(world).values()]

    def twice(day: Day) -> None:
        issue = day.stores.issues.get(day.date)
        assert issue
        for some in (wanted[:30], wanted[30:]):
            assert len(editions.make(day, issue, some)) == 30

    world.do(twice)
    assert len(ready) == 1
    world.do(twice)  # a day with settings that were read again
    assert len(ready) == 2
    ready.clear()
    world.do(steps.send)
    assert len(ready) == 1
    assert len(world.mails()) == 60


def test_on_a_day_without_papers_nobody_is_planned(world: World) -> None:
    """There is nothing that could be found for single readers either."""
    people(world, bo={"words": ["sea"]})
    world.web.pages |= {"/feed": paged(), "/votes": votes()}

    done = ran(world, world.now)

    assert not done.counts
    assert world.do(lambda day: day.stores.issues.dates()) == ()


def test_weekly_readers_get_the_week_on_a_day_without_papers(world: World) -> None:
    """Those who have an edition alone do, as those do who share one."""
    people(world, daily={}, week={"cadence": "weekly"},
           own={"cadence": "weekly", "words": ["sea"]})  # fmt: skip
    ran(world, world.now)
    world.web.pages |= {"/feed": paged(), "/votes": votes()}

    ran(world, world.now + 3 * DAY)  # a Friday

    assert set(world.mails()) == {"week", "own"}


def test_a_weekly_mail_has_the_week_of_the_plan(world: World) -> None:
    """Whatever becomes of its papers in the store before the mail leaves."""
    people(world, own={"cadence": "weekly", "words": ["sea"]}, daily={})
    ran(world, world.now)
    world.web.pages |= {"/feed": paged("Agents of Friday", start=99301), "/votes": votes()}
    world.now += 3 * DAY
    world.mail.messages.clear()
    planned(world)
    sql(world, "UPDATE paper SET offered = '2026-01-01' WHERE data NOT LIKE '%Friday%'")

    world.do(steps.send)

    assert "Agents of the sea" in shown(world, "own")
    assert "Agents of Friday" in shown(world, "own")


def test_who_comes_while_an_issue_is_made_gets_it(world: World) -> None:
    """A plan needs not be made again for a single reader."""
    people(world, ada={}, bo={"words": ["sea"]})
    world.do(steps.collect)
    late = {"id": "'ffff'", "email": "'xbo@x'", "address": "'xbo@x'", "audience": "'~ffff'"}
    names = subscribers.columns.keys()
    values = ", ".join(late.get(name, name) for name in names)
    another = f"INSERT INTO subscriber SELECT {values} FROM subscriber WHERE email LIKE 'bo%'"

    def plan(day: Day) -> None:
        with Spool() as spool:
            rendered = render(day, spool=spool)
            sql(world, another)
            steps.plan(day, rendered, spool)

    world.do(plan)
    world.do(steps.send)

    assert set(world.mails()) == {"ada", "bo", "xbo"}


def test_a_few_are_made_ahead(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who gets nothing is known of these before."""
    monkeypatch.setattr("newsletter.day.rendering.AHEAD", 2)
    monkeypatch.setattr(SubscriberStore.personal, "__defaults__", (1,))
    people(world, **{f"r{n}": {"topics": ["robots"], "words": ["sea"]} for n in range(4)},
           no={"topics": ["robots"], "mute": ["robots"]})  # fmt: skip
    planned(world)
    found = ledger(world)
    ahead = [name for name, one in found.items() if one.edition != MADE_WHEN_SENT]

    world.do(steps.send)

    assert len(ahead) + ("no" not in found) == 2
    assert set(world.mails()) == {"r0", "r1", "r2", "r3"}
