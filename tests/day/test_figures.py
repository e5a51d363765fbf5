"""Figures from the source's server to the mail: copied once, and never loaded from elsewhere."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from makers import NOW, TODAY
from pictures import chart, encoded
from PIL import Image
from servers import Page, Web, http_server, smtp_server
from worlds import NEWSLETTER, World, body, rss

from newsletter.cli.rehearsing import load_editions
from newsletter.day import steps
from newsletter.day.drafts import make_draft
from newsletter.day.figures import FACT, known_figures
from newsletter.day.keeping import forget
from newsletter.day.rendering import render
from newsletter.render.checks.lint import lint_message

TITLES = ("Language models read", "Agents with tools", "A language model agent")
SOURCES = """
timeout: 5
private_networks: [127.0.0.1]
sources:
  - {name: Feed, kind: arxiv, url: "URL/feed", api: "URL/api"}
  - {name: Votes, kind: huggingface, url: "URL/votes"}
"""


def votes(url: str) -> Page:
    """All papers have a thumbnail; that of the third is not there."""
    answer = [
        {
            "paper": {"id": f"2603.{99001 + n}", "title": title, "upvotes": 9 - n},
            "thumbnail": f"{url}/{n}.png",
        }
        for n, title in enumerate(TITLES)
    ]
    return Page(json.dumps(answer).encode())


def set_up(world: World, newsletter: str) -> None:
    text = NEWSLETTER.replace("PORT", str(world.mail.port)) + newsletter
    (world.folder / "config" / "newsletter.yaml").write_text(text, "utf-8")
    (world.folder / "config" / "sources.yaml").write_text(
        SOURCES.replace("URL", world.web.url), "utf-8"
    )


def without_site(world: World, newsletter: str) -> None:
    set_up(world, newsletter)
    path = world.folder / "config" / "newsletter.yaml"
    path.write_text(re.sub(r"(?m)^(site|secret): .*\n", "", path.read_text("utf-8")), "utf-8")


@pytest.fixture
def world(tmp_path: Path, root: Path) -> Iterator[World]:
    pages = {f"{n}.png": Page(encoded(chart(1200 + n, 800)), "image/png") for n in range(2)}
    with http_server(feed=rss(*TITLES), **pages) as web, smtp_server() as mail:
        web.pages["/votes"] = votes(web.url)
        yield World(tmp_path, root, web, mail)


def asked(web: Web) -> list[str]:
    return [path for path, _ in web.requests if path.endswith(".png")]


def figures(world: World) -> list[Path]:
    return sorted((world.folder / "public" / "figures").glob("*"))


def test_a_newsletter_with_a_site_serves_them_itself(world: World) -> None:
    """In the mail stands our own address; no other host is named as a picture's."""
    set_up(world, "theme: {figures: all}\n")
    ran = world.do(steps.run)

    page = body(world.mails()["bo"], "html")
    found = re.findall(r'<img [^>]*src="([^"]*)"', page)
    names = {path.name for path in figures(world)}
    assert len(names) == 2
    assert {url.rpartition("/")[0] for url in found} == {"https://news.example.org/figures"}
    assert {url.rpartition("/")[2] for url in found} <= names
    assert world.mails()["bo"].get_content_type() == "multipart/alternative"
    assert ran.collected.notes == (
        f"figure: {world.web.url}/2.png: HTTP 404 Not Found: has the address changed?",
    )


def test_a_newsletter_without_a_site_sends_them_along(world: World) -> None:
    """As parts of the mail, each once, named by Content-ID; the text part is what it is without."""
    without_site(world, "theme: {figures: all}\n")
    world.do(steps.run)

    message = world.mails()["bo"]
    page = body(message, "html")
    named = re.findall(r'<img [^>]*src="cid:([^"]*)"', page)
    assert message.get_content_type() == "multipart/related"
    assert message.get_param("type") == "multipart/alternative"
    parts = {part["Content-ID"]: part for part in message.walk() if part["Content-ID"]}
    assert list(parts) == [f"<{name}>" for name in dict.fromkeys(named)]
    for part in parts.values():
        image = Image.open(io.BytesIO(part.get_content()))
        assert image.width == 1152
        assert part.get_content_disposition() == "inline"
    assert all(name.endswith("@news.example.org") for name in named)
    assert "cid:" not in body(message, "plain")
    assert lint_message(bytes(world.mail.messages[0].content)) == ()


