"""Text that is not YAML: where the mistake is, and what to write, in words for a newcomer."""

from __future__ import annotations

import re
from dataclasses import dataclass

import yaml

_GLUED = re.compile(r"(?:^|[\s:\[{,])(#[^\s#][^\s,}\]]*)")
"""A value that YAML takes for a comment because of its `#`: `accent: #0b5fff`."""
_KEYED = re.compile(r"\s*(?:- )?\s*([^\s:#'\"\[{][^:#]*):(?:\s|$)")
_NO_SPACE = re.compile(r"\s*(?:- )?([A-Za-z_]+)([:\uff1a])(?=[^\s/:])|\s*(?:- )?([A-Za-z_]+)\uff1a")
"""A key without a space after its colon, or with the wide colon of Chinese and Japanese."""
ODD_SPACE = re.compile("[\u00a0\u1680\u2000-\u200d\u202f\u205f\u2060\u3000\ufeff]")
"""What looks like a space, or like nothing, and is neither to YAML. Web pages bring it along."""
_BACKSLASH = "a backslash inside double quotes: use single quotes, or write `\\\\`"
_OF_SIGNS = (
    "alphabetic or numeric",
    "comment or line break",
    "mapping keys are not",
    "tag URI",
    "whitespace or line break",
    "node content",
)
"""Of what the parser says about values that begin with a sign that means something to it."""
_SIGN = re.compile(r"(?:^|[\s:\[{,-])([&|>?!,\]}])(?!.*[\s:\[{,-][&|>?!,\]}])")
"""The last such sign of a line where a value may begin."""
_SAID = {
    "directive": "a line cannot begin with `%`: put a value that begins so in quotes",
    "unexpected ':'": "a colon within brackets: put the value that has it in quotes",
    "escape character": _BACKSLASH,
    "hexdecimal": _BACKSLASH,
}
"""What some words of the parser mean."""
QUOTES = ("'", '"')
MOST = 1_000_000
"""Characters of a text that is searched for an open quote; a longer one takes seconds."""


@dataclass(frozen=True, slots=True)
class _Broken:
    """What the parser says, and where; lines and columns are from 1."""

    problem: str
    context: str
    line: int
    column: int
    start: tuple[int, int] | None
    """Where that began which has gone wrong at `line` and `column`."""
    lines: list[str]
    text: str

    @property
    def here(self) -> str:
        """The line that it is about."""
        return self.lines[self.line - 1] if self.line <= len(self.lines) else ""


Told = tuple[int, int, str]


def diagnose(error: yaml.MarkedYAMLError, text: str) -> Told:
    """Return line and column (from 1), and what is wrong there, with the remedy."""
    mark, start = error.problem_mark or error.context_mark, error.context_mark
    fault = _Broken(
        error.problem or "",
        error.context or "",
        mark.line + 1 if mark else 1,
        mark.column + 1 if mark else 1,
        (start.line + 1, start.column + 1) if start else None,
        lines_of(text),
        text,
    )
    for explain in (_of_spaces, _of_documents, _of_brackets, _of_signs, _of_lines):
        if told := explain(fault):
            return told
    said = " ".join(fault.problem.split()) or "not valid"
    return fault.line, fault.column, f"not valid YAML: {said}"


def _of_spaces(fault: _Broken) -> Told | None:
    here = fault.here
    if odd := ODD_SPACE.search(here[: len(here) - len(here.lstrip()) + 1]):
        return fault.line, odd.start() + 1, odd_space(odd[0])
    if "tab character" in fault.problem or here[fault.column - 1 : fault.column] == "\t":
        return fault.line, fault.column, "a tab: YAML wants spaces for indentation"
    return None


def _of_documents(fault: _Broken) -> Told | None:
    if "another document" in fault.problem:
        told = "a second document begins here (`---`): a file holds one; remove this line"
        return fault.line, 1, told
    if "document start" in fault.problem:
        return fault.line, fault.column, _more(fault.lines, fault.line)
    return None


