"""The documentation as a site: it builds without a warning, and asks no other host for anything."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import lxml.html
import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the site, as `make docs` builds it: links and anchors are checked."""
    folder = tmp_path_factory.mktemp("built") / "site"
    mkdocs = Path(sys.executable).with_name("mkdocs")
    done = subprocess.run(
        [mkdocs, "build", "--strict", "--site-dir", folder],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=100,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def pages(site: Path) -> dict[Path, lxml.html.HtmlElement]:
    return {path: lxml.html.parse(path).getroot() for path in site.rglob("*.html")}


def test_every_page_of_the_repository_is_on_it(site: Path) -> None:
    """Those of docs/, and those of the root under names of their own."""
    there = {path.relative_to(site).with_suffix("").as_posix() for path in site.rglob("*.html")}
    docs = ROOT / "docs"
    own = {path.relative_to(docs).with_suffix("").as_posix() for path in docs.rglob("*.md")}

    assert there == own | {
        "404", "index", "changelog", "explanation/security", "explanation/contributing",
    }  # fmt: skip


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    """No font, script, style or picture: whoever reads it tells nobody, and needs no network."""
    loading = (
        "//@src | //@srcset | //@data-src | //link[not(@rel='canonical')]/@href | //object/@data"
    )
    found = {
        str(value)
        for page in pages(site).values()
        for value in page.xpath(loading)
        if urlsplit(str(value)).netloc
    }
    assert found == set()
    for path in site.rglob("*.css"):
        assert not re.findall(r"(?:url\(|@import)\s*['\"]?(?:https?:)?//", path.read_text("utf-8"))


def test_every_link_leads_to_a_file(site: Path) -> None:
    """Links to files that are no pages are words there; all others, and pictures, are whole."""
    for path, page in pages(site).items():
        if path.name == "404.html":  # its links begin at the root of a server
            continue
        for value in page.xpath("//article//@href | //article//@src"):
            target = urlsplit(str(value))
            if not target.scheme and target.path:
                assert (path.parent / unquote(target.path)).is_file(), (path.name, value)


def test_pictures_and_words_of_the_readme_are_there(site: Path) -> None:
    """What is linked in the repository is not lost on the way."""
    article = lxml.html.parse(site / "index.html").getroot().xpath("//article")[0]

    assert [str(one) for one in article.xpath(".//img/@src")] == [
        "images/issue.png",
        "images/site.png",
    ]
    assert "explanation/security.html" in article.xpath(".//@href")
    assert "](" not in article.text_content()
