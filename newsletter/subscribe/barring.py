"""Lists of addresses that must not be mailed, as mail services and this program export them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import IO, Final

from newsletter.config.values import read_address
from newsletter.errors import ImportListError
from newsletter.model.gate import line
from newsletter.store import Suppression
from newsletter.store.suppressions import BLOCKED, BOUNCED, COMPLAINT, IMPORTED, UNSUBSCRIBED
from newsletter.subscribe.cells import mailbox_in, moment_in
from newsletter.subscribe.imports import EVIDENCE, Bringing
from newsletter.subscribe.tables import Refused, Table, open_table, rows_of

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "email": ("email", "e-mail", "email address", "email_address", "emailaddress", "address",
              "recipient", "destination"),
    "verdict": ("verdict",),
    "source": ("source",),
    "reason": ("suppressionreason", "suppression reason", "suppression_reason", "reason", "error",
               "evidence", "description", "comments"),
    "code": ("code", "status", "type", "bounce type", "attributes"),
    "since": ("since", "created", "created_at", "createdat", "created at", "date", "timestamp",
              "last update time", "lastupdatetime", "last updated time"),
}  # fmt: skip
"""What is read of a row, by the names that columns have for it, in lower case: those of Amazon SES,
SendGrid, Mailgun and Postmark, and of `newsletter suppressions export`."""
HEADLESS: Final = ("email", "reason")
"""The cells of lists without names of columns, as Amazon SES takes them: `ada@x.example,BOUNCE`."""
_KNOWN = frozenset(name for names in COLUMNS.values() for name in names) | {"tags", "count"}
_VERDICTS = (
    (re.compile(r"complain|spam ?(?:report|complaint)|abuse", re.IGNORECASE), COMPLAINT),
    (re.compile(r"unsub|opt(?:ed)?.?out", re.IGNORECASE), UNSUBSCRIBED),
    (re.compile(r"bounce|\b5\d\d\b|\b5\.\d|invalid|no such|unknown", re.IGNORECASE), BOUNCED),
)
_WORD = re.compile(r"[a-z-]{1,30}")


def read_suppressions(
    file: IO[bytes], name: str, bringing: Bringing, seen: set[str]
) -> Iterator[Suppression]:
    """Yield the addresses of a list that must not be mailed, each once, with why and since when.

    `file` is seekable and called `name`; `seen` holds the addresses of lists before it, and is
    added to. A list has one address a line, or columns. A row that cannot be used is told of.
    Raises ImportListError when it is no such list.
    """
    try:
        table = open_table(file, name, _KNOWN.__contains__, HEADLESS)
    except ImportListError as error:
        raise ImportListError(f"{name}: {error}") from None
    places = {
        meaning: tuple(column for column in names if column in table.columns)
        for meaning, names in COLUMNS.items()
    }
    if not places["email"]:
        raise ImportListError(
            f"{name}: line 1: no column has addresses (`email`, `address` or `recipient`)"
        )
    usual = _usual(table)
    for at, cells in rows_of(table, bringing.on_refused):
        row = {
            meaning: next(filter(None, (cells.get(column, "") for column in columns)), "")
            for meaning, columns in places.items()
        }
        try:
            found = _suppression(row, usual, bringing)
        except ValueError as error:
            refused = Refused(file=name, line=at, why=str(error), email=row["email"][:200])
            bringing.on_refused(refused)
            continue
        if found.email not in seen:
            seen.add(found.email)
            yield found


def _usual(table: Table) -> str:
    """Return what a list is about, if its rows do not say: Mailgun has a list of each kind."""
    if "count" in table.columns:
        return COMPLAINT
    if "tags" in table.columns:
        return UNSUBSCRIBED
    return next((verdict for words, verdict in _VERDICTS if words.search(table.name)), BLOCKED)


def _suppression(row: Mapping[str, str], usual: str, bringing: Bringing) -> Suppression:
    """Return the suppression of one row; raises ValueError with what is wrong."""
    email, _ = mailbox_in(row["email"])
    if not email:
        raise ValueError("no address")
    address = read_address(email)
    told = " ".join(filter(None, (row["code"], row["reason"])))
    verdict = row["verdict"] if _WORD.fullmatch(row["verdict"]) else ""
    try:
        since = moment_in(row["since"], bringing.now)
    except ValueError:
        bringing.on_note("a date that cannot be read: today's is kept")
        since = None
    return Suppression(
        email=address.lower(),
        verdict=verdict or next((name for words, name in _VERDICTS if words.search(told)), usual),
        source=row["source"] if verdict and _WORD.fullmatch(row["source"]) else IMPORTED,
        evidence=line(told or bringing.consent, EVIDENCE),
        since=since or bringing.now,
    )
