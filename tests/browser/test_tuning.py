"""Tuning topics on the preview, driven as a researcher would."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from browsing import chromium
from makers import write_newsletter
from playwright.sync_api import Browser, Locator, Page, expect
from rehearsals import Running, running
from test_preview import SOON, accessible

pytestmark = pytest.mark.browser

SUBSCRIBERS = """subscribers:
  - {email: ada@readers.example, name: Ada Lovelace, topics: [agents]}
  - {email: cy@readers.example, topics: [vision], words: [quantum]}
  - {email: di@readers.example}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def shown(tmp_path: Path, root: Path) -> Iterator[Running]:
    """Return a newsletter whose preview runs."""
    write_newsletter(tmp_path, root, subscribers=SUBSCRIBERS)
    with running(tmp_path) as preview:
        yield preview


def opened(browser: Browser, address: str, width: int = 1440) -> Page:
    """Open the page, and its editor."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(address)
    expect(page.frame_locator("#mail").locator("h1")).to_have_text("Daily Papers", timeout=SOON)
    page.get_by_role("button", name="Edit", exact=True).click()
    expect(area(page)).to_be_enabled(timeout=SOON)
    return page


def area(page: Page, name: str = "topics.yaml") -> Locator:
    return page.get_by_role("textbox", name=name, exact=True)


def edit(page: Page, before: str, after: str) -> str:
    """Replace a piece of topics.yaml in the editor; return its whole text."""
    text = area(page).input_value()
    assert before in text
    area(page).fill(text.replace(before, after))
    return area(page).input_value()


def kept(page: Page) -> Locator:
    return page.locator("#kept")


def test_a_text_is_tried_and_then_saved(browser: Browser, shown: Running) -> None:
    """Trying writes nothing; the view is of the text; ctrl-S writes it, and nothing else changes."""
    page = opened(browser, shown.address)
    before = shown.config().read_text("utf-8")
    picks = page.locator("#picks > li")
    count = picks.count()
    text = edit(page, "limit: 6", "limit: 2")
    area(page).press("Control+Enter")
    expect(kept(page)).to_have_text("Tried, not saved.", timeout=SOON)
    expect(picks).to_have_count(count - 4, timeout=SOON)
    expect(page.locator("#working")).to_contain_text("Trial, not saved: 4 out")
    assert shown.config().read_text("utf-8") == before

    page.get_by_role("button", name="Back to what is saved").click()
    expect(picks).to_have_count(count, timeout=SOON)
    assert area(page).input_value() == before
    area(page).press("Control+z")
    assert area(page).input_value() == text
    area(page).press("Control+s")
    expect(kept(page)).to_have_text("Saved.", timeout=SOON)
    expect(picks).to_have_count(count - 4, timeout=SOON)
    assert shown.config().read_text("utf-8") == text
    expect(page.locator("#file option").first).to_have_text("topics.yaml")
    page.close()


def test_mistakes_are_beside_the_editor(browser: Browser, shown: Running) -> None:
    """With line and column; a click goes there; the view stays; saved only when one insists."""
    page = opened(browser, shown.address)
    before = shown.config().read_text("utf-8")
    picks = page.locator("#picks > li").count()
    text = edit(page, "    limit: 6", "    limits: 6")
    page.get_by_role("button", name="Try", exact=True).click()
    mistake = page.locator("#mistakes button").first
    expect(mistake).to_contain_text("unknown key `limits`; did you mean `limit`?", timeout=SOON)
    line = text[: text.index("limits")].count("\n") + 1
    expect(mistake.locator("b")).to_have_text(f"topics.yaml:{line}:5")
    expect(page.locator(".area mark")).to_have_text(str(line))
    expect(area(page)).to_have_attribute("aria-invalid", "true")
    mistake.click()
    chosen = "[...document.querySelectorAll('textarea')].map(a => a.value.slice(a.selectionStart, a.selectionEnd))[0]"
    assert page.evaluate(chosen) == "limits: 6"
    expect(area(page)).to_be_focused()
    assert page.locator("#picks > li").count() == picks

    area(page).press("Control+s")
    expect(kept(page)).to_contain_text("Not saved", timeout=SOON)
    assert shown.config().read_text("utf-8") == before
    page.reload()
    expect(area(page)).to_have_value(text, timeout=SOON)
    expect(kept(page)).to_contain_text("Not saved yet")
    area(page).press("Control+s")
    page.get_by_role("button", name="Save it with its mistakes").click()
    expect(page.get_by_role("alert")).to_contain_text(f"topics.yaml:{line}:5", timeout=SOON)
    assert shown.config().read_text("utf-8") == text
    expect(page.locator("#picks > li")).to_have_count(picks)
    page.close()


def test_a_file_that_was_changed_elsewhere(browser: Browser, shown: Running) -> None:
    """Without edits the page follows it; with edits both texts are there, and one chooses."""
    page = opened(browser, shown.address)
    first = shown.config().read_text("utf-8")
    theirs = first.replace("limit: 6", "limit: 5")
    shown.config().write_text(theirs, "utf-8")
    expect(area(page)).to_have_value(theirs, timeout=SOON)

    mine = edit(page, "limit: 5", "limit: 1")
    theirs = theirs.replace("limit: 5", "limit: 3")
    shown.config().write_text(theirs, "utf-8")
    expect(page.locator("#conflict")).to_be_visible(timeout=SOON)
    area(page).press("Control+s")
    expect(kept(page)).to_contain_text("changed by another program", timeout=SOON)
    assert area(page).input_value() == mine
    expect(page.get_by_role("textbox", name="The file on the disk")).to_have_value(theirs)
    assert shown.config().read_text("utf-8") == theirs

    page.get_by_role("button", name="Take the one on the disk").click()
    expect(area(page)).to_have_value(theirs)
    area(page).press("Control+z")
    expect(area(page)).to_have_value(mine)
    shown.config().write_text(first, "utf-8")
    expect(page.locator("#conflict")).to_be_visible(timeout=SOON)
    page.get_by_role("button", name="Save mine over it").click()
    expect(kept(page)).to_have_text("Saved.", timeout=SOON)
    assert shown.config().read_text("utf-8") == mine
    expect(page.locator("#conflict")).to_be_hidden()
    page.close()


def test_other_files_are_edited_too(browser: Browser, shown: Running) -> None:
    """Each has a text of its own; secrets are not among them; what is no text is told."""
    (shown.folder / ".env").write_text("SECRET=hush\n")
    (shown.folder / ".env").chmod(0o600)
    shown.config("latin.yaml").write_bytes("name: café\n".encode("latin-1"))
    page = opened(browser, shown.address)
    names = [name.rstrip(" *") for name in page.locator("#file option").all_inner_texts()]
    assert names == [
        "topics.yaml", "newsletter.yaml", "sources.yaml", "subscribers.yaml", "latin.yaml",
    ]  # fmt: skip
    edit(page, "limit: 6", "limit: 5")
    page.locator("#file").select_option("newsletter.yaml")
    letter = area(page, "newsletter.yaml")
    expect(letter).to_be_enabled(timeout=SOON)
    letter.fill(re.sub("^name: .*", "name: Nightly", letter.input_value(), flags=re.MULTILINE))
    letter.press("Control+Enter")
    expect(page.frame_locator("#mail").locator("h1")).to_have_text("Nightly", timeout=SOON)
    page.locator("#file").select_option("latin.yaml")
    expect(kept(page)).to_contain_text("latin.yaml:1:10: not UTF-8 text", timeout=SOON)
    expect(area(page, "latin.yaml")).to_be_disabled()
    page.locator("#file").select_option("topics.yaml")
    assert "limit: 5" in area(page).input_value()
    page.close()


def test_tab_leaves_the_editor_and_nobody_edits_without_the_token(
    browser: Browser, shown: Running
) -> None:
    """Who works with the keyboard is not caught; who has only the address can look, not write."""
    page = opened(browser, shown.address)
    area(page).focus()
    area(page).press("Tab")
    expect(page.get_by_role("button", name="Try", exact=True)).to_be_focused()
    area(page).press("Shift+Tab")
    page.close()
    page = browser.new_page()
    page.goto(shown.base)
    page.get_by_role("button", name="Edit", exact=True).click()
    expect(kept(page)).to_contain_text("the address that `newsletter preview` has printed")
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    expect(page.locator("#areas textarea")).to_have_count(0)
    page.close()


def test_terms_show_what_they_find(browser: Browser, shown: Running) -> None:
    """Those that find nothing, those that find nearly all; a click goes to the term."""
    page = opened(browser, shown.address)
    terms = page.locator("#terms li")
    expect(terms.filter(has_text="protein language model")).to_contain_text(
        "left out", timeout=SOON
    )
    edit(page, "[agent, agentic", "[zeppelin, '/./', agentic")
    area(page).press("Control+Enter")
    expect(terms.filter(has_text="zeppelin")).to_contain_text("finds nothing", timeout=SOON)
    expect(terms.filter(has_text="/./")).to_contain_text("nearly all")
    expect(page.locator("#counted")).to_contain_text("papers of the last 30 days")
    page.get_by_role("button", name="zeppelin").click()
    picked = "(a => a.value.slice(a.selectionStart, a.selectionStart + 8))(document.activeElement)"
    assert page.evaluate(picked) == "zeppelin"
    page.close()


def test_why_not_this_one(browser: Browser, shown: Running) -> None:
    """By a title, an address, an id, or a click on what just missed; what is unknown is told."""
    page = opened(browser, shown.address)
    missed = page.locator("#misses .paper button").first
    title = missed.inner_text()
    assert title not in page.locator("#picks .paper button").all_inner_texts()
    missed.click()
    verdict = page.locator("#verdict")
    expect(verdict).to_contain_text(title, timeout=SOON)
    expect(verdict).to_contain_text("not picked")
    expect(verdict.locator(".track")).not_to_have_count(0)
    for wanted in (title.lower(), page.get_by_label("arXiv id").input_value().partition(":")[2]):
        page.get_by_label("arXiv id").fill(wanted)
        page.get_by_role("button", name="Why?").click()
        expect(verdict).to_contain_text("not picked", timeout=SOON)
    page.get_by_label("arXiv id").fill("https://arxiv.org/abs/1001.00001")
    page.get_by_label("arXiv id").press("Enter")
    expect(verdict).to_contain_text("No collected paper has this", timeout=SOON)
    page.close()


def test_what_an_edit_changes(browser: Browser, shown: Running) -> None:
    """Against the draft before it and against what is saved: in, out, moved; also of other editors."""
    page = opened(browser, shown.address)
    changes = page.locator("#changes li")
    expect(page.locator("#changed")).to_be_hidden()
    edit(page, "limit: 6", "limit: 5")
    area(page).press("Control+Enter")
    expect(changes).to_have_count(1, timeout=SOON)
    expect(changes.first).to_contain_text("Out")
    edit(page, "title: Vision and video\n", "title: Vision and video\n    rank: {recency: 1}\n")
    area(page).press("Control+Enter")
    expect(page.locator("#working")).to_contain_text(" in, ", timeout=SOON)
    since = changes.all_inner_texts()
    page.get_by_role("button", name="What is saved", exact=True).click()
    expect(changes).not_to_have_count(len(since))
    assert {*since} < {*changes.all_inner_texts()}
    area(page).press("Control+s")
    expect(kept(page)).to_have_text("Saved.", timeout=SOON)
    expect(page.get_by_role("button", name="What is saved", exact=True)).to_be_disabled()
    assert changes.all_inner_texts() == since  # of the last edit, which is what was saved

    text = shown.config().read_text("utf-8").replace("limit: 5", "limit: 4")
    shown.config().write_text(text, "utf-8")
    expect(page.locator("#working")).to_have_text("Draft made: 1 out", timeout=SOON)
    changes.get_by_role("button").first.click()
    expect(page.locator("#verdict")).to_contain_text("not picked", timeout=SOON)
    page.close()


def test_a_reader_is_found(browser: Browser, shown: Running) -> None:
    """By name or topics; their edition is shown, and tuned; nobody else's address is in the page."""
    page = opened(browser, shown.address)
    page.get_by_role("button", name="Editions", exact=True).click()
    assert "cy@readers.example" in page.locator("#editions").inner_text()
    page.get_by_label("Find a reader, or topics").fill("lovelace")
    expect(page.locator("#count")).to_have_text("1 found", timeout=SOON)
    page.locator("#found button").click()
    expect(page.locator("#editions [aria-current]")).to_contain_text("ada@readers.example")
    expect(page.locator("#picks .topic").first).to_have_text("Agents and tools")
    page.get_by_label("Find a reader, or topics").fill("vision video")
    page.get_by_label("Find a reader, or topics").fill("zeppelin")
    expect(page.locator("#count")).to_contain_text("Nobody who gets mail", timeout=SOON)
    page.close()


