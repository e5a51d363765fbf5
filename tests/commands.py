"""The commands: in this process, or as a process of their own where that is the point."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from newsletter.__main__ import main

PROGRAM = [sys.executable, "-W", "error::DeprecationWarning:newsletter", "-m", "newsletter"]
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
Done = subprocess.CompletedProcess[str]


def newsletter(*words: str, cwd: Path, **environment: str) -> Done:
    """Run a command in this process, which takes a twentieth of the time; leave nothing behind."""
    out, err, status = io.StringIO(), io.StringIO(), 0
    with (
        _apart(["newsletter", *words], cwd, variables(environment)),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            assert end.code is None or isinstance(end.code, int)
            status = end.code or 0
    said = (stream.getvalue().replace("\r\n", "\n") for stream in (out, err))
    return Done([*words], status, *said)


def process(*words: str, cwd: Path, **environment: str) -> Done:
    """Run a command as people run it: a process of its own."""
    return subprocess.run(
        [*PROGRAM, *words], cwd=cwd, capture_output=True, text=True, check=False, timeout=60,
        env=variables(environment), stdin=subprocess.DEVNULL,
    )  # fmt: skip


def variables(more: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which nothing is set but what a test names."""
    env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**env, "COLUMNS": "120", **more}


@contextlib.contextmanager
def _apart(argv: list[str], cwd: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Be as a new process within the block; afterwards everything is as it was."""
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    mask = os.umask(0o022)
    os.umask(mask)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        for name in os.environ:
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", argv)
        patch.setattr(sys, "stdin", io.StringIO())
        patch.setattr(sys, "excepthook", sys.excepthook)
        patch.setattr(logging.getLogger(), "handlers", [*logging.getLogger().handlers])
        try:
            yield
        finally:
            os.umask(mask)
            for number, handler in handlers.items():
                signal.signal(number, handler)
