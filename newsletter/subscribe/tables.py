"""Files of other programs → rows: CSV in any usual encoding, or one address a line.

A file is read as a stream, so that a long list needs little memory.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Final

from newsletter.errors import ImportListError

SEPARATORS: Final = (",", ";", "\t", "|")
"""What stands between cells: spreadsheets of many countries write semicolons."""
LONGEST_LINE: Final = 1_000_000
"""Characters of a line: whatever is longer is no list."""
LONGEST_CELL: Final = 200_000
"""Characters of a cell. A quotation mark that is never closed makes a cell of all that follows."""
FORMULA: Final = ("=", "+", "-", "@")
"""How a cell begins that a spreadsheet takes for a formula."""
_CHUNK = 1_000_000
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_EXCEL = re.compile(r"\s*sep=(.)\s*", re.IGNORECASE)
_AS_TEXT = re.compile(r'="(.*)"', re.DOTALL)
# What is not seen at the ends of a cell, beside white space.
_UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\xad\u200e\u200f"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A row that cannot be used."""

    file: str = ""
    line: int
    """Of the file, from 1."""
    why: str
    """Without the address, so that equal mistakes are equal."""
    email: str = ""
    """What stands where the address should be; it may be anything."""
    first: str = ""
    """The place of the row that it repeats, if that is what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A file whose first line was read."""

    name: str
    columns: tuple[str, ...]
    """The names of its columns, in lower case; a list without such names has those it is given."""
    headings: tuple[str, ...]
    """The same as the file writes them; empty for a list without names of columns."""
    encoding: str
    file: IO[bytes] = field(repr=False)
    separator: str = ","
    skipped: int = 0
    """Lines above the first row."""


def open_table(
    file: IO[bytes], name: str, known: Callable[[str], bool], headless: Sequence[str] = ()
) -> Table:
    """Return a seekable `file` as a table, by its first line.

    `known` tells whether a column has a name that means something. A first line with an address in
    it names no columns: then each line is an address, as Mailman writes them, or with `headless`
    has cells that mean those columns. Raises ImportListError when it is no list.
    """
    encoding = _encoding(file)
    lines = _lines(file, encoding)
    first, skipped = "", 0
    for line in lines:
        first = line.strip(" \r\n" + _UNSEEN)
        if first and not first.startswith("#"):
            break
        skipped += 1
    lines.close()
    if not first:
        raise ImportListError("an empty file")
    told = _EXCEL.fullmatch(first)
    if told and told[1] in SEPARATORS:
        return _below(file, name, encoding, told[1], skipped + 1)
    separator = max(SEPARATORS, key=lambda mark: _worth(first, mark, known))
    headings = _cells_of(first, separator)
    if any("@" in heading for heading in headings) and not any(map(known, map(named, headings))):
        return _without_names(file, name, encoding, first, skipped, headless)
    return Table(
        name=name, columns=tuple(map(named, headings)), headings=headings, encoding=encoding,
        file=file, separator=separator, skipped=skipped + 1,
    )  # fmt: skip


def _below(file: IO[bytes], name: str, encoding: str, separator: str, skipped: int) -> Table:
    """Return a table whose first line says only what stands between cells, as Excel writes it."""
    lines = _lines(file, encoding)
    found = [line for line, _ in zip(lines, range(skipped + 1), strict=False)]
    lines.close()
    headings = _cells_of(found[skipped], separator) if len(found) > skipped else ()
    return Table(
        name=name, columns=tuple(map(named, headings)), headings=headings, encoding=encoding,
        file=file, separator=separator, skipped=skipped + 1,
    )  # fmt: skip


def _without_names(
    file: IO[bytes], name: str, encoding: str, first: str, skipped: int, headless: Sequence[str]
) -> Table:
    several = "<" not in first and any(mark in first for mark in SEPARATORS)
    if several and not headless:
        raise ImportListError(
            "line 1 has an address: where rows have several cells, the first line names the "
            "columns, such as `email,name`"
        )
    separator = next((mark for mark in SEPARATORS if several and mark in first), "")
    return Table(
        name=name, columns=tuple(headless) if several else ("email",), headings=(),
        encoding=encoding, file=file, separator=separator, skipped=skipped,
    )  # fmt: skip


