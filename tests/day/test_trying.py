"""What somebody would have got in the last issues, and about which papers to ask them."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from makers import NOW, make_paper, write_newsletter

from newsletter.config.files import load_config
from newsletter.day.drafts import make_draft
from newsletter.day.given import Day
from newsletter.day.titles import papers_like
from newsletter.day.trying import (
    Interest,
    PastDays,
    TriedDay,
    ask_about,
    interest_wishes,
    read_interest,
    try_days,
)
from newsletter.model import Paper, ReasonKind, Sighting, SignUp, Wishes
from newsletter.store import open_database
from newsletter.store.papers import offer
from newsletter.world.days import day_of

FIELDS = {
    "agents": "plan tools act web steps browse memory goals".split(),
    "proteins": "fold cells enzymes yeast amino ligand residue binding".split(),
    "robots": "walk snow night gripper arm torque terrain legs".split(),
    "knots": "genus link braid crossing torus prime invariant surface".split(),
}
TOPICS = """topics:
  - {name: agents, title: Agents, match: [agents], limit: 3}
  - {name: proteins, title: Proteins, match: [proteins], limit: 3}
"""
FIRST = NOW.date() - dt.timedelta(days=7)
DATES = tuple(FIRST + dt.timedelta(days=number) for number in range(7))


def invented(date: dt.date, count: int) -> list[Paper]:
    """Return a day's papers of sixteen fields."""
    found = []
    for number in range(count):
        key = (date - FIRST).days * 70 + number + 20
        chance = random.Random(key)
        name = (*FIELDS, *(f"field{place}" for place in range(12)))[number % 16]
        words = chance.sample(FIELDS.get(name) or [f"{name}{letter}" for letter in "abcdefgh"], 5)
        moment = dt.datetime.combine(date, dt.time(1), dt.UTC)
        found.append(
            make_paper(
                key,
                title=f"On {name} that {' '.join(words[:3])} {key}",
                abstract=f"We study {' and '.join(words)}. "
                + " ".join(f"case{key}{letter}" for letter in "abcdefghijkl"),
                authors=(f"Author {key}",),
                published=moment,
                sightings=(Sighting(source="test", seen_at=moment, url="https://a.example"),),
            )
        )
    return found


def day_with(folder: Path, root: Path, count: int, dates: Sequence[dt.date] = DATES) -> Day:
    """Return a day after issues of so many papers each."""
    write_newsletter(
        folder, root, newsletter="name: x\nfrom: a@letters.example\n", topics=TOPICS, subscribers="{}\n"
    )  # fmt: skip
    config = load_config(folder / "config", {})
    database = open_database("sqlite:///trying.db", folder)
    day = day_of(config, database, date=NOW.date(), clock=lambda: NOW)
    for date in dates:
        papers = invented(date, count)
        day.stores.papers.save(papers, dt.datetime.combine(date, dt.time(1), dt.UTC))
        with database.transaction() as connection:
            offer(connection, [paper.id for paper in papers], date)
    return day


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    root = Path(__file__).parent.parent.parent
    return day_with(tmp_path_factory.mktemp("trying"), root, 64)


@pytest.fixture(scope="module")
def past() -> PastDays:
    return PastDays()


def interest_in(day: Day, text: str) -> Interest:
    return read_interest(
        text,
        topics=day.config.choice.topics,
        papers=day.stores.papers,
        search=day.stores.search,
    )


def shown(tried: Sequence[TriedDay]) -> list[str]:
    return [pick.paper.title for issue in tried for pick in issue.picks]


def test_words_find_their_papers_in_every_issue(day: Day, past: PastDays) -> None:
    """In sections of their own, each with the reason."""
    tried = try_days(day, interest_in(day, "knots"), DATES, past=past)

    assert [issue.date for issue in tried] == list(DATES)
    assert all(issue.of == 64 for issue in tried)
    assert all(issue.own for issue in tried)
    assert all("knots" in pick.paper.title for issue in tried for pick in issue.own)
    reasons = [reason for issue in tried for pick in issue.own for reason in pick.reasons]
    assert {ReasonKind.IN_TITLE, ReasonKind.LIKED} <= {reason.kind for reason in reasons}
    assert any(reason.words for reason in reasons if reason.kind == ReasonKind.LIKED)
    assert all(pick.tldr for issue in tried for pick in issue.picks)
    (untold,) = try_days(day, interest_in(day, "knots"), DATES[:1], past=past, told=False)
    assert [pick.paper.id for pick in untold.picks] == [pick.paper.id for pick in tried[0].picks]
    assert not any(pick.tldr for pick in untold.picks)