def test_work_is_shown_and_an_error_leaves_the_view(browser: Browser, shown: Running) -> None:
    """A sign while a draft is made; the last of several edits counts; a server that died is told."""
    page = opened(browser, shown.address)
    working = page.get_by_role("status").and_(page.locator("#working"))
    picks = page.locator("#picks > li")
    count = picks.count()
    os.kill(shown.pid, signal.SIGSTOP)
    try:
        edit(page, "limit: 6", "limit: 1")
        area(page).press("Control+Enter")
        expect(working).to_have_text("Trying …")
        expect(working).to_have_class(re.compile("busy"))
        expect(page.locator("main")).to_have_attribute("aria-busy", "true")
        edit(page, "limit: 1", "limit: 4")
        area(page).press("Control+Enter")
        assert picks.count() == count
    finally:
        os.kill(shown.pid, signal.SIGCONT)
    expect(picks).to_have_count(count - 2, timeout=SOON)
    expect(page.locator("main")).to_have_attribute("aria-busy", "false")
    expect(working).to_have_text("Trial, not saved: 2 out")

    os.kill(shown.pid, signal.SIGKILL)
    edit(page, "limit: 4", "limit: 3")
    area(page).press("Control+Enter")
    expect(kept(page)).to_contain_text("does not answer", timeout=SOON)
    page.get_by_role("button", name="Editions", exact=True).click()
    page.locator("#editions button").last.click()
    expect(page.get_by_role("alert")).to_contain_text("does not answer", timeout=SOON)
    assert picks.count() == count - 2
    page.close()


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_a_click_on_a_pick_goes_to_it_in_the_mail(
    browser: Browser, shown: Running, motion: Literal["reduce", "no-preference"]
) -> None:
    """And marks it for a moment; from another part, too; without a motion for who wants none."""
    page = browser.new_page(viewport={"width": 1440, "height": 900}, reduced_motion=motion)
    page.goto(shown.address)
    mail = page.frame_locator("#mail")
    expect(mail.locator("h1")).to_have_text("Daily Papers", timeout=SOON)
    page.get_by_role("button", name="Text", exact=True).click()
    last = page.locator("#picks .paper button").last
    title = last.inner_text()
    last.click()
    marked = mail.locator("[data-marked]")
    expect(marked).to_contain_text(title)
    expect(marked).to_be_in_viewport()
    expect(marked.locator("a")).to_be_focused()
    assert page.evaluate("document.getElementById('mail').contentWindow.scrollY") > 0
    expect(marked).to_have_count(0, timeout=SOON)
    page.close()


