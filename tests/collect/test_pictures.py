"""Pictures from outside: all kinds become small JPEG or PNG files; hostile ones cost only themselves."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import run
from pictures import chart, claimed, encoded, noise
from PIL import Image

from newsletter.collect.answers import Document
from newsletter.collect.pictures import SMALL, Picture, shrink
from newsletter.collect.reader import DocumentReader
from newsletter.errors import SourceError


def document(content: bytes) -> Document:
    return Document(url="https://lab.example/figure.png", content=content)


def opened(picture: Picture) -> Image.Image:
    assert len(picture.content) <= SMALL
    image = Image.open(io.BytesIO(picture.content))
    image.load()
    assert image.format == {"png": "PNG", "jpg": "JPEG"}[picture.suffix]
    assert image.size == (picture.width, picture.height)
    assert image.mode == "RGB"
    assert not getattr(image, "is_animated", False)
    return image


def corner(picture: Picture) -> tuple[int, int, int]:
    found = opened(picture).getpixel((2, 2))
    assert isinstance(found, tuple)
    return (found[0], found[1], found[2])


def test_a_large_one_gets_as_wide_as_dense_screens_show() -> None:
    """Its shape stays."""
    picture = shrink(document(encoded(chart(3000, 2000))))

    assert (picture.width, picture.height) == (1152, 768)
    assert corner(picture) == (255, 255, 255)


def test_one_that_is_small_enough_keeps_its_size() -> None:
    """Nothing is made larger than it is; lines stay sharp."""
    picture = shrink(document(encoded(chart(500, 300))))

    assert (picture.width, picture.height, picture.suffix) == (500, 300, "png")


def test_one_that_no_format_makes_small_loses_pixels() -> None:
    """Noise: first the quality goes, then the size."""
    picture = shrink(document(encoded(noise())))

    assert picture.suffix == "jpg"
    assert opened(picture).width < 1152


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_formats(kind: str) -> None:
    """All that browsers show, without SVG."""
    assert opened(shrink(document(encoded(chart(), kind)))).width == 1152


def test_a_cmyk_photo() -> None:
    """Colours of print become those of screens: white stays white."""
    picture = shrink(document(encoded(chart(800, 600, "CMYK"), "JPEG")))

    assert min(corner(picture)) > 250


@pytest.mark.parametrize(("value", "shown"), [(0, 0), (32_768, 128), (65_535, 255)])
def test_sixteen_bits(value: int, shown: int) -> None:
    """Greys of 16 bits keep their brightness."""
    image = Image.new("I;16", (400, 300), value)
    picture = shrink(document(encoded(image)))

    assert corner(picture) == pytest.approx((shown, shown, shown), abs=1)


def test_a_palette_with_transparency_is_laid_on_white() -> None:
    """What was transparent is white, also in a dark mail."""
    image = chart(600, 400).convert("P")
    image.info["transparency"] = image.getpixel((0, 0))
    picture = shrink(document(encoded(image, transparency=image.getpixel((0, 0)))))

    assert corner(picture) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_alpha_is_laid_on_white(mode: str) -> None:
    """Black that is wholly transparent is white."""
    assert corner(shrink(document(encoded(Image.new(mode, (400, 300)))))) == (255, 255, 255)


def test_of_an_animation_the_first_picture_stays() -> None:
    """Nothing moves in a mail."""
    frames = [Image.new("RGB", (400, 300), colour) for colour in ("red", "green", "blue")]
    for kind in ("GIF", "WEBP"):
        content = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
        red, green, blue = corner(shrink(document(content)))
        assert red > 240
        assert max(green, blue) < 15


def test_nothing_that_its_maker_wrote_stays() -> None:
    """EXIF tells where a photo was taken: it goes, and what it says of turning is done."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90°
    exif[0x010E] = "taken at home"
    picture = shrink(
        document(encoded(noise(400, 300), "JPEG", exif=exif, comment=b"taken at home"))
    )

    image = opened(picture)
    assert image.width < image.height
    assert not image.getexif()
    assert b"at home" not in picture.content


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (claimed(60_000, 60_000), "no picture that can be read (Image size"),
        (claimed(12_000, 12_000), "12000 × 12000 pixels"),
        (claimed(5_001, 5_000, bytes(30_000_000)), "5001 × 5000 pixels"),
        # Half a megabyte of WebP would take ten times the memory of a PNG.
        (encoded(Image.new("1", (5_001, 2_000)), "WEBP"), "5001 × 2000 pixels"),
        (claimed(2_000_000_000, 2_000_000_000), "no picture that can be read"),
        (claimed(400, 300, b"too little"), "no picture that can be read"),
        (encoded(chart())[:3000], "no picture that can be read"),
        (encoded(chart(), "JPEG")[:3000], "no picture that can be read"),
        (b"", "no picture that can be read"),
        (b"<html>not found</html>", "no picture that can be read"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' width='400' height='300'/>", "no picture that can be read"),
        (encoded(chart(), "BMP"), "no picture that can be read"),
        (encoded(chart(), "TIFF"), "no picture that can be read"),
        (bytes(8_000_001), "more than 8 MB"),
        (encoded(chart(1, 1)), "too small or too narrow"),
        (encoded(chart(3000, 100)), "too small or too narrow"),
        (encoded(chart(100, 3000)), "too small or too narrow"),
    ],
)  # fmt: skip
def test_what_is_no_figure_is_told_in_one_line(content: bytes, said: str) -> None:
    """Bombs, torn files, other formats, pages in place of pictures, badges and counting pixels."""
    with pytest.raises(SourceError) as caught:
        shrink(document(content))

    assert said in str(caught.value)
    assert str(caught.value).startswith("https://lab.example/figure.png: ")
    assert "\n" not in str(caught.value)


def test_a_bomb_is_defused_in_a_process_of_its_own() -> None:
    """Of a picture too large for its process the reader gets an error, and reads the next."""

    async def both() -> tuple[str, int]:
        async with DocumentReader(small=0, memory=80_000_000) as reader:
            bomb = document(claimed(4_900, 5_000, bytes(4_900 * 5_000 * 3 + 5_000)))
            with pytest.raises(SourceError) as caught:
                await reader.call(bomb, shrink, bomb)
            good = document(encoded(chart(600, 400)))
            return str(caught.value), (await reader.call(good, shrink, good)).width

    said, width = run(both())
    assert "memory" in said
    assert width == 600


@given(st.binary(max_size=400), st.integers(0, 2_000), st.integers(0, 2_000))
def test_whatever_is_torn_or_mixed_up(junk: bytes, start: int, length: int) -> None:
    """A picture or one line of error, never anything else."""
    content = encoded(chart(300, 200))
    torn = content[:start] + junk + content[start + length :]
    try:
        opened(shrink(document(torn)))
    except SourceError as error:
        assert "\n" not in str(error)
