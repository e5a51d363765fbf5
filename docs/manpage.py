"""Write newsletter(1), the page of the manual, from the commands: `make docs` calls it.

The language is that of man(7): a line that begins with a dot is an order, and a backslash escapes.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from typing import Any

_CODE = re.compile(r"`([^`]*)`")
FILES = (
    ("config/newsletter.yaml", "who writes, when, and how the mail leaves"),
    ("config/sources.yaml", "where papers come from"),
    ("config/topics.yaml", "what is picked"),
    ("config/subscribers.yaml", "who gets it"),
    (".env", "secrets, NAME=value by line; nobody but the owner may read it"),
    ("outbox/", "the database, and the mails of each issue"),
)
VARIABLES = (
    ("NAME, NAME_FILE", "a value that the configuration names as ${NAME}, or a file that holds it"),
    ("CREDENTIALS_DIRECTORY", "where systemd puts such files (LoadCredential=)"),
    ("NEWSLETTER_IMAP_PASSWORD", "the password of the mailbox that bounces reads"),
    ("NEWSLETTER_TRACEBACK", "when set, a fault of the program shows its traceback"),
)


def manual(commands: Iterable[tuple[str, Any]], about: str, statuses: str, version: str) -> str:
    """Return the page: each command with its options, files, variables and exit statuses."""
    lines = [
        f'.TH NEWSLETTER 1 "" "newsletter {version}" "User Commands"',
        ".SH NAME",
        "newsletter \\- a daily-papers newsletter by mail",
        ".SH SYNOPSIS",
        ".B newsletter",
        "\\fICOMMAND\\fR [\\fIOPTIONS\\fR]",
        ".SH DESCRIPTION",
        *_text(about),
        ".SH COMMANDS",
        *(line for name, command in commands for line in _command(name, command)),
        ".SH EXIT STATUS",
        *_statuses(statuses),
        ".SH FILES",
        *(line for name, what in FILES for line in _tagged(name, what)),
        ".SH ENVIRONMENT",
        *(line for name, what in VARIABLES for line in _tagged(name, what)),
        ".SH SEE ALSO",
        *_text("newsletter COMMAND --help, crontab(5), systemd.timer(5)"),
    ]
    return "\n".join(lines) + "\n"


def _command(name: str, command: Any) -> Iterator[str]:
    given = [one for one in command.params if not one.opts[0].startswith("-")]
    names = [one.metavar or str(one.name).upper() for one in given]
    usage = " ".join(
        text if one.required else f"[{text}]" for one, text in zip(given, names, strict=True)
    )
    yield f'.SS "{_roff(f"newsletter {name} {usage}".strip())}"'
    yield from _text(inspect.cleandoc(command.help or ""))
    for one in command.params:
        if one.opts[0].startswith("-"):
            value = f" {one.metavar}" if one.metavar else ""
            yield from _tagged(", ".join(one.opts) + value, one.help or "")


def _tagged(name: str, what: str) -> Iterator[str]:
    """Yield a term in bold and, indented below it, what it is."""
    yield ".TP"
    yield f".B {_roff(name)}"
    yield from _text(what)


def _statuses(text: str) -> Iterator[str]:
    for part in text.removeprefix("Exit status: ").rstrip(".").split(" · "):
        number, _, what = part.partition(" ")
        yield from _tagged(number, what)


def _text(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(text.replace("\f", "").split("\n\n")):
        if number:
            yield ".PP"
        yield _roff(" ".join(paragraph.split()))


def _roff(text: str) -> str:
    """Return a line of text: code in bold, and nothing that is an order."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq")
    escaped = _CODE.sub("\\\\fB\\1\\\\fR", escaped).replace("…", "...").replace("·", "\\(bu")
    return f"\\&{escaped}" if escaped[:1] in (".", "'") else escaped
