"""Documents over HTTP or from disk, within limits of time and size; a failure is one clear line."""

from __future__ import annotations

import asyncio
import email.utils
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx2

from newsletter.collect.connections import GuardedTransport, Network, PrivateAddressError
from newsletter.errors import SourceError
from newsletter.model import Validators

MAX_REDIRECTS = 5
PER_HOST = 2
"""Requests at a time to one host: what a polite browser does on one page."""
CONNECTIONS = 32
RETRIES = 2
BUSY = frozenset({429, 500, 502, 503, 504})
"""Answers that are worth asking again."""
VALIDATOR = 500
"""Characters of an ETag or date that are kept: servers choose them."""
FOLDER_SUFFIXES = frozenset({"", ".xml", ".rss", ".atom", ".rdf", ".json", ".feed"})
"""Files of a folder that are read; the others (a README, an editor's backup) are not feeds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a source sent, as it sent it."""

    url: str
    """After redirects; the base of relative links."""
    content: bytes
    content_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What one visit to a source brought."""

    documents: tuple[Document, ...] = ()
    unchanged: bool = False
    """The server said 304: nothing new since the visit whose validators we sent."""
    validators: Validators | None = None


class _BusyError(SourceError):
    """The server asks to come back later."""

    def __init__(self, message: str, wait: float | None) -> None:
        self.wait = wait
        super().__init__(message)


class Fetcher:
    """Fetches documents; use as an async context manager, one per run."""

    def __init__(
        self,
        *,
        user_agent: str,
        timeout: float = 30.0,
        max_bytes: int = 20_000_000,
        private_networks: Sequence[Network] = (),
        proxied: bool = False,
        backoff: float = 1.0,
        chance: random.Random | None = None,
    ) -> None:
        """Allow each document `timeout` seconds in all and `max_bytes` after decompression.

        Only public addresses are connected to, and `private_networks`. Behind a proxy
        (`proxied`) it is the proxy that resolves names and connects, and that has to check.
        A busy server is asked again after about `backoff` seconds, then twice that.
        """
        self.timeout = timeout
        self.backoff = backoff
        self._chance = chance or random.Random(0)  # noqa: S311  spreads retries
        self.max_bytes = max_bytes
        self._hosts: dict[str, asyncio.Semaphore] = {}
        self._client = httpx2.AsyncClient(
            headers={"User-Agent": user_agent, "Accept-Encoding": "gzip, deflate"},
            follow_redirects=True,
            max_redirects=MAX_REDIRECTS,
            timeout=timeout,
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

    async def fetch(self, location: str, validators: Validators | None = None) -> Fetched:
        """Return the document at a URL, or those in a file or folder, sorted by name.

        With the `validators` of the last visit the server may say that nothing has changed. One
        that is busy (429, 5xx) is asked again, after as long as it asks for, within the time limit.
        Raises SourceError with one line: what failed, where, and how to mend it.
        """
        if "://" not in location:
            documents = await asyncio.to_thread(self._read, Path(location))
            return Fetched(documents=documents)
        host = self._hosts.setdefault(
            urlsplit(location).netloc.lower(), asyncio.Semaphore(PER_HOST)
        )
        async with host:
            try:
                async with asyncio.timeout(self.timeout):
                    return await self._patiently(location, validators or Validators())
            except TimeoutError:
                problem = f"no complete answer within {self.timeout:g} s"
            except httpx2.TooManyRedirects:
                problem = f"more than {MAX_REDIRECTS} redirects"
            except httpx2.UnsupportedProtocol:
                problem = "only http and https addresses can be fetched"
            except httpx2.DecodingError:
                problem = "the answer's compression is damaged"
            except httpx2.ConnectError as error:
                if private := _refusal(error):
                    raise SourceError(f"{location}: {private}") from None
                problem = f"cannot connect ({_cause(error)}): is this machine online?"
            except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
                problem = _cause(error)
        raise SourceError(f"{location}: {problem}")

    async def _patiently(self, url: str, validators: Validators) -> Fetched:
        """Ask, and ask again when the server is busy.

        It says how long to wait, or we wait longer each time, by a little more or less, so that
        many clients do not come back at once.
        """
        for attempt in range(RETRIES):
            try:
                return await self._get(url, validators)
            except _BusyError as busy:
                wait = busy.wait
                if wait is None:
                    wait = self.backoff * 2**attempt * self._chance.uniform(0.5, 1.5)
                if wait > self.timeout:
                    raise SourceError(str(busy)) from None
                await asyncio.sleep(wait)
        return await self._get(url, validators)

    async def _get(self, url: str, validators: Validators) -> Fetched:
        asked = {"If-None-Match": validators.etag, "If-Modified-Since": validators.last_modified}
        headers = {name: value for name, value in asked.items() if value}
        async with self._client.stream("GET", url, headers=headers) as response:
            if response.status_code == httpx2.codes.NOT_MODIFIED and headers:
                return Fetched(unchanged=True)
            if response.status_code in BUSY:
                raise _BusyError(f"{url}: {_explain(response)}", _retry_after(response))
            if response.status_code != httpx2.codes.OK:
                raise SourceError(f"{url}: {_explain(response)}")
            content = bytearray()
            async for chunk in response.aiter_bytes(65_536):
                content += chunk
                if len(content) > self.max_bytes:
                    limit = self.max_bytes // 1_000_000
                    raise SourceError(
                        f"{url}: more than {limit} MB; raise max_megabytes in sources.yaml if this "
                        "source is meant to be so large"
                    )
            document = Document(
                url=str(response.url),
                content=bytes(content),
                content_type=response.headers.get("content-type", ""),
            )
            found = Validators(
                etag=response.headers.get("etag", "")[:VALIDATOR],
                last_modified=response.headers.get("last-modified", "")[:VALIDATOR],
            )
            return Fetched(documents=(document,), validators=found)

    def _read(self, path: Path) -> tuple[Document, ...]:
        try:
            files = (
                sorted(file for file in path.iterdir() if _is_feed_file(file))
                if path.is_dir()
                else [path]
            )
            for file in files:
                if file.stat().st_size > self.max_bytes:
                    raise SourceError(f"{file}: more than {self.max_bytes // 1_000_000} MB")
            documents = tuple(
                Document(url=file.resolve().as_uri(), content=file.read_bytes()) for file in files
            )
        except OSError as error:
            if isinstance(error, SourceError):
                raise
            raise SourceError(f"{path}: {(error.strerror or str(error)).lower()}") from None
        if not documents:
            kinds = " ".join(sorted(FOLDER_SUFFIXES)).strip()
            raise SourceError(f"{path}: no feed in this folder (looked for {kinds})")
        return documents


def _retry_after(response: httpx2.Response) -> float | None:
    """Return the seconds a server asks to wait (RFC 9110, 10.2.3), a date counted from its own."""
    asked = response.headers.get("retry-after", "")
    if asked.isdecimal():
        return float(asked)
    try:
        until = email.utils.parsedate_to_datetime(asked)
        return max(
            0.0,
            (until - email.utils.parsedate_to_datetime(response.headers["date"])).total_seconds(),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _explain(response: httpx2.Response) -> str:
    status = f"HTTP {response.status_code} {response.reason_phrase}".strip()
    if wait := response.headers.get("retry-after", ""):
        return f"{status}; the server asks to wait ({wait[:40]})"
    return {
        401: f"{status}: this source needs a login",
        403: f"{status}: this source refuses programs",
        404: f"{status}: has the address changed?",
        410: f"{status}: this source is retired; remove it from sources.yaml",
        429: f"{status}: asked too often; try again later",
    }.get(response.status_code, status)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what it came from, the innermost last."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _refusal(error: BaseException) -> str:
    """Return why an address was refused, or nothing when that is not what happened."""
    return next((str(one) for one in _chain(error) if isinstance(one, PrivateAddressError)), "")


def _cause(error: BaseException) -> str:
    """Return the innermost message of a chain of errors, without class names or line breaks."""
    *_, error = _chain(error)
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split()) or type(error).__name__


def _is_feed_file(path: Path) -> bool:
    return path.is_file() and path.suffix in FOLDER_SUFFIXES and not path.name.startswith(".")
