"""Broken, hostile and absurd documents, made from small sound ones: what no parser may stumble over.

    python tests/fuzzing.py [--seconds 60] [--seed 1] [--only TARGET]

The same seed gives the same inputs. A stumble is an exception other than the one that says that a
document cannot be read, a fault that a guard had to catch, a Paper that the gate would not let
pass, or more than SECONDS for one input. It is told with what makes it again.
"""

from __future__ import annotations

import argparse
import copy
import email.utils
import io
import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
from makers import NOW, make_document, make_paper

from newsletter.collect.answers import Parsed, VisitWindow
from newsletter.collect.http.addresses import on_server, shown, without_secrets
from newsletter.collect.http.responses import explain, freshness, retry_after
from newsletter.collect.identity.duplicates import merge_papers
from newsletter.collect.identity.keys import canonical_url, paper_keys, reference_keys
from newsletter.collect.kinds.table import KINDS
from newsletter.collect.plain.latex import plain_latex
from newsletter.collect.plain.text import plain_text
from newsletter.collect.services.enrichment import with_facts
from newsletter.collect.services.table import ENRICHERS
from newsletter.config.editing import add_sources, source_names
from newsletter.errors import ConfigError, ImportListError, SourceError
from newsletter.model import SignUp, Source
from newsletter.model.gate import admit, admit_mention, identity, line, link
from newsletter.store import Suppression
from newsletter.subscribe.barring import read_suppressions
from newsletter.subscribe.imports import Bringing, read_people

SECONDS = 5.0
"""For one input, of at most LARGEST bytes."""
LARGEST = 100_000
SOURCE = Source(
    name="fuzzed",
    kind="feed",
    location="https://example.org/f",
    announce=("new", "cross", "replace"),
)

