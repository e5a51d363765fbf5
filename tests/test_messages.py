"""What a newcomer is told: why there is nothing, what was done, what comes next."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import PROGRAM, Done, newsletter, variables
from makers import write_newsletter

from newsletter.cli.program import MODULES, STATUSES

FEED = """<rss version="2.0"><channel><title>x</title><item><title>An agent for tests</title>
<link>http://papers.example/1</link><guid>1</guid><description>A tool use agent.</description>
</item></channel></rss>"""


@pytest.fixture
def letter(tmp_path: Path, root: Path) -> Path:
    """Return a newsletter with a local source, one reader and two topics."""
    (tmp_path / "feed.xml").write_text(FEED)
    return write_newsletter(
        tmp_path, root,
        sources="sources: [{name: F, url: feed.xml}]\n",
        topics="topics:\n  - {name: agents, title: A, match: {any: [agent]}}\n"
        "  - {name: vision, title: V, match: {any: [image]}}\n",
        subscribers="subscribers: [{email: ada@example.org}]\n",
    )  # fmt: skip


# --- Why there is nothing ------------------------------------------------------------------------


def test_a_dry_run_says_why_it_would_send_nothing(letter: Path) -> None:
    """Before anything was collected, when no topic wants anything, and when all is sent."""
    dry = ("send", "--dry-run")
    assert "run newsletter collect first" in newsletter(*dry, cwd=letter).stdout
    newsletter("collect", cwd=letter)
    assert "first" not in newsletter(*dry, cwd=letter).stdout
    newsletter("run", cwd=letter)
    assert "everything of it was already sent" in newsletter(*dry, cwd=letter).stdout
    said = json.loads(newsletter(*dry, "--json", cwd=letter).stdout)
    assert said["why_nothing"] == "everything of it was already sent"


def test_a_dry_run_of_papers_that_nobody_wants(letter: Path) -> None:
    """What to look at next; and an empty list is named as such."""
    (letter / "config" / "topics.yaml").write_text(
        "topics: [{name: fish, title: F, match: {any: [herring]}}]\n"
    )
    newsletter("collect", cwd=letter)
    assert "No topic wants any of them" in newsletter("send", "--dry-run", cwd=letter).stdout
    (letter / "config" / "subscribers.yaml").write_text("subscribers: []\n")
    assert "nobody is on the list" in newsletter("send", "--dry-run", cwd=letter).stdout


def test_a_finished_issue_is_not_cancelled(letter: Path) -> None:
    """Nothing of it waits; neither does it become a cancelled one."""
    newsletter("run", cwd=letter)
    date = json.loads(newsletter("status", "--json", cwd=letter).stdout)["date"]

    done = newsletter("cancel", date, cwd=letter)

    assert "there is nothing to cancel" in done.stdout
    assert json.loads(newsletter("status", "--json", cwd=letter).stdout)["state"] != "cancelled"


def test_bounces_say_what_they_ignored(letter: Path) -> None:
    """Answers of people, mail that is no report, and that nothing is new."""
    with (letter / "config" / "newsletter.yaml").open("a") as file:
        file.write("secret: ${S}\nsite: https://papers.example.org\n")
    box = letter / "box"
    box.mkdir()
    (box / "1.eml").write_text("From: cy@readers.example\nSubject: Out of office\n\nMonday.\n")

    first = newsletter("bounces", "box", cwd=letter, S="s" * 32).stdout
    again = newsletter("bounces", "box", cwd=letter, S="s" * 32).stdout

    assert "1  reply (somebody, or their machine, answered: ignored)" in first
    assert "1 messages were read; of 0 reports 0 were new" in first
    assert "Nothing came since the last time" in again


# --- One line for one thing ----------------------------------------------------------------------


def test_a_site_without_https_is_one_warning(letter: Path) -> None:
    """However many links lead there, and however many forms an issue has."""
    with (letter / "config" / "newsletter.yaml").open("a") as file:
        file.write("secret: ${S}\nsite: http://papers.example.org\n")

    said = newsletter("check", cwd=letter, S="s" * 32).stderr

    assert said.count("http://papers.example.org") + said.count("papers.example.org go over") == 1


def test_serve_says_nothing_of_serving_before_it_can(letter: Path) -> None:
    """A port of metrics that is taken ends it; so nothing was served."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = newsletter("serve", "--port", "0", "--metrics", port, cwd=letter)

    assert done.returncode == 1
    assert port in done.stderr
    assert "Serving" not in done.stdout


# --- A damaged database --------------------------------------------------------------------------


def damage(file: Path) -> None:
    raw = bytearray(file.read_bytes())
    raw[:100] = b"x" * 100
    file.write_bytes(raw)
    for end in ("-wal", "-shm"):
        file.with_name(file.name + end).unlink(missing_ok=True)


def test_a_damaged_database_names_its_backup(letter: Path, tmp_path: Path) -> None:
    """The words to type are whole: with them the newsletter is as it was."""
    newsletter("run", cwd=letter)
    newsletter("db", "backup", "my backup.db", cwd=letter)
    file = letter / "outbox" / "newsletter.db"
    damage(file)

    done = newsletter("status", cwd=letter)

    assert done.returncode == 1
    assert f"newsletter db restore '{tmp_path / 'my backup.db'}'" in done.stderr
    file.rename(letter / "away.db")
    assert newsletter("db", "restore", "my backup.db", cwd=letter).returncode == 0
    assert "1 of 1 accepted" in newsletter("run", cwd=letter).stdout


