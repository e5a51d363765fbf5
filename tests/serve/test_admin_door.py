"""Who gets to the pages for editors, and who does not."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from editors import (
    BY_PASSWORD,
    HASHED,
    NEW,
    PASSWORD,
    editors_site,
    form_of,
    log_in,
    reader_id,
    send,
    set_password,
    snapshot,
    write_desk,
)
from sites import MORNING, SECRET, Running, free_socket, running_site

from newsletter.links import sign
from newsletter.serve.admin import admin_routes
from newsletter.serve.admin.sessions import COOKIE, new_session
from newsletter.serve.forms import form_token
from newsletter.serve.passwords import hash_password

LOCAL = "proxies: [127.0.0.1/32]"
BY_HEADER = f"serve: {{admin_header: X-Forwarded-User, {LOCAL}}}"
BEHIND = BY_PASSWORD.replace("}'}", f"}}', {LOCAL}}}")
ADDRESSES = tuple(route.path for route in admin_routes(lambda: pytest.fail("nobody asked")))
INSIDE = tuple(path for path in ADDRESSES if path != "/admin/log-in")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with editors_site(tmp_path_factory.mktemp("admin")) as running:
        yield running


@pytest.fixture(autouse=True)
def fresh(request: pytest.FixtureRequest) -> None:
    """Let each test begin without a cookie."""
    if "site" in request.fixturenames:
        request.getfixturevalue("site").client.cookies.clear()


def at(site: Running, path: str) -> str:
    """Return an address with an issue and a reader in it."""
    return path.replace("{date}", NEW.isoformat()).replace("{id}", reader_id(site, "ada"))


# --- Off ------------------------------------------------------------------------------------------


def test_without_a_setting_there_is_nothing(tmp_path: Path) -> None:
    """Every address answers as one that does not exist, whatever the method."""
    with editors_site(tmp_path, "") as site:
        unknown = site.get("/no/such/page")
        assert unknown.status_code == 404
        for path in ADDRESSES:
            for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
                found = site.client.request(method, at(site, path))
                assert found.status_code == 404, (method, path)
                assert "set-cookie" not in found.headers
            assert site.get(at(site, path)).text == unknown.text


def test_without_a_secret_nobody_can_log_in(tmp_path: Path) -> None:
    """Sessions are signed: the page says that the secret is missing."""
    listening = free_socket()
    write_desk(tmp_path, f"http://127.0.0.1:{listening.getsockname()[1]}")
    settings = tmp_path / "config" / "newsletter.yaml"
    text = settings.read_text("utf-8")
    settings.write_text(re.sub("^(site|secret): .*$", "", text, flags=re.MULTILINE), "utf-8")
    with running_site(tmp_path, listening) as site:
        found = site.get("/admin/log-in")
        assert found.status_code == 503
        assert "newsletter secret" in found.text
        assert site.get("/admin").status_code == 303
        for path in ("/admin/log-in", "/admin"):
            answer = site.post(path, password=PASSWORD)
            assert answer.status_code == 503
            assert "set-cookie" not in answer.headers


# --- A password -----------------------------------------------------------------------------------


def test_who_knows_the_password_gets_in(site: Running) -> None:
    """No cookie before the log-in; after it one that no script reads and no other site sends."""
    before = site.get("/admin")
    assert (before.status_code, before.headers["location"]) == (303, "/admin/log-in")
    form = site.get("/admin/log-in")
    assert "set-cookie" not in before.headers
    assert "set-cookie" not in form.headers
    assert form.headers["cache-control"] == "no-store"

    done = log_in(site)

    assert (done.status_code, done.headers["location"]) == (303, "/admin")
    parts = done.headers["set-cookie"].split("; ")
    assert parts[0].startswith(f"{COOKIE}=")
    assert {part.lower() for part in parts[1:]} == {
        "httponly", "max-age=43200", "path=/admin", "samesite=strict",
    }  # fmt: skip
    assert site.get("/admin").status_code == 200
    assert site.get("/admin/log-in").headers["location"] == "/admin"


def test_every_failure_gets_the_same_answer(site: Running) -> None:
    """A wrong password, none, one that is too long, and an old form look alike."""
    form = form_of(site.get("/admin/log-in"))
    old = form_token(SECRET.encode(), "log-in", MORNING - dt.timedelta(hours=25))
    tries = [
        {"password": "wrong", "form": form},
        {"form": form},
        {"password": "x" * 5_000, "form": form},
        {"password": PASSWORD, "form": old},
    ]
    answers = [site.post("/admin/log-in", **fields) for fields in tries]
    site.client.cookies.clear()

    assert {found.status_code for found in answers} == {403}
    assert len({form_of(found) and found.text for found in answers}) == 1
    assert not any("set-cookie" in found.headers for found in answers)


def test_another_site_cannot_log_somebody_in(site: Running) -> None:
    """The form of the log-in comes from our own page."""
    form = form_of(site.get("/admin/log-in"))
    found = site.client.post(
        "/admin/log-in",
        data={"password": PASSWORD, "form": form},
        headers={"Origin": "https://evil.example"},
    )

    assert found.status_code == 403
    assert "set-cookie" not in found.headers


def test_wrong_passwords_are_counted(tmp_path: Path) -> None:
    """Five in 15 minutes for a network, thirty for all; right ones do not count."""
    with editors_site(tmp_path, BEHIND) as site:

        def answer(password: str, network: int) -> int:
            return log_in(site, password, **{"X-Forwarded-For": f"10.0.{network}.7"}).status_code

        def anew(password: str, network: int) -> int:
            site.client.cookies.clear()
            return answer(password, network)

        assert [anew(PASSWORD, 1) for _ in range(7)] == [303] * 7
        assert [anew("wrong", 1) for _ in range(5)] == [403] * 5
        assert anew(PASSWORD, 1) == 429
        assert anew(PASSWORD, 2) == 303
        site.clock.forward(minutes=14, seconds=59)
        assert anew(PASSWORD, 1) == 429
        site.clock.forward(seconds=1)
        assert anew(PASSWORD, 1) == 303
        for network in range(3, 9):
            assert [anew("wrong", network) for _ in range(5)] == [403] * 5
        assert anew(PASSWORD, 9) == 429
        last = log_in(site, **{"X-Forwarded-For": "10.0.9.7"})
        assert last.headers["retry-after"] == "900"
        site.clock.forward(minutes=15)
        assert anew(PASSWORD, 9) == 303


def test_behind_https_the_cookie_is_secure(tmp_path: Path) -> None:
    """When the proxy says https the cookie never travels without it."""
    with editors_site(tmp_path, BEHIND) as site:
        done = log_in(site, **{"X-Forwarded-Proto": "https"})

        assert "; Secure" in done.headers["set-cookie"]


def test_below_a_path_the_cookie_has_that_path(tmp_path: Path) -> None:
    """A site below /papers keeps its cookie from others on the same host."""
    listening = free_socket()
    write_desk(tmp_path, f"http://127.0.0.1:{listening.getsockname()[1]}/papers")
    with running_site(tmp_path, listening) as site:
        assert site.get("/papers/admin").headers["location"] == "/papers/admin/log-in"
        fields = {"password": PASSWORD, "form": form_of(site.get("/papers/admin/log-in"))}
        done = site.post("/papers/admin/log-in", **fields)

        assert done.headers["location"] == "/papers/admin"
        assert "Path=/papers/admin;" in done.headers["set-cookie"]
        page = site.get("/papers/admin")
        assert page.status_code == 200
        assert not re.search(r'(?:href|action|src)="/(?!papers/)', page.text)


# --- Sessions -------------------------------------------------------------------------------------


def test_a_changed_password_ends_every_session(tmp_path: Path) -> None:
    """A session belongs to the password that opened it."""
    with editors_site(tmp_path) as site:
        log_in(site)
        assert site.get("/admin").status_code == 200
        set_password(tmp_path, hash_password("another long password", b"salt of the tests"))
        site.host.follow_settings()

        assert site.get("/admin").status_code == 303
        set_password(tmp_path, hash_password(PASSWORD, b"the salt of a later hash"))
        site.host.follow_settings()
        assert site.get("/admin").status_code == 303


def test_a_session_ends_after_twelve_hours(tmp_path: Path) -> None:
    """What was open at breakfast is shut in the evening."""
    with editors_site(tmp_path) as site:
        log_in(site)
        site.clock.forward(hours=11, minutes=59)
        assert site.get("/admin").status_code == 200
        site.clock.forward(minutes=1)
        assert site.get("/admin").status_code == 303


def test_log_out_ends_the_session_everywhere(site: Running) -> None:
    """A copy of the cookie is worth nothing afterwards."""
    log_in(site)
    copy = site.client.cookies[COOKIE]

    done = send(site, "/admin/log-out")

    assert "Max-Age=0" in done.headers["set-cookie"]
    assert site.get("/admin").status_code == 303
    site.client.cookies.set(COOKIE, copy)
    assert site.get("/admin").status_code == 303
    site.client.cookies.clear()
    log_in(site)
    assert site.get("/admin").status_code == 200


SECRET_KEY = SECRET.encode()
UNTIL = MORNING + dt.timedelta(hours=1)
GOOD = new_session(SECRET_KEY, HASHED, "ab" * 10, MORNING)
FORGED = {
    "none": "",
    "cut": GOOD[:-1],
    "changed": ("A" if GOOD[20] != "A" else "B").join((GOOD[:20], GOOD[21:])),
    "of another key": new_session(b"another secret of 32 bytes at least", HASHED, "ab", MORNING),
    "of another password": new_session(SECRET_KEY, f"{HASHED}x", "ab", MORNING),
    "without an end": sign(SECRET_KEY, "preferences", "ab" * 18),
    "a link to a reader's pages": sign(SECRET_KEY, "manage", "ab" * 18, until=UNTIL),
    "a form": sign(SECRET_KEY, "form", "ab" * 18, until=UNTIL),
    "of nothing": sign(SECRET_KEY, "session", "", until=UNTIL),
    "expired": new_session(SECRET_KEY, HASHED, "ab", MORNING - dt.timedelta(hours=12)),
}


@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED)
def test_a_forged_session_is_none(site: Running, token: str) -> None:
    """Only what we have signed, for this, with this password, and lately, lets anybody in."""
    site.client.cookies.set(COOKIE, token)

    assert site.get("/admin").status_code == 303
    assert site.post("/admin/bounces", do="lift", email="cleo@readers.example").status_code == 403
    site.client.cookies.clear()
    site.client.cookies.set(COOKIE, GOOD)
    assert site.get("/admin").status_code == 200


# --- A header -------------------------------------------------------------------------------------


def test_only_a_trusted_proxy_names_the_editor(tmp_path: Path) -> None:
    """The header of anybody else, an empty one and two of them let nobody in."""
    named = {"X-Forwarded-User": "ada"}
    with editors_site(tmp_path / "far", BY_HEADER.replace("127.0.0.1/32", "10.0.0.0/8")) as site:
        assert site.get("/admin", headers=named).status_code == 404
    with editors_site(tmp_path / "near", BY_HEADER) as site:
        assert site.get("/admin").status_code == 404
        assert site.get("/admin", headers={"X-Forwarded-User": ""}).status_code == 404
        twice = [("X-Forwarded-User", "eve"), ("X-Forwarded-User", "ada")]
        assert site.get("/admin", headers=twice).status_code == 404
        assert site.get("/admin/log-in", headers=named).status_code == 404
        page = site.get("/admin/bounces", headers=named)
        assert page.status_code == 200
        assert "You are ada" in page.text
        assert "set-cookie" not in page.headers
        form = form_of(page)
        lifted = {"form": form, "do": "lift", "email": "cleo@readers.example"}
        other = {"Origin": site.address, "X-Forwarded-User": "bo"}
        assert site.client.post("/admin/bounces", data=lifted, headers=other).status_code == 403
        own = other | named
        assert site.client.post("/admin/bounces", data=lifted, headers=own).status_code == 303


def test_the_header_counts_only_where_it_is_set(tmp_path: Path) -> None:
    """A proxy that is trusted with addresses does not name editors unless newsletter.yaml says so."""
    with editors_site(tmp_path, BEHIND) as site:
        found = site.get("/admin", headers={"X-Forwarded-User": "ada", "Remote-User": "ada"})

        assert found.status_code == 303


# --- Forms ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", INSIDE)
def test_nobody_without_a_session_does_or_sees_anything(site: Running, path: str) -> None:
    """GET leads to the log-in, every other method is refused, and nothing changes."""
    before = snapshot(site)
    assert site.get(at(site, path)).headers["location"] == "/admin/log-in"
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for what in ("pause", "resume", "cancel", "remove", "lift"):
            found = site.client.request(
                method,
                at(site, path),
                data={"do": what, "email": "cleo@readers.example", "form": "x"},
                headers={"Origin": site.address},
            )
            assert found.status_code == 403, (method, what)
            assert found.headers["cache-control"] == "no-store"

    assert snapshot(site) == before


@pytest.mark.parametrize("path", INSIDE)
def test_a_form_that_is_not_ours_is_refused(site: Running, path: str) -> None:
    """Neither another site's, nor one without the token of this very session, does anything."""
    log_in(site)
    other = form_of(site.get("/admin/bounces"))
    site.client.cookies.clear()
    log_in(site)
    own = form_of(site.get("/admin/bounces"))
    before = snapshot(site)
    public = form_token(SECRET_KEY, "subscribe", MORNING)
    old = form_token(SECRET_KEY, "admin", MORNING - dt.timedelta(hours=25))
    tried = [
        (own, {"Origin": "https://evil.example"}),
        (own, {"Origin": site.address, "Sec-Fetch-Site": "cross-site"}),
        (own, {"Origin": site.address, "Sec-Fetch-Site": "same-site"}),
        *((form, {"Origin": site.address}) for form in (other, public, old, "", "x")),
    ]
    for form, headers in tried:
        for what in ("pause", "resume", "cancel", "remove", "lift"):
            fields = {"do": what, "email": "cleo@readers.example", "form": form}
            found = site.client.post(at(site, path), data=fields, headers=headers)
            # 405: an address that takes no forms at all
            assert found.status_code in (403, 405), (form, headers)

    assert snapshot(site) == before
    assert site.get("/admin").status_code == 200


def test_looking_changes_nothing(site: Running) -> None:
    """No address of GET does what a button does, whatever its query says."""
    log_in(site)
    before = snapshot(site)
    form = form_of(site.get("/admin/bounces"))
    for path in INSIDE:
        for what in ("pause", "resume", "cancel", "remove", "lift", "leave"):
            query = {"do": what, "email": "cleo@readers.example", "form": form}
            found = site.get(at(site, path), params=query)
            assert found.status_code in (200, 404, 405), path
            assert found.headers["cache-control"] == "no-store", path

    assert snapshot(site) == before
    assert site.get("/admin").status_code == 200
