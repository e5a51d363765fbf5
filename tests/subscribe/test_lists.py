"""subscribers.yaml, followed by the store."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from makers import NOW

from newsletter.errors import ConfigError
from newsletter.model import Origin, SignUp, SubscriberState, Synchronised
from newsletter.store import FactStore, SubscriberStore, open_database
from newsletter.subscribe.lists import SubscriberFile

S = SubscriberState
ADA = "  - {email: ada@readers.example}\n"
BO = "  - {email: bo@readers.example}\n"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SubscriberStore]:
    numbers = itertools.count()
    with open_database("sqlite:///test.db", tmp_path) as database:
        yield SubscriberStore(database, lambda: f"{next(numbers):04}")


def write(folder: Path, *people: str, more: str = "") -> None:
    folder.joinpath("subscribers.yaml").write_text(f"subscribers:\n{''.join(people)}{more}")


def file(
    folder: Path, store: SubscriberStore, *, topics: tuple[str, ...] = ("a", "b")
) -> SubscriberFile:
    return SubscriberFile(folder, topics, {"WHO": "cy"}, store, FactStore(store._database))


def email_of(store: SubscriberStore) -> list[str]:
    return [subscriber.email.partition("@")[0] for subscriber in store.all(states=[S.ACTIVE])]


def test_a_list_that_has_not_changed_is_not_read_again(
    tmp_path: Path, store: SubscriberStore
) -> None:
    """What was changed in the store since, by nobody, is not seen; the next edit mends it."""
    write(tmp_path, ADA, BO)
    assert file(tmp_path, store).follow(NOW) == Synchronised(new=2)
    with store._database.transaction() as connection:
        connection.exec_driver_sql("UPDATE subscriber SET name = 'changed by hand'")

    assert file(tmp_path, store).follow(NOW) == Synchronised()
    write(tmp_path, ADA, BO, more="# touched\n")
    assert file(tmp_path, store).follow(NOW) == Synchronised(changed=2)


def test_names_of_topics_are_a_part_of_it(tmp_path: Path, store: SubscriberStore) -> None:
    """A topic that is taken out of topics.yaml is missed in a list that has not changed."""
    write(tmp_path, "  - {email: ada@readers.example, topics: [b]}\n")
    file(tmp_path, store).follow(NOW)

    with pytest.raises(ConfigError, match=r"subscribers\.yaml:2:43: no topic is called `b`"):
        file(tmp_path, store, topics=("a",)).follow(NOW)


def test_values_from_the_environment_are_read_each_time(
    tmp_path: Path, store: SubscriberStore
) -> None:
    """They may be others although the file is the same."""
    write(tmp_path, "  - {email: '${WHO}@readers.example'}\n")
    file(tmp_path, store).follow(NOW)
    other = SubscriberFile(tmp_path, (), {"WHO": "di"}, store, FactStore(store._database))

    assert other.follow(NOW) == Synchronised(new=1, gone=1)
    assert email_of(store) == ["di"]


def test_a_list_that_is_lost_takes_nobody_off_while_an_issue_is_sent(
    tmp_path: Path, store: SubscriberStore
) -> None:
    """At any other time an empty list is what it says."""
    write(tmp_path, ADA, BO)
    file(tmp_path, store).follow(NOW)
    write(tmp_path, more="  []\n")

    with pytest.raises(ConfigError, match="nobody is on the list any more, while an issue"):
        file(tmp_path, store).follow(NOW, may_empty=False)
    assert email_of(store) == ["ada", "bo"]
    assert file(tmp_path, store).follow(NOW) == Synchronised(gone=2)
    assert file(tmp_path, store).follow(NOW, may_empty=False) == Synchronised()


def test_an_edit_in_the_middle_of_a_run_is_followed(tmp_path: Path, store: SubscriberStore) -> None:
    """While the file is wrong, or nobody is in it, what was known holds."""
    write(tmp_path, ADA, BO)
    listed = file(tmp_path, store)
    listed.follow(NOW)

    for text in ("subscribers:\n  - {email: ada", "subscribers: []\n", ""):
        (tmp_path / "subscribers.yaml").write_text(text)
        listed.follow_if_changed(NOW)
        assert email_of(store) == ["ada", "bo"]
    write(tmp_path, ADA)
    listed.follow_if_changed(NOW)
    assert email_of(store) == ["ada"]
    (tmp_path / "subscribers.yaml").unlink()
    listed.follow_if_changed(NOW)
    assert email_of(store) == ["ada"]


def test_a_file_that_says_nothing_is_a_list_that_was_lost(
    tmp_path: Path, store: SubscriberStore
) -> None:
    """At any time, when somebody was on it; `subscribers: []` is what it says."""
    (tmp_path / "subscribers.yaml").write_text("# nobody yet\n")
    assert file(tmp_path, store).follow(NOW) == Synchronised()
    write(tmp_path, ADA)
    file(tmp_path, store).follow(NOW)
    for text in ("", "# cut\n"):
        (tmp_path / "subscribers.yaml").write_text(text)
        with pytest.raises(ConfigError, match="the file is empty, but there were people on it"):
            file(tmp_path, store).follow(NOW)
    write(tmp_path, more="  []\n")
    assert file(tmp_path, store).follow(NOW) == Synchronised(gone=1)


def test_people_who_came_otherwise_do_not_hold_an_empty_list(
    tmp_path: Path, store: SubscriberStore
) -> None:
    """A newsletter whose readers all live in the database has an empty list for good."""
    write(tmp_path, more="  []\n")
    store.bring([SignUp(email="x@readers.example")], Origin.IMPORT, NOW)

    assert file(tmp_path, store).follow(NOW, may_empty=False) == Synchronised()
    assert file(tmp_path, store, topics=("other",)).follow(NOW, may_empty=False) == Synchronised()
