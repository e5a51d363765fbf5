"""Build a release into a folder: wheel, sdist, what they are made of (SBOM) and checksums.

`make release` calls it. The same commit gives the same bytes, on every machine and day.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from newsletter import __version__

ROOT: Final = Path(__file__).parent.parent
SBOM: Final = f"newsletter-{__version__}.cdx.json"


def moment() -> str:
    """Return the seconds since 1970 that everything is dated with: those of the commit.

    SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/) counts before.
    """
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return given
    git = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    return subprocess.run(git, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603  our own words


def build(folder: Path, epoch: str) -> None:
    """Write the wheel and the sdist."""
    words = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": epoch}
    subprocess.run(words, cwd=ROOT, env=environment, check=True, capture_output=True)  # noqa: S603  the same


def bill_of_materials(epoch: str) -> str:
    """Return the packages of requirements.lock with their hashes, as CycloneDX (ECMA-424).

    cyclonedx-py reads no version that is not in pyproject.toml itself, so it is put in here.
    """
    program = Path(sys.executable).with_name("cyclonedx-py")
    words = ["requirements", "requirements.lock", "--pyproject", "pyproject.toml"]
    how = ["--mc-type", "application", "--spec-version", "1.6", "--output-reproducible"]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": epoch}
    done = subprocess.run(  # noqa: S603  the same
        [program, *words, *how], cwd=ROOT, env=environment, check=True, capture_output=True
    )
    bill = json.loads(done.stdout)
    own = bill["metadata"]["component"]
    own |= {"version": __version__, "purl": f"pkg:pypi/newsletter@{__version__}"}
    return json.dumps(bill, indent=1, sort_keys=True) + "\n"


def sums(folder: Path) -> str:
    """Return the checksums of all files, as `sha256sum --check` reads them."""
    files = sorted(path for path in folder.iterdir() if path.name != "SHA256SUMS")
    return "".join(f"{hashlib.sha256(one.read_bytes()).hexdigest()}  {one.name}\n" for one in files)


def release(folder: Path) -> None:
    """Build everything into an empty folder."""
    folder.mkdir(parents=True)
    epoch = moment()
    build(folder, epoch)
    (folder / SBOM).write_text(bill_of_materials(epoch), "utf-8")
    (folder / "SHA256SUMS").write_text(sums(folder), "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="made new; must not be there")
    release(parser.parse_args().folder)
