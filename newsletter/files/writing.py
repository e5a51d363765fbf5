"""Writing files whole or not at all, private unless they are meant for everybody."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from newsletter.errors import StoreError


def write(path: Path, content: bytes, *, public: bool = False) -> None:
    """Write a file whole or not at all; raises StoreError when the disk refuses.

    What is not `public` can be read by its owner only, and so can its folder, whatever the umask
    is: it holds addresses, or links that are as good as a password.
    """
    with clear_errors(path):
        make_folder(path.parent, public=public)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o644 if public else 0o600)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def make_folder(path: Path, *, public: bool = False) -> None:
    """Make a folder, and those above it that are missing; close a private one to others."""
    missing = [one for one in (path, *path.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(exist_ok=True)
        one.chmod(0o755 if public else 0o700)
    mode = path.stat().st_mode
    if not public and mode & 0o077:
        path.chmod(stat.S_IMODE(mode) & ~0o077)


@contextlib.contextmanager
def clear_errors(path: Path) -> Iterator[None]:
    """Raise StoreError, in words for a person, for what the disk refuses within."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{path}: {(error.strerror or str(error)).lower()}; make room or mend its permissions, "
            "then run again: nothing was lost"
        ) from None