RSS = b"""<?xml version="1.0" encoding="utf-8"?><!DOCTYPE rss [<!ENTITY a "b">]>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom">
<channel><title>cs.CL</title><pubDate>Tue, 17 Mar 2026 00:00:00 -0400</pubDate>
<item><title>On $O(n^2)$ and \\textbf{m&amp;m} (arXiv:2603.00001v1 [cs.CL])</title><link>https://arxiv.org/abs/2603.00001</link>
<description>arXiv:2603.00001v1 Announce Type: new Abstract: 78\\% &lt;b&gt;more&lt;/b&gt;, github.com/a/b.</description>
<guid isPermaLink="false">oai:arXiv.org:2603.00001v1</guid><category>cs.CL</category>
<arxiv:announce_type>new</arxiv:announce_type><dc:creator>Ada Byron (1), Bo Li</dc:creator></item>
<item><title><![CDATA[A post]]></title><link>/p?a=1&amp;b=2#c</link><author>ada@x.example (Ada)</author>
<description>Authors: Ada Byron, B. Li Upvotes: 3 Summary: We do.</description></item></channel></rss>"""
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom" xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">
<opensearch:totalResults>2</opensearch:totalResults><updated>2026-03-17T00:00:00Z</updated>
<entry><id>http://arxiv.org/abs/2603.00002v1</id><title>Erd\\H{o}s</title><published>2026-03-16T10:00:00Z</published>
<summary type="html">We &lt;i&gt;do&lt;/i&gt; $\\frac{a}{b}$.</summary><author><name>Ole Berg</name></author>
<link href="http://arxiv.org/abs/2603.00002v1" rel="alternate"/><category term="cs.LG"/></entry></feed>"""
JSON_FEED = b"""{"version": "https://jsonfeed.org/version/1.1", "title": "x", "items": [{"id": "1",
"title": "A paper", "url": "https://e.example/1", "content_html": "<p>We do.</p>", "tags": ["a"],
"date_published": "2026-03-17T06:00:00Z", "authors": [{"name": "Ada Byron"}]}]}"""
OPML = b"""<?xml version="1.0"?><opml version="2.0"><body><outline text="Labs"><outline text="A &amp; B" type="rss"
xmlUrl="https://a.example/feed"/><outline title="R" xmlURL="feeds/b.xml"/></outline></body></opml>"""
DAILY = b"""[{"paper": {"id": "2603.00003", "title": "A paper", "summary": "We do.", "upvotes": 5, "authors":
[{"name": "Ada Byron"}], "publishedAt": "2026-03-17T06:00:00Z", "ai_summary": "They do.", "ai_keywords": ["k"],
"githubRepo": "https://github.com/a/b", "githubStars": 7, "organization": {"name": "lab"}}, "numComments": 1,
"thumbnail": "https://c.example/t.png", "submittedBy": {"fullname": "Bo"}}]"""
BIORXIV = b"""{"messages": [{"status": "ok", "total": "2", "cursor": 0}], "collection": [{"doi": "10.1101/2026.03.1",
"title": "A preprint", "authors": "Byron, A.; Li, B.", "date": "2026-03-16", "version": "1", "category": "neuroscience",
"abstract": "We do.", "published": "NA", "server": "biorxiv", "author_corresponding_institution": "Lab"}]}"""
OPENREVIEW = b"""{"notes": [{"id": "abcDEF1234", "forum": "abcDEF1234", "cdate": 1773700000000, "content": {"title":
{"value": "A submission"}, "abstract": {"value": "We do."}, "authors": {"value": ["Ada"]}, "keywords": {"value": ["k"]},
"TLDR": {"value": "They do."}, "pdf": {"value": "/pdf/1.pdf"}, "venue": {"value": "V"}}}], "count": 1}"""
SCHOLAR = b"""{"total": 1, "token": "t", "data": [{"paperId": "1", "externalIds": {"ArXiv": "2603.00004", "DOI": "10.1/x"},
"url": "https://www.semanticscholar.org/paper/1", "title": "A paper", "abstract": "We do.", "venue": "V",
"publicationDate": "2026-03-15", "citationCount": 3, "openAccessPdf": {"url": "https://p.example/1.pdf"},
"fieldsOfStudy": ["CS"], "authors": [{"authorId": "1", "name": "Ada"}], "tldr": {"text": "They do."}}]}"""
HITS = b"""{"hits": [{"objectID": "123", "url": "https://arxiv.org/abs/2603.00005", "points": 9, "num_comments": 2,
"title": "A story"}], "page": 0, "nbPages": 2}"""
REDDIT = b"""{"data": {"children": [{"kind": "t3", "data": {"permalink": "/r/ML/comments/1/x/", "url":
"https://arxiv.org/abs/2603.00006", "title": "P", "selftext": "arxiv.org/abs/2603.00007", "score": 3, "num_comments": 1}}]}}"""
BATCH = b"""[{"venue": "V", "citationCount": 3, "tldr": {"text": "They do."}, "externalIds": {"DOI": "10.1/X"}}, null]"""
CROSSREF = b"""{"message": {"items": [{"DOI": "10.1/X", "container-title": ["J"], "is-referenced-by-count": 8,
"abstract": "<jats:p>We do.</jats:p>", "author": [{"given": "Ada", "family": "Byron"}]}]}}"""
GITHUB = b"""{"stargazers_count": 5, "message": "x"}"""
TEX = r"""On $O(n^2)$, \textbf{bold $\beta$}~\cite{a}[x], {\"o}, \frac{a}{b}, \sqrt[3]{x}, \href{https://u}{c}, `q', $5 -- <b title="x">y</b> &amp;lt; <!-- z --> JosÃ©""".encode()
URL = b"https://user:pw@b\xc3\xbccher.example:8080/a%20b/c;d?q=1&key=x#f"
HEADER = b"Tue, 17 Mar 2026 06:00:00 GMT, max-age=60, no-cache"

TOKENS = (
    *(sign.encode() for sign in "{ } $ \\ ^ _ ~ < > & ; \" ' ( ) [ ] @ / ? # % : . , - =".split()),
    b"\\cite{", b"\\frac", b"\\frac{", b"\\textbf{", b"\\'", b"\\(", b"\\[", b"\\begin{", b"$$", b"\\sqrt[",
    b'<a b="', b"<script", b"<!--", b"<![CDATA[", b"<?", b"<!DOCTYPE x [", b"<!ENTITY a '&a;&a;'>", b"&a;", b"]>",
    b"&#xE000;", b"&#99999999999999999999;", b"&#" + b"9" * 5000 + b";", b"&amp;lt;", b"&#0;", b"\x00", b"\xff\xfe",
    b"\xed\xa0\x80", b"\xee\x80\x80email\xee\x80\x81", b"\xe2\x80\xae", b"\x1b[31m", b"\r\nBcc: x@y.z", b"\xef\xbb\xbf",
    b"arxiv:", b"arXiv:", b"doi:10.1234/", b"openreview.net/forum?id=", b"github.com/", b"http://[", b"https://",
    b"javascript:", b"//evil.example/", b"1e999", b"-1", b"9" * 400, b"9" * 5000, b"NaN", b"null", b"0001-01-01",
    b"9999-12-31T23:59:59-12:00", b"1970", b"\n" * 50, b" " * 50, b"a" * 3000, b"[" * 200, b"<b>" * 200, b"aa-" * 500,
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 10**18, 10**400, 1.5, 1e300, "", " ", "\ud800", "\ue000email\ue001", "\u202e", "\x1b[31m",
    "x" * 30_000, "{" * 50 + "\\cite{a}", "javascript:alert(1)", "https://u:p@h/", "https://h/\ue000", "0001-01-01",
    "https://h/" + "x" * 3_000, "9999-12-31T23:59:59-12:00", [], {}, [[]], [None, 1, "x"], {"value": None}, "9" * 5_000,
    "²", "//evil.example/x", "/r/x", "10.1/" + "y" * 9_000, "a@" * 2_000, "(arXiv:[" * 600, "&#" + "9" * 5_000 + ";",
)  # fmt: skip


@dataclass(frozen=True)
class Target:
    """What is tried, with the sound inputs that broken ones are made from."""

    seeds: tuple[bytes, ...]
    run: Callable[[bytes], None]


class StumbleError(AssertionError):
    """Something that must not happen."""


def _read(kind: str) -> Callable[[bytes], None]:
    def run(content: bytes) -> None:
        url = "https://example.org/0/json?start=0&limit=1&offset=0&page=0"
        check(KINDS[kind].parse(make_document(content, url), SOURCE, NOW))

    return run


def check(parsed: Parsed) -> None:
    """Raise StumbleError when a guard had to catch something, or the gate would change anything."""
    if parsed.faults:
        raise StumbleError(parsed.faults[0].trace or str(parsed.faults[0]))
    for paper in parsed.papers:
        if admit(paper, NOW) != (paper, ()) or not paper.title or paper.id not in paper.keys:
            raise StumbleError(f"past the gate: {paper!r}"[:2000])
    for mention in parsed.mentions:
        if admit_mention(mention) != mention:
            raise StumbleError(f"past the gate: {mention!r}"[:2000])
    told = (parsed.note, *(source.name for source in parsed.sources))
    if not all(text.isprintable() or line(text) == text for text in told):
        raise StumbleError(f"not fit for a terminal: {told!r}"[:2000])
    merge_papers(parsed.papers)
    if parsed.papers:
        shown_again = Parsed(papers=parsed.papers, dated=parsed.dated)
        window = VisitWindow(since=NOW, until=NOW, reach=NOW)
        KINDS["arxiv"].catch_up(SOURCE, window, shown_again, parsed.papers)  # type: ignore[misc]


def _facts(service: str) -> Callable[[bytes], None]:
    def run(content: bytes) -> None:
        told = ENRICHERS[service].read(make_document(content), ["2603.00001", "10.1/x"])
        json.dumps(told)
        for facts in told.values():
            admit(with_facts(make_paper(), facts))

    return run


def _text(function: Callable[[str], object]) -> Callable[[bytes], None]:
    def run(content: bytes) -> None:
        function(content.decode("utf-8", "surrogateescape")[:20_000])

    return run


def _address(content: bytes) -> None:
    given = content.decode("utf-8", "surrogatepass" if content.isascii() else "replace")
    found = link(given)
    if found and (link(found) != found or not found.isascii() or "@" in urlsplit(found).netloc):
        raise StumbleError(f"no sound link: {found!r}")
    if identity(identity(given)) != identity(given):
        raise StumbleError(f"no stable identity: {given!r}")
    for function in (shown, without_secrets, canonical_url, reference_keys, line):
        function(given)
    paper_keys(references=(given,), url=found, title=given)
    on_server("https://openreview.net/", given)


def _header(content: bytes) -> None:
    value = content.replace(b"\r", b"").replace(b"\n", b"")
    names = (b"retry-after", b"cache-control", b"age", b"date")
    reason = {"reason_phrase": content}
    response = httpx2.Response(503, headers=[(name, value) for name in names], extensions=reason)
    retry_after(response)
    freshness(response)
    if not explain(response).isprintable():
        raise StumbleError(f"not fit for a terminal: {explain(response)!r}")


PEOPLE = (
    b"uuid,email,name,attributes,status,created_at,tags,timezone\n"
    b'1,ada@r.example,"Ada, B","{""a"": [""agents""]}",enabled,2024-05-06T07:08:09Z,"agents,x",Asia/Tokyo\n'
    b'2,"Bo <bo@r.example>",Bo,,blocklisted,1714979289,,\n'
)
CHIMP = (
    b'"Email Address","First Name",MEMBER_RATING,OPTIN_TIME,TIMEZONE,LEID,EUID,TAGS,UNSUB_TIME,UNSUB_REASON\n'
    b'a@r.example,Ada,2,"2020-01-02 03:04:05",Europe/Paris,1,x,"""agents""","2022-01-02 03:04:05",NORMAL\n'
)
BARRED = b'address,code,error,created_at\na@r.example,550,gone,"Mon, 06 May 2024 07:08:09 UTC"\nb@r.example,BOUNCE\n'
YAML = b"timeout: 3  # s\nsources:\n  - name: A\n    url: 'https://a.example/x'\n\n  # b\n  - {name: B, kind: huggingface}\n"


def _people(content: bytes) -> None:
    """Read a list of people; whoever comes is fit for a header, and comes once."""
    for among in (1, 2):
        found = list(
            read_people(io.BytesIO(content), "unsubscribed_x.csv", _bringing(), {}, among=among)
        )
        _check_people(found)


def _barred(content: bytes) -> None:
    _check_people(read_suppressions(io.BytesIO(content), "x.csv", _bringing(), set()))


def _bringing() -> Bringing:
    return Bringing(topics={"agents": "Agents"}, consent="", now=NOW, on_refused=lambda _row: None)


def _check_people(found: Iterable[SignUp | Suppression]) -> None:
    seen = set()
    for one in found:
        texts = (
            (one.email, one.consent, one.name)
            if isinstance(one, SignUp)
            else (one.email, one.verdict, one.evidence)
        )
        is_sound = (
            all(text.isprintable() and len(text) <= 300 for text in texts) and one.email.isascii()
        )
        if not is_sound or (type(one), one.email.lower()) in seen:
            raise StumbleError(f"not fit to be kept: {one!r}"[:2000])
        seen.add((type(one), one.email.lower()))


def _edit(content: bytes) -> None:
    """Add a source to a file: it is done, or told; a file that loads is never lost."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sources.yaml"
        path.write_bytes(content := content[:5_000])
        try:
            add_sources(
                Path(folder),
                [{"name": "New: \U0001f600", "kind": "feed", "url": "https://n.example/#x"}],
                {},
            )
        except ConfigError:
            if path.read_bytes() != content:
                raise StumbleError("refused, and changed all the same") from None
            return
        if source_names(Path(folder), {})[-1] != "New: \U0001f600":
            raise StumbleError("written, and not there")


TARGETS: dict[str, Target] = {
    "people": Target((PEOPLE, CHIMP), _people),
    "suppressions": Target((BARRED,), _barred),
    "editing": Target((YAML,), _edit),
    "feed": Target((RSS, ATOM, JSON_FEED), _read("feed")),
    "arxiv": Target((RSS, ATOM), _read("arxiv")),
    "opml": Target((OPML,), _read("opml")),
    "huggingface": Target((DAILY,), _read("huggingface")),
    "biorxiv": Target((BIORXIV,), _read("biorxiv")),
    "openreview": Target((OPENREVIEW,), _read("openreview")),
    "semantic-scholar": Target((SCHOLAR,), _read("semantic-scholar")),
    "hackernews": Target((HITS,), _read("hackernews")),
    "reddit": Target((REDDIT,), _read("reddit")),
    "facts-arxiv": Target((ATOM,), _facts("arxiv")),
    "facts-scholar": Target((BATCH,), _facts("semantic-scholar")),
    "facts-crossref": Target((CROSSREF,), _facts("crossref")),
    "facts-github": Target((GITHUB,), _facts("github")),
    "text": Target((TEX,), _text(plain_text)),
    "latex": Target((TEX,), _text(plain_latex)),
    "address": Target((URL,), _address),
    "header": Target((HEADER, email.utils.formatdate(0).encode()), _header),
}


def mutants(target: Target, chance: random.Random) -> Iterator[bytes]:
    """Yield inputs without end."""
    while True:
        content = chance.choice(target.seeds)
        if content[:1] in b"[{" and chance.random() < 0.6:
            content = _odd_json(content, chance)
        for _ in range(chance.choice((0, 1, 1, 2, 3, 6))):
            content = chance.choice(MUTATIONS)(content, chance)[:LARGEST]
        yield content


def _odd_json(content: bytes, chance: random.Random) -> bytes:
    """Put values of other kinds into a JSON document."""
    value = json.loads(content)
    for _ in range(chance.choice((1, 1, 2, 4))):
        at: Any = value
        while True:
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            if not keys:
                break
            key = chance.choice(keys)
            if not isinstance(at[key], dict | list) or not at[key] or chance.random() < 0.2:
                at[key] = copy.deepcopy(chance.choice(VALUES))
                break
            at = at[key]
    return json.dumps(value).encode()


def _slice(content: bytes, chance: random.Random) -> tuple[int, int]:
    start = chance.randrange(len(content) + 1)
    return start, min(len(content), start + chance.choice((1, 1, 3, 10, 40, 300)))


def _cut(content: bytes, chance: random.Random) -> bytes:
    start, end = _slice(content, chance)
    return content[:start] + content[end:]


def _repeat(content: bytes, chance: random.Random) -> bytes:
    start, end = _slice(content, chance)
    times = chance.choice((2, 10, 100, 3_000, 30_000))
    return content[:end] + (content[start:end] * times)[:LARGEST] + content[end:]


def _insert(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content) + 1)
    token = chance.choice(TOKENS) * chance.choice((1, 1, 1, 2, 50, 3_000))
    return content[:at] + token[:LARGEST] + content[at:]


def _flip(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content or b" ")
    for _ in range(chance.choice((1, 2, 8))):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _end(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _cut,
    _repeat,
    _insert,
    _insert,
    _flip,
    _end,
)


def stumbles(name: str, seed: int, rounds: int, until: float = float("inf")) -> Iterator[str]:
    """Try `rounds` inputs on a target, or until a moment; yield what went wrong, in words."""
    target = TARGETS[name]
    chance = random.Random(f"{name} {seed}")
    for number, content in zip(range(rounds), mutants(target, chance), strict=False):
        start = time.process_time()
        try:
            target.run(content)
        except ImportListError:
            continue  # no list
        except SourceError as error:
            if not str(error).isprintable() or len(str(error)) > 1_000:
                yield f"{name} {seed} {number}: not fit for a terminal: {error!r}"
        except Exception as error:  # noqa: BLE001  what is looked for
            yield f"{name} {seed} {number}: {type(error).__name__}: {str(error)[-1500:]}"
        if (took := time.process_time() - start) > SECONDS:
            yield f"{name} {seed} {number}: {took:.1f} s for {len(content)} bytes {content[:200]!r}"
        if time.monotonic() > until:
            return


def main() -> None:
    """Try every target in turns until the time is over; the exit status tells of stumbles."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=TARGETS)
    options = parser.parse_args()
    until = time.monotonic() + options.seconds
    seed, found = options.seed, 0
    while time.monotonic() < until:
        for name in [options.only] if options.only else TARGETS:
            for told in stumbles(name, seed, 100, until):
                found += 1
                print(told, flush=True)  # noqa: T201  a program for people  a program
        seed += 1
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000
    tried = f"seeds {options.seed} to {seed - 1} of 100 inputs for each target"
    print(f"{found} stumbles; {tried}; {peak:.0f} MB")  # noqa: T201  a program for people
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
