"""The site in Chromium: the way of a reader without JavaScript, and what axe finds on any page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import chromium
from playwright.sync_api import Browser, Page, ViewportSize
from servers import Mail, smtp_server
from sites import (
    LAST,
    SECRET,
    Running,
    free_socket,
    link_in,
    read_mail,
    reader,
    running_site,
    write_site,
)

from newsletter import links
from newsletter.model import FeedbackKind, SignUp, SubscriberState

PHONE, DESK = ViewportSize(width=375, height=700), ViewportSize(width=1280, height=900)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def mail() -> Iterator[Mail]:
    with smtp_server() as server:
        yield server


@pytest.fixture(scope="module")
def web(mail: Mail, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder, listening = tmp_path_factory.mktemp("site"), free_socket()
    write_site(folder, f"http://127.0.0.1:{listening.getsockname()[1]}", mail_port=mail.port)
    with running_site(folder, listening) as running:
        yield running


def heading(page: Page) -> str:
    return page.locator("h1").inner_text()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_reader_comes_chooses_and_leaves_without_javascript(
    web: Running, mail: Mail, browser: Browser, size: ViewportSize
) -> None:
    """Subscribe on the first page, confirm, choose, say more like this, leave in one press."""
    email = f"reader{size['width']}@browser.example"
    context = browser.new_context(viewport=size, java_script_enabled=False, base_url=web.address)
    page = context.new_page()
    page.goto("/")
    web.clock.forward(seconds=20)
    page.get_by_label("Get these papers in your inbox").fill(email)
    page.locator("main").get_by_role("button", name="Subscribe").click()
    assert heading(page) == "Look into your inbox"

    page.goto(link_in(read_mail(mail, email)[0], "confirm"))
    page.get_by_role("button", name="Yes, send it to me").click()
    assert heading(page) == "You are subscribed"

    welcome = read_mail(mail, email, 2)[1]
    page.goto(link_in(welcome, "preferences"))
    page.get_by_role("button", name="Send me the link").click()
    page.goto(link_in(read_mail(mail, email, 3)[2], "manage"))
    page.get_by_label("Vision").uncheck()
    page.get_by_label("How often").select_option("weekdays")
    page.get_by_label("From which hour of your day").select_option("7")
    page.get_by_label("Your time zone").fill("Europe/Berlin")
    page.get_by_label("Papers about").fill("quantum\nprotein folding")
    page.get_by_role("button", name="Save", exact=True).click()
    assert page.get_by_role("status").inner_text() == "Saved. The next issue comes so."
    kept = web.site.day.stores.subscribers.find(email)
    assert kept is not None
    assert kept.wishes.topics == ("language-models", "theory")
    assert (kept.wishes.hour, kept.wishes.words) == (7, ["quantum", "protein folding"])

    token = links.sign(SECRET.encode(), "feedback", kept.id)
    page.goto(f"/feedback/{token}?paper=arxiv%3A2603.99003&kind=more")
    page.get_by_role("button", name="More like this").click()
    assert "Noted" in page.get_by_role("status").inner_text()

    page.goto(link_in(welcome, "u"))
    page.get_by_role("button", name="Unsubscribe").click()
    assert heading(page) == "You are unsubscribed"
    gone = web.site.day.stores.subscribers.find(email)
    assert gone is not None
    assert gone.state is SubscriberState.LEFT
    assert context.cookies() == []
    context.close()


def pages(web: Running) -> dict[str, str]:
    email = "axe@browser.example"
    who = reader(web, email)
    for number, kind in enumerate(FeedbackKind):
        web.site.feedback.give(who, [f"arxiv:2603.9900{number}"], kind, web.clock())
    until = web.clock() + dt.timedelta(minutes=50)
    tokens = {
        name: links.sign(SECRET.encode(), name, who, until=None if name in links.LASTING else until)
        for name in ("unsubscribe", "preferences", "feedback", "manage")
    }  # fmt: skip
    web.site.requests.sign_up(SignUp(email="confirm@browser.example"), web.clock())
    asks = web.site.day.stores.subscribers.find("confirm@browser.example")
    assert asks is not None
    confirm = links.sign(SECRET.encode(), "confirm", f"{asks.id}.1", until=until)
    return {
        "today": "/", "topic filter": "/?topic=vision", "day": f"/{LAST - dt.timedelta(days=1)}", "week": f"/week/{LAST - dt.timedelta(days=3)}",
        "month": f"/month/{LAST:%Y-%m}", "archive": "/archive", "topic": "/topics/theory", "paper": "/papers/arxiv:2603.99001",
        "subscribe": "/subscribe", "ask": "/preferences", "confirm": f"/confirm/{confirm}", "leave": f"/u/{tokens['unsubscribe']}",
        "link": f"/preferences/{tokens['preferences']}", "manage": f"/manage/{tokens['manage']}",
        "feedback": f"/feedback/{tokens['feedback']}?paper=arxiv:2603.99001", "missing": "/nothing", "damaged": "/u/damaged",
        "search": "/search?q=image", "try": "/try",
    }  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(
    web: Running, browser: Browser, scheme: Literal["light", "dark"]
) -> None:
    """At four widths: no page is wider than the window, and every target is large enough."""
    addresses = pages(web)
    for width in (320, 375, 768, 1280):
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,
            base_url=web.address,
            bypass_csp=True,
        )
        page = context.new_page()
        for name, address in addresses.items():
            page.goto(address)
            where = (name, width, scheme)
            found = Axe().run(page).response["violations"]
            assert [(each["id"], each["nodes"][0]["html"]) for each in found] == [], where
            assert page.evaluate("document.documentElement.scrollWidth") <= width, where
            small = page.evaluate(SMALL)
            assert small == [], where
        context.close()


@pytest.mark.parametrize("language", ["ar", "de"])
def test_pages_fit_in_every_language(web: Running, browser: Browser, language: str) -> None:
    """Long words, and pages from right to left: axe finds nothing, and no page is too wide."""
    context = browser.new_context(
        viewport={"width": 320, "height": 800},
        locale=language,
        base_url=web.address,
        bypass_csp=True,
    )
    page = context.new_page()
    for name, address in pages(web).items():
        page.goto(address)
        assert page.evaluate("document.documentElement.lang") == language, name
        found = Axe().run(page).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
        assert page.evaluate(SMALL) == [], name
    context.close()


SMALL = """() => [...document.querySelectorAll('a, button, input, select, textarea, summary')]
  .filter((each) => each.offsetParent && !each.closest('.skip, .trap, .title, .lede, .also, p:not([class])'))
  .map((each) => [each.outerHTML.slice(0, 90), each.getBoundingClientRect()])
  .filter(([, box]) => box.height > 0 && box.height < 24 && box.top >= 0)
  .map(([text]) => text)"""
"""Links and fields that are lower than 24 px (WCAG 2.2, 2.5.8), those within a sentence left out."""
