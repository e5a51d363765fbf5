"""Leaving: a button, one click (RFC 8058), links that are years old, and the way back."""

from __future__ import annotations

import base64
import datetime as dt
import re

import pytest
from servers import Mail
from sites import SECRET, Running, link_in, read_mail, reader, state

from newsletter import links
from newsletter.model import DeliveryState, FeedbackKind, SignUp, SubscriberState, Wishes
from newsletter.store import SqlLedger
from newsletter.store.ledger.shards import make_shards

S = SubscriberState
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def link(who: str, path: str = "u") -> str:
    return f"/{path}/{links.sign(SECRET.encode(), 'unsubscribe', who)}"


def test_one_click_leaves_at_once(web: Running) -> None:
    """A POST without cookie, origin or log-in; 200, no redirect; again is the same."""
    who = reader(web, "one@leave.example")

    for _ in range(3):
        answer = web.client.post(link(who), data=ONE_CLICK)
        assert (answer.status_code, answer.text) == (200, "unsubscribed\n")
        assert "set-cookie" not in answer.headers
        assert not answer.history
        assert state(web, "one@leave.example") is S.LEFT


def test_one_click_may_be_multipart(web: Running) -> None:
    """RFC 8058 (3.2) lets mail programs send either kind of form."""
    who = reader(web, "multi@leave.example")
    body = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'

    answer = web.client.post(
        link(who), content=body, headers={"Content-Type": "multipart/form-data; boundary=x"}
    )

    assert answer.status_code == 200
    assert state(web, "multi@leave.example") is S.LEFT


def test_what_only_looks_leaves_nobody(web: Running) -> None:
    """Scanners of mail follow every link, with any method that should change nothing, or none."""
    who = reader(web, "scanned@leave.example")

    for path in ("u", "unsubscribe"):
        assert "Press the button" in web.get(link(who, path)).text
        assert web.client.head(link(who, path)).status_code == 200
        web.client.options(link(who, path))
        # Even one that posts what it finds must say that it is one click, or press the button.
        web.client.post(link(who, path))
        web.client.post(link(who, path), data={"x": "y"})
        odd = web.client.post(link(who, path), content=b"List-Unsubscribe=One-Click")
        assert odd.status_code == 400, "no program takes this for done"
        for method in ("PUT", "DELETE", "PATCH"):
            assert web.client.request(method, link(who, path)).status_code == 405

    assert state(web, "scanned@leave.example") is S.ACTIVE


def test_links_of_the_first_version_and_of_an_older_key_work(web: Running) -> None:
    """Mail with them is out there; unsubscribing must work for as long as it may be read."""
    who = reader(web, "old@leave.example")
    payload = bytes((1, 0)) + who.encode()
    mac = links._mac(SECRET.encode(), "unsubscribe", payload)
    token = base64.urlsafe_b64encode(payload + mac).decode().rstrip("=")
    web.clock.forward(days=3_000)

    assert web.client.post(f"/unsubscribe/{token}", data=ONE_CLICK).status_code == 200

    assert state(web, "old@leave.example") is S.LEFT
    web.clock.forward(days=-3_000)


def test_the_page_has_a_button_a_reason_and_a_way_back(web: Running) -> None:
    """Who leaves by mistake is back with one more press, with everything as it was."""
    who = reader(web, "back@leave.example")

    left = web.post(link(who), do="leave", reason="often", more="too\r\nmuch <b>")
    assert "You are unsubscribed" in left.text
    kept = web.site.day.stores.subscribers.with_id(who)
    assert kept is not None
    assert (kept.state, kept.left_because) == (S.LEFT, "often: too much <b>")

    assert web.post(link(who), do="back").status_code == 410, "the link in the mail does not"
    back = re.search(r'name="back" value="([^"]+)"', left.text)
    assert back is not None
    assert "Welcome back" in web.post(link(who), do="back", back=back[1]).text
    assert state(web, "back@leave.example") is S.ACTIVE
    assert web.post(link(who), do="back", back=back[1]).status_code == 410, "once"

    stores = web.site.day.stores
    until = web.site.today() + dt.timedelta(days=9)
    stores.subscribers.change("back@leave.example", S.PAUSED, "site", web.clock(), until=until)
    paused = re.search(r'name="back" value="([^"]+)"', web.post(link(who), do="leave").text)
    assert paused is not None
    web.clock.forward(minutes=59)
    assert "Welcome back" in web.post(link(who), do="back", back=paused[1]).text
    assert state(web, "back@leave.example") is S.PAUSED, "as it was before"
    late = re.search(r'name="back" value="([^"]+)"', web.post(link(who), do="leave").text)
    assert late is not None
    web.clock.forward(minutes=61)
    assert web.post(link(who), do="back", back=late[1]).status_code == 410
    assert state(web, "back@leave.example") is S.LEFT


