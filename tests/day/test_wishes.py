"""What readers choose, from the list or the store to the mailbox: hour, cadence, length, feedback."""

from __future__ import annotations

import datetime as dt
import json
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from makers import NOW
from worlds import (
    SITELESS,
    TITLES,
    World,
    body,
    paged,
    people,
    ran,
    seven_papers,
    shown,
    votes,
    write,
)  # fmt: skip

from newsletter.cli import account
from newsletter.cli.endings import exit_status
from newsletter.day import steps
from newsletter.day.drafts import Draft, make_draft
from newsletter.day.explaining import explain
from newsletter.day.given import Day
from newsletter.day.readers import as_reader, curious
from newsletter.model import (
    ANY_HOUR,
    DeliveryState,
    Feedback,
    FeedbackKind,
    Pick,
    SubscriberState,
)
from newsletter.render.locales import long_date
from newsletter.store import FeedbackStore, PickStore, open_database
from newsletter.store.database import Database

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
# NOW is Tuesday, 17 March 2026, at 06:30 UTC.
FRIDAY, SATURDAY = NOW + 3 * DAY, NOW + 4 * DAY


@pytest.fixture(params=[1_000, 0], ids=["ahead", "when sent"])
def world(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[World]:
    """A newsletter without a site, and seven papers on a Tuesday.

    Mails of single readers are made ahead, or when they are sent: they must be the same.
    """
    monkeypatch.setattr("newsletter.day.rendering.AHEAD", request.param)
    with seven_papers(tmp_path, root) as found:
        yield found


# --- Hours --------------------------------------------------------------------------------------


def test_mail_comes_at_the_hour_that_a_reader_chose(world: World) -> None:
    """A run each hour sends what is due then, each mail once; the others wait, and that is told."""
    people(
        world,
        any={},
        six={"hour": 6},
        eight={"hour": 8},
        tokyo={"hour": 18, "timezone": "Asia/Tokyo"},
        early={"hour": 5},
    )

    first = ran(world, NOW)
    at_once = set(world.mails())
    due = {}
    later = first
    for hours in range(1, 24):
        later = ran(world, NOW + hours * HOUR)
        due.update(dict.fromkeys(world.mails(), hours))

    assert at_once == {"any", "six"}
    assert due == {"eight": 2, "tokyo": 3, "early": 23}
    assert (first.later.count, first.later.first) == (3, NOW.replace(hour=8, minute=0))
    assert exit_status(first) == exit_status(later) == 0
    assert account.ran_line(first) == (
        "2026-03-17: 2 sent now, 2 of 5 accepted, 3 wait for the hour that their readers chose, the "
        "next at 2026-03-17 08:00 UTC"
    )
    assert later.counts[DeliveryState.ACCEPTED] == 5
    assert later.later.count == 0


def test_an_issue_waits_for_hours_beside_the_next_one(world: World) -> None:
    """The next day's run sends both; what waits only for its hour is no unfinished business."""
    people(world, any={}, late={"hour": 5, "timezone": "America/New_York"})
    ran(world, NOW + 4 * HOUR)  # 06:30 in New York
    world.web.pages["/feed"] = paged("Agents of the next day", start=99101, day=NOW + DAY)
    world.web.pages["/votes"] = votes()

    second = ran(world, NOW + DAY)
    both = set(world.mails())
    third = ran(world, NOW + DAY + 3 * HOUR)

    assert both == {"any"}
    assert (second.unfinished, second.earlier.count) == ((), 1)
    assert second.later.first == second.earlier.first == (NOW + DAY).replace(hour=9, minute=0)
    assert exit_status(second) == 0
    assert len(world.mail.messages) == 2
    assert (third.unfinished, third.earlier.count, third.later.count) == ((), 0, 0)


def test_who_leaves_before_their_hour_gets_nothing(world: World) -> None:
    """By a link, or from the list, between two runs."""
    people(world, any={}, ada={"hour": 9}, bo={"hour": 9}, cy={"hour": 9})
    ran(world, NOW)
    people(world, any={}, ada={"hour": 9}, bo={"hour": 9})
    world.do(
        lambda day: day.stores.subscribers.change(
            "bo@readers.example", SubscriberState.LEFT, "link", NOW
        )
    )

    later = ran(world, NOW + 3 * HOUR)

    assert set(world.mails()) == {"ada"}
    assert later.counts[DeliveryState.CANCELLED] == 2


def test_who_chooses_no_hour_has_none(world: World) -> None:
    """An hour of the list that is taken back counts from the next issue on."""
    people(world, ada={"hour": 0})
    assert world.do(lambda day: kept(day, "ada").wishes.hour) == 0
    people(world, ada={})
    assert world.do(lambda day: kept(day, "ada").wishes.hour) == ANY_HOUR

    ran(world, NOW)

    assert set(world.mails()) == {"ada"}


# --- Cadence ------------------------------------------------------------------------------------


def days_of_mail(world: World, first: dt.datetime, count: int) -> dict[str, list[str]]:
    """Run on some days, each with a new paper on agents; return on which days each got mail."""
    got: dict[str, list[str]] = {}
    for number in range(count):
        day = first + number * DAY
        title = f"Agents of {day:%A %d}"
        world.web.pages["/feed"] = paged(title, start=99200 + day.day, day=day)
        world.web.pages["/votes"] = votes()
        done = ran(world, day)
        assert exit_status(done) == 0
        for name in world.mails():
            got.setdefault(name, []).append(f"{day:%a}")
    return got


def test_weekdays_and_weekly_readers_get_mail_on_their_days(world: World) -> None:
    """Eight days from a Tuesday on: no mail on the weekend, or on one day of the week only."""
    people(
        world, daily={}, work={"cadence": "weekdays"}, week={"cadence": "weekly"},
        own={"cadence": "weekly", "words": ["agents"]},
    )  # fmt: skip

    got = days_of_mail(world, NOW, 8)

    assert got == {
        "daily": ["Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Mon", "Tue"],
        "work": ["Tue", "Wed", "Thu", "Fri", "Mon", "Tue"],
        "week": ["Fri"],
        "own": ["Fri"],
    }


def test_the_weekly_mail_has_the_best_of_the_week(world: World) -> None:
    """Papers of the issues of seven days and of the day itself; a range of days; no paper twice."""
    people(world, daily={}, week={"cadence": "weekly"}, own={"cadence": "weekly", "words": ["sea"]})

    days_of_mail(world, NOW - 3 * DAY, 7)  # from Saturday to Friday
    first = world.mails()
    weekly = shown(world, "week")
    assert shown(world, "daily") == ["Agents of Friday 20"]
    days_of_mail(world, NOW + 4 * DAY, 7)
    second = shown(world, "week")

    assert {title.rpartition(" ")[2] for title in weekly} == {str(day) for day in range(14, 21)}
    assert long_date(FRIDAY.date(), "en", 7) in body(first["week"], "plain")
    assert long_date(FRIDAY.date(), "en", 7) in body(first["own"], "plain")
    assert "7 papers picked for you, out of 7 new this week." in body(first["week"], "plain")
    assert "PAPER OF THE WEEK" in body(first["week"], "plain")
    assert "Friday, March 20, 2026" in body(first["daily"], "plain")
    assert {title.rpartition(" ")[2] for title in second} == {str(day) for day in range(21, 28)}


def test_the_footer_names_own_words_too(world: World) -> None:
    """In both parts, beside the topics, for whom they make a section."""
    people(world, own={"topics": ["agents"], "words": ["sea"]}, plain={"topics": ["agents"]})

    days_of_mail(world, NOW, 1)
    mails = world.mails()

    for kind in ("plain", "html"):
        own, plain = (" ".join(body(mails[name], kind).split()) for name in ("own", "plain"))
        assert "with these topics: Agents, Your own words." in own
        assert "with these topics: Agents." in plain


def test_a_letter_for_weekly_readers_alone_needs_no_issue_on_other_days(world: World) -> None:
    """Without a site nothing is planned, and the papers wait for the weekly day."""
    people(world, week={"cadence": "weekly"})

    assert days_of_mail(world, NOW, 4) == {"week": ["Fri"]}

    assert world.do(lambda day: day.stores.issues.dates()) == (FRIDAY.date(),)
    assert len(shown(world, "week")) == 4


def test_the_weekly_day_is_a_setting(world: World) -> None:
    """`schedule.weekly` names it."""
    more = "schedule: {weekly: wed}"
    write(world, "newsletter", SITELESS.format(port=world.mail.port, more=more))
    people(world, week={"cadence": "weekly"})

    assert days_of_mail(world, NOW, 4) == {"week": ["Wed"]}


def test_in_a_weekly_digest_cadence_changes_nothing(world: World) -> None:
    """Everybody gets the one issue of the week, the same edition, also on a Saturday."""
    more = "digest: weekly\nschedule: {days: [sat]}"
    write(world, "newsletter", SITELESS.format(port=world.mail.port, more=more))
    people(world, daily={}, work={"cadence": "weekdays"}, week={"cadence": "weekly"})
    world.web.pages["/feed"] = paged(*TITLES, day=SATURDAY)

    done = ran(world, SATURDAY)

    assert set(world.mails()) == {"daily", "work", "week"}
    assert done.rendered
    assert [edition.key for edition in done.rendered.contents] == ["agents+robots"]


# --- Length -------------------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", [{}, {"mute": ["dragons"]}])
def test_a_short_mail_has_the_best_five_as_titles_with_a_sentence(
    world: World, wanted: dict[str, object]
) -> None:
    """The lead first; no abstract, no reasons; whether or not the edition is for one reader."""
    people(world, full={}, short={"length": "short", **wanted})
    page = world.web.pages["/feed"]
    more = b"think of. We propose a fast engine for all of the hard work at sea. Costs fall by 90%."
    page.body = page.body.replace(b"think of.", more)

    ran(world, NOW)
    full, short = shown(world, "full"), shown(world, "short")
    text = body(world.mails()["short"], "plain")

    best = [
        "Agents of the sea", "Agents for written proofs", "Agents at games", "Agents on long talks",
        "Agents with tools for chemists",
    ]  # fmt: skip
    assert len(full) == 7
    assert short == best
    assert "We propose a fast engine" in text
    assert "Why:" not in text
    assert text.count("https://") < body(world.mails()["full"], "plain").count("https://")
    assert "Costs fall by 90%" in body(world.mails()["full"], "html")
    assert "Costs fall by 90%" not in body(world.mails()["short"], "html")
    assert "5 papers picked for you" in text


def test_editions_of_the_same_topics_have_names_of_their_own(world: World) -> None:
    """Daily, weekly and short ones are files beside each other, of one issue."""
    people(
        world, a={}, b={"length": "short"}, c={"cadence": "weekly"},
        d={"cadence": "weekly", "length": "short"}, e={"cadence": "weekdays"},
    )  # fmt: skip
    world.web.pages["/feed"] = paged(*TITLES, day=FRIDAY)

    done = ran(world, FRIDAY)

    assert done.rendered
    keys = {edition.key for edition in done.rendered.contents}
    assert keys == {f"agents+robots{mark}" for mark in ("", ".short", ".weekly", ".weekly.short")}
    folder = world.folder / "outbox" / str(FRIDAY.date())
    assert {path.stem for path in folder.glob("*.html")} == keys
    assert set(json.loads((folder / "papers.json").read_text("utf-8"))["editions"]) == keys
    assert len(world.mail.messages) == 5


# --- Feedback -----------------------------------------------------------------------------------

FIELDS = {
    "agents": "agents plan tools with models act web steps memory".split(),
    "proteins": "proteins fold cells heat enzymes yeast binding amino".split(),
    "robots": "robots walk snow night joints torque gait feet".split(),
    "knots": "knots genus link braid surface crossing torus".split(),
}


MANY = {"agents": 60, "proteins": 50, "robots": 44, "knots": 6}
"""How many papers of each field the store knows: what is everywhere is near to nothing."""


def field_titles(field: str, count: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    return [f"{field} {' '.join(chance.sample(FIELDS[field], 6))} {n}" for n in range(count)]


@pytest.fixture
def learnt(world: World) -> World:
    """A store that knows 160 papers of four fields, and a topic that wants all of them."""
    write(
        world,
        "topics",
        "topics: [{name: all, title: All, match: ['category:*', agents, proteins, robots, knots], limit: 50}]\n",
    )
    known = [
        title
        for n, (field, count) in enumerate(MANY.items())
        for title in field_titles(field, count, n)
    ]
    world.web.pages["/feed"], world.web.pages["/votes"] = paged(*known, start=98001), votes()
    people(world, ada={})
    ran(world, NOW)
    return world


def say(world: World, name: str, paper: str, kind: FeedbackKind) -> None:
    """Give feedback as a page of the site does."""
    database = database_of(world)
    person = world.do(lambda day: kept(day, name))
    FeedbackStore(database).give(person.id, [paper], kind, world.now)


def database_of(world: World) -> Database:
    return open_database("sqlite:///outbox/newsletter.db", world.folder)


def kept(day: Day, name: str) -> Any:
    found = day.stores.subscribers.find(f"{name}@readers.example")
    assert found
    return found


def picks_of(day: Day, name: str) -> tuple[Pick, ...]:
    reader = as_reader(day, kept(day, name))
    assert reader
    (drafted,) = make_draft(day).for_readers([reader])
    return drafted.selection.picks


def test_papers_near_to_what_was_disliked_fall_behind(learnt: World) -> None:
    """Measured on invented papers: those of the disliked field lose, all others keep their order."""
    learnt.now += DAY
    today = [title for n, field in enumerate(FIELDS) for title in field_titles(field, 5, 90 + n)]
    random.Random(1).shuffle(today)
    learnt.web.pages["/feed"] = paged(*today, start=97001, day=learnt.now)
    learnt.do(steps.collect)
    before = learnt.do(lambda day: picks_of(day, "ada"))
    disliked = next(pick.paper for pick in before if pick.paper.title.startswith("knots"))
    say(learnt, "ada", disliked.id, FeedbackKind.LESS)

    after = learnt.do(lambda day: picks_of(day, "ada"))

    def titles(picks: Sequence[Pick], *, near: bool) -> list[str]:
        return [
            pick.paper.title
            for pick in picks
            if pick.paper.title.startswith("knots") is near and pick.paper.id != disliked.id
        ]

    assert len(before) == 20
    assert disliked.id not in {pick.paper.id for pick in after}
    assert titles(after, near=False) == titles(before, near=False)
    assert [pick.paper.title.split()[0] for pick in after[-4:]] == ["knots"] * 4
    was = {pick.paper.id: pick.score.total for pick in before}
    for pick in after:
        near = pick.paper.title.startswith("knots")
        assert (pick.score.total < 0.6 * was[pick.paper.id]) is near
        assert (pick.score.total == was[pick.paper.id]) is not near
        assert sum(part.points for part in pick.score.parts) == pytest.approx(pick.score.total)


def test_a_mail_does_not_say_that_a_reader_likes_what_they_do_not(learnt: World) -> None:
    """Nor does it name what they dislike; the explanation of a paper does."""
    people(learnt, ada={"dislikes": ["knots with a genus and a braid"]})
    learnt.web.pages["/feed"] = paged(
        *field_titles("knots", 2, 90), *field_titles("robots", 2, 91), start=97001, day=NOW + DAY
    )

    ran(learnt, NOW + DAY)
    text = body(learnt.mails()["ada"], "plain")
    learnt.now += DAY
    learnt.web.pages["/feed"] = paged(*field_titles("knots", 1, 92), start=97101, day=NOW + 2 * DAY)
    learnt.do(steps.collect)

    def told(day: Day) -> list[str]:
        reader, draft = as_reader(day, kept(day, "ada")), make_draft(day)
        assert reader
        (found,) = explain(draft, draft.papers[0], reader)
        assert found.pick
        return [part.reason.kind for part in found.pick.score.parts if part.reason]

    assert "you like" not in text
    assert "less of" not in text
    assert "disliked" in learnt.do(told)


def test_feedback_teaches_as_wishes_do(learnt: World) -> None:
    """Papers near to one that a reader wants more of come first, in an edition of the reader's own."""
    learnt.web.pages["/feed"] = paged(
        *field_titles("agents", 4, 93), *field_titles("knots", 4, 94), start=97001, day=NOW + DAY
    )
    learnt.now += DAY
    known = learnt.do(lambda day: day.stores.papers.last(200))
    liked = next(paper for paper in known if paper.title.startswith("knots"))
    say(learnt, "ada", liked.id, FeedbackKind.MORE)

    done = ran(learnt, NOW + DAY)

    assert [title.split()[0] for title in shown(learnt, "ada")[:4]] == ["knots"] * 4
    assert "like what you like" in re.sub(r"\s+", " ", body(learnt.mails()["ada"], "plain"))
    assert done.rendered
    assert done.rendered.readers == 1
    assert learnt.do(lambda day: kept(day, "ada")).is_personal


def test_feedback_that_is_taken_back_counts_no_more(learnt: World) -> None:
    """The reader gets what others get again, and no plan is stale because of them."""
    say(learnt, "ada", "arxiv:2603.98001", FeedbackKind.LESS)
    person = learnt.do(lambda day: kept(day, "ada"))
    store = FeedbackStore(database_of(learnt))
    assert store.of(person.id) == (
        Feedback(paper="arxiv:2603.98001", kind=FeedbackKind.LESS, given_at=NOW),
    )
    store.take_back(person.id, ["arxiv:2603.98001"], FeedbackKind.LESS)
    learnt.web.pages["/feed"] = paged(*field_titles("knots", 2, 90), start=97001, day=NOW + DAY)

    done = ran(learnt, NOW + DAY)

    assert done.rendered
    assert [edition.key for edition in done.rendered.contents] == ["all"]
    assert done.rendered.considered == {"*"}
    assert done.counts[DeliveryState.ACCEPTED] == 1


def test_a_disliked_paper_is_never_shown_again(world: World) -> None:
    """Under any of its keys, as a lead, outside the topics or beside its twin; others see it."""
    people(world, ada={"dislikes": ["https://arxiv.org/abs/2603.99006v1"]}, bo={})
    more = "explore: 3"
    write(world, "newsletter", SITELESS.format(port=world.mail.port, more=more))

    ran(world, NOW)

    assert "Agents of the sea" not in shown(world, "ada")
    assert len(shown(world, "ada")) == 6
    assert shown(world, "bo")[0] == "Agents of the sea"


# --- One recipe ---------------------------------------------------------------------------------


def test_an_explanation_knows_the_day_and_the_length(world: World) -> None:
    """Why a paper is not in a mail that does not come, or that is short, or of who dislikes it."""
    people(
        world, week={"cadence": "weekly"}, short={"length": "short"},
        own={"dislikes": ["arxiv:2603.99001"]},
        mute={"mute": [TITLES[0].split()[-1]]},
    )  # fmt: skip
    world.do(steps.collect)

    def verdicts(day: Day) -> dict[str, str]:
        draft = make_draft(day)
        paper = next(candidate for candidate in draft.papers if candidate.title == TITLES[0])
        return {name: verdict(draft, paper, name) for name in ("week", "short", "own", "mute")}

    def verdict(draft: Draft, paper: Any, name: str) -> str:
        reader = as_reader(draft.day, kept(draft.day, name))
        assert reader
        return next(iter(explain(draft, paper, reader))).verdict

    assert world.do(verdicts) == {
        "week": "not picked: weekly mail, and none on Tuesday",
        "short": "not picked: a short mail has the best 5 papers",
        "own": "not picked: the reader does not like this paper",
        "mute": f"not picked: muted: it has “{TITLES[0].split()[-1]}”",
    }


# --- Pages without readers ----------------------------------------------------------------------


def with_site(world: World) -> None:
    more = "site: https://news.example.org\nsecret: ${SECRET}"
    write(world, "newsletter", SITELESS.format(port=world.mail.port, more=more))


def picked(world: World) -> list[tuple[dt.date, int]]:
    """Return for each issue with picks how many it has."""
    store = PickStore(database_of(world))
    return [(date, len(store.of(date))) for date in store.dates()]


def test_a_site_has_its_issue_even_if_nobody_subscribes(world: World) -> None:
    """Its papers are offered once; nobody gets mail, and that is no problem."""
    with_site(world)
    people(world)

    first = ran(world, NOW)
    again = ran(world, NOW + HOUR)
    world.web.pages["/feed"] = paged(*TITLES, "Agents once more", day=NOW + DAY)
    second = ran(world, NOW + DAY)

    assert world.mail.messages == []
    assert picked(world) == [((NOW + DAY).date(), 1), (NOW.date(), 7)]
    assert [exit_status(done) for done in (first, again, second)] == [0, 0, 0]
    told = "made for the site: nobody gets it by mail"
    assert account.ran_line(first) == account.ran_line(again) == f"2026-03-17: {told}"
    assert (world.folder / "public" / "2026-03-17" / "issue.html").exists()


def test_without_a_site_nothing_is_planned_for_nobody(world: World) -> None:
    """The papers wait for readers."""
    people(world)

    done = ran(world, NOW)

    assert account.ran_line(done).startswith("2026-03-17: nothing to send")
    assert world.do(lambda day: day.stores.issues.dates()) == ()
    assert not (world.folder / "public").exists()


def test_a_site_without_picks_has_no_issue(world: World) -> None:
    """A quiet day is a quiet day."""
    with_site(world)
    people(world)
    world.web.pages["/feed"], world.web.pages["/votes"] = paged("Of cats"), votes()

    done = ran(world, NOW)

    assert account.ran_line(done).startswith("2026-03-17: nothing to send")
    assert picked(world) == []


def test_the_picks_of_the_page_are_kept_with_the_issue(world: World) -> None:
    """In the order of the page, with and without a site; a weekly reader chooses from them."""
    with_site(world)
    people(world, week={"cadence": "weekly"}, ada={"topics": ["robots"]})

    days_of_mail(world, NOW, 4)

    assert picked(world) == [((NOW + n * DAY).date(), 1) for n in (3, 2, 1, 0)]
    assert len(shown(world, "week")) == 4
    assert world.do(lambda day: len(make_draft(day).for_readers([curious(day)]))) == 1


def test_the_chance_of_a_topic_that_likes_is_explained(learnt: World) -> None:
    """How near a paper is, and from where on it counts; of one that is too old, its age."""
    write(
        learnt,
        "topics",
        "topics:\n  - {name: knotty, title: Knotty, like: [knots with a genus and a braid]}\n"
        "  - {name: both, title: Both, match: [zeppelin], like: [knots with a genus and a braid]}\n"
        "  - {name: fresh, title: Fresh, match: [robots, knots], fresh: 1}\n",
    )
    learnt.now += DAY
    titles = (*field_titles("knots", 1, 90), *field_titles("robots", 1, 91))
    learnt.web.pages["/feed"] = paged(*titles, start=97001, day=learnt.now - 2 * DAY)
    learnt.do(steps.collect)

    def told(day: Day) -> dict[str, dict[str, Any]]:
        draft, reader = make_draft(day), curious(day)
        papers = {paper.title: paper for paper in draft.papers}
        return {
            title: {one.topic.name: one for one in explain(draft, papers[title], reader)}
            for title in titles
        }

    near, far = learnt.do(told).values()
    assert near["knotty"].verdict == "picked"
    assert near["knotty"].mark.chance >= near["knotty"].mark.floor
    assert far["knotty"].mark.chance < far["knotty"].mark.floor == 0.1
    said = (
        f"it is not near enough to what the topic likes: a chance of {far['knotty'].mark.chance:.1%} "
        "that it is kept, and `min_chance` asks for 10%"
    )
    assert far["knotty"].verdict == said
    assert far["both"].verdict == f"its filter does not want it; {said}"
    assert far["fresh"].mark is None
    assert far["fresh"].verdict == "it is older than `fresh` allows: 1 d"
