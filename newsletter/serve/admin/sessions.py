"""Who an editor is: a signed cookie after the log-in, or a name that a trusted proxy gives."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from newsletter.config.settings import Serving
from newsletter.errors import LinkError
from newsletter.links import read_token, sign
from newsletter.model.gate import line
from newsletter.serve.given import Site
from newsletter.serve.limits import MOST_NETWORKS
from newsletter.serve.shell import BY_PROXY

COOKIE: Final = "newsletter_editor"
LONGEST: Final = dt.timedelta(hours=12)
"""How long a session lasts."""
WINDOW: Final = dt.timedelta(minutes=15)
PER_NETWORK: Final = 5
"""Wrong passwords that a network may try in WINDOW."""
IN_ALL: Final = 30
"""The same of all networks together."""
MAX_NAME: Final = 200
_BOUND: Final = 16
"""Digits of a session's subject that say which password opened it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Editor:
    """Who asks for a page."""

    session: str
    """What tokens of forms are bound to."""
    name: str = ""
    """As the proxy says; empty for who knows the password."""


def editor_of(site: Site, request: Request) -> Editor | None:
    """Return who asks; None for somebody who has not logged in."""
    serving = site.config.serving
    name = _named(serving, request)
    if name:
        return Editor(session=hashlib.sha256(name.encode()).hexdigest(), name=name)
    if not serving.admin_password:
        return None
    session = read_session(
        site.config.letter.secrets,
        serving.admin_password,
        request.cookies.get(COOKIE, ""),
        site.clock(),
    )
    if not session or site.day.stores.accounts.has_ended(session):
        return None
    return Editor(session=session)


def _named(serving: Serving, request: Request) -> str:
    """Return the name that a trusted proxy gives; nobody else is believed."""
    if not serving.admin_header or not request.scope.get(BY_PROXY):
        return ""
    given = request.headers.getlist(serving.admin_header)
    # Of two, one may be the client's own.
    return line(given[0], MAX_NAME) if len(given) == 1 else ""


def new_session(secret: bytes, password: str, entropy: str, now: dt.datetime) -> str:
    """Return the token of a new session; `password` is the hash, `entropy` random digits."""
    return sign(secret, "session", _bound(password) + entropy, until=now + LONGEST)


def read_session(secrets: Sequence[bytes], password: str, token: str, now: dt.datetime) -> str:
    """Return what names a session; empty when it is not ours, is over, or has an old password."""
    try:
        found = read_token(secrets, "session", token, now).subject
    except LinkError:
        return ""
    return found if found.startswith(_bound(password)) and len(found) > _BOUND else ""


def _bound(password: str) -> str:
    return hashlib.sha256(f"session of {password}".encode()).hexdigest()[:_BOUND]


def keep(response: Response, site: Site, request: Request, token: str) -> None:
    """Give the browser the token of a session; an empty one takes it away."""
    is_secure = request.url.scheme == "https" or site.address.startswith("https:")
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(LONGEST.total_seconds()) if token else 0,
        path=f"{site.base}/admin",
        secure=is_secure,
        httponly=True,
        samesite="strict",
    )


def is_ours(secrets: Sequence[bytes], page: str, token: str, now: dt.datetime) -> bool:
    """Return whether a form's token is ours, for `page`, and not too old; it may be young."""
    try:
        return read_token(secrets, "form", token, now).subject == page
    except LinkError:
        return False


class Tries:
    """Counts wrong passwords: how many a network, and all together, may try in a time."""

    def __init__(self, clock: Callable[[], dt.datetime]) -> None:
        """Begin with none."""
        self._clock = clock
        self._of: OrderedDict[str, deque[dt.datetime]] = OrderedDict()
        self._all: deque[dt.datetime] = deque()

    def take(self, network: str) -> bool:
        """Count a try, before the password is looked at; return whether it is allowed."""
        now = self._clock()
        own = self._of.setdefault(network, deque())
        self._of.move_to_end(network)
        for some in (own, self._all):
            while some and some[0] <= now - WINDOW:
                some.popleft()
        if len(self._of) > MOST_NETWORKS:
            self._of.popitem(last=False)
        if len(own) >= PER_NETWORK or len(self._all) >= IN_ALL:
            return False
        own.append(now)
        self._all.append(now)
        return True

    def give_back(self, network: str) -> None:
        """Forget the last try: the password was right."""
        for some in (self._of.get(network), self._all):
            if some:
                some.pop()
