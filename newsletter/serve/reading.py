"""Pages to read: a day's papers, weeks, months, topics, papers, the archive."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from newsletter.day.titles import papers_like
from newsletter.model import Paper, Pick
from newsletter.render.citations import BIBTEX, RIS, bibtex, ris
from newsletter.render.locales import locale_of, long_date
from newsletter.render.pictures import KINDS
from newsletter.schedule import due_at, next_date
from newsletter.serve.forms import date_in, form_token
from newsletter.serve.given import Site, SiteNow, visited
from newsletter.serve.look import PUBLIC, attachment, page, tagged
from newsletter.serve.views import Card, bare, cards, path_of, trending

OF_TOPIC: Final = 60
"""Papers on the page of a topic."""
ALIKE: Final = 6
"""Papers like a paper, on its page."""
FIRST: Final = dt.date(1991, 8, 14)
"""arXiv's first day: no day before it has papers."""


class ReadingPages:
    """The pages that everybody may read."""

    def __init__(self, site: SiteNow) -> None:
        """Show the site as it is at each request."""
        self._site = site

    def today(self, request: Request) -> Response:
        """Show the newest issue."""
        site = visited(self._site, request)
        dates = site.picks.dates()
        if not dates:
            return empty_page(site)
        return day_page(site, dates[0], dates, request.query_params.get("topic", ""), path="/")

    def day(self, request: Request) -> Response:
        """Show the issue of one day."""
        site = visited(self._site, request)
        date = _date(request.path_params["date"])
        dates = site.picks.dates()
        if date not in dates:
            raise HTTPException(404)
        return day_page(site, date, dates, request.query_params.get("topic", ""), path=f"/{date}")

    def week(self, request: Request) -> Response:
        """Show the best of the week, from Monday to Sunday, in which a day lies."""
        site, date = visited(self._site, request), _date(request.path_params["date"])
        first = date - dt.timedelta(days=date.weekday())
        if first != date:
            return RedirectResponse(f"{site.base}/week/{first}", status_code=308)
        return week_page(site, first)

    def month(self, request: Request) -> Response:
        """Show the best of a month."""
        site = visited(self._site, request)
        first = _date(request.path_params["month"] + "-01")
        return month_page(site, first)

    def topic(self, request: Request) -> Response:
        """Show the latest papers of a topic."""
        site, name = visited(self._site, request), request.path_params["name"]
        return topic_page(site, name)

    def paper(self, request: Request) -> Response:
        """Show one paper, and papers like it."""
        return paper_page(visited(self._site, request), request.path_params["id"])

    def bibtex(self, request: Request) -> Response:
        """Give a paper, or the issue of a day, as BibTeX."""
        papers = self._cited(request.path_params["id"])
        return attachment(bibtex(papers), BIBTEX, "papers.bib")

    def ris(self, request: Request) -> Response:
        """Give a paper, or the issue of a day, as RIS."""
        papers = self._cited(request.path_params["id"])
        return attachment(ris(papers), RIS, "papers.ris")

    def _cited(self, name: str) -> Sequence[Paper]:
        """Return the paper with an id, or those of the issue of a date."""
        site = self._site()
        if found := site.day.stores.papers.with_keys([name]):
            return found[:1]
        picks = site.picks.of(_date(name))
        if not picks:
            raise HTTPException(404)
        return tuple({pick.paper.id: pick.paper for pick in picks}.values())

    def figure(self, request: Request) -> Response:
        """Give a figure; mails and pages of other hosts may show it."""
        name = request.path_params["name"]
        content = self._site().day.folders.figures.read(name)
        if not content:
            raise HTTPException(404)
        headers = {
            # Its address changes with its content.
            "Cache-Control": "public, max-age=31536000, immutable",
            "Cross-Origin-Resource-Policy": "cross-origin",
        }
        kind = KINDS[name.rpartition(".")[2]]
        return tagged(request, Response(content, media_type=f"image/{kind}", headers=headers))

    def archive(self, request: Request) -> Response:
        """List every issue."""
        return archive_page(visited(self._site, request))


def empty_page(site: Site) -> Response:
    """Return the page of a newsletter that has no issue yet."""
    return page(site, "empty.html", {"next": _next_issue(site)}, cache=PUBLIC)


def week_page(site: Site, first: dt.date) -> Response:
    """Return the best papers of a week, from its Monday, `first`, on."""
    last = first + dt.timedelta(days=6)
    return span_page(site, first, last, kind="week", path=f"/week/{first}")


