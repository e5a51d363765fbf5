"""The program as people run it: a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = [sys.executable, "-W", "error::DeprecationWarning:newsletter", "-m", "newsletter"]


def newsletter(*words: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [*PROGRAM, *words], cwd=cwd, capture_output=True, text=True, check=False, timeout=60,
        env={**env, "COLUMNS": "120", **environment}, stdin=subprocess.DEVNULL,
    )  # fmt: skip
