"""There is one recipe: whatever shows an issue before it is sent shows what will be sent."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from commands import newsletter
from makers import write_newsletter

from newsletter.cli.rehearsing import load_preview
from newsletter.config.newsletter import DAYS

NAMES = ("ada", "bo", "cy", "di", "ed", "flo")
ADA, BO, CY, DI, ED, FLO = EVERYBODY = [f"{name}@readers.example" for name in NAMES]
PEOPLE = f"""subscribers:
  - {{email: {ADA}, topics: [agents, proteins]}}
  - {{email: {BO}, topics: [proteins]}}
  - {{email: {CY}, topics: [agents], words: [knots], mute: [muted], likes: ["agents that plan routes"],
     follow: [Emmy Noether]}}
  - {{email: {DI}, topics: [agents], cadence: weekly}}
  - {{email: {ED}, topics: [agents, proteins], length: short}}
  - {{email: {FLO}, topics: [agents], cadence: weekly, length: short, words: [knots],
     dislikes: ["agents that play games"]}}
"""
TOPICS = """topics:
  - name: agents
    title: Agents
    match: [agent]
    limit: 4
{more}
  - {{name: proteins, title: Proteins, match: [protein], limit: 3}}
"""
WORDS = (
    "planning routes over snow", "tools for chemists", "memory of long talks", "a muted debate",
    "games against people", "written proofs", "maps of the sea",
)  # fmt: skip


def feed() -> str:
    """Return a day's papers: of two topics, of few authors, some alike, some about neither."""
    items = [
        (f"An agent with {words}", author)
        for number, words in enumerate(WORDS)
        for author in (("Ada Byron", "Bo Li")[number % 2],)
    ]
    items += [(f"A protein like {words}", "Cy Twombly") for words in WORDS[:4]]
    items += [("Knots untied by hand", "Di Prima"), ("Of cats", "Emmy Noether")]
    return (
        "<rss version='2.0'><channel><title>x</title>"
        + "".join(
            f"<item><title>{title}</title><link>https://arxiv.org/abs/2603.9{number:04}</link>"
            f"<dc:creator xmlns:dc='http://purl.org/dc/elements/1.1/'>{author}</dc:creator>"
            f"<description>We study {title.lower()} and {' '.join(f'{title[3:6]}{n}' for n in range(9))}."
            "</description></item>"
            for number, (title, author) in enumerate(items, 1)
        )
        + "</channel></rss>"
    )


TODAY = dt.datetime.now(dt.UTC).date()
THE_DAY, ANOTHER_DAY = (
    f"schedule: {{at: '00:00', weekly: {DAYS[(TODAY.weekday() + more) % 7]}}}" for more in (0, 2)
)
CASES = {
    "plain": ("", ""),
    "per author": ("per_author: 1", ""),
    "variety": ("variety: 0.9", ""),
    "explore": ("explore: 2", ""),
    "sections": ("sections: [own-words, topics]", ""),
    "empty mails": (f"on_empty: send\n{ANOTHER_DAY}", "    min_score: 0.99"),
    "weekly": ("digest: weekly", ""),
    "the weekly day": (THE_DAY, ""),
    "another day": (ANOTHER_DAY, ""),
    "weekly, all at once": (
        f"{THE_DAY}\nper_author: 2\nvariety: 0.3\nexplore: 1\non_empty: send",
        "",
    ),
    "titles": ("theme: {density: titles}", ""),
    "novelty": ("", "    rank: {relevance: 1, novelty: 1}"),
    "recency": ("", "    rank: {recency: 1}"),
    "trending": ("", "    rank: {trending: 1, relevance: 0.1}"),
    "taste": ("", "    like: [agents that write proofs]\n    rank: {taste: 1}"),
    "author": ("", "    authors: [Bo Li]\n    rank: {author: 1, relevance: 0.1}"),
    "venue": ("", "    venues: [NeurIPS]\n    rank: {venue: 1, relevance: 0.1}"),
    "floor": ("", "    min_score: 0.2"),
    "fresh": ("", "    fresh: 3"),
    "all at once": (
        "per_author: 2\nvariety: 0.3\nexplore: 1",
        "    rank: {relevance: 1, novelty: 0.5, author: 1}\n    authors: [Ada Byron]",
    ),
}


