"""Debian's Chromium, driven by playwright; tests skip, saying so, where it is not installed."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

FLAGS = (
    "--no-sandbox --disable-gpu --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Run a headless browser."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed: `make test` installs it as root on Debian")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()
