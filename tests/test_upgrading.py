"""A new version: what it means is told before anything is changed, and nothing is lost."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from commands import newsletter
from makers import TODAY, write_newsletter
from old_databases import make_old
from postgres import using

from newsletter import __version__
from newsletter.errors import StoreError
from newsletter.render.copies import NOTE, digest
from newsletter.render.upstream import Change, compare
from newsletter.store import connect, database_exists, open_database
from newsletter.store.migrations.runner import HEAD
from newsletter.world.notes import CHANGELOG, notes_since
from newsletter.world.upgrading import look_ahead

URL = "sqlite:///old.db"


@pytest.fixture(autouse=True)
def databases() -> Iterator[None]:
    with using("sqlite"):
        yield


def letter(folder: Path, root: Path) -> None:
    text = "name: The Daily\nfrom: a@lab.example\n"
    write_newsletter(folder, root, newsletter=f"{text}database: {URL}\n")


def looked(folder: Path, *words: str) -> Any:
    return json.loads(newsletter("upgrade-check", "--json", *words, cwd=folder).stdout)


def revision(path: Path) -> object:
    with sqlite3.connect(path) as opened:
        ((found,),) = opened.execute("SELECT version_num FROM alembic_version").fetchall()
    opened.close()
    return found


def test_any_command_backs_up_before_it_migrates_and_only_then(tmp_path: Path, root: Path) -> None:
    """One file beside the database, as it was; later commands make no more."""
    letter(tmp_path, root)
    make_old(tmp_path, 9).dispose()

    for _ in range(2):
        assert newsletter("status", cwd=tmp_path).returncode == 3
        assert {path.name for path in tmp_path.glob("*.db")} == {"old.db", "old-0009.db"}

    kept = tmp_path / "old-0009.db"
    assert kept.stat().st_mode & 0o077 == 0
    with sqlite3.connect(kept) as opened:
        assert opened.execute("SELECT version FROM schema").fetchall() == [(9,)]
        assert opened.execute("SELECT count(*) FROM delivery").fetchall() == [(2,)]
    opened.close()
    assert revision(tmp_path / "old.db") == HEAD


def test_without_a_backup_nothing_is_migrated(tmp_path: Path, root: Path) -> None:
    """Where the backup cannot be written the database stays, and the way out is named."""
    letter(tmp_path, root)
    make_old(tmp_path, 9).dispose()
    (tmp_path / "old-0009.db").mkdir()

    done = newsletter("status", cwd=tmp_path)

    assert done.returncode == 1
    assert "nothing was migrated, as a backup comes first" in done.stderr
    with sqlite3.connect(tmp_path / "old.db") as opened:
        assert opened.execute("SELECT version FROM schema").fetchall() == [(9,)]
    opened.close()
    assert newsletter("db", "upgrade", "--backup", "mine.db", cwd=tmp_path).returncode == 0


def test_a_migration_that_is_tried_again_keeps_one_backup(tmp_path: Path) -> None:
    """The newest of a revision: a disk does not fill, however often it is tried."""
    engine = make_old(tmp_path, 9)
    with engine.begin() as connection:  # in the way of revision 0013
        connection.exec_driver_sql("CREATE TABLE draft (own TEXT)")
    for number in range(2):
        with engine.begin() as connection:
            connection.exec_driver_sql(f"INSERT INTO draft VALUES ('{number}')")
        with pytest.raises((StoreError, sa.exc.OperationalError)):
            open_database(URL, tmp_path)
    engine.dispose()

    assert {path.name for path in tmp_path.glob("*.db")} == {"old.db", "old-0009.db"}
    with sqlite3.connect(tmp_path / "old-0009.db") as opened:
        assert opened.execute("SELECT count(*) FROM draft").fetchall() == [(2,)]
    opened.close()


def test_the_check_says_what_will_be_done_and_does_nothing(tmp_path: Path, root: Path) -> None:
    """The schema, the backup with its size and place, and what is new; the file stays as it is."""
    letter(tmp_path, root)
    make_old(tmp_path, 9).dispose()
    before = (tmp_path / "old.db").read_bytes()

    said = looked(tmp_path)
    told = newsletter("upgrade-check", cwd=tmp_path)

    assert said["ok"] is True
    assert said["version"] == __version__
    about = said["database"]
    assert (about["before"], about["after"], about["program"]) == ("0009", HEAD, "")
    assert about["backup"] == str(tmp_path / "old-0009.db")
    assert 0 < about["bytes"] < about["free"]
    assert said["notes"][0]["changes"]["Added"]
    assert told.returncode == 0
    assert f"the next command migrates it to {HEAD}, and first backs it up to" in told.stdout
    assert "New since versions that did not note theirs" in told.stdout
    assert (tmp_path / "old.db").read_bytes() == before
    assert not (tmp_path / "old-0009.db").exists()


def test_a_database_knows_which_version_used_it_last(tmp_path: Path, root: Path) -> None:
    """After a run there is nothing to do, and the notes begin after that version."""
    letter(tmp_path, root)
    assert newsletter("upgrade-check", cwd=tmp_path).stdout.count("there is none yet") == 1
    assert not database_exists(URL, tmp_path)
    newsletter("status", cwd=tmp_path)

    assert looked(tmp_path)["database"]["program"] == __version__
    assert looked(tmp_path)["notes"] == []
    with connect(URL, tmp_path) as database, database.transaction() as writer:
        writer.exec_driver_sql("UPDATE identity SET program = '0.0.1'")
    assert looked(tmp_path)["database"]["program"] == "0.0.1"
    assert "used last by version 0.0.1; nothing to migrate" in (
        newsletter("upgrade-check", cwd=tmp_path).stdout
    )
    newsletter("status", cwd=tmp_path)
    assert looked(tmp_path)["database"]["program"] == __version__


def test_settings_that_this_version_does_not_know_are_told(tmp_path: Path, root: Path) -> None:
    """All of them, with their places; the exit status says that they have to be mended."""
    text = "name: The Daily\nfrom: a@lab.example\ncolour: red\ntheme: {densty: compact}\n"
    write_newsletter(tmp_path, root, newsletter=text)

    done = newsletter("upgrade-check", cwd=tmp_path)

    assert done.returncode == 1
    assert "newsletter.yaml:3:1" in done.stderr
    assert "densty" in done.stderr
    assert looked(tmp_path)["ok"] is False


def test_a_database_of_a_newer_version_is_told(tmp_path: Path, root: Path) -> None:
    """It is this program that is old."""
    letter(tmp_path, root)
    newsletter("status", cwd=tmp_path)
    with connect(URL, tmp_path) as database, database.transaction() as writer:
        writer.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    done = newsletter("upgrade-check", cwd=tmp_path)

    assert done.returncode == 1
    assert "made by a newer newsletter (schema 9999" in done.stderr


@pytest.mark.parametrize(
    ("python", "today", "is_old"),
    [
        ((3, 11), dt.date(2026, 10, 31), False),
        ((3, 11), dt.date(2026, 11, 1), True),
        ((3, 14), TODAY, False),
        ((3, 99), TODAY, False),
    ],
)
def test_a_python_that_ends_within_a_year_is_told(
    tmp_path: Path, python: tuple[int, int], today: dt.date, *, is_old: bool
) -> None:
    """One that is not known here is taken as new."""
    assert look_ahead(tmp_path / "none", {}, today, python).is_python_old is is_old


@pytest.fixture
def folders(tmp_path: Path, root: Path) -> tuple[Path, Path]:
    """Return copies of templates, just made by `init`, and a later version's packaged ones."""
    newsletter("init", ".", "--templates", cwd=tmp_path)
    later = tmp_path / "later"
    shutil.copytree(root / "templates", later)
    return tmp_path / "templates", later


