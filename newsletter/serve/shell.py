"""What surrounds every page: security headers, limits of requests, who asks, what went wrong."""

from __future__ import annotations

import asyncio
import ipaddress
import urllib.parse
from collections.abc import Callable, Sequence
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from newsletter.suppress.webhooks.table import MAX_BODY as MAX_HOOK

POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "frame-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""No script at all, and nothing from another host: the pages need neither."""
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    # Links hold tokens, which no other host may see. `no-referrer` would also take the origin from
    # our own forms.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
HSTS: Final = "max-age=31536000"
MAX_BODY: Final = 64_000
"""Bytes of a form; `LARGER` paths take more."""
MAX_UPLOAD: Final = 2_000_000
LARGER: Final = ("/try",)
HOOKS: Final = "/hooks/"
BODY_SECONDS: Final = 15.0
"""Seconds that a client may take to send a form."""

BY_PROXY: Final = "newsletter.by_proxy"
"""Set in the scope of requests that a trusted proxy has passed on."""

Networks = Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]


class TooLargeError(Exception):
    """A request that is larger than its page takes."""


class TooSlowError(Exception):
    """A request that did not arrive in time."""


class Shell:
    """The outermost middleware."""

    def __init__(
        self, app: ASGIApp, base: Callable[[], str], proxies: Callable[[], Networks]
    ) -> None:
        """Wrap `app`, which lives below the path `base`, behind `proxies`."""
        self._app = app
        self._base = base
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        believe_proxy(scope, self._proxies())
        base = self._base()
        path = scope["path"]
        if base and (path == base or path.startswith(f"{base}/")):
            # Some proxies take the prefix away, and some do not.
            path = path[len(base) :] or "/"
        if path != "/" and path.endswith("/") and not path.startswith("/papers/"):
            # A folder of the site as files is the same page.
            path = path.rstrip("/") or "/"
        scope["path"] = path
        is_secure = scope["scheme"] == "https"

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                # A copy: the answer may be kept, and given to others.
                message = {**message, "headers": list(message["headers"])}
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if is_secure:
                    headers.setdefault("Strict-Transport-Security", HSTS)
            await send(message)

        most = MAX_UPLOAD if path in LARGER else MAX_BODY
        if path.startswith(HOOKS):
            most = MAX_HOOK
        await self._app(scope, bounded(receive, most), sending)


def bounded(receive: Receive, most: int) -> Receive:
    """Return a `receive` that takes at most `most` bytes, in a limited time."""
    taken = 0
    loop = asyncio.get_running_loop()
    deadline = loop.time() + BODY_SECONDS
    is_whole = False

    async def receiving() -> Message:
        nonlocal taken, is_whole
        if is_whole:
            return await receive()  # waits for the end of the connection
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            raise TooSlowError from None
        taken += len(message.get("body", b""))
        if taken > most:
            raise TooLargeError
        is_whole = not message.get("more_body", False)
        return message

    return receiving


def believe_proxy(scope: Scope, proxies: Networks) -> None:
    """Set who asks, and how, from what a trusted proxy says; anybody else is not believed.

    Of a chain of addresses the last that is not a trusted proxy's counts: what stands before it may
    be invented.
    """
    client = scope.get("client")
    if not client or not _is_in(client[0], proxies):
        return
    scope[BY_PROXY] = True
    headers = Headers(scope=scope)
    # Lines of the same name are one list: some proxies add a line of their own at the end.
    told = ",".join(headers.getlist("x-forwarded-for"))
    chain = [part.strip() for part in told.split(",") if part.strip()]
    for part in reversed(chain[-20:]):
        address = _without_port(part)
        if _parsed(address) is None:
            break
        scope["client"] = (address, 0)
        if not _is_in(address, proxies):
            break
    schemes = headers.getlist("x-forwarded-proto")
    if schemes and schemes[-1].strip().lower() in ("http", "https"):
        scope["scheme"] = schemes[-1].strip().lower()


def _without_port(text: str) -> str:
    """Return an address without a port and brackets: `192.0.2.1:80`, `[2001:db8::1]:80`."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


def is_from_here(request: Request, address: str) -> bool:
    """Return whether a form was sent by one of our own pages (CSRF).

    Browsers say where a form comes from. Programs that say nothing are no browsers, and carry
    nobody's cookies.
    """
    fetched = request.headers.get("sec-fetch-site")
    if fetched is not None:
        return fetched in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is None:
        return True
    here = urllib.parse.urlsplit(address)
    return origin.rstrip("/") in (
        f"{here.scheme}://{here.netloc}",
        f"{request.url.scheme}://{request.headers.get('host', '')}",
    )


def network_of(request: Request) -> str:
    """Return the network that a request comes from: /24 of IPv4, /56 of IPv6."""
    address = _parsed(request.client.host) if request.client else None
    if address is None:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    prefix = 24 if address.version == 4 else 56  # noqa: PLR2004  the version of IP
    return str(ipaddress.ip_network(f"{address}/{prefix}", strict=False))


def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.split("%", maxsplit=1)[0])
    except ValueError:
        return None


def _is_in(text: str, networks: Networks) -> bool:
    address = _parsed(text)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address is not None and any(address in network for network in networks)
