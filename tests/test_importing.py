"""The commands that bring lists of other programs, on a newsletter of its own."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from commands import PROGRAM, Done, newsletter, process, variables
from makers import write_newsletter

ADA, BO, CY, DI = (f"{name}@readers.example" for name in ("ada", "bo", "cy", "di"))
LISTED = f"subscribers:\n  - {{email: {ADA}, name: Ada}}\n"
HEAD = "Email Address,First Name,OPTIN_TIME,LEID,TAGS"


@pytest.fixture
def folder(tmp_path: Path, root: Path) -> Path:
    return write_newsletter(tmp_path, root, subscribers=LISTED)


def do(folder: Path, *words: str, status: int = 0) -> Done:
    done = newsletter(*words, cwd=folder)
    assert done.returncode == status, done.stderr
    return done


def told(folder: Path, *words: str, status: int = 0) -> Any:
    return json.loads(do(folder, *words, "--json", status=status).stdout)


def kept(folder: Path) -> tuple[list[Any], list[Any]]:
    """All that is known of people and addresses."""
    return (
        told(folder, "subscribers", "list")["subscribers"],
        told(folder, "suppressions", "list")["suppressions"],
    )


def export(folder: Path) -> str:
    """A ZIP of Mailchimp in which Bo is on two lists and Ada, a reader, has gone."""
    with zipfile.ZipFile(folder / "audience.zip", "w") as archive:
        archive.writestr(
            "subscribed_members_export_1.csv",
            f"{HEAD}\n{BO},Bo,2020-01-02 03:04:05,1,\n{CY},Cy,2020-01-02 03:04:05,2,agents\n",
        )
        archive.writestr(
            "unsubscribed_members_export_1.csv",
            f"{HEAD},UNSUB_TIME\n{BO.upper()},Bo,,1,,2021-01-01 00:00:00\n"
            f"{ADA},Ada,,3,,2022-01-01 00:00:00\n",
        )
        archive.writestr("cleaned_members_export_1.csv", f"{HEAD}\n{DI},Di,,4,\n")
    return "audience.zip"


def test_an_export_of_mailchimp_brings_readers_and_suppressions(folder: Path) -> None:
    """A trial says what would happen, and that happens; a second time nothing does."""
    do(folder, "subscribers", "list")
    path = export(folder)

    tried = told(folder, "subscribers", "import", path, "--dry-run")
    assert kept(folder)[1] == []
    done = told(folder, "subscribers", "import", path)
    assert {**tried, "dry_run": False} == done
    assert (done["new"], done["both"], done["barred"], done["lost"]) == (1, 1, 3, 1)
    assert done["named"] == {"both": [BO], "lost": [ADA]}
    people, barred = kept(folder)
    assert [(one["email"], one["consent_at"][:10], one.get("topics")) for one in people[1:]] == [
        (CY, "2020-01-02", ["agents"])
    ]
    assert [(one["email"], one["verdict"], one["since"][:10]) for one in barred] == [
        (ADA, "unsubscribed", "2022-01-01"),
        (BO, "unsubscribed", "2021-01-01"),
        (DI, "bounced", barred[2]["since"][:10]),
    ]

    again = do(folder, "subscribers", "import", path)
    assert "0 added" in again.stdout
    assert "3 were suppressed before" in again.stdout
    assert kept(folder) == (people, barred)


def test_the_words_of_a_trial_are_those_of_the_import(folder: Path) -> None:
    """On a screen: who is concerned is named."""
    do(folder, "subscribers", "list")
    tried = do(folder, "subscribers", "import", export(folder), "--dry-run").stdout

    assert "1 would be: added" in tried
    assert "3 would be: suppressed: never mailed" in tried
    assert f"1 are on one list and have gone by another: not added: {BO}" in tried
    assert f"1 of the suppressed ones get mail now, and would not any more: {ADA}" in tried


def test_what_holds_for_several_files_is_told_once_and_who_is_paused_is_counted(
    folder: Path,
) -> None:
    """A ZIP of three files does not say the same thrice."""
    done = do(folder, "subscribers", "import", export(folder), "--dry-run")
    (note,) = [line for line in done.stderr.splitlines() if "read as Mailchimp" in line]
    assert note.count("_members_export_1.csv") == 3
    (folder / "people.csv").write_text(f"email,state\n{BO},paused\n{CY},active\n", "utf-8")
    done = do(folder, "subscribers", "import", "people.csv")
    assert "2 added, 1 of them paused" in done.stdout
    assert told(folder, "subscribers", "import", "people.csv")["paused"] == 0


def test_who_left_here_and_who_is_suppressed_here_stay_away(folder: Path) -> None:
    """Whatever case the list writes them in."""
    (folder / "barred.txt").write_text(f"{DI.upper()}\n", "utf-8")
    do(folder, "suppressions", "import", "barred.txt", "--reason", "asked by phone")
    do(folder, "subscribers", "add", BO)
    do(folder, "subscribers", "remove", BO)
    (folder / "people.csv").write_text(f"email\n{BO.title()}\n{DI}\n{ADA}\n", "utf-8")

    done = do(folder, "subscribers", "import", "people.csv")

    assert "1 have left, and stay away: Bo@readers.example" in done.stdout
    assert f"1 of the new ones are suppressed, and get nothing: {DI}" in done.stdout
    assert "1 were there already" in done.stdout
    (barred,) = told(folder, "suppressions", "list")["suppressions"]
    assert (barred["email"], barred["evidence"]) == (DI, "asked by phone")


def test_equal_mistakes_are_one_with_its_first_places(folder: Path) -> None:
    """Three thousand of them take a line; a program gets all."""
    rows = "".join(f"p{number}@readers.example,Mars/Crater\n" for number in range(3_000))
    (folder / "people.csv").write_text(f"email,timezone\n{rows}nobody,\n", "utf-8")

    said = do(folder, "subscribers", "import", "people.csv", status=1).stderr.splitlines()

    first, second = said
    assert first.startswith("error: 3,000 rows: time zone `Mars/Crater`: not an IANA time zone")
    assert first.endswith("(people.csv:2, people.csv:3, people.csv:4, …)")
    assert second.startswith("error: people.csv:3002: nobody: not an email address")
    every = told(folder, "subscribers", "import", "people.csv", status=1)["refused"]
    assert (len(every), every[0]["email"]) == (3_001, "p0@readers.example")


def test_mistakes_that_differ_in_a_value_are_one_too(folder: Path) -> None:
    """Else a column of dates that a spreadsheet has changed would be a hundred lines."""
    rows = "".join(f"p{number}@readers.example,{number % 28 + 1}/2/2024\n" for number in range(100))
    (folder / "people.csv").write_text(f"email,consent_at\n{rows}", "utf-8")

    (said,) = do(folder, "subscribers", "import", "people.csv", status=1).stderr.splitlines()
    assert said.startswith("error: 100 rows: `…` is no moment such as")
    assert said.endswith("(people.csv:2, people.csv:3, people.csv:4, …)")


def test_the_reader_whom_init_writes_is_told_of(tmp_path: Path, root: Path) -> None:
    """Until somebody takes the entry out."""
    listed = "subscribers:\n  - email: you@example.org\n"
    folder = write_newsletter(tmp_path, root, subscribers=listed)
    (folder / "people.csv").write_text(f"email\n{BO}\n", "utf-8")

    assert "still names you@example.org" in do(folder, "subscribers", "import", "people.csv").stderr
    do(folder, "subscribers", "remove", "you@example.org")
    assert do(folder, "subscribers", "import", "people.csv").stderr == ""


def test_a_list_comes_by_a_pipe_too(folder: Path) -> None:
    """`-` is standard input."""
    done = subprocess.run(
        [*PROGRAM, "subscribers", "import", "-"], cwd=folder, input=f"email\n{BO}\n", text=True,
        capture_output=True, check=True, timeout=60, env=variables({}),
    )  # fmt: skip
    assert done.stdout == "1 added\n"
    assert "no such file" in process("subscribers", "import", "x", cwd=folder).stderr


def test_a_mistake_in_the_second_file_undoes_the_first(folder: Path) -> None:
    """All files of one command are brought, or none."""
    (folder / "a.csv").write_text(f"email\n{BO}\n", "utf-8")
    (folder / "b.csv").write_text("name\nBo\n", "utf-8")

    assert (
        "b.csv: line 1: no column"
        in do(folder, "subscribers", "import", "a.csv", "b.csv", status=1).stderr
    )
    assert [one["email"] for one in kept(folder)[0]] == [ADA]


@pytest.mark.slow
def test_an_import_that_is_killed_leaves_nothing_and_holds_up_nobody(folder: Path) -> None:
    """While the list is read others write; whenever it dies, all of it is there or nothing."""
    do(folder, "subscribers", "list")
    with (folder / "people.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [["email"], *([f"p{number}@readers.example"] for number in range(20_000))]
        )
    for pause in (0.8, 1.5, 2.2, 3.0):
        running = subprocess.Popen(
            [*PROGRAM, "subscribers", "import", "people.csv"], cwd=folder, env=variables({}),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(pause)
        do(folder, "subscribers", "add", f"q{pause}@readers.example".replace("0.", "0"))
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        people = do(folder, "subscribers", "export").stdout.count("\np")
        assert people in (0, 20_000)
    do(folder, "subscribers", "import", "people.csv")
    assert do(folder, "subscribers", "export").stdout.count("\np") == 20_000


def test_suppressions_that_were_exported_come_back_as_they_were(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, root: Path
) -> None:
    """With the date, the reason and where it came from."""
    (folder / "bounces.csv").write_text(
        f"address,code,error,created_at\n{BO},550,gone,2024-05-06\n", "utf-8"
    )
    assert (
        "1 suppressed: never mailed" in do(folder, "suppressions", "import", "bounces.csv").stdout
    )
    exported = do(folder, "suppressions", "export").stdout
    other = write_newsletter(tmp_path_factory.mktemp("other"), root, subscribers=LISTED)
    (other / "suppressed.csv").write_text(exported, "utf-8")

    tried = do(other, "suppressions", "import", "suppressed.csv", "--dry-run").stdout
    assert "1 would be: suppressed: never mailed" in tried
    assert told(other, "suppressions", "list")["suppressions"] == []
    do(other, "suppressions", "import", "suppressed.csv")
    assert do(other, "suppressions", "export").stdout == exported
