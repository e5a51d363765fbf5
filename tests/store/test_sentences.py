"""Sentences that a machine wrote: asked for once, found by their text, and within the budget."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from makers import NOW, open_test_database

from newsletter.model import Commission, Permit, Ration, Sentence, Spending, Wording
from newsletter.store import SentenceStore

MUCH = Ration(requests=1_000, tokens=1_000_000)


def wanted(number: int = 1, **changes: str) -> Commission:
    values = {"digest": f"d{number}", "model": "tiny", "language": "en", "paper": f"p{number}"}
    wording = Wording(changes.pop("wording", "written"))
    return Commission(**(values | changes), wording=wording)


def written(commission: Commission, text: str = "Xylo falls less.", why: str = "") -> Sentence:
    return Sentence(
        text=text,
        model=commission.model,
        language=commission.language,
        wording=commission.wording,
        why=why,
    )


@pytest.fixture
def store(tmp_path: Path) -> SentenceStore:
    return SentenceStore(open_test_database(tmp_path))


def test_a_sentence_is_found_by_its_text_its_model_and_its_language(store: SentenceStore) -> None:
    """Another model, language or wording is another sentence; later ones are not seen before."""
    for number, one in enumerate(
        [wanted(), wanted(model="big"), wanted(language="de"), wanted(wording="translated")]
    ):
        assert store.take(one, 10, MUCH, NOW) is Permit.GIVEN
        store.keep(one, written(one, f"Sentence {number}."), NOW, answered=True)

    found = store.known(["d1", "d2"], "tiny", "en", NOW)
    assert {one.text for one in found["d1"]} == {"Sentence 0.", "Sentence 3."}
    assert list(found) == ["d1"]
    assert store.known(["d1"], "tiny", "de", NOW)["d1"][0].text == "Sentence 2."
    assert store.known(["d1"], "tiny", "en", NOW - dt.timedelta(seconds=1)) == {}


def test_many_texts(store: SentenceStore) -> None:
    """More than one statement may hold."""
    for number in range(40):
        store.take(wanted(number), 10, MUCH, NOW)
        store.keep(wanted(number), written(wanted(number)), NOW, answered=True)

    assert len(store.known([f"d{n}" for n in range(1_500)], "tiny", "en", NOW)) == 40


def test_what_is_asked_for_or_was_answered_is_not_asked_for_again(store: SentenceStore) -> None:
    """Refused: never. Open: when nobody can be at it any more. Without an answer: thrice a day."""
    later = NOW + dt.timedelta(hours=2)
    assert store.take(wanted(1), 10, MUCH, NOW) is Permit.GIVEN
    assert store.take(wanted(1), 10, MUCH, NOW + dt.timedelta(minutes=1)) is Permit.KNOWN
    assert store.take(wanted(1), 10, MUCH, later) is Permit.GIVEN
    store.keep(wanted(1), written(wanted(1)), later, answered=True)
    assert store.take(wanted(1), 10, MUCH, later + dt.timedelta(days=3)) is Permit.KNOWN

    store.take(wanted(2), 10, MUCH, NOW)
    store.keep(wanted(2), written(wanted(2), "", "a link"), NOW, answered=True)
    assert store.take(wanted(2), 10, MUCH, NOW + dt.timedelta(days=3)) is Permit.KNOWN

    for _ in range(3):
        assert store.take(wanted(3), 10, MUCH, NOW) is Permit.GIVEN
        store.keep(wanted(3), written(wanted(3), "", "nobody there"), NOW, answered=False)
    assert store.take(wanted(3), 10, MUCH, NOW) is Permit.KNOWN
    assert store.take(wanted(3), 10, MUCH, NOW + dt.timedelta(days=1)) is Permit.GIVEN
    assert [one.why for one in store.about("d2")] == ["a link"]


def test_spending_is_that_of_one_day(store: SentenceStore) -> None:
    """Requests of the same sentence add up within a day (UTC), and yesterday's do not count."""
    night = dt.datetime(2026, 3, 17, 23, 59, tzinfo=dt.UTC)
    store.take(wanted(1), 500, MUCH, night)
    store.take_again(wanted(1), 500, MUCH, night)
    store.keep(wanted(1), written(wanted(1)), night, answered=True, unused=380)
    store.take(wanted(2), 500, MUCH, night)
    store.keep(wanted(2), written(wanted(2), "", "a link"), night, answered=True)

    assert store.spent(night) == Spending(requests=3, tokens=1_120, written=1, refused=1)
    assert store.spent(night + dt.timedelta(minutes=1)) == Spending()
    store.take(wanted(3), 7, MUCH, night)
    store.take(wanted(3), 7, MUCH, night + dt.timedelta(hours=1))
    assert store.spent(night + dt.timedelta(hours=1)) == Spending(requests=1, tokens=7)


def test_a_budget_is_never_exceeded(store: SentenceStore) -> None:
    """Neither the requests nor the tokens; a repeated request counts."""
    few = Ration(requests=3, tokens=1_000)
    assert store.take(wanted(1), 400, few, NOW) is Permit.GIVEN
    assert store.take(wanted(2), 601, few, NOW) is Permit.SPENT
    assert store.take(wanted(2), 600, few, NOW) is Permit.GIVEN
    store.keep(wanted(1), written(wanted(1)), NOW, answered=True, unused=400)
    store.keep(wanted(2), written(wanted(2)), NOW, answered=True, unused=600)
    assert store.take(wanted(3), 1_000, few, NOW) is Permit.GIVEN
    store.keep(wanted(3), written(wanted(3)), NOW, answered=True, unused=1_000)
    assert not store.take_again(wanted(3), 1, few, NOW)
    assert store.take(wanted(4), 1, few, NOW) is Permit.SPENT


def test_of_many_that_ask_at_once_only_as_many_may_as_the_budget_has(tmp_path: Path) -> None:
    """Eight programs want the same twenty sentences: each is asked for once, twelve in all."""
    few = Ration(requests=12, tokens=1_000_000)

    def work(_number: int) -> list[Permit]:
        mine = SentenceStore(open_test_database(tmp_path))
        return [mine.take(wanted(number), 10, few, NOW) for number in range(20)]

    open_test_database(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        permits = [permit for some in pool.map(work, range(8)) for permit in some]

    assert permits.count(Permit.GIVEN) == 12
    assert SentenceStore(open_test_database(tmp_path)).spent(NOW).requests == 12


def test_old_ones_are_forgotten(store: SentenceStore) -> None:
    """By the day on which they were last asked for."""
    for days in (0, 10):
        store.take(wanted(days), 10, MUCH, NOW - dt.timedelta(days=days))
        store.keep(wanted(days), written(wanted(days)), NOW, answered=True)

    store.forget(NOW.date() - dt.timedelta(days=5))

    assert list(store.known(["d0", "d10"], "tiny", "en", NOW)) == ["d0"]


def test_what_is_read_from_the_database_passes_the_gate_again(store: SentenceStore) -> None:
    """Somebody else may have written it."""
    store.take(wanted(), 10, MUCH, NOW)
    store.keep(wanted(), written(wanted(), "Xylo\u202e falls\nless."), NOW, answered=True)

    assert store.known(["d1"], "tiny", "en", NOW)["d1"][0].text == "Xylo falls less."
