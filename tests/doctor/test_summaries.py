"""What the doctor says of the machine that writes sentences."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from makers import NOW, run, write_newsletter
from servers import Page, Web, http_server

from newsletter.config.files import load_config
from newsletter.doctor.diagnoses import Diagnosis, Level
from newsletter.doctor.examinee import Remembered, read_examinee, remembered
from newsletter.doctor.summaries import ask_machine, unmarked_notes
from newsletter.model import Spending

MODELS = Page(json.dumps({"data": [{"id": "llama3.2:3b"}, {"id": "tiny:latest"}]}).encode())


NOTHING = Spending()


def diagnosed(
    folder: Path, root: Path, settings: str, spent: Spending = NOTHING, **variables: str
) -> list[Diagnosis]:
    letter = f"name: Daily\nfrom: p@news.example.org\n{settings}\n"
    write_newsletter(folder, root, newsletter=letter)
    config = load_config(folder / "config", variables)
    examinee = read_examinee(config, variables, NOW)

    async def work() -> list[Diagnosis]:
        memory = Remembered(known=(), last=None, spent=spent)
        return [one async for one in ask_machine(examinee, memory)]

    return run(work())


def summaries(web: Web, **changes: Any) -> str:
    return "summaries: " + json.dumps({"endpoint": f"{web.url}/v1", "model": "tiny"} | changes)


def test_a_machine_that_is_well_is_one_good_line(tmp_path: Path, root: Path) -> None:
    """It is there, has the model, and has budget left; nothing is written."""
    with http_server(**{"v1/models": MODELS}) as web:
        settings = summaries(web, key="${KEY}")
        (found,) = diagnosed(tmp_path, root, settings, Spending(requests=3, tokens=912), KEY="sk-1")

    assert found.level is Level.GOOD
    assert "3 of 200 requests, 912 of 500,000 tokens" in found.found
    assert [path for path, _ in web.requests] == ["/v1/models"]
    assert web.requests[0][1]["authorization"] == "Bearer sk-1"


@pytest.mark.parametrize("on", [True, False])
def test_templates_that_do_not_say_who_wrote_a_sentence_are_named(
    tmp_path: Path,
    root: Path,
    on: bool,  # noqa: FBT001  a case
) -> None:
    """As copies from before there was such a thing; only with a machine."""
    settings = 'summaries: {endpoint: "http://localhost:1/v1", model: tiny}' if on else ""
    write_newsletter(
        tmp_path, root, newsletter=f"name: Daily\nfrom: p@news.example.org\n{settings}\n"
    )

    own = tmp_path / "templates" / "parts"
    own.mkdir(parents=True, exist_ok=True)
    (own / "brief.txt").write_text("{{ paper.title }}\n{{ paper.tldr }}\n")
    (own / "paper.txt").write_text("{{ paper.tldr }} {{ paper.tldr_by }}\n")

    notes = [*unmarked_notes(load_config(tmp_path / "config", {}))]

    assert [note.partition(": ")[0] for note in notes] == ([str(own / "brief.txt")] if on else [])


def test_without_a_machine_nothing_is_said(tmp_path: Path, root: Path) -> None:
    """It is off by default."""
    assert diagnosed(tmp_path, root, "") == []


@pytest.mark.parametrize(
    ("page", "level", "told"),
    [
        (Page(b"{}", status=401), Level.WARNING, "HTTP 401"),
        (Page(b"[]"), Level.WARNING, "no list of models"),
        (Page(b"not here", status=404), Level.NOTICE, "does not list its models"),
        (Page(b'{"data": [{"id": "tiny-2"}]}'), Level.WARNING, "does not have the model tiny; it has tiny-2"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(
    tmp_path: Path, root: Path, page: Page, level: Level, told: str
) -> None:
    """Each tells what to do; mail goes out all the same."""
    with http_server(**{"v1/models": page}) as web:
        (found,) = diagnosed(tmp_path, root, summaries(web))

    assert (found.level, told in found.found) == (level, True), found
    assert found.mend
    assert level is Level.NOTICE or "newsletter.yaml:3:" in found.where


def test_a_missing_key_and_a_spent_budget_are_told(tmp_path: Path, root: Path) -> None:
    """Nobody is asked without the key."""
    with http_server(**{"v1/models": MODELS}) as web:
        (found,) = diagnosed(tmp_path, root, summaries(web, key="${NO_SUCH_KEY}"))
        assert (found.level, "NO_SUCH_KEY" in found.found) == (Level.WARNING, True)
        assert web.requests == []

        (found,) = diagnosed(tmp_path, root, summaries(web), Spending(requests=200))
    assert (found.level, found.name) == (Level.NOTICE, "budget")


def test_what_was_spent_is_remembered(tmp_path: Path, root: Path) -> None:
    """Without a database nothing was."""
    write_newsletter(tmp_path, root)
    config = load_config(tmp_path / "config", {})

    assert remembered(config, NOW).spent == Spending()
