"""What surrounds every page: headers, limits, proxies, slow clients, and any input at all."""

from __future__ import annotations

import datetime as dt
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sites import SECRET, Running, free_socket, reader, running_site, write_site
from starlette.routing import Route

from newsletter import links
from newsletter.serve import listening as listening_module
from newsletter.serve import shell
from newsletter.serve.app import site_app
from newsletter.serve.limits import MOST_NETWORKS, Limit


def routes(web: Running) -> list[Route]:
    return [route for route in site_app(web.host.site).routes if isinstance(route, Route)]


def filled(path: str, value: str) -> str:
    return re.sub(r"\{[^}]*\}", lambda _found: value, path)


def test_every_answer_has_the_headers_that_protect_readers(web: Running) -> None:
    """Also those that refuse: no script, no frame, no other host, no cookie."""
    for route in routes(web):
        for method in sorted(route.methods or ()):
            answer = web.client.request(method, filled(route.path, "x"))
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "script-src" not in policy
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "same-origin"
            assert "set-cookie" not in answer.headers
            assert "server" not in answer.headers


def test_no_page_asks_another_host_for_anything(web: Running) -> None:
    """No picture, font, script or style from elsewhere: nobody else learns who reads."""
    for route in routes(web):
        answer = web.get(filled(route.path, "2026-11-26"))
        page = answer.text if "html" in answer.headers.get("content-type", "") else ""
        assert not re.findall(r'(?:src|srcset|poster|data)="(?:https?:)?//', page)
        assert not re.findall(r'<link rel="(?!canonical)[^"]*"[^>]*href="(?:https?:)?//', page)
        assert "<script" not in page
        assert " style=" not in page
        assert not re.findall(r"\son[a-z]+=", page)
    assert "url(" not in web.get("/site.css").text
    assert "@import" not in web.get("/site.css").text


def test_looking_changes_nothing(web: Running) -> None:
    """GET, HEAD and OPTIONS of every page, also with valid tokens, leave the database as it was."""
    who = reader(web, "look@shell.example")
    until = web.clock() + dt.timedelta(minutes=50)
    tokens = {
        purpose: links.sign(SECRET.encode(), purpose, who, until=None if purpose in links.LASTING else until)
        for purpose in ("unsubscribe", "preferences", "feedback", "manage")
    }  # fmt: skip
    tokens["u"] = tokens["unsubscribe"]
    database = web.site.day.stores.subscribers._database

    def content() -> list[object]:
        with database.reading() as connection:
            tables = connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type = 'table'"
            )
            return [
                connection.exec_driver_sql(f'SELECT * FROM "{name}"').all()
                for (name,) in tables.all()
                if not name.startswith("paper_search")
            ]

    before = content()
    for route in routes(web):
        purpose = route.path.split("/")[1]
        path = (
            filled(route.path, tokens.get(purpose, "x"))
            + "?do=leave&kind=more&paper=arxiv:2603.99000&sure=yes"
        )
        for method in ("GET", "HEAD", "OPTIONS", "TRACE"):
            web.client.request(method, path)
    assert content() == before


ANY = st.text(max_size=60)
FIELD = st.sampled_from(
    ["email", "form", "do", "topics", "paper", "kind", "words", "hour", "List-Unsubscribe", "interest", "sure", "name"]
)  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    place=st.integers(0, 200),
    value=st.one_of(ANY, st.sampled_from(["manage", "feedback", "unsubscribe", "preferences"])),
    query=st.dictionaries(ANY, ANY, max_size=3),
    fields=st.dictionaries(FIELD, st.lists(ANY, max_size=2), max_size=4),
    method=st.sampled_from(["GET", "POST", "PUT", "HEAD"]),
    body=st.one_of(st.none(), st.binary(max_size=300)),
    kind=st.sampled_from(
        ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "multipart/form-data",
         "application/json", "text/plain; charset=\u00fc".encode().decode("latin-1"), ""]
    ),
)  # fmt: skip
def test_nothing_that_is_sent_breaks_a_page(
    web: Running,
    place: int,
    value: str,
    query: dict[str, str],
    fields: dict[str, list[str]],
    method: str,
    body: bytes | None,
    kind: str,
) -> None:
    """Any path, query, form or bytes: an answer that is meant, never 500, in any route."""
    known = routes(web)
    route = known[place % len(known)]
    if value in ("manage", "feedback", "unsubscribe", "preferences"):
        until = None if value in links.LASTING else web.clock() + dt.timedelta(minutes=50)
        value = links.sign(SECRET.encode(), value, "00" * 10, until=until)
    path = filled(route.path, quote(value, safe=""))
    if body is None:
        answer = web.client.request(method, path, params=query, data=fields)
    else:
        try:
            answer = web.client.request(
                method, path, params=query, content=body, headers={"Content-Type": kind}
            )
        except UnicodeEncodeError:
            return
    assert answer.status_code < 500, (method, path, answer.text)


