"""Pages that everybody reads, feeds of them, and the same as files."""

from __future__ import annotations

import dataclasses
import datetime as dt
import html
import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import feedparser
import pytest
from makers import make_pick
from pictures import chart, encoded
from sites import LAST, Running, day_papers, free_socket, running_site, write_site

from newsletter.errors import StoreError
from newsletter.learn.libraries import read_library
from newsletter.model import Paper, Pick, Reason, ReasonKind
from newsletter.serve.publishing import publish

PATHS = (
    "/", "/?topic=vision", f"/{LAST}", "/archive", f"/week/{LAST - dt.timedelta(days=3)}", f"/month/{LAST:%Y-%m}",
    "/topics/vision", "/papers/arxiv:2603.99000", "/feed.xml", "/feed.json", "/topics/vision/feed.xml",
    "/topics/vision/feed.json", "/sitemap.xml",
)  # fmt: skip


def titles(page: str) -> list[str]:
    return [
        html.unescape(told) for told in re.findall(r'class="title"[^>]*><a [^>]*>(.*?)</a>', page)
    ]


def test_today_is_the_newest_issue_with_what_is_talked_about_first(web: Running) -> None:
    """Votes, then scores; each paper once; the topics as filters; the days before and after."""
    page = web.get("/").text

    assert "Thursday, November 26, 2026" in page
    votes = [int(told) for told in re.findall(r"▲ (\d+)", page)]
    assert votes == sorted(votes, reverse=True)
    assert len(titles(page)) == len(set(titles(page))) == 7
    assert "picked from 95" in page
    assert 'rel="prev" href="/2026-11-25"' in page
    assert 'rel="next"' not in page
    assert set(titles(web.get("/?topic=vision").text)) < set(titles(page))
    assert web.get("/?topic=nothing").status_code == 404


def test_every_issue_week_month_and_topic_has_its_page(web: Running) -> None:
    """And what there is not, is not found."""
    for number in range(5):
        assert web.get(f"/{LAST - dt.timedelta(days=number)}").status_code == 200
    monday = LAST - dt.timedelta(days=LAST.weekday())
    assert len(titles(web.get(f"/week/{monday}").text)) == 28
    moved = web.client.get(f"/week/{LAST}", follow_redirects=False)
    assert (moved.status_code, moved.headers["location"]) == (308, f"/week/{monday}")
    assert "2026-11-22" in web.get("/month/2026-11").text
    assert len(titles(web.get("/topics/vision").text)) == 10
    for missing in (
        "/2026-11-01", "/2026-13-01", "/2026-2-1", "/20261126", "/week/2026-01-05", "/month/2026-01", "/month/x",
        "/topics/nothing", "/papers/arxiv:0000.00000", "/papers/", "/0001-01-01", "/9999-12-31", "/%00", "/x/y/z",
        "/month/2026-11-01", "/cite/nothing.bib", "/topics/nothing/feed.xml", "/٢٠٢٦-١١-٢٦",
    ):  # fmt: skip
        assert web.get(missing).status_code == 404, missing


def test_a_page_that_is_known_is_not_sent_again(web: Running) -> None:
    """ETag; also for feeds, which programs ask for every few minutes."""
    for path in PATHS:
        first = web.get(path)
        assert first.status_code == 200, path
        assert first.headers["cache-control"] == "public, max-age=60"
        again = web.get(path, headers={"If-None-Match": f'"x", {first.headers["etag"]}'})
        assert (again.status_code, again.content) == (304, b""), path
        assert again.headers["etag"] == first.headers["etag"]
        assert web.client.head(path).content == b""


def test_feeds_are_read_by_a_reader_of_feeds(web: Running) -> None:
    """Each item has the address of its page, its authors, a date, and its sentence."""
    feed = feedparser.parse(web.get("/feed.xml").content)
    assert not feed.bozo
    assert len(feed.entries) == 35
    entry = feed.entries[0]
    assert entry.id.startswith(f"{web.address}/papers/arxiv:")
    assert entry.link.startswith("https://arxiv.org/abs/")
    assert len(entry.authors) >= 2
    assert entry.updated_parsed is not None
    assert entry.summary
    told = web.get("/feed.json").json()
    assert told["version"] == "https://jsonfeed.org/version/1.1"
    assert len({item["id"] for item in told["items"]}) == 35
    for address in re.findall(r"<loc>(.*?)</loc>", web.get("/sitemap.xml").text):
        assert web.get(urlsplit(address).path).status_code == 200


