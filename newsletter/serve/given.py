"""What the pages are made from: settings, stores, the clock. `newsletter.world` builds it."""

from __future__ import annotations

import datetime as dt
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from starlette.requests import Request

from newsletter.config.settings import Config
from newsletter.day.given import Day
from newsletter.day.personal import PersonalEditions
from newsletter.day.trying import PastDays
from newsletter.render.languages import dialect, language_accepted, language_of_phrases
from newsletter.render.phrases import Phrases, phrases_of
from newsletter.store import FeedbackStore, PickStore, RequestStore

DAYS: Final = 7
"""Issues that are shown to those who try before they subscribe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The newsletter behind the pages, as it is configured now."""

    day: Day
    """The settings and the stores; its date is that of the issue that was due when it was made."""
    past: PastDays
    """The drafts of the last issues, for those who try before they subscribe."""
    clock: Callable[[], dt.datetime]
    address: str
    """Where the site is, for feeds and mails: `site` in newsletter.yaml, or where it listens."""
    personal: PersonalEditions = field(default_factory=PersonalEditions)
    """Makes editions of single readers, for editors to see."""
    language: str = ""
    """That of who looks at it (one of `LANGUAGES`); empty: the newsletter's."""
    is_static: bool = False
    """Whether the pages are written as files, without a server that answers forms."""

    @property
    def config(self) -> Config:
        """The settings."""
        return self.day.config

    @property
    def picks(self) -> PickStore:
        """What each issue showed everybody."""
        return self.day.stores.picks

    @property
    def requests(self) -> RequestStore:
        """What people ask for."""
        return self.day.stores.requests

    @property
    def feedback(self) -> FeedbackStore:
        """What readers say about papers."""
        return self.day.stores.feedback

    @property
    def phrases(self) -> Phrases:
        """What pages say, in the language of who looks at them."""
        return phrases_of(self.language or self.config.letter.language)

    @property
    def dialect(self) -> str:
        """The language of dates on pages (BCP 47)."""
        return dialect(self.config.letter.language, self.phrases.language)

    def in_language(self, wanted: str) -> Site:
        """Return the site for somebody who wants a language; as it is, if it has no phrases."""
        known = language_of_phrases(wanted)
        return replace(self, language=known) if known else self

    @property
    def base(self) -> str:
        """The path below which the site lives, without a slash at its end; often empty."""
        return urllib.parse.urlsplit(self.address).path.rstrip("/")

    @property
    def takes_sign_ups(self) -> bool:
        """Whether people can subscribe: links need a public address and a secret."""
        letter = self.config.letter
        return bool(letter.site and letter.secret) and not self.is_static

    def today(self) -> dt.date:
        """Return the date in the newsletter's time zone."""
        return self.clock().astimezone(self.config.zone).date()


SiteNow = Callable[[], Site]
"""Returns the site as it is configured now: settings may be edited while it runs."""


def visited(site: SiteNow, request: Request) -> Site:
    """Return the site as it is now, in the language that the browser of who asks prefers."""
    return site().in_language(language_accepted(request.headers.get("accept-language", "")))
