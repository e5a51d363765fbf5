"""GET /metrics for Prometheus, on a port of its own: `serve` has it, and whatever works beside it.

The port is apart from the site's, so that no proxy publishes it by mistake. Nothing in it is about
a reader. What the names mean: https://prometheus.io/docs/practices/naming/.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final

import newsletter
from newsletter.errors import ConfigError, StoreError
from newsletter.store.database import Database
from newsletter.store.measures import Measures, measure

if TYPE_CHECKING:
    from prometheus_client import Metric

FRESH: Final = 10.0
"""Seconds that numbers are kept: however many ask, the database is read no more often."""
PATIENCE: Final = 3.0
"""Seconds that whoever asks waits for the database; Prometheus itself waits ten."""
LOOPBACK: Final = "127.0.0.1"


class Exposition:
    """The metrics as text, read from the database at most every few seconds."""

    def __init__(
        self,
        read: Callable[[], Measures],
        monotonic: Callable[[], float] = time.monotonic,
        patience: float = PATIENCE,
    ) -> None:
        """Have `read` read the numbers; raises ConfigError when the extra is not installed."""
        try:
            from prometheus_client import CONTENT_TYPE_LATEST  # noqa: PLC0415  an extra
        except ImportError:
            raise ConfigError(
                "metrics need a package that is not installed: pip install 'newsletter[metrics]'"
            ) from None
        self.content_type = CONTENT_TYPE_LATEST
        self._read = read
        self._monotonic = monotonic
        self._patience = patience
        self._reader = ThreadPoolExecutor(1, "metrics")
        self._lock = threading.Lock()
        self._last: tuple[float, Future[bytes]] | None = None

    def text(self) -> bytes:
        """Return the metrics; raises StoreError when the database does not answer in time."""
        with self._lock:
            if self._last is None or self._is_over(*self._last):
                self._last = (self._monotonic(), self._reader.submit(self._made))
            _, reading = self._last
        try:
            return reading.result(timeout=self._patience)
        except TimeoutError:
            raise StoreError("the database is busy, or locked") from None

    def close(self) -> None:
        """Read no more; what waits for the database is left to wait."""
        self._reader.shutdown(wait=False, cancel_futures=True)

    def _is_over(self, since: float, reading: Future[bytes]) -> bool:
        """Return whether to read again; one who waits for a locked database is not joined."""
        if not reading.done():
            return False
        return reading.exception() is not None or self._monotonic() - since >= FRESH

    def _made(self) -> bytes:
        from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415  an extra

        found = self._read()
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Measured(found))
        return generate_latest(registry)


class _Measured:
    """What was measured, as prometheus_client asks for it."""

    def __init__(self, found: Measures) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        """Yield each metric."""
        return families(self._found)


def families(found: Measures) -> Iterator[Metric]:
    """Yield what was measured as metrics of Prometheus."""
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415  an extra

    def gauge(name: str, text: str, value: float) -> Metric:
        return GaugeMetricFamily(f"newsletter_{name}", text, value=value)

    build = GaugeMetricFamily("newsletter_build_info", "The version.", labels=["version"])
    build.add_metric([newsletter.__version__], 1)
    yield build
    states = GaugeMetricFamily(
        "newsletter_deliveries",
        "Deliveries of the issues of the last two days, by state.",
        labels=["issue", "state"],
    )
    for (date, state), count in sorted(found.deliveries.items()):
        states.add_metric([date.isoformat(), state.value], count)
    yield states
    yield gauge(
        "unfinished_issues", "Issues of which something is still to be sent.", found.unfinished
    )
    yield gauge(
        "ready_shards", "Parts of issues, of about 1,000 deliveries, that may be sent.", found.ready
    )
    yield gauge("senders", "Senders at work, where PostgreSQL is shared by them.", found.senders)
    yield gauge(
        "oldest_open_delivery_timestamp_seconds",
        "Since when the delivery has waited that has waited longest; 0 when none waits.",
        _seconds(found.waits_since),
    )
    yield gauge(
        "started_last_minute", "Messages that began to leave in the last minute.", found.started
    )
    yield gauge("notices_waiting", "Mails asked for on the site that wait.", found.notices)
    yield gauge("suppressions", "Addresses that must not be mailed.", found.suppressions)
    yield gauge("papers", "Papers in the database.", found.papers)
    yield gauge(
        "last_issue_timestamp_seconds",
        "When the newest issue was planned; 0 before the first.",
        _seconds(found.last_issue),
    )
    labels = ["id", "name"]
    good = GaugeMetricFamily(
        "newsletter_source_last_success_timestamp_seconds",
        "When a source last gave what could be read; 0 for never.",
        labels=labels,
    )
    failures = GaugeMetricFamily(
        "newsletter_source_failures",
        "Failed visits to a source since the last that worked.",
        labels=labels,
    )
    for (source, name), health in found.sources.items():
        good.add_metric([source, name], _seconds(health.last_good))
        failures.add_metric([source, name], health.failures)
    yield good
    yield failures


def _seconds(moment: dt.datetime | None) -> float:
    return moment.timestamp() if moment else 0.0


class _Server(ThreadingHTTPServer):
    """The server of metrics: a thread for each who asks."""

    daemon_threads = True
    exposition: Exposition

    def server_bind(self) -> None:
        """Bind without looking the host's name up, which may take seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()


class _Handler(BaseHTTPRequestHandler):
    """Answers GET /metrics, and nothing else."""

    timeout = 10
    server: _Server

    def do_GET(self) -> None:
        """Answer."""
        if self.path.partition("?")[0] != "/metrics":
            self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"see /metrics\n")
            return
        exposition = self.server.exposition
        try:
            text = exposition.text()
        except StoreError as error:
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, "text/plain", f"{error}\n".encode())
        else:
            self._answer(HTTPStatus.OK, exposition.content_type, text)

    def _answer(self, status: HTTPStatus, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def version_string(self) -> str:
        """Say who answers, without versions."""
        return "newsletter"

    def log_message(self, *_told: object) -> None:
        """Write no log."""


@contextlib.contextmanager
def serving_metrics(
    where: str, database: Database, clock: Callable[[], dt.datetime]
) -> Iterator[str]:
    """Answer GET /metrics at `where`, `[HOST:]PORT`, during the block; give the address.

    Without a host only this machine can ask. Raises ConfigError for what is no such place, or when
    the extra `metrics` is not installed, and StoreError when the port is not free.
    """
    host, port = read_place(where)
    exposition = Exposition(lambda: measure(database, clock()))
    try:
        family = _Server6 if ":" in host else _Server
        server = family((host, port), _Handler)
    except OSError as error:
        raise StoreError(f"metrics at {where}: {error.strerror}; choose another port") from None
    server.exposition = exposition
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    name = f"[{host}]" if ":" in host else host
    try:
        yield f"http://{name}:{server.server_address[1]}/metrics"
    finally:
        server.shutdown()
        server.server_close()
        exposition.close()


class _Server6(_Server):
    """The same at an address of IPv6."""

    address_family = socket.AF_INET6


def read_place(where: str) -> tuple[str, int]:
    """Return host and port of `[HOST:]PORT`; raises ConfigError for anything else."""
    host, _, port = where.rpartition(":")
    if not port.isascii() or not port.isdigit() or int(port) > 65_535:  # noqa: PLR2004  ports end
        raise ConfigError(f"`{where}`: metrics are at a port such as 9200, or at 127.0.0.1:9200")
    return host.strip("[]") or LOOPBACK, int(port)
