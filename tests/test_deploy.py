"""What is in the repository for deploying: files that a container engine or systemd will read.

Neither runs here. So the steps of the Dockerfile are run in an empty virtual environment, and what
the files start is compared with what the program understands.
"""

from __future__ import annotations

import contextlib
import fnmatch
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
import yaml
from sites import free_socket
from typer.main import get_command

from newsletter.cli.program import MODULES, app

ROOT = Path(__file__).parent.parent
UNITS = sorted((ROOT / "deploy" / "systemd").iterdir())
WORKER = "worker"
"""A command that the files start where there is one."""


@dataclass
class Stage:
    """A stage of a Dockerfile: its instructions in order."""

    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def of(self, kind: str) -> list[str]:
        return [text for name, text in self.steps if name == kind]


def stages() -> list[Stage]:
    """Return the stages of the Dockerfile."""
    found: list[Stage] = []
    text = (ROOT / "Dockerfile").read_text("utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "FROM":
            found.append(Stage(name=rest.partition(" AS ")[2] or "image"))
        elif found:
            found[-1].steps.append((kind, rest.strip()))
    return found


def ignored(name: str) -> bool:
    """Return whether .dockerignore keeps a path from the builder: the last line that fits counts."""
    found = False
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!").removeprefix("**/")
        whole = any(
            fnmatch.fnmatch(str(part), pattern) for part in (Path(name), *Path(name).parents)
        )
        below = line.startswith("**/") and pattern in Path(name).parts
        if whole or below:
            found = not line.startswith("!")
    return found


def understood(words: list[str]) -> None:
    """Assert that the program has a command and all its options."""
    name, options = words[0], [word for word in words[1:] if word.startswith("--")]
    if name == WORKER and name not in MODULES:
        return
    command = get_command(app).get_command(None, name)  # type: ignore[attr-defined]
    assert command is not None, words
    known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
    assert set(options) <= known, words


def as_words(value: object) -> list[str]:
    return [str(word) for word in value] if isinstance(value, list) else []


def test_the_image_has_no_secret_and_no_root() -> None:
    """It runs as a number that is not 0; nothing but the program is copied into it."""
    build, image = stages()

    (user,) = image.of("USER")
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user)
    assert image.steps.index(("USER", user)) > max(
        place for place, (kind, _) in enumerate(image.steps) if kind in ("RUN", "COPY")
    )
    assert image.of("COPY") == ["--from=build /opt/newsletter /opt/newsletter"]
    assert "--require-hashes" in "".join(build.of("RUN"))
    for name in (
        "config/subscribers.yaml.orig",
        ".env",
        "letter/.env",
        "letter/secrets/x",
        "outbox/newsletter.db",
    ):
        assert ignored(name) or name.startswith("config/"), name
    for name in ("newsletter/cli/program.py", "config/newsletter.yaml", "requirements-image.lock"):
        assert not ignored(name), name
    words = "\n".join(
        text for stage in (build, image) for kind, text in stage.steps if kind in ("ENV", "ARG")
    )
    assert not re.search("SECRET|PASSWORD|TOKEN|KEY", words)
    assert json.loads(" ".join(image.of("VOLUME"))) == [
        f"/srv/newsletter/{name}" for name in ("config", "outbox", "public")
    ]
    assert image.of("HEALTHCHECK")
    understood(json.loads(image.of("CMD")[0]))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_steps_of_the_dockerfile_make_a_newsletter_that_serves(tmp_path: Path) -> None:
    """In an empty virtual environment, from what the builder is sent; its health can be asked for."""
    build, image = stages()
    source, made = tmp_path / "src", tmp_path / "opt" / "newsletter"
    source.mkdir()
    for kind, text in build.steps:
        if kind == "COPY":
            *names, _ = text.split()
            for name in names:
                copy(name, source)
        elif kind == "RUN" and "apt" not in text:
            words = [word.replace("/opt/newsletter", str(made)) for word in shlex.split(text)]
            done = subprocess.run(words, cwd=source, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr[-2000:]
    program = str(made / "bin" / "newsletter")
    subprocess.run([program, "init", "letter"], cwd=tmp_path, check=True, capture_output=True)
    with free_socket() as one, free_socket() as two:
        ports = [str(listening.getsockname()[1]) for listening in (one, two)]
    given = [
        word.replace("0.0.0.0:9200", f"127.0.0.1:{ports[1]}").replace("0.0.0.0", "127.0.0.1")
        for word in json.loads(image.of("CMD")[0])
    ]
    check = json.loads(image.of("HEALTHCHECK")[0].partition(" CMD ")[2])
    asks = [
        str(made / "bin" / "python"),
        *(word.replace(":8080", f":{ports[0]}") for word in check[1:]),
    ]
    is_healthy = False
    with serving([program, *given, "--port", ports[0], "--no-schedule"], tmp_path / "letter"):
        for _ in range(200):
            if is_healthy := subprocess.run(asks, capture_output=True, check=False).returncode == 0:
                break
            time.sleep(0.1)
        metrics = httpx.get(f"http://127.0.0.1:{ports[1]}/metrics", trust_env=False)
    ended = subprocess.run(asks, capture_output=True, check=False)

    assert is_healthy
    assert "newsletter_build_info" in metrics.text
    assert ended.returncode != 0


def copy(name: str, to: Path) -> None:
    """Copy a file or folder of the repository as the builder would see it."""
    path = ROOT / name
    if path.is_file():
        shutil.copy(path, to / name)
        return

    def skipped(folder: str, names: list[str]) -> set[str]:
        here = Path(folder).relative_to(ROOT)
        return {found for found in names if ignored(str(here / found))}

    shutil.copytree(path, to / name, symlinks=True, ignore=skipped)


@contextlib.contextmanager
def serving(words: list[str], folder: Path) -> Iterator[None]:
    """Run a program during the block; it ends when it is told to."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    process = subprocess.Popen(words, cwd=folder, env=environment, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        status = process.wait(60)
    assert status in (0, -signal.SIGTERM)


def test_the_compose_file_starts_what_there_is() -> None:
    """Commands, secrets, volumes and the database fit together; everything starts again."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    services = found["services"]

    assert set(services) == {"serve", "worker", "db"}
    assert services["worker"]["deploy"]["replicas"] == 2
    assert services["db"]["image"] == "postgres:17"
    for name, service in services.items():
        assert service["restart"] == "always", name
        assert set(service["secrets"]) <= set(found["secrets"])
        for variable, value in service["environment"].items():
            if variable.endswith("_FILE"):
                assert value.removeprefix("/run/secrets/") in service["secrets"], variable
            assert "PASSWORD" not in variable or variable.endswith("_FILE")
        for volume in service["volumes"]:
            place = volume.partition(":")[0]
            assert place.startswith("./letter/") or place in found["volumes"]
        for port in service.get("ports", ()):
            assert port.startswith("127.0.0.1:")
    for name in ("serve", "worker"):
        understood(as_words(services[name]["command"]))
        assert services[name]["read_only"]
    for secret in found["secrets"].values():
        assert secret["file"].startswith("./letter/secrets/")


def test_the_manifests_start_what_there_is() -> None:
    """Each container is no root, has its volumes and secrets, and commands that exist."""
    page = (ROOT / "docs" / "how-to" / "kubernetes.md").read_text("utf-8")
    listed = yaml.safe_load(re.findall(r"```yml\n(.*?)```", page, re.DOTALL)[0])
    kinds = [item["kind"] for item in listed["items"]]
    assert kinds == ["PersistentVolumeClaim", "Deployment", "Deployment", "Service"]
    for item in listed["items"]:
        assert item["apiVersion"]
        assert item["metadata"]["namespace"] == "papers"
        if item["kind"] != "Deployment":
            continue
        pod = item["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"]
        volumes = {volume["name"] for volume in pod["volumes"]}
        assert (
            item["spec"]["selector"]["matchLabels"]
            == item["spec"]["template"]["metadata"]["labels"]
        )
        for container in pod["containers"]:
            understood(as_words(container["args"]))
            assert {mount["name"] for mount in container["volumeMounts"]} == volumes
            assert container["securityContext"]["readOnlyRootFilesystem"]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_start_what_there_is(path: Path) -> None:
    """With the paths of the page that tells how, and as a user that may write one folder."""
    text = path.read_text("utf-8")
    if path.suffix == ".timer":
        assert (path.with_suffix(".service")).is_file()
        return
    (start,) = re.findall(
        "^ExecStart=/opt/newsletter/.venv/bin/newsletter (.*)$", text, re.MULTILINE
    )
    understood(start.split())
    assert "User=newsletter" in text
    assert "ReadWritePaths=/srv/my-letter" in text
    assert ("Restart=always" in text) != ("Type=oneshot" in text)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    """It finds nothing wrong in them; the program is where they look for it."""
    (tmp_path / "newsletter").symlink_to(sys.executable)
    for path in UNITS:
        text = path.read_text("utf-8").replace("/opt/newsletter/.venv/bin", str(tmp_path))
        (tmp_path / path.name).write_text(text, "utf-8")
    names = [path.name.replace("@.", "@1.") for path in UNITS]
    (tmp_path / "newsletter-worker@1.service").symlink_to(tmp_path / "newsletter-worker@.service")

    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *names],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    assert [line for line in done.stderr.splitlines() if line.startswith("newsletter")] == []
