"""Steps that put a timer in place or take it out: files to write, programs to run."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from newsletter.errors import StoreError
from newsletter.files.writing import clear_errors
from newsletter.world.timers import actions, cron, launchd, systemd
from newsletter.world.timers.jobs import Job

SECONDS = 60
"""How long crontab, systemctl or launchctl may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do: a file to write, a file to delete, or a program to run."""

    path: Path | None = None
    text: str | None = None
    """What the file is to hold, or what the program reads; None deletes the file."""
    words: tuple[str, ...] = ()
    """The program and its arguments."""
    must: bool = True
    """Whether it is wrong when the program fails."""


def cron_steps(job: Job, *, remove: bool) -> list[Step]:
    """Return what writes the user's crontab; nothing if it is as it should be already.

    Raises StoreError when there is no cron or the crontab cannot be read: it is never written then,
    because everything else in it would be lost.
    """
    old = crontab()
    new = cron.without_job(old, job) if remove else cron.with_job(old, job)
    return [] if new == old else [Step(words=("crontab", "-"), text=new)]


def crontab() -> str:
    """Return the user's crontab; raises StoreError as `cron_steps`."""
    if shutil.which("crontab") is None:
        raise StoreError(
            "there is no program `crontab` here: install cron, or use `newsletter schedule systemd`"
        )
    done = _run(("crontab", "-l"))
    said = done.stderr.lower()
    # The cron of BusyBox says that it cannot open the file.
    if done.returncode and "no crontab for" not in said and "no such file" not in said:
        raise StoreError(
            f"crontab -l: {done.stderr.strip() or 'failed'}; the crontab was left as it is"
        )
    return "" if done.returncode else done.stdout


def systemd_steps(job: Job, folder: Path, credentials: Path | None, *, remove: bool) -> list[Step]:
    """Return what puts the units into `folder`, and starts the timer."""
    timer = f"{job.key}.timer"
    texts = systemd.units(job, credentials)
    reload = Step(words=("systemctl", "--user", "daemon-reload"))
    if remove:
        there = [Step(path=folder / name) for name in texts if (folder / name).exists()]
        stop = Step(words=("systemctl", "--user", "disable", "--now", timer), must=False)
        return [stop, *there, reload] if there else []
    wrong = [step for step in _files(folder, texts) if not _is_there(step)]
    start = Step(words=("systemctl", "--user", "enable", "--now", timer))
    return [*wrong, reload, start]


def launchd_steps(job: Job, folder: Path, *, remove: bool) -> list[Step]:
    """Return what puts the agent into `folder`, and loads it."""
    path = folder / f"{launchd.label(job)}.plist"
    domain = f"gui/{os.getuid()}"
    stop = Step(words=("launchctl", "bootout", f"{domain}/{launchd.label(job)}"), must=False)
    if remove:
        return [stop, Step(path=path)] if path.exists() else []
    written = Step(path=path, text=launchd.agent(job))
    start = Step(words=("launchctl", "bootstrap", domain, str(path)))
    return [*([] if _is_there(written) else [written]), stop, start]


def actions_steps(job: Job, *, remove: bool) -> list[Step]:
    """Return what writes the workflow into the git repository that the newsletter is in.

    Raises StoreError for a workflow that somebody has changed: it stays.
    """
    repository = repository_of(job.folder)
    step = Step(path=repository / actions.FILE, text=actions.workflow(job, repository))
    assert step.path is not None  # noqa: S101  it is named one line above
    if not step.path.exists():
        return [] if remove else [step]
    if not _is_there(step):
        raise StoreError(
            f"{step.path}: is not what this command would write now, and stays as it is; delete it "
            "to have it written anew"
        )
    return [Step(path=step.path)] if remove else []


def repository_of(folder: Path) -> Path:
    """Return the git repository that a folder is in, or the folder itself."""
    return next((some for some in (folder, *folder.parents) if (some / ".git").exists()), folder)


def perform(steps: Iterable[Step], tell: Callable[[str], None]) -> None:
    """Do the steps, and tell of each; raises StoreError for the first that fails."""
    for step in steps:
        if step.words:
            _start(step)
        elif step.path is not None and step.text is not None:
            with clear_errors(step.path):
                step.path.parent.mkdir(parents=True, exist_ok=True)
                step.path.write_text(step.text, "utf-8")
                step.path.chmod(0o644)  # launchd refuses an agent that others may write
        elif step.path is not None:
            with clear_errors(step.path):
                step.path.unlink(missing_ok=True)
        tell(told(step))


def told(step: Step) -> str:
    """Return a step in words, as an order."""
    if step.words:
        return f"run {' '.join(step.words)}"
    return f"{'delete' if step.text is None else 'write'} {step.path}"


def _start(step: Step) -> None:
    if shutil.which(step.words[0]) is None:
        raise StoreError(f"there is no program `{step.words[0]}` here: use another timer")
    done = _run(step.words, step.text)
    if done.returncode and step.must:
        said = " ".join((done.stderr or done.stdout).split()) or f"status {done.returncode}"
        raise StoreError(f"{' '.join(step.words)}: {said}")


def _run(words: tuple[str, ...], text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program; what it is told and says keeps every byte, whatever its encoding."""
    try:
        done = subprocess.run(  # noqa: S603  the words are ours, and no shell reads them
            words,
            input=os.fsencode(text or ""),
            capture_output=True,
            check=False,
            timeout=SECONDS,
            env={**os.environ, "LC_ALL": "C"},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StoreError(f"{' '.join(words)}: {error}") from None
    out, said = os.fsdecode(done.stdout), os.fsdecode(done.stderr)
    return subprocess.CompletedProcess(words, done.returncode, out, said)


def _files(folder: Path, texts: dict[str, str]) -> list[Step]:
    return [Step(path=folder / name, text=text) for name, text in texts.items()]


def _is_there(step: Step) -> bool:
    try:
        return step.path is not None and step.path.read_text("utf-8") == step.text
    except (OSError, UnicodeDecodeError):
        return False
