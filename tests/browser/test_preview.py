"""The preview page, driven as an editor would."""

from __future__ import annotations

import email
import email.policy
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import chromium
from commands import PROGRAM
from makers import write_newsletter
from playwright.sync_api import Browser, Page, expect
from rehearsals import Running, running

pytestmark = pytest.mark.browser
SOON = 10_000
"""Milliseconds: a page redraws within a second, and a busy machine is given more."""


@pytest.fixture
def preview(tmp_path: Path, root: Path) -> Iterator[Running]:
    """Return a newsletter whose preview runs."""
    write_newsletter(tmp_path, root)
    with running(tmp_path) as shown:
        yield shown


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


def opened(browser: Browser, address: str, width: int = 1400) -> Page:
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(address)
    expect(page.frame_locator("#mail").locator("h1")).to_have_text("Daily Papers", timeout=SOON)
    return page


def accessible(page: Page) -> list[str]:
    """Return what axe-core finds wrong with a page."""
    found = Axe().run(page)
    return [
        f"{violation['id']}: {violation['help']}: {node['html'][:160]}"
        for violation in found.response["violations"]
        for node in violation["nodes"]
    ]


def test_edits_show_and_mistakes_are_said(browser: Browser, preview: Running) -> None:
    """Edit a topic: the picks follow. Break the YAML: it says where. Mend it: it recovers."""
    folder, address = preview.folder, preview.address
    topics = folder / "config" / "topics.yaml"
    good = topics.read_text("utf-8")
    page = opened(browser, address)
    mail = page.frame_locator("#mail")
    expect(page.get_by_text("Invented papers")).to_be_visible()
    before = page.locator("#picks .paper").all_inner_texts()

    edited = good.replace("title: Language models", "title: Tongues")
    topics.write_text(re.sub("limit: [0-9]+", "limit: 2", edited, count=1), "utf-8")
    heading = mail.get_by_role("heading", name="Tongues")
    expect(heading).to_be_visible(timeout=SOON)
    expect(page.locator("#picks .paper")).not_to_have_count(len(before), timeout=SOON)

    topics.write_text("topic: []\n", "utf-8")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("topics.yaml:1:1: unknown key `topic`", timeout=SOON)
    expect(heading).to_be_visible()

    topics.write_text(good, "utf-8")
    expect(alert).to_be_hidden(timeout=SOON)
    expect(mail.get_by_role("heading", name="Language models", exact=True)).to_be_visible()
    expect(page.locator("#picks .paper")).to_have_count(len(before))
    page.close()


def test_the_first_copy_of_a_template_is_followed(
    browser: Browser, tmp_path: Path, root: Path
) -> None:
    """A newsletter has no templates until somebody copies one; then the page follows it."""
    write_newsletter(tmp_path, root)
    shutil.rmtree(tmp_path / "templates")
    shipped = (root / "templates" / "parts" / "paper.mjml").read_text("utf-8")
    with running(tmp_path) as shown:
        page = opened(browser, shown.address)
        part = tmp_path / "templates" / "parts" / "paper.mjml"
        for words in ("first copy", "second copy"):
            part.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(shipped.replace("{{ paper.title }}", f"({words})"), "utf-8")
            part_shown = page.frame_locator("#mail").get_by_text(f"({words})").first
            expect(part_shown).to_be_attached(timeout=SOON)
        page.close()


def test_a_template_edit_keeps_the_place_on_the_page(browser: Browser, preview: Running) -> None:
    """Redrawn with the new words, scrolled to where it was; a mistake has its file and line."""
    folder, address = preview.folder, preview.address
    part = folder / "templates" / "parts" / "paper.mjml"
    good = part.read_text("utf-8")
    page = opened(browser, address)
    page.evaluate("document.getElementById('mail').contentWindow.scrollTo(0, 700)")

    part.write_text(good.replace("{{ paper.title }}", "{{ paper.title }} (edited)"), "utf-8")
    expect(page.frame_locator("#mail").get_by_text("(edited)").first).to_be_attached(timeout=SOON)
    page.wait_for_function("document.getElementById('mail').contentWindow.scrollY > 600")

    part.write_text(good.replace("paper.title", "paper.titel"), "utf-8")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("parts/paper.mjml:3: ", timeout=SOON)
    expect(page.frame_locator("#mail").get_by_text("(edited)").first).to_be_attached()
    page.close()


