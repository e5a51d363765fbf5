"""The program as people run it: its own process, a pipe or a terminal, exit statuses."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from commands import PROGRAM, Done, newsletter, process
from makers import write_newsletter
from servers import Page, http_server

from newsletter.render.copies import NOTE

RSS = b"""<rss version='2.0'><channel><title>x</title>
<item><title>Agents of language models</title><link>https://arxiv.org/abs/2603.99001</link>
<description>We propose agents.</description></item></channel></rss>"""
COMMANDS = (
    "demo init check collect pick render preview send run status pause resume cancel bounces "
    "suppressions doctor secret dkim-key"
).split()


def as_json(done: Done) -> Any:
    return json.loads(done.stdout)


@pytest.fixture
def letter(tmp_path: Path, root: Path) -> Any:
    """A newsletter of one's own, with one local source."""
    with http_server(feed=Page(RSS)) as web:
        sources = f"timeout: 5\nprivate_networks: [127.0.0.1]\nsources:\n  - {{name: Feed, url: '{web.url}/feed'}}\n"
        yield write_newsletter(tmp_path, root, sources=sources)


def test_init_then_run(tmp_path: Path) -> None:
    """What `init` writes runs as it is; without network each source is one line, exit status 1."""
    first = process("init", "my-letter", cwd=tmp_path)
    assert (first.returncode, first.stderr) == (0, "")
    folder = tmp_path / "my-letter"
    assert {path.name for path in folder.iterdir()} == {"config", "outbox", ".gitignore"}
    assert newsletter("check", cwd=folder).returncode == 0

    # A proxy that nobody runs: no network, whatever the machine has.
    offline = process(
        "run", cwd=folder, HTTPS_PROXY="http://127.0.0.1:9", https_proxy="http://127.0.0.1:9"
    )

    assert offline.returncode == 1
    failed = [line for line in offline.stderr.splitlines() if line.startswith("source failed:")]
    assert len(failed) == 2
    assert all("cannot connect" in line for line in failed)
    assert "every source failed; nothing that was known before is lost" in offline.stderr
    assert "Traceback" not in offline.stderr


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    """A second `init` keeps what one has edited, and says so."""
    newsletter("init", cwd=tmp_path)
    edited = tmp_path / "config" / "topics.yaml"
    edited.write_text("mine", "utf-8")

    again = newsletter("init", cwd=tmp_path)

    assert edited.read_text("utf-8") == "mine"
    assert "Kept as they were" in again.stdout


def test_init_copies_templates_when_asked(tmp_path: Path, root: Path) -> None:
    """All of them, byte for byte; an edited copy counts, and is kept by a second `init`."""
    copied = newsletter("init", "--templates", cwd=tmp_path)

    shipped = {path.relative_to(root / "templates"): path for path in _templates(root)}
    mine = {path.relative_to(tmp_path / "templates"): path for path in _templates(tmp_path)}
    assert "templates/" in copied.stdout
    assert {name: path.read_bytes() for name, path in mine.items()} == {
        name: path.read_bytes() for name, path in shipped.items()
    }
    assert newsletter("check", cwd=tmp_path).returncode == 0
    footer = mine[Path("parts/footer.mjml")]
    footer.write_text(footer.read_text("utf-8").replace("Issue", "Number"), "utf-8")
    newsletter("init", "--templates", cwd=tmp_path)
    assert "Number" in footer.read_text("utf-8")


def _templates(folder: Path) -> list[Path]:
    found = (folder / "templates").rglob("*")
    return [path for path in found if path.is_file() and path.name != NOTE]


def test_run_twice(letter: Path) -> None:
    """The first run writes a mail for the one reader; the second says it was sent already."""
    first = newsletter("run", cwd=letter)
    second = newsletter("run", cwd=letter)

    assert (first.returncode, first.stderr) == (0, "")
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d: 1 sent now, 1 of 1 accepted\n"
        r"\(written to outbox/: newsletter\.yaml names no mail server yet\)\n",
        first.stdout,
    )
    assert second.stdout.endswith("everything was already sent (1 of 1 accepted)\n")
    assert len(list((letter / "outbox").glob("*/eml/*.eml"))) == 1


def test_quiet_is_quiet(letter: Path) -> None:
    """For cron: nothing on success, the problem on failure."""
    assert newsletter("run", "--quiet", cwd=letter).stdout == ""
    (letter / "config" / "sources.yaml").write_text(
        "private_networks: [127.0.0.1]\nsources: [{name: x, url: 'http://127.0.0.1:9/'}]", "utf-8"
    )
    loud = newsletter("run", "--quiet", "--date", "2030-01-01", cwd=letter)
    assert (loud.returncode, loud.stdout) == (1, "")
    assert "source failed: x" in loud.stderr


