"""Config files as texts for an editor: what is not edited stays, byte for byte."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.config.texts import (
    MOST,
    read_text,
    save_text,
    text_names,
    texts_version,
    with_line_ends,
)
from newsletter.errors import ConfigError, ConflictError, StoreError

TEXTS = st.lists(st.sampled_from(["a", "b", "é", "\r", "\n", "\r\n", "\u2028", "#"])).map("".join)


def lines(text: str) -> str:
    """Return a text as a browser's text field has it."""
    return re.sub(r"\r\n|\r", "\n", text)


def config(tmp_path: Path, raw: bytes, name: str = "topics.yaml") -> Path:
    folder = tmp_path / "config"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(raw)
    return folder


@given(TEXTS)
def test_a_text_that_is_not_edited_keeps_every_line_end(before: str) -> None:
    """Whatever mixture of them it has."""
    assert with_line_ends(before, lines(before)) == before


@given(TEXTS, TEXTS)
@example(before="\na\r", after="a\r\r")
def test_an_edited_text_says_what_was_typed(before: str, after: str) -> None:
    """Line ends apart, and it has none that the file had not, but for a first one."""
    written = with_line_ends(before, lines(after))
    assert lines(written) == lines(after)
    ends = {*re.findall(r"\r\n|\r|\n", before)} or {"\n"}
    assert {*re.findall(r"\r\n|\r|\n", written)} <= ends


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        (b"a: 1\r\nb: 2\r\n", ("1", "3"), b"a: 3\r\nb: 2\r\n"),
        (b"\xef\xbb\xbfa: 1\nb: 2", ("2", "2\nc: 3"), b"\xef\xbb\xbfa: 1\nb: 2\nc: 3"),
        (b"a: 1\r\nb: 2\nc: 3\r\n", ("2", "2\nd: 4"), b"a: 1\r\nb: 2\nd: 4\r\nc: 3\r\n"),
        ("a: é  # ü\t\n\n\n".encode(), ("é", "è"), "a: è  # ü\t\n\n\n".encode()),
        (b"a: 1\rb: 2\r", ("b", "c"), b"a: 1\rc: 2\r"),
    ],
)
def test_what_is_saved(tmp_path: Path, before: bytes, edit: tuple[str, str], after: bytes) -> None:
    """Line ends, a mark at the beginning, comments, blanks and the mode stay as they were."""
    folder = config(tmp_path, before)
    (folder / "topics.yaml").chmod(0o640)
    opened = read_text(folder, "topics.yaml")
    assert "\r" not in opened.text
    assert not opened.text.startswith("\ufeff")

    saved = save_text(folder, "topics.yaml", opened.text.replace(*edit), opened.version)

    assert (folder / "topics.yaml").read_bytes() == after
    assert saved == read_text(folder, "topics.yaml")
    assert (folder / "topics.yaml").stat().st_mode & 0o777 == 0o640
    assert [path.name for path in folder.iterdir()] == ["topics.yaml"]


def test_a_file_that_has_changed_is_not_written_over(tmp_path: Path) -> None:
    """Nor one that is gone; who has seen what is there now may write."""
    folder = config(tmp_path, b"a: 1\n")
    opened = read_text(folder, "topics.yaml")
    (folder / "topics.yaml").write_bytes(b"a: 2\n")
    with pytest.raises(ConflictError, match="changed by another program"):
        save_text(folder, "topics.yaml", "a: 3\n", opened.version)
    assert (folder / "topics.yaml").read_bytes() == b"a: 2\n"

    (folder / "topics.yaml").unlink()
    with pytest.raises(ConflictError, match="deleted or renamed"):
        save_text(folder, "topics.yaml", "a: 3\n", opened.version)
    with pytest.raises(ConfigError, match="no such file"):
        read_text(folder, "topics.yaml")
    save_text(folder, "topics.yaml", "a: 3\n", "")
    assert (folder / "topics.yaml").read_bytes() == b"a: 3\n"
    with pytest.raises(ConflictError):
        save_text(folder, "topics.yaml", "a: 4\n", "")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("topics: [café]\n".encode("latin-1"), r"topics.yaml:1:13: not UTF-8 text"),
        ("topics: []\n".encode("utf-16"), "UTF-16: save it as UTF-8"),
        (b"#" * (MOST + 1), "larger than 2 MB"),
    ],
)
def test_what_is_no_text_is_not_opened_and_not_written(
    tmp_path: Path, raw: bytes, said: str
) -> None:
    """It is told why, and the bytes stay."""
    folder = config(tmp_path, raw)
    with pytest.raises(ConfigError, match=said):
        read_text(folder, "topics.yaml")
    for version in ("", "0" * 64):
        with pytest.raises((ConfigError, ConflictError)):
            save_text(folder, "topics.yaml", "a: 1\n", version)
    assert (folder / "topics.yaml").read_bytes() == raw


