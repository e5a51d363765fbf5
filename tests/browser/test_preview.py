"""The preview page, driven as an editor would."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import chromium
from makers import write_newsletter
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.fixture
def preview(tmp_path: Path, root: Path) -> Iterator[tuple[Path, str]]:
    """Run `newsletter preview` on a free port; return the newsletter and the address."""
    write_newsletter(tmp_path, root)
    program = [
        sys.executable,
        "-c",
        "from newsletter.cli import main; main()",
        "preview",
        "--port",
        "0",
    ]
    env = {**os.environ, "PYTHONUNBUFFERED": "1", "COLUMNS": "120"}
    with subprocess.Popen(
        program, cwd=tmp_path, stdout=subprocess.PIPE, text=True, env=env
    ) as running:
        assert running.stdout is not None
        ready, _, _ = select.select([running.stdout], [], [], 30)
        assert ready
        found = re.search(r"http://\S+", running.stdout.readline())
        assert found
        try:
            yield tmp_path, found[0]
        finally:
            running.terminate()
            running.wait(10)


def test_edits_show_and_mistakes_are_said(preview: tuple[Path, str]) -> None:
    """Edit a topic: the page follows. Break the YAML: it says where. Mend it: it recovers."""
    folder, address = preview
    topics = folder / "config" / "topics.yaml"
    good = topics.read_text("utf-8")
    with chromium() as browser:
        page = browser.new_page()
        page.goto(address)
        mail = page.frame_locator("#mail")
        expect(mail.locator("h1")).to_have_text("Daily Papers")
        expect(page.get_by_text("Invented papers")).to_be_visible()

        topics.write_text(good.replace("title: Language models", "title: Tongues"), "utf-8")
        renamed = mail.get_by_role("heading", name="Tongues")
        expect(renamed).to_be_visible(timeout=10_000)

        topics.write_text("topic: []\n", "utf-8")
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("topics.yaml:1:1: unknown key `topic`", timeout=10_000)
        expect(renamed).to_be_visible()

        topics.write_text(good, "utf-8")
        expect(alert).to_have_count(0, timeout=10_000)
        expect(mail.get_by_role("heading", name="Language models", exact=True)).to_be_visible()


def test_views_and_widths(preview: tuple[Path, str]) -> None:
    """Phone, dark, text and source; no width scrolls sideways; another host name is refused."""
    _, address = preview
    with chromium() as browser:
        for width in (320, 375, 600, 1000):
            page = browser.new_page(viewport={"width": width, "height": 800})
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.close()
        page = browser.new_page()
        page.goto(address)
        page.get_by_role("button", name="Phone").click()
        assert page.locator("#mail").bounding_box()["width"] == 375  # type: ignore[index]
        card = page.frame_locator("#mail").locator(".card").first
        for scheme, colour in (("Dark", "rgb(29, 29, 33)"), ("Light", "rgb(255, 255, 255)")):
            page.get_by_role("button", name=scheme).click()
            expect(card).to_have_css("background-color", colour)
        page.get_by_role("button", name="Text").click()
        expect(page.frame_locator("#mail").get_by_text("DAILY PAPERS")).to_be_visible()
        page.get_by_role("button", name="Source").click()
        expect(page.frame_locator("#mail").get_by_text("<!DOCTYPE html>")).to_be_visible()
        refused = page.request.get(address, headers={"Host": "evil.example"})
        assert refused.status == 400