def test_every_link_of_every_page_leads_somewhere(web: Running) -> None:
    """Followed from the first page on, as a reader would, and as a robot does."""
    waiting, seen = ["/"], set[str]()
    while waiting:
        path = waiting.pop()
        if path in seen or len(seen) > 400:
            continue
        seen.add(path)
        answer = web.get(path, follow_redirects=True)
        assert answer.status_code == 200, path
        if "html" in answer.headers["content-type"]:
            found = re.findall(r'(?:href|action)="(/[^"]*)"', answer.text)
            waiting += [html.unescape(link) for link in found]
    assert len(seen) > 40


def test_a_paper_is_cited(web: Running, tmp_path: Path) -> None:
    """One paper, or a whole issue."""
    for path, count in (("/cite/arxiv:2603.99000.bib", 1), (f"/cite/{LAST}.bib", 7)):
        (tmp_path / "x.bib").write_text(web.get(path).text, "utf-8")
        assert len(read_library(tmp_path / "x.bib").papers) == count
    assert web.get(f"/cite/{LAST}.ris").text.count("TY  - ") == 7


def test_figures_are_served_to_mails(web: Running, tmp_path: Path) -> None:
    """For as long as may be, to pages of other hosts too (webmail); nothing but figures."""
    content = encoded(chart(400, 300))
    figures = web.site.day.folders.figures
    name = figures.keep(content, "png")
    (figures.folder / "secret.png").write_bytes(content)
    answer = web.get(f"/figures/{name}")

    assert (answer.content, answer.headers["content-type"]) == (content, "image/png")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    again = web.client.get(f"/figures/{name}", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    for other in (
        "a" * 64 + ".png",
        name.replace(".png", ".jpg"),
        name + "x",
        "secret.png",
        "..%2F..%2Fconfig%2Fnewsletter.yaml",
    ):
        assert web.get(f"/figures/{other}").status_code == 404, other
    written = list(publish(web.site, tmp_path / "files", "https://pages.example"))
    assert tmp_path / "files" / "figures" / name in written
    assert (tmp_path / "files" / "figures" / name).read_bytes() == content


HOSTILE = (
    "\"><script>alert(1)</script><img src=x onerror=alert(2)>' {{ 7 * 7 }} {% x %} &lt;b&gt; ]]>"
)


def hostile_day(date: dt.date, seed: int) -> list[Pick]:
    """Return papers with markup in every field that a source fills in."""
    paper = day_papers(date, seed)[0].paper
    text: dict[str, Any] = {
        field.name: HOSTILE
        for field in dataclasses.fields(Paper)
        if field.type == "str" and field.name not in ("id", "url", "pdf_url", "code_url", "discussion_url", "image_url")
    }  # fmt: skip
    odd = dataclasses.replace(
        paper, **text, authors=(HOSTILE,) * 2, categories=(HOSTILE,), keywords=(HOSTILE,), votes=3
    )
    reason = Reason(kind=ReasonKind.IN_TITLE, words=(HOSTILE,), name=HOSTILE)
    return [make_pick(odd, topic="vision", tldr=HOSTILE, tldr_by=HOSTILE, reasons=(reason,))]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder, listening = tmp_path_factory.mktemp("hostile"), free_socket()
    write_site(folder, f"http://127.0.0.1:{listening.getsockname()[1]}", papers=hostile_day, days=2)
    with running_site(folder, listening) as running:
        yield running


def test_nothing_in_a_paper_becomes_markup(hostile: Running, tmp_path: Path) -> None:
    """XSS in every field, on every page, in every feed, and in the files."""
    paper = hostile.site.picks.of(LAST)[0].paper
    pages = [f"/papers/{paper.id}" if path.startswith("/papers") else path for path in PATHS]
    for path in pages:
        answer = hostile.get(path)
        assert answer.status_code == 200, path
        assert "<script" not in answer.text.lower().replace(
            '"><script>alert(1)', "x" if "json" in path else "<script"
        )
        if "json" not in path:
            assert "<img" not in answer.text, path
            assert "49" not in re.sub(r"[0-9a-f]{10,}|:\d+|\d{3,}", "", answer.text), (
                "no template in a template"
            )
    assert "alert(1)" in hostile.get("/").text
    json.loads(hostile.get("/feed.json").text)
    assert not feedparser.parse(hostile.get("/feed.xml").content).bozo
    for file in publish(hostile.site, tmp_path / "files", "https://pages.example/x"):
        if file.suffix == ".html":
            found = re.findall(r"<script[^>]*>", file.read_text("utf-8"))
            assert found in ([], ['<script src="/x/search.js" defer>']), file


def test_a_newsletter_without_issues_says_when_the_first_is_due(tmp_path: Path) -> None:
    """Every page of it works."""
    listening = free_socket()
    write_site(tmp_path, f"http://127.0.0.1:{listening.getsockname()[1]}", days=0)
    with running_site(tmp_path, listening) as running:
        assert (
            "The first issue is due on Friday, November 27, 2026 at 06:00" in running.get("/").text
        )
        for path in (
            "/archive",
            "/feed.xml",
            "/feed.json",
            "/sitemap.xml",
            "/topics/vision",
            "/subscribe",
            "/healthz",
        ):
            assert running.get(path).status_code == 200, path
        assert list(publish(running.site, tmp_path / "files", "https://pages.example"))


def test_the_site_may_live_below_a_path(tmp_path: Path) -> None:
    """Links have the prefix; requests are answered with it and, where a proxy takes it, without."""
    listening = free_socket()
    write_site(tmp_path, f"http://127.0.0.1:{listening.getsockname()[1]}/papers/daily")
    with running_site(tmp_path, listening) as running:
        for path in (
            "/",
            "/papers/daily",
            "/papers/daily/",
            "/papers/daily/2026-11-25",
            "/2026-11-25",
        ):
            answer = running.get(path)
            assert answer.status_code == 200, path
            links = re.findall(r'(?:href|action)="(/[^"]*)"', answer.text)
            assert all(link.startswith("/papers/daily/") for link in links)


def test_no_absolute_address_is_made_of_what_a_client_says(web: Running) -> None:
    """A Host header, or what a stranger says of a proxy, names no other site in any page."""
    for name, value in (
        ("Host", "evil.example"), ("X-Forwarded-Host", "evil.example"), ("Forwarded", "host=evil.example"),
        ("X-Forwarded-Proto", "https"), ("X-Original-URL", "/evil"),
    ):  # fmt: skip
        for path in PATHS:
            answer = web.get(path, headers={name: value})
            assert "evil" not in answer.text
            assert "evil" not in str(answer.headers)
            assert "strict-transport-security" not in answer.headers
        moved = web.client.get("/topics/vision/", headers={name: value}, follow_redirects=False)
        assert moved.status_code == 200


def test_the_site_is_written_as_files(web: Running, tmp_path: Path) -> None:
    """The same pages; every link leads to a file; no form; a second time nothing is written."""
    folder = tmp_path / "pages"
    written = list(publish(web.site, folder, "https://me.example/papers"))

    assert len(written) > 50
    assert titles((folder / "index.html").read_text("utf-8")) == titles(web.get("/").text)
    for file in folder.rglob("*.html"):
        page = file.read_text("utf-8")
        assert "<form" not in page.replace('<form class="stack" id="search"', "")
        for link in re.findall(r'href="(/[^"?#]*)', page):
            assert link.startswith("/papers"), link
            target = folder / html.unescape(link).removeprefix("/papers").strip("/")
            assert target.is_file() or (target / "index.html").is_file(), (file, link)
        assert f'href="{web.site.config.letter.site}/subscribe"' in page
    assert len(json.loads((folder / "search.json").read_text("utf-8"))) == 35
    assert not feedparser.parse((folder / "feed.xml").read_bytes()).bozo
    assert list(publish(web.site, folder, "https://me.example/papers")) == []


def test_somebody_elses_folder_is_not_written_into(web: Running, tmp_path: Path) -> None:
    """Files that are there, and are not ours, stay as they are."""
    (tmp_path / "thesis.txt").write_text("ten years", "utf-8")

    with pytest.raises(StoreError, match="other files"):
        list(publish(web.site, tmp_path, "https://me.example"))

    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def test_the_port_is_free_again(tmp_path: Path) -> None:
    """The site ends when it is asked to, and leaves its port."""
    listening = free_socket()
    port = listening.getsockname()[1]
    write_site(tmp_path, f"http://127.0.0.1:{port}", days=1)
    with running_site(tmp_path, listening) as running:
        assert running.get("/healthz").text == "ok\n"
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))
