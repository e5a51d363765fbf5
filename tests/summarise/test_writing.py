"""Sentences are asked of a real endpoint, which may do anything; what came of it is kept."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import json
import re
from pathlib import Path
from typing import Any

import pytest
from endpoints import PATH, answering, asked_of, completion
from makers import NOW, make_paper, open_test_database, run
from servers import Page, http_server

from newsletter.collect.http.fetcher import Fetcher
from newsletter.config.settings import Summaries
from newsletter.model import Paper, Ration
from newsletter.store import Database, SentenceStore
from newsletter.summarise.questions import digest, most_tokens, question
from newsletter.summarise.writing import Writer

LOOPBACK = [ipaddress.ip_network("127.0.0.0/8")]
ABSTRACT = "Planners for walking agents fall on snow. We train the planner Xylo on 1,200 falls, and agents fall less often."
GOOD = "Walking agents fall less often on snow with Xylo, a planner that is trained on 1,200 falls."


def papers(count: int) -> list[Paper]:
    return [
        make_paper(n, title=f"Xylo, study {n}", abstract=f"{ABSTRACT} It is study {n}.")
        for n in range(1, count + 1)
    ]


def settings(url: str, **changes: Any) -> Summaries:
    values: dict[str, Any] = {
        "endpoint": f"{url}/v1",
        "is_near": True,
        "model": "tiny",
        "key": "",
        "missing": "",
        "writes": True,
        "languages": ("en",),
        "thinks": False,
        "allowance": Ration(requests=100, tokens=1_000_000),
        "timeout": 1.0,
        "seconds": 30.0,
        "connections": 2,
    }
    return Summaries(**(values | changes))


class Asked:
    """What came of asking: the sentences, the line, the day's spending and the pauses."""

    def __init__(self, database: Database, some: list[Paper]) -> None:
        self.store = SentenceStore(database)
        self.papers = some
        self.notes = ""
        self.waits: list[float] = []

    @property
    def sentences(self) -> list[str]:
        known = self.store.known(map(digest, self.papers), "tiny", "en", NOW + dt.timedelta(days=9))
        return [known[digest(one)][0].text if digest(one) in known else "" for one in self.papers]

    @property
    def why(self) -> list[str]:
        return [found.why for one in self.papers for found in self.store.about(digest(one))]


def ask(
    database: Database,
    url: str,
    some: list[Paper],
    now: dt.datetime = NOW,
    **changes: Any,
) -> Asked:
    """Ask for a sentence about each paper."""
    found = Asked(database, some)
    machine = settings(url, **changes)

    async def sleep(seconds: float) -> None:
        found.waits.append(seconds)

    async def work() -> None:
        fetcher = Fetcher(
            user_agent="test",
            timeout=machine.timeout,
            silence=machine.timeout,
            max_bytes=1_000_000,
            private_networks=LOOPBACK,
            retries=0,
        )
        async with Writer(machine, fetcher, sleep) as writer:
            questions = [question(one, machine.model, "en") for one in some]
            await writer.write(questions, found.store, lambda: now)
            found.notes = "".join(writer.notes())

    run(work())
    return found


@pytest.fixture
def database(tmp_path: Path) -> Any:
    with open_test_database(tmp_path) as opened:
        yield opened


def test_a_sentence_is_written_once_and_kept(database: Database) -> None:
    """The request is plain JSON with the paper as data; the second run asks nothing."""
    bodies: list[dict[str, Any]] = []

    def make(request: str) -> bytes:
        bodies.append(json.loads(request[request.index("{") :]))
        return completion(GOOD, tokens=321)

    with http_server(**{PATH: Page(make=make)}) as web:
        first = ask(database, web.url, papers(1), key="sk-secret")
        again = ask(database, web.url, papers(1), key="sk-secret")

    assert first.sentences == again.sentences == [GOOD]
    assert (first.notes, again.notes) == ("summaries: 1 written", "")
    (body,) = bodies
    assert set(body) == {"model", "messages", "temperature", "max_tokens", "stream"}
    assert (body["model"], body["temperature"], body["stream"]) == ("tiny", 0, False)
    assert asked_of(json.dumps(body)) == {
        "title": papers(1)[0].title,
        "abstract": papers(1)[0].abstract,
    }
    assert "Ada Byron" not in json.dumps(body)
    assert web.requests[0][1]["authorization"] == "Bearer sk-secret"
    assert first.store.spent(NOW).tokens == 321


def test_a_model_that_thinks_gets_room_and_no_temperature(database: Database) -> None:
    """What it thought before it answered is no part of the answer."""
    bodies: list[dict[str, Any]] = []

    def make(request: str) -> bytes:
        bodies.append(json.loads(request[request.index("{") :]))
        return completion(f"<think>They say <b>click</b>.\n</think>\n\n{GOOD}")

    with http_server(**{PATH: Page(make=make)}) as web:
        found = ask(database, web.url, papers(1), thinks=True)

    assert found.sentences == [GOOD]
    assert set(bodies[0]) == {"model", "messages", "max_completion_tokens", "stream"}