def rows_of(
    table: Table, on_refused: Callable[[Refused], None]
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each row that has something in it: its line, and its cells by the names of columns.

    Of two columns with one name, the first that is not empty counts. A row that is no CSV, or has
    more cells than there are columns, is told of.
    """
    lines = _lines(table.file, table.encoding)
    for _ in range(table.skipped):
        next(lines, "")
    try:
        yield from _plain(table, lines) if not table.separator else _read(table, lines, on_refused)
    finally:
        lines.close()


def _plain(table: Table, lines: Iterator[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the addresses of a list with one a line; `#` begins a remark."""
    for number, line in enumerate(lines, table.skipped + 1):
        text = cell_of(line)
        if text and not text.startswith("#"):
            yield number, {table.columns[0]: text}


def _read(
    table: Table, lines: Iterator[str], on_refused: Callable[[Refused], None]
) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(lines, strict=True, delimiter=table.separator)

    def refuse(line: int, why: str) -> None:
        on_refused(Refused(file=table.name, line=line, why=why))

    while True:
        begins = table.skipped + reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            refuse(begins, _explained(str(error), begins, table.skipped + reader.line_num))
            continue
        if not any(cell.strip() for cell in row):
            continue
        if len(row) > len(table.columns) and any(row[len(table.columns) :]):
            columns = f"the first line names {len(table.columns)} columns"
            refuse(begins, f"{len(row)} cells, but {columns}")
            continue
        cells: dict[str, str] = {}
        for column, cell in zip(table.columns, row, strict=False):
            cells[column] = cells.get(column) or cell_of(cell)
        yield table.skipped + reader.line_num, cells


def _explained(error: str, line: int, last: int) -> str:
    """Return what is wrong with a row that is no CSV, and spans lines up to `last`."""
    if "end of data" in error:
        return "a quotation mark is never closed: nothing after it was read"
    if "limit" in error:
        return f"a quotation mark is never closed: nothing was read up to line {last}"
    if "expected after" in error:
        told = "a quotation mark is not closed, or stands within a cell, where it is written twice"
        return told if line == last else f"{told}: `lines {line} to {last}` were not read"
    return f"this is no CSV: {error}"


def named(heading: str) -> str:
    """Return the name of a column in lower case, with single spaces."""
    return " ".join(cell_of(heading).lower().split())


def cell_of(text: str) -> str:
    """Return a cell without what was written so that no spreadsheet takes it for a formula."""
    cell = text.strip().strip(_UNSEEN).strip()
    if found := _AS_TEXT.fullmatch(cell):
        cell = found[1]
    return cell[1:] if cell[:1] == "'" and cell[1:2] in FORMULA else cell


def _cells_of(line: str, separator: str) -> tuple[str, ...]:
    csv.field_size_limit(LONGEST_CELL)
    try:
        return tuple(next(csv.reader([line], delimiter=separator), ()))
    except csv.Error as error:
        raise ImportListError(f"line 1: {error}") from None


def _worth(line: str, separator: str, known: Callable[[str], bool]) -> tuple[int, int]:
    """Return how well a separator parts the names of columns: known ones, and then any."""
    try:
        cells = _cells_of(line, separator)
    except ImportListError:  # one cell of all of it is too long
        return 0, 0
    return sum(known(named(cell)) for cell in cells), len(cells)


def _lines(file: IO[bytes], encoding: str) -> Generator[str, None, None]:
    """Yield the lines of a file from its beginning, with their ends."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    number = 0
    try:
        while line := text.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise ImportListError(
                    f"line {number}: more than {LONGEST_LINE:,} characters; is this a list?"
                )
            yield line
    finally:
        text.detach()


def _encoding(file: IO[bytes]) -> str:
    """Return the encoding in which all of a file can be read; raises ImportListError."""
    file.seek(0)
    start = file.read(4_096)
    marked = next((name for mark, name in _MARKS if start.startswith(mark)), "")
    wide = _wide(start)
    for name in (marked,) if marked else (wide,) if wide else ("utf-8", "cp1252"):
        if _fits(file, name):
            return name
    raise ImportListError(
        "is neither UTF-8, UTF-16 nor Windows-1252 text: save it as CSV with UTF-8"
    )


def _wide(start: bytes) -> str:
    """Return which UTF-16 a file without a mark is: of ASCII, every second byte is 0."""
    half = max(1, len(start) // 2)
    for at, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if start[at::2].count(0) * 10 > half * 4:
            return name
    return ""


def _fits(file: IO[bytes], name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    file.seek(0)
    try:
        while some := file.read(_CHUNK):
            decoder.decode(some)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True
