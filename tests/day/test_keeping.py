"""What is known of people goes when its time is over, and nothing goes before."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

from makers import NOW, TODAY, make_delivery, open_test_database, plan, write_newsletter

from newsletter.config.files import load_config
from newsletter.config.settings import Keeping
from newsletter.day.given import Day
from newsletter.day.keeping import forget
from newsletter.model import DeliveryState, Origin, SignUp, SubscriberState
from newsletter.world.days import day_of

DAY = dt.timedelta(days=1)


def day_at(folder: Path, root: Path, keep: Keeping) -> tuple[Day, list[dt.datetime]]:
    write_newsletter(folder, root)
    now = [NOW]
    database = open_test_database(folder)
    plan(database, [make_delivery("ada", state=DeliveryState.PLANNED)])
    config = replace(load_config(folder / "config", {}), keeping=keep)
    return day_of(config, database, clock=lambda: now[0]), now


def test_addresses_leave_the_deliveries_of_old_issues(tmp_path: Path, root: Path) -> None:
    """Those that are final; the rest, and what was sent, stays counted."""
    day, now = day_at(tmp_path, root, Keeping(addresses=90, ledger=0))
    ledger = day.stores.ledger
    now[0] = NOW + 89 * DAY
    forget(day)
    assert ledger.deliveries(TODAY)[0].email
    now[0] = NOW + 92 * DAY
    forget(day)
    assert ledger.deliveries(TODAY)[0].email, "one that waits needs its address"

    ledger.cancel(TODAY, NOW)
    now[0] = NOW + 93 * DAY
    forget(day)

    (found,) = ledger.deliveries(TODAY)
    assert (found.email, found.name, found.state) == ("", "", DeliveryState.CANCELLED)


def test_who_left_is_erased_and_who_did_not_confirm_is_forgotten(
    tmp_path: Path, root: Path
) -> None:
    """After the days that the settings say; who is active stays."""
    day, now = day_at(tmp_path, root, Keeping(requests=20, left=400))
    subscribers, requests = day.stores.subscribers, day.stores.requests
    subscribers.bring(
        [SignUp(email="gone@x.example"), SignUp(email="here@x.example")], Origin.IMPORT, NOW
    )
    subscribers.change("gone@x.example", SubscriberState.LEFT, "command", NOW)
    requests.sign_up(SignUp(email="asks@x.example"), NOW)

    now[0] = NOW + 19 * DAY
    forget(day)
    assert subscribers.find("asks@x.example") is not None
    now[0] = NOW + 21 * DAY
    forget(day)
    assert subscribers.find("asks@x.example") is None
    assert subscribers.find("gone@x.example") is not None
    now[0] = NOW + 401 * DAY
    forget(day)

    assert subscribers.find("gone@x.example") is None
    assert subscribers.find("here@x.example") is not None
    assert subscribers.counts()[SubscriberState.ERASED] == 1


def test_people_stay_where_nothing_is_said(tmp_path: Path, root: Path) -> None:
    """Of what is known of people, only requests are forgotten by default."""
    day, now = day_at(tmp_path, root, Keeping(ledger=0))
    day.stores.subscribers.change("ada@readers.example", SubscriberState.LEFT, "command", NOW)
    day.stores.ledger.cancel(TODAY, NOW)
    now[0] = NOW + 3_000 * DAY

    forget(day)

    assert day.stores.ledger.deliveries(TODAY)[0].email == "ada@readers.example"
    assert day.stores.subscribers.find("ada@readers.example") is not None
