"""The house rules that a machine can check."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "newsletter").rglob("*.py"))
NAMES_THAT_SAY_NOTHING = frozenset(
    "utils util helpers common base core manager handler misc types main executor protocol".split()
)


def test_the_layers_hold() -> None:
    """import-linter's contracts are kept."""
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-logo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_is_small_and_says_what_it_is_for(path: Path) -> None:
    """A first line under 100 characters, at most 320 lines, a name that says something."""
    source = path.read_text("utf-8")
    tree = ast.parse(source)

    assert (ast.get_docstring(tree) or "").split("\n")[0], path
    assert len(source.split("\n")) <= 320
    assert path.stem not in NAMES_THAT_SAY_NOTHING
    if path.name == "__init__.py":
        code = [
            node
            for node in tree.body
            if not isinstance(node, ast.Expr | ast.Import | ast.ImportFrom | ast.Assign)
        ]
        assert code == []
        listed = ast.get_docstring(tree) or ""
        for sibling in path.parent.glob("*.py"):
            assert sibling.name == "__init__.py" or sibling.name in listed, (path, sibling.name)


@pytest.mark.parametrize(
    "path",
    [*sorted((ROOT / "tests").rglob("test_*.py"))],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_every_test_states_its_behaviour(path: Path) -> None:
    """A test's docstring is a sentence, and it asserts or expects something."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            assert (ast.get_docstring(node) or "").endswith("."), node.name
            words = ast.unparse(node)
            assert any(
                word in words
                for word in ("assert ", "raises(", "expect(", "plain_text(piece", "_as_test(")
            ), node.name


def test_one_name_is_one_thing() -> None:
    """No two classes of the package are called alike, so that a name needs no module before it."""
    named: dict[str, list[str]] = {}
    for path in MODULES:
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef):
                named.setdefault(node.name.lstrip("_"), []).append(str(path.relative_to(ROOT)))

    assert {name: places for name, places in named.items() if len(places) > 1} == {}


def test_no_file_names_a_package_host_or_this_workplace() -> None:
    """Lock files and code must work anywhere."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    forbidden = ["pypi" + ".org", "python" + "hosted", "/ro" + "ot/", "/wo" + "rk/"]
    for name in listed.stdout.split():
        path = ROOT / name
        if path.suffix in (".png", ".ico") or not path.is_file():
            continue
        text = path.read_text("utf-8")
        assert not [word for word in forbidden if word in text], name
