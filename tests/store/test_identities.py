"""Whose database it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.errors import StoreError
from newsletter.store import Identity, open_database, recognise


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
    tmp_path: Path, name: str, sender: str, folder: str, is_same: bool,  # noqa: FBT001
) -> None:  # fmt: skip
    """It may be renamed and send from elsewhere, or move; another one is refused, with words."""
    with open_database("sqlite:///test.db", tmp_path) as database:
        recognise(database, Identity(name="A", sender="a@x.example", folder="/srv/a"))
        other = Identity(name=name, sender=sender, folder=folder)
        if is_same:
            recognise(database, other)
            recognise(database, other)
            return
        with pytest.raises(StoreError, match=r"is that of “A” .*name one of its own") as caught:
            recognise(database, other)
        assert "\n" not in str(caught.value)
        recognise(database, Identity(name="A", sender="a@x.example", folder="/srv/a"))
