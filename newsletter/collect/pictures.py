"""Pictures from outside → small JPEG or PNG files, within limits of bytes, pixels and memory."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from newsletter.collect.answers import Document
from newsletter.errors import SourceError
from newsletter.model.gate import line

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS: Final = ("PNG", "JPEG", "GIF", "WEBP")
"""What is read. SVG is not among them: it is a program of its own."""
MAX_BYTES: Final = 8_000_000
MAX_PIXELS: Final = 25_000_000
"""A file of some kB may have billions of pixels, each of four bytes in memory."""
MOST_PIXELS_OF: Final = {"WEBP": 10_000_000}
"""Its decoder holds five copies of a picture at once (measured: 20 bytes a pixel)."""
WIDTH: Final = 1152
HEIGHT: Final = 1152
"""Most pixels of a copy: twice of what a mail shows, for dense screens."""
LEAST_WIDTH: Final = 160
LEAST_HEIGHT: Final = 60
"""What is smaller is a badge, an icon or a pixel that counts readers, and no figure."""
SMALL: Final = 60_000
"""Most bytes of a copy."""
SCALES: Final = (1.0, 0.75, 0.5, 0.35)
QUALITIES: Final = (85, 75, 65, 55)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture as it is kept: without animation, transparency or what its maker wrote into it."""

    content: bytes
    suffix: str
    """jpg or png."""
    width: int
    height: int


def shrink(document: Document) -> Picture:
    """Return a copy of a picture that is small enough for a mail.

    Raises SourceError when it cannot be read, is too large to be read, or too small to be a figure.
    """
    if len(document.content) > MAX_BYTES:
        raise SourceError(f"{document.shown}: a picture of more than {MAX_BYTES // 1_000_000} MB")
    try:
        return _shrunk(document)
    except SourceError:
        raise
    except MemoryError:
        raise SourceError(f"{document.shown}: a picture that takes too much memory") from None
    except Exception as error:  # noqa: BLE001  guard: a broken picture may fail in any way
        why = line(str(error), 100) or type(error).__name__
        raise SourceError(f"{document.shown}: no picture that can be read ({why})") from None


def _shrunk(document: Document) -> Picture:
    from PIL import Image, ImageOps  # noqa: PLC0415  slow to load, and few need it

    with warnings.catch_warnings():
        # It warns of many pixels; we refuse them.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        opened = Image.open(io.BytesIO(document.content), formats=FORMATS)
    if opened.width * opened.height > MOST_PIXELS_OF.get(str(opened.format), MAX_PIXELS):
        raise SourceError(f"{document.shown}: a picture of {opened.width} × {opened.height} pixels")
    # A JPEG file is read at half its size or less, if that is enough.
    opened.draft("RGB", (2 * WIDTH, 2 * HEIGHT))
    # Each step that makes a copy of the whole would take as much memory again.
    ImageOps.exif_transpose(opened, in_place=True)
    image = _plain(opened)
    image.thumbnail((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    if image.width < LEAST_WIDTH or image.height < LEAST_HEIGHT:
        size = f"{image.width} × {image.height}"
        raise SourceError(f"{document.shown}: too small or too narrow for a figure ({size} pixels)")
    # A new picture on white: nothing of the file's own remains, such as where a photo was taken.
    copy = Image.new("RGB", image.size, "white")
    copy.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
    return _encoded(copy, document)


def _plain(image: Image) -> Image:
    """Return a picture, whatever its kind, as RGB, or as RGBA if anything of it is transparent."""
    if image.mode.startswith("I"):
        # 16 bits a pixel: the upper 8 of them.
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    mode = "RGBA" if image.has_transparency_data else "RGB"
    return image if image.mode == mode else image.convert(mode)


def _encoded(image: Image, document: Document) -> Picture:
    """Return a picture as PNG, which keeps lines sharp, or if that is too large as JPEG."""
    for scale in SCALES:
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        sized = image if scale == 1 else image.resize(size)
        tries = [("png", "PNG", {"compress_level": 9})] if scale == 1 else []
        tries += [("jpg", "JPEG", {"quality": quality, "optimize": True}) for quality in QUALITIES]
        for suffix, kind, options in tries:
            buffer = io.BytesIO()
            sized.save(buffer, kind, **options)
            if buffer.tell() <= SMALL:
                return Picture(
                    content=buffer.getvalue(),
                    suffix=suffix,
                    width=sized.width,
                    height=sized.height,
                )
    raise SourceError(f"{document.shown}: a picture that does not get small enough")
