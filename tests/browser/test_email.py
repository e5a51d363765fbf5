"""The demo's emails in a real browser: every width, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import chromium
from makers import play_demo
from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

# WCAG 2.2, 1.4.3: contrast of each text node with the background that is painted behind it.
CONTRAST = """() => {
  const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const part = v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = c => 0.2126 * part(c[0]) + 0.7152 * part(c[1]) + 0.0722 * part(c[2]);
  const behind = e => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), low = [];
  let seen = 0;
  while (walker.nextNode()) {
    const node = walker.currentNode, e = node.parentElement, style = getComputedStyle(e);
    if (!node.data.trim() || style.display === 'none' || !e.offsetParent) continue;
    const a = light(parse(style.color)), b = light(behind(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    seen += 1;
    if (ratio < 4.5) low.push(`${ratio.toFixed(2)} ${node.data.trim().slice(0, 40)}`);
  }
  return {seen, low};
}"""
# WCAG 2.5.8 asks for 24 px, Apple and Google for 44: links below a paper and the contents.
SMALL = """() => [...document.querySelectorAll('.links a, .contents a')]
  .filter(a => a.getBoundingClientRect().height < 44).map(a => a.textContent)"""


@pytest.fixture(scope="module")
def emails(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return the demo's editions as HTML files."""
    return sorted(play_demo(tmp_path_factory.mktemp("browser")).folder.glob("*.html"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 375, 600, 1000])
def test_no_width_scrolls_sideways_and_every_text_can_be_read(
    browser: Browser, emails: list[Path], width: int, scheme: str
) -> None:
    """Contrast of at least 4.5 in both modes, 44 px to touch, and nothing cut off."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    for email in emails:
        page.goto(email.as_uri())
        found = page.evaluate(CONTRAST)

        assert page.evaluate("document.documentElement.scrollWidth") <= width, email.name
        assert found["seen"] > 50
        assert found["low"] == [], (email.name, scheme)
        assert page.evaluate(SMALL) == [], email.name
    page.close()


def test_dark_mode_is_dark(browser: Browser, emails: list[Path]) -> None:
    """The card changes with the reader's scheme."""
    colours = set()
    for scheme in ("light", "dark"):
        page = browser.new_page(color_scheme=scheme)
        page.goto(emails[0].as_uri())
        colours.add(
            page.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor")
        )
        page.close()

    assert len(colours) == 2


def test_an_email_fetches_nothing(browser: Browser, emails: list[Path]) -> None:
    """No pixel, no font, no image from anywhere: opening a mail tells nobody."""
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(emails[0].as_uri())

    assert asked == [emails[0].as_uri()]
    page.close()