def test_a_try_is_what_a_subscriber_would_have_got(day: Day, past: PastDays) -> None:
    """The same picks with the same scores and reasons, from the one recipe."""
    wishes = interest_wishes(interest_in(day, "knots, agents, plan tools on the web"))
    store = day.stores.subscribers
    store.follow([SignUp(email="ada@readers.example", wishes=wishes)], NOW)
    (tried,) = try_days(day, wishes, [NOW.date()], past=past)
    assert (tried.of, tried.said) == (0, "There was no issue on this day.")

    papers = invented(NOW.date(), 64)
    day.stores.papers.save(papers, NOW)
    draft = make_draft(day, papers)
    (got,) = draft.editions()
    with day.stores.papers._database.transaction() as connection:
        offer(connection, [paper.id for paper in papers], NOW.date())
    (tried,) = try_days(day, wishes, [NOW.date()], past=past)

    assert [pick.paper.id for pick in tried.picks] == [
        pick.paper.id for pick in got.selection.picks
    ]
    assert [pick.topic for pick in tried.picks] == [pick.topic for pick in got.selection.picks]
    assert [pick.reasons[0] for pick in tried.picks] == [
        pick.reasons[0] for pick in got.selection.picks
    ]


def test_topics_alone_are_a_try(day: Day, past: PastDays) -> None:
    """And nothing at all is every topic; topics that there are no more count for nothing."""
    some = try_days(day, Wishes(topics=("proteins", "gone")), DATES[:2], past=past)
    everything = try_days(day, Interest(), DATES[:2], past=past)

    assert {pick.topic for issue in some for pick in issue.picks} == {"proteins"}
    assert {pick.topic for issue in everything for pick in issue.picks} == {"agents", "proteins"}


def test_yes_and_no_change_what_comes(day: Day, past: PastDays) -> None:
    """More like one paper, less like another."""
    wishes = Wishes(topics=("agents",), likes=("knots and links",))
    before = try_days(day, wishes, DATES, past=past)
    walkers = [
        paper.id for date in DATES[:3] for paper in invented(date, 64) if "robots" in paper.title
    ][:4]
    knots = [
        pick.paper.id for issue in before for pick in issue.own if "knots" in pick.paper.title
    ][:6]
    after = try_days(day, wishes, DATES, past=past, more=walkers, less=knots)

    def count(tried: Sequence[TriedDay], name: str) -> int:
        return sum(name in title for title in shown(tried))

    assert count(after, "robots") > count(before, "robots")
    assert count(after, "knots") < count(before, "knots")


def test_nothing_found_is_said(day: Day, past: PastDays) -> None:
    """With how many papers there were."""
    nothing = Wishes(topics=("agents",), mute=["agents"])
    (tried,) = try_days(day, nothing, DATES[:1], past=past)

    assert tried.picks == ()
    assert tried.said == "None of the 64 papers of this day is what you asked for."
    assert not try_days(day, Interest(), DATES[:1], past=past)[0].said


def test_the_first_days_of_a_newsletter_can_be_tried(tmp_path: Path, root: Path) -> None:
    """With too few papers to learn from, words still find theirs; without any there is nothing."""
    day = day_with(tmp_path, root, 8, DATES[:2])
    tried = try_days(day, interest_in(day, "knots"), DATES, past=PastDays())

    assert [issue.of for issue in tried] == [8, 8, 0, 0, 0, 0, 0]
    assert all("knots" in pick.paper.title for issue in tried for pick in issue.own)
    assert tried[0].own
    assert ask_about(tried)
    assert try_days(day, interest_in(day, "knots"), (), past=PastDays()) == ()


