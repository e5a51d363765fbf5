"""Write whole files or nothing, private unless they are meant for everybody."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from newsletter.errors import StoreError


def write(path: Path, content: bytes, *, public: bool = False) -> None:
    """Write a whole file or nothing; raises StoreError when the disk refuses.

    Only the owner can read a file that is not `public`, or its folder, whatever the umask: it holds
    addresses, or links that are as good as a password.
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
    """Make a folder and its missing parents; if it is private, close it to others."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755 if public else 0o700)
    mode = path.stat().st_mode
    if not public and mode & 0o077:
        path.chmod(stat.S_IMODE(mode) & ~0o077)


@contextlib.contextmanager
def clear_errors(path: Path) -> Iterator[None]:
    """Turn what the disk refuses inside the block into a StoreError with a clear message."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{path}: {(error.strerror or str(error)).lower()}; make room or mend its permissions, "
            "then run again: nothing was lost"
        ) from None
