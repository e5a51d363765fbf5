"""The demo's emails in a real browser: every width, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import chromium
from gallery import ISSUES, config_of, write_gallery
from makers import play_demo
from playwright.sync_api import Browser

from newsletter.render.checks.contrast import ratio

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
# WCAG 2.2, 2.5.8: 24 px both ways, for all that is pressed outside of running text.
SMALL = """() => [...document.querySelectorAll('.links a, .contents a, .line a, h2 a, h3 a, .also a')]
  .map(a => [a.textContent, a.getBoundingClientRect()])
  .filter(([, box]) => box.height < 24 || box.width < 24).map(([text]) => text)"""
PHONE = (375, 667)
MEASURES = """() => {
  const size = e => parseFloat(getComputedStyle(e).fontSize);
  const sizes = selector => [...document.querySelectorAll(selector)].map(size);
  return {
    first: document.querySelector('.headline, .title').getBoundingClientRect().top,
    topics: sizes('h2.topic'), titles: sizes('h3.title'),
    links: sizes('.links a'), text: sizes('.tldr')};
}"""
SHORTENED = """most => {
  [...document.querySelectorAll('.paper')].slice(most - 1).forEach(paper => paper.remove());
  return [document.querySelectorAll('.headline, .title').length, document.body.scrollHeight];
}"""
LABELLED = """() => [...document.querySelectorAll('.line a, .tldr, .brand, .topic, .date')]
  .map(e => [e.className.split(' ')[0] || e.textContent, e.closest('[lang]').lang])"""


@pytest.fixture(scope="module")
def emails(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return the demo's editions and the five issues of the gallery as HTML files."""
    demo = sorted(play_demo(tmp_path_factory.mktemp("browser")).folder.glob("*.html"))
    return [*demo, *write_gallery(tmp_path_factory.mktemp("gallery"))]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 375, 600, 1000])
def test_no_width_scrolls_sideways_and_every_text_can_be_read(
    browser: Browser, emails: list[Path], width: int, scheme: str
) -> None:
    """Contrast of at least 4.5 in both modes, 24 px to touch, and nothing cut off."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    for email in emails:
        page.goto(email.as_uri())
        found = page.evaluate(CONTRAST)

        assert page.evaluate("document.documentElement.scrollWidth") <= width, email.name
        assert found["seen"] > 50
        assert found["low"] == [], (email.name, scheme)
        assert page.evaluate(SMALL) == [], email.name
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_papers_first(browser: Browser, emails: list[Path], scheme: str) -> None:
    """The first paper begins on the first third of the screen, headings lead, links are quiet."""
    page = browser.new_page(
        viewport={"width": PHONE[0], "height": PHONE[1]},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    for email in emails:
        page.goto(email.as_uri())
        found = page.evaluate(MEASURES)

        assert found["first"] <= 200, email.name
        assert min(found["topics"]) > max(found["titles"]), email.name
        assert max(found["links"], default=0) < min(found["text"], default=1), email.name
    page.close()


def test_eighteen_papers_are_nine_screens_of_a_phone(browser: Browser, emails: list[Path]) -> None:
    """At the density that is the default."""
    (email,) = (path for path in emails if path.name == "daily.html")
    page = browser.new_page(viewport={"width": PHONE[0], "height": PHONE[1]})
    page.goto(email.as_uri())
    papers, height = page.evaluate(SHORTENED, 18)

    assert papers == 18
    assert height <= 9 * PHONE[1]
    page.close()


def test_each_paper_has_its_number_in_the_margin(browser: Browser, emails: list[Path]) -> None:
    """One column for numbers, beside titles that all begin on one line; on the right in Arabic."""
    page = browser.new_page(viewport={"width": PHONE[0], "height": PHONE[1]})
    for email in emails:
        page.goto(email.as_uri())
        places = page.evaluate(
            "[...document.querySelectorAll('.place')].map(e => [e.textContent,"
            " e.getBoundingClientRect(), e.closest('tr').cells[1].getBoundingClientRect()])"
        )

        assert [int(number) for number, _, _ in places] == list(range(1, len(places) + 1))
        if email.name == "arabic.html":
            assert {round(text["right"]) for _, _, text in places} == {329}
            assert all(margin["left"] >= text["right"] for _, margin, text in places)
        else:
            assert {round(text["left"]) for _, _, text in places} == {46}
            assert all(margin["right"] <= text["left"] for _, margin, text in places)
    page.close()


def test_what_is_english_in_a_german_mail_says_so(browser: Browser, emails: list[Path]) -> None:
    """As a screen reader finds it: English papers; not phrases, the name, topics and the date."""
    (email,) = (path for path in emails if path.name == "weekly.html")
    page = browser.new_page()
    page.goto(email.as_uri())
    found = {(name, language) for name, language in page.evaluate(LABELLED)}

    assert page.evaluate("document.documentElement.lang") == "de"
    assert found >= {("Abbestellen", "de"), ("Einstellungen", "de"), ("tldr", "en")}
    assert found >= {("brand", "de"), ("topic", "de"), ("group", "de")}
    page.close()


def test_a_date_that_a_client_makes_a_link_of_looks_the_same(
    browser: Browser, emails: list[Path]
) -> None:
    """Apple's Mail wraps it in a link of its own, Gmail and Samsung's in a plain one."""
    page = browser.new_page()
    page.goto(emails[0].as_uri())
    for attribute in ("", "x-apple-data-detectors='true'"):
        colours = page.evaluate(
            """attribute => {
              const date = document.querySelector('.date');
              date.innerHTML = `<a href="x:" ${attribute}>Tuesday</a>`;
              const style = getComputedStyle(date.firstChild), own = getComputedStyle(date);
              return [style.color, own.color, style.textDecorationLine];
            }""",
            attribute,
        )

        assert colours[0] == colours[1]
        assert colours[2] == "none"
    page.close()


def test_a_logo_of_its_own_for_dark_mode(browser: Browser, tmp_path: Path) -> None:
    """One picture is shown at a time; without a dark one the light one stays."""
    for name, light, dark in (("night", ["light.png"], ["dark.png"]), ("gazette", 1, 1)):
        (email,) = write_gallery(tmp_path, [name])
        for scheme, wanted in (("light", light), ("dark", dark)):
            page = browser.new_page(color_scheme=scheme)  # type: ignore[arg-type]
            page.route("https://**", lambda route: route.abort())
            page.goto(email.as_uri())
            shown = page.evaluate(
                "[...document.querySelectorAll('h1 img')].filter(e => e.checkVisibility())"
                ".map(e => e.src.split('/').pop())"
            )

            assert (len(shown) if isinstance(wanted, int) else shown) == wanted
            page.close()


def test_dark_mode_is_dark(browser: Browser, emails: list[Path]) -> None:
    """The card and the line above it change with the reader's scheme."""
    cards, lines = set(), []
    for scheme in ("light", "dark"):
        page = browser.new_page(color_scheme=scheme)
        page.goto(emails[0].as_uri())
        cards.add(
            page.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor")
        )
        lines.append(
            page.evaluate(
                "[...document.querySelectorAll('.edge, .edge *')].map(e => getComputedStyle(e))"
                ".filter(s => parseFloat(s.borderTopWidth)).map(s => s.borderTopColor)"
            )
        )
        page.close()

    assert len(cards) == 2
    assert lines == [["rgb(58, 63, 196)"], ["rgb(169, 173, 255)"]]