def test_a_damaged_database_without_a_backup(letter: Path) -> None:
    """It says that none is known; one that lies beside it is found without a note."""
    newsletter("status", cwd=letter)
    file = letter / "outbox" / "newsletter.db"
    shutil.copy(file, letter / "kept")
    damage(file)
    assert "a backup (none is known here)" in newsletter("status", cwd=letter).stderr
    beside = file.with_name("newsletter-before-upgrade.db")
    shutil.copy(letter / "kept", beside)

    assert f"newsletter db restore {beside}" in newsletter("status", cwd=letter).stderr


# --- Ctrl-C --------------------------------------------------------------------------------------


@pytest.fixture
def stuck(letter: Path) -> Iterator[tuple[Path, socket.socket]]:
    """Return a newsletter, and its source that never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        (letter / "config" / "sources.yaml").write_text(
            f"private_networks: [127.0.0.1]\nsources: [{{name: S, url: '{url}'}}]\n"
        )
        listening.settimeout(60)
        yield letter, listening


def interrupted(stuck: tuple[Path, socket.socket], *words: str, times: int) -> Done:
    """Run a command, press Ctrl-C once its source was asked, and return what it said."""
    start = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    folder, source = stuck
    with subprocess.Popen(
        [sys.executable, "-c", start, *PROGRAM, *words], cwd=folder, env=variables({}),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        asked, _ = source.accept()
        with asked:
            for _ in range(times):
                running.send_signal(signal.SIGINT)
                time.sleep(1)
            out, err = running.communicate(timeout=60)
    return Done([*words], running.returncode, out, err)


def test_ctrl_c_says_that_nothing_is_lost(stuck: tuple[Path, socket.socket]) -> None:
    """A stage ends at once."""
    done = interrupted(stuck, "collect", times=1)

    assert done.returncode == 130
    assert done.stderr.strip() == (
        "ended by Ctrl-C: what was finished is kept, and the same command goes on from there"
    )


def test_ctrl_c_says_what_a_run_still_does(stuck: tuple[Path, socket.socket]) -> None:
    """The first begins no new mail, and says so at once; a second one ends it."""
    done = interrupted(stuck, "run", times=2)

    assert done.returncode == 130
    assert done.stdout.startswith("asked to end: no new mail is begun")
    assert done.stderr.startswith("ended by Ctrl-C")


# --- Help ----------------------------------------------------------------------------------------


def test_every_help_tells_the_exit_statuses(tmp_path: Path) -> None:
    """Those of commands below others, too; on a narrow terminal every line fits."""
    for words in ([], *([name] for name in MODULES), ["db", "backup"], ["subscribers", "add"]):
        said = newsletter(*words, "--help", cwd=tmp_path).stdout
        assert " ".join(STATUSES.split()) in " ".join(said.split()), words
    narrow = newsletter("run", "--help", cwd=tmp_path, COLUMNS="48").stdout
    assert max(map(len, narrow.splitlines())) <= 48


def offered(folder: Path, line: str) -> set[str]:
    """Return what bash is offered after a line that is being typed."""
    asked = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    done = subprocess.run(
        [Path(sys.executable).with_name("newsletter")], cwd=folder,
        env=variables({"_NEWSLETTER_COMPLETE": "complete_bash", **asked}),
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.stderr == ""
    return set(done.stdout.split())


def test_the_shell_offers_topics_dates_and_states(letter: Path) -> None:
    """Those of this newsletter; of issues that were planned."""
    newsletter("run", cwd=letter)
    date = json.loads(newsletter("status", "--json", cwd=letter).stdout)["date"]

    assert offered(letter, "newsletter pick --topic ") == {"agents", "vision"}
    assert offered(letter, "newsletter pick --topic v") == {"vision"}
    assert offered(letter, "newsletter subscribers add a@example.org --topic a") == {"agents"}
    assert offered(letter, "newsletter status --date 20") == {date}
    assert offered(letter, "newsletter cancel ") == {date}
    assert offered(letter, "newsletter send --only failed,un") == {"failed,unknown"}
    assert offered(letter, "newsletter schedule c") == {"cron"}


def test_the_shell_is_offered_nothing_where_nothing_is(tmp_path: Path) -> None:
    """No message, no traceback, and no database that was not there."""
    assert offered(tmp_path, "newsletter pick --topic ") == set()
    assert offered(tmp_path, "newsletter status --date ") == set()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not shutil.which("groff"), reason="no groff here")
def test_the_page_of_the_manual_is_without_faults(root: Path) -> None:
    """By groff's own word; each command is in it."""
    page = root / "docs" / "reference" / "newsletter.1"
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", "-P-cbou", str(page)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip

    assert done.stderr == ""
    shown = done.stdout.replace("\u2212", "-").replace("\u2010", "-")
    assert [name for name in MODULES if f"newsletter {name}" not in shown] == []
    assert "\\" not in done.stdout