def month_page(site: Site, first: dt.date) -> Response:
    """Return the best papers of a month, from its first day on."""
    last = (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
    return span_page(site, first, last, kind="month", path=f"/month/{first:%Y-%m}")


def day_page(
    site: Site, date: dt.date, dates: Sequence[dt.date], topic: str = "", *, path: str
) -> Response:
    """Return the page of an issue; with a `topic`, only its papers."""
    choice, letter = site.config.choice, site.config.letter
    picks = site.picks.of(date)
    known = {wanted.name: wanted for wanted in choice.topics}
    counts = Counter(pick.topic for pick in picks)
    chosen = tuple(pick for pick in picks if topic in ("", pick.topic))
    if topic and not chosen:
        raise HTTPException(404)
    place = list(dates).index(date)
    dated = ((date, pick) for pick in chosen)
    shown = trending(cards(site, dated))
    issue = site.day.stores.issues.get(date)
    values = {
        "title": letter.name if path == "/" else long_date(date, site.dialect),
        "heading": long_date(date, site.dialect),
        "date": date,
        "path": path if not topic else f"{path}?topic={topic}",
        "canonical": f"/{date}",
        "cards": shown,
        "collected": issue.papers if issue else 0,
        "monday": date - dt.timedelta(days=date.weekday()),
        "topics": [
            (name, known[name].title, count) for name, count in counts.items() if name in known
        ],
        "topic": topic,
        "own_path": path,
        "previous": dates[place + 1] if place + 1 < len(dates) else None,
        "next": dates[place - 1] if place else None,
        "description": _description(shown),
        **_subscribe(site),
    }
    return page(site, "day.html", values, cache=PUBLIC)


def span_page(site: Site, first: dt.date, last: dt.date, *, kind: str, path: str) -> Response:
    """Return the best papers of some days."""
    picks = site.picks.dated(first, last)
    if not picks:
        raise HTTPException(404)
    shown = trending(cards(site, picks))
    if kind == "week":
        heading = long_date(last, site.dialect, 7)
        before, after = first - dt.timedelta(days=7), last + dt.timedelta(days=1)
        steps = (f"/week/{before}", f"/week/{after}")
    else:
        heading = _month(first, site.dialect)
        before = (first - dt.timedelta(days=1)).replace(day=1)
        after = last + dt.timedelta(days=1)
        steps = (f"/month/{before:%Y-%m}", f"/month/{after:%Y-%m}")
    dates = site.picks.dates()
    values = {
        "title": heading,
        "heading": heading,
        "kind": kind,
        "path": path,
        "canonical": path,
        "cards": shown[:OF_TOPIC],
        "count": len(shown),
        "previous": steps[0] if any(date < first for date in dates) else "",
        "next": steps[1] if any(date > last for date in dates) else "",
        "description": _description(shown),
        **_subscribe(site),
    }
    return page(site, "span.html", values, cache=PUBLIC)


def topic_page(site: Site, name: str) -> Response:
    """Return the latest papers of a topic."""
    topics = {topic.name: topic for topic in site.config.choice.topics}
    if name not in topics:
        raise HTTPException(404)
    picks = site.picks.of_topic(name, OF_TOPIC)
    shown = cards(site, picks)
    values = {
        "title": topics[name].title,
        "topic": topics[name],
        "path": f"/topics/{name}",
        "canonical": f"/topics/{name}",
        "cards": shown,
        "description": _description(shown),
        **_subscribe(site),
    }
    return page(site, "topic.html", values, cache=PUBLIC)


def paper_page(site: Site, paper_id: str) -> Response:
    """Return the page of one paper."""
    found = site.day.stores.papers.with_keys([paper_id])
    if not found:
        raise HTTPException(404)
    paper = found[0]
    if paper.id != paper_id:  # it is known by a better name now
        return RedirectResponse(f"{site.base}/papers/{path_of(paper)}", status_code=301)
    picked = site.picks.of_paper(paper.keys)
    shown: list[tuple[dt.date | None, Pick]] = [*picked] or [(None, bare(paper))]
    (card,) = cards(site, shown)
    values = {
        "title": paper.title,
        "path": f"/papers/{card.id}",
        "canonical": f"/papers/{card.id}",
        "card": card,
        "dates": sorted({date for date, _ in picked}, reverse=True),
        "like": () if site.is_static else _alike(site, paper),
        "description": card.view.summary or card.paper.abstract[:200],
    }
    return page(site, "paper.html", values, cache=PUBLIC)


def _alike(site: Site, paper: Paper) -> Sequence[Card]:
    """Return papers like one, without itself and its versions."""
    found = papers_like(site.day.stores.search, paper, ALIKE)
    picks = [(None, bare(other)) for other in found]
    return cards(site, picks)


def archive_page(site: Site) -> Response:
    """Return the list of all issues, by month."""
    months: dict[str, list[dt.date]] = {}
    for date in site.picks.dates():
        months.setdefault(f"{date:%Y-%m}", []).append(date)
    language = site.dialect
    values = {
        "title": "",
        "path": "/archive",
        "canonical": "/archive",
        "months": [
            (name, _month(days[0], language), [(day, long_date(day, language)) for day in days])
            for name, days in months.items()
        ],
    }
    return page(site, "archive.html", values, cache=PUBLIC)


def _subscribe(site: Site) -> dict[str, object]:
    """Return what the box to subscribe needs."""
    letter = site.config.letter
    token = form_token(letter.secret, "subscribe", site.clock()) if site.takes_sign_ups else ""
    return {"form": token, "is_weekly": letter.is_weekly}


def _next_issue(site: Site) -> dt.datetime:
    """Return when the next issue is due, in the newsletter's time zone."""
    schedule = site.config.schedule
    return due_at(schedule, next_date(schedule, site.clock())).astimezone(schedule.zone)


def _description(shown: Sequence[Card]) -> str:
    return " · ".join(card.paper.title for card in shown[:3])[:300]


def _month(date: dt.date, language: str) -> str:
    from babel.dates import format_skeleton  # noqa: PLC0415  slow to import

    return format_skeleton("yMMMM", date, locale=locale_of(language))


def _date(text: str) -> dt.date:
    """Return a date in an address; raises HTTPException (404) for what is none."""
    date = date_in(text)
    if date is None or not FIRST <= date <= dt.date(2999, 12, 31) or date.isoformat() != text:
        raise HTTPException(404)
    return date
