"""How the program starts: what it loads, where it runs from, and Ctrl-C meanwhile."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from commands import newsletter
from makers import write_newsletter

from newsletter import __version__
from newsletter.cli.program import MODULES, app

NETWORK = frozenset("aiosmtplib aiosmtpd feedparser httpx2 starlette uvicorn watchfiles".split())
HEAVY = NETWORK | frozenset("cryptography jinja2 mjml numpy premailer scipy sklearn".split())
SHOWN = frozenset("lxml pydantic rich sqlalchemy yaml importlib.metadata".split())


def loaded(*words: str, cwd: Path) -> set[str]:
    """Return the modules that a command loads."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "newsletter", *words],
        cwd=cwd, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return set(re.findall(r"\|\s+([\w.]+)$", done.stderr, re.MULTILINE))


def test_the_table_of_commands_agrees_with_their_modules() -> None:
    """Each command is in the module that the table names, and no module has another one."""
    for module in {*MODULES.values()}:
        importlib.import_module(f"newsletter.cli.{module}")
    found = {}
    for command in app.registered_commands:
        assert command.callback is not None
        name = command.name or command.callback.__name__
        found[name] = command.callback.__module__
    for group in app.registered_groups:
        assert group.typer_instance is not None
        (first, *_) = group.typer_instance.registered_commands
        assert first.callback is not None
        found[str(group.name)] = first.callback.__module__

    assert found == {name: f"newsletter.cli.{module}" for name, module in MODULES.items()}


def test_the_version_is_said_without_loading_what_commands_need(tmp_path: Path) -> None:
    """Neither the libraries of commands nor the records of what is installed are read."""
    seen = loaded("--version", cwd=tmp_path)

    assert "typer" in seen
    assert not seen & (HEAVY | SHOWN)


def test_status_loads_the_database_alone(tmp_path: Path, root: Path) -> None:
    """Nothing of the network, of templates or of learning."""
    write_newsletter(tmp_path, root, sources="sources: [{name: a, url: 'https://a.example/f'}]\n")

    seen = loaded("status", cwd=tmp_path)

    assert "sqlalchemy" in seen
    assert not seen & HEAVY


def test_a_worker_that_reads_documents_loads_no_command() -> None:
    """What a worker process of a run is given to load is the parsers alone."""
    program = (
        "import sys, newsletter.__main__, newsletter.collect.confinement, "
        "newsletter.collect.kinds.feeds; print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    seen = {*done.stdout.split()}

    assert "newsletter.collect.kinds.feeds" in seen
    assert not seen & {"typer", "sqlalchemy", "pydantic", "httpx2", "newsletter.cli.program"}


@pytest.mark.parametrize("library", ["typer", "sqlalchemy"])
def test_ctrl_c_while_it_starts_prints_nothing(tmp_path: Path, root: Path, library: str) -> None:
    """Whether the program is loaded or the command: it ends at once, by the signal itself."""
    letter = write_newsletter(
        tmp_path / "letter", root, sources="sources: [{name: a, url: 'https://a.example/f'}]\n"
    )
    # A library that takes for ever to load, and says when it has begun.
    begun = tmp_path / "begun"
    os.mkfifo(begun)
    (tmp_path / f"{library}.py").write_text(
        f"import signal\nopen({str(begun)!r}, 'w').close()\nwhile True: signal.pause()\n", "utf-8"
    )
    # What runs tests in the background may ignore the signal, and its children would, too.
    program = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); "
        "os.execv(sys.executable, [sys.executable, '-m', 'newsletter', 'status'])"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=letter, env={**os.environ, "PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as running:  # fmt: skip
        begun.read_bytes()
        running.send_signal(signal.SIGINT)
        said, _ = running.communicate(timeout=60)

    assert (said, running.returncode) == (b"", -signal.SIGINT)


def test_a_checkout_runs_that_is_not_installed(tmp_path: Path, root: Path) -> None:
    """Nobody needs to install it: `python -m newsletter` finds its version and its templates."""
    shutil.copytree(root / "newsletter", tmp_path / "checkout" / "newsletter")
    libraries = tmp_path / "libraries"
    libraries.mkdir()
    for installed in Path(pytest.__file__).parents[1].iterdir():
        if "newsletter" not in installed.name:
            (libraries / installed.name).symlink_to(installed)
    path = os.pathsep.join((str(tmp_path / "checkout"), str(libraries)))

    def run(*words: str) -> tuple[int, str, str]:
        # -S: without the packages of this environment, where the project is installed.
        done = subprocess.run(
            [sys.executable, "-S", *words], cwd=tmp_path, env={"PYTHONPATH": path},
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    asked = "import importlib.metadata as found; print(found.version('newsletter'))"
    assert "PackageNotFoundError" in run("-c", asked)[2]
    assert run("-m", "newsletter", "--version") == (0, f"newsletter {__version__}\n", "")
    assert run("-m", "newsletter", "init", "mine")[0::2] == (0, "")
    assert run("-m", "newsletter", "check", "--config", "mine/config")[0::2] == (0, "")


def test_a_command_that_is_not_there_suggests_one_that_is(tmp_path: Path) -> None:
    """Also though no command was loaded before."""
    done = newsletter("statsu", cwd=tmp_path)

    assert done.returncode == 2
    assert "Did you mean 'status'?" in done.stderr
