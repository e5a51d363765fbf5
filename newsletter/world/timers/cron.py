"""A crontab's line for a newsletter, and a crontab with or without it."""

from __future__ import annotations

import shlex

from newsletter.errors import ConfigError
from newsletter.world.timers.jobs import LOG, Job

LONGEST = 900
"""Most characters of a line: the cron of Debian drops what is longer than 1,000 in silence."""


def line(job: Job) -> str:
    """Return the line that starts the run each hour.

    Cron knows neither the virtual environment nor the folder, so both paths are absolute. It mails
    what a command prints (MAILTO), if the machine can send mail: that is one line when a run goes
    wrong, and nothing when some mail only waits (status 3).
    """
    folder = str(job.folder)
    where = shlex.quote(f"newsletter: the run went wrong; see {folder}/{LOG}")
    command = (
        f"{shlex.join(['cd', folder])} && {shlex.join(job.words)} 2>>{LOG} "
        f"|| [ $? -eq 3 ] || echo {where}"
    )
    # In a crontab an unescaped `%` ends the command.
    found = f"{job.minute} * * * * " + command.replace("%", r"\%")
    if len(found) > LONGEST:
        raise ConfigError(f"{folder}: too long a path for a line of cron: use another timer")
    return found


def block(job: Job) -> str:
    """Return the lines of a crontab that belong to a newsletter."""
    begin, end = _marks(job)
    due = f"{job.at:%H:%M} in {job.zone}"
    told = f"# Each hour: the issue is sent when it is due ({due}); another run does nothing."
    return f"{begin}\n{told}\n{line(job)}\n{end}\n"


def with_job(crontab: str, job: Job) -> str:
    """Return a crontab with the newsletter's block, in the place of an older one if there is one.

    Raises ConfigError when one of the marks around an older block was deleted.
    """
    before, after = _around(crontab, job)
    if before and not before.endswith("\n"):
        before += "\n"
    return before + block(job) + after


def without_job(crontab: str, job: Job) -> str:
    """Return a crontab without the newsletter's block; raises ConfigError as `with_job`."""
    return "".join(_around(crontab, job))


def others(crontab: str, job: Job) -> list[int]:
    """Return the numbers of lines outside the block that seem to run this newsletter, too."""
    mine = set(_lines(block(job)))
    return [
        number
        for number, text in enumerate(_lines(crontab), 1)
        if text not in mine and not text.lstrip().startswith("#")
        if str(job.folder).replace("%", r"\%") in text and " run" in text
    ]


def _marks(job: Job) -> tuple[str, str]:
    whose = f"newsletter in {job.folder}"
    if job.config != "config":
        whose += f", {job.config}"
    return f"# begin: {whose} (newsletter schedule cron --install)", f"# end: {whose}"


def _lines(crontab: str) -> list[str]:
    """Return lines as cron parts them; a folder's name may have other separators in it."""
    return crontab.split("\n")


def _around(crontab: str, job: Job) -> tuple[str, str]:
    """Return what is before and after the block; all of it is before if there is none."""
    begin, end = _marks(job)
    bare = _lines(crontab)
    lines = [f"{text}\n" for text in bare[:-1]] + bare[-1:]
    if begin not in bare and end not in bare:
        return crontab, ""
    if (bare.count(begin), bare.count(end)) != (1, 1) or bare.index(begin) > bare.index(end):
        raise ConfigError(
            f"the crontab has not one `{begin}` before one `{end}`: delete both and what is "
            "between them (`crontab -e`), then run this again; nothing was changed"
        )
    return "".join(lines[: bare.index(begin)]), "".join(lines[bare.index(end) + 1 :])
