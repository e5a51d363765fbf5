"""KINDS: how each kind of source is asked and read."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from newsletter.collect.answers import Manners, SourceKind, StandIn
from newsletter.collect.kinds import (
    arxiv,
    biorxiv,
    hackernews,
    huggingface,
    oaipmh,
    openreview,
    reddit,
)
from newsletter.collect.kinds import semanticscholar as scholar
from newsletter.collect.kinds.feeds import parse_feed
from newsletter.collect.kinds.opml import parse_opml

_ARXIV_TERMS = (
    "One request every three seconds, one connection at a time "
    "(https://info.arxiv.org/help/api/tou.html)."
)
_BIORXIV = SourceKind(
    parse=biorxiv.parse_preprints,
    locate=biorxiv.locate_preprints("biorxiv"),
    needs=(),
    takes=("url", "api", "categories", "announce"),
    manners=Manners(connections=1, pause=1.0),
    terms="Open to programs, in pages of 100 (https://api.biorxiv.org).",
)

KINDS: Final[dict[str, SourceKind]] = {
    "feed": SourceKind(
        parse=parse_feed,
        takes=("url", "announce", "headers"),
        terms="Feeds are made for programs; we obey a server's Cache-Control and Retry-After.",
    ),
    "opml": SourceKind(
        parse=parse_opml,
        takes=("url", "announce", "headers"),
        terms="As for feeds, for each feed that the list names.",
    ),
    "arxiv": SourceKind(
        parse=arxiv.parse_arxiv,
        locate=arxiv.locate_announcements,
        catch_up=arxiv.catch_up,
        stand_ins=(
            StandIn(
                name="OAI-PMH",
                locate=oaipmh.locate_records,
                parse=oaipmh.parse_records,
                manners=oaipmh.MANNERS,
            ),
        ),
        needs=("url", "categories"),
        takes=("url", "api", "categories", "announce"),
        manners=arxiv.MANNERS,
        terms=_ARXIV_TERMS,
    ),
    "arxiv-search": SourceKind(
        parse=arxiv.parse_arxiv,
        locate=arxiv.locate_search,
        needs=("query",),
        takes=("api", "query", "announce"),
        manners=arxiv.MANNERS,
        terms=_ARXIV_TERMS,
    ),
    "huggingface": SourceKind(
        parse=huggingface.parse_daily_papers,
        locate=huggingface.locate_daily_papers,
        needs=(),
        takes=("url", "api", "headers"),
        manners=Manners(connections=1, pause=0.5),
        terms="A public API without a key; robots.txt allows /api (https://huggingface.co/docs/hub/api).",
    ),
    "biorxiv": _BIORXIV,
    "medrxiv": replace(_BIORXIV, locate=biorxiv.locate_preprints("medrxiv")),
    "openreview": SourceKind(
        parse=openreview.parse_notes,
        locate=openreview.locate_notes,
        needs=("query",),
        takes=("api", "query"),
        manners=Manners(connections=1, pause=1.0),
        terms="A public API with a rate limit (https://docs.openreview.net).",
    ),
    "semantic-scholar": SourceKind(
        parse=scholar.parse_papers,
        locate=scholar.locate_papers,
        needs=("query", "authors"),
        takes=("api", "query", "authors", "headers"),
        manners=scholar.MANNERS,
        terms="One request a second; all users without a key share one limit "
        "(https://www.semanticscholar.org/product/api).",
    ),
    "hackernews": SourceKind(
        parse=hackernews.parse_stories,
        locate=hackernews.locate_stories,
        needs=(),
        takes=("api", "query"),
        manners=Manners(connections=1, pause=1.0),
        terms="A public search API, 10,000 requests an hour (https://hn.algolia.com/api).",
    ),
    "reddit": SourceKind(
        parse=reddit.parse_posts,
        locate=reddit.locate_posts,
        needs=("query",),
        takes=("api", "query", "headers"),
        manners=Manners(connections=1, pause=6.0),
        terms="Ten requests a minute without a login; robots.txt asks programs to use the API "
        "with a login (https://support.reddithelp.com/hc/en-us/articles/16160319875092).",
    ),
}
"""How each kind of source is asked and read. A new kind is one file and one entry here."""