def test_every_report_has_json(letter: Path) -> None:
    """One object, on standard output, that a program can read."""
    assert as_json(newsletter("check", "--json", cwd=letter))["ok"] is True
    collected = as_json(newsletter("collect", "--json", cwd=letter))
    assert (collected["new"], collected["sources"][0]["ok"]) == (1, True)
    picked = as_json(newsletter("pick", "--json", cwd=letter))
    assert picked["picks"][0]["parts"][0]["signal"] == "relevance"
    rendered = as_json(newsletter("render", "--json", cwd=letter))
    assert rendered["editions"][0]["picks"] == 1
    assert as_json(newsletter("send", "--dry-run", "--json", cwd=letter))["would_send"] == 1
    assert as_json(newsletter("send", "--json", cwd=letter))["sent"] == {"accepted": 1}
    assert as_json(newsletter("run", "--json", cwd=letter))["already_planned"] is True
    assert as_json(newsletter("status", "--json", cwd=letter))["deliveries"]["accepted"] == 1


def test_pick_explains_what_was_picked_and_what_was_not(letter: Path) -> None:
    """All parts for the topic that shows it, and why the others do not."""
    newsletter("collect", cwd=letter)

    shown = newsletter("pick", "--explain", "2603.99001", cwd=letter)

    assert "picked" in shown.stdout
    assert "relevance" in shown.stdout
    assert "its filter does not want it" in shown.stdout
    missing = newsletter("pick", "--explain", "nothing", cwd=letter)
    assert (missing.returncode, "no collected paper has the id" in missing.stderr) == (1, True)


def test_check_finds_mistakes_in_config_and_templates(letter: Path) -> None:
    """Exit status 1, each mistake at its place."""
    template = letter / "templates" / "parts" / "top.mjml"
    template.write_text(template.read_text("utf-8").replace("letter.tally", "letter.taly"), "utf-8")
    wrong_template = newsletter("check", cwd=letter)
    (letter / "config" / "topics.yaml").write_text("topic: []", "utf-8")
    wrong_config = newsletter("check", cwd=letter)

    assert wrong_template.returncode == wrong_config.returncode == 1
    assert re.search(r"top\.mjml:4: .*taly", wrong_template.stderr)
    assert (
        "config/topics.yaml:1:1: unknown key `topic`; did you mean `topics`?" in wrong_config.stderr
    )


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["run", "--config", "nowhere"], 1, "newsletter init"),
        (["run", "--date", "tomorrow"], 2, "not a date such as 2026-11-24"),
        (["send", "--only", "accepted"], 2, "choose among"),
        (["send", "--to", "nobody@example.org"], 2, "no subscriber"),
        (["pick", "--topic", "agent"], 2, "no topic is called `agent`; did you mean"),
        (["nonsense"], 2, "No such command"),
        (["status"], 0, ""),
    ],
)
def test_wrong_usage_is_one_clear_line(
    letter: Path, words: list[str], status: int, said: str
) -> None:
    """The exit status tells usage from mistakes, and there is no traceback."""
    done = newsletter(*words, cwd=letter)

    assert done.returncode == status
    assert (
        said in done.stderr.replace("│", "").replace("\n", " ").replace("  ", " ")
        or said in done.stderr
    )
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(tmp_path: Path, command: str) -> None:
    """Every command's --help ends with one to copy."""
    done = newsletter(command, "--help", cwd=tmp_path)

    assert done.returncode == 0
    assert f"newsletter {command}" in done.stdout


def test_a_terminal_gets_colours_and_a_pipe_none(tmp_path: Path) -> None:
    """The account of the demo is plain text in a pipe; the second one says nothing was sent."""
    first = process("demo", cwd=tmp_path)
    assert (first.returncode, first.stderr) == (0, "")
    assert "\x1b[" not in first.stdout
    assert "received 6 messages" in first.stdout

    leader, follower = pty.openpty()
    with subprocess.Popen(
        [*PROGRAM, "demo"],
        cwd=tmp_path,
        stdout=follower,
        stderr=follower,
        stdin=follower,
        env={**os.environ, "TERM": "xterm-256color"},
    ) as running:
        os.close(follower)
        shown = b""
        while True:
            try:
                some = os.read(leader, 65536)
            except OSError:
                break
            if not some:
                break
            shown += some
        running.wait(60)
    os.close(leader)
    assert b"\x1b[" in shown
    assert b"already sent" in shown


