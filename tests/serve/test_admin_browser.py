"""The pages for editors in a browser: readable by everybody, on every screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import chromium
from editors import NEW, PASSWORD, editors_site, with_ids
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from sites import Running

from newsletter.model import IssueState

pytestmark = pytest.mark.browser
ISSUE = f"/admin/issues/{NEW}"
PAGES = (
    "/admin", "/admin/issues", ISSUE, f"{ISSUE}?state=failed", f"{ISSUE}/cancel", f"{ISSUE}/mail",
    "/admin/readers", "/admin/readers/ada", "/admin/readers/cleo", "/admin/sources",
    "/admin/bounces", "/admin/test",
)  # fmt: skip
SMALL = """() => [...document.querySelectorAll('a, button, input:not([type=hidden]), select, summary')]
  .filter(it => !it.classList.contains('skip'))
  .map(it => [it.textContent.trim(), it.getBoundingClientRect()])
  .filter(([_, box]) => box.width && (box.height < 44 || box.width < 44))
  .map(([text, box]) => `${text}: ${box.width} x ${box.height}`)"""
"""What is too small for a finger (WCAG 2.2, 2.5.5)."""
TOO_WIDE = "() => document.documentElement.scrollWidth - innerWidth"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with editors_site(tmp_path_factory.mktemp("browser")) as running:
        yield running


def entered(browser: Browser, site: Running, width: int, scheme: str) -> Page:
    """Return a page of a browser that has logged in."""
    dark = "dark" if scheme == "dark" else "light"
    size = {"width": width, "height": 900}
    context = browser.new_context(viewport=size, color_scheme=dark)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{site.address}/admin")
    expect(page).to_have_title("Log in · Editors · Daily Papers")
    assert wrong(page) == []
    page.get_by_label("Password of the editors").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    return page


def wrong(page: Page) -> list[str]:
    """Return what axe-core finds, what is too small, and whether the page is too wide."""
    found = [
        f"{violation['id']}: {node['html'][:160]}"
        for violation in Axe().run(page).response["violations"]
        for node in violation["nodes"]
    ]
    wide = int(page.evaluate(TOO_WIDE))
    return [*found, *page.evaluate(SMALL), *([f"{wide} pixels too wide"] if wide > 0 else [])]


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (768, "light"), (1280, "dark")])
def test_every_page_is_for_everybody(
    browser: Browser, site: Running, width: int, scheme: str
) -> None:
    """Axe finds nothing, fingers hit everything, nothing is too wide; details open, too."""
    page = entered(browser, site, width, scheme)
    said: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        # That the script of an email is blocked is the point.
        if "Blocked script execution" not in message.text:
            said.append(message.text)

    page.on("console", listen)
    for path in PAGES:
        page.goto(f"{site.address}{with_ids(site, path)}")
        for summary in page.locator("summary").all():
            summary.click()
        assert wrong(page) == [], path
    assert said == []
    page.context.close()


def test_an_editor_works_with_it(browser: Browser, tmp_path: Path) -> None:
    """Log in, read an email whose script does not run, pause, cancel after a question, log out."""
    with editors_site(tmp_path) as site:
        page = entered(browser, site, 1280, "light")
        dialogs: list[str] = []
        page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        page.get_by_role("link", name="No. 99 of 2026-11-27").click()
        page.get_by_role("row", name="ada@readers.example").get_by_role("link").last.click()
        mail = page.frame_locator("iframe.mail")
        expect(mail.get_by_role("heading", name="Hi")).to_be_visible()
        page.get_by_role("link", name="Back to the issue").click()
        page.get_by_role("button", name="Pause").click()
        expect(page.get_by_role("status")).to_contain_text("paused")
        ledger = site.site.day.stores.ledger
        assert ledger.state(NEW) is IssueState.PAUSED
        page.get_by_role("link", name="Cancel …").click()
        page.get_by_role("button", name="Cancel it for good").click()
        expect(page.get_by_role("status")).to_contain_text("cancelled")
        assert ledger.state(NEW) is IssueState.CANCELLED
        page.get_by_role("link", name="Bounces").click()
        page.get_by_role("button", name="Mail cleo@readers.example again").click()
        expect(page.get_by_role("status")).to_contain_text("may be mailed again")
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_role("status")).to_have_text("You are logged out.")
        page.go_back()
        page.reload()
        expect(page.get_by_label("Password of the editors")).to_be_visible()
        assert dialogs == []
        page.context.close()