def test_only_yaml_files_of_the_folder_are_edited(tmp_path: Path) -> None:
    """No path, no hidden file, no secret, and no link that leads out; a link within may."""
    folder = config(tmp_path, b"a: 1\n")
    (folder / ".env").write_text("SECRET=x\n")
    (folder / "key.pem").write_text("x")
    (tmp_path / "outside.yaml").write_text("a: 1\n")
    (folder / "out.yaml").symlink_to(tmp_path / "outside.yaml")
    (folder / "env.yaml").symlink_to(folder / ".env")
    (folder / "within.yml").symlink_to(folder / "topics.yaml")
    (folder / "sources.yaml").mkdir()
    os.mkfifo(folder / "pipe.yaml")
    wrong = (
        "../outside.yaml", "config/topics.yaml", ".env", "key.pem", "/etc/passwd", "a\0.yaml",
        "..yaml", "topics.yaml/", "", "out.yaml", "env.yaml", "sources.yaml", "pipe.yaml",
    )  # fmt: skip
    for name in wrong:
        with pytest.raises(ConfigError):
            read_text(folder, name)
        with pytest.raises(ConfigError):
            save_text(folder, name, "b: 1\n", "")
    assert (tmp_path / "outside.yaml").read_text() == "a: 1\n"
    opened = read_text(folder, "within.yml")
    save_text(folder, "within.yml", "a: 2\n", opened.version)
    assert (folder / "topics.yaml").read_text() == "a: 2\n"
    assert (folder / "within.yml").is_symlink()
    assert text_names(folder)[:2] == ("topics.yaml", "sources.yaml")
    assert ".env" not in text_names(folder)


def test_a_text_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """Half a character, and a text that is too long: the file stays."""
    folder = config(tmp_path, b"a: 1\n")
    opened = read_text(folder, "topics.yaml")
    with pytest.raises(ConfigError, match="half a character"):
        save_text(folder, "topics.yaml", "a: \ud800\n", opened.version)
    with pytest.raises(StoreError, match="larger than 2 MB"):
        save_text(folder, "topics.yaml", "#" * (MOST + 1), opened.version)
    assert (folder / "topics.yaml").read_bytes() == b"a: 1\n"


def test_a_version_is_of_what_is_said(tmp_path: Path) -> None:
    """A text that is tried has it as it has it once saved, whatever its line ends and mark."""
    folder = config(tmp_path, b"\xef\xbb\xbfa: 1\r\n")
    before = texts_version(folder, {})
    assert texts_version(folder, {"topics.yaml": "a: 1\n"}) == before
    tried = texts_version(folder, {"topics.yaml": "a: 2\n"})
    assert tried != before
    save_text(folder, "topics.yaml", "a: 2\n", read_text(folder, "topics.yaml").version)
    assert texts_version(folder, {}) == tried
    config(tmp_path, b"\xff\n", "other.yaml")
    assert texts_version(folder, {}) != tried


SAVING = """
import sys
from pathlib import Path
from newsletter.config.texts import read_text, save_text
folder = Path(sys.argv[1])
print("begun", flush=True)
for number in range(1_000_000):
    version = read_text(folder, "topics.yaml").version
    save_text(folder, "topics.yaml", f"# {number}\\n" + f"a: {number % 10}\\n" * 50_000, version)
"""


def test_who_is_killed_while_writing_leaves_the_old_text_or_the_new_one(tmp_path: Path) -> None:
    """Whole: never a part, and never nothing."""
    folder = config(tmp_path, b"a: 0\n")
    for pause in (0.0, 0.01, 0.02, 0.05, 0.08, 0.13):
        with subprocess.Popen(
            [sys.executable, "-c", SAVING, str(folder)], stdout=subprocess.PIPE
        ) as writing:
            assert writing.stdout is not None
            writing.stdout.readline()
            time.sleep(pause)
            writing.send_signal(signal.SIGKILL)
        text = (folder / "topics.yaml").read_text()
        first, *rest = text.splitlines()
        whole = first == "a: 0" or (len(rest) == 50_000 and len({*rest}) == 1)
        assert whole, text[:100]
    opened = read_text(folder, "topics.yaml")
    save_text(folder, "topics.yaml", "a: 1\n", opened.version)  # nothing is in the way
    assert (folder / "topics.yaml").read_text() == "a: 1\n"