def part_of(folders: tuple[Path, Path], name: str) -> Any:
    return next(part for part in compare(*folders, "9.9") if part.name == name)


def test_copies_that_nothing_happened_to_have_no_change(folders: tuple[Path, Path]) -> None:
    """Edited or not: the packaged one is still what was copied."""
    (folders[0] / "parts" / "footer.mjml").write_text("mine")

    found = compare(*folders, "9.9")

    assert {part.change for part in found} == {Change.NONE}
    assert [part.name for part in found if part.is_edited] == ["parts/footer.mjml"]


@pytest.mark.parametrize("is_edited", [False, True])
def test_what_changed_upstream_is_told_as_a_difference(
    folders: tuple[Path, Path], *, is_edited: bool
) -> None:
    """From the packaged one of then to that of now; one's own edits are no part of it."""
    own, later = (folder / "parts" / "footer.mjml" for folder in folders)
    later.write_text(later.read_text() + "<!-- theirs -->\n")
    if is_edited:
        own.write_text("<!-- mine -->\n" + own.read_text())

    part = part_of(folders, "parts/footer.mjml")

    assert (part.change, part.is_edited, part.version) == (Change.CHANGED, is_edited, __version__)
    assert "+<!-- theirs -->" in part.diff
    assert "mine" not in part.diff
    assert part.diff.startswith(
        f"--- parts/footer.mjml\t{__version__}\n+++ parts/footer.mjml\t9.9\n"
    )
    if shutil.which("patch"):
        patch = ["patch", "-p0", "--silent"]
        subprocess.run(patch, cwd=folders[0], input=part.diff + "\n", text=True, check=True)
        assert own.read_text() == "<!-- mine -->\n" * is_edited + later.read_text()
        assert "<!-- theirs -->" in own.read_text()