def test_views(browser: Browser, preview: Running) -> None:
    """Phone, dark, without pictures, text, source, message: by mouse and by keyboard."""
    address = preview.address
    page = opened(browser, address)
    page.get_by_role("button", name="Phone", exact=True).click()
    box = page.locator("#mail").bounding_box()
    assert box
    assert box["width"] == 375
    card = page.frame_locator("#mail").locator(".card").first
    for scheme, colour in (("Dark", "rgb(29, 29, 33)"), ("Light", "rgb(255, 255, 255)")):
        page.get_by_role("button", name=scheme, exact=True).click()
        expect(card).to_have_css("background-color", colour)
    page.get_by_role("button", name="No images", exact=True).click()
    expect(card).to_be_visible()
    plain = page.locator("#plain")
    for name, words in (
        ("Text", "DAILY PAPERS"), ("Source", "<!DOCTYPE html>"), ("Message", "List-Unsubscribe: "),
    ):  # fmt: skip
        page.get_by_role("button", name=name, exact=True).click()
        expect(plain).to_contain_text(words)
    page.keyboard.press("h")
    expect(page.locator("#mail")).to_be_visible()
    page.keyboard.press("3")
    expect(page.get_by_role("button", name="Desktop", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    page.close()


def test_scores_misses_checks_and_size(browser: Browser, preview: Running) -> None:
    """Each paper with bars for its signals, what just missed with a reason, the gauge of 102 kB."""
    address = preview.address
    page = opened(browser, address)
    first = page.locator("#picks > li").first
    expect(first.locator(".track")).not_to_have_count(0)
    expect(first).to_contain_text("relevance")
    expect(page.locator("#misses > li").first).to_contain_text(
        re.compile("papers score more: it misses by|shown under|says the same")
    )
    expect(page.locator("#findings")).to_have_text("Nothing found.")
    expect(page.locator("#bytes")).to_contain_text("of the 102 kB that Gmail shows")
    page.get_by_role("button", name="Every topic").click()
    expect(page.locator("#editions [aria-current]")).to_contain_text("Every topic")
    page.close()


def test_a_test_mail(browser: Browser, preview: Running) -> None:
    """It goes where it is told to, outside of any ledger; not at all when a page elsewhere asks."""
    folder, address = preview.folder, preview.address
    page = opened(browser, address)
    page.get_by_label("Test mail to").fill("me@readers.example")
    page.get_by_role("button", name="Send me a test").click()
    expect(page.locator("#said")).to_contain_text("written to", timeout=SOON)

    message = (folder / "outbox" / "test.eml").read_bytes()
    parsed = email.message_from_bytes(message, policy=email.policy.default)
    assert b"\r\nTo: <me@readers.example>\r\n" in message
    assert str(parsed["Subject"]).startswith("[Test] Daily Papers, ")
    assert page.request.post(f"{preview.base}edition/test").status == 403
    headers = {"X-Preview": preview.token}
    refused = page.request.post(f"{preview.base}edition/test?to=nobody", headers=headers)
    assert refused.status == 502
    assert "not an email address" in refused.json()["error"]
    assert page.request.get(f"{preview.base}edition?audience=~nobody").status == 404
    page.close()


def test_no_width_scrolls_sideways_and_axe_finds_nothing(
    browser: Browser, preview: Running
) -> None:
    """From a phone to a desk, light and dark; and another host name is refused."""
    address = preview.address
    for width in (320, 375, 600, 1000, 1400):
        page = opened(browser, address, width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.close()
    page = opened(browser, address)
    assert accessible(page) == []
    page.emulate_media(color_scheme="dark")
    assert accessible(page) == []
    refused = page.request.get(address, headers={"Host": "evil.example"})
    assert refused.status == 400
    policy = page.request.get(f"{preview.base}edition/mail").headers["content-security-policy"]
    assert "sandbox" in policy
    page.close()


def test_the_preview_as_files(browser: Browser, tmp_path: Path, root: Path) -> None:
    """`--static DIR` writes what opens without a server; a mistake is exit status 1."""
    write_newsletter(tmp_path, root)
    program = [*PROGRAM, "preview", "--static", "proof"]

    done = subprocess.run(
        program, check=False, cwd=tmp_path, capture_output=True, text=True, timeout=60
    )

    assert done.returncode == 0, done.stderr
    page = browser.new_page()
    page.goto((tmp_path / "proof" / "index.html").as_uri())
    expect(page.frame_locator("#mail").locator("h1")).to_have_text("Daily Papers", timeout=SOON)
    page.get_by_role("button", name="Every topic").click()
    expect(page.locator("#editions [aria-current]")).to_contain_text("Every topic")
    page.get_by_role("button", name="Text", exact=True).click()
    expect(page.locator("#plain")).to_contain_text("DAILY PAPERS")
    page.close()
    (tmp_path / "templates" / "issue.mjml").write_text("<mjml>", "utf-8")
    broken = subprocess.run(
        program, check=False, cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert broken.returncode == 1
    assert "not well-formed MJML" in broken.stderr
