"""Write docs/reference/*.md and the JSON Schemas from the code: `make docs`.

A test compares them with what stands in the repository, so that they cannot lag behind.
"""

from __future__ import annotations

import inspect
import json
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from manpage import manual
from typer.main import get_command

from newsletter import __version__
from newsletter.cli.program import STATUSES, app
from newsletter.collect.answers import Manners
from newsletter.collect.kinds.table import KINDS
from newsletter.collect.services.table import ENRICHERS
from newsletter.config.schemas import schemas

ROOT = Path(__file__).parent.parent


def _usage(name: str, required: bool) -> str:  # noqa: FBT001
    """Return how an argument is written: in brackets where it may be left out."""
    return name if required or name.startswith("[") else f"[{name}]"


def commands() -> str:
    """Return docs/reference/commands.md."""
    lines = [
        "# Commands",
        "",
        "Written by `make docs` from the code.",
        "",
        *textwrap.wrap(STATUSES, 98),
    ]
    for name, command in _every(get_command(app), ""):
        arguments = [one for one in command.params if not one.opts[0].startswith("-")]
        usage = " ".join(_usage(one.metavar or str(one.name), one.required) for one in arguments)
        lines += ["", f"## newsletter {name} {usage}".rstrip(), ""]
        lines += inspect.cleandoc(command.help or "").replace("\f", "").split("\n")
        options = [one for one in command.params if one.opts[0].startswith("-")]
        if options:
            lines += ["", "| option | meaning |", "| --- | --- |"]
        for one in options:
            words = ", ".join(f"`{word}`" for word in one.opts)
            lines.append(f"| {words} | {one.help or ''} |")
    return "\n".join(lines) + "\n"


def _every(group: Any, before: str) -> Iterator[tuple[str, Any]]:
    """Yield every command with its whole name, those of a group below it."""
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        yield before + name, command
        if hasattr(command, "list_commands"):
            yield from _every(command, f"{before}{name} ")


def sources() -> str:
    """Return docs/reference/sources.md."""
    lines = [
        "# Kinds of sources",
        "",
        "Written by `make docs` from the code. Every request names the newsletter and `reply_to`",
        "as its contact. A kind needs at least one of its settings in bold.",
        "",
        "| kind | settings | requests | its server's terms for programs |",
        "| --- | --- | --- | --- |",
    ]
    for name, kind in KINDS.items():
        settings = " ".join(
            f"**`{one}`**" if one in kind.needs else f"`{one}`" for one in sorted(kind.takes)
        )
        lines.append(f"| `{name}` | {settings} | {_manners(kind.manners)} | {kind.terms} |")
    lines += [
        "",
        "## Services that enrich",
        "",
        "| service | papers in one request | papers in one run | answers are kept | requests |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, one in ENRICHERS.items():
        days = f"{one.kept.days} day{'s' * (one.kept.days != 1)}"
        manners = _manners(one.manners)
        lines.append(f"| `{name}` | {one.batch} | {one.most} | {days} | {manners} |")
    return "\n".join(lines) + "\n"


def _manners(manners: Manners) -> str:
    pause = f", {manners.pause:g} s apart" if manners.pause else ""
    return f"{manners.connections} at a time{pause}"


def configuration() -> str:
    """Return docs/reference/configuration.md."""
    lines = [
        "# Configuration",
        "",
        "Every key of the four files in `config/`. Written by `make docs` from the code.",
        "An unknown key is an error; `newsletter check` names the place and what was meant.",
        "`${NAME}` in a value is replaced by that environment variable.",
    ]
    for name, schema in schemas().items():
        lines += [
            "",
            f"## {name}.yaml",
            "",
            "| key | type | default | meaning |",
            "| --- | --- | --- | --- |",
        ]
        lines += list(_rows(schema, schema, ""))
    return "\n".join(lines) + "\n"


def _rows(here: Mapping[str, Any], schema: Mapping[str, Any], prefix: str) -> Iterator[str]:
    required = here.get("required", [])
    for key, field in here.get("properties", {}).items():
        inner = _resolve(field, schema)
        nested = isinstance(field.get("default"), dict) and "properties" in inner
        default = "required" if key in required else "" if nested else _shown(field.get("default"))
        meaning = field.get("description") or inner.get("description") or ""
        yield f"| `{prefix}{key}` | {_type(inner, schema)} | {default} | {meaning} |"
        item = _resolve(inner.get("items", {}), schema)
        if item.get("properties"):
            yield from _rows(item, schema, f"{prefix}{key}[].")
        elif inner.get("properties") and "any" not in inner["properties"]:
            yield from _rows(inner, schema, f"{prefix}{key}.")


def _resolve(field: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in field:
        field = schema["$defs"][field["$ref"].rpartition("/")[2]]
    return field


def _type(field: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    if "enum" in field:
        return " ".join(f"`{value}`" for value in field["enum"])
    if "anyOf" in field and any(one.get("type") == "object" for one in field["anyOf"]):
        return "filter"
    if "anyOf" in field:
        kinds = [_type(_resolve(one, schema), schema) for one in field["anyOf"]]
        return ", ".join(kind for kind in dict.fromkeys(kinds) if kind != "null")
    if field.get("type") == "array":
        item = _resolve(field.get("items", {}), schema)
        return "list" if item.get("properties") else f"list of {_type(item, schema)}"
    return "mapping" if field.get("type") == "object" else str(field.get("type", "text"))


def _shown(default: object) -> str:
    return "" if default is None else f"`{json.dumps(default, ensure_ascii=False)}`"


def pages() -> dict[Path, str]:
    """Return every generated file and its content."""
    made = {
        ROOT / "docs" / "reference" / "configuration.md": configuration(),
        ROOT / "docs" / "reference" / "commands.md": commands(),
        ROOT / "docs" / "reference" / "sources.md": sources(),
        ROOT / "docs" / "reference" / "newsletter.1": manual(
            _every(get_command(app), ""), str(app.info.help), STATUSES, __version__
        ),
    }
    for name, schema in schemas().items():
        text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        made[ROOT / "config" / "schema" / f"{name}.json"] = text
    return made


def main() -> None:
    """Write every generated file."""
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
