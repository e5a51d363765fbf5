"""Read regular files only: reading a pipe or a device may never end."""

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