def test_what_is_refused_is_counted_told_and_not_asked_for_again(database: Database) -> None:
    """The same model would say the same again: what it cost is not spent twice."""
    with http_server(**{PATH: answering("Click here: https://evil.example")}) as web:
        found = ask(database, web.url, papers(3))
        ask(database, web.url, papers(3), now=NOW + dt.timedelta(hours=1))

    assert found.sentences == ["", "", ""]
    assert found.notes == "summaries: 3 refused: an address"
    assert len(web.requests) == 3
    assert found.store.spent(NOW).refused == 3


MISBEHAVING = {
    "no JSON": (Page(b"<html>busy</html>"), "not valid JSON"),
    "deep JSON": (Page(b"[" * 100_000), "not valid JSON"),
    "a list": (Page(b"[]"), "no list `choices`"),
    "no choices": (Page(b'{"choices": []}'), "no list `choices`"),
    "an error": (Page(b'{"error": {"message": "model <b>x</b> not found"}}'), "model x not found"),
    "choices of another type": (Page(b'{"choices": "' + GOOD.encode() + b'"}'), "no list `choices`"),
    "a choice of another type": (Page(b'{"choices": [7]}'), "without text"),
    "a message of another type": (Page(b'{"choices": [{"message": ["x"]}]}'), "without text"),
    "no text": (answering(None), "without text"),
    "text of another type": (answering([{"type": "text", "text": GOOD}]), "without text"),
    "a number": (answering(42), "without text"),
    "status 400": (Page(b"{}", status=400), "HTTP 400"),
    "status 401": (Page(b"{}", status=401), "HTTP 401"),
    "status 404": (Page(b"{}", status=404), "HTTP 404"),
    "slow": (Page(misbehaviour="slow"), "no complete answer within"),
    "silent": (Page(misbehaviour="silent"), "no complete answer within|stopped sending"),
    "closes in the middle": (Page(misbehaviour="hang-up"), "without sending complete|peer closed"),
    "says gzip and is not": (Page(misbehaviour="not-gzip"), "compression is damaged"),
    "redirects": (Page(status=307, headers={"Location": "/elsewhere"}), "a redirect leads elsewhere"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISBEHAVING)
def test_an_endpoint_without_a_usable_answer_is_asked_thrice_and_no_more(
    database: Database, name: str
) -> None:
    """One line tells it; nothing else happens. The next run tries again."""
    page, told = MISBEHAVING[name]
    with http_server(**{PATH: page}, elsewhere=answering(GOOD)) as web:
        found = ask(database, web.url, papers(6), connections=1, timeout=0.3)

    assert found.sentences == [""] * 6
    assert [path for path, _ in web.requests] == [f"/{PATH}"] * 3
    assert found.notes.startswith("summaries: 3 without an answer: ")
    assert re.search(told, found.notes), found.notes
    assert found.notes.endswith("3 not asked for: the endpoint does not answer; the next run tries again")  # fmt: skip


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (answering(GOOD * 40_000), "longer than a sentence"),
        (Page(misbehaviour="bomb"), "longer than a sentence"),
        (Page(misbehaviour="endless"), "longer than a sentence"),
        (answering(GOOD[:-20], finish="length"), "cut off"),
        (answering("", finish="content_filter"), "cut off"),
        (answering(GOOD, finish="tool_calls"), "cut off"),
    ],
)
def test_an_answer_that_is_too_much_or_not_whole_is_refused(
    database: Database, page: Page, why: str
) -> None:
    """Megabytes, bombs and what the model did not end itself are answers, and no sentences."""
    with http_server(**{PATH: page}) as web:
        found = ask(database, web.url, papers(1), timeout=10.0)

    assert found.sentences == [""]
    assert why in found.why[0]


def test_a_key_is_never_given_to_another_host(database: Database) -> None:
    """A redirect is not followed at all."""
    with http_server(**{PATH: answering(GOOD)}) as other:
        there = Page(status=302, headers={"Location": f"{other.url}/{PATH}"})
        with http_server(**{PATH: there}) as web:
            found = ask(database, web.url, papers(1), key="sk-secret")

    assert other.requests == []
    assert found.sentences == [""]
    assert "sk-secret" not in found.notes + found.why[0]


def test_a_busy_endpoint_is_asked_again_when_it_says(database: Database) -> None:
    """After `Retry-After`, and each request counts."""
    busy = Page(status=429, headers={"Retry-After": "1"}, then=answering(GOOD))
    with http_server(**{PATH: busy}) as web:
        found = ask(database, web.url, papers(1), timeout=5.0)

    assert found.sentences == [GOOD]
    assert found.waits == [1.0]
    assert found.store.spent(NOW).requests == len(web.requests) == 2


def test_an_endpoint_that_is_busy_for_long_is_left_alone(database: Database) -> None:
    """A wait that is longer than an answer may take is not waited; nor is a third one."""
    with http_server(**{PATH: Page(status=429, headers={"Retry-After": "3600"})}) as web:
        long = ask(database, web.url, papers(1))
    assert (long.waits, len(web.requests)) == ([], 1)
    assert "429" in long.notes

    with http_server(**{PATH: Page(status=503)}) as web:
        often = ask(database, web.url, papers(2)[1:], timeout=10.0)
    assert (often.waits, len(web.requests)) == ([2.0, 4.0], 3)


