"""What `theme:` of newsletter.yaml and a theme's own theme.yaml may hold."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from newsletter.config.shape import Shape
from newsletter.config.values import Line, Slug, Web
from newsletter.render.looks import Density

FONTS = {
    "serif": "Georgia, 'Times New Roman', Times, serif",
    "sans": "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif",
    "mono": "ui-monospace, Menlo, Consolas, 'Courier New', monospace",
}
"""Families that are on every machine, by the name that configuration gives them."""


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


COLOUR = "^#[0-9a-fA-F]{6}$"
Colour = Annotated[str, AfterValidator(_colour), Field(json_schema_extra={"pattern": COLOUR})]
Font = Annotated[str, AfterValidator(_font)]


class ColoursShape(Shape):
    """Colours of one mode."""

    ground: Colour | None = Field(None, description="Behind the card.")
    card: Colour | None = Field(None, description="Behind the text.")
    ink: Colour | None = Field(None, description="Text and titles.")
    quiet: Colour | None = Field(None, description="Authors, badges, reasons, footer.")
    accent: Colour | None = Field(None, description="Links and topics.")
    line: Colour | None = Field(None, description="Rules between papers.")


class LogoShape(Shape):
    """A picture in place of the name."""

    url: Annotated[Web, AfterValidator(_https)] = Field(
        description="Where the picture is; it is loaded when a mail is opened."
    )
    alt: Line | None = Field(None, description="Shown without pictures. Default: the name.")
    width: int = Field(160, ge=16, le=560, description="In pixels.")


class LookShape(Shape):
    """What a theme decides: theme.yaml in its folder."""

    font: Font | None = Field(None, description="Of the text: serif, sans, mono or a stack.")
    headings: Font | None = Field(None, description="Of the name and of titles.")
    colours: ColoursShape = ColoursShape()
    dark: ColoursShape = Field(ColoursShape(), description="Colours in dark mode.")
    density: Density | None = Field(
        None,
        description="comfortable (abstracts), compact (one sentence for each paper) or titles.",
    )


class ThemeShape(LookShape):
    """`theme:` of newsletter.yaml: a theme, and what is different from it."""

    name: Slug = Field("journal", description="journal, terminal, gazette, or one of your own.")
    logo: LogoShape | None = Field(None, description="A picture in place of the name.")
    figures: bool = Field(
        default=False,
        description="Show the pictures that sources have; their hosts learn who opens the mail.",
    )
    templates: Line | None = Field(
        None, description="A folder whose templates and parts go before all others."
    )
