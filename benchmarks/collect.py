"""Collecting: what becomes of real documents, what cleaning costs, how many sources a minute.

    python benchmarks/collect.py [--quick] [--json] [--data DIR]

Without a data folder it reads the demo's documents, and says so. Speeds are ratios against
feedparser, and against the best that the latency of a thousand servers allows, in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime as dt
import gc
import ipaddress
import json
import multiprocessing
import os
import re
import resource
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import feedparser
from corpora import documents as corpus
from corpora.expectations import verdicts

from newsletter.collect.answers import Document
from newsletter.collect.http.fetcher import CONNECTIONS, Fetcher
from newsletter.collect.kinds.table import KINDS
from newsletter.collect.papers import collect_papers
from newsletter.collect.plain.text import plain_text
from newsletter.collect.reader import DocumentReader
from newsletter.doctor.sample import FEEDS
from newsletter.errors import SourceError
from newsletter.model import Health, Source

NOW = dt.datetime(2026, 3, 17, 6, 30, tzinfo=dt.UTC)
LEFTOVERS = re.compile(r"[\\{]|&lt;|\$(?!\d)")
"""What no reader should see of a source's mark-up. A dollar sign before a digit is a price."""
HANG = 10.0
"""Seconds after which a document counts as one that hangs."""
SOURCES, LATENCY = 1000, 0.05
SMALL = 15_000
"""Bytes: the usual feed of one blog."""


@dataclass(slots=True)
class Account:
    """What became of the documents."""

    documents: int = 0
    gave: int = 0
    reasons: int = 0
    crashes: list[str] = field(default_factory=list)
    papers: int = 0
    texts: int = 0
    left: list[str] = field(default_factory=list)

    @property
    def per_1000(self) -> float:
        """Papers that show mark-up, of a thousand: blogs show code, which is meant to look so."""
        return 1000 * len(self.left) / max(1, self.texts)


def read_all(paths: Sequence[Path]) -> Account:
    """Read every document as its kind of source would."""
    account = Account(documents=len(paths))
    for path in paths:
        start = time.perf_counter()
        texts: list[str] = []
        try:
            source = Source(name="x", kind=corpus.kind_of(path), location=str(path))
            parsed = KINDS[source.kind].parse(document(path), source, NOW)
        except SourceError:
            account.reasons += 1
            titles_and_abstracts = list(corpus.listed_papers(path))
            pairs = zip(titles_and_abstracts[::2], titles_and_abstracts[1::2], strict=True)
            texts = [plain_text(title) + "\n" + plain_text(text) for title, text in pairs]
        except Exception as error:  # noqa: BLE001  a crash is what is counted
            account.crashes.append(f"{path}: {type(error).__name__}: {error}")
        else:
            account.gave += bool(parsed.papers)
            account.papers += len(parsed.papers)
            texts = [f"{paper.title}\n{paper.abstract}" for paper in parsed.papers]
        if time.perf_counter() - start > HANG:
            account.crashes.append(f"{path}: more than {HANG:g} s")
        if corpus.holds_papers(path):
            account.texts += len(texts)
            account.left += [text for text in texts if LEFTOVERS.search(text)]
    return account


def document(path: Path) -> Document:
    """Return a file as a document."""
    return Document(url=path.resolve().as_uri(), content=path.read_bytes())


def ratio_to_feedparser(paths: Sequence[Path], rounds: int) -> float:
    """Return how much more than bare feedparser reading real XML costs, papers and all."""
    real = [path for path in paths if corpus.is_real(path) and path.suffix != ".json"]
    loaded = [(corpus.kind_of(path), document(path)) for path in real]
    ratios = []
    for _ in range(rounds):
        ours = theirs = 0.0
        # Document by document in turns, so that a busy moment of the machine meets both.
        for kind, feed in loaded:
            start = time.perf_counter()
            feedparser.parse(feed.content)
            middle = time.perf_counter()
            with contextlib.suppress(SourceError):
                KINDS[kind].parse(feed, Source(name="x", kind=kind, location="x"), NOW)
            theirs += middle - start
            ours += time.perf_counter() - middle
        ratios.append(ours / theirs)
    return statistics.median(ratios)


# --- A thousand sources -----------------------------------------------------------------------


def addresses(count: int) -> Iterator[str]:
    """Yield addresses of this machine, one for each source: every source is its own server."""
    for number in range(count):
        yield f"127.1.{number // 250}.{number % 250 + 1}"