Shown = list[tuple[str, str]]
"""Titles, each with its topic, in their order."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "feed.xml").write_text(feed(), "utf-8")
    return tmp_path


def write(folder: Path, root: Path, settings: str, topic: str) -> None:
    write_newsletter(
        folder,
        root,
        newsletter=f"name: x\nfrom: a@letters.example\n{settings}\n",
        sources="sources: [{name: Feed, url: feed.xml}]\n",
        topics=TOPICS.format(more=topic),
        subscribers=PEOPLE,
    )


def told(folder: Path, *words: str) -> Any:
    done = newsletter(*words, "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def collected(folder: Path) -> list[str]:
    """Return the ids of all papers that the issue can choose from."""
    date = told(folder, "render")["date"]
    content = json.loads((folder / "outbox" / date / "papers.json").read_text("utf-8"))
    return [paper["id"] for paper in content["papers"]]


def picked(folder: Path, email: str) -> Shown:
    found = told(folder, "pick", "--subscriber", email)["picks"]
    return [(pick["title"], pick["topic"]) for pick in found]


def in_files(folder: Path, date: str) -> dict[str, Shown]:
    """Return what papers.json says of each edition."""
    path = folder / "outbox" / date / "papers.json"
    editions = json.loads(path.read_text("utf-8"))["editions"] if path.exists() else {}
    return {
        key: [(pick["title"], pick["topic"]) for pick in picks] for key, picks in editions.items()
    }


def previewed(folder: Path, email: str) -> Shown:
    """Return what the preview shows for a reader; its topics are headings."""
    names = {
        "Agents": "agents", "Proteins": "proteins", "Your own words": "own-words",
        "Close to what you like": "liked", "Outside your topics": "outside",
    }  # fmt: skip
    shown = load_preview(folder / "config")
    assert not shown.problem
    found = [edition for edition in shown.editions if edition.readers.startswith(email)]
    return [(pick["title"], names[pick["topic"]]) for edition in found for pick in edition.picks]


@pytest.mark.parametrize("name", CASES)
def test_everything_that_shows_an_issue_shows_the_same(
    folder: Path, root: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """pick, preview, render, a dry run, explanations, and what is sent in the end."""
    write(folder, root, *CASES[name])
    monkeypatch.chdir(folder)
    told(folder, "collect")

    before = {email: picked(folder, email) for email in EVERYBODY}
    shown = {email: previewed(folder, email) for email in EVERYBODY}
    rendered = told(folder, "render")
    files = in_files(folder, rendered["date"])
    would = told(folder, "send", "--dry-run")["would_send"]
    ran = told(folder, "run")
    sent = in_files(folder, ran["date"])

    empty = name == "empty mails"
    getting = [email for email in before if before[email] or (empty and email not in (DI, FLO))]
    assert any(before.values())
    if name in ("the weekly day", "another day", "weekly"):
        assert {email for email in (DI, FLO) if before[email]} == (
            set() if name == "another day" else {DI, FLO}
        )
        assert 0 < len(before[ED]) <= 5
    assert shown == before
    assert sent == files
    assert sorted(sent.values()) == sorted(before[email] for email in getting)
    assert would == ran["deliveries"]["accepted"] == len(getting)
    for email in getting:
        (text,) = (folder / "outbox" / ran["date"] / "eml").glob(f"{email}*")
        mail = text.read_text("utf-8").replace("=\n", "")
        assert all(title in mail for title, _ in before[email])


def test_an_explanation_agrees_with_what_is_picked(folder: Path, root: Path) -> None:
    """For each paper and reader: it says `picked` just where the paper stands."""
    write(folder, root, CASES["all at once"][0] + f"\n{THE_DAY}", CASES["all at once"][1])
    told(folder, "collect")
    ids = collected(folder)

    for email in (ADA, CY, ED, FLO):
        found = {
            (answer["title"], topic["topic"])
            for paper in ids
            for answer in (told(folder, "pick", "--subscriber", email, "--explain", paper),)
            for topic in answer["topics"]
            if topic["verdict"] == "picked"
        }
        assert found == set(picked(folder, email))


def test_what_is_not_picked_is_explained(folder: Path, root: Path) -> None:
    """In words: too many of one author, no room, not what a filter wants."""
    write(folder, root, "per_author: 1", "")
    told(folder, "collect")

    verdicts = {
        topic["verdict"]
        for paper in collected(folder)
        for topic in told(folder, "pick", "--subscriber", ADA, "--explain", paper)["topics"]
    }

    assert "picked" in verdicts
    assert "its filter does not want it" in verdicts
    assert any("is shown already" in verdict for verdict in verdicts)


def test_what_is_muted_is_explained_by_its_mute(folder: Path, root: Path) -> None:
    """And what a filter refuses by the word that it refuses: no score is to blame."""
    write(folder, root, "", "")
    told(folder, "collect")

    verdicts = {
        topic["verdict"]
        for paper in collected(folder)
        for topic in told(folder, "pick", "--subscriber", CY, "--explain", paper)["topics"]
    }

    assert "not picked: muted: it has “muted”" in verdicts
