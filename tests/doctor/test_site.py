"""The site: whether the links that stand in every mail answer."""

from __future__ import annotations

import socket

import pytest
from makers import run
from patients import at, only, sick
from servers import Page, http_server

from newsletter.doctor.diagnoses import Diagnosis, Level
from newsletter.doctor.site import MailLink, check_site
from newsletter.world.sites import SiteVisit, open_visits


def look(*links: MailLink, seconds: float = 2.0) -> list[Diagnosis]:
    async def work() -> list[Diagnosis]:
        async with open_visits("newsletter/0 (test)", seconds) as fetch:
            return [
                diagnosis async for diagnosis in check_site(fetch, links, "newsletter.yaml:3:1")
            ]

    return run(work())


def test_links_that_answer_are_well() -> None:
    """Only GET is asked: it changes nothing."""
    with http_server(home=Page(b"hello"), archive=Page(status=404)) as web:
        found = look(
            MailLink(name="home", url=f"{web.url}/home"),
            MailLink(name="archive", url=f"{web.url}/archive", optional="no issue is there yet"),
        )

        assert len(web.requests) == 2
    assert sick(found) == []
    assert "no issue is there yet" in only(found, "archive", Level.NOTICE).found


def test_a_link_that_is_refused() -> None:
    """Another secret than the site's, or another site."""
    with http_server(home=Page(b"hello")) as web:
        found = look(
            MailLink(name="home", url=f"{web.url}/home"), MailLink(name="u", url=f"{web.url}/u/x")
        )

    assert "HTTP 404" in only(found, "u", Level.ERROR).found
    assert only(found, "u", Level.ERROR).where == "newsletter.yaml:3:1"


@pytest.mark.parametrize(
    ("page", "told"),
    [
        (Page(misbehaviour="redirect-loop"), "more than 5 redirects"),
        (Page(status=500), "HTTP 500"),
        (Page(status=302, headers={"Location": "http://[oops"}), ""),
        (Page(status=302, headers={"Location": "ftp://a.example/"}), ""),
        (Page(status=302, headers={"Location": "http://127.0.0.1:1/"}), "connection refused"),
    ],
)
def test_a_site_that_loops_or_breaks_is_one_diagnosis(page: Page, told: str) -> None:
    """What follows on the same server is not asked when there is no answer."""
    with http_server(home=page) as web:
        found = look(MailLink(name="home", url=f"{web.url}/home"))

    assert told in only(found, "home", Level.ERROR).found


@pytest.mark.parametrize("kind", ["endless", "slow", "bomb", "silent", "hang-up", "not-gzip"])
def test_what_a_page_says_does_not_matter(kind: str) -> None:
    """Its head is enough: nothing is read that has no end."""
    with http_server(home=Page(misbehaviour=kind)) as web:
        assert sick(look(MailLink(name="home", url=f"{web.url}/home"))) == []


def test_a_server_that_says_nothing_and_one_that_is_not_there() -> None:
    """Each is asked once."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        slow = look(MailLink(name="home", url=url), MailLink(name="other", url=url), seconds=0.3)
    gone = look(MailLink(name="home", url=url), MailLink(name="other", url=url))

    assert "no answer in" in only(slow, "home", Level.ERROR).found
    assert "connection refused" in only(gone, "home", Level.ERROR).found
    assert [len(slow), len(gone)] == [1, 1]


def test_one_click_wants_https_and_no_redirect() -> None:
    """A mail program that posts does not follow (RFC 8058, 3.1)."""
    with http_server(u=Page(b"form")) as web:
        plain = look(MailLink(name="unsubscribe", url=f"{web.url}/u", is_one_click=True))

    async def moved(_url: str) -> SiteVisit:
        return SiteVisit(status=200, url="https://www.news.example.org/u/x", redirects=1)

    async def work() -> list[Diagnosis]:
        link = MailLink(name="unsubscribe", url="https://news.example.org/u/x", is_one_click=True)
        return [diagnosis async for diagnosis in check_site(moved, [link], "")]

    assert "not https" in only(plain, "one click", Level.WARNING).found
    assert "redirects to https://www." in only(run(work()), "one click", Level.ERROR).found


def test_without_a_site_there_is_nothing_to_ask() -> None:
    """That is a reason, and no problem."""
    assert at(look(), Level.NOT_CHECKED) == ["links: no `site` in newsletter.yaml"]
