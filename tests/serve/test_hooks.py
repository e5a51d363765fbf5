"""Webhooks on the running site: what providers tell is acted on once, and nobody else can tell."""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import json
import multiprocessing
import re
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2 as httpx
import providers as p
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sites import LAST, SECRET, Running, free_socket, reader, running_site, state, write_site

from newsletter import links
from newsletter.config.files import load_config
from newsletter.day.hooks import CALLERS, take_call
from newsletter.day.keeping import forget
from newsletter.doctor.checks import check
from newsletter.errors import SourceError
from newsletter.model import SubscriberState
from newsletter.suppress.webhooks.calls import Call, Proved
from newsletter.suppress.webhooks.table import read_call
from newsletter.world.days import open_day

S = SubscriberState
SETTINGS = f"""
serve:
  proxies: [127.0.0.1/32]
  hooks:
    ses: {p.TOPIC}
    sendgrid: {p.SENDGRID_KEY}
    mailgun: ${{MAILGUN_SIGNING_KEY}}
    postmark: ${{POSTMARK_HOOK}}
"""
SECRETS = f"MAILGUN_SIGNING_KEY={p.MAILGUN_KEY}\nPOSTMARK_HOOK={p.POSTMARK}\n"
HTTPS = {"X-Forwarded-Proto": "https"}
BASIC = {**HTTPS, "Authorization": p.BASIC}


