"""Feeds of what was picked (Atom, JSON Feed 1.1), the sitemap, and robots.txt."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Final, cast

from lxml import etree
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from newsletter.schedule import due_at
from newsletter.serve.given import Site, SiteNow
from newsletter.serve.look import PUBLIC
from newsletter.serve.views import Card, cards

ITEMS: Final = 60
"""Papers in a feed."""
DAYS: Final = 14
"""Days that a feed goes back."""
PRIVATE: Final = (
    "u/", "unsubscribe/", "preferences/", "manage/", "confirm/", "feedback/", "admin", "try",
    "search",
)  # fmt: skip
"""Paths that robots have no business with."""
ATOM: Final = "http://www.w3.org/2005/Atom"
SITEMAP: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"


class Feeds:
    """What programs read."""

    def __init__(self, site: SiteNow) -> None:
        """Show the site as it is at each request."""
        self._site = site

    def atom(self, request: Request) -> Response:
        """Answer with the Atom feed (RFC 4287), of one topic or of all."""
        return atom_feed(self._site(), request.path_params.get("name", ""))

    def json(self, request: Request) -> Response:
        """Answer with the JSON Feed, of one topic or of all."""
        return json_feed(self._site(), request.path_params.get("name", ""))

    def sitemap(self, _request: Request) -> Response:
        """Answer with the addresses of all days."""
        return sitemap(self._site())

    def robots(self, _request: Request) -> Response:
        """Ask robots not to follow the links of readers."""
        return robots(self._site())


def atom_feed(site: Site, topic: str = "") -> Response:
    """Return the Atom feed of the newest picks; raises HTTPException for an unknown topic."""
    shown, title = _items(site, topic)
    path = f"/topics/{topic}/feed.xml" if topic else "/feed.xml"
    feed = etree.Element(f"{{{ATOM}}}feed", nsmap=_names(ATOM))
    _add(feed, "title", title)
    _add(feed, "id", f"{site.address}{path}")
    _add(
        feed,
        "updated",
        _moment(site, max((card.date for card in shown if card.date), default=None)),
    )
    _link(feed, "self", f"{site.address}{path}", "application/atom+xml")
    _link(feed, "alternate", f"{site.address}{f'/topics/{topic}' if topic else '/'}", "text/html")
    for card in shown:
        entry = etree.SubElement(feed, f"{{{ATOM}}}entry")
        _add(entry, "title", card.paper.title)
        _add(entry, "id", _page_of(site, card))
        _link(entry, "alternate", card.paper.url or _page_of(site, card), "text/html")
        _add(entry, "updated", _moment(site, card.date))
        for name in card.paper.authors or (site.config.letter.name,):
            _add(etree.SubElement(entry, f"{{{ATOM}}}author"), "name", name)
        for name, words in card.topics:
            etree.SubElement(entry, f"{{{ATOM}}}category", term=name, label=words)
        _add(entry, "summary", card.view.summary or card.paper.abstract)
    content = etree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return _answer(content, "application/atom+xml")


def json_feed(site: Site, topic: str = "") -> Response:
    """Return the JSON Feed (https://jsonfeed.org/version/1.1) of the newest picks."""
    shown, title = _items(site, topic)
    path = f"/topics/{topic}/feed.json" if topic else "/feed.json"
    content = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": title,
        "home_page_url": f"{site.address}{f'/topics/{topic}' if topic else '/'}",
        "feed_url": f"{site.address}{path}",
        "language": site.config.letter.language,
        "items": [
            {
                "id": _page_of(site, card),
                "url": _page_of(site, card),
                "external_url": card.paper.url,
                "title": card.paper.title,
                "content_text": card.view.summary or card.paper.abstract,
                "date_published": _moment(site, card.date),
                "authors": [{"name": name} for name in card.paper.authors],
                "tags": [words for _, words in card.topics],
            }
            for card in shown
        ],
    }
    return _answer(json.dumps(content, ensure_ascii=False).encode(), "application/feed+json")


def sitemap(site: Site) -> Response:
    """Return the addresses of the pages of all days and topics."""
    root = etree.Element(f"{{{SITEMAP}}}urlset", nsmap=_names(SITEMAP))
    paths = [
        "/",
        "/archive",
        *(f"/topics/{topic.name}" for topic in site.config.choice.topics),
        *(f"/{date}" for date in site.picks.dates()),
    ]
    for path in paths[:50_000]:  # the most that a sitemap may have
        entry = etree.SubElement(root, f"{{{SITEMAP}}}url")
        etree.SubElement(entry, f"{{{SITEMAP}}}loc").text = f"{site.address}{path}"
    content = etree.tostring(root, encoding="utf-8", xml_declaration=True)
    return _answer(content, "application/xml")


def robots(site: Site) -> Response:
    """Return robots.txt (RFC 9309)."""
    lines = ["User-agent: *", *(f"Disallow: {site.base}/{path}" for path in PRIVATE)]
    text = "\n".join((*lines, f"Sitemap: {site.address}/sitemap.xml", ""))
    return PlainTextResponse(text, headers={"Cache-Control": PUBLIC})


def _items(site: Site, topic: str) -> tuple[Sequence[Card], str]:
    """Return what a feed shows, the newest issue first, and its title."""
    choice, name = site.config.choice, site.config.letter.name
    titles = {wanted.name: wanted.title for wanted in choice.topics}
    if topic and topic not in titles:
        raise HTTPException(404)
    if topic:
        picks = site.picks.of_topic(topic, ITEMS)
        found = cards(site, picks)
        return found, f"{name}: {titles[topic]}"
    dates = site.picks.dates()[:DAYS]
    picks = site.picks.dated(dates[-1], dates[0]) if dates else ()
    newest = sorted(picks, key=lambda dated: dated[0], reverse=True)
    return cards(site, newest)[:ITEMS], name


def _page_of(site: Site, card: Card) -> str:
    return f"{site.address}/papers/{card.id}"


def _moment(site: Site, date: dt.date | None) -> str:
    """Return when an issue was due, as feeds write moments."""
    schedule = site.config.schedule
    day = date or site.today()
    return due_at(schedule, day).astimezone(schedule.zone).isoformat()


def _names(space: str) -> dict[str, str]:
    """Return lxml's map for a document in one name space; its stubs know no default one."""
    names: dict[str | None, str] = {None: space}
    return cast("dict[str, str]", names)


def _add(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, f"{{{ATOM}}}{name}").text = text


def _link(parent: etree._Element, rel: str, href: str, kind: str) -> None:
    etree.SubElement(parent, f"{{{ATOM}}}link", rel=rel, href=href, type=kind)


def _answer(content: bytes, kind: str) -> Response:
    return Response(content, media_type=kind, headers={"Cache-Control": PUBLIC})
