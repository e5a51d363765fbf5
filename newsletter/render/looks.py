"""How an issue looks, as settings say it; nothing here renders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

Density = Literal["comfortable", "compact", "titles"]
"""How much of each paper is shown."""

DEFAULT_SUBJECT: Final = (
    "{{ name }}, {{ day }}: "
    "{% if lead %}{{ lead }}{% if more %} and {{ more }} more{% endif %}{% else %}no new papers"
    "{% endif %}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """How an issue looks: what `{{ theme.NAME }}` stands for, and parts of its own."""

    values: tuple[tuple[str, str], ...]
    folders: tuple[Path, ...]
    """Where templates are looked for, the first that has one counts."""
