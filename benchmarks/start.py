"""What starting costs: `newsletter --version` and `newsletter status`, against `import typer`.

    python benchmarks/start.py [--quick] [--json] [--data DIR]

Seconds of CPU of whole processes, medians of rounds that take turns, so that what else the machine
does falls on all alike. The command line of a program in Python cannot start faster than its
library; what `status` needs besides (`libraries`: SQLAlchemy, pydantic, YAML, rich) is measured
alone, too. --data is taken and not needed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

LIBRARIES = (
    "import typer, sqlalchemy, pydantic, yaml, rich.console, rich.table; pydantic.BaseModel; "
    "sqlalchemy.create_engine('sqlite://').connect()"
)


def cpu(command: Sequence[str], folder: Path) -> float:
    """Return the seconds of CPU that a process takes, compiled modules on disk as usual."""
    unwanted = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")
    env = {name: value for name, value in os.environ.items() if name not in unwanted}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(rounds: int) -> dict[str, float]:
    """Return the ratios to `import typer`."""
    program = [sys.executable, "-m", "newsletter"]
    commands = {
        "typer": [sys.executable, "-c", "import typer"],
        "version": [*program, "--version"],
        "status": [*program, "status"],
        "libraries": [sys.executable, "-c", LIBRARIES],
    }
    took: dict[str, list[float]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as folder:
        letter = Path(folder)
        cpu([*program, "init"], letter)
        for turn in range(rounds + 1):
            for name, command in commands.items():
                seconds = cpu(command, letter)
                if turn:  # the first one compiles modules
                    took[name].append(seconds)
    middle = {name: statistics.median(some) for name, some in took.items()}
    return {
        "version_ratio_to_typer": round(middle["version"] / middle["typer"], 2),
        "status_ratio_to_typer": round(middle["status"] / middle["typer"], 2),
        "libraries_ratio_to_typer": round(middle["libraries"] / middle["typer"], 2),
        "typer_seconds": round(middle["typer"], 3),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="seven rounds instead of 21")
    parser.add_argument("--json", action="store_true", help="the last line alone")
    parser.add_argument("--data", type=Path, help="taken and not needed")
    given = parser.parse_args()
    found = measure(7 if given.quick else 21)
    if not given.json:
        for name, what in (
            ("version", "newsletter --version"),
            ("status", "newsletter status"),
            ("libraries", "the libraries of status alone"),
        ):
            ratio = found[f"{name}_ratio_to_typer"]
            print(f"{what}: {ratio:.2f} times the CPU of `import typer`")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
