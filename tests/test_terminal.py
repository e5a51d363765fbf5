"""What reaches a terminal, and a program that reads JSON: text, whatever came from outside."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from commands import newsletter
from hypothesis import given
from hypothesis import strategies as st
from makers import write_newsletter
from rich.table import Table

from newsletter.cli.tables import new_table
from newsletter.cli.terminal import SafeConsole, console, errors, print_json
from newsletter.errors import SendError
from newsletter.world.machine import hiding, redactor

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202etxt\u2066\ue000\ufeff\x00\rX\x08"


def shown(*things: object, markup: bool = True) -> str:
    out = io.StringIO()
    console = SafeConsole(file=out, force_terminal=True, width=100, color_system=None)
    for thing in things:
        console.print(thing, markup=markup)
    return out.getvalue()


def test_nothing_from_outside_acts_on_a_terminal() -> None:
    """In a sentence, in a table's cell and in a title: what acts is a space, the text stays."""
    table = Table("Head " + HOSTILE)
    table.add_row("cell " + HOSTILE)

    text = shown("say " + HOSTILE, table)

    assert all(char.isprintable() or char == "\n" for char in text)
    assert "owned" in text
    assert "txt" in text
    assert text.count("31m") == 3


def test_our_own_colours_are_no_strangers() -> None:
    """Styles still become the terminal's own sequences."""
    out = io.StringIO()
    SafeConsole(file=out, force_terminal=True, color_system="standard").print("[red]no[/]")

    assert out.getvalue() == "\x1b[31mno\x1b[0m\n"


def test_names_between_colons_stay(capsys: pytest.CaptureFixture[str]) -> None:
    """A sender's name, or a server's answer, is printed as it is, and not as an emoji."""
    console().print("host:boot:1")
    errors().print("host:boot:1")

    assert capsys.readouterr() == ("host:boot:1\n", "host:boot:1\n")


@given(st.text(max_size=60))
def test_any_text_is_safe_to_print(text: str) -> None:
    """No character that is not printable gets through."""
    printed = shown(text, markup=False)

    assert all(char.isprintable() or char == "\n" for char in printed)


@given(st.text(max_size=60))
def test_json_loses_nothing_and_hides_nothing(text: str) -> None:
    """What is not printable is escaped: the line is safe to show, and reads back the same."""
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", out)
        print_json({"said": text})

    line = out.getvalue().removesuffix("\n")
    assert line.isprintable()
    assert json.loads(line) == {"said": text}


def test_secrets_are_taken_out_of_what_is_shown() -> None:
    """The longest first, wherever they stand; without secrets nothing changes."""
    redact = redactor({"hunter2-long", "hunter2"})

    assert redact("https://me:hunter2-long@x/?key=hunter2") == "https://me:***@x/?key=***"
    assert redactor(())("as it is") == "as it is"


def test_secrets_are_taken_out_of_errors() -> None:
    """Whatever a library put into one; its kind stays what it was."""
    with (
        pytest.raises(SendError, match=r"^bob:\*\*\* was refused$"),
        hiding(redactor({"hunter2-long"})),
    ):
        raise SendError("bob:hunter2-long was refused")


def test_a_hostile_title_is_printed_as_text(tmp_path: Path, root: Path) -> None:
    """`pick`, `run` and `status`: no sequence of a feed's reaches the terminal, in any form."""
    feed = (
        "<rss version='2.0'><channel><title>x</title><item><title>An agent &#x9b;31m "
        "&#x202e;gnihsihp</title><guid>&#x9b;2J</guid><link>https://x.example/&#x202e;a&#x9b;b</link>"
        "<description>We do.</description></item></channel></rss>"
    )
    (tmp_path / "feed.xml").write_text(feed, "utf-8")
    write_newsletter(tmp_path, root, sources="sources: [{name: Feed, url: feed.xml}]\n")

    for command in (["run"], ["pick"], ["pick", "--json"], ["status"], ["collect"]):
        done = newsletter(*command, cwd=tmp_path)
        assert re.fullmatch(
            r"[^\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]*", done.stdout
        )
        assert re.fullmatch(
            r"[^\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]*", done.stderr
        )


def folded(width: int) -> str:
    out = io.StringIO()
    table = new_table("Source", "Last good day", "New:right", "")
    table.add_row("A source with a long name", "2026-11-27", "12", "[red]what it said[/]")
    table.add_row("B " + HOSTILE, "never", "0", "")
    SafeConsole(file=out, width=width, color_system=None).print(table)
    return out.getvalue()


def test_a_table_is_a_list_on_a_narrow_terminal() -> None:
    """No date is broken into two, and nothing from outside acts there."""
    narrow = folded(40)

    assert narrow.startswith(
        "A source with a long name\n  Last good day: 2026-11-27\n  New: 12\n  what it said\nB "
    )
    assert max(map(len, narrow.splitlines())) <= 40
    assert all(char.isprintable() or char == "\n" for char in narrow)
    assert "Source" in folded(80).splitlines()[0]