def test_a_reader_that_goes_away_is_no_failure(tmp_path: Path) -> None:
    """`newsletter demo | head -1`: exit status 0, and not a word on the error stream."""
    with subprocess.Popen(
        [*PROGRAM, "demo"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        said = running.stderr.read()
        status = running.wait(60)

    assert (status, said) == (0, b"")


def test_doctor_tells_how_the_sources_are(letter: Path) -> None:
    """Nothing is known before the first visit; afterwards it is, and a failing one is said."""
    before = newsletter("doctor", "--sources", cwd=letter)
    newsletter("collect", cwd=letter)
    healthy = newsletter("doctor", "--sources", "--json", cwd=letter)
    path = letter / "config" / "sources.yaml"
    path.write_text(path.read_text("utf-8").replace("/feed", "/missing"), "utf-8")
    newsletter("collect", cwd=letter)
    sick = newsletter("doctor", "--sources", cwd=letter)

    assert (before.returncode, before.stderr) == (0, "")
    assert "never" in before.stdout
    (feed,) = as_json(healthy)["sources"]
    assert (feed["source"], feed["papers_per_day"], feed["failures"]) == ("Feed", 1.0, 0)
    assert sick.returncode == 1
    assert "HTTP 404" in sick.stdout
    assert "1 of 1 sources need a look" in sick.stderr


def test_a_key_is_never_shown(letter: Path) -> None:
    """Neither by a report nor by an error."""
    path = letter / "config" / "sources.yaml"
    text = path.read_text("utf-8").replace("/feed'}", '/feed\', headers: {x-key: "${KEY}"}}')
    path.write_text(text.replace("/feed'", "/missing'"), "utf-8")

    done = newsletter("collect", "--json", cwd=letter, KEY="hunter2")

    assert "HTTP 404" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr


def test_check_points_out_terms_that_find_nothing_or_everything(letter: Path) -> None:
    """Once there are papers to hold them against; unwanted words may be as rare as they like."""
    topics = """topics:
  - name: a
    title: A
    match:
      any: [agent, quaternion, {near(3): [nothing, here]}]
      all: [paper]
      none: [unicorn]
  - name: b
    title: B
    match: [violin, agents, cello]
"""
    (letter / "config" / "topics.yaml").write_text(topics, "utf-8")
    (letter / "config" / "subscribers.yaml").write_text("subscribers: []", "utf-8")
    before = newsletter("check", cwd=letter)
    items = "".join(
        f"<item><title>Agents of paper {n}</title><link>https://x.example/{n}</link></item>"
        for n in range(120)
    )
    (letter / "feed.xml").write_text(
        f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>", "utf-8"
    )
    sources = "sources:\n  - {name: Feed, url: feed.xml}\n"
    (letter / "config" / "sources.yaml").write_text(sources, "utf-8")
    newsletter("collect", cwd=letter)

    after = newsletter("check", cwd=letter)

    assert "known so far" not in before.stderr
    assert after.returncode == 0
    assert (
        "topics.yaml:5:20: `quaternion` finds none of the 120 papers known so far" in after.stderr
    )
    assert "topics.yaml:10:13: `violin`, `cello` find none of the 120 papers" in after.stderr
    assert "topics.yaml:5:13: `agent` finds 120 of the 120 papers known so far" in after.stderr
    assert "unicorn" not in after.stderr
    assert "nothing" not in after.stderr.replace("tells nothing", "")


def test_check_says_from_when_on_likes_count(letter: Path) -> None:
    """Among a few papers nothing can be learnt of them; the first days are not a mistake."""
    topics = "topics:\n  - name: a\n    title: A\n    like: [planning with agents]\n"
    (letter / "config" / "topics.yaml").write_text(topics, "utf-8")
    (letter / "config" / "subscribers.yaml").write_text("subscribers: []", "utf-8")
    item = "<item><title>Agents that plan</title><link>https://x.example/1</link></item>"
    (letter / "feed.xml").write_text(
        f"<rss version='2.0'><channel><title>x</title>{item}</channel></rss>", "utf-8"
    )
    sources = "sources:\n  - {name: Feed, url: feed.xml}\n"
    (letter / "config" / "sources.yaml").write_text(sources, "utf-8")
    newsletter("collect", cwd=letter)

    done = newsletter("check", cwd=letter)

    assert done.returncode == 0
    assert "topics.yaml:4:5: `like` counts once 100 papers are known; so far 1 are" in done.stderr


@pytest.mark.parametrize(
    "words", [("subscribers", "list", "--state", "x"), ("schedule", "weekly")], ids=" ".join
)
def test_a_choice_that_is_none_is_told_without_words_of_python(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    """With those that there are."""
    done = newsletter(*words, cwd=tmp_path)
    assert (done.returncode, "Value error" in done.stderr) == (2, False)
    assert "is not one of" in done.stderr


def test_check_names_topics_that_no_reader_has(letter: Path) -> None:
    """In one line, once there is a database: what `init` writes is all right; none if one gets all."""
    people = letter / "config" / "subscribers.yaml"
    people.write_text("subscribers:\n  - {email: a@x.example, topics: [agents]}\n", "utf-8")
    said = "topics.yaml:7:11: no reader has the topics `language-models`, `vision`, `alignment` yet"
    assert "no reader has" not in newsletter("check", cwd=letter).stderr
    for step in ("collect", "run"):
        newsletter(step, cwd=letter)
        checked = newsletter("check", cwd=letter)
        assert checked.stderr.count("no reader has") == 1, step
        assert said in checked.stderr, step
        assert checked.returncode == 0
    people.write_text(
        "subscribers:\n  - {email: a@x.example, topics: [agents]}\n"
        "  - {email: b@x.example, topics: [vision, language-models], words: [knots]}\n",
        "utf-8",
    )
    assert "no reader has the topic `alignment` yet" in newsletter("check", cwd=letter).stderr
    people.write_text("subscribers:\n  - {email: c@x.example}\n", "utf-8")
    assert "no reader has" not in newsletter("check", cwd=letter).stderr
