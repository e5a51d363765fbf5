"""The documentation cannot lag behind the code."""

from __future__ import annotations

import importlib.util
import inspect
import re
import textwrap
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from newsletter import model
from newsletter.config.schemas import SHAPES
from newsletter.config.shapes import TopicShape

ROOT = Path(__file__).parent.parent
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_is_that_of_the_code() -> None:
    """Every command, option and configuration key is in docs/reference; `make docs` writes it."""
    for path, text in generator().pages().items():
        assert path.read_text("utf-8") == text, f"{path} lags behind: run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link and picture of a page exists."""
    for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_yaml_examples_are_valid(page: Path) -> None:
    """Every YAML example holds keys that the program knows."""
    shapes = SHAPES.values()
    known = {field.alias or name for shape in shapes for name, field in shape.model_fields.items()}
    topic = set(TopicShape.model_fields)
    for block in re.findall(r" *```yaml\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
        data = yaml.safe_load(textwrap.dedent(block))
        assert set(data) <= known | topic, data


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_named_in_docs_exist(page: Path) -> None:
    """`newsletter x` and `make x` in a code block are things one can type."""
    targets = set(
        re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    )
    commands = set(
        re.findall(
            r"^## newsletter (\w+)",
            (ROOT / "docs/reference/commands.md").read_text("utf-8"),
            re.MULTILINE,
        )
    )
    text = page.read_text("utf-8")
    for block in re.findall(r"```(?:sh)?\n(.*?)```", text, re.DOTALL):
        assert set(re.findall(r"(?:^|&& )newsletter (\w+)", block, re.MULTILINE)) <= commands
        assert set(re.findall(r"(?:^|&& )make (\w+)", block, re.MULTILINE)) <= targets


def test_the_glossary_equals_the_model() -> None:
    """Every fact of model/ has its word, and no word of it is missing."""
    words = set(
        re.findall(
            r"^\| ([a-z ]+) \|",
            (ROOT / "docs/explanation/glossary.md").read_text("utf-8"),
            re.MULTILINE,
        )
    )
    classes = {
        re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
        for name, thing in inspect.getmembers(model, inspect.isclass)
        if thing.__module__.startswith(model.__name__)
    }

    assert classes <= words
    assert words - classes == {"word", "signal", "ledger", "outbox"}


def test_the_changelog_knows_this_version() -> None:
    """Unreleased work, or the version that is packaged, stands on top."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    first = re.search(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)

    assert first is not None
    assert first[1] in ("Unreleased", version)


def test_the_shipped_yaml_examples_in_comments_work() -> None:
    """The commented-out lines of newsletter.yaml are valid once their `#` is taken away."""
    text = (ROOT / "config" / "newsletter.yaml").read_text("utf-8")
    opened = text.replace("transport: outbox ", "# ").replace(
        "  # transport: smtp", "  transport: smtp"
    )
    for key in ("host", "port", "security", "username", "password"):
        opened = opened.replace(f"  # {key}:", f"  {key}:")
    opened = opened.replace("# postal_address:", "postal_address:")

    data = yaml.safe_load(opened.replace("${", "$("))

    assert data["delivery"]["transport"] == "smtp"
    assert set(data["delivery"]) == {
        "transport",
        "host",
        "port",
        "security",
        "username",
        "password",
    }
    assert data["postal_address"]
