"""The wheel: what pip installs works without the repository."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

MIGRATIONS = "newsletter/store/migrations"


def test_a_source_distribution_builds_the_same_wheel(tmp_path: Path, root: Path) -> None:
    """Nothing that the wheel needs is missing from the sdist, links in the tree or not."""
    build = [sys.executable, "-m", "hatchling", "build", "--directory", str(tmp_path)]
    subprocess.run([*build, "-t", "wheel"], cwd=root, check=True, capture_output=True, timeout=100)
    subprocess.run([*build, "-t", "sdist"], cwd=root, check=True, capture_output=True, timeout=100)
    (sdist,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(sdist) as packed:
        packed.extractall(tmp_path, filter="data")
    (tree,) = (path for path in tmp_path.iterdir() if path.is_dir())
    again = [*build[:-1], str(tmp_path / "again"), "-t", "wheel"]
    subprocess.run(again, cwd=tree, check=True, capture_output=True, timeout=100)

    names = [
        set(zipfile.ZipFile(next(where.glob("*.whl"))).namelist())
        for where in (tmp_path, tmp_path / "again")
    ]
    assert names[0] == names[1]
    assert (tree / "config" / "newsletter.yaml").is_file()
    assert (tree / "templates" / "issue.mjml").is_file()


def test_a_pip_installed_wheel_runs_the_demo_and_init(tmp_path: Path, root: Path) -> None:
    """Templates, default config and the invented day travel in the wheel."""
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path, root],
        check=True, capture_output=True, timeout=100,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
        metadata = next(packed.read(name).decode() for name in names if name.endswith("METADATA"))
        # Installed beside the libraries of this environment, without the editable project.
        packed.extractall(tmp_path / "site")

    assert {
        "newsletter/py.typed",
        "newsletter/starter/config/newsletter.yaml",
        "newsletter/starter/templates/issue.mjml",
        "newsletter/starter/demo/feeds/arxiv.rss.xml",
        *(str(path.relative_to(root)) for path in (root / MIGRATIONS).rglob("*.py")),
    } <= names
    assert any(name.endswith("/data/share/man/man1/newsletter.1") for name in names)
    assert not any(name.startswith(("tests", "config", "templates", "outbox")) for name in names)
    assert "License-Expression: Apache-2.0" in metadata
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    program = [
        sys.executable,
        "-c",
        "import newsletter, sys; assert 'site' in newsletter.__file__; from newsletter.__main__ import main; main()",
    ]
    for words in (["demo"], ["init", "mine"], ["check", "--config", "mine/config"]):
        done = subprocess.run(
            [*program, *words],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), words
    assert (tmp_path / "mine" / "config" / "newsletter.yaml").is_file()
