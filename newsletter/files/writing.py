"""Write whole files or nothing, private unless they are meant for everybody."""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from newsletter.errors import ConflictError, StoreError

ABANDONED: Final = 3_600.0
"""Seconds without a write, after which whoever wrote a part of a file is dead."""


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


@contextlib.contextmanager
def whole_file(path: Path, *, force: bool = False) -> Iterator[Path]:
    """Give a block a private file to write; it comes to `path` at the end, whole or not at all.

    What is beside it there, such as the journal of a database, is deleted with it. A file that is
    at `path` already stays, unless `force` is set. What a process that was killed has left of the
    same file is deleted. Raises StoreError for one that is there, or when the disk refuses.
    """

    def refuse() -> None:
        if not force and path.exists():
            raise StoreError(f"{path}: is there already; name another file, or add --force")

    refuse()
    with clear_errors(path):
        make_folder(path.parent, public=path.parent.exists())
        folder = Path(
            tempfile.mkdtemp(dir=path.parent.absolute(), prefix=f".{path.name}.", suffix=".part")
        )
    try:
        part = folder / path.name
        with clear_errors(path):
            part.touch(mode=0o600)
        _clear_left(folder, path.name)
        yield part
        refuse()
        with clear_errors(path):
            part.chmod(0o600)
            _sync(part)
            part.replace(path)
            _sync(path.parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _clear_left(folder: Path, name: str) -> None:
    """Delete parts of a file called `name` that nobody writes any more, beside the new `folder`.

    Each may be as large as the file, and holds what was deleted from the database since. Time is
    told by the disk: that of `folder`.
    """
    now = folder.stat().st_mtime
    for other in folder.parent.glob(f".{glob.escape(name)}.*.part"):
        with contextlib.suppress(OSError):
            written = max(some.stat().st_mtime for some in (other, *other.iterdir()))
            if now - written > ABANDONED:
                shutil.rmtree(other, ignore_errors=True)


def _sync(path: Path) -> None:
    """Have a file, or the names in a folder, outlast a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


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


def rewrite(path: Path, content: bytes, *, expected: bytes) -> None:
    """Write a file of a person's own anew, whole or not at all; its mode stays, and so do links.

    Raises ConflictError when it does not hold what is `expected` any more, and StoreError when the
    disk refuses.
    """
    path = path.resolve()
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with clear_errors(path):
            part.touch(mode=0o600)
            part.write_bytes(content)
            part.chmod(stat.S_IMODE(path.stat().st_mode))
            _sync(part)
            is_same = path.read_bytes() == expected
        if not is_same:
            raise ConflictError(f"{path}: was changed by somebody else at this moment; try again")
        with clear_errors(path):
            part.replace(path)
            _sync(path.parent)
    finally:
        part.unlink(missing_ok=True)
