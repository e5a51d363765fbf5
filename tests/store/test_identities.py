"""Whose database it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.errors import StoreError
from newsletter.store import Identity, is_at, open_database, recognise


def gone(_folder: str) -> bool:
    """Return that there is no other newsletter any more."""
    return False


@pytest.mark.parametrize(
    ("name", "sender", "folder", "is_same"),
    [
        ("A", "a@x.example", "/srv/a", True),
        ("B", "a@x.example", "/srv/a", True),
        ("A", "b@x.example", "/srv/a", True),
        ("A", "a@x.example", "/srv/b", True),
        ("B", "a@x.example", "/srv/b", False),
        ("B", "b@x.example", "/srv/a", True),
        ("A", "b@x.example", "/srv/b", False),
        ("B", "b@x.example", "/srv/b", False),
    ],
)
def test_a_database_belongs_to_one_newsletter(
    tmp_path: Path, name: str, sender: str, folder: str, *, is_same: bool,
) -> None:  # fmt: skip
    """It may be renamed and send from elsewhere, or move; another one is refused, with words."""
    with open_database("sqlite:///test.db", tmp_path) as database:
        recognise(database, Identity(name="A", sender="a@x.example", folder="/srv/a"), gone)
        other = Identity(name=name, sender=sender, folder=folder)
        if is_same:
            recognise(database, other, gone)
            recognise(database, other, gone)
            return
        with pytest.raises(StoreError, match=r"belongs to “A” .*set another `database`") as caught:
            recognise(database, other, gone)
        assert "\n" not in str(caught.value)
        recognise(database, Identity(name="A", sender="a@x.example", folder="/srv/a"), gone)


def test_who_is_still_there_has_not_moved(tmp_path: Path) -> None:
    """Two that differ by their folders alone are two while both name the database, and one then."""
    here, there = (Identity(name="A", sender="a@x.example", folder=place) for place in ("/a", "/b"))
    with open_database("sqlite:///test.db", tmp_path) as database:
        recognise(database, here, gone)
        with pytest.raises(
            StoreError, match=r"still there .*set another `database`.*remove the old"
        ):
            recognise(database, there, lambda folder: folder == "/a")
        recognise(database, here, lambda _folder: True)
        recognise(database, there, gone)


def test_a_url_is_of_a_database_or_not(tmp_path: Path) -> None:
    """The same file by whatever path; another, a missing one and none at all are not."""
    (tmp_path / "link").symlink_to(tmp_path)
    with open_database("sqlite:///one.db", tmp_path) as database:
        assert is_at(database, "sqlite:///one.db", tmp_path / "link")
        assert is_at(database, f"sqlite:///{tmp_path}/one.db", Path("/"))
        with open_database("sqlite:///two.db", tmp_path):
            assert not is_at(database, "sqlite:///two.db", tmp_path)
        with pytest.raises(OSError, match="none"):
            is_at(database, "sqlite:///none.db", tmp_path)
        with pytest.raises(ValueError, match="what"):
            is_at(database, "what", tmp_path)
