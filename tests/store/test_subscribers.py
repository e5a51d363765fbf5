"""Who gets the newsletter: lists that are followed, people who come, pause and go."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from makers import NOW, open_test_database

from newsletter.model import (
    LINK,
    Audience,
    Origin,
    SignUp,
    SubscriberState,
    Subscription,
    Synchronised,
    Wishes,
)
from newsletter.store import (
    Bounce,
    Database,
    Imported,
    SubscriberStore,
    Suppression,
    SuppressionStore,
)

S = SubscriberState
LATER = NOW + dt.timedelta(days=1)
COMMAND = Origin.COMMAND.value


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with open_test_database(tmp_path) as opened:
        yield opened


@pytest.fixture
def store(database: Database) -> SubscriberStore:
    numbers = itertools.count()
    return SubscriberStore(database, lambda: f"{next(numbers):04}")


def who(name: str, *, paused: bool = False, called: str = "", **wishes: object) -> SignUp:
    return SignUp(
        email=f"{name}@readers.example",
        name=called,
        is_paused=paused,
        wishes=Wishes(**wishes),  # type: ignore[arg-type]
    )


def kept(store: SubscriberStore, name: str) -> Subscription:
    found = store.find(f"{name}@readers.example")
    assert found is not None
    return found


def test_a_list_that_is_followed_again_changes_nothing(store: SubscriberStore) -> None:
    """The first time everybody is new, with a time and an origin."""
    people = [who("ada", topics=("a",)), who("bo", paused=True), who("Cy", words=["x"])]

    assert store.follow(people, NOW) == Synchronised(new=3)
    assert store.follow(people, LATER) == Synchronised()
    ada = kept(store, "ADA")
    assert (ada.origin, ada.consent_at, ada.changed_at) == (Origin.YAML, NOW, NOW)
    assert ada.wishes == Wishes(topics=("a",))
    assert {state: count for state, count in store.counts().items() if count} == {
        S.ACTIVE: 2,
        S.PAUSED: 1,
    }


def test_who_changes_keeps_an_id(store: SubscriberStore) -> None:
    """Name, wishes, the way an address is written, and whether an edition is theirs alone."""
    store.follow([who("ada", topics=("a",))], NOW)
    before = kept(store, "ada")

    changed = who("Ada", called="Ada", likes=("x",), timezone="Asia/Tokyo", language="ja")
    assert store.follow([changed], LATER) == Synchronised(changed=1)

    after = kept(store, "ada")
    assert after.id == before.id
    assert (after.email, after.name, after.wishes) == (changed.email, "Ada", changed.wishes)
    assert (after.consent_at, after.changed_at) == (NOW, LATER)
    assert store.audiences() == ()
    assert [subscriber.id for some in store.personal() for subscriber in some] == [before.id]


def test_who_goes_from_the_list_may_come_back(store: SubscriberStore) -> None:
    """As the same subscriber, active or paused as the list says."""
    store.follow([who("ada"), who("bo")], NOW)
    ada = kept(store, "ada")

    assert store.follow([who("bo")], LATER) == Synchronised(gone=1)
    assert kept(store, "ada").state is S.LEFT
    assert store.follow([who("bo"), who("ada", paused=True)], LATER) == Synchronised(back=1)
    assert (kept(store, "ada").id, kept(store, "ada").state) == (ada.id, S.PAUSED)
    assert store.follow([who("bo"), who("ada")], LATER) == Synchronised(changed=1)
    assert kept(store, "ada").state is S.ACTIVE


@pytest.mark.parametrize("by", [LINK, COMMAND])
def test_who_left_otherwise_stays_away(store: SubscriberStore, by: str) -> None:
    """A list that still names somebody, or names them anew, does not bring them back."""
    store.follow([who("ada"), who("bo")], NOW)
    store.change("ada@readers.example", S.LEFT, by, NOW)

    for people in ([who("ada", called="Ada"), who("bo")], [who("bo")], [who("ada"), who("bo")]):
        store.follow(people, LATER)
        assert (kept(store, "ada").state, kept(store, "ada").changed_by) == (S.LEFT, by)
    store.change("ada@readers.example", S.ACTIVE, COMMAND, LATER)
    assert store.follow([who("bo")], LATER) == Synchronised(gone=1)


def test_a_pause_of_ones_own_outlasts_the_list(store: SubscriberStore) -> None:
    """Until its day, or until somebody ends it; a list says only what it began itself."""
    store.follow([who("ada"), who("bo")], NOW)
    store.change("ada@readers.example", S.PAUSED, COMMAND, NOW, until=LATER.date())
    store.change("bo@readers.example", S.PAUSED, COMMAND, NOW)

    assert store.follow([who("ada"), who("bo")], NOW) == Synchronised()
    assert store.end_pauses(NOW.date(), NOW) == 0
    assert store.end_pauses(LATER.date(), LATER) == 1
    assert (kept(store, "ada").state, kept(store, "bo").state) == (S.ACTIVE, S.PAUSED)
    assert kept(store, "ada").paused_until is None


def test_who_came_otherwise_keeps_what_they_chose(store: SubscriberStore) -> None:
    """The list neither changes nor removes them."""
    store.bring([who("ada", called="Ada", topics=("a",))], Origin.SITE, NOW)

    assert store.follow([who("ada", topics=("b",)), who("bo")], LATER) == Synchronised(new=1)
    assert store.follow([], LATER) == Synchronised(gone=1)
    ada = kept(store, "ada")
    assert (ada.name, ada.wishes.topics, ada.state) == ("Ada", ("a",), S.ACTIVE)
    assert ada.origin is Origin.SITE


def test_who_has_not_confirmed_yet_is_confirmed_by_the_list(store: SubscriberStore) -> None:
    """Who runs the newsletter vouches for those in the file."""
    store.bring([who("ada")], Origin.SITE, NOW)
    store.change("ada@readers.example", S.PENDING, "site", NOW)

    store.follow([who("ada", topics=("b",))], LATER)

    ada = kept(store, "ada")
    assert (ada.state, ada.origin, ada.wishes.topics) == (S.ACTIVE, Origin.YAML, ("b",))


def test_an_import_brings_only_who_is_new(database: Database, store: SubscriberStore) -> None:
    """It says who was there, who has left, and who must not be mailed; a trial changes nothing."""
    store.follow([who("ada"), who("bo")], NOW)
    store.change("bo@readers.example", S.LEFT, LINK, NOW)
    bounce = Bounce(
        digest="1", email="cy@readers.example", verdict="complaint", verified=True, evidence=""
    )
    SuppressionStore(database).note([bounce], NOW)
    people = [who("ADA", called="x"), who("bo"), who("cy"), who("di", paused=True)]
    bo, cy = ("bo@readers.example",), ("cy@readers.example",)
    expected = Imported(
        new=2, paused=1, known=1, left=1, suppressed=1, named={"left": bo, "suppressed": cy}
    )

    assert store.bring(people, Origin.IMPORT, NOW, keep=False) == expected
    assert store.find("di@readers.example") is None
    assert store.bring(people, Origin.IMPORT, NOW) == expected
    assert kept(store, "ada").name == ""
    assert (kept(store, "di").state, kept(store, "di").origin) == (S.PAUSED, Origin.IMPORT)
    assert store.bring(people, Origin.IMPORT, NOW) == Imported(known=3, left=1, named={"left": bo})


def test_a_long_import_is_brought_as_a_whole(database: Database, store: SubscriberStore) -> None:
    """While it is read, others write; when it breaks off, nothing of it is there."""

    def broken() -> Iterator[SignUp]:
        for number in range(1_500):
            yield who(f"r{number}")
        SuppressionStore(database).note(
            [
                Bounce(
                    digest="1", email="x@r.example", verdict="complaint", verified=True, evidence=""
                )
            ],
            NOW,
        )
        raise ValueError("the list is cut off")

    with pytest.raises(ValueError, match="cut off"):
        store.bring(broken(), Origin.IMPORT, NOW)
    assert sum(store.counts().values()) == 0
    assert SuppressionStore(database).get("x@r.example") is not None

    many = [who(f"r{n}") for n in range(10_500)]
    assert store.bring(many, Origin.IMPORT, NOW) == Imported(new=10_500)
    assert store.counts()[S.ACTIVE] == 10_500
    assert sum(1 for _ in store.all()) == 10_500


def test_who_is_gone_by_a_list_is_suppressed(database: Database, store: SubscriberStore) -> None:
    """Also who gets mail now, and who comes by it too; what was known of an address stays."""
    store.follow([who("ada"), who("bo")], NOW)

    def gone(name: str, day: int) -> Suppression:
        return Suppression(
            email=f"{name}@readers.example", verdict="unsubscribed", source="import",
            evidence="x", since=NOW - dt.timedelta(days=day),
        )  # fmt: skip

    store.bring([gone("di", 9)], Origin.IMPORT, NOW)
    people: list[SignUp | Suppression] = [
        who("cy"),
        gone("cy", 1),
        gone("ada", 2),
        gone("di", 3),
        who("ed"),
    ]
    expected = Imported(
        new=1, both=1, barred=2, barred_before=1, lost=1,
        named={"both": ("cy@readers.example",), "lost": ("ada@readers.example",)},
    )  # fmt: skip

    assert store.bring(people, Origin.IMPORT, NOW, keep=False) == expected
    assert [one.email[:2] for one in SuppressionStore(database).all()] == ["di"]
    assert store.bring(people, Origin.IMPORT, NOW) == expected
    assert store.find("cy@readers.example") is None
    barred = {one.email[:2]: one.since for one in SuppressionStore(database).all()}
    assert barred == {
        "ad": NOW - dt.timedelta(days=2),
        "cy": NOW - dt.timedelta(days=1),
        "di": NOW - dt.timedelta(days=9),
    }
    assert store.bring(people, Origin.IMPORT, NOW) == Imported(
        known=1, both=1, barred_before=3, named={"both": ("cy@readers.example",)}
    )


def test_readers_are_told_apart_by_what_they_get(store: SubscriberStore) -> None:
    """Those of equal topics together, with one of them; the others each alone, in batches."""
    store.follow(
        [
            who("ada", topics=("b", "a")),
            who("bo", topics=("b", "a")),
            who("cy"),
            who("di", paused=True, topics=("a",)),
            *(who(f"own{n}", topics=("a",), mute=["x"]) for n in range(5)),
        ],
        NOW,
    )

    assert store.audiences() == (
        Audience(name="*", topics=(), count=1),
        Audience(name="b+a", topics=("b", "a"), count=2),
    )
    first = store.first_of("b+a")
    assert first is not None
    assert first.email == "ada@readers.example"
    assert store.first_of("a") is None
    batches = list(store.personal(2))
    assert [len(some) for some in batches] == [2, 2, 1]
    ids = [subscriber.id for some in batches for subscriber in some]
    assert ids == sorted(ids)
    assert {
        subscriber.wishes.audience(subscriber.id) for some in batches for subscriber in some
    } == {f"~{known}" for known in ids}


def test_people_are_found_by_state_origin_and_text(store: SubscriberStore) -> None:
    """By address; signs that databases take for patterns are themselves."""
    store.follow([who("ada"), who("a_a"), who("bo")], NOW)
    store.bring([who("cy")], Origin.IMPORT, NOW)
    store.change("bo@readers.example", S.LEFT, LINK, NOW)

    def names(**wanted: object) -> list[str]:
        found = store.all(**wanted)  # type: ignore[arg-type]
        return [subscriber.email.partition("@")[0] for subscriber in found]

    assert names() == ["a_a", "ada", "bo", "cy"]
    assert names(states=[S.LEFT]) == ["bo"]
    assert names(origins=[Origin.IMPORT]) == ["cy"]
    assert names(text="A_A") == ["a_a"]
    assert names(text="%") == []
    assert names(states=[S.ACTIVE], origins=[Origin.YAML], text="readers") == ["a_a", "ada"]


def test_who_gets_no_mail_is_told_of_some(store: SubscriberStore) -> None:
    """Of those that are asked about; who is not known is not said to be away."""
    store.follow([who("ada"), who("bo"), who("cy", paused=True)], NOW)
    ids = {name: kept(store, name).id for name in ("ada", "bo", "cy")}
    store.change("bo@readers.example", S.LEFT, LINK, NOW)

    assert store.absent([*ids.values(), "nobody"]) == {ids["bo"], ids["cy"]}
    assert store.absent([ids["ada"]]) == frozenset()
    assert store.change("nobody@readers.example", S.LEFT, LINK, NOW) is False


NAMES = st.sampled_from(["ada", "bo", "cy", "di"])
PERSON = st.builds(
    who,
    NAMES,
    paused=st.booleans(),
    called=st.sampled_from(["", "x"]),
    topics=st.sampled_from([(), ("a",)]),
    words=st.sampled_from([None, ["w"]]),
)
EXAMPLES = itertools.count()
LISTS = st.lists(PERSON, max_size=4, unique_by=lambda person: person.email)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lists=st.lists(LISTS, min_size=1, max_size=4), gone=st.sets(NAMES, max_size=2))
def test_the_store_is_what_the_last_list_says(
    tmp_path: Path, lists: list[list[SignUp]], gone: set[str]
) -> None:
    """Whatever lists came before: its people with its settings, and nobody who left by a link."""
    numbers = itertools.count()
    with open_test_database(tmp_path, f"{next(EXAMPLES)}.db") as database:
        store = SubscriberStore(database, lambda: f"{next(numbers):04}")
        for place, people in enumerate(lists):
            told = store.follow(people, NOW)
            assert told.new + told.back + told.changed <= len(people)
            if place == 0:
                for name in gone:
                    store.change(f"{name}@readers.example", S.LEFT, LINK, NOW)
        left = {f"{name}@readers.example" for name in gone} & {person.email for person in lists[0]}
        last = {person.email: person for person in lists[-1] if person.email not in left}
        if len(lists) == 1:
            last = {person.email: person for person in lists[0] if person.email not in left}

        found = {
            subscriber.email: subscriber for subscriber in store.all(states=[S.ACTIVE, S.PAUSED])
        }
        assert set(found) == set(last)
        for email, person in last.items():
            assert (found[email].name, found[email].wishes) == (person.name, person.wishes)
            assert (found[email].state is S.PAUSED) == person.is_paused
        assert {subscriber.email for subscriber in store.all(states=[S.LEFT])} >= left


def test_a_pause_of_ones_own_outlasts_a_list_that_was_lost(store: SubscriberStore) -> None:
    """The pause may have a last day, or none."""
    store.follow([who("ada"), who("bo")], NOW)
    end = NOW.date() + dt.timedelta(days=9)
    store.change("ada@readers.example", S.PAUSED, COMMAND, NOW, until=end)
    store.change("bo@readers.example", S.PAUSED, COMMAND, NOW)
    store.follow([who("cy")], NOW)
    store.follow([who("ada"), who("bo"), who("cy")], NOW)

    ada, bo = kept(store, "ada"), kept(store, "bo")
    assert (ada.state, ada.paused_until, ada.changed_by) == (S.PAUSED, end, COMMAND)
    assert (bo.state, bo.paused_until, bo.changed_by) == (S.PAUSED, None, COMMAND)
    assert store.follow([who("ada"), who("bo"), who("cy")], NOW) == Synchronised()


def test_who_is_brought_back_by_the_command_does_not_follow_the_list(
    store: SubscriberStore,
) -> None:
    """It has lost them: the next edit would send them away again."""
    store.follow([who("ada"), who("bo")], NOW)
    store.follow([who("bo")], NOW)
    store.change("ada@readers.example", S.ACTIVE, COMMAND, NOW)

    assert kept(store, "ada").origin is Origin.COMMAND
    assert store.follow([who("bo", called="Bo")], LATER) == Synchronised(changed=1)
    assert kept(store, "ada").state is S.ACTIVE


def test_wishes_of_a_newer_version_are_passed_over(
    database: Database, store: SubscriberStore
) -> None:
    """What is known of them counts."""
    store.follow([who("ada", topics=("a",))], NOW)
    with database.transaction() as connection:
        connection.exec_driver_sql('UPDATE subscriber SET wishes = \'{"topics":["a"],"x":1}\'')

    assert kept(store, "ada").wishes == Wishes(topics=("a",))