class Amazon:
    """What is at Amazon's addresses, and who asked for what."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.pem = p.PEM
        self.is_down = False

    async def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        if self.is_down:
            raise SourceError(f"{url}: no answer")
        return self.pem if url.endswith(".pem") else b"<ConfirmSubscriptionResponse/>"


def write(folder: Path, more: str = SETTINGS, secrets: str = SECRETS) -> socket.socket:
    listening = free_socket()
    write_site(folder, f"http://127.0.0.1:{listening.getsockname()[1]}", days=9)
    path = folder / ".env"
    path.write_text(path.read_text() + secrets)
    main = folder / "config" / "newsletter.yaml"
    main.write_text(main.read_text("utf-8") + more, "utf-8")
    return listening


@pytest.fixture(scope="module")
def amazon() -> Amazon:
    return Amazon()


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory, amazon: Amazon) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("hooks")
    with running_site(folder, write(folder), visiting=amazon) as running:
        yield running


def call(
    web: Running, name: str, body: bytes, headers: dict[str, str] | None = None
) -> httpx.Response:
    return web.client.post(f"/hooks/{name}", content=body, headers=headers or {})


def taken(web: Running, name: str, body: bytes, headers: dict[str, str] | None = None) -> None:
    answer = call(web, name, body, headers)
    assert (answer.status_code, answer.text) == (200, "ok\n")


def suppressed(web: Running, email: str) -> str | None:
    """Return the verdict for which an address is suppressed."""
    found = web.site.day.stores.suppressions.get(email)
    return found.verdict if found else None


def delivered(web: Running, email: str, issue: dt.date = LAST) -> str:
    """Make somebody a reader who was sent an issue; return the Message-ID of it."""
    found = web.site.day.stores.subscribers.find(email)
    who = found.id if found else reader(web, email)
    with web.site.day.stores.subscribers._database.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO delivery (issue, subscriber, email, name, timezone, edition, state, attempt, code, reason, changed_at)"
            f" VALUES ('{issue}', ?, ?, '', 'UTC', 'x', 'accepted', 0, 0, '', '2026-11-26 06:00:00')",
            (who, email),
        )
    return f"<{issue:%Y%m%d}.{who}@letters.example>"


def bounces(web: Running, email: str) -> list[tuple[str, bool, Any]]:
    rows = web.site.day.stores.accounts.bounces(99, email=email)
    return [(row.verdict, row.verified, row.issue) for row in rows]


# --- Once and for the right reader ------------------------------------------------------------------


def test_a_hard_bounce_suppresses(web: Running) -> None:
    """By every provider, for the reader whose mail it was."""
    for name in ("ses", "sendgrid", "mailgun", "postmark"):
        email = f"{name}@hard.example"
        message_id = delivered(web, email)
        signed = p.sendgrid(p.sendgrid_event(email, "bounce", message_id))
        told: dict[str, tuple[bytes, dict[str, str]]] = {
            "ses": (p.sns(p.ses_bounce(email, mail=p.ses_mail(email, message_id)), id_=email), {}),
            "sendgrid": (signed.body, signed.headers),
            "mailgun": (p.mailgun(p.mailgun_failed(email, message_id.strip("<>")), token="h" * 50), {}),
            "postmark": (p.postmark_bounce(email, ID=17), BASIC),
        }  # fmt: skip
        body, headers = told[name]
        taken(web, name, body, headers)
        assert suppressed(web, email) == "no-mailbox", name
        assert bounces(web, email) == [("no-mailbox", True, LAST)]


def test_a_complaint_suppresses_and_leaving_leaves(web: Running) -> None:
    """Whoever asks the provider to get no more gets no more; their address is no bad one."""
    first, second = delivered(web, "cross@told.example"), delivered(web, "leaver@told.example")
    found = p.sendgrid(
        p.sendgrid_event("cross@told.example", "spamreport", first),
        p.sendgrid_event("leaver@told.example", "unsubscribe", second),
        p.sendgrid_event("leaver@told.example", "open", second),
    )
    taken(web, "sendgrid", found.body, found.headers)
    assert suppressed(web, "cross@told.example") == "complaint"
    assert state(web, "leaver@told.example") is S.LEFT
    assert suppressed(web, "leaver@told.example") is None

    # They come back; the same request does not undo it, nor does the same event in another one.
    web.site.day.stores.subscribers.change("leaver@told.example", S.ACTIVE, "site", web.clock())
    taken(web, "sendgrid", found.body, found.headers)
    again = p.sendgrid(
        p.sendgrid_event("leaver@told.example", "unsubscribe", second),
        at=p.NOW + dt.timedelta(seconds=9),
    )
    taken(web, "sendgrid", again.body, again.headers)
    assert state(web, "leaver@told.example") is S.ACTIVE


def test_soft_bounces_count_when_they_last(web: Running) -> None:
    """By the rules of mail: three issues over a week; the same issue twice is one."""
    email = "full@soft.example"
    days = [LAST - dt.timedelta(days=back) for back in (8, 4, 0)]
    names = [delivered(web, email, day) for day in days]
    for number, name in enumerate((names[0], names[0], names[1], names[2])):
        assert suppressed(web, email) is None
        mail = p.ses_mail(email, name)
        told = p.ses_bounce(email, kind="Transient", subtype="MailboxFull", text="", mail=mail)
        taken(web, "ses", p.sns(told, id_=f"soft-{number}"))
    assert suppressed(web, email) == "full"
    assert len(bounces(web, email)) == 4


def test_our_signs_name_the_reader(web: Running) -> None:
    """A tag in the envelope sender or a signed link, where there is no Message-ID of ours."""
    for number, kind in enumerate(("tag", "link")):
        email = f"{kind}@signs.example"
        delivered(web, email)
        who = web.site.day.stores.subscribers.find(email)
        assert who is not None
        tag = links.bounce_tag(SECRET.encode(), LAST, who.id)
        token = links.sign(SECRET.encode(), "unsubscribe", who.id)
        header = {"name": "List-Unsubscribe", "value": f"<https://news.example/u/{token}>"}
        signs: dict[str, p.Body] = {
            "tag": {"source": f"bounce+{tag}@letters.example"},
            "link": {"headers": [header]},
        }
        mail = p.ses_mail(email, **signs[kind])
        # The address in the complaint is another one: it forwards.
        told = p.ses_complaint("elsewhere@forward.example", mail=mail)
        taken(web, "ses", p.sns(told, id_=f"signs-{number}"))
        assert suppressed(web, email) == "complaint"
        assert suppressed(web, "elsewhere@forward.example") is None


def test_who_is_no_reader_is_not_even_kept(web: Running) -> None:
    """Others send through the same account: whom they write to is none of our business."""
    for number, told in enumerate(
        (p.ses_bounce("x@stranger.example"), p.ses_complaint("x@stranger.example"))
    ):
        taken(web, "ses", p.sns(told, id_=f"stranger-{number}"))
    assert suppressed(web, "x@stranger.example") is None
    assert bounces(web, "x@stranger.example") == []


def test_another_mail_to_a_reader_says_only_that_the_mailbox_is_gone(web: Running) -> None:
    """A complaint about somebody else's mail is none about ours, nor do they leave us by it."""
    email = "both@others.example"
    delivered(web, email)
    other = "<1234@shop.example>"
    found = p.sendgrid(
        p.sendgrid_event(email, "spamreport", other), p.sendgrid_event(email, "unsubscribe", other)
    )  # fmt: skip
    taken(web, "sendgrid", found.body, found.headers)
    assert suppressed(web, email) is None
    assert state(web, email) is S.ACTIVE
    found = p.sendgrid(p.sendgrid_event(email, "bounce", other, type="bounce"))
    taken(web, "sendgrid", found.body, found.headers)
    assert suppressed(web, email) == "no-mailbox"