def test_only_the_papers_at_the_top(world: World) -> None:
    """`lead`: one picture in a mail, and no others are even asked for than those of leads."""
    without_site(world, "theme: {figures: lead}\n")
    world.do(steps.run)

    for message in world.mails().values():
        assert body(message, "html").count("<img") <= 1
    assert len(asked(world.web)) <= 2


def test_none_unless_wanted(world: World) -> None:
    """By default no picture is asked for, kept or shown."""
    set_up(world, "")
    world.do(steps.run)

    assert asked(world.web) == []
    assert figures(world) == []
    assert "<img" not in body(world.mails()["bo"], "html")


def test_what_is_known_is_not_asked_for_again(world: World) -> None:
    """A picture once; one that failed, at the next run; one whose copy is gone, too."""
    set_up(world, "theme: {figures: all}\n")
    world.do(steps.collect)
    assert sorted(asked(world.web)) == ["/0.png", "/1.png", "/2.png"]

    world.now += dt.timedelta(hours=2)
    world.do(steps.collect)
    assert sorted(asked(world.web)) == ["/0.png", "/1.png", "/2.png", "/2.png"]

    figures(world)[0].unlink()
    world.do(steps.collect)
    assert len(asked(world.web)) == 6


def test_files_and_preview_show_them_without_a_network(world: World) -> None:
    """The page in the outbox and the preview hold them; the public page has them beside it."""
    set_up(world, "theme: {figures: all}\n")
    world.do(steps.collect)
    world.do(render)

    outbox, public = world.folder / "outbox" / str(TODAY), world.folder / "public" / str(TODAY)
    shown = [path.read_text("utf-8") for path in outbox.glob("*.html")]
    shown += [edition.html for edition in world.do(load_editions)]
    for page in shown:
        assert set(re.findall(r'<img [^>]*src="([^"]{22})', page)) <= {
            "data:image/png;base64,",
            "data:image/jpeg;base64",
        }
    assert any("<img" in page for page in shown)
    page = (public / "issue.html").read_text("utf-8")
    for address in re.findall(r'<img [^>]*src="([^"]*)"', page):
        assert (public / address).resolve() in [path.resolve() for path in figures(world)]


def test_a_figure_that_is_gone_leaves_its_words(world: World) -> None:
    """A mail planned with a figure is sent without it when its file was deleted since."""
    without_site(world, "theme: {figures: all}\n")
    world.do(steps.collect)
    world.do(steps.make_issue)
    for path in figures(world):
        path.unlink()
    world.do(steps.send)

    message = world.mails()["bo"]
    assert message.get_content_type() == "multipart/alternative"
    assert 'alt="Figure from Hugging Face' not in body(message, "plain")
    assert 'src="cid:' in body(message, "html")


def test_they_are_kept_for_a_time(world: World) -> None:
    """`keep.figures`: what was copied longer ago goes, and nothing else in the folder."""
    set_up(world, "theme: {figures: all}\nkeep: {figures: 40}\n")
    world.do(steps.collect)
    first, second = figures(world)
    other = first.with_name("notes.txt")
    other.write_text("mine")
    for path, days in ((first, 41), (second, 39), (other, 400)):
        moment = (NOW - dt.timedelta(days=days)).timestamp()
        os.utime(path, (moment, moment))

    world.do(forget)

    assert figures(world) == sorted([second, other])
    assert len(world.do(lambda day: known_figures(day, make_draft(day).papers))) == 1
    assert (
        len(
            world.do(
                lambda day: day.stores.facts.known(
                    FACT, ["arxiv:2603.99001", "arxiv:2603.99002"], NOW
                )
            )
        )
        == 2
    )


def test_the_issue_is_there_for_reference_managers(world: World) -> None:
    """BibTeX and RIS of what is shown, in the outbox and in the public folder; linked in the mail."""
    set_up(world, "")
    world.do(steps.run)

    public = json.loads((world.folder / "public" / str(TODAY) / "papers.json").read_text("utf-8"))
    for folder, count in (
        ("outbox", 3),
        ("public", len({pick["paper"] for pick in public["picks"]})),
    ):
        path = world.folder / folder / str(TODAY)
        assert (path / "issue.bib").read_text("utf-8").count("@misc{") == count
        assert (path / "issue.ris").read_bytes().count(b"\r\nER  - \r\n") == count
    message = world.mails()["bo"]
    link = f"https://news.example.org/cite/{TODAY}.bib"
    assert f'href="{link}"' in body(message, "html")
    assert link in body(message, "plain")
    assert 'href="issue.bib"' in (world.folder / "public" / str(TODAY) / "issue.html").read_text(
        "utf-8"
    )