def test_their_own_no_outlasts_every_list(web: Running) -> None:
    """Taken off by the list first, then leaving by an old mail: the list does not bring them back."""
    subscribers = web.site.day.stores.subscribers
    listed = SignUp(email="listed@leave.example")
    subscribers.follow([listed], web.clock())
    found = subscribers.find("listed@leave.example")
    assert found is not None
    subscribers.follow([], web.clock())
    assert web.client.post(link(found.id), data=ONE_CLICK).text == "unsubscribed\n"

    subscribers.follow([listed], web.clock())

    assert state(web, "listed@leave.example") is S.LEFT


def test_a_link_of_somebody_who_was_erased_does_no_harm(web: Running) -> None:
    """They stay erased, whatever is pressed in an old mail."""
    who = reader(web, "erased@leave.example")
    web.site.requests.erase(who, web.clock())
    for fields in (ONE_CLICK, {"do": "leave"}, {"do": "back", "back": "x"}):
        assert web.client.post(link(who), data=fields).status_code in (200, 410)
    kept = web.site.day.stores.subscribers.with_id(who)
    assert kept is not None
    assert kept.state is S.ERASED
    web.site.feedback.give(who, ["arxiv:2603.99000"], FeedbackKind.MORE, web.clock())
    assert web.site.feedback.of(who) == ()
    assert not web.site.day.stores.subscribers.choose(who, "Back", Wishes(), web.clock())


@pytest.mark.parametrize("purpose", ["preferences", "feedback"])
def test_another_link_does_not_leave(web: Running, purpose: str) -> None:
    """Each link does one thing."""
    who = reader(web, f"{purpose}@leave.example")
    token = links.sign(SECRET.encode(), purpose, who)

    assert web.client.post(f"/u/{token}", data=ONE_CLICK).status_code == 404
    assert state(web, f"{purpose}@leave.example") is S.ACTIVE


def test_leaving_takes_effect_in_the_middle_of_a_run(web: Running) -> None:
    """A delivery that is planned is not sent to who has left since."""
    who = reader(web, "middle@leave.example")
    ledger = web.site.day.stores.ledger
    assert isinstance(ledger, SqlLedger)
    date = dt.date(2026, 12, 1)
    with web.site.day.stores.subscribers._database.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO issue (date, number, papers, planned_at) VALUES ('2026-12-01', 99, 1, '2026-12-01 06:00:00')"
        )
        connection.exec_driver_sql(
            "INSERT INTO delivery (issue, subscriber, email, name, timezone, edition, state, attempt, code, reason, changed_at)"
            " VALUES ('2026-12-01', ?, 'middle@leave.example', '', 'UTC', 'x', 'planned', 0, 0, '', '2026-12-01 06:00:00')",
            (who,),
        )
        make_shards(connection, date)
    web.client.post(link(who), data=ONE_CLICK)

    now = web.clock()
    claimed = ledger.claim(date, owner="me", limit=5, now=now, until=now + dt.timedelta(minutes=5))

    assert claimed == ()
    assert ledger.counts(date)[DeliveryState.CANCELLED] == 1


def test_who_leaves_gets_no_mail_that_waits(web: Running, mail: Mail) -> None:
    """A mail to the address that is still in the queue is given up."""
    who = reader(web, "queue@leave.example")
    mail.rcpt_replies["queue@leave.example"] = "451 later"
    web.post(f"/preferences/{links.sign(SECRET.encode(), 'preferences', who)}")
    web.client.post(link(who), data=ONE_CLICK)
    del mail.rcpt_replies["queue@leave.example"]

    web.clock.forward(minutes=10)
    web.host.wake()
    other = reader(web, "other@leave.example")
    web.post(f"/preferences/{links.sign(SECRET.encode(), 'preferences', other)}")
    assert link_in(read_mail(mail, "other@leave.example")[0], "manage")
    assert not [sent for sent in mail.messages if sent.recipient == "queue@leave.example"]