def test_what_was_copied_is_not_known_of_an_edited_copy_with_an_old_note(
    folders: tuple[Path, Path],
) -> None:
    """Earlier versions noted only a digest; of one without edits that is enough."""
    note = json.loads((folders[0] / NOTE).read_text())
    for entry in note.values():
        del entry["text"]
    (folders[0] / NOTE).write_text(json.dumps(note))
    (folders[0] / "issue.txt").write_text("mine")
    for name in ("issue.txt", "issue.mjml"):
        (folders[1] / name).write_text("theirs")

    assert part_of(folders, "issue.txt").change is Change.UNKNOWN
    assert part_of(folders, "issue.mjml").change is Change.CHANGED


def test_a_part_that_is_gone_upstream_and_files_that_are_nobodys_copy(
    folders: tuple[Path, Path],
) -> None:
    """A template of one's own is left out; a copy without a note has an unknown beginning."""
    (folders[1] / "parts" / "footer.mjml").unlink()
    (folders[0] / "parts" / "own.mjml").write_text("mine")
    assert part_of(folders, "parts/footer.mjml").change is Change.GONE
    assert "parts/own.mjml" not in {part.name for part in compare(*folders, "9.9")}

    (folders[0] / NOTE).unlink()
    (folders[0] / "issue.txt").write_text("mine")
    part = part_of(folders, "issue.txt")
    assert (part.change, part.version, part.is_edited) == (Change.UNKNOWN, "", None)


def test_the_command_shows_old_copies(tmp_path: Path) -> None:
    """With what to do: a copy that was not edited can go."""
    newsletter("init", ".", "--templates", cwd=tmp_path)
    path, edited = (tmp_path / "templates" / name for name in ("issue.txt", "notice.txt"))
    note = json.loads((tmp_path / "templates" / NOTE).read_text())
    for old in (path, edited):
        old.write_text("old [bold]\n")
        note[old.name] = {
            "version": "0.0.9", "digest": digest(b"old [bold]\n"), "text": "old [bold]\n",
        }  # fmt: skip
    edited.write_text("edited\n")
    (tmp_path / "templates" / NOTE).write_text(json.dumps(note))

    done = newsletter("upgrade-check", cwd=tmp_path)

    assert done.returncode == 0
    assert "templates/issue.txt: copied from version 0.0.9; you have not edited it" in done.stdout
    assert "templates/notice.txt: copied from version 0.0.9; make these changes" in done.stdout
    assert done.stdout.count("-old [bold]") == 2


CHANGES = """# Changelog

## [Unreleased]

### Added

- One.

## [0.2.0] - 2027-01-02

### Changed

- Two,
  on two lines.
- Three.

### Fixed

- Four.

### Changed

- Five.

## [0.1.0] - 2026-12-01

### Added

- Everything.
"""


def test_notes_are_those_after_a_version() -> None:
    """Newest first, each change on a line; of a version that is not named, all."""
    first, second = notes_since(CHANGES, "0.1.0")

    assert (first.version, first.date, first.changes) == ("Unreleased", "", {"Added": ("One.",)})
    assert (second.version, second.date) == ("0.2.0", "2027-01-02")
    assert second.changes == {
        "Changed": ("Two, on two lines.", "Three.", "Five."),
        "Fixed": ("Four.",),
    }
    assert [notes.version for notes in notes_since(CHANGES, "0.2.0")] == ["Unreleased"]
    assert len(notes_since(CHANGES, "")) == 3


def test_the_changelog_that_is_packaged_has_every_change() -> None:
    """None of its lines is in a form that is not read."""
    text = CHANGELOG.read_text("utf-8")
    read = sum(
        len(changes) for notes in notes_since(text, "") for changes in notes.changes.values()
    )

    assert read == sum(line.startswith("- ") for line in text.splitlines())