def test_nobody_there_is_one_line(database: Database) -> None:
    """An endpoint that does not run stops nothing."""
    with http_server() as web:
        url = web.url
    found = ask(database, url, papers(5))

    assert "cannot connect" in found.notes
    assert found.notes.count("cannot connect") == 1
    assert found.sentences == [""] * 5


def test_the_time_of_all_is_limited(database: Database) -> None:
    """What was asked when time was over counts as asked; what was written before is kept."""
    good = answering(GOOD)
    good.then = Page(misbehaviour="silent")
    with http_server(**{PATH: good}) as web:
        found = ask(database, web.url, papers(4), connections=1, timeout=5.0, seconds=1.0)

    assert found.sentences == [GOOD, "", "", ""]
    assert found.notes == (
        "summaries: 1 written; 2 not asked for: 1 s are over; the next run goes on"
    )
    spent = found.store.spent(NOW)
    assert spent.requests == 2
    assert spent.tokens == 300 + most_tokens(question(papers(2)[1], "tiny", "en"), thinks=False)


def test_the_budget_of_a_day_holds_over_runs_and_ends_with_the_day(database: Database) -> None:
    """The best come first; what is left is asked for tomorrow, and told in the same line."""
    some = papers(5)
    few: dict[str, Any] = {"allowance": Ration(requests=2, tokens=1_000_000), "connections": 1}
    with http_server(**{PATH: answering(GOOD)}) as web:
        first = ask(database, web.url, some, **few)
        again = ask(database, web.url, some, now=NOW + dt.timedelta(hours=1), **few)
        assert len(web.requests) == 2
        tomorrow = ask(database, web.url, some, now=NOW + dt.timedelta(days=1), **few)

    assert first.notes == (
        "summaries: 2 written; 3 not asked for: the day's budget is spent (2 requests, 1,000,000 tokens)"
    )
    assert again.notes.startswith("summaries: 3 not asked for: the day's budget")
    assert tomorrow.sentences == [GOOD, GOOD, GOOD, GOOD, ""]


def test_tokens_are_counted_as_the_endpoint_says_and_at_most_where_it_does_not(
    database: Database,
) -> None:
    """Nothing is asked for that could cost more than what is left."""
    most = most_tokens(question(papers(1)[0], "tiny", "en"), thinks=False)
    with http_server(**{PATH: answering(GOOD, tokens=100)}) as web:
        few: dict[str, Any] = {
            "allowance": Ration(requests=100, tokens=most + 250),
            "connections": 1,
        }
        found = ask(database, web.url, papers(9), **few)
        assert len(web.requests) == 3
    assert found.store.spent(NOW).tokens == 300

    with http_server(**{PATH: answering(GOOD, tokens=None)}) as web:
        ask(database, web.url, papers(9)[8:], connections=1)
    assert found.store.spent(NOW).tokens == 300 + most


@pytest.mark.parametrize("tokens", [-5, 10**40, True, "7", 3.5])
def test_a_count_of_tokens_that_is_none_counts_at_most(database: Database, tokens: Any) -> None:
    """An endpoint cannot have the budget go backwards, or break the database."""
    with http_server(**{PATH: answering(GOOD, tokens=tokens)}) as web:
        found = ask(database, web.url, papers(1))

    most = most_tokens(question(papers(1)[0], "tiny", "en"), thinks=False)
    assert found.store.spent(NOW).tokens == most
    assert found.sentences == [GOOD]


def test_a_run_that_was_killed_keeps_what_was_paid_for(database: Database) -> None:
    """The one in flight counts as asked; it is asked for again when nobody can be at it."""
    some = papers(3)
    good = answering(GOOD)
    good.then = Page(misbehaviour="silent")

    async def killed(url: str) -> None:
        machine = settings(url, timeout=30.0, connections=1)
        fetcher = Fetcher(user_agent="x", timeout=30, silence=30, private_networks=LOOPBACK, retries=0)  # fmt: skip
        async with Writer(machine, fetcher) as writer:
            questions = [question(one, "tiny", "en") for one in some]
            work = asyncio.create_task(writer.write(questions, SentenceStore(database), lambda: NOW))  # fmt: skip
            while len(web.requests) < 2:  # noqa: ASYNC110  the server is a thread
                await asyncio.sleep(0.01)
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    with http_server(**{PATH: good}) as web:
        run(killed(web.url))
    with http_server(**{PATH: answering(GOOD)}) as web:
        soon = ask(database, web.url, some, now=NOW + dt.timedelta(minutes=1))
        assert soon.sentences == [GOOD, "", GOOD]
        assert soon.store.spent(NOW).requests == 3
        later = ask(database, web.url, some, now=NOW + dt.timedelta(hours=1))

    assert later.sentences == [GOOD, GOOD, GOOD]
    assert later.store.spent(NOW).requests == 4
