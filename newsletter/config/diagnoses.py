"""Text that is not YAML: where the mistake is, and what to write, in words for a newcomer."""

from __future__ import annotations

import re

import yaml

_GLUED = re.compile(r"(?:^|[\s:\[{,])(#[^\s#][^\s,}\]]*)")
"""A value that YAML takes for a comment because of its `#`: `accent: #0b5fff`."""
_KEYED = re.compile(r"\s*(?:- )?\s*([^\s:#'\"\[{][^:#]*):(?:\s|$)")


def diagnose(error: yaml.MarkedYAMLError, text: str) -> tuple[int, int, str]:  # noqa: PLR0911  one per mistake
    """Return line and column (from 1), and what is wrong there, with the remedy."""
    lines = lines_of(text)
    problem, context = error.problem or "", error.context or ""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    start = error.context_mark
    here = lines[line - 1] if line <= len(lines) else ""
    if "tab character" in problem or here[column - 1 : column] == "\t":
        return line, column, "a tab: YAML wants spaces for indentation"
    if "another document" in problem:
        return line, 1, "a second document begins here (`---`): a file holds one; remove this line"
    if context.endswith("quoted scalar") and start and "end of stream" in problem:
        return start.line + 1, start.column + 1, "the quote that opens here is never closed"
    if "flow" in context and start:
        return _flow(lines, start)
    if "mapping values are not allowed" in problem:
        return _second_colon(lines, line, column)
    if "undefined alias" in problem or "scanning an alias" in context:
        place = start or mark
        at = (place.line + 1, place.column + 1) if place else (line, column)
        return (*at, f"a value that begins with `*` goes in quotes{_quoted(here)}")
    if "cannot start any token" in problem:
        sign = here[column - 1 : column]
        return line, column, f"a value that begins with `{sign}` goes in quotes"
    if "escape character" in problem:
        return line, column, "a backslash inside double quotes: use single quotes, or write `\\\\`"
    if "expected '-' indicator" in problem or "expected key" in problem:
        return line, column, _misplaced(here, column, lines, line)
    if "block sequence entries" in problem:
        return line, column, "a list begins on a line of its own, below its key"
    if "could not find expected ':'" in problem and start:
        return start.line + 1, start.column + 1, "expected `key: value`; is the `:` missing?"
    said = " ".join(problem.split()) or "not valid"
    return line, column, f"not valid YAML: {said}"


def lines_of(text: str) -> list[str]:
    """Return the lines of a text, as YAML counts them (YAML 1.1, 4.2)."""
    return re.split("\r\n|[\n\r\x85\u2028\u2029]", text)


def glued_comment(lines: list[str], line: int, column: int) -> str:
    """Return the comment in the place of a value after `line` and `column`, or nothing."""
    rest = lines[line - 1][max(column - 1, 0) :] if line <= len(lines) else ""
    found = re.match(r"\s*:?\s*(#[^\s#][^\s,}\]]*)", rest)
    return found[1] if found else ""


def _flow(lines: list[str], start: yaml.Mark) -> tuple[int, int, str]:
    """Explain a list or mapping whose bracket is not closed; often a `#` hides the end."""
    until = min(start.line + 1, len(lines))
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
    line, column, sign = _unclosed(lines, start) or (start.line + 1, start.column + 1, "[")
    return line, column, f"the `{sign}` that opens here is never closed, or lacks a comma"


def _unclosed(lines: list[str], end: yaml.Mark) -> tuple[int, int, str] | None:
    """Return the bracket that is still open at `end`: its line, its column, itself."""
    opened: list[tuple[int, int, str]] = []
    for number, line in enumerate(lines[: end.line + 1]):
        for column, sign in enumerate(line[: end.column + 1] if number == end.line else line):
            if sign in "[{":
                opened.append((number + 1, column + 1, sign))
            elif sign in "]}" and opened:
                opened.pop()
    return opened[-1] if opened else None


def _second_colon(lines: list[str], line: int, column: int) -> tuple[int, int, str]:
    here = lines[line - 1]
    key = _KEYED.match(here)
    if key and key.end(1) + 1 < column:
        return line, column, "a second colon: a value with a colon goes in quotes"
    above = next((earlier for earlier in reversed(lines[: line - 1]) if earlier.strip()), "")
    beside = _KEYED.match(above)
    name = key[1].strip() if key else here.strip()
    if beside and beside.start(1) != len(here) - len(here.lstrip()):
        return (
            line,
            len(here) - len(here.lstrip()) + 1,
            f"`{name}` is indented differently from `{beside[1].strip()}` above it: line them up",
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
