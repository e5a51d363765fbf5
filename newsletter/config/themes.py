"""Themes: `theme:` of newsletter.yaml and a theme's own theme.yaml → Theme."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from newsletter.config.documents import YamlDocument, read_document
from newsletter.config.mistakes import checked, suggest
from newsletter.config.shape import Shape
from newsletter.config.values import Line, Slug, Web
from newsletter.errors import ConfigError
from newsletter.render.locales import direction_of, sides
from newsletter.render.looks import Theme

SHIPPED: Final = Path(__file__).parents[1] / "starter" / "templates"
"""The templates that come with the program; a newsletter's own take precedence."""

GAPS: Final = {"comfortable": 19, "compact": 14, "titles": 10}
"""Pixels of space above a paper."""


FONTS = {
    "serif": "Georgia, 'Times New Roman', Times, serif",
    "sans": "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif",
    "mono": "ui-monospace, Menlo, Consolas, 'Courier New', monospace",
}
"""Font families that every machine has, by their name in the configuration."""


def _colour(text: str) -> str:
    if not re.fullmatch("#[0-9a-fA-F]{6}", text):
        raise ValueError('a colour is six digits in quotes, such as "#3a3fc4"')
    return text.lower()


def _font(text: str) -> str:
    if text in FONTS:
        return FONTS[text]
    if not re.fullmatch(r"[A-Za-z0-9 ,'-]+", text):
        raise ValueError("a font is serif, sans, mono, or names with commas between them")
    return text


def _https(text: str) -> str:
    if not text.startswith("https://"):
        raise ValueError("must begin with https://: mail clients do not load other pictures")
    return text


def _figures(given: object) -> object:
    """Return what was a yes or no in earlier versions by its name."""
    return {True: "all", False: "none"}[given] if isinstance(given, bool) else given


COLOUR = "^#[0-9a-fA-F]{6}$"
Colour = Annotated[str, AfterValidator(_colour), Field(json_schema_extra={"pattern": COLOUR})]
Font = Annotated[str, AfterValidator(_font)]
Figures = Annotated[Literal["none", "lead", "all"], BeforeValidator(_figures)]
Density = Literal["comfortable", "compact", "titles"]


class ColoursShape(Shape):
    """Colours of one mode."""

    ground: Colour | None = Field(None, description="Behind the card.")
    card: Colour | None = Field(None, description="Behind the text.")
    ink: Colour | None = Field(None, description="Text and titles.")
    quiet: Colour | None = Field(None, description="Authors, badges, reasons and footer.")
    accent: Colour | None = Field(None, description="Links and topics.")
    line: Colour | None = Field(None, description="Lines between papers.")


class LogoShape(Shape):
    """A picture in place of the name."""

    url: Annotated[Web, AfterValidator(_https)] = Field(
        description="Address of the picture, which is loaded when a mail is opened."
    )
    dark: Annotated[Web, AfterValidator(_https)] | None = Field(
        None, description="The picture for dark mode, where the mail client knows it."
    )
    alt: Line | None = Field(None, description="Shown if pictures are off. Default: the name.")
    width: int = Field(160, ge=16, le=560, description="In pixels.")


class LookShape(Shape):
    """What a theme decides: theme.yaml in its folder."""

    font: Font | None = Field(None, description="For the text: serif, sans, mono or a stack.")
    headings: Font | None = Field(None, description="For the name and for titles.")
    colours: ColoursShape = ColoursShape()
    dark: ColoursShape = Field(ColoursShape(), description="Colours in dark mode.")
    density: Density | None = Field(
        None,
        description="comfortable (abstracts), compact (one sentence for each paper) or titles.",
    )


class ThemeShape(LookShape):
    """`theme:` of newsletter.yaml: a theme, and what differs from it."""

    name: Slug = Field("journal", description="journal, terminal, gazette, or your own theme.")
    logo: LogoShape | None = Field(None, description="A picture in place of the name.")
    figures: Figures = Field(
        "none",
        description="Whose picture is shown: that of the paper at the top (`lead`), of `all` "
        "papers, or `none`. Pictures are copied when papers are collected, and come from your own "
        "site or within the mail: no other host learns who opens it.",
    )
    templates: Line | None = Field(
        None, description="A folder whose templates and parts take precedence over all others."
    )


def read_theme(
    wanted: ThemeShape,
    root: Path,
    document: YamlDocument,
    problems: list[str],
    *,
    name: str,
    language: str,
) -> Theme:
    """Return the theme that newsletter.yaml (`document`) asks for.

    `name` and `language` are the newsletter's. Mistakes are added to `problems`.
    """
    folders = [root / "templates", SHIPPED]
    own = [folder / "themes" / wanted.name for folder in folders]
    found = [folder for folder in own if (folder / "theme.yaml").is_file()]
    if not found:
        known = sorted(
            {path.parent.name for folder in folders for path in folder.glob("themes/*/theme.yaml")}
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
                f"{place}: {first[0]} is outside of {root}: templates must be inside the "
                "newsletter's folder; copy them there"
            )
        elif not first[0].is_dir():
            problems.append(f"{place}: {first[0]}: no such folder")
    try:
        look = checked(LookShape, read_document(found[0] / "theme.yaml", {}), "theme")
    except ConfigError as error:
        problems += error.problems
        return Theme(values=(), folders=())
    base = checked(LookShape, read_document(SHIPPED / "themes" / "journal" / "theme.yaml", {}), "")
    looks = [shape for shape in (base, look, wanted) if isinstance(shape, LookShape)]
    return Theme(
        values=tuple(_values(name, language, wanted, looks)),
        folders=(*first, *found, *(folder for folder in folders if folder.is_dir())),
    )


def _values(
    name: str, language: str, wanted: ThemeShape, looks: Sequence[LookShape]
) -> Iterator[tuple[str, str]]:
    """Yield what `{{ theme.NAME }}` stands for; the last look that sets a value wins."""

    def last(key: str) -> str:
        return next(str(value) for look in reversed(looks) if (value := getattr(look, key)))

    for prefix, part in (("", "colours"), ("dark_", "dark")):
        for colour in ColoursShape.model_fields:
            shades = [getattr(getattr(look, part), colour) for look in looks]
            yield prefix + colour, next(shade for shade in reversed(shades) if shade)
    yield "font", last("font")
    yield "headings", last("headings")
    density = last("density")
    yield "density", density
    yield "gap", f"{GAPS[density]}px"
    yield "figures", "" if wanted.figures == "none" else wanted.figures
    logo = wanted.logo
    yield "logo_url", logo.url if logo else ""
    yield "logo_dark", (logo.dark or "") if logo else ""
    yield "logo_alt", (logo.alt or name) if logo else ""
    yield "logo_width", str(logo.width) if logo else ""
    yield from sides(direction_of(language)).items()
