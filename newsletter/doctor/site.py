"""The site: whether the links that stand in every mail answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from newsletter.doctor.diagnoses import Diagnosis, Group, excerpt
from newsletter.world.sites import Fetch, SiteVisit

SITE: Final = Group("site")
FOUND: Final = range(200, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailLink:
    """An address that stands in mails."""

    name: str
    url: str
    is_one_click: bool = False
    """Whether mail programs post to it (RFC 8058): then it must be https, and no redirect."""
    optional: str = ""
    """Why it may be missing; empty when it may not."""


async def check_site(
    fetch: Fetch, links: Sequence[MailLink], where: str
) -> AsyncIterator[Diagnosis]:
    """Yield a diagnosis for each link; GET changes nothing, so all of them may be tried."""
    if not links:
        yield SITE.not_checked("links", "no `site` in newsletter.yaml")
    for link in links:
        visit = await fetch(link.url)
        yield _judged(link, visit, where)
        if visit.offline or visit.status == 0:
            return  # the others are on the same server
        if link.is_one_click and (diagnosis := _one_click(link, visit, where)):
            yield diagnosis


def _judged(link: MailLink, visit: SiteVisit, where: str) -> Diagnosis:
    shown = excerpt(link.url)
    if visit.offline:
        return SITE.offline(link.name, f"{shown}: {visit.problem}")
    if not visit.status:
        return SITE.error(
            link.name,
            f"{shown}: {visit.problem}",
            "is `newsletter serve` running, and does the proxy in front lead to it?",
            where=where,
        )
    if visit.status in FOUND:
        return SITE.good(link.name, f"{shown} answers")
    if link.optional and visit.status == 404:  # noqa: PLR2004  not found
        return SITE.notice(link.name, f"{shown}: {link.optional}")
    return SITE.error(
        link.name,
        f"{shown}: HTTP {visit.status}",
        "is `site` the address of this newsletter, with this `secret`?",
        where=where,
    )


def _one_click(link: MailLink, visit: SiteVisit, where: str) -> Diagnosis | None:
    """Return what keeps mail programs from unsubscribing with one click, if anything does."""
    if not link.url.startswith("https://"):
        return SITE.warning(
            "one click",
            "the site is not https, so mails offer no unsubscribing with one click, "
            "which Gmail and Yahoo ask of bulk mail",
            "put a proxy with a certificate in front",
            where=where,
        )
    if visit.redirects:
        return SITE.error(
            "one click",
            f"{excerpt(link.url)} redirects to {excerpt(visit.url)}: a mail program "
            "that posts there does not follow (RFC 8058, 3.1)",
            "write as `site` the address that answers itself",
            where=where,
        )
    return None
