"""Fetch documents over HTTP or from disk, politely and within limits; a failure is one line."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2

from newsletter.collect.answers import Document, Manners
from newsletter.collect.http.addresses import digest, joined, origin, shown
from newsletter.collect.http.connections import GuardedTransport, Network, PrivateAddressError
from newsletter.collect.http.failures import cause_of, chain, unreachable
from newsletter.collect.http.files import read_files, unzipped
from newsletter.collect.http.responses import explain, freshness, retry_after
from newsletter.errors import SourceError
from newsletter.model import Validators

POLITE = Manners()
MAX_REDIRECTS = 5
CONNECTIONS = 32
RETRIES = 2
BUSY = frozenset({429, 500, 502, 503, 504})
"""Status codes after which the request is repeated."""
FOR_GOOD = frozenset({301, 308})
"""Redirects whose target is the address from now on (RFC 9110, 15.4.2 and 15.4.9)."""
VALIDATOR = 500
"""Most characters of an ETag, date or type that are kept: servers choose their length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """The result of one fetch."""

    documents: tuple[Document, ...] = ()
    unchanged: bool = False
    """The server said 304: nothing new since the visit whose validators were sent."""
    validators: Validators | None = None
    fresh: float = 0.0
    """Seconds for which the server asks not to be asked again (RFC 9111, 5.2.2.1)."""
    moved_to: str = ""
    """Where a permanent redirect led; empty if there was none."""


class GoneError(SourceError):
    """HTTP 410: the source is gone for good (RFC 9110, 15.5.11)."""


class MissingError(SourceError):
    """HTTP 404: there is nothing at the address."""


class LargeError(SourceError):
    """The answer is larger than we read."""


class BusyError(SourceError):
    """The server asks us to come back later."""

    def __init__(self, message: str, wait: float | None) -> None:
        """Keep the seconds to `wait`; None when the server does not say."""
        self.wait = wait
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """One request to a server."""

    url: str
    headers: Mapping[str, str]
    """Sent to the server of `url` only: they may hold keys."""
    conditions: Mapping[str, str]
    body: bytes | None
    busy: frozenset[int]
    """Status codes after which the request is repeated."""
    redirects: int
    """How many are followed, at most."""


class _Host:
    """The queue of one server: how many requests at a time, and how far apart."""

    def __init__(self, manners: Manners) -> None:
        self.slots = asyncio.Semaphore(manners.connections)
        self.next = 0.0
        """When the next request may start, on the event loop's clock."""


