"""Pictures made by code: as papers have them, and as nobody should send them."""

from __future__ import annotations

import functools
import io
import random
import struct
import zlib
from typing import Any

from PIL import Image, ImageDraw


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def chart(width: int = 1200, height: int = 800, mode: str = "RGB") -> Image.Image:
    """A plot, as papers have them."""
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    left, bottom = width // 10, height * 9 // 10
    for line, colour in enumerate(("#3a3fc4", "#c43a5b", "#2d8a57")):
        points = [
            (left + x * width // 40, bottom - int((x + 3 * line) ** 0.5 * height // (8 + line)))
            for x in range(34)
        ]
        draw.line(points, fill=colour, width=max(2, width // 160))
    draw.line(
        [(left, height // 20), (left, bottom), (width * 19 // 20, bottom)], fill="black", width=3
    )
    return image.convert(mode)


@functools.cache
def noise(width: int = 1600, height: int = 1200) -> Image.Image:
    """What no format makes small."""
    data = random.Random(1).randbytes(width * height * 3)
    return Image.frombytes("RGB", (width, height), data)


def claimed(width: int, height: int, data: bytes = b"") -> bytes:
    """A PNG file that says that it is that large, whatever is in it."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checked = kind + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(data))
        + chunk(b"IEND", b"")
    )
