"""Themes: a folder's theme.yaml, and what newsletter.yaml changes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from newsletter.config.documents import Document, read_document
from newsletter.config.mistakes import checked, suggest
from newsletter.config.shape import Shape
from newsletter.config.shapes import NewsletterShape
from newsletter.config.theme_shapes import ColoursShape, LookShape, ThemeShape
from newsletter.errors import ConfigError
from newsletter.render.locales import direction_of
from newsletter.render.looks import Theme

SHIPPED: Final = Path(__file__).parents[1] / "starter" / "templates"
"""The templates that come with the program; those of a newsletter go before them."""

GAPS: Final = {"comfortable": 22, "compact": 14, "titles": 10}
"""Pixels above a paper."""


def read_theme(
    root: Path,
    documents: Mapping[str, Document],
    shapes: Mapping[str, Shape],
    problems: list[str],
) -> Theme:
    """Return the theme that newsletter.yaml asks for; mistakes are added to `problems`."""
    shape = shapes.get("newsletter")
    if not isinstance(shape, NewsletterShape):
        return Theme(values=(), folders=())
    wanted, document = shape.theme, documents["newsletter"]
    folders = [root / "templates", SHIPPED]
    own = [folder / "themes" / wanted.name for folder in folders]
    found = [folder for folder in own if (folder / "theme.yaml").is_file()]
    if not found:
        known = sorted(
            {path.parent.name for one in folders for path in one.glob("themes/*/theme.yaml")}
        )
        place = document.where(("theme", "name"), value=True)
        problems.append(f"{place}: no theme is called `{wanted.name}`{suggest(wanted.name, known)}")
        return Theme(values=(), folders=())
    first = []
    if wanted.templates is not None:
        first = [root / wanted.templates]
        place = document.where(("theme", "templates"), value=True)
        if not first[0].resolve().is_relative_to(root.resolve()):
            problems.append(
                f"{place}: {first[0]} lies outside of {root}: templates are the newsletter's own, "
                "copy them into it"
            )
        elif not first[0].is_dir():
            problems.append(f"{place}: {first[0]}: no such folder")
    try:
        look = checked(LookShape, read_document(found[0] / "theme.yaml", {}), "theme")
    except ConfigError as error:
        problems += error.problems
        return Theme(values=(), folders=())
    base = checked(LookShape, read_document(SHIPPED / "themes" / "journal" / "theme.yaml", {}), "")
    looks = [one for one in (base, look, wanted) if isinstance(one, LookShape)]
    return Theme(
        values=tuple(_values(shape, wanted, looks)),
        folders=(*first, *found, *(one for one in folders if one.is_dir())),
    )


def _values(
    main: NewsletterShape, wanted: ThemeShape, looks: Sequence[LookShape]
) -> Iterator[tuple[str, str]]:
    """Yield what `{{ theme.NAME }}` stands for; of several looks the last that says it counts."""

    def last(name: str) -> str:
        return next(str(value) for one in reversed(looks) if (value := getattr(one, name)))

    for prefix, part in (("", "colours"), ("dark_", "dark")):
        for name in ColoursShape.model_fields:
            shades = [getattr(getattr(one, part), name) for one in looks]
            yield prefix + name, next(shade for shade in reversed(shades) if shade)
    yield "font", last("font")
    yield "headings", last("headings")
    density = last("density")
    yield "density", density
    yield "gap", f"{GAPS[density]}px"
    yield "figures", "yes" if wanted.figures else ""
    logo = wanted.logo
    yield "logo_url", logo.url if logo else ""
    yield "logo_alt", (logo.alt or main.name) if logo else ""
    yield "logo_width", str(logo.width) if logo else ""
    direction = direction_of(main.language)
    yield "direction", direction
    yield "start", "left" if direction == "ltr" else "right"
    yield "end", "right" if direction == "ltr" else "left"
