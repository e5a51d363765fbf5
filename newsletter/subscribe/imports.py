"""Lists of other programs → people who come, and addresses that must not be mailed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import IO, Final, TypeVar, cast

from newsletter.config.values import read_address, read_line, read_zone
from newsletter.errors import ImportListError
from newsletter.model import ANY_HOUR, Cadence, Length, SignUp, Wishes
from newsletter.model.gate import MAX_NAME, cut, line
from newsletter.store import Suppression
from newsletter.store.suppressions import IMPORTED
from newsletter.subscribe.cells import (
    attributes_in,
    cadence_in,
    hour_in,
    is_date,
    language_in,
    length_in,
    mailbox_in,
    moment_in,
)
from newsletter.subscribe.programs import (
    ACTIVE,
    COLUMNS,
    FALSE,
    NEVER,
    PAUSED,
    PROGRAMS,
    SILENT,
    STATES,
    TRUE,
    Program,
    address_column,
    is_known,
    recognise,
    states_of,
)
from newsletter.subscribe.tables import Refused, Table, open_table, rows_of
from newsletter.subscribe.tagging import Tagging

EVIDENCE: Final = 300
"""Most characters that are kept of why somebody must not be mailed, or how they agreed."""
MOST_COLUMNS: Final = 30
"""Columns that were not read, of which the names are told."""
LONGEST_CHOICE: Final = 100
"""Characters of a cell that holds a choice, such as a time zone."""
Kind = TypeVar("Kind")
Places = dict[str, dict[str, int]]
"""Names of files → addresses, and whether they came or went → lines."""
Row = Mapping[str, str]
"""The cells of a row, by what they mean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bringing:
    """What an import is given, and whom it tells."""

    topics: Mapping[str, str]
    """Names of topics → their titles."""
    consent: str
    """How people asked for it, where the list does not say; empty: the program it comes from."""
    now: dt.datetime
    wanted: str = ""
    """The program of PROGRAMS that the lists come from; empty: it is recognised."""
    on_refused: Callable[[Refused], None] = field(repr=False)
    on_note: Callable[[str], None] = field(default=lambda _note: None, repr=False)
    """Is told the same words for each row that they are about."""
    on_file: Callable[[str, str], None] = field(default=lambda _file, _note: None, repr=False)
    """Is told (file, words) of a whole file; the words may be the same for several."""


def read_people(
    file: IO[bytes], name: str, bringing: Bringing, seen: Places, *, among: int = 1
) -> Generator[SignUp | Suppression, None, bool]:
    """Yield the people of a list and the addresses that it says must not be mailed, each once.

    `file` is seekable and called `name`; `seen` holds the addresses of lists before it, and is
    added to. Return whether the list was read. Of several (`among`), as in a ZIP, only those that
    some program is known to write count: others have addresses of people who opened mail. A row
    that cannot be used is told of. Raises ImportListError when it is no list.
    """
    try:
        table = open_table(file, name, is_known)
        kind = recognise(table.columns, bool(table.headings), bringing.wanted)
        if among > 1 and kind == "csv" and not bringing.wanted:
            bringing.on_file(name, "no list of a known program, not read")
            return False
        list_ = _List(table, kind, bringing)
    except ImportListError as error:
        raise ImportListError(f"{name}: {error}") from None
    for at, cells in rows_of(table, bringing.on_refused):
        row = list_.meant(cells)
        email, shown_name = mailbox_in(row.get("email", ""))
        try:
            found = list_.read({"name": shown_name, **row} | {"email": email}, cells)
        except ValueError as error:
            bringing.on_refused(Refused(file=name, line=at, why=str(error), email=email[:200]))
            continue
        if first := _first(found, name, at, seen):
            why = "stands there already"
            bringing.on_refused(
                Refused(file=name, line=at, why=why, email=email[:200], first=first)
            )
            continue
        yield found
    list_.tell_unread(name)
    return True


def _first(found: SignUp | Suppression, name: str, at: int, seen: Places) -> str:
    """Return where an address stands already in the same way; if nowhere, note it and return ''.

    Who has come by one row and gone by another has gone: the store knows both.
    """
    way = "came" if isinstance(found, SignUp) else "gone"
    noted = f"{way} {found.email.lower()}"
    for file, lines in seen.items():
        if noted in lines:
            return f"{file}:{lines[noted]}"
    seen.setdefault(name, {})[noted] = at
    return ""