def test_mail_of_another_newsletter_of_the_domain_is_not_ours(web: Running) -> None:
    """Two newsletters may share a topic of Amazon: who leaves one, or complains, stays in the other."""
    email = "both@sisters.example"
    delivered(web, email)
    sister = "<20261126.0123456789abcdef0123@letters.example>"
    content = f"Message-ID: {sister}\n\nThe copy that Postmark sends along"
    found = p.sendgrid(
        p.sendgrid_event(email, "spamreport", sister), p.sendgrid_event(email, "unsubscribe", sister)
    )  # fmt: skip
    taken(web, "sendgrid", found.body, found.headers)
    taken(web, "ses", p.sns(p.ses_complaint(email, mail=p.ses_mail(email, sister)), id_="sister"))
    taken(
        web,
        "postmark",
        p.postmark_bounce(email, ID=99, Type="SpamComplaint", Content=content),
        BASIC,
    )
    assert suppressed(web, email) is None
    assert state(web, email) is S.ACTIVE
    taken(web, "ses", p.sns(p.ses_bounce(email, mail=p.ses_mail(email, sister)), id_="sister-2"))
    assert suppressed(web, email) == "no-mailbox"


@pytest.mark.parametrize(
    "message_id",
    ["notice.7@letters.example", "20200101.WHO@letters.example", "x@ismtpd0006p1sjc2.sendgrid.net", "null", ""],
)  # fmt: skip
def test_complaints_about_other_mail_of_ours_count(web: Running, message_id: str) -> None:
    """The one that asks to confirm, issues that are no longer known, and what a provider renamed."""
    email = f"c{abs(hash(message_id))}@renamed.example"
    delivered(web, email)
    who = web.site.day.stores.subscribers.find(email)
    assert who is not None
    named = message_id.replace("WHO", who.id)
    found = p.sendgrid(p.sendgrid_event(email, "spamreport", f"<{named}>"))
    taken(web, "sendgrid", found.body, found.headers)
    assert suppressed(web, email) == "complaint"


def test_a_late_report_cannot_name_somebody_else(web: Running) -> None:
    """Who gets a mail may answer with a report about any address: it must be the one it went to."""
    delivered(web, "victim@late.example")
    delivered(web, "attacker@late.example")
    mail = p.ses_mail("attacker@late.example")
    for number, told in enumerate(
        (p.ses_bounce("victim@late.example", mail=mail), p.ses_complaint("victim@late.example", mail=mail))
    ):  # fmt: skip
        taken(web, "ses", p.sns(told, id_=f"late-{number}"))
    assert suppressed(web, "victim@late.example") is None
    assert suppressed(web, "attacker@late.example") is None


def test_a_bounce_of_where_a_reader_forwards_to_is_not_theirs(web: Running) -> None:
    """As in mail: that the other mailbox is gone says nothing about the reader's."""
    message_id = delivered(web, "here@forwards.example")
    told = p.ses_bounce("there@dead.example", mail=p.ses_mail("here@forwards.example", message_id))
    taken(web, "ses", p.sns(told, id_="forwards"))
    assert suppressed(web, "here@forwards.example") is None
    assert bounces(web, "here@forwards.example") == [("unknown", True, LAST)]


def test_a_token_of_mailgun_counts_once(web: Running) -> None:
    """Its signature does not cover what is told: whoever has seen one could say anything."""
    delivered(web, "one@token.example")
    delivered(web, "two@token.example")
    seen = json.loads(
        p.mailgun({"event": "opened", "recipient": "one@token.example"}, token="t" * 50)
    )
    taken(web, "mailgun", json.dumps(seen).encode())
    for email in ("one@token.example", "two@token.example"):
        forged = seen | {"event-data": p.mailgun_failed(email, id=email)}
        taken(web, "mailgun", json.dumps(forged).encode())
        left = seen | {"event-data": {"event": "unsubscribed", "recipient": email}}
        taken(web, "mailgun", json.dumps(left).encode())
        assert suppressed(web, email) is None
        assert state(web, email) is S.ACTIVE


