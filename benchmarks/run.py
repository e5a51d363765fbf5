"""What a day costs: `newsletter run` with 600 new papers among 2,000 known, for three readers.

    python benchmarks/run.py [--quick] [--json] [--data DIR] [--days N]

CPU of whole processes, medians. `cpu_ratio_to_imports` is that of `newsletter run` over that of
importing the same libraries and doing nothing: those that the run has loaded, and those of the
process in which it reads large documents, each in a process of its own. One reader has topics, one
words of their own, one likes; mail goes to the outbox. `--days` runs that many days
one after the other: `drift` is that ratio on the last fifth of them, over that on the first.
Without a data folder the papers are the demo's, varied.
"""

from __future__ import annotations

import argparse
import datetime as dt
import html
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from corpora.papers import read_papers
from start import cpu

from newsletter.model import Paper

NEW, KNOWN = 600, 2000
PEOPLE = """subscribers:
  - {email: ada@readers.example}
  - {email: bo@readers.example, words: [graph neural network, "author: Smith"], mute: [survey]}
  - {email: cy@readers.example, likes: ["planning with language model agents", "robots that walk"]}
"""
RUN = [sys.executable, "-m", "newsletter", "run", "--quiet"]
TELL = """
import atexit, sys
def tell():
    known = sys.stdlib_module_names | {"newsletter", "__main__"}
    names = [name for name in sys.modules if name.partition(".")[0] not in known]
    print("LOADED", *names, file=sys.__stderr__)
atexit.register(tell)
"""
RUNS = f"""{TELL}
import runpy
sys.argv = ["newsletter", "run", "--quiet", *sys.argv[1:]]
runpy.run_module("newsletter", run_name="__main__")
"""
READS = f"""{TELL}
import datetime as dt
from pathlib import Path
from anyio import to_process
from newsletter.collect.answers import Document
from newsletter.collect.confinement import in_little_memory, read_document
from newsletter.collect.kinds.table import KINDS
from newsletter.model import Source
feed = Path("feed.xml").resolve()
document = Document(url=feed.as_uri(), content=feed.read_bytes())
source = Source(name="Feed", kind="feed", location="feed.xml")
read_document(KINDS["feed"].parse, document, source, dt.datetime.now(dt.UTC))
"""
IMPORT = """
import importlib, sys
for name in open(sys.argv[1]).read().split():
    try:
        importlib.import_module(name)
    except ImportError:
        pass
"""


def write_feed(path: Path, papers: Sequence[Paper], date: dt.date) -> None:
    """Write papers of a day as an RSS feed."""
    written = f"{date:%a, %d %b %Y} 04:00:00 GMT"
    items = "".join(
        f"<item><title>{html.escape(paper.title)}</title><link>{html.escape(paper.url)}</link>"
        f"<guid>{html.escape(paper.id)}</guid><pubDate>{written}</pubDate>"
        f"<dc:creator>{html.escape(', '.join(paper.authors[:6]))}</dc:creator>"
        f"<description>{html.escape(paper.abstract)}</description></item>"
        for paper in papers
    )
    path.write_text(
        "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>x</title>"
        f"{items}</channel></rss>",
        "utf-8",
    )


def varied(papers: Sequence[Paper], first: int, count: int) -> list[Paper]:
    """Return `count` papers that were not there before; those that come again have other words."""
    found = []
    for number in range(first, first + count):
        paper = papers[number % len(papers)]
        more = f" Case {number} of {number // len(papers)}." if number >= len(papers) else ""
        words = paper.abstract.split()
        turn = number // len(papers) * 7 % max(1, len(words))
        abstract = " ".join((*words[turn:], *words[:turn])) + more
        found.append(
            Paper(
                id=f"run-{number}", keys=(f"run-{number}",), title=paper.title + more,
                url=f"https://papers.example/{number}", abstract=abstract, authors=paper.authors,
            )
        )  # fmt: skip
    return found


def write_letter(folder: Path) -> None:
    """Write a newsletter with one source, the file feed.xml, and three readers."""
    subprocess.run(
        [sys.executable, "-m", "newsletter", "init"], cwd=folder, check=True, capture_output=True
    )
    (folder / "config" / "sources.yaml").write_text(
        "sources: [{name: Feed, kind: feed, url: feed.xml}]\n", "utf-8"
    )
    (folder / "config" / "subscribers.yaml").write_text(PEOPLE, "utf-8")


def loaded(folder: Path, script: str, *words: str) -> str:
    """Return the names of the libraries that a script loads, by running it."""
    done = subprocess.run(
        [sys.executable, "-c", script, *words],
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return next(line for line in done.stderr.splitlines() if line.startswith("LOADED"))[7:]


def measure(data: Path, days: int) -> dict[str, float | None]:
    """Return the figures."""
    papers = read_papers(data, 4000) if data.is_dir() else read_papers(Path("missing"), 4000)
    today = dt.datetime.now(dt.UTC).date()
    costs: list[float] = []
    alone: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_letter(folder)
        write_feed(folder / "feed.xml", varied(papers, 0, KNOWN), today)
        (folder / "names").write_text(loaded(folder, RUNS, "--date", str(today)), "utf-8")
        (folder / "names-of-reader").write_text(loaded(folder, READS), "utf-8")
        script = folder / "imports.py"
        script.write_text(IMPORT, "utf-8")

        def importing() -> float:
            names = ("names", "names-of-reader")
            return sum(cpu([sys.executable, str(script), name], folder) for name in names)

        at = KNOWN
        for number in range(1, days + 1):
            date = today + dt.timedelta(days=number)
            write_feed(folder / "feed.xml", varied(papers, at, NEW), date)
            at += NEW
            # They take turns, so that what else the machine does falls on both alike.
            alone.append(importing())
            costs.append(cpu([*RUN, "--date", str(date)], folder))
    few = max(1, len(costs) // 5)
    ratios = [cost / base for cost, base in zip(costs, alone, strict=True)]
    return {
        "cpu_ratio_to_imports": round(statistics.median(ratios), 3),
        "drift": round(statistics.fmean(ratios[-few:]) / statistics.fmean(ratios[:few]), 3)
        if len(costs) > 1
        else None,
        "run_seconds": round(statistics.median(costs), 2),
        "import_seconds": round(statistics.median(alone), 2),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="two days, unless --days says else")
    parser.add_argument("--json", action="store_true", help="named figures on the last line")
    parser.add_argument("--data", type=Path, help="a folder with real feeds")
    parser.add_argument("--days", type=int, help="how many days (default: 10)")
    options = parser.parse_args()
    data = options.data or Path(os.environ.get("NEWSLETTER_TEST_DATA") or "missing")
    found = measure(data, options.days or (2 if options.quick else 10))
    for name, value in found.items():
        print(f"{name} {value}")
    if options.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