class _List:
    """A list of a known program."""

    def __init__(self, table: Table, kind: str, bringing: Bringing) -> None:
        self.program: Program = PROGRAMS[kind]
        self.given = bringing
        self.tagging = Tagging(bringing.topics, bringing.on_note)
        self.everybody = states_of(table.name) if kind == "mailchimp" else ""
        here = frozenset(table.columns)
        self.places = {
            meaning: tuple(column for column in names if column in here)
            for meaning, names in COLUMNS.items()
        }
        self.places["email"] = self.places["email"] or address_column(table.columns)
        if not self.places["email"]:
            raise ImportListError(
                "line 1: no column is called `email`; the first line names the columns, with "
                "commas, semicolons or tabs between them"
            )
        self.own = tuple(
            column for column in dict.fromkeys(table.columns) if column and not is_known(column)
        )
        """Columns of the list's own: merge fields of Mailchimp, and what people have added."""
        self.headings = dict(zip(table.columns, table.headings, strict=False))
        self.used: set[str] = set()
        """Those of its own columns that name topics."""
        self.tell(table, kind)

    def tell(self, table: Table, kind: str) -> None:
        """Say what the list was taken for, unless it is CSV in UTF-8."""
        told = [] if kind == "csv" else [f"read as {self.program.title}"]
        if table.encoding == "cp1252":
            told.append("no UTF-8, so read as Windows-1252: are the names right?")
        if told:
            self.given.on_file(table.name, ", ".join(told))

    def tell_unread(self, name: str) -> None:
        """Say which columns were not read, once all rows were."""
        silent = (column for column in self.headings if column in SILENT)
        unread = [column for column in (*self.own, *silent) if column not in self.used]
        told = ", ".join(self.headings[column].strip() for column in unread[:MOST_COLUMNS])
        more = f" and {len(unread) - MOST_COLUMNS:,} more" if len(unread) > MOST_COLUMNS else ""
        if told:
            self.given.on_file(name, f"columns that are not read: {told}{more}")

    def meant(self, cells: Mapping[str, str]) -> dict[str, str]:
        """Return cells by what they mean; of several columns, the first that is not empty."""
        return {
            meaning: value
            for meaning, columns in self.places.items()
            if (value := next(filter(None, (cells.get(column, "") for column in columns)), ""))
        }

    def read(self, row: Row, cells: Mapping[str, str]) -> SignUp | Suppression:
        """Return who a row is about; raises ValueError with what is wrong, without the address."""
        if not row.get("email"):
            raise ValueError("no address")
        address = read_address(row["email"])
        if address.rpartition("@")[2] in self.program.nobody:
            raise ValueError(f"stands for somebody who had {self.program.title} delete them")
        state = self.state(row, cells)
        if state == NEVER:
            raise ValueError("never confirmed that they want it, so they are left out")
        if state not in (ACTIVE, PAUSED):
            return self.barred(address, state, row)
        return self.person(address, row, cells, is_paused=state == PAUSED)

    def state(self, row: Row, cells: Mapping[str, str]) -> str:
        """Return where somebody stands: the worst that any column, or the file's name, says."""
        words = [self.everybody, *(cells.get(name, "") for name in self.program.state)]
        found = {self._meaning(word) for word in words if word}
        for column, (bars, verdict) in self.program.flags.items():
            said = cells.get(column, "")
            # A date says since when. What is neither yes nor no bars: nobody is mailed by mistake.
            is_since = not bars and is_date(said, self.given.now)
            if said and said.lower() not in (FALSE if bars else TRUE) and not is_since:
                found.add(verdict)
        # Mailchimp says when they went; a subscribed member's list has no such columns.
        if row.get("gone_at") and not self.everybody:
            found.add(STATES["cleaned" if cells.get("clean_time") else "unsubscribed"])
        found.discard(ACTIVE)
        ranked = [*sorted(found - {PAUSED, NEVER}), *sorted(found & {NEVER}), *(found & {PAUSED})]
        return next(iter(ranked), ACTIVE)

    def _meaning(self, word: str) -> str:
        text = word.lower().replace("_", " ").strip()
        meant = self.program.states.get(word.lower().strip()) or STATES.get(text)
        if meant is None:
            raise ValueError(
                f"`{word[:40]}` says nothing known of whether they want it; use `active`, "
                "`paused` or `unsubscribed`"
            )
        return meant

    def barred(self, address: str, verdict: str, row: Row) -> Suppression:
        """Return an address that must not be mailed, since when, and why."""
        since = None
        for name in ("gone_at", "changed_at"):
            try:
                since = since or moment_in(row.get(name, ""), self.given.now)
            except ValueError:
                self.given.on_note(f"`{name}` that is no date: today's is kept")
        why = ": ".join(filter(None, (verdict, row.get("reason", ""))))
        return Suppression(
            email=address.lower(),
            verdict=verdict,
            source=IMPORTED,
            evidence=line(f"{self.program.title}: {why}", EVIDENCE),
            since=since or self.given.now,
        )

    def person(
        self, address: str, row: Row, cells: Mapping[str, str], *, is_paused: bool
    ) -> SignUp:
        """Return somebody who comes."""
        more = attributes_in(row.get("attributes", ""), self.given.on_note)
        both = " ".join(filter(None, (row.get("first", ""), row.get("last", ""))))
        since = moment_in(row.get("consent_at", ""), self.given.now)
        if since is None and not self.program.is_ours:
            self.given.on_note("no date of consent: today's is kept")
        return SignUp(
            email=address,
            name=_name(row.get("name", "") or both),
            is_paused=is_paused,
            wishes=Wishes(
                topics=self.topics(row, cells, more),
                timezone=self.choice("time zone", row.get("timezone", ""), read_zone, ""),
                language=self.choice("language", row.get("language", ""), language_in, ""),
                hour=self.choice("hour", row.get("hour", ""), hour_in, ANY_HOUR),
                cadence=self.choice("cadence", row.get("cadence", ""), cadence_in, Cadence.DAILY),
                length=self.choice("length", row.get("length", ""), length_in, Length.FULL),
            ),
            consent_at=since,
            consent=self.consent(row),
        )

    def topics(
        self, row: Row, cells: Mapping[str, str], more: Mapping[str, str]
    ) -> tuple[str, ...]:
        """Return the topics that a row names, in its order; tags that are no topic are told of."""
        read = self.tagging.required if self.program.is_ours else self.tagging.among
        named = read(row.get("topics", "")) + self.tagging.among(row.get("tags", ""))
        for column in self.own:
            if found := self.tagging.in_column(column, cells.get(column, "")):
                self.used.add(column)
                named += found
        for key, value in more.items():
            named += self.tagging.in_column(key, value)
        return tuple(dict.fromkeys(named))

    def choice(self, what: str, text: str, read: Callable[[str], Kind], usual: Kind) -> Kind:
        """Return what a cell chooses; what another program has, and is not known here, is usual."""
        if not text:
            return usual
        tried = _tried(read, text[:LONGEST_CHOICE])
        found, wrong = cast("tuple[Kind | None, str]", tried)
        if found is None and self.program.is_ours:
            raise ValueError(f"{what} `{text[:40]}`: {wrong}")
        if found is None:
            self.given.on_note(f"{what} `{text[:40]}` is not known here: left out")
            return usual
        return found

    def consent(self, row: Row) -> str:
        """Return how somebody has agreed, in a few words."""
        usual = "imported" if self.program.is_ours else f"imported from {self.program.title}"
        own = line(row.get("consent", ""), EVIDENCE) or self.given.consent or usual
        source = f"; from {row['source']}" if row.get("source") else ""
        return line(f"{own}{source}", EVIDENCE)


@lru_cache(maxsize=1_000)
def _tried(read: Callable[[str], Kind], text: str) -> tuple[Kind | None, str]:
    """Return what a cell means, or what is wrong: to look for what was meant is slow."""
    try:
        return read(text), ""
    except ValueError as error:
        return None, str(error)


def _name(text: str) -> str:
    """Return a name; line breaks within a cell are spaces."""
    return cut(read_line(" ".join(text.split())), MAX_NAME)
