"""Teaching by ten questions, and why papers are not to choose from."""

from __future__ import annotations

import json
import os
import pty
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
from commands import PROGRAM, newsletter
from makers import write_newsletter

FIELDS = (
    "agents plan tools with models act web steps".split(),
    "proteins fold cells heat enzymes yeast bind".split(),
    "robots walk snow night gears mountains hum".split(),
    "knots genus link lemma surgery ribbon bound".split(),
)
TOPICS = "topics: [{name: agents, title: Agents, match: [agent]}]\n"
PEOPLE = "subscribers:\n  - {email: ada@readers.example}\n"


def item(number: int) -> str:
    # One paper in sixteen is of the second field: what is like it stands out.
    field = 1 if number % 16 == 1 else (0, 2, 3)[number % 3]
    words = random.Random(number).choices(FIELDS[field], k=9)
    return (
        f"<item><title>{' '.join(words[:5])} {number}</title>"
        f"<link>https://arxiv.org/abs/2603.9{number:04}</link>"
        f"<description>We study {' '.join(words)} of case{number}.</description></item>"
    )


@pytest.fixture
def folder(tmp_path: Path, root: Path) -> Path:
    """A newsletter that knows 160 papers of four fields, and has one reader."""
    items = "".join(map(item, range(160)))
    feed = f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>"
    (tmp_path / "feed.xml").write_text(feed, "utf-8")
    write_newsletter(
        tmp_path, root, topics=TOPICS, subscribers=PEOPLE,
        sources="sources: [{name: x, kind: feed, url: feed.xml}]\n",
    )  # fmt: skip
    assert newsletter("collect", cwd=tmp_path).returncode == 0
    return tmp_path


def question(folder: Path, *words: str) -> Any:
    done = newsletter("teach", "--json", *words, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)["question"]


def test_each_answer_chooses_the_next_question(folder: Path) -> None:
    """First what the topics want; then what is like a yes, and nothing twice."""
    first = question(folder)
    assert (first["chance"], "agents" in first["title"] or "agent" in first["title"]) == (
        None,
        True,
    )

    second = question(folder, "--yes", "2603.90001")
    assert set(second["title"].split()[:5]) <= set(FIELDS[1])
    assert 0 < second["chance"] < 1

    asked = {second["paper"]}
    for _ in range(5):
        following = question(folder, "--yes", second["paper"])
        assert following["paper"] not in asked
        asked.add(following["paper"])
        second = following


def test_nobody_is_asked_about_what_they_mute_or_another_topic(folder: Path) -> None:
    """The first question is of the reader's own topics, and has none of the words they mute."""
    topics = f"{TOPICS[:-2]}, {{name: knots, title: Knots, match: [knot, genus, link]}}]\n"
    (folder / "config" / "topics.yaml").write_text(topics, "utf-8")
    for wish in ("topics: [knots]", "topics: [knots], mute: [genus]"):
        people = f"subscribers:\n  - {{email: ada@readers.example, {wish}}}\n"
        (folder / "config" / "subscribers.yaml").write_text(people, "utf-8")
        first = question(folder)
        assert set(first["title"].split()[:5]) <= set(FIELDS[3])
        assert ("mute" in wish) <= ("genus" not in first["title"])


def test_answers_are_what_links_in_mails_say(folder: Path) -> None:
    """The reader's next mail goes by them, and has a section for what is like the yes."""
    for number in (1, 17, 33):
        question(folder, "--yes", f"2603.9{number:04}")
    question(folder, "--no", "2603.90000")

    done = newsletter("pick", "--subscriber", "ada@readers.example", "--json", cwd=folder)

    picks = json.loads(done.stdout)["picks"]
    liked = [pick for pick in picks if pick["topic"] == "liked"]
    assert liked
    assert all(set(pick["title"].split()[:5]) <= set(FIELDS[1]) for pick in liked)
    assert "arxiv:2603.90000" not in {pick["paper"] for pick in picks}


def test_at_a_terminal_one_types_y_n_s_or_q(folder: Path) -> None:
    """Whatever else is typed is asked again; what was said is kept when one stops."""
    controller, terminal = pty.openpty()
    os.write(controller, b"perhaps\ny\nn\ns\nq\n")
    with subprocess.Popen(
        [*PROGRAM, "teach"], cwd=folder, stdin=terminal, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, env=os.environ | {"COLUMNS": "200"},
    ) as running:  # fmt: skip
        out, err = running.communicate(timeout=100)
    os.close(controller)
    os.close(terminal)

    assert (running.returncode, err.strip()) == (0, "y, n, s or q, please")
    assert [f"{n} of 10" in out for n in range(1, 6)] == [True] * 4 + [False]
    assert "2 answers kept: 1 yes, 1 no." in out


def test_without_a_terminal_nothing_is_asked(folder: Path) -> None:
    """Nor of somebody who is not there, nor about a paper that nobody knows."""
    blind = newsletter("teach", cwd=folder)
    stranger = newsletter("teach", "--subscriber", "bo@readers.example", cwd=folder)
    unknown = newsletter("teach", "--yes", "2603.99999", cwd=folder)

    assert (blind.returncode, "there is no terminal" in blind.stderr) == (2, True)
    assert (stranger.returncode, "no subscriber" in stranger.stderr) == (2, True)
    assert (unknown.returncode, "no stored paper has the id" in unknown.stderr) == (1, True)


def test_why_there_is_nothing_to_choose_from(folder: Path) -> None:
    """By what is wrong: all was sent, is too old, or no topic wants it."""
    newsletter("run", cwd=folder)
    later = newsletter("pick", "--date", "2030-01-01", cwd=folder)
    found = json.loads(newsletter("pick", "--date", "2030-01-01", "--json", cwd=folder).stdout)
    one = newsletter("pick", "--date", "2030-01-01", "--explain", "2603.90001", cwd=folder)

    assert "Nothing to choose from: of 160 papers that are known, " in later.stdout
    assert "were in other issues" in later.stdout
    assert sum(found["left_out"].values()) == 160
    assert "it was among the papers of the issue of" in one.stdout


def test_why_no_topic_wants_any(folder: Path) -> None:
    """Papers are there, and the filters find none."""
    (folder / "config" / "topics.yaml").write_text(TOPICS.replace("[agent]", "[zebra]"), "utf-8")

    done = newsletter("pick", cwd=folder)

    assert "0 picks out of 10 papers" in done.stdout
    assert "No topic wants any of them" in done.stdout