def test_an_empty_newsletter_can_be_tried(tmp_path: Path, root: Path) -> None:
    """No paper at all, and no issue."""
    day = day_with(tmp_path, root, 0, ())
    tried = try_days(day, interest_in(day, "knots, 2401.00001"), DATES, past=PastDays())

    assert [issue.said for issue in tried] == ["There was no issue on this day."] * 7
    assert ask_about(tried) == ()


def test_drafts_of_past_days_are_made_once(day: Day) -> None:
    """And again only for a day that is new; ten are kept at most."""
    past = PastDays()
    first = past.of(day, DATES)
    again = past.of(day, reversed(DATES))
    fewer = past.of(day, DATES[2:])

    assert again is first
    assert all(fewer.drafts[date] is first.drafts[date] for date in DATES[2:])
    many = [FIRST - dt.timedelta(days=number) for number in range(30)]
    assert len(past.of(day, many).drafts) == 10


def test_threads_may_try_at_the_same_time(day: Day) -> None:
    """All get what each would get alone."""
    past, texts = PastDays(), ["knots", "robots", "agents", "yeast, cells"] * 3
    with ThreadPoolExecutor(4) as pool:
        found = list(
            pool.map(
                lambda text: shown(try_days(day, interest_in(day, text), DATES, past=past)), texts
            )
        )

    assert found[:4] == found[4:8] == found[8:]
    assert len({tuple(some) for some in found}) == 4
    assert found[0] == shown(try_days(day, interest_in(day, "knots"), DATES, past=PastDays()))


def test_a_past_issue_does_not_know_what_came_later(tmp_path: Path, root: Path) -> None:
    """Novelty looks at earlier issues only, and the age of a paper is that of its day."""
    day = day_with(tmp_path, root, 64)
    past = PastDays().of(day, DATES)
    early, late = past.drafts[DATES[0]], past.drafts[DATES[-1]]

    assert early.pool.candidates.now < late.pool.candidates.now < NOW
    new = [
        reason for pick in early.picks for reason in pick.reasons if reason.kind == ReasonKind.NEW
    ]
    assert new


def test_questions_are_near_the_border_and_differ(day: Day, past: PastDays) -> None:
    """Not about what is plain, not twice about the same, and not what was answered already."""
    tried = try_days(day, interest_in(day, "knots that link"), DATES, past=past)
    asked = ask_about(tried, count=5)
    doubts = {doubt.paper.id: doubt.distance for issue in tried for doubt in issue.doubts}

    assert len({paper.id for paper in asked}) == 5
    assert all(doubts[paper.id] < 0.3 for paper in asked)
    assert len({paper.title.split()[1] for paper in asked}) > 1
    said = [paper.id for paper in asked]
    assert not {paper.id for paper in ask_about(tried, said)} & set(said)
    answered = try_days(day, Wishes(likes=("knots",)), DATES, past=past, more=said)
    assert not {doubt.paper.id for issue in answered for doubt in issue.doubts} & set(said)


def test_a_run_after_a_try_is_as_before(day: Day, past: PastDays) -> None:
    """A try plans nothing and changes nothing in the store."""
    before = day.stores.papers.last(1000)
    try_days(day, interest_in(day, "knots"), DATES, past=past)

    assert day.stores.papers.last(1000) == before
    assert day.stores.issues.dates() == ()


def test_papers_like_one_are_of_its_field(day: Day) -> None:
    """The nearest first; neither the paper itself nor another version of it."""
    search = day.stores.search
    paper = invented(DATES[3], 64)[2]
    twin = make_paper(
        7, id="doi:10.1/x", keys=("doi:10.1/x",), title=paper.title, abstract=paper.abstract
    )
    day.stores.papers.save([twin], NOW)

    found = papers_like(search, paper, 6)

    assert len(found) == 6
    assert all("robots" in other.title for other in found)
    assert not {paper.id, twin.id} & {other.id for other in found}
    assert papers_like(search, make_paper(1, title="", abstract="")) == ()
    assert papers_like(search, make_paper(1, title="的", abstract="unheard")) == ()
