"""An agent of launchd, which starts programs on macOS."""

from __future__ import annotations

import plistlib

from newsletter.world.timers.jobs import LOG, Job


def label(job: Job) -> str:
    """Return the agent's name among all agents of the user."""
    return f"local.{job.key}"


def agent(job: Job) -> str:
    """Return the property list of the agent that starts the run each hour.

    A run that the machine slept through is made up for when it wakes (launchd.plist(5)).
    """
    log = str(job.folder / LOG)
    found = {
        "Label": label(job),
        "ProgramArguments": [*job.words],
        "WorkingDirectory": str(job.folder),
        "StartCalendarInterval": {"Minute": job.minute},
        "RunAtLoad": True,
        "ProcessType": "Background",
        "StandardOutPath": log,
        "StandardErrorPath": log,
        "Umask": 0o077,
    }
    return plistlib.dumps(found, sort_keys=False).decode()