def _of_brackets(fault: _Broken) -> Told | None:
    """Explain quotes and brackets that are open at the end."""
    if fault.start is None:
        return None
    is_over = "end of stream" in fault.problem or "document indicator" in fault.problem
    if fault.context.endswith("quoted scalar") and is_over:
        return (*fault.start, "the quote that opens here is never closed")
    return _flow(fault.lines, fault.start) if "flow" in fault.context else None


def _of_signs(fault: _Broken) -> Told | None:
    """Explain values that begin with a sign, or have one, that means something to YAML."""
    problem, line, column, here = fault.problem, fault.line, fault.column, fault.here
    if "undefined alias" in problem or "scanning an alias" in fault.context:
        at = fault.start or (line, column)
        return (*at, f"a value that begins with `*` goes in quotes{_quoted(here)}")
    if any(words in problem for words in _OF_SIGNS):
        if sign := _SIGN.search(here[:column]):
            column, told = sign.start(1) + 1, f"a value that begins with `{sign[1]}` goes in quotes"
        else:
            told = "unexpected text after a value: put the whole value in quotes"
        return line, column, told
    if "cannot start any token" in problem:
        first = here[column - 1 : column]
        return line, column, f"a value that begins with `{first}` goes in quotes"
    told = next((meaning for words, meaning in _SAID.items() if words in problem), "")
    return (line, 1 if "directive" in problem else column, told) if told else None


def _of_lines(fault: _Broken) -> Told | None:
    """Explain keys, items and colons that are not where they should be."""
    problem, line, column, lines = fault.problem, fault.line, fault.column, fault.lines
    if "mapping values are not allowed" in problem:
        return _second_colon(lines, line, column)
    if "expected '-' indicator" in problem or "expected key" in problem:
        told = _misplaced(fault.here, column, lines, line)
        return _unended(fault.text, line) or (line, column, told)
    if "block sequence entries" in problem:
        return line, column, "a list begins on a line of its own, below its key"
    if "could not find expected ':'" in problem and fault.start:
        told = "expected `key: value`; is the `:` missing?"
        return _glued_key(lines, fault.start[0]) or (*fault.start, told)
    return None


def odd_space(sign: str) -> str:
    """Return what to do about a character that only looks like a space."""
    return f"a character that looks like a space and is none (U+{ord(sign):04X}): use plain spaces"


def _more(lines: list[str], line: int) -> str:
    """Explain text after the end of the document."""
    above = next((earlier for earlier in reversed(lines[: line - 1]) if earlier.strip()), "")
    if above.strip() == "...":
        return "`...` ends the file, and here is more: remove the line with the dots"
    return "expected nothing more: above is a value alone, where a file has `key: value` lines"


def _glued_key(lines: list[str], line: int) -> Told | None:
    """Return the nearest key, in `line` or above it, whose colon is not followed by a space."""
    for number in range(line, 0, -1):
        if found := _NO_SPACE.match(lines[number - 1]):
            name = found[1] or found[3]
            at = found.end(1 if found[1] else 3) + 1
            return number, at, f"a space is missing after the colon: `{name}: …`"
        if lines[number - 1].strip() and not lines[number - 1].lstrip().startswith("#"):
            break
    return None


def _unended(text: str, line: int) -> Told | None:
    """Return the quote that opens above `line` and ends in it, by what should open another.

    `name: "Daily` takes all up to the next quote, wherever that is.
    """
    open_ = None
    try:
        for token in yaml.scan(text[:MOST], Loader=yaml.SafeLoader):
            begin, end = token.start_mark, token.end_mark
            if (
                end.line == line - 1
                and begin.line < end.line
                and getattr(token, "style", "") in QUOTES
            ):
                open_ = begin
    except yaml.YAMLError:
        pass  # the mistake that is being explained
    if open_ is None:
        return None
    told = f"the quote that opens here ends on line {line} only: close it where its value ends"
    return open_.line + 1, open_.column + 1, told


