"""The commands for sources and topics, on a newsletter of its own and a web server."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commands import Done, newsletter, process
from makers import write_newsletter
from servers import Page, Web, http_server

SOURCES = "private_networks: [127.0.0.1]   # mine\ntimeout: 5\nsources:\n  - name: A blog\n    url: {url}/old   # the first\n"


def feed(title: str, *papers: str, day: str = "Tue, 24 Nov 2026 05:00:00 GMT") -> Page:
    items = "".join(
        f"<item><title>{paper}</title><link>https://x.example/{n}</link><pubDate>{day}</pubDate>"
        f"<description>About {paper}.</description></item>"
        for n, paper in enumerate(papers)
    )
    body = f"<rss version='2.0'><channel><title>{title}</title>{items}</channel></rss>"
    return Page(body.encode())


def html(head: str) -> Page:
    return Page(f"<!doctype html><html><head>{head}</head></html>".encode(), "text/html")


ALTERNATE = "<link rel=alternate type='application/rss+xml' href='{}'>"


@pytest.fixture
def web() -> Iterator[Web]:
    with http_server() as running:
        running.pages |= {
            "/old": feed("Old", "Old news"),
            "/feed.xml": feed("A &amp;amp; B: news", "Agents that use tools", "Vision of robots"),
            "/blog": html(ALTERNATE.format("/broken") + ALTERNATE.format("feed.xml")),
            "/broken": Page(b"<html>not a feed"),
            "/bare/": html(""),
            "/bare/rss.xml": feed("Guessed", "One"),
            "/nothing": html(""),
            "/gone": Page(b"", status=410),
            "/bomb": Page(misbehaviour="bomb"),
            "/loop": Page(misbehaviour="redirect-loop"),
            "/cut": Page(misbehaviour="hang-up"),
            "/empty.opml": Page(b"<opml/>"),
            "/moved": Page(b"", status=301, headers={"Location": "/feed.xml"}),
        }
        yield running


@pytest.fixture
def folder(tmp_path: Path, root: Path, web: Web) -> Path:
    return write_newsletter(tmp_path, root, sources=SOURCES.format(url=web.url))


def do(folder: Path, *words: str, status: int = 0) -> Done:
    done = newsletter(*words, cwd=folder)
    assert done.returncode == status, (done.stdout, done.stderr)
    return done


def told(folder: Path, *words: str, status: int = 0) -> Any:
    return json.loads(do(folder, *words, "--json", status=status).stdout)


def written(folder: Path) -> str:
    return (folder / "config" / "sources.yaml").read_text("utf-8")


def test_the_feed_behind_a_page_is_tried_shown_and_written(folder: Path, web: Web) -> None:
    """The second that it names, as the first is none; everything else in the file stays."""
    before = written(folder)

    done = do(folder, "sources", "add", f"{web.url}/blog", "--yes")

    assert "2026-11-24  Agents that use tools" in done.stdout
    assert (
        written(folder)
        == before + f"\n  - name: 'A & B: news'\n    kind: feed\n    url: {web.url}/feed.xml\n"
    )
    listed = told(folder, "sources", "list")["sources"]
    assert [(one["name"], one["kind"]) for one in listed] == [
        ("A blog", "feed"),
        ("A & B: news", "feed"),
    ]
    again = do(folder, "sources", "add", f"{web.url}/feed.xml/", "--yes")
    assert "is there already, as A & B: news" in again.stdout
    do(folder, "sources", "remove", "A & B: news")
    assert written(folder) == before


@pytest.mark.parametrize(
    ("path", "name", "url"),
    [
        ("/bare/", "Guessed", "/bare/rss.xml"),
        ("/moved", "A & B: news", "/feed.xml"),
        ("/feed.xml", "A & B: news", "/feed.xml"),
    ],
)
def test_where_a_feed_is_found(folder: Path, web: Web, path: str, name: str, url: str) -> None:
    """Where feeds often are, where a redirect leads for good, at the address itself."""
    (found,) = told(folder, "sources", "add", web.url + path, "--dry-run")["sources"]

    assert (found["name"], found["url"], found["papers"] > 0) == (name, web.url + url, True)


def test_nothing_is_written_unasked(folder: Path, web: Web) -> None:
    """Without a terminal it takes --yes; a trial never writes."""
    before = written(folder)

    assert "--yes writes it" in do(folder, "sources", "add", f"{web.url}/feed.xml", status=1).stderr
    do(folder, "sources", "add", f"{web.url}/feed.xml", "--yes", "--dry-run")
    assert written(folder) == before


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/nothing", "no feed was found beside it"),
        ("/gone", "410"),
        ("/absent", "404"),
        ("/bomb", "more than"),
        ("/loop", "redirects"),
        ("/cut", "peer closed"),
        ("/empty.opml", "without feeds"),
    ],
)
def test_what_is_no_source_is_told(folder: Path, web: Web, path: str, said: str) -> None:
    """In one line, and the file stays."""
    before = written(folder)

    stderr = do(folder, "sources", "add", web.url + path, "--yes", status=1).stderr
    assert said in stderr
    assert stderr.startswith("error: ")
    assert (written(folder), stderr.count("\n")) == (before, 1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("http://169.254.169.254/latest/meta-data", "in a private network"),
        ("file:///etc/passwd", "no address such as"),
        ("https://bob:s3cret-word@x.example/feed", "by hand"),
        ("https://x.example/feed?key=${KEY}", "by hand"),
        ("no such thing", "no address such as"),
        ("http://[", "no address such as"),
        ("127.0.0.2:8011/feed", "if the server there has no TLS, write http://127.0.0.2:8011/feed"),
        ("x.example:99999", "no address such as"),
    ],
)
def test_addresses_that_are_not_asked(folder: Path, given: str, said: str) -> None:
    """Other networks, files by address, passwords, variables."""
    done = do(folder, "sources", "add", given, "--yes", status=1)

    assert said in done.stderr
    assert "s3cret-word" not in done.stderr + done.stdout


def test_a_list_of_feeds_is_tried_and_those_that_fail_are_told(folder: Path, web: Web) -> None:
    """One file, one try each; the rest is written. A password of a list is not."""
    (folder / "feeds.opml").write_text(
        "<!DOCTYPE opml [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><opml version='2.0'><body>"
        f"<outline text='Good &x;' xmlUrl='{web.url}/feed.xml'/><outline text='Bad' xmlUrl='{web.url}/absent'/>"
        f"<outline text='Known' xmlUrl='{web.url}/old'/><outline text='A blog' xmlUrl='{web.url}/bare/rss.xml'/>"
        "<outline text='Login' xmlUrl='https://bob:s3cret-word@x.example/f'/>"
        "<outline text='${HOME}' xmlUrl='http://127.0.0.1:1/${HOME}'/></body></opml>",
        "utf-8",
    )

    done = do(folder, "sources", "add", "feeds.opml", "--yes", status=1)

    assert "Bad: " in done.stderr
    assert "Login: its address has a name and password" in done.stderr
    assert "Known: is there already, as A blog" in done.stdout
    host = web.url.removeprefix("http://")
    listed = told(folder, "sources", "list")["sources"]
    assert [one["name"] for one in listed] == ["A blog", "Good", f"A blog ({host})"]
    assert "s3cret" not in written(folder)
    assert "${" not in written(folder)


def test_hostile_lists_are_refused_or_bounded(folder: Path, web: Web) -> None:
    """Entities of entities, a hundred thousand folders in each other, a thousand feeds."""
    laughs = "".join(f"<!ENTITY e{n} '{f'&e{n - 1};' * 10}'>" for n in range(1, 12))
    outline = f"<outline text='&e11;' xmlUrl='{web.url}/feed.xml'/>"
    many = "".join(f"<outline text='F{n}' xmlUrl='{web.url}/absent{n}'/>" for n in range(1_000))
    before = written(folder)
    said: dict[str, Done] = {}
    for name, text in (
        ("bomb", f"<!DOCTYPE opml [<!ENTITY e0 'ha'>{laughs}]><opml><body>{outline}</body></opml>"),
        ("deep", "<opml><body>" + "<outline text='x'>" * 100_000),
        ("many", f"<opml><body>{many}</body></opml>"),
    ):
        (folder / f"{name}.opml").write_text(text, "utf-8")
        said[name] = do(folder, "sources", "add", f"{name}.opml", "--json", status=1)

    found = json.loads(said["many"].stdout)
    assert (found["untried"], len(found["sources"])) == (900, 100)
    assert sum(path.startswith("/absent") for path, _ in web.requests) == 100
    assert written(folder) == before


def test_services_are_known_by_their_pages(folder: Path) -> None:
    """Without a request to find out; what is there already is told."""
    sources = "sources:\n  - {name: arXiv, kind: arxiv, categories: [cs.CL, cs.LG]}\n  - {name: HF, kind: huggingface}\n"
    (folder / "config" / "sources.yaml").write_text(sources, "utf-8")

    for address, name in (
        ("arxiv.org/list/cs.LG/recent", "arXiv"),
        ("https://huggingface.co/papers", "HF"),
    ):
        assert told(folder, "sources", "add", address)["there"][0]["as"] == name
    assert written(folder) == sources


def test_a_name_of_ones_own(folder: Path, web: Web) -> None:
    """Not one that another source has."""
    taken = do(
        folder, "sources", "add", f"{web.url}/feed.xml", "--name", "A blog", "--yes", status=1
    )
    assert "called `A blog` already" in taken.stderr
    do(folder, "sources", "add", f"{web.url}/feed.xml", "--name", "2410.01", "--yes")
    assert [one["name"] for one in told(folder, "sources", "list")["sources"]][1] == "2410.01"
    assert "no source is called `2410`" in do(folder, "sources", "remove", "2410", status=2).stderr


def test_the_only_source_is_not_taken_out(folder: Path) -> None:
    """A newsletter without one has nothing to say."""
    assert "the only source" in " ".join(
        do(folder, "sources", "remove", "A blog", status=2).stderr.split()
    )


def test_a_feed_in_a_file_is_written_as_a_path_in_the_newsletter(folder: Path, web: Web) -> None:
    """So that the folder can be moved."""
    (folder / "feeds").mkdir()
    (folder / "feeds" / "x.xml").write_bytes(web.pages["/feed.xml"].body)

    do(folder, "sources", "add", "feeds/x.xml", "--yes")

    assert "url: feeds/x.xml" in written(folder)
    again = do(folder, "sources", "add", "feeds/x.xml", "--name", "X", "--dry-run")
    assert "is there already, as A & B: news" in again.stdout


def test_a_query_is_tried_on_the_papers_that_are_known(folder: Path, web: Web) -> None:
    """With the reasons, what each term finds, and those that find nothing."""
    assert "collect first" in " ".join(do(folder, "topics", "try", "agents").stdout.split())
    web.pages["/old"] = web.pages["/feed.xml"]
    do(folder, "collect", status=0)

    found = told(folder, "topics", "try", "agent", "tool use", "nowhere")
    assert (found["papers"], found["shown"]) == (2, 1)
    (pick,) = found["picks"]
    assert pick["title"] == "Agents that use tools"
    assert any("agent" in reason.lower() for reason in pick["reasons"])
    assert {term["text"]: term["papers"] for term in found["terms"]} == {
        "agent": 1,
        "tool use": 0,
        "nowhere": 0,
    }
    shown = do(folder, "topics", "try", '{any: [robot, agent], none: ["title: vision"]}').stdout
    assert "Agents that use tools" in shown
    assert "Vision of robots" not in shown
    assert "left out" in shown
    assert "finds nothing" in do(folder, "topics", "try", "nowhere").stdout
    assert (
        told(folder, "topics", "try", "robots AND NOT agents")["picks"][0]["title"]
        == "Vision of robots"
    )


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("autor: x", "unknown field"),
        ("/(/", "no expression"),
        ("{any: [", "QUERY"),
        ("{nay: [x]}", "did you mean"),
        ("a AND", "AND"),
        ("", "no word"),
    ],
)
def test_a_query_with_a_mistake_is_told(folder: Path, query: str, said: str) -> None:
    """As in topics.yaml, without a traceback."""
    assert said in " ".join(do(folder, "topics", "try", query, status=2).stderr.split())


def test_topics_are_listed(folder: Path) -> None:
    """With what they look for."""
    assert "not protein language model" in " ".join(do(folder, "topics", "list").stdout.split())
    assert told(folder, "topics", "list")["topics"][1]["name"] == "agents"


def test_likes_are_tried_on_the_papers_that_are_known(folder: Path, web: Web) -> None:
    """By themselves or beside a query; while too few papers are known, that is said."""
    do(folder, "collect", status=0)
    early = do(folder, "topics", "try", "--like", "robots that see").stdout
    assert "Likes count for nothing yet: 100 papers must be known" in " ".join(early.split())
    assert "give it a query, or something to like" in " ".join(
        do(folder, "topics", "try", status=2).stderr.split()
    )
    # A hundred papers of other fields, so that what is liked is something particular.
    dice = random.Random(0)
    things = [f"{a}{b}" for a in ("cell", "lens", "star", "graph", "soil") for b in "abcdefghij"]
    texts = [" ".join(dice.sample(things, 9)) for _ in range(110)]
    texts += [
        f"the torque and grasp of arms of robots {' '.join(dice.sample(things, 3))}"
        for _ in range(4)
    ]
    items = "".join(
        f"<item><title>Study {n}: {' '.join(text.split()[-9:])}</title>"
        f"<link>https://arxiv.org/abs/2603.8{n:04}</link><description>We look at {text}.</description></item>"
        for n, text in enumerate(texts)
    )
    page = f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>".encode()
    web.pages["/old"] = Page(page)
    do(folder, "collect", status=0)

    likes = ("--like", "robots of low torque", "--like", "arms that grasp")
    found = told(folder, "topics", "try", *likes)

    assert found["terms"] == []
    assert "robots" in found["picks"][0]["title"]
    assert "taste" in {part["signal"] for part in found["picks"][0]["parts"]}
    both = told(folder, "topics", "try", "stara", *likes)
    titles = " ".join(pick["title"] for pick in both["picks"])
    assert "robots" in titles
    assert "stara" in titles


def test_results_for_programs_are_not_folded(folder: Path) -> None:
    """Into a pipe go whole lines; COLUMNS gives a width."""
    long = " ".join(f"word{n}" for n in range(40))
    text = (folder / "config" / "topics.yaml").read_text("utf-8")
    changed = text.replace("title: Agents and tools", f"title: {long}")
    (folder / "config" / "topics.yaml").write_text(changed, "utf-8")
    assert long in process("topics", "list", cwd=folder, COLUMNS="").stdout
    assert long not in process("topics", "list", cwd=folder, COLUMNS="100").stdout
