"""The commands for people."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from commands import Done, newsletter
from makers import write_newsletter

ADA, BO, CY = (f"{name}@readers.example" for name in ("ada", "bo", "cy"))
LISTED = f"subscribers:\n  - {{email: {ADA}, name: Ada}}\n  - {{email: {BO}, paused: true}}\n"


@pytest.fixture
def folder(tmp_path: Path, root: Path) -> Path:
    return write_newsletter(tmp_path, root, subscribers=LISTED)


def do(folder: Path, *words: str, status: int = 0) -> Done:
    done = newsletter("subscribers", *words, cwd=folder)
    assert done.returncode == status, done.stderr
    return done


def told(folder: Path, *words: str, status: int = 0) -> Any:
    return json.loads(do(folder, *words, "--json", status=status).stdout)


def states(folder: Path) -> dict[str, str]:
    return {
        subscriber["email"]: subscriber["state"]
        for subscriber in told(folder, "list")["subscribers"]
    }


def test_the_list_is_shown_with_where_everybody_came_from(folder: Path) -> None:
    """On a screen, and for machines; filters narrow it."""
    do(folder, "add", CY, "--topic", "agents")

    shown = do(folder, "list").stdout
    assert [ADA in shown, BO in shown, "every topic" in shown] == [True, True, True]
    assert "2 active, 1 paused in all" in shown
    assert states(folder) == {ADA: "active", BO: "paused", CY: "active"}
    assert [
        subscriber["email"]
        for subscriber in told(folder, "list", "--state", "paused")["subscribers"]
    ] == [BO]
    assert [
        subscriber["email"]
        for subscriber in told(folder, "list", "--from", "command")["subscribers"]
    ] == [CY]
    assert [
        subscriber["email"] for subscriber in told(folder, "list", "--text", "ADA@")["subscribers"]
    ] == [ADA]
    assert "Nobody." in do(folder, "list", "--state", "left").stdout


def test_one_person_is_shown_with_the_consent(folder: Path) -> None:
    """All that is kept; somebody unknown is wrong usage."""
    do(folder, "add", CY, "--name", "Cy", "--topic", "agents", "--topic", "vision")

    found = told(folder, "show", CY.upper())
    assert (found["name"], found["topics"], found["origin"]) == (
        "Cy",
        ["agents", "vision"],
        "command",
    )
    assert found["consent"] == "added with the command `newsletter subscribers add`"
    shown = do(folder, "show", CY).stdout
    assert "agents, vision" in shown
    assert "no subscriber has the address" in do(folder, "show", "x@y.example", status=2).stderr


def test_somebody_is_added_once(folder: Path) -> None:
    """Who is there stays as they are; who has left is not brought back by it."""
    assert "would be: added" in do(folder, "add", CY, "--dry-run").stdout
    assert CY not in states(folder)
    assert f"{CY}: added" in do(folder, "add", CY).stdout
    assert "is there already" in do(folder, "add", CY, "--name", "Other").stdout
    assert told(folder, "show", CY)["name"] == ""
    do(folder, "remove", CY)
    assert "has left" in do(folder, "add", CY, status=1).stderr
    assert "not an email address" in do(folder, "add", "nobody", status=2).stderr
    asked = do(folder, "add", CY, "--topic", "agnets", status=2).stderr
    assert "did you mean" in " ".join(asked.split())
    assert "no topic is called `x`" in do(folder, "add", CY, "--topic", "x", status=2).stderr


def test_who_is_removed_stays_away_and_check_says_so(folder: Path) -> None:
    """Although subscribers.yaml names them; `resume` brings them back."""
    do(folder, "list")
    assert "would be: removed" in do(folder, "remove", ADA, "--dry-run").stdout
    assert states(folder)[ADA] == "active"
    do(folder, "remove", ADA)
    (folder / "config" / "subscribers.yaml").write_text(LISTED + "# edited\n")

    assert states(folder)[ADA] == "left"
    checked = newsletter("check", cwd=folder).stderr
    assert f"{ADA} has left" in checked
    assert f"`newsletter subscribers resume {ADA}` undoes it" in checked
    assert "gets mail again" in do(folder, "resume", ADA).stdout
    assert states(folder)[ADA] == "active"
    assert ADA not in newsletter("check", cwd=folder).stderr


def test_a_pause_has_an_end(folder: Path) -> None:
    """It is shown, and over on its day."""
    assert "paused until 2999-01-02" in do(folder, "pause", ADA, "--until", "2999-01-02").stdout
    assert told(folder, "show", ADA)["paused_until"] == "2999-01-02"
    do(folder, "pause", ADA, "--until", "2020-01-02")
    assert states(folder)[ADA] == "active"
    assert "is not a date" in do(folder, "pause", ADA, "--until", "soon", status=2).stderr


def test_an_import_tells_what_it_brought(folder: Path) -> None:
    """New, known, gone, and each row that cannot be used; a trial changes nothing."""
    do(folder, "list")
    do(folder, "remove", BO)
    path = folder / "people.csv"
    path.write_text(f"email,name\n{ADA},x\n{BO},y\n{CY},Cy\nnobody,\n", "utf-8")
    expected = {"new": 1, "known": 1, "left": 1, "suppressed": 0}

    tried = told(folder, "import", "people.csv", "--dry-run", status=1)
    assert {name: tried[name] for name in expected} == expected
    assert tried["refused"][0]["line"] == 5
    assert CY not in states(folder)
    done = do(folder, "import", "people.csv", "--consent", "a sheet, May 2026", status=1)
    assert "1 added" in done.stdout
    assert "1 have left, and stay away" in done.stdout
    assert "people.csv:5: nobody: not an email address" in done.stderr
    assert told(folder, "show", CY)["consent"] == "a sheet, May 2026"
    assert "no such file" in do(folder, "import", "gone.csv", status=1).stderr
    path.write_bytes(b"email\n\x81\x8d@x.example\n")
    assert "is neither UTF-8, UTF-16" in do(folder, "import", "people.csv", status=1).stderr


def test_an_export_can_be_imported(folder: Path, tmp_path_factory: Any, root: Path) -> None:
    """Everybody with what they chose; a spreadsheet takes no name for a formula."""
    do(folder, "add", CY, "--name", "=1+1", "--topic", "agents")

    exported = do(folder, "export").stdout
    rows = list(csv.DictReader(io.StringIO(exported)))
    assert [(row["email"], row["state"], row["origin"]) for row in rows] == [
        (ADA, "active", "yaml"), (BO, "paused", "yaml"), (CY, "active", "command"),
    ]  # fmt: skip
    assert rows[2]["name"] == "'=1+1"
    assert [
        row["email"]
        for row in csv.DictReader(io.StringIO(do(folder, "export", "--state", "paused").stdout))
    ] == [BO]
    other = write_newsletter(
        tmp_path_factory.mktemp("other"), root, subscribers="subscribers: []\n"
    )
    (other / "people.csv").write_text(exported, "utf-8")
    assert told(other, "import", "people.csv")["new"] == 3
    assert told(other, "show", CY)["topics"] == ["agents"]
    assert told(other, "show", ADA)["consent_at"].replace(" ", "T") == rows[0]["consent_at"]


def test_hour_cadence_and_length_go_through_all_commands(
    folder: Path, tmp_path_factory: Any, root: Path
) -> None:
    """From the list to JSON and the screen, and by CSV into another newsletter."""
    text = f"subscribers:\n  - {{email: {ADA}, hour: 0, cadence: weekly, length: short}}\n  - {{email: {BO}}}\n"
    (folder / "config" / "subscribers.yaml").write_text(text, "utf-8")

    ada, bo = told(folder, "list")["subscribers"]
    shown = " ".join(do(folder, "show", ADA).stdout.split())
    exported = do(folder, "export").stdout
    other = write_newsletter(
        tmp_path_factory.mktemp("other"), root, subscribers="subscribers: []\n"
    )
    (other / "people.csv").write_text(exported, "utf-8")
    do(other, "import", "people.csv")

    keys = ("hour", "cadence", "length")
    assert [ada[key] for key in keys] == [0, "weekly", "short"]
    assert [bo[key] for key in keys] == [None, "daily", "full"]
    assert all(words in shown for words in ("hour 0", "cadence weekly", "length short"))
    for email, before in ((ADA, ada), (BO, bo)):
        after = told(other, "show", email)
        assert [after[key] for key in keys] == [before[key] for key in keys]


def test_who_came_by_the_command_gets_the_issue(folder: Path) -> None:
    """Beside those of the file; who left by the command in the meantime does not."""
    do(folder, "add", CY, "--topic", "language-models")
    do(folder, "remove", ADA)
    (folder / "feed.xml").write_text(
        "<rss version='2.0'><channel><title>x</title><item><title>A language model</title>"
        "<link>https://arxiv.org/abs/2603.90001</link></item></channel></rss>"
    )
    (folder / "config" / "sources.yaml").write_text("sources: [{name: Feed, url: feed.xml}]\n")

    done = newsletter("run", "--json", cwd=folder)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["deliveries"]["accepted"] == 1
    assert [path.name for path in folder.glob("outbox/*/eml/*.eml")] == [f"{CY}.eml"]


def test_who_has_left_cannot_be_paused_back(folder: Path) -> None:
    """The end of a pause would bring them mail again."""
    do(folder, "list")
    do(folder, "remove", ADA)

    assert "there is nothing to pause" in do(folder, "pause", ADA, status=2).stderr
    assert states(folder)[ADA] == "left"


def test_people_can_leave_beside_a_broken_list(folder: Path) -> None:
    """The mistake is told, and the command is done."""
    do(folder, "list")
    (folder / "config" / "subscribers.yaml").write_text("subscribers:\n  - {email: ada")

    done = do(folder, "remove", ADA)

    assert "what was known before still holds" in done.stderr
    assert told(folder, "list", "--state", "left")["subscribers"][0]["email"] == ADA


def test_a_look_at_a_later_day_ends_no_pause(folder: Path) -> None:
    """Today decides, whatever issue is looked at."""
    do(folder, "pause", ADA, "--until", "2999-01-02")

    newsletter("pick", "--date", "2999-01-03", cwd=folder)

    assert states(folder)[ADA] == "paused"


def test_readers_whose_topics_are_gone_are_told_of(folder: Path) -> None:
    """By check, and by a run: they get nothing rather than everything."""
    do(folder, "add", CY, "--topic", "agents")
    (folder / "config" / "topics.yaml").write_text(
        "topics: [{name: tools, title: Tools, match: [language model]}]\n"
    )
    (folder / "config" / "subscribers.yaml").write_text("subscribers: []\n")
    (folder / "feed.xml").write_text(
        "<rss version='2.0'><channel><title>x</title><item><title>A language model</title>"
        "<link>https://arxiv.org/abs/2603.90001</link></item></channel></rss>"
    )
    (folder / "config" / "sources.yaml").write_text("sources: [{name: Feed, url: feed.xml}]\n")

    checked = newsletter("check", cwd=folder)
    assert (
        "no topic is called `agents`, but readers in the database ask for it (1)" in checked.stderr
    )
    ran = newsletter("run", cwd=folder)
    assert ran.returncode == 1
    assert "topics.yaml has none of their topics any more: agents" in ran.stderr
    assert list(folder.glob("outbox/*/eml/*.eml")) == []


def test_a_zone_that_is_gone_stops_nobody(folder: Path) -> None:
    """Zones are renamed at times: the newsletter's own holds then."""
    do(folder, "add", CY)
    with sqlite3.connect(folder / "outbox" / "newsletter.db") as opened:
        opened.execute("UPDATE subscriber SET timezone = 'Europe/Nowhere'")
        opened.execute(
            "UPDATE subscriber SET wishes = '{\"timezone\":\"Europe/Nowhere\"}' WHERE name = ''"
        )
    opened.close()
    (folder / "feed.xml").write_text(
        "<rss version='2.0'><channel><title>x</title><item><title>A language model</title>"
        "<link>https://arxiv.org/abs/2603.90001</link></item></channel></rss>"
    )
    (folder / "config" / "sources.yaml").write_text("sources: [{name: Feed, url: feed.xml}]\n")

    done = newsletter("run", "--json", cwd=folder)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["deliveries"]["accepted"] == 2


