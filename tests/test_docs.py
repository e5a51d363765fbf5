"""The documentation cannot lag behind the code."""

from __future__ import annotations

import importlib.util
import inspect
import re
import textwrap
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from pydantic import ValidationError

from newsletter import __version__, model
from newsletter.config.schemas import SHAPES
from newsletter.config.shape import Shape
from newsletter.config.topics import TopicShape

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


FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)


def blocks(page: Path, *kinds: str) -> list[str]:
    """Return the code blocks of a page that are of some kinds."""
    found = FENCED.findall(page.read_text("utf-8"))
    return [textwrap.dedent(text) for _, kind, text in found if kind in kinds]


def mistakes_in(text: str) -> list[str]:
    """Return what is wrong in a piece of configuration; what it leaves out is not."""
    every: list[type[Shape]] = [TopicShape, *SHAPES.values()]
    shapes = {
        field.alias or name: shape for shape in every for name, field in shape.model_fields.items()
    }
    found = []
    for key, value in yaml.safe_load(re.sub(r"\$\{\w+\}", "x" * 40, text)).items():
        try:
            shapes[key].model_validate({key: value})
        except KeyError:
            found.append(f"unknown key `{key}`")
        except ValidationError as error:
            found += [
                f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
                for problem in error.errors()
                if problem["loc"][:1] == (key,) and problem["type"] != "missing"
            ]
    return found


def mistyped(line: str) -> list[str]:
    """Return the commands and options of a line that the program does not have."""
    reference = (ROOT / "docs/reference/commands.md").read_text("utf-8")
    heading = r"^## newsletter ([a-z-]+(?: [a-z-]+)*)[^\n]*$(.*?)(?=^## |\Z)"
    sections = dict(re.findall(heading, reference, re.MULTILINE | re.DOTALL))
    found = []
    for called in re.findall(r"(?:^|[\s;&|/`(])newsletter((?: [a-z][\w-]*)+[^;&|`)#\n]*)", line):
        words = called.split()
        named = [" ".join(words[:count]) for count in (2, 1)]
        command = next((name for name in named if name in sections), None)
        if command is None:
            found.append(f"newsletter {words[0]}")
            continue
        found += [
            f"newsletter {command} {option}"
            for option in re.findall(r"(?<!\S)--[a-z][\w-]*", called)
            if not re.search(rf"{option}(?![\w-])", sections[command])
        ]
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_yaml_examples_are_valid(page: Path) -> None:
    """Every key and value of a YAML example is one that the program takes, however deep it is."""
    for block in blocks(page, "yaml"):
        assert mistakes_in(block) == [], block


def test_a_mistake_in_an_example_is_seen() -> None:
    """A key or value that is misspelt, also far down."""
    assert mistakes_in("delivery: {conections: 10}")
    assert mistakes_in("delivery: {security: startls}")
    assert mistakes_in("topics:\n  - {name: a, title: A, match: [x], limt: 3}")
    assert mistakes_in("conections: 10")
    assert mistyped("newsletter dkim-kee --selector x")
    assert mistyped("cd /srv && newsletter run --quite")
    assert not mistyped("cd /srv && /opt/newsletter/.venv/bin/newsletter run --quiet")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_named_in_docs_exist(page: Path) -> None:
    """`newsletter x --y` and `make x` are things one can type, in a block and in a sentence."""
    targets = set(
        re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    )
    text = page.read_text("utf-8")
    inline = [
        code for code in re.findall(r"`([^`\n]+)`", FENCED.sub("", text)) if "newsletter " in code
    ]
    for block in (*blocks(page, "", "sh"), *inline):
        assert mistyped(block) == [], block
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
    ours = "word phrase signal pool form gate ledger outbox delivery_queue visit_window draft finding diagnosis block token spool parcel lease shard suppression"
    assert words - classes == {word.replace("_", " ") for word in ours.split()}


def test_the_changelog_knows_this_version() -> None:
    """Unreleased work, or the version that is packaged, stands on top."""
    first = re.search(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)

    assert first is not None
    assert first[1] in ("Unreleased", __version__)


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
