"""Copies of packaged templates that a later version of the program cannot use."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from commands import newsletter

from newsletter.render.copies import NOTE, about_copy, noted

OLD = '<mj-include path="parts/ribbon.mjml" />\n'


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    """Return a newsletter with copies, as `init --templates` writes them."""
    assert newsletter("init", "letter", "--templates", cwd=tmp_path).returncode == 0
    return tmp_path / "letter"


def make_old(letter: Path, name: str, text: str, version: str = "0.0.9") -> Path:
    """Make a copy look as if an earlier version had written it."""
    from newsletter.render.copies import digest  # noqa: PLC0415  used here alone

    path = letter / "templates" / name
    path.write_text(text)
    note = json.loads((path.parents[len(Path(name).parts) - 1] / NOTE).read_text())
    note[name] = {"version": version, "digest": digest(text.encode())}
    (letter / "templates" / NOTE).write_text(json.dumps(note))
    return path


def test_fresh_copies_are_noted_and_work(letter: Path, root: Path) -> None:
    """Each with the version that wrote it; the note is no template."""
    note = noted(letter / "templates")

    assert set(note) == {
        path.relative_to(root / "templates").as_posix()
        for path in (root / "templates").rglob("*")
        if path.is_file()
    }
    assert newsletter("check", cwd=letter).returncode == 0


def test_an_old_copy_is_told_with_its_version(letter: Path) -> None:
    """One that nobody has edited can be deleted: then all is well."""
    path = make_old(letter, "parts/masthead.mjml", OLD)

    done = newsletter("check", cwd=letter)

    assert done.returncode == 1
    assert "no such part `parts/ribbon.mjml`" in done.stderr
    assert "masthead.mjml: is a copy from version 0.0.9, and version" in done.stderr
    assert "it was not edited: delete it" in done.stderr
    path.unlink()
    assert newsletter("check", cwd=letter).returncode == 0


def test_an_old_copy_with_edits_is_told_how_to_keep_them(letter: Path) -> None:
    """The present one is the beginning of a new copy."""
    path = make_old(letter, "parts/masthead.mjml", OLD)
    path.write_text(OLD + "<!-- mine -->\n")

    assert "make your edits in a copy of that one" in newsletter("check", cwd=letter).stderr


def test_a_copy_without_a_note_says_that_its_version_is_not_known(letter: Path) -> None:
    """Earlier versions noted nothing."""
    (letter / "templates" / "parts" / "masthead.mjml").write_text(OLD)
    (letter / "templates" / NOTE).unlink()

    said = newsletter("check", cwd=letter).stderr

    assert "may be a copy from an earlier version: `newsletter init --templates NEW`" in said


def test_a_part_that_the_program_no_longer_has_is_told(letter: Path) -> None:
    """Nothing includes it any more."""
    make_old(letter, "parts/ribbon.mjml", "<mj-text>x</mj-text>\n")

    said = newsletter("check", cwd=letter).stderr

    assert "no longer has it; it was not edited: delete it" in said


def test_a_mistake_in_fresh_edits_says_nothing_of_versions(letter: Path) -> None:
    """The packaged part is the one that was copied."""
    with (letter / "templates" / "parts" / "masthead.mjml").open("a") as file:
        file.write(OLD)

    said = newsletter("check", cwd=letter).stderr

    assert "no such part" in said
    assert "is a copy from" not in said


@pytest.mark.parametrize("note", ["", "[]", "{", '{"issue.mjml": 3}', "\x00"])
def test_a_broken_note_stops_nothing(letter: Path, note: str) -> None:
    """It is as good as none."""
    (letter / "templates" / NOTE).write_text(note)

    assert newsletter("check", cwd=letter).returncode == 0
    assert about_copy("no place in it", [letter], "1") == ""


def test_copies_that_are_made_again_are_noted_again(letter: Path) -> None:
    """Those that stayed keep the version that they were made from."""
    make_old(letter, "parts/masthead.mjml", OLD)
    shutil.rmtree(letter / "templates" / "themes")
    newsletter("init", ".", "--templates", cwd=letter)

    note = noted(letter / "templates")

    assert note["parts/masthead.mjml"]["version"] == "0.0.9"
    assert note["themes/journal/theme.yaml"]["version"] != "0.0.9"
