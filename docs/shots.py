"""Make docs/images/ from the demo issue: `make shots`, then look at them."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from browsing import chromium
from makers import play_demo
from playwright.sync_api import Browser

IMAGES = Path(__file__).parent / "images"
EDITION = "language-models+agents+vision+alignment.html"
SIDE_BY_SIDE = """<style>
  body {{ margin: 0; display: flex; gap: 24px; padding: 24px; background: #8d8f98; width: 1096px; }}
  img {{ display: block; border-radius: 10px; }}
</style><img src="{light}" width="680"><img src="{dark}" width="375">"""


def shoot(
    browser: Browser, page_file: Path, image: Path, width: int, height: int, scheme: str
) -> None:
    """Take one picture of the top of a page."""
    page = browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page.goto(page_file.as_uri())
    page.screenshot(path=image)
    page.close()


def main() -> None:
    """Write every picture."""
    if shutil.which("chromium") is None:
        sys.exit("chromium is not installed: `make system` installs it as root on Debian")
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        issue = play_demo(Path(folder)).folder / EDITION
        for width in (320, 375, 600, 1000):
            for scheme in ("light", "dark"):
                image = IMAGES / f"issue-{width}-{scheme}.png"
                shoot(browser, issue, image, width, 1300, scheme)
        light, dark = Path(folder) / "light.png", Path(folder) / "dark.png"
        shoot(browser, issue, light, 680, 1100, "light")
        shoot(browser, issue, dark, 375, 1100, "dark")
        both = Path(folder) / "both.html"
        both.write_text(SIDE_BY_SIDE.format(light=light.as_uri(), dark=dark.as_uri()), "utf-8")
        shoot(browser, both, IMAGES / "issue.png", 1144, 1148, "light")


if __name__ == "__main__":
    main()
