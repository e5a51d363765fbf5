"""The machine that writes sentences: is it there, does it know its model, may it be asked."""

from __future__ import annotations

import difflib
import re
from collections.abc import AsyncIterator, Iterator
from typing import Final

from newsletter import __version__
from newsletter.collect.http.fetcher import MissingError
from newsletter.config.settings import Config, Summaries
from newsletter.doctor.diagnoses import Diagnosis, Group, excerpt
from newsletter.doctor.examinee import Examinee, Remembered
from newsletter.errors import SourceError
from newsletter.model import Spending
from newsletter.world.days import open_writer

SUMMARIES: Final = Group("summaries")
LATEST: Final = ":latest"
"""What Ollama adds to a name without a tag."""


_SHOWN = re.compile(r"\w\.tldr\b")
"""A paper's sentence in a template; `.tldr` alone is a class in a style sheet."""


def unmarked_notes(config: Config) -> Iterator[str]:
    """Yield a line for each template of the user that does not say who wrote a sentence.

    Copies of older versions are such templates: a machine's sentence would stand there unmarked.
    """
    if config.summaries is None:
        return
    for folder in config.letter.theme.folders[:-1]:  # the last has the packaged ones
        for path in sorted(folder.rglob("*")):
            if path.suffix not in (".mjml", ".txt") or not path.is_file():
                continue
            text = path.read_text("utf-8", "replace")
            if _SHOWN.search(text) and ".tldr_by" not in text:
                yield (
                    f"{path}: shows `paper.tldr` without `paper.tldr_by`: that a machine wrote a "
                    "sentence would not be said there"
                )


async def ask_machine(examinee: Examinee, memory: Remembered | None) -> AsyncIterator[Diagnosis]:
    """Yield one diagnosis, if the settings name a machine; nothing is written, or paid for."""
    machine = examinee.config.summaries
    if machine is None:
        return
    where = examinee.where("summaries.endpoint")
    writer = open_writer(examinee.config, __version__)
    if writer is None:
        told = machine.missing.partition(": ")[2]
        mend = "until then sentences of abstracts are shown"
        yield SUMMARIES.warning("key", told, mend, where=examinee.where("summaries.key"))
        return
    try:
        async with writer:
            known = await writer.models()
    except MissingError:
        told = f"{machine.endpoint} is there and does not list its models"
        yield SUMMARIES.notice("endpoint", told, "`newsletter run` says whether it answers")
        return
    except SourceError as error:
        yield SUMMARIES.warning("endpoint", excerpt(str(error)), _mend(str(error)), where=where)
        return
    spent = memory.spent if memory else Spending()
    yield _judged(machine, known, spent, examinee.where("summaries.model"))


def _mend(told: str) -> str:
    """Return what to do about an endpoint that does not answer; until then nothing is lost."""
    if "HTTP 401" in told or "HTTP 403" in told:
        return (
            "does `key` hold the key of this endpoint? Sentences of abstracts are shown until then"
        )
    return "is it running, and its address right? Sentences of abstracts are shown until then"


def _judged(machine: Summaries, known: tuple[str, ...], spent: Spending, where: str) -> Diagnosis:
    names = {name.removesuffix(LATEST) for name in known}
    if machine.model.removesuffix(LATEST) not in names:
        close = difflib.get_close_matches(machine.model, known, n=1)
        hint = f"did you mean `{excerpt(close[0])}`?" if close else "write one that it has"
        few = ", ".join(excerpt(name) for name in known[:3])
        told = f"{machine.endpoint} does not have the model {machine.model}; it has {few}"
        return SUMMARIES.warning("model", told, hint, where=where)
    most = machine.allowance
    told = (
        f"{machine.endpoint} has {machine.model}; used today: {spent.requests:,} of "
        f"{most.requests:,} requests, {spent.tokens:,} of {most.tokens:,} tokens"
    )
    if spent.requests >= most.requests or spent.tokens >= most.tokens:
        mend = "tomorrow (UTC) it goes on; `per_day` and `tokens_per_day` say how far"
        return SUMMARIES.notice("budget", told, mend)
    return SUMMARIES.good("endpoint", told)