class Fetcher:
    """Fetches documents; use as an async context manager, one per run."""

    def __init__(  # noqa: PLR0913  each argument is one limit
        self,
        *,
        user_agent: str,
        timeout: float = 30.0,
        silence: float = 15.0,
        max_bytes: int = 20_000_000,
        private_networks: Sequence[Network] = (),
        proxied: bool = False,
        retries: int = RETRIES,
        backoff: float = 1.0,
        chance: random.Random | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Allow each document `timeout` seconds in all, `silence` without a byte, and `max_bytes`.

        `max_bytes` counts after decompression. Connections go only to public addresses and to
        `private_networks`. Behind a proxy (`proxied`) the proxy resolves names and connects, so
        the proxy must check them. A busy server is asked again after about `backoff` seconds, then
        after twice that, `retries` times in all.
        """
        self.timeout = timeout
        self.retries = retries
        self.backoff = backoff
        self._chance = chance or random.Random(0)  # noqa: S311  only to spread retries
        self._sleep = sleep
        self.max_bytes = max_bytes
        self._hosts: dict[str, _Host] = {}
        self._client = httpx2.AsyncClient(
            headers={"User-Agent": user_agent, "Accept-Encoding": "gzip, deflate"},
            timeout=httpx2.Timeout(timeout, connect=min(timeout, silence), read=silence),
            limits=httpx2.Limits(max_connections=CONNECTIONS),
            transport=None if proxied else GuardedTransport(private_networks, CONNECTIONS),
        )

    async def __aenter__(self) -> Self:
        """Open the connection pool."""
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every connection."""
        await self._client.__aexit__(kind, error, trace)

    async def fetch(
        self,
        location: str,
        validators: Validators | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        manners: Manners = POLITE,
        body: bytes | None = None,
        redirects: int = MAX_REDIRECTS,
    ) -> Fetched:
        """Return the document at a URL, or those of a file or folder, sorted by name.

        With the `validators` of the last visit the server may answer that nothing has changed. A
        busy server (429, 5xx) is asked again, after the wait it asks for, within the time limit.
        `headers` go only to the server of `location`, not along with a redirect to another. With a
        JSON `body` the request is a POST. At most `redirects` are followed.

        Raises SourceError with one line: what failed, where, and how to mend it. GoneError says
        that the document is gone for good, BusyError that the server is busy still.
        """
        if "://" not in location:
            documents = await asyncio.to_thread(read_files, Path(location), self.max_bytes)
            return Fetched(documents=documents)
        host = self._hosts.setdefault(origin(location)[1], _Host(manners))
        known = (
            validators if validators and validators.address == digest(location) else Validators()
        )
        asked = _Question(
            url=location,
            headers=headers or {},
            conditions=_conditions(known),
            body=body,
            busy=BUSY.union(manners.throttles),
            redirects=redirects,
        )
        async with host.slots:
            await self._wait_turn(host, manners)
            try:
                async with asyncio.timeout(self.timeout):
                    return await self._patiently(asked)
            except TimeoutError:
                problem = f"no complete answer within {self.timeout:g} s"
            except httpx2.TimeoutException:
                problem = "the server stopped sending"
            except httpx2.UnsupportedProtocol:
                problem = "only http and https addresses can be fetched"
            except httpx2.DecodingError:
                problem = "the answer's compression is damaged"
            except httpx2.ConnectError as error:
                if private := _refusal(error):
                    raise SourceError(f"{shown(location)}: {private}") from None
                raise SourceError(unreachable(location, cause_of(error))) from None
            except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
                problem = cause_of(error)
        raise SourceError(f"{shown(location)}: {problem}")

    async def _wait_turn(self, host: _Host, manners: Manners) -> None:
        """Wait until the pause since the last request to this host is over."""
        now = asyncio.get_running_loop().time()
        start = max(host.next, now)
        host.next = start + manners.pause
        if start > now:
            await self._sleep(start - now)

    async def _patiently(self, asked: _Question) -> Fetched:
        """Send the request, and repeat it while the server is busy.

        The wait is what the server asks for, or doubles each time. It varies a little at random,
        so that many clients do not come back at once.
        """
        for attempt in range(self.retries):
            try:
                return await self._follow(asked)
            except BusyError as busy:
                wait = busy.wait
                if wait is None:
                    wait = self.backoff * 2**attempt * self._chance.uniform(0.5, 1.5)
                if wait > self.timeout:
                    raise SourceError(str(busy)) from None
                await self._sleep(wait)
        return await self._follow(asked)

    async def _follow(self, asked: _Question) -> Fetched:
        """Send the request and follow redirects; each address is checked like the first."""
        here, moved_to, is_permanent = asked.url, "", True
        for _ in range(asked.redirects + 1):
            answer = await self._ask(here, asked)
            if isinstance(answer, Fetched):
                address = digest(moved_to or asked.url)
                known = answer.validators and replace(answer.validators, address=address)
                return replace(answer, moved_to=moved_to, validators=known)
            code, target = answer
            is_permanent = is_permanent and code in FOR_GOOD
            here = joined(here, target)
            if is_permanent:
                moved_to = here
        most = asked.redirects
        told = f"more than {most} redirects" if most else "a redirect leads elsewhere"
        raise SourceError(f"{shown(asked.url)}: {told}")

    async def _ask(self, url: str, asked: _Question) -> Fetched | tuple[int, str]:
        """Return the answer at `url`, or the status code and the target of a redirect."""
        headers = {**(asked.headers if origin(url) == origin(asked.url) else {})}
        headers |= asked.conditions
        if asked.body is not None:
            headers["Content-Type"] = "application/json"
        method = "GET" if asked.body is None else "POST"
        async with self._client.stream(
            method, url, headers=headers, content=asked.body
        ) as response:
            code = response.status_code
            if response.has_redirect_location:
                return code, response.headers["location"]
            if code == httpx2.codes.NOT_MODIFIED and asked.conditions:
                return Fetched(unchanged=True, fresh=freshness(response))
            if code != httpx2.codes.OK:
                raise _refused(f"{shown(url)}: {explain(response)}", response, asked.busy)
            return Fetched(
                documents=(await self._document(url, response),),
                validators=Validators(
                    etag=_validator(response, "etag"),
                    last_modified=_validator(response, "last-modified"),
                ),
                fresh=freshness(response),
            )

    async def _document(self, url: str, response: httpx2.Response) -> Document:
        # Each layer of compression can turn one byte into a thousand before we can count.
        if "," in response.headers.get("content-encoding", ""):
            raise SourceError(f"{shown(url)}: compressed more than once")
        content = bytearray()
        async for chunk in response.aiter_bytes(65_536):
            content += chunk
            if len(content) > self.max_bytes:
                limit = self.max_bytes // 1_000_000
                raise LargeError(
                    f"{shown(url)}: more than {limit} MB; raise max_megabytes in sources.yaml if "
                    "this source is meant to be so large"
                )
        kind = response.headers.get("content-type", "")[:VALIDATOR]
        whole = unzipped(bytes(content), self.max_bytes, shown(url))
        return Document(url=url, content=whole, content_type=kind)


def _conditions(validators: Validators) -> dict[str, str]:
    """Return the headers of a conditional request (RFC 9110, 13.1)."""
    asked = {"If-None-Match": validators.etag, "If-Modified-Since": validators.last_modified}
    return {name: value for name, value in asked.items() if value}


def _validator(response: httpx2.Response, name: str) -> str:
    """Return a header if it can be sent back; a bad one would fail every later request."""
    given = response.headers.get(name, "")
    is_sound = given.isascii() and given.isprintable() and len(given) <= VALIDATOR
    return given if is_sound else ""


def _refused(told: str, response: httpx2.Response, busy: frozenset[int]) -> SourceError:
    """Return the error for an answer without a document."""
    if response.status_code in busy:
        return BusyError(told, retry_after(response))
    if response.status_code == httpx2.codes.GONE:
        return GoneError(told)
    is_missing = response.status_code == httpx2.codes.NOT_FOUND
    return MissingError(told) if is_missing else SourceError(told)


def _refusal(error: BaseException) -> str:
    """Return why an address was refused, or nothing if it was not."""
    return next(
        (str(cause) for cause in chain(error) if isinstance(cause, PrivateAddressError)), ""
    )