def test_no_width_scrolls_sideways_and_axe_finds_nothing(browser: Browser, shown: Running) -> None:
    """With everything open: mistakes, both texts, terms, changes, a verdict, readers found."""
    page = opened(browser, shown.address)
    edit(page, "limit: 6", "limit: 5")
    area(page).press("Control+Enter")
    expect(page.locator("#changes li")).to_have_count(1, timeout=SOON)
    page.locator("#changes button").first.click()
    expect(page.locator("#verdict h3")).to_be_visible(timeout=SOON)
    shown.config().write_text(shown.config().read_text("utf-8") + "# more\n", "utf-8")
    expect(page.locator("#conflict")).to_be_visible(timeout=SOON)
    edit(page, "limit: 5", "limit: five")
    page.get_by_role("button", name="Save mine over it").click()
    expect(page.locator("#mistakes li")).to_have_count(1, timeout=SOON)
    expect(page.locator("#terms li")).not_to_have_count(0, timeout=SOON)
    for width in (320, 375, 600, 1000, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert accessible(page) == [], (width, scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Editions", exact=True).click()
    page.get_by_label("Find a reader, or topics").fill("a")
    expect(page.locator("#found li")).not_to_have_count(0, timeout=SOON)
    assert accessible(page) == []
    page.close()
