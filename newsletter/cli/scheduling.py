"""The schedule command: what starts a run each morning, printed or put in place."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from newsletter.cli.given import load
from newsletter.cli.program import ConfigDir, app
from newsletter.cli.terminal import console, errors
from newsletter.files.writing import make_folder
from newsletter.world import machine
from newsletter.world.timers import actions, cron, installing, launchd, systemd
from newsletter.world.timers.jobs import Job, job_of


class Timer(StrEnum):
    """What starts the run."""

    CRON = "cron"
    SYSTEMD = "systemd"
    LAUNCHD = "launchd"
    ACTIONS = "actions"


_NEXT = {
    Timer.CRON: "this goes into your crontab (`crontab -e`)",
    Timer.SYSTEMD: "these go into ~/.config/systemd/user; then systemctl --user daemon-reload, and "
    "systemctl --user enable --now {key}.timer",
    Timer.LAUNCHD: "this goes into ~/Library/LaunchAgents/{label}.plist; then launchctl bootstrap "
    "gui/$(id -u) and that path",
    Timer.ACTIONS: "this goes into .github/workflows/newsletter.yml",
}


@app.command()
def schedule(
    timer: Annotated[
        Timer,
        typer.Argument(
            metavar="TIMER", help="What starts the run: cron, systemd, launchd or actions."
        ),
    ],
    *,
    config: ConfigDir = Path("config"),
    install: Annotated[bool, typer.Option("--install", help="Put it in place.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take it out.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what --install or --remove would do.")
    ] = False,
    credentials: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="For systemd: a folder with a file for each secret, for LoadCredential.",
        ),
    ] = None,
) -> None:
    """Print what starts `newsletter run` each morning, with this machine's paths; or install it.

    It runs each hour, though there is one issue a day: a run that finds everything sent does
    nothing, and one that finds a server down leaves the rest to the next. So the issue leaves when
    it is due in the newsletter's time zone, whatever the zone of this machine. Secrets come from
    .env beside the configuration. `--install` twice changes nothing the second time.

    Examples: `newsletter schedule cron`, `newsletter schedule systemd --install`
    """
    if install and remove:
        raise typer.BadParameter("either --install or --remove")
    if credentials is not None and timer is not Timer.SYSTEMD:
        raise typer.BadParameter("is for systemd only", param_hint="--credentials")
    settings = load(config)
    job = job_of(settings, machine.program(), machine.utc_now())
    if credentials is not None:
        job = _with_credentials(job, credentials)
    make_folder(job.folder / "outbox")  # cron and launchd begin by opening the log in it
    if not (install or remove):
        typer.echo(_text(timer, job, credentials), nl=False)
        _advise(_NEXT[timer].format(key=job.key, label=launchd.label(job)))
        return
    steps = _steps(timer, job, credentials, remove=remove)
    if dry_run:
        _show(steps)
        return
    installing.perform(steps, lambda text: console().print(text, soft_wrap=True, markup=False))
    if not steps:
        console().print("it is not there" if remove else "it is there already")
    elif install:
        _remind(timer, job)


def _with_credentials(job: Job, folder: Path) -> Job:
    """Return the run with the variables that have a file: systemd starts nothing without one."""
    there = tuple(name for name in job.variables if (folder / name).is_file())
    for name in job.variables:
        if name not in there:
            _advise(f"{folder / name} is not there, so systemd does not hand over {name}")
    return replace(job, variables=there)


def _text(timer: Timer, job: Job, credentials: Path | None) -> str:
    """Return what the timer reads."""
    if timer is Timer.CRON:
        return cron.block(job)
    if timer is Timer.LAUNCHD:
        return launchd.agent(job)
    if timer is Timer.ACTIONS:
        return actions.workflow(job, installing.repository_of(job.folder))
    units = systemd.units(job, credentials)
    return "\n".join(f"# {name}\n{text}" for name, text in units.items())


def _steps(
    timer: Timer, job: Job, credentials: Path | None, *, remove: bool
) -> list[installing.Step]:
    if timer is Timer.CRON:
        return installing.cron_steps(job, remove=remove)
    if timer is Timer.LAUNCHD:
        return installing.launchd_steps(job, machine.agents(), remove=remove)
    if timer is Timer.ACTIONS:
        return installing.actions_steps(job, remove=remove)
    return installing.systemd_steps(job, machine.user_units(), credentials, remove=remove)


def _show(steps: list[installing.Step]) -> None:
    """Print what would be done."""
    if not steps:
        console().print("nothing to do")
    for step in steps:
        console().print(f"would {installing.told(step)}", soft_wrap=True, markup=False)
        if step.text is not None:
            typer.echo("".join(f"  {line}\n" for line in step.text.splitlines()), nl=False)


def _remind(timer: Timer, job: Job) -> None:
    """Say what a timer needs besides."""
    if timer is Timer.CRON:
        for number in cron.others(installing.crontab(), job):
            _advise(f"line {number} of your crontab seems to run this newsletter too: delete it")
    elif timer is Timer.SYSTEMD:
        _advise(
            "`loginctl enable-linger` lets it run while you are not logged in; its log: "
            f"journalctl --user -u {job.key}"
        )
    elif timer is Timer.ACTIONS:
        _advise("docs/how-to/every-morning.md says which secrets GitHub needs")


def _advise(text: str) -> None:
    errors().print(f"({text})", soft_wrap=True, markup=False)
