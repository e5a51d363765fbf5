"""What is released: what pip installs works without the repository, and can be made again."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import release
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from newsletter import __version__

pytestmark = pytest.mark.timeout(300)  # packages are built, and environments made

MIGRATIONS = "newsletter/store/migrations"
EPOCH = "1764230400"
CONSUMER = """
import datetime as dt

from newsletter.errors import NewsletterError
from newsletter.model import DeliveryState, Paper, Topic
from newsletter.store import PaperStore, open_database


def titles(papers: list[Paper]) -> list[str]:
    return [paper.title for paper in papers]


def wrong(paper: Paper) -> int:
    return paper.title


def names(topics: tuple[Topic, ...]) -> dict[str, str]:
    return {topic.name: topic.title for topic in topics}


def is_final(state: DeliveryState) -> bool:
    return state is DeliveryState.ACCEPTED or isinstance(state, NewsletterError)
"""


def run(*words: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [*map(str, words)], cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=100
    )  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a release, as `make release` writes it."""
    folder = tmp_path_factory.mktemp("built") / "dist"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", EPOCH)
        release.release(folder)
    return folder


def the(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def environment(folder: Path, package: Path) -> Path:
    """Return the Python of an empty environment with a package in it, beside our libraries."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True, timeout=100)
    site = the(folder, "lib/python*/site-packages")
    # A path in a .pth brings the libraries, but not the project, which is there by a .pth as well.
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    python = folder / "bin" / "python"
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", package]
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--ignore-installed"]
    subprocess.run([*map(str, (*pip, *options))], check=True, capture_output=True, timeout=100)
    return python


@pytest.mark.parametrize("pattern", ["*.whl", "*.tar.gz"])
def test_what_pip_installs_runs_the_demo_and_init(
    tmp_path: Path, built: Path, pattern: str
) -> None:
    """Wheel or sdist, in an environment of its own, by the command that it brings."""
    python = environment(tmp_path / "venv", the(built, pattern))
    where = run(python, "-c", "import newsletter; print(newsletter.__file__)", cwd=tmp_path)
    assert where.stdout.startswith(f"{tmp_path}/venv/")

    program = python.with_name("newsletter")
    played = run(program, "demo", "--json", cwd=tmp_path)
    assert (played.returncode, played.stderr) == (0, "")
    assert json.loads(played.stdout)["received"] == 6
    for words in (["init", "mine"], ["check", "--config", "mine/config"]):
        done = run(program, *words, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, ""), words
    assert (tmp_path / "mine" / "config" / "newsletter.yaml").is_file()
    told = run(program, "upgrade-check", "--config", "mine/config", cwd=tmp_path)
    assert (told.returncode, told.stderr) == (0, "")
    assert (tmp_path / "venv/share/man/man1/newsletter.1").is_file()


def test_programs_that_use_it_see_its_types(tmp_path: Path, built: Path) -> None:
    """mypy, strict, knows what the installed package returns: only what is wrong is wrong."""
    python = environment(tmp_path / "venv", the(built, "*.whl"))
    (tmp_path / "consumer.py").write_text(CONSUMER)

    mypy = [sys.executable, "-m", "mypy", "--strict", "--python-executable", python]
    cache = ["--cache-dir", tmp_path / "cache", "consumer.py"]
    done = run(*mypy, *cache, cwd=tmp_path)

    assert [re.sub(r"^consumer.py:\d+: ", "", line) for line in done.stdout.splitlines()] == [
        'error: Incompatible return value type (got "str", expected "int")  [return-value]',
        "Found 1 error in 1 file (checked 1 source file)",
    ]


def test_a_source_distribution_builds_the_same_wheel(tmp_path: Path, built: Path) -> None:
    """Byte for byte, whenever it is built: nothing is missing from the sdist, links or not."""
    with tarfile.open(the(built, "*.tar.gz")) as packed:
        packed.extractall(tmp_path, filter="data")
    tree = the(tmp_path, "newsletter-*")
    for path in tree.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    env = {**os.environ, "SOURCE_DATE_EPOCH": EPOCH}
    subprocess.run(words, cwd=tree, env=env, check=True, capture_output=True, timeout=100)

    assert the(tmp_path, "*.whl").read_bytes() == the(built, "*.whl").read_bytes()
    assert (tree / "config" / "newsletter.yaml").is_file()
    assert (tree / "templates" / "issue.mjml").is_file()
    assert not (tree / "outbox").exists()


def test_a_release_can_be_built_again(tmp_path: Path, built: Path, root: Path) -> None:
    """The same commit gives the same bytes, and the checksums are those of the files."""
    script = [sys.executable, root / "docs" / "release.py", tmp_path / "again"]
    env = {**os.environ, "SOURCE_DATE_EPOCH": EPOCH, "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    mask = os.umask(0o077)
    try:
        subprocess.run([*map(str, script)], cwd=tmp_path, env=env, check=True, timeout=100)
    finally:
        os.umask(mask)

    first, again = (
        {path.name: path.read_bytes() for path in folder.iterdir()}
        for folder in (built, tmp_path / "again")
    )
    assert first == again
    lines = first.pop("SHA256SUMS").decode().splitlines()
    sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    assert sums == {name: hashlib.sha256(raw).hexdigest() for name, raw in first.items()}
    assert len(sums) == 3


def test_the_wheel_has_what_is_needed_and_no_more(built: Path, root: Path) -> None:
    """Templates, default config, the invented day, notes and types; no tests, nobody's outbox."""
    with zipfile.ZipFile(the(built, "*.whl")) as packed:
        names = set(packed.namelist())
        metadata = next(packed.read(name).decode() for name in names if name.endswith("METADATA"))

    assert {
        "newsletter/py.typed",
        "newsletter/starter/CHANGELOG.md",
        "newsletter/starter/config/newsletter.yaml",
        "newsletter/starter/templates/issue.mjml",
        "newsletter/starter/demo/feeds/arxiv.rss.xml",
        *(str(path.relative_to(root)) for path in (root / MIGRATIONS).rglob("*.py")),
    } <= names
    assert any(name.endswith("/data/share/man/man1/newsletter.1") for name in names)
    assert not any(name.startswith(("tests", "config", "templates", "outbox")) for name in names)
    assert "License-Expression: Apache-2.0" in metadata


def test_the_bill_of_materials_is_that_of_the_lock(built: Path, root: Path) -> None:
    """Valid CycloneDX, with every package and hash of requirements.lock, and nothing else."""
    text = the(built, "*.cdx.json").read_text("utf-8")

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    assert bill["metadata"]["component"]["version"] == __version__
    assert bill["metadata"]["timestamp"].startswith("2025-11-27T08:00:00")
    lock = (root / "requirements.lock").read_text("utf-8")
    pinned = set(re.findall(r"^([\w.-]+)==(\S+)", lock, re.MULTILINE))
    assert {(part["name"], part["version"]) for part in bill["components"]} == pinned
    hashes = {
        one["content"]
        for part in bill["components"]
        for place in part["externalReferences"]
        for one in place["hashes"]
    }
    assert hashes == set(re.findall(r"--hash=sha256:(\w+)", lock))


def test_the_citation_is_of_this_program(root: Path) -> None:
    """CITATION.cff says what pyproject.toml says (https://citation-file-format.github.io)."""
    cited = yaml.safe_load((root / "CITATION.cff").read_text("utf-8"))
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]

    assert cited["cff-version"] == "1.2.0"
    assert cited["type"] == "software"
    assert cited["message"]
    assert cited["version"] == __version__
    assert (cited["title"], cited["abstract"]) == (project["name"], project["description"])
    assert (cited["license"], cited["authors"]) == (project["license"], project["authors"])
    assert cited["keywords"] == project["keywords"]
