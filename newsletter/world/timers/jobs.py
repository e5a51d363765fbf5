"""What is to be started each morning: the program, the folder, the minute.

Every timer but that of GitHub Actions starts a run each hour. A run that finds everything sent does
nothing, and so one line does three things: the issue leaves when it is due in the newsletter's own
time zone, whatever the zone of the machine and whatever the clocks do in spring and autumn; what a
server that was down left over leaves an hour later; and readers who chose an hour of their own get
theirs.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from newsletter.config.settings import Config
from newsletter.config.variables import named_variables
from newsletter.errors import ConfigError

AFTER = 5
"""Minutes between the hour of the issue and the run: on the hour, everybody asks arXiv."""
LOG = "outbox/run.log"
"""Where cron and launchd put what a run says; systemd has a journal."""
RUN = ("run", "--log", "json")
"""What is started: its log has the time of each line, and no addresses."""
_NEVER = re.compile(r"[\x00-\x1f\x7f\\\ud800-\udfff]|\s$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A run that something else starts."""

    program: str
    """Absolute path of the newsletter command."""
    folder: Path
    """The newsletter's folder; absolute."""
    config: str
    """Name of the folder in it with the YAML files."""
    letter: str
    """The newsletter's name."""
    key: str
    """The name of this job among all jobs of the machine."""
    minute: int
    """Minute of each hour at which it starts, by the clock of the machine."""
    at: dt.time
    """When the issue is due, in `zone`."""
    zone: str
    variables: tuple[str, ...]
    """Names of the variables that the configuration asks for."""

    @property
    def words(self) -> tuple[str, ...]:
        """The program and its arguments; it is started in `folder`."""
        chosen = () if self.config == "config" else ("--config", self.config)
        return (self.program, *RUN, *chosen)


def job_of(config: Config, program: str, now: dt.datetime) -> Job:
    """Return the run of a newsletter, as something else would start it.

    Raises ConfigError for a path that not all of cron, systemd and launchd can be told.
    """
    folder = config.folder.resolve()
    for path in (program, str(folder), str(folder.parent)):
        if _NEVER.search(path):
            raise ConfigError(
                f"{path!r}: a timer cannot be given a path with a backslash, a line break, bytes "
                "that are no UTF-8 or a space at its end: rename the folder"
            )
    due = dt.datetime.combine(now, config.schedule.at, config.zone)
    return Job(
        program=program,
        folder=folder.parent,
        config=folder.name,
        letter=config.letter.name,
        key=_key(folder),
        # Some zones are half an hour off the others.
        minute=(due.astimezone().minute + AFTER) % 60,
        at=config.schedule.at,
        zone=str(config.zone),
        variables=named_variables(folder),
    )


def _key(folder: Path) -> str:
    """Return a name that no other newsletter's folder has, and that people recognise."""
    plain = re.sub(r"[^a-z0-9]+", "-", folder.parent.name.lower()).strip("-")[:40]
    digest = hashlib.sha256(str(folder).encode("utf-8", "surrogateescape")).hexdigest()[:6]
    return "-".join(filter(None, ("newsletter", plain, digest)))
