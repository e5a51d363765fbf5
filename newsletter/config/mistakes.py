"""What is wrong in a file of config/: one sentence for each mistake, with place and remedy."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from newsletter.config.documents import YamlDocument
from newsletter.config.nodes import Path_
from newsletter.config.shape import Shape
from newsletter.errors import ConfigError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Kind = TypeVar("Kind", bound=Shape)
Schema = dict[str, Any]
"""A part of a JSON Schema, as pydantic gives it."""

SECRETS: Mapping[str, tuple[Path_, ...]] = {
    "newsletter": (
        ("secret",),
        ("old_secrets", "*"),
        ("serve", "admin_password"),
        ("serve", "hooks", "mailgun"),
        ("serve", "hooks", "postmark"),
        ("delivery", "username"),
        ("delivery", "password"),
        ("dkim", "*", "key"),
        ("summaries", "key"),
    ),
    "sources": (("sources", "*", "headers", "*"), ("enrich", "*", "headers", "*")),
}
"""Values that may come only from the environment; `*` is any key or place in a list."""


def checked(shape: type[Kind], document: YamlDocument, name: str) -> Kind:
    """Return the document as its shape; raises ConfigError with every mistake in it."""
    if not isinstance(document.data, dict):
        raise ConfigError(
            f"{document.path}:1:1: expected `key: value` lines"
            + (", not a list" if isinstance(document.data, list) else "")
        )
    problems = [
        f"{document.where(path, value=True)}: {missing}"
        for path, missing in document.unset.items()
        if not is_secret(name, path)
    ]
    problems += [
        f"{document.where(path)}: `{'.'.join(map(str, path))}` is a secret: write ${{NAME}} alone, "
        "and give that environment variable the whole value"
        for path in document.values
        if is_secret(name, path)
        and document.at(path) is not None
        and path not in document.variables
    ]
    try:
        found = shape.model_validate(document.data, strict=False, by_alias=True, by_name=False)
    except ValidationError as error:
        problems += [_sentence(mistake, document, shape, name) for mistake in error.errors()]
        raise ConfigError(*dict.fromkeys(problems)) from None
    if problems:
        raise ConfigError(*problems)
    return found


def is_secret(name: str, path: Path_) -> bool:
    """Return whether the value at `path` of the file called `name` is a secret."""
    return any(
        len(path) == len(secret)
        and all(wanted in ("*", step) for wanted, step in zip(secret, path, strict=True))
        for secret in SECRETS.get(name, ())
    )


def _sentence(error: ErrorDetails, document: YamlDocument, shape: type[Shape], name: str) -> str:  # noqa: PLR0911  one per kind
    """Return `file:line:column: what is wrong, the value, and what to write` for one mistake."""
    path: Path_ = tuple(step for step in error["loc"] if step != "[key]")
    kind, context = error["type"], error.get("ctx", {})
    known = _known(shape, path[:-1])
    key = path[-1] if path else ""
    told = "this item" if isinstance(key, int) else f"`{key}`"
    if kind == "extra_forbidden" or "[key]" in error["loc"]:
        names = list(known) or _allowed(context)
        return f"{document.where(path)}: unknown key `{key}`{suggest(str(key), names)}"
    if kind == "missing":
        return f"{document.where(path[:-1])}: `{key}` is missing"
    if error["input"] is None and path:
        return f"{document.where(path)}: {told} is empty: give it a value, or remove the line"
    if kind in ("model_type", "model_attributes_type", "dict_type") and path:
        below = _known(shape, path)
        settings = f", of {', '.join(f'`{setting}`' for setting in below)}" if below else ""
        if isinstance(error["input"], str) and "name" in below and isinstance(key, str):
            settings = f"; did you mean `{key}: {{name: {error['input']}}}`?"
        return (
            f"{document.where(path, value=True)}: {told} takes `key: value` lines below "
            f"it{settings}"
        )
    if kind == "list_type":
        return (
            f"{document.where(path, value=True)}: {told} is a list: one line `- …` for each, "
            "below it, or [a, b]"
        )
    is_shown = not is_secret(name, path) and not isinstance(error["input"], dict | list)
    shown = f" `{_short(str(error['input']))}`" if is_shown else ""
    where = document.where(path, value=True)
    label = f"`{key}`: " if isinstance(key, str) and key else ""
    message = _PLAIN.get(kind) or str(error["msg"]).removeprefix("Value error, ")
    if named := _ABOUT.match(message) if isinstance(error["input"], dict) else None:
        # The rule is about several keys: show the place of the key that it names.
        where = document.where((*path, *named[1].split(".")))
    if kind == "literal_error":
        given = str(error["input"])
        allowed = _allowed(context)
        days = _DAYS.get(given.lower()) if "mon" in allowed else None
        hint = f"; write `{days}`" if days else suggest(given, allowed)
        return f"{where}: {label}{shown.strip()} is not one of them{hint}"
    return f"{where}: {label}{shown.strip()}{': ' if shown else ''}{_lower(message)}"


_DAYS = {
    "weekend": "sat, sun",
    "weekends": "sat, sun",
    "weekday": "mon, tue, wed, thu, fri",
    "weekdays": "mon, tue, wed, thu, fri",
    "daily": "mon, tue, wed, thu, fri, sat, sun",
}
"""What people call several days at once."""
_ABOUT = re.compile(r"`(\w+(?:\.\w+)*)`")
_PLAIN = {
    "int_parsing": "expected a whole number, such as 6",
    "int_type": "expected a whole number, such as 6",
    "int_from_float": "expected a whole number, such as 6",
    "float_parsing": "expected a number, such as 0.5",
    "float_type": "expected a number, such as 0.5",
    "bool_parsing": "expected true or false",
    "bool_type": "expected true or false",
    "string_type": "expected text; does it need quotes?",
}
"""Our words for pydantic's kinds of error."""
MAX_SHOWN = 80
_PASSWORD = re.compile(r"(://[^/\s:@]*:)\S*@")
"""A password in a URL, and the user's name before it: it is nobody's business."""


def _short(value: str) -> str:
    """Return a value as messages show it: on one line, shortened when it is long."""
    line = _PASSWORD.sub(r"\1***@", " ".join(value.split()))
    return line if len(line) <= MAX_SHOWN else line[: MAX_SHOWN - 1] + "…"


def _allowed(context: Mapping[str, object]) -> list[str]:
    """Return the values of a Literal, which pydantic gives as `'a', 'b' or 'c'`."""
    listed = str(context.get("expected", "")).replace(" or ", ",").split(",")
    return [name for quoted in listed if (name := quoted.strip(" '"))]


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]


def _known(shape: type[Shape], path: Path_) -> tuple[str, ...]:
    """Return the keys that are allowed in the mapping at `path`, from the JSON Schema."""
    schema = shape.model_json_schema(by_alias=True)
    here: Schema = schema
    for step in path:
        here = _follow(here, schema)
        here = (
            here.get("items", {})
            if isinstance(step, int)
            else here.get("properties", {}).get(step, {})
        )
    return tuple(_follow(here, schema).get("properties", {}))


def _follow(here: Schema, schema: Schema) -> Schema:
    while "$ref" in here:
        here = schema["$defs"][here["$ref"].rpartition("/")[2]]
    return here


def suggest(word: str, known: list[str]) -> str:
    """Return `; did you mean …?`, or the list of known words."""
    close = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    if close:
        return f"; did you mean `{close[0]}`?"
    return f"; known are {', '.join(f'`{name}`' for name in known)}" if known else ""
