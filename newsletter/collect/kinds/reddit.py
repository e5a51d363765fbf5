"""Reddit: posts about papers, as a signal of discussion → Mention."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from newsletter.collect.answers import (
    MAX_FIELD,
    Document,
    Parsed,
    VisitWindow,
    complaint,
    count,
    mapping,
    read_json,
)
from newsletter.collect.entries import read_mentions
from newsletter.collect.http.addresses import on_server
from newsletter.collect.identity.keys import reference_keys, web_url
from newsletter.errors import SourceError
from newsletter.model import Mention, Sighting, Source

API = "https://www.reddit.com"
MENTIONED = 3
"""Most papers that one post can discuss; a post that lists more is a round-up, and is left out."""


def locate_posts(source: Source, _window: VisitWindow) -> tuple[str, ...]:
    """Return where to ask for the week's top posts of the subreddits (`a+b`)."""
    return (f"{source.api or API}/r/{source.query}/top.json?t=week&limit=100&raw_json=1",)


def parse_posts(document: Document, source: Source, now: dt.datetime) -> Parsed:
    """Return the discussions of papers among the posts of a listing.

    Raises SourceError when the answer is an error or not a listing.
    """
    answer = mapping(read_json(document))
    posts = mapping(answer.get("data")).get("children")
    if not isinstance(posts, list):
        said = complaint(answer) or "JSON, but no listing of posts"
        raise SourceError(f"{document.shown}: Reddit says: {said}")
    mentions, account = read_mentions(
        posts, lambda post: _mentions(mapping(post).get("data"), source, now), source
    )
    return Parsed(
        mentions=mentions,
        skipped=account.skipped,
        note="; ".join(account.notes()),
        faults=tuple(account.faults),
    )


def _mentions(post: object, source: Source, now: dt.datetime) -> Iterator[Mention]:
    given = mapping(post)
    thread = str(given.get("permalink") or "")
    if not thread.startswith("/r/"):
        return
    link = web_url(str(given.get("url") or ""))
    written = f"{given.get('title') or ''}\n{given.get('selftext') or ''}"[:MAX_FIELD]
    # A link post discusses the paper it links to; a text post may discuss a few.
    papers = [] if given.get("is_self") else list(filter(None, [reference_keys(link)]))
    if not papers:
        papers = list(dict.fromkeys((key,) for key in reference_keys(written) if "url" not in key))
    if len(papers) > MENTIONED:
        return
    sighting = Sighting(
        source=source.name,
        seen_at=now,
        url=on_server("https://www.reddit.com/", thread),
        votes=count(given.get("score")),
        comments=count(given.get("num_comments")),
    )
    for keys in papers:
        yield Mention(keys=keys, sighting=sighting)
