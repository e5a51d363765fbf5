"""What somebody tried against the site, and found."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
import sqlite3
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from commands import newsletter
from servers import Mail, smtp_server
from sites import (
    LAST,
    MORNING,
    SECRET,
    Running,
    day_papers,
    free_socket,
    link_in,
    read_mail,
    reader,
    running_site,
    state,
    write_site,
)

from newsletter.config.files import load_config
from newsletter.day.given import Day
from newsletter.day.steps import make_issue
from newsletter.links import sign
from newsletter.model import FeedbackKind, Notice, NoticeState, SignUp, SubscriberState, Wishes
from newsletter.send.notices import send_notices
from newsletter.send.smtp import SmtpTransport
from newsletter.serve.app import PageCache
from newsletter.store import NoticeStore
from newsletter.store.tables import suppressions
from newsletter.world.days import open_day
from newsletter.world.posts import send_waiting_notices, transport_for

S, KEY = SubscriberState, SECRET.encode()


def manage(web: Running, who: str) -> str:
    return "/manage/" + sign(KEY, "manage", who, until=web.clock() + dt.timedelta(minutes=50))


def test_one_reader_cannot_take_the_issue_from_all_others(web: Running, mail: Mail) -> None:
    """Who taught something, left and came back stands for nobody but themselves."""
    reader(web, "zz-bystander@one.example")
    me = reader(web, "00-taught@one.example")
    paper = web.site.picks.of(LAST)[0].paper.id
    web.post("/feedback/" + sign(KEY, "feedback", me), paper=paper, kind="more")
    web.post("/u/" + sign(KEY, "unsubscribe", me), do="leave")
    web.clock.forward(minutes=1)
    web.subscribe("00-taught@one.example")
    web.post(web.path_of(link_in(read_mail(mail, "00-taught@one.example")[-1], "confirm")))
    kept = web.site.day.stores.subscribers.with_id(me)
    assert kept is not None
    assert kept.state is S.ACTIVE
    date = LAST + dt.timedelta(days=1)
    web.site.day.stores.papers.save([pick.paper for pick in day_papers(date, 60)], web.clock())

    make_issue(replace(web.site.day, date=date))

    deliveries = {row.email: row.edition for row in web.site.day.stores.ledger.deliveries(date)}
    assert "zz-bystander@one.example" in deliveries
    assert me in deliveries["00-taught@one.example"], "what was taught still counts"
    assert me not in deliveries["zz-bystander@one.example"]


def test_a_notice_that_left_is_never_put_back(tmp_path: Path) -> None:
    """Two processes have read the same list: whatever one meets, it changes nothing of the other."""
    with smtp_server() as mail:
        write_site(tmp_path, "http://127.0.0.1:1", mail_port=mail.port, days=1)
        with running_day(tmp_path) as day:
            notices, requests = day.stores.notices, day.stores.requests
            requests.sign_up(SignUp(email="once@one.example"), MORNING)
            (notice,) = notices.waiting(MORNING, 9)
            assert notices.begin(notice, MORNING)
            assert not notices.begin(notice, MORNING), "another process takes none that has begun"
            waits = NoticeState.WAITING
            assert not notices.settle(notice, waits, MORNING, begun=False), "nor gives it back"
            assert notices.settle(notice, NoticeState.SENT, MORNING, begun=True)
            for begun in (False, True):
                assert not notices.settle(notice, waits, MORNING, begun=begun)
            assert notices.waiting(MORNING + dt.timedelta(days=1), 9) == ()


def test_two_processes_send_each_notice_once(tmp_path: Path) -> None:
    """Both have the same twenty in hand; one of them meets a recipient that is refused for now."""
    with smtp_server() as mail:
        write_site(tmp_path, "http://127.0.0.1:1", mail_port=mail.port, days=1)
        with running_day(tmp_path) as day:
            for number in range(20):
                day.stores.requests.sign_up(SignUp(email=f"r{number}@one.example"), MORNING)
            seen = day.stores.notices.waiting(MORNING, 99)
            mail.rcpt_replies["r7@one.example"] = "451 4.2.0 later"

            async def both() -> None:
                await asyncio.gather(
                    send_waiting_notices(day, lambda: MORNING),
                    send_waiting_notices(day, lambda: MORNING),
                )

            asyncio.run(both())
            stale = _Stale(day.stores.notices, seen)
            transport = transport_for(day.config, day.folders.outbox)
            assert isinstance(transport, SmtpTransport)
            asyncio.run(
                send_notices(stale, lambda _notice: None, transport, lambda: MORNING, print)
            )
            del mail.rcpt_replies["r7@one.example"]
            asyncio.run(send_waiting_notices(day, lambda: MORNING + dt.timedelta(minutes=2)))
        counts = [sent.recipient for sent in mail.messages]
    assert sorted(counts) == sorted({f"r{number}@one.example" for number in range(20)})


class _Stale:
    """A queue as a process sees it that read it long ago."""

    def __init__(self, store: NoticeStore, seen: Sequence[Notice]) -> None:
        self.waiting = lambda *_given: seen
        self.begin = store.begin
        self.settle = store.settle


def running_day(folder: Path) -> AbstractContextManager[Day]:
    return open_day(load_config(folder / "config", {}), clock=lambda: MORNING)


def test_an_address_that_must_not_be_mailed_gets_nothing(web: Running, mail: Mail) -> None:
    """However it is asked for."""
    with web.site.day.stores.subscribers._database.transaction() as connection:
        connection.execute(
            suppressions.insert().values(
                email="barred@one.example", verdict="no-mailbox", source="bounce", evidence="", since=MORNING
            )
        )  # fmt: skip
    web.subscribe("barred@one.example")
    web.subscribe("after@one.example")
    read_mail(mail, "after@one.example")
    assert not [sent for sent in mail.messages if sent.recipient == "barred@one.example"]
    assert state(web, "barred@one.example") is None


def test_another_site_cannot_change_what_a_reader_has_chosen(web: Running) -> None:
    """Even one that knows the link."""
    who = reader(web, "csrf@one.example")
    for do in ("save", "leave", "erase"):
        answer = web.client.post(
            manage(web, who),
            data={"do": do, "sure": "yes", "topics": "vision"},
            headers={"Origin": "https://evil.example"},
        )
        assert answer.status_code == 403
    kept = web.site.day.stores.subscribers.with_id(who)
    assert kept is not None
    assert (kept.state, kept.wishes) == (S.ACTIVE, Wishes())


def test_one_sees_and_may_change_what_one_confirms(web: Running, mail: Mail) -> None:
    """What a stranger typed for the address is shown, and can be left out."""
    web.subscribe("owner@two.example", topics=["theory"], interest="gambling tips")
    link = web.path_of(link_in(read_mail(mail, "owner@two.example")[0], "confirm"))

    page = web.get(link).text
    assert "gambling tips" in page
    assert re.search(r'value="theory" checked', page)
    assert not re.search(r'value="vision" checked', page)
    web.post(link, chosen="yes", topics=["vision"])

    kept = web.site.day.stores.subscribers.find("owner@two.example")
    assert kept is not None
    assert kept.wishes == Wishes(topics=("vision",))


def test_a_writer_holds_up_no_page(web: Running) -> None:
    """A backup, or a long plan, has the database: what only reads is answered at once."""
    file = web.host._folder.parent / "outbox" / "site.db"
    who = reader(web, "patient@one.example")
    token = sign(KEY, "feedback", who)
    with sqlite3.connect(file, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        for path in (
            "/?topic=vision", f"/{LAST - dt.timedelta(days=2)}", "/archive", "/papers/arxiv:2603.99001", "/search?q=image",
            "/topics/theory", "/feed.json", "/healthz", "/subscribe", manage(web, who), f"/feedback/{token}?paper=arxiv:2603.99001",
        ):  # fmt: skip
            assert web.get(path).status_code == 200, path
        assert time.monotonic() - began < 10
        other.execute("ROLLBACK")


def test_whatever_a_client_says_before_its_proxy_does_not_count(tmp_path: Path) -> None:
    """A second header line, an address with a port, brackets."""
    listening = free_socket()
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    write_site(tmp_path, address, days=1, more="serve: {proxies: [127.0.0.1/32]}")
    with running_site(tmp_path, listening, per_network=4) as running:

        def ask(*lines: str) -> int:
            token = running.form_token("/subscribe")
            running.clock.forward(seconds=5)
            answer = running.client.post(
                "/subscribe",
                data={"email": "a@b.example", "form": token},
                headers=[("Origin", address), *(("X-Forwarded-For", line) for line in lines)],
            )
            return int(answer.status_code)

        codes = [ask(f"10.{number}.1.1", "203.0.113.9") for number in range(4)]
        assert codes == [200, 200, 429, 429], "the last line is the proxy's"
        assert [ask("198.51.100.7:4711"), ask("198.51.100.7:99"), ask("198.51.100.9")] == [
            200,
            200,
            429,
        ]
        assert [ask("[2001:db8::1]:443"), ask("[2001:db8::2]"), ask("2001:db8::3")] == [
            200,
            200,
            429,
        ]


def test_nobody_gets_mail_who_never_confirmed(web: Running) -> None:
    """Neither by a command, nor by being removed and brought back."""
    web.subscribe("pending@one.example")
    subscribers = web.site.day.stores.subscribers
    assert not subscribers.change("pending@one.example", S.ACTIVE, "command", web.clock())
    assert not subscribers.change("pending@one.example", S.PAUSED, "command", web.clock())
    assert subscribers.change("pending@one.example", S.LEFT, "command", web.clock())
    assert not subscribers.change("pending@one.example", S.ACTIVE, "command", web.clock())
    assert state(web, "pending@one.example") is S.LEFT
    done = newsletter("subscribers", "resume", "pending@one.example", cwd=web.host._folder.parent)
    assert (done.returncode, "never confirmed" in done.stderr) == (2, True), done.stdout
    assert state(web, "pending@one.example") is S.LEFT


def test_no_query_fills_the_memory(web: Running) -> None:
    """A page is kept once, whatever else stands in its address, and made once for all who wait."""
    for number in range(300):
        assert web.get(f"/?x={number}").status_code == 200
    cache = PageCache(lambda: 0.0)
    assert cache._bytes == 0
    tags = {web.get(f"/?utm={number}").headers["etag"] for number in range(20)}
    assert len(tags) == 1


def test_feedback_on_a_paper_that_got_a_better_name_can_be_taken_back(web: Running) -> None:
    """It was known by an address only, and is one of arXiv by now."""
    who = reader(web, "renamed@one.example")
    store, papers = web.site.feedback, web.site.day.stores.papers
    (paper,) = papers.with_keys(["arxiv:2603.99005"])
    papers.save([replace(paper, keys=(*paper.keys, "url:example.org/old"))], web.clock())
    path = "/feedback/" + sign(KEY, "feedback", who)
    store.give(who, ["url:example.org/old"], FeedbackKind.LESS, web.clock())
    web.post(path, paper="arxiv:2603.99005", kind="more")
    assert [given.kind for given in store.of(who)] == [FeedbackKind.MORE]
    store.give(who, ["url:example.org/old"], FeedbackKind.SAVE, web.clock())
    web.post(path, paper="arxiv:2603.99005", kind="save", do="undo")
    assert [given.kind for given in store.of(who)] == [FeedbackKind.MORE]