def test_a_form_that_is_too_large_is_refused(web: Running) -> None:
    """Announced or not; and the next request is answered as ever."""

    def pieces() -> Iterator[bytes]:
        for _ in range(50):
            yield b"x" * 10_000

    assert (
        web.client.post(
            "/subscribe",
            content=b"x" * 70_000,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        ).status_code
        == 413
    )
    answer = web.client.post(
        "/subscribe",
        content=pieces(),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 413
    many = "&".join(f"f{number}=x" for number in range(500))
    refused = web.client.post(
        "/subscribe", content=many, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert refused.status_code in (400, 422)
    assert web.get("/").status_code == 200


@pytest.mark.slow
def test_clients_that_are_too_slow_are_shut_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a head, a byte at a time, half a form: the connection ends; others are answered."""
    monkeypatch.setattr(listening_module, "HEAD_SECONDS", 1.0)
    monkeypatch.setattr(shell, "BODY_SECONDS", 1.0)
    listening = free_socket()
    port = listening.getsockname()[1]
    write_site(tmp_path, f"http://127.0.0.1:{port}", days=1)
    with running_site(tmp_path, listening) as running, ExitStack() as stack:
        nothing, half, drop, form = (
            stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(4)
        )
        half.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        form.sendall(
            b"POST /subscribe HTTP/1.1\r\nHost: x\r\nContent-Length: 90\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\nemail="
        )
        end = time.monotonic() + 3
        gone = False
        while time.monotonic() < end and not gone:
            try:
                drop.sendall(b"G" if time.monotonic() < end else b"")
                time.sleep(0.2)
                drop.settimeout(0.01)
                gone = drop.recv(1) == b""
            except TimeoutError:
                continue
            except OSError:
                gone = True
        assert gone, "a byte now and then does not keep a connection"
        for waiting in (nothing, half):
            waiting.settimeout(5)
            assert waiting.recv(10) == b""
        form.settimeout(5)
        assert b"408" in form.recv(100)
        assert running.get("/").status_code == 200


def test_only_a_trusted_proxy_says_who_asks(tmp_path: Path) -> None:
    """Otherwise anybody could say it, and sign up as often as they like."""
    trusted = tmp_path / "trusted"
    for folder, more, allowed in (
        (tmp_path / "plain", "", False),
        (trusted, "serve: {proxies: [127.0.0.0/8]}", True),
    ):
        listening = free_socket()
        write_site(folder, f"http://127.0.0.1:{listening.getsockname()[1]}", days=1, more=more)
        with running_site(folder, listening, per_network=4) as running:
            token = running.form_token("/subscribe")
            running.clock.forward(seconds=5)
            codes = [
                running.client.post(
                    "/subscribe",
                    data={"email": f"a{number}@b.example", "form": token},
                    headers={
                        "Origin": running.address,
                        "X-Forwarded-For": f"6.6.6.6, 198.51.{number}.7, 127.0.0.9",
                        "X-Forwarded-Proto": "https",
                    },
                )
                for number in range(6)
            ]
        assert ([answer.status_code for answer in codes].count(429) == 0) is allowed
        assert ("strict-transport-security" in codes[0].headers) is allowed


def test_a_network_may_ask_only_so_often(tmp_path: Path) -> None:
    """Others are answered still; with time it may ask again."""
    listening = free_socket()
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    write_site(tmp_path, address, days=1, more="serve: {proxies: [127.0.0.1/32]}")
    with running_site(tmp_path, listening, per_network=4) as running:

        def ask(network: str) -> int:
            token = running.form_token("/subscribe")
            running.clock.forward(seconds=5)
            answer = running.client.post(
                "/subscribe",
                data={"email": "a@b.example", "form": token},
                headers={"Origin": running.address, "X-Forwarded-For": network},
            )
            return int(answer.status_code)

        assert [ask(f"198.51.100.{number}") for number in range(4)] == [200, 200, 429, 429]
        assert ask("203.0.113.5") == 200
        assert ask("2001:db8:1:2::1") == 200
        assert ask("2001:db8:1:2:ffff::9") == 200
        assert ask("2001:db8:1:2:3:4:5:6") == 429, "one IPv6 network is one network"


def test_a_bucket_fills_again_and_memory_is_bounded() -> None:
    """Half of an hour's requests at once, then as many an hour as allowed."""
    now = [0.0]
    limit = Limit(per_hour=4, burst=2, clock=lambda: now[0])
    assert [limit.allows("a") for _ in range(3)] == [True, True, False]
    now[0] += 900
    assert [limit.allows("a"), limit.allows("a")] == [True, False]
    for number in range(MOST_NETWORKS + 10):
        limit.allows(str(number))
    assert len(limit._buckets) == MOST_NETWORKS
