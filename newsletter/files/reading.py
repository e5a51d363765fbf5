"""Read regular files only, since a pipe may never end; and say why bytes are no UTF-8."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def read_regular(path: Path, most: int) -> bytes:
    """Return the first `most` bytes of a file, and one byte more if the file is longer.

    Raises OSError when the path cannot be read, is a folder, or is not a regular file.
    """
    # Without O_NONBLOCK, opening a pipe would wait for somebody to write into it.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        os.close(handle)
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        raise OSError(errno.EINVAL, "not a regular file but a pipe or a device", str(path))
    with os.fdopen(handle, "rb") as file:
        return file.read(most + 1)


def undecodable(raw: bytes, at: int) -> tuple[int, int, str]:
    """Return line, column and remedy for the byte at `at`, which is not valid UTF-8."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in raw[:4]:
        return 1, 1, "this file is UTF-16: save it as UTF-8"
    before = raw[:at]
    line = before.count(b"\n") + 1
    column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
    shown = raw[at : at + 1].decode("cp1252", "replace")
    return (
        line,
        column,
        f"not UTF-8 text (is it `{shown}`, saved as Latin-1 or Windows-1252?): save it as UTF-8",
    )