def test_what_the_operator_lifted_stays_lifted(web: Running) -> None:
    """However often the same request comes again."""
    email = "lifted@again.example"
    delivered(web, email)
    body = p.postmark_bounce(email, ID=99)
    taken(web, "postmark", body, BASIC)
    assert suppressed(web, email) == "no-mailbox"
    web.site.day.stores.suppressions.remove(email)
    taken(web, "postmark", body, BASIC)
    taken(web, "postmark", body + b" ", BASIC)
    assert suppressed(web, email) is None


def _take(folder: str, body: bytes, ready: Any, results: Any) -> None:
    config = load_config(Path(folder) / "config", {})
    found = read_call(
        "mailgun", Call(headers={}, body=body, is_secure=True), config.serving.hooks, p.NOW, {}
    )
    assert isinstance(found, Proved)
    with open_day(config, clock=lambda: p.NOW) as day:
        ready.wait()
        results.put(take_call(day, "mailgun", found).new)


def test_two_processes_take_the_same_token_once(web: Running) -> None:
    """Each with another event: one of them counts, also after both have ended."""
    folder = str(web.host._folder.parent)
    bodies = []
    for number in range(2):
        email = f"p{number}@race.example"
        bodies.append(
            p.mailgun(
                p.mailgun_failed(email, delivered(web, email), id=str(number)), token="r" * 50
            )
        )
    spawn = multiprocessing.get_context("spawn")
    ready, results = spawn.Barrier(2), spawn.Queue()
    workers = [spawn.Process(target=_take, args=(folder, body, ready, results)) for body in bodies]
    for worker in workers:
        worker.start()
    counts = [results.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join(60)
    assert sorted(counts) == [0, 1]
    barred = [email for email in (f"p{n}@race.example" for n in range(2)) if suppressed(web, email)]
    assert len(barred) == 1


def test_requests_are_forgotten_in_time(tmp_path: Path) -> None:
    """Not before they would be too old to be taken."""
    write(tmp_path).close()
    config = load_config(tmp_path / "config", {})
    now = p.NOW

    def times() -> dt.datetime:
        return now

    with open_day(config, clock=times) as day:
        proved = Proved(once="a", signs_body=False)
        for name in ("mailgun", "ses"):
            take_call(day, name, proved)
        database = tmp_path / "outbox" / "site.db"

        def known() -> int:
            with closing(sqlite3.connect(database)) as connection:
                query = f"SELECT count(*) FROM fact WHERE service IN {CALLERS}"
                return int(connection.execute(query).fetchone()[0])

        for days, left in ((0, 2), (2, 2), (5, 0)):
            now = p.NOW + dt.timedelta(days=days)
            forget(day)
            assert known() == left


# --- Amazon -----------------------------------------------------------------------------------------


def test_the_certificate_is_fetched_once(tmp_path: Path) -> None:
    """From where all of it was right; if it cannot be had, the message is sent again."""
    amazon = Amazon()
    with running_site(tmp_path, write(tmp_path), visiting=amazon) as web:
        amazon.is_down = True
        assert call(web, "ses", p.sns("x", id_="1")).status_code == 503
        amazon.is_down = False
        for number in range(3):
            taken(web, "ses", p.sns("x", id_=str(number)))
        assert amazon.asked == [p.CERTIFICATE] * 2
        assert any("does not answer" in text for text in web.said)


def test_a_subscription_is_confirmed_once_and_for_one_topic(tmp_path: Path) -> None:
    """Nothing else is ever visited (SSRF)."""
    amazon = Amazon()
    with running_site(tmp_path, write(tmp_path), visiting=amazon) as web:
        wrong: tuple[dict[str, Any], ...] = (
            {"TopicArn": p.TOPIC + "2"}, {"SubscribeURL": "http://169.254.169.254/"},
            {"SubscribeURL": "https://sns.eu-west-1.amazonaws.com@127.0.0.1/"},
            {"SigningCertURL": "http://127.0.0.1/SimpleNotificationService-0123456789abcdef.pem"},
        )  # fmt: skip
        for fields in wrong:
            body = p.sns("x", kind="SubscriptionConfirmation", **fields)
            assert call(web, "ses", body).status_code == 403
        assert set(amazon.asked) <= {p.CERTIFICATE}
        amazon.asked.clear()
        body = p.sns("x", kind="SubscriptionConfirmation")
        taken(web, "ses", body)
        visited = [url for url in amazon.asked if url != p.CERTIFICATE]
        assert len(visited) == 1
        assert visited[0].startswith(f"{p.SNS}/?Action=ConfirmSubscription&")
        assert any("confirmed" in text for text in web.said)


def test_strangers_cannot_make_us_ask_amazon_for_ever(tmp_path: Path) -> None:
    """Each names another file of Amazon's; a few are asked for, and then nothing for a while."""
    amazon = Amazon()
    amazon.is_down = True
    with running_site(tmp_path, write(tmp_path), visiting=amazon) as web:
        for number in range(40):
            url = f"{p.SNS}/SimpleNotificationService-{number:032x}.pem"
            assert call(web, "ses", p.sns("x", SigningCertURL=url)).status_code == 503
    assert len(amazon.asked) == 15


# --- Refusals ---------------------------------------------------------------------------------------


def test_refusals_tell_nothing_and_the_operator_why(web: Running) -> None:
    """The same answer whatever was wrong; the reason once, without any secret."""
    signed = p.sendgrid(p.sendgrid_event("a@b.example", "spamreport"))
    bad = [
        ("ses", p.sns("x", TopicArn="arn:aws:sns:eu-west-1:1:x"), {}), ("ses", b"", {}),
        ("ses", b"{}", {"X-Amz-Sns-Rawdelivery": "true"}), ("sendgrid", signed.body, {}),
        ("mailgun", p.mailgun({}, key="x"), {}), ("postmark", p.postmark_bounce("a@b.example"), HTTPS),
        ("postmark", p.postmark_bounce("a@b.example"), {"Authorization": p.BASIC}),
    ]  # fmt: skip
    for _ in range(2):
        for name, body, headers in bad:
            answer = call(web, name, body, headers)
            assert (answer.status_code, answer.text) == (403, "refused\n")
    told = [text for text in web.said if "refused" in text]
    assert len(told) == len(set(told)) >= len(bad) - 1
    assert any("raw message delivery" in text for text in told)
    everything = "\n".join(web.said)
    assert p.MAILGUN_KEY not in everything
    assert "a-password-of-tests" not in everything


def test_who_is_no_proxy_cannot_say_that_it_is_https(tmp_path: Path) -> None:
    """Postmark's password in the clear is refused, and `check` says what is missing."""
    more = SETTINGS.replace("  proxies: [127.0.0.1/32]\n", "")
    with running_site(tmp_path, write(tmp_path, more)) as web:
        delivered(web, "ann@plain.example")
        assert (
            call(web, "postmark", p.postmark_bounce("ann@plain.example"), BASIC).status_code == 403
        )
        assert suppressed(web, "ann@plain.example") is None
    told = check(tmp_path / "config", {}, p.NOW).warnings
    assert any("serve: proxies:" in text for text in told)


def test_a_missing_key_lets_nothing_in_and_check_says_so(tmp_path: Path) -> None:
    """Not what is signed with an empty one, either."""
    with running_site(tmp_path, write(tmp_path, secrets="")) as web:
        empty = "Basic " + base64.b64encode(b":").decode()
        for name, body, headers in (
            ("mailgun", p.mailgun({"event": "complained", "recipient": "a@b.example"}, key=""), {}),
            ("postmark", p.postmark_bounce("a@b.example"), {**HTTPS, "Authorization": empty}),
            ("postmark", p.postmark_bounce("a@b.example"), BASIC),
        ):
            assert call(web, name, body, headers).status_code == 403
    told = check(tmp_path / "config", {}, p.NOW)
    assert told.ok
    for word in ("MAILGUN_SIGNING_KEY", "POSTMARK_HOOK"):
        (line,) = [text for text in told.warnings if word in text]
        assert re.match(r".*newsletter\.yaml:\d+:\d+: ", line)


def test_who_is_not_asked_for_is_not_there(tmp_path: Path) -> None:
    """As any address that does not exist."""
    with running_site(tmp_path, write(tmp_path, "")) as web:
        unknown = web.client.post("/no/such", content=b"x")
        for name in ("ses", "sendgrid", "mailgun", "postmark", "mandrill", "%00", "é"):
            answer = call(web, name, p.sns("x"))
            assert (answer.status_code, answer.text) == (404, unknown.text)


def test_only_post_tells(web: Running) -> None:
    """GET changes nothing, whatever it carries."""
    email = "got@get.example"
    delivered(web, email)
    body = p.postmark_bounce(email, ID=5)
    for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"):
        answer = web.client.request(method, "/hooks/postmark", content=body, headers=BASIC)
        assert answer.status_code == 405
    assert suppressed(web, email) is None


# --- Bodies -----------------------------------------------------------------------------------------


def test_bodies_of_every_kind(web: Running) -> None:
    """Huge, deep, doubled, compressed, in pieces, broken off: an answer, and never 500."""
    big = b" " * 1_000_001
    for name in ("ses", "mailgun"):
        assert call(web, name, b" " * 300_001).status_code == 413
    deep = b"[" * 250_000
    for name in ("ses", "sendgrid", "mailgun", "postmark"):
        assert call(web, name, big, BASIC).status_code == 413
        for body in (
            deep,
            b'{"Type":' * 30_000,
            b'{"a":1,"a":2}',
            b"\xff\xfe\x00",
            b"\xef\xbb\xbf{}",
            b'"\\ud800"',
        ):
            status = call(web, name, body, BASIC).status_code
            assert status == (200 if name == "postmark" else 403)
        zipped = gzip.compress(p.postmark_bounce("a@b.example"))
        assert call(web, name, zipped, {**BASIC, "Content-Encoding": "gzip"}).status_code == 415

    email = "pieces@body.example"
    message_id = delivered(web, email)
    body = p.sns(p.ses_bounce(email, mail=p.ses_mail(email, message_id)), id_="pieces")
    pieces = (body[i : i + 7] for i in range(0, len(body), 7))
    answer = web.client.post("/hooks/ses", content=pieces)
    assert answer.status_code == 200
    assert answer.request.headers["transfer-encoding"] == "chunked"
    assert suppressed(web, email) == "no-mailbox"


def test_odd_heads_of_requests(web: Running) -> None:
    """A host that is none, headers twice and in Latin-1: refused, and no fault of ours."""
    port = int(web.address.rpartition(":")[2])
    for head in (b"Host: [", b"Host: x\r\nHost: y", b"Host: x\r\nAuthorization: Basic \xff\xfe", b"Host: x\r\nX-Forwarded-Proto: \xe9"):  # fmt: skip
        with socket.create_connection(("127.0.0.1", port), 10) as connection:
            connection.sendall(
                b"POST /hooks/postmark HTTP/1.1\r\n" + head + b"\r\nContent-Length: 2\r\n\r\n{}"
            )
            assert connection.recv(12) in (b"HTTP/1.1 403", b"HTTP/1.1 400")


def test_a_client_that_hangs_up_leaves_the_site_well(web: Running) -> None:
    """In the middle of a body."""
    port = int(web.address.rpartition(":")[2])
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(
                b"POST /hooks/ses HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{"
            )
    assert web.get("/healthz").text == "ok\n"
    assert not [fault for fault in web.site.day.folders.faults.seen if fault.trace]


def test_what_cannot_be_stored_is_sent_again(tmp_path: Path) -> None:
    """503 while the database refuses; then the very same request counts."""
    with running_site(tmp_path, write(tmp_path)) as web:
        hard, left = "later@busy.example", "leaver@busy.example"
        delivered(web, hard)
        delivered(web, left)
        requests = {
            hard: p.mailgun(p.mailgun_failed(hard, id="1"), token="b" * 50),
            left: p.mailgun(
                {"event": "unsubscribed", "recipient": left, "id": "2"}, token="c" * 50
            ),
        }
        with closing(
            sqlite3.connect(tmp_path / "outbox" / "site.db", isolation_level=None)
        ) as other:
            other.execute("ALTER TABLE fact RENAME TO gone")
            for body in requests.values():
                assert call(web, "mailgun", body).status_code == 503
            other.execute("ALTER TABLE gone RENAME TO fact")
        assert suppressed(web, hard) is None
        for body in requests.values():
            taken(web, "mailgun", body)
        assert suppressed(web, hard) == "no-mailbox"
        assert state(web, left) is S.LEFT


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    name=st.sampled_from(["ses", "sendgrid", "mailgun", "postmark"]),
    body=st.binary(max_size=500),
    kind=st.sampled_from(["application/json", "text/plain", "multipart/form-data; boundary=x", "x"]),
)  # fmt: skip
def test_any_bytes_suppress_nobody(web: Running, name: str, body: bytes, kind: str) -> None:
    """And are refused."""
    before = len(list(web.site.day.stores.suppressions.all()))
    assert call(web, name, body, {"Content-Type": kind}).status_code == 403
    assert len(list(web.site.day.stores.suppressions.all())) == before
