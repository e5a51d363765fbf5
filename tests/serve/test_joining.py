"""Signing up: the mail that asks to confirm, the button, and everything that abuses the form."""

from __future__ import annotations

import datetime as dt
import re
import statistics
import time

import pytest
from servers import Mail
from sites import SECRET, Running, link_in, parsed, read_mail, state, text_of

from newsletter.links import sign
from newsletter.model import NoticeKind, SubscriberState
from newsletter.serve.forms import form_token
from newsletter.store.tables import suppressions

S = SubscriberState


def confirm(web: Running, mail: Mail, email: str, **fields: object) -> None:
    assert web.subscribe(email, **fields).status_code == 200
    link = link_in(read_mail(mail, email)[-1], "confirm")
    assert "You are subscribed" in web.post(web.path_of(link)).text


def heading(text: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", text, re.DOTALL)
    return found[1] if found else ""


def test_who_confirms_gets_the_newsletter(web: Running, mail: Mail) -> None:
    """Asked, mailed, confirmed by a button, welcomed with the latest issue on the chosen topics."""
    asked = web.subscribe("ada@one.example", topics=["vision"])
    assert heading(asked.text) == "Look into your inbox"
    first = read_mail(mail, "ada@one.example")[0]
    assert first["Subject"] == "Please confirm: Daily Papers"
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["List-Unsubscribe"] is None
    link = web.path_of(link_in(first, "confirm"))

    assert "Confirm your subscription" in web.get(link).text
    assert state(web, "ada@one.example") is S.PENDING, "opening the page confirms nothing"
    web.client.head(link)
    web.client.options(link)
    assert state(web, "ada@one.example") is S.PENDING, "nor does what only looks"

    assert "first mail" in web.post(link).text
    kept = web.site.day.stores.subscribers.find("ada@one.example")
    assert kept is not None
    assert (kept.state, kept.wishes.topics, kept.origin.value) == (S.ACTIVE, ("vision",), "site")
    assert "confirmed" in kept.consent

    welcome = read_mail(mail, "ada@one.example", 2)[1]
    assert welcome["Subject"] == "Welcome to Daily Papers"
    assert "One Image Is Enough" in text_of(welcome)
    assert "Prompt Compression" not in text_of(welcome)
    assert "List-Unsubscribe" in welcome
    assert "You are subscribed" in web.post(link).text, "a second press changes nothing"
    assert web.site.day.stores.notices.waiting(web.clock(), 10) == ()


def test_one_mail_a_day_and_three_in_all(web: Running, mail: Mail) -> None:
    """However often somebody types an address, its mailbox is not flooded (listmonk #3229)."""
    address = "bombed@one.example"
    for day in range(5):
        for _ in range(4):
            assert "Look into your inbox" in web.subscribe(address).text
        read_mail(mail, address, min(day + 1, 3))
        web.clock.forward(hours=25)

    web.subscribe("later@one.example")
    read_mail(mail, "later@one.example")
    assert len(read_mail(mail, address)) == 3
    with web.site.day.stores.subscribers._database.reading() as connection:
        rows = connection.exec_driver_sql(
            "SELECT count(*) FROM subscriber WHERE address = ?", (address,)
        ).scalar()
    assert rows == 1, "there is one pending row for an address"


def test_nothing_that_was_typed_is_in_a_mail_before_it_is_confirmed(
    web: Running, mail: Mail
) -> None:
    """Spammers use forms to have others send their words (listmonk #1133)."""
    address = "quiet@one.example"
    web.subscribe(
        address, name="BUY http://spam.example", interest="BUY http://spam.example", topics=["x"]
    )

    raw = (
        next(sent.content for sent in mail.messages if sent.recipient == address)
        if read_mail(mail, address)
        else b""
    )
    assert b"spam" not in raw.lower()
    assert b"BUY" not in raw


@pytest.mark.parametrize(
    "typed",
    [
        "", "ada", "ada@", "@one.example", "a b@one.example", '"a b"@one.example',
        "ada@one.example\r\nBcc: eve@evil.example", "ada@one.example\nDATA", "ada@one.example,eve@evil.example",
        "<ada@one.example>", "ada@one.example>", "ada@[127.0.0.1]", "аdа@one.example", "ada@one", "x" * 70 + "@one.example",
        '"x> ORCPT=rfc822;y"@one.example', "ada@one.example\x00", "ada@one..example",
    ],
)  # fmt: skip
def test_what_is_no_plain_address_gets_no_mail(web: Running, mail: Mail, typed: str) -> None:
    """The page says so; nothing is written, and no header or command of SMTP is smuggled."""
    before = len(mail.messages)
    known = sum(web.site.day.stores.subscribers.counts().values())

    answer = web.subscribe(typed)

    if answer.status_code == 200:  # what was typed after a line end is taken off, or was harmless
        assert "evil" not in str([sent.recipient for sent in mail.messages])
    else:
        assert answer.status_code == 422
        assert "no address that mail can be sent to" in answer.text
        assert sum(web.site.day.stores.subscribers.counts().values()) == known
        assert len(mail.messages) == before


def test_every_address_is_answered_the_same(web: Running, mail: Mail) -> None:
    """New, waiting, subscribed, paused, left, suppressed: the same page, and the same time."""
    confirm(web, mail, "active@two.example")
    confirm(web, mail, "paused@two.example")
    confirm(web, mail, "left@two.example")
    stores = web.site.day.stores
    stores.subscribers.change("paused@two.example", S.PAUSED, "site", web.clock())
    left = stores.subscribers.find("left@two.example")
    assert left is not None
    web.site.requests.leave(left.id, web.clock())
    with stores.subscribers._database.transaction() as connection:
        connection.execute(
            suppressions.insert().values(
                email="barred@two.example", verdict="no-mailbox", source="bounce", evidence="",
                since=web.clock(),
            )
        )  # fmt: skip
    web.subscribe("waiting@two.example")
    pages: dict[str, set[str]] = {}
    times: dict[str, list[float]] = {}
    for turn in range(4):
        for name in ("active", "paused", "left", "barred", "waiting", f"new{turn}"):
            token = web.form_token("/subscribe")
            web.clock.forward(seconds=5)
            began = time.perf_counter()
            answer = web.post("/subscribe", email=f"{name}@two.example", form=token)
            times.setdefault(name[:3], []).append(time.perf_counter() - began)
            pages.setdefault(name[:3], set()).add(f"{answer.status_code} {answer.text}")

    assert len(set.union(*pages.values())) == 1
    middle = {name: statistics.median(taken) for name, taken in times.items()}
    assert max(middle.values()) - min(middle.values()) < 0.1, middle
    assert min(middle.values()) >= 0.3


def test_who_is_subscribed_already_is_told_by_mail_alone(web: Running, mail: Mail) -> None:
    """They get a link to their own pages, and nothing of theirs is changed."""
    confirm(web, mail, "known@three.example", topics=["vision"])

    web.subscribe("known@three.example", topics=["theory"])

    subjects = [str(got["Subject"]) for got in read_mail(mail, "known@three.example", 3)]
    assert "Your link to Daily Papers" in subjects
    kept = web.site.day.stores.subscribers.find("known@three.example")
    assert kept is not None
    assert kept.wishes.topics == ("vision",)


def test_who_left_comes_back_only_by_confirming(web: Running, mail: Mail) -> None:
    """A stranger who types their address changes nothing; an old link does not bring them back."""
    confirm(web, mail, "gone@three.example")
    # The welcome too: a mail that waits is given up when its reader leaves.
    old = web.path_of(link_in(read_mail(mail, "gone@three.example", 2)[0], "confirm"))
    gone = web.site.day.stores.subscribers.find("gone@three.example")
    assert gone is not None
    web.clock.forward(seconds=60)
    web.site.requests.leave(gone.id, web.clock())
    assert web.post(old).status_code == 410
    assert state(web, "gone@three.example") is S.LEFT

    web.clock.forward(hours=30)
    web.subscribe("gone@three.example", topics=["theory"])
    assert state(web, "gone@three.example") is S.LEFT
    link = web.path_of(link_in(read_mail(mail, "gone@three.example", 3)[2], "confirm"))
    web.post(link)

    back = web.site.day.stores.subscribers.find("gone@three.example")
    assert back is not None
    assert (back.id, back.state, back.wishes.topics) == (gone.id, S.ACTIVE, ("theory",))


def test_what_one_confirms_is_what_one_asked_for(web: Running, mail: Mail) -> None:
    """Somebody who asks for the same address meanwhile cannot choose for its owner."""
    web.subscribe("owner@three.example", topics=["vision"])
    link = web.path_of(link_in(read_mail(mail, "owner@three.example")[0], "confirm"))
    web.subscribe("owner@three.example", topics=["theory"])

    web.post(link)

    kept = web.site.day.stores.subscribers.find("owner@three.example")
    assert kept is not None
    assert kept.wishes.topics == ("vision",)


def test_a_form_has_a_token_that_is_neither_too_young_nor_too_old(web: Running) -> None:
    """Programs post at once, or again and again what they kept; forged tokens are no better."""
    now = web.clock()
    young = form_token(SECRET.encode(), "subscribe", now)
    old = form_token(SECRET.encode(), "subscribe", now - dt.timedelta(hours=25))
    other = form_token(SECRET.encode(), "preferences", now - dt.timedelta(seconds=10))
    forged = form_token(b"another secret of thirty-two bytes", "subscribe", now)

    for token in (young, old, other, forged, "", "x" * 60, "é"):
        answer = web.post("/subscribe", email="robot@four.example", form=token)
        assert (answer.status_code, "press the button again" in answer.text) == (422, True)
    assert state(web, "robot@four.example") is None


def test_what_fills_in_the_hidden_field_is_told_the_same_and_gets_nothing(web: Running) -> None:
    """Programs fill in every field that they find."""
    answer = web.subscribe("robot@five.example", website="https://spam.example")

    assert "Look into your inbox" in answer.text
    assert state(web, "robot@five.example") is None


def test_another_site_cannot_post_our_form(web: Running) -> None:
    """A form on another page (CSRF), whatever its browser says of where it comes from."""
    token = web.form_token("/subscribe")
    web.clock.forward(seconds=5)
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": web.address, "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        answer = web.client.post(
            "/subscribe", data={"email": "eve@six.example", "form": token}, headers=headers
        )
        assert answer.status_code == 403
    assert state(web, "eve@six.example") is None


def test_links_that_confirm_are_good_for_one_thing_and_some_days(web: Running, mail: Mail) -> None:
    """Changed, expired, for another purpose, of another reader: nothing is confirmed."""
    web.subscribe("careful@six.example")
    link = web.path_of(link_in(read_mail(mail, "careful@six.example")[0], "confirm"))
    token = link.rpartition("/")[2]
    reader = web.site.day.stores.subscribers.find("careful@six.example")
    assert reader is not None
    later = web.clock() + dt.timedelta(days=1)
    wrong = sign(SECRET.encode(), "confirm", f"{reader.id}.999999", until=later)
    foreign = sign(SECRET.encode(), "manage", reader.id, until=later)

    for bad in (token[:-1] + ("A" if token[-1] != "A" else "B"), foreign, token[:-4], "x"):
        assert web.post(f"/confirm/{bad}").status_code == 404
    assert web.post(f"/confirm/{wrong}").status_code == 410
    web.clock.forward(days=8)
    assert web.post(link).status_code == 410
    assert web.get(link).status_code == 410
    assert state(web, "careful@six.example") is S.PENDING


def test_a_mail_that_fails_for_now_is_tried_again_and_one_refused_is_not(
    web: Running, mail: Mail
) -> None:
    """451 waits and is sent later; 550 is given up; neither holds up the others."""
    mail.rcpt_replies["slow@seven.example"] = "451 4.3.0 later"
    mail.rcpt_replies["bad@seven.example"] = "550 5.1.1 no such user"
    for name in ("slow", "bad", "good"):
        web.subscribe(f"{name}@seven.example")
    read_mail(mail, "good@seven.example")
    del mail.rcpt_replies["slow@seven.example"]
    web.clock.forward(minutes=2)
    web.host.wake()

    assert link_in(read_mail(mail, "slow@seven.example")[0], "confirm")
    states = web.site.day.stores.notices.counts([NoticeKind.CONFIRM])
    assert states["failed"] >= 1
    assert not [sent for sent in mail.messages if sent.recipient == "bad@seven.example"]
    assert parsed(mail.messages[-1].content)["To"]
