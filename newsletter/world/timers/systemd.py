"""A service and a timer of the user's systemd; deploy/systemd/ has those of a whole machine."""

from __future__ import annotations

import re
from pathlib import Path

from newsletter.world.timers.jobs import Job

_BARE = re.compile(r"[\w@%+=:,./-]+", re.ASCII)
_QUOTES = re.compile("[\"']")


def units(job: Job, credentials: Path | None = None) -> dict[str, str]:
    """Return the text of each unit by its name.

    With `credentials`, a folder with a file for each variable of the configuration, systemd hands
    these files to the run (`LoadCredential=`), and to no other program.
    """
    return {f"{job.key}.service": _service(job, credentials), f"{job.key}.timer": _timer(job)}


def _service(job: Job, credentials: Path | None) -> str:
    passed = [
        f"LoadCredential={name}:{_specified(str(credentials.absolute() / name))}"
        for name in (job.variables if credentials else ())
        if credentials
    ]
    return "\n".join(
        (
            "# Written by `newsletter schedule systemd`.",
            "[Unit]",
            f"Description={_specified(job.letter)}: the issue of the day",
            "",
            "[Service]",
            "Type=oneshot",
            f"WorkingDirectory={_specified(str(job.folder))}",
            f"ExecStart={_command(job)}",
            *passed,
            "# 3: some deliveries wait; the next run goes on.",
            "SuccessExitStatus=3",
            "TimeoutStopSec=2min",
            "NoNewPrivileges=yes",
            "UMask=0077",
            "",
        )
    )


def _timer(job: Job) -> str:
    return "\n".join(
        (
            "# Each hour, though there is one issue a day: a run that finds everything sent does",
            f"# nothing. The issue is due at {job.at:%H:%M} in {job.zone}.",
            "[Unit]",
            f"Description={_specified(job.letter)}: the issue of the day, when it is due",
            "",
            "[Timer]",
            f"OnCalendar=*-*-* *:{job.minute:02}:00",
            "RandomizedDelaySec=30",
            "Persistent=true",
            "",
            "[Install]",
            "WantedBy=timers.target",
            "",
        )
    )


def _specified(text: str) -> str:
    """Return a text as a setting has it whose value goes to the end of its line."""
    return text.replace("%", "%%")


def _command(job: Job) -> str:
    """Return the command line: the program by its path, or by a shell if systemd refuses the path.

    Variables are not replaced in the path (systemd.service(5)), so `$` stays as it is there; a path
    with quotes in it is refused ("contains special characters").
    """
    if not _QUOTES.search(job.program):
        return " ".join((_quoted(_specified(job.program)), *map(_word, job.words[1:])))
    return " ".join(map(_word, ("/bin/sh", "-c", 'exec "$0" "$@"', *job.words)))


def _word(text: str) -> str:
    """Return an argument: neither a specifier (`%`) nor a variable (`$`) is replaced in it."""
    return _quoted(_specified(text).replace("$", "$$"))


def _quoted(text: str) -> str:
    if _BARE.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
