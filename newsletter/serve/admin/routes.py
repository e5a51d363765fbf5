"""Which page for editors answers which address."""

from __future__ import annotations

from starlette.routing import Route

from newsletter.serve.admin import issues, readers, returned, testing
from newsletter.serve.admin.door import Door, Make
from newsletter.serve.admin.entering import Entrance, leave
from newsletter.serve.admin.overview import Overview
from newsletter.serve.admin.sources import sources
from newsletter.serve.given import SiteNow


def admin_routes(site: SiteNow) -> list[Route]:
    """Return the pages for editors; each asks at every request whether there are such pages."""

    def door(path: str, get: Make | None, post: Make | None = None) -> Route:
        return Route(f"/admin{path}", Door(site, get, post))

    return [
        Route("/admin/log-in", Entrance(site)),
        door("/log-out", None, leave),
        door("", Overview().show),
        door("/issues", issues.issues),
        door("/issues/{date}", issues.issue, issues.change_issue),
        door("/issues/{date}/cancel", issues.ask_cancel, issues.cancel),
        door("/issues/{date}/mail", issues.mail),
        door("/issues/{date}/edition", issues.edition),
        door("/issues/{date}/deliveries.csv", issues.deliveries_sheet),
        door("/readers", readers.readers),
        door("/readers.csv", readers.readers_sheet),
        door("/readers/{id}", readers.reader, readers.change_reader),
        door("/readers/{id}/history.csv", readers.history_sheet),
        door("/sources", sources),
        door("/bounces", returned.returned, returned.lift),
        door("/test", testing.form, testing.send),
    ]