def test_check_counts_people_in_the_database(folder: Path) -> None:
    """An empty file says nothing of those who came by another way."""
    do(folder, "add", CY)
    (folder / "config" / "subscribers.yaml").write_text("subscribers: []\n")
    do(folder, "list")

    checked = newsletter("check", cwd=folder)

    assert "nobody is on the list" not in checked.stderr
    (folder / "config" / "subscribers.yaml").write_text(f"subscribers: [{{email: {CY}}}]\n")
    told_of = newsletter("check", cwd=folder).stderr
    assert f"{CY} came by command, and keeps what they chose there" in told_of


def test_who_must_not_be_mailed_is_shown_as_such(folder: Path) -> None:
    """With the reason; everything else stays as it is."""
    newsletter("subscribers", "add", "sue@readers.example", cwd=folder)
    before = json.loads(
        newsletter("subscribers", "show", "sue@readers.example", "--json", cwd=folder).stdout
    )
    (folder / "gone.txt").write_text("sue@readers.example\n", "utf-8")
    assert newsletter("suppressions", "import", "gone.txt", cwd=folder).returncode == 0

    shown = newsletter("subscribers", "show", "sue@readers.example", cwd=folder)
    told = newsletter("subscribers", "show", "sue@readers.example", "--json", cwd=folder)

    assert "suppressed  gets no mail (" in shown.stdout
    listed = " ".join(do(folder, "list").stdout.split())
    assert "every topic suppressed" in listed
    assert "of the active, 1 suppressed: they get nothing" in listed
    after = json.loads(told.stdout)
    assert after.pop("suppressed").startswith("gets no mail (")
    assert after == before