def serve(port: Any, feeds: Sequence[bytes]) -> None:
    """Answer every request after LATENCY, in a process of its own."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while request := await reader.readuntil(b"\r\n\r\n"):
                body = feeds[int(request.split(b" ")[1].strip(b"/")) % len(feeds)]
                await asyncio.sleep(LATENCY)
                head = (
                    "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n"
                )
                writer.write(head.encode() + body)
                await writer.drain()
        writer.close()

    async def run() -> None:
        first = await asyncio.start_server(answer, "127.1.0.1", 0, backlog=500)
        number = first.sockets[0].getsockname()[1]
        others = [
            await asyncio.start_server(answer, host, number, backlog=50)
            for host in list(addresses(SOURCES))[1:]
        ]
        port.send(number)
        await asyncio.gather(*(server.serve_forever() for server in (first, *others)))

    asyncio.run(run())


def peak_memory(sources: Sequence[Source]) -> int:
    """Return the peak of memory, in kB, of a process that only collects."""
    asyncio.run(collect(sources))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


async def collect(sources: Sequence[Source]) -> tuple[float, int]:
    """Return how long collecting from all sources took, and how many papers they gave."""
    papers = 0
    start = time.perf_counter()
    async with (
        Fetcher(
            user_agent="benchmark", private_networks=[ipaddress.ip_network("127.0.0.0/8")]
        ) as fetcher,
        DocumentReader(sources=len(sources)) as reader,
    ):
        async for visit in collect_papers(
            sources,
            fetcher,
            reader,
            lambda found: found,
            remembered=lambda _source: Health(),
            now=NOW,
            max_age=dt.timedelta(days=36500),
        ):
            assert visit.report.ok, visit.report
            papers += len(visit.papers)
    return time.perf_counter() - start, papers


def thousand_sources(paths: Sequence[Path]) -> tuple[float, float, float, float]:
    """Return the ratio to the bound, both times in seconds, and memory against 250 sources.

    The bound is latency over connections, and parsing on every core, with nothing in between.
    """
    small = [
        path.read_bytes()
        for path in paths
        if path.suffix != ".json" and corpus.is_real(path) and path.stat().st_size <= SMALL
    ]
    source = Source(name="x", kind="feed", location="x")
    feeds = [content for content in small if _gives_papers(content, source)][:100]
    first = Document(url="http://x.example/", content=feeds[0])
    KINDS["feed"].parse(first, source, NOW)
    start = time.perf_counter()
    for feed in feeds:
        KINDS["feed"].parse(Document(url="http://x.example/", content=feed), source, NOW)
    parsing = (time.perf_counter() - start) / len(feeds) * SOURCES
    bound = SOURCES * LATENCY / CONNECTIONS + parsing / (os.cpu_count() or 1)
    receiver, sender = multiprocessing.Pipe(duplex=False)
    server = multiprocessing.Process(target=serve, args=(sender, feeds), daemon=True)
    server.start()
    try:
        port = receiver.recv()
        sources = [
            Source(name=f"source {number}", kind="feed", location=f"http://{host}:{port}/{number}")
            for number, host in enumerate(addresses(SOURCES))
        ]
        # What was read above is no part of it: the collector need not walk over it again.
        gc.collect()
        gc.freeze()
        seconds, papers = asyncio.run(collect(sources))
        # Each in a process of its own: what was read above must not count as its memory.
        processes = ProcessPoolExecutor(
            1, mp_context=multiprocessing.get_context("spawn"), max_tasks_per_child=1
        )
        with processes as pool:
            quarter = pool.submit(peak_memory, sources[: SOURCES // 4]).result()
            whole = pool.submit(peak_memory, sources).result()
    finally:
        server.terminate()
        server.join()
    assert papers > 0
    return seconds / bound, seconds, bound, whole / quarter


def _gives_papers(feed: bytes, source: Source) -> bool:
    with contextlib.suppress(SourceError):
        found = KINDS["feed"].parse(Document(url="http://x/", content=feed), source, NOW)
        return bool(found.papers)
    return False


def main() -> None:
    """Read, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="under a minute")
    parser.add_argument("--json", action="store_true", help="named figures on the last line")
    parser.add_argument("--data", type=Path, help="a folder with feeds/, arxiv/, huggingface/")
    options = parser.parse_args()
    data = options.data or Path(os.environ.get("NEWSLETTER_TEST_DATA") or "missing")
    paths = corpus.documents(data)
    if not paths:
        print("no data folder: the demo's documents only", file=sys.stderr)
        paths = sorted(FEEDS.iterdir())
    account = read_all(paths)
    judged = list(verdicts(data / "feeds" / "feedparser")) if data.is_dir() else []
    met = sum(verdict.is_met for verdict in judged)
    parsing = ratio_to_feedparser(paths[:: 4 if options.quick else 1], 1 if options.quick else 3)
    ratio, seconds, bound, grown = thousand_sources(paths)
    print(f"documents          {account.documents:8} {account.gave} give {account.papers} papers, "
          f"{account.reasons} a reason")  # fmt: skip
    print(f"crashes and hangs  {len(account.crashes):8}")
    print(f"expectations met   {met:8} of {len(judged)}")
    print(f"mark-up left       {account.per_1000:8.2f} papers per 1,000 of {account.texts}")
    print(f"parsing            {parsing:8.2f} x feedparser")
    print(f"1,000 sources      {ratio:8.2f} x the bound ({seconds:.1f} s for {bound:.1f} s, "
          f"{grown:.2f} x the memory of 250)")  # fmt: skip
    for line in (
        *account.crashes,
        *map(_unmet, (verdict for verdict in judged if not verdict.is_met)),
    ):
        print(f"  {line}")
    if options.json:
        figures = {
            "documents": account.documents,
            "crashes": len(account.crashes),
            "expectations_met": round(met / len(judged), 4) if judged else None,
            "markup_left_per_1000": round(account.per_1000, 2),
            "ratio_to_feedparser": round(parsing, 3),
            "thousand_sources_ratio": round(ratio, 3),
        }
        print(json.dumps(figures))


def _unmet(verdict: Any) -> str:
    wanted = verdict.expectation
    return f"{verdict.file}: {wanted.path} is {verdict.found!r}, not {wanted.value!r}"


if __name__ == "__main__":
    main()