def test_axe_finds_nothing(browser: Browser, emails: list[Path]) -> None:
    """Language, roles, headings, link text, contrast: axe-core's rules, in both modes."""
    for scheme in ("light", "dark"):
        page = browser.new_page(color_scheme=scheme)
        for email in emails:
            page.goto(email.as_uri())
            found = Axe().run(page).response["violations"]
            assert [
                (violation["id"], violation["nodes"][0]["html"][:120]) for violation in found
            ] == [], email.name
        page.close()


def test_without_pictures_their_words_are_there(browser: Browser, emails: list[Path]) -> None:
    """Alt text in place of the logo and of figures, readable, and nothing pushed out."""
    (email,) = (path for path in emails if path.name == "gazette.html")
    page = browser.new_page(viewport={"width": 375, "height": 900})
    page.route("https://**", lambda route: route.abort())
    page.goto(email.as_uri())

    assert page.locator("img").count() > 2
    assert page.get_by_alt_text("Daily Papers").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.close()


def test_from_right_to_left(browser: Browser, emails: list[Path]) -> None:
    """Arabic lines begin on the right; an English title among them on the left."""
    (email,) = (path for path in emails if path.name == "arabic.html")
    page = browser.new_page()
    page.goto(email.as_uri())
    sides = page.evaluate(
        "[...document.querySelectorAll('h1, h2.topic, [dir=ltr], [dir=rtl]')]"
        ".map(e => [e.dir, getComputedStyle(e).direction, getComputedStyle(e).textAlign])"
    )

    assert {tuple(side[1:]) for side in sides if side[0] == "ltr"} == {("ltr", "left")}
    assert {side[1] for side in sides if side[0] not in ("ltr", "auto")} == {"rtl"}
    assert {side[2] for side in sides if side[0] == "auto"} == {"right"}
    assert page.locator("h3[class=title]").count() > 5
    page.close()


@pytest.mark.parametrize("name", ISSUES)
def test_colours_that_a_client_inverts_can_still_be_read(name: str) -> None:
    """Apps that know no dark mode turn lightness over and keep the hue (CIELAB, L to 100 - L)."""
    values = dict(config_of(name).letter.theme.values)

    for ink in ("ink", "quiet", "accent"):
        for ground in ("card", "ground"):
            if (ink, ground) != ("accent", "ground"):  # no link in the accent stands there
                pair = [inverted(values[colour]) for colour in (ink, ground)]
                assert ratio(*pair) >= 4.5, (name, ink, ground)


def inverted(colour: str) -> tuple[float, float, float]:
    """Return a colour with its lightness turned over."""
    rgb = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    xyz = [sum(a * b for a, b in zip(row, linear, strict=True)) for row in TO_XYZ]
    f = [t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in
         (coordinate / white for coordinate, white in zip(xyz, WHITE, strict=True))]  # fmt: skip
    middle = (116 - (116 * f[1] - 16)) / 116
    f = [middle + f[0] - f[1], middle, middle - (f[1] - f[2])]
    xyz = [w * (t**3 if t > 0.206893 else (t - 16 / 116) / 7.787)
           for t, w in zip(f, WHITE, strict=True)]  # fmt: skip
    linear = [sum(a * b for a, b in zip(row, xyz, strict=True)) for row in FROM_XYZ]
    clipped = [min(1.0, max(0.0, c)) for c in linear]
    red, green, blue = (
        12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055 for c in clipped
    )
    return red, green, blue


WHITE = (0.95047, 1.0, 1.08883)
TO_XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
FROM_XYZ = ((3.2406, -1.5372, -0.4986), (-0.9689, 1.8758, 0.0415), (0.0557, -0.2040, 1.0570))


def test_an_email_fetches_nothing(browser: Browser, emails: list[Path]) -> None:
    """No pixel, no font, no image from anywhere: opening a mail tells nobody."""
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(emails[0].as_uri())

    assert asked == [emails[0].as_uri()]
    page.close()
