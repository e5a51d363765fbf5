"""Make docs/images/ from the demo and the gallery: `make shots`, then look at them."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from browsing import chromium
from gallery import write_gallery
from makers import play_demo
from playwright.sync_api import Browser

IMAGES = Path(__file__).parent / "images"
EDITION = "language-models+agents+vision+alignment.html"
SIDE_BY_SIDE = """<style>
  body {{ margin: 0; display: flex; gap: 24px; padding: 24px; width: max-content;
    background: #8d8f98; }}
  img {{ display: block; border-radius: 10px; height: {height}px; }}
</style>{images}"""


def shoot(
    browser: Browser, page_file: Path, image: Path, size: tuple[int, int], *, dark: bool = False
) -> Path:
    """Take one picture of the top of a page, without pictures from elsewhere."""
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if dark else "light"
    )
    page.route("https://**", lambda route: route.abort())
    page.goto(page_file.as_uri())
    page.screenshot(path=image)
    page.close()
    return image


def beside(browser: Browser, images: list[Path], target: Path, height: int) -> None:
    """Put pictures beside each other."""
    page = browser.new_page(viewport={"width": 800, "height": height + 48})
    tags = "".join(f'<img src="{image.as_uri()}">' for image in images)
    both = images[0].with_suffix(".html")
    both.write_text(SIDE_BY_SIDE.format(images=tags, height=height), "utf-8")
    page.goto(both.as_uri())
    page.screenshot(path=target, full_page=True)
    page.close()


@contextlib.contextmanager
def demo_site(folder: Path) -> Iterator[str]:
    """Serve the site of the demo's day; yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = [sys.executable, "-m", "newsletter", "demo", "--serve", "--port", str(port)]
    process = subprocess.Popen(  # noqa: S603  our own program
        program, cwd=folder, stdout=subprocess.DEVNULL
    )
    try:
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def shoot_site(
    browser: Browser, address: str, image: Path, size: tuple[int, int], *, dark: bool
) -> Path:
    """Take one picture of the top of a page of the site."""
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if dark else "light"
    )
    page.goto(address)
    page.screenshot(path=image)
    page.close()
    return image


def main() -> None:
    """Write every picture."""
    if shutil.which("chromium") is None:
        sys.exit("chromium is not installed: `make system` installs it as root on Debian")
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name)
        issue = play_demo(folder).folder / EDITION
        for width in (320, 375, 600, 1000):
            for mode in ("light", "dark"):
                image = IMAGES / f"issue-{width}-{mode}.png"
                shoot(browser, issue, image, (width, 1300), dark=mode == "dark")
        light = shoot(browser, issue, folder / "light.png", (680, 1100))
        dark = shoot(browser, issue, folder / "dark.png", (375, 1100), dark=True)
        beside(browser, [light, dark], IMAGES / "issue.png", 1100)
        with demo_site(folder) as address:
            light = shoot_site(browser, address, folder / "light.png", (820, 1100), dark=False)
            dark = shoot_site(browser, address, folder / "dark.png", (375, 1100), dark=True)
            beside(browser, [light, dark], IMAGES / "site.png", 1100)
        for page in write_gallery(folder, ("gazette", "terminal", "weekly", "arabic")):
            light = shoot(browser, page, folder / "light.png", (640, 1100))
            dark = shoot(browser, page, folder / "dark.png", (375, 1100), dark=True)
            # Pictures from elsewhere are not loaded, so gazette shows what is seen without them.
            beside(browser, [light, dark], IMAGES / f"theme-{page.stem}.png", 900)


if __name__ == "__main__":
    main()
