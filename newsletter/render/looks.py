"""How an issue looks, according to the settings; nothing is rendered here."""

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
    """How an issue looks: the values of `{{ theme.NAME }}`, and the theme's own templates."""

    values: tuple[tuple[str, str], ...]
    folders: tuple[Path, ...]
    """Folders that are searched for templates; the first that has a template counts."""