def lines_of(text: str) -> list[str]:
    """Return the lines of a text, as YAML counts them (YAML 1.1, 4.2)."""
    return re.split("\r\n|[\n\r\x85\u2028\u2029]", text)


def glued_comment(lines: list[str], line: int, column: int) -> str:
    """Return the comment in the place of a value after `line` and `column`, or nothing."""
    rest = lines[line - 1][max(column - 1, 0) :] if line <= len(lines) else ""
    found = re.match(r"\s*:?\s*(#[^\s#][^\s,}\]]*)", rest)
    return found[1] if found else ""


def _flow(lines: list[str], start: tuple[int, int]) -> Told:
    """Explain a list or mapping whose bracket is not closed; often a `#` hides the end."""
    until = min(start[0], len(lines))
    for number in range(until, 0, -1):
        if found := _GLUED.search(lines[number - 1]):
            at = found.start(1) + 1
            return (
                number,
                at,
                f"`{found[1]}` begins a comment, so YAML reads no value: put it in quotes",
            )
        if "[" in lines[number - 1] or "{" in lines[number - 1]:
            break
    line, column, sign = _unclosed(lines, start) or (*start, "[")
    return (
        line,
        column,
        f"the `{sign}` that opens here is never closed, or has a comma too few or too many",
    )


def _unclosed(lines: list[str], end: tuple[int, int]) -> Told | None:
    """Return the bracket that is still open at `end`: its line, its column, itself."""
    opened: list[tuple[int, int, str]] = []
    for number, line in enumerate(lines[: end[0]], 1):
        for column, sign in enumerate(line[: end[1]] if number == end[0] else line, 1):
            if sign in "[{":
                opened.append((number, column, sign))
            elif sign in "]}" and opened:
                opened.pop()
    return opened[-1] if opened else None


def _second_colon(lines: list[str], line: int, column: int) -> Told:
    here = lines[line - 1]
    key = _KEYED.match(here)
    if key and key.end(1) + 1 < column:
        return line, column, "a second colon: a value with a colon goes in quotes"
    above = next((earlier for earlier in reversed(lines[: line - 1]) if earlier.strip()), "")
    beside = _KEYED.match(above)
    name = key[1].strip() if key else here.strip()
    value = re.sub(r"(?:^|\s)#.*", "", above[beside.end() :]).strip() if beside else ""
    value = "" if above.lstrip().startswith("- ") else value
    if glued := _glued_key(lines, line - 1):
        return glued
    if beside and beside.start(1) != len(here) - len(here.lstrip()):
        return (
            line,
            len(here) - len(here.lstrip()) + 1,
            f"`{name}` is indented differently from `{beside[1].strip()}` above it: line them up"
            + (f", or remove `{value[:40]}` if it belongs below" if value else ""),
        )
    return line, column, "expected `key: value`; is a space missing after a `:` above?"


def _misplaced(here: str, column: int, lines: list[str], line: int) -> str:
    """Explain a line that cannot be where it is: too far left or right, or after a value."""
    begins = len(here) - len(here.lstrip())
    if column - 1 > begins:
        return "unexpected text after a value: put the whole value in quotes"
    name = here.strip().partition(":")[0]
    above = next((earlier for earlier in reversed(lines[: line - 1]) if earlier.strip()), "")
    item = re.match(r"(\s*)- ", above)
    if item and not here.lstrip().startswith("-"):
        return (
            f"`{name}` is indented differently from what it belongs to: give it "
            f"{len(item[1]) + 2} spaces, as the text after `- ` above"
        )
    return f"`{name}` is indented differently from the lines above: line it up with its neighbours"


def _quoted(here: str) -> str:
    found = re.search(r"\*[^\s,\]}]*", here)
    return f': "{found[0]}"' if found else ""
