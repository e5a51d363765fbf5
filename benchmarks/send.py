"""Sending: ours, personalised and recorded in the ledger, against C and Node.

    python benchmarks/send.py [--quick] [--json] [--readers N]

Peers, in the same run and with the same number of connections and bytes: postfix's `smtp-source`
into its `smtp-sink` (Debian's package postfix, neither started as a mail system), and nodemailer's
pool (npm). Ours plans deliveries in a new database, composes and, where asked, signs every message
for its reader, and writes every step of every delivery to the ledger.

`…_vs_smtp_source` is our messages per second over theirs; `rtt50_share` is our rate through a relay
that answers after 50 ms, with 100 connections, as a share of connections / round trip;
`ledger_share` is how much slower we are than without writing to the ledger at all.

A whole issue for `--readers` people (100,000; 10,000 with --quick), one in twenty with an edition
of their own, is planned and sent by another process: `peak_mb` is the most memory it held, and
`second_half_ratio` is the CPU time of the second half of its messages over that of the first.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime as dt
import functools
import json
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from newsletter.day import letters
from newsletter.day.mailroom import signed
from newsletter.day.planning import Spool
from newsletter.doctor.sample import demo_config
from newsletter.model import (
    EVERYTHING,
    Claim,
    Delivery,
    DeliveryState,
    Edition,
    Fate,
    Fault,
    Issue,
    Origin,
    Settlement,
    SignUp,
)
from newsletter.render.messages import Encoded, Letterhead, compose, encode_edition
from newsletter.render.tokens import Blocks, token
from newsletter.send.connecting import SmtpSettings
from newsletter.send.editions import Sender, send_editions
from newsletter.send.pace import Pace
from newsletter.send.signatures import Signer, load_key, make_key
from newsletter.send.smtp import SmtpTransport
from newsletter.store import Database, IssueStore, SqlLedger, SubscriberStore, open_database

PEERS = Path(__file__).parent / "peers"
NOW = dt.datetime(2026, 3, 17, 6, 30, tzinfo=dt.UTC)
ISSUE = Issue(date=NOW.date(), number=1, papers=95, planned_at=NOW)
LETTERHEAD = Letterhead(
    name="Daily Papers",
    sender="papers@news.example.org",
    reply_to="editors@news.example.org",
    language="en",
    unsubscribe="https://news.example.org/unsubscribe/{tag}",
)
CONNECTIONS = 10


class NoLedger(SqlLedger):
    """Writes nothing of what is sent: what sending costs without a ledger."""

    waiting: tuple[Delivery, ...] = ()

    def claim(self, issue: dt.date, **options: Any) -> tuple[Delivery, ...]:  # noqa: ARG002  the ledger has it
        """Claim everything at once, before the clock starts."""
        limit = int(options["limit"])
        found, self.waiting = self.waiting[:limit], self.waiting[limit:]
        return found

    def prefetch(self, issue: dt.date) -> None:
        """Read what there is to send."""
        self.waiting = self.deliveries(issue)

    def halted(self, issue: dt.date) -> str:  # noqa: ARG002  the ledger has it
        """Never."""
        return ""

    def record(
        self, started: Sequence[Claim], settled: Sequence[Settlement], now: dt.datetime
    ) -> frozenset[str]:
        """Write nothing."""
        del started, settled, now
        return frozenset()


def edition_of(size: int) -> Edition:
    """Return an edition whose message has about `size` bytes."""
    link = LETTERHEAD.unsubscribe.replace("{tag}", token("unsubscribe"))
    more = f"https://news.example.org/feedback/{token('feedback')}?paper=x"
    greeting = token("greeting")
    paragraph = f'<p>Words of a paper, and more. <a href="{more}">More like this</a></p>\n'
    filler = "Plain words about a paper that somebody wrote, and nothing else.\n"
    head = f'<html><body><p>{greeting}</p><a href="{link}">out</a>\n' + paragraph * 20
    body = head + filler * max(0, (size - len(head) - 3_500) // len(filler))
    text = f"{greeting}\n{link}\n"
    blocks = Blocks()
    return Edition(
        key="all",
        subject="Daily Papers, Mar 17: A paper",
        html_blocks=blocks.numbers([body]),
        text_blocks=blocks.numbers([text]),
        blocks=blocks.table,
    )


def deliveries(count: int) -> Iterator[Delivery]:
    """Yield as many deliveries as asked."""
    for number in range(count):
        yield Delivery(
            issue=ISSUE.date, subscriber=f"r{number}", email=f"reader{number}@example.com",
            name=f"Reader {number}", timezone="UTC", edition="all",
        )  # fmt: skip


def plan(database: Database, edition: Edition, count: int) -> None:
    """Plan an issue for as many subscribers."""
    numbers = iter(range(count))
    store = SubscriberStore(database, lambda: f"r{next(numbers)}")
    people = (SignUp(email=f"reader{n}@example.com", name=f"Reader {n}") for n in range(count))
    store.bring(people, Origin.IMPORT, NOW)
    with Spool() as spool:
        spool.add(EVERYTHING, edition)
        IssueStore(database).plan(ISSUE, spool, (), NOW)


def ours(
    port: int,
    size: int,
    count: int,
    *,
    connections: int = CONNECTIONS,
    signer: Signer | None = None,
    ledger_kind: type[SqlLedger] = SqlLedger,
) -> float:
    """Send `count` messages; return how many a second."""
    with tempfile.TemporaryDirectory() as folder:
        database = open_database("sqlite:///test.db", Path(folder))
        edition = edition_of(size)
        plan(database, edition, count)
        ledger = ledger_kind(database, lean=True)
        if isinstance(ledger, NoLedger):
            ledger.prefetch(ISSUE.date)
        encoded = encode_edition(ISSUE, edition, LETTERHEAD)
        seconds = asyncio.run(_send(ledger, encoded, port, connections, signer))
        if ledger_kind is SqlLedger:
            counts = ledger.counts(ISSUE.date)
            assert counts[DeliveryState.ACCEPTED] == count, counts
        database.close()
    return count / seconds


async def _send(
    ledger: SqlLedger, encoded: Encoded, port: int, connections: int, signer: Signer | None
) -> float:
    config = demo_config()

    async def prepare(some: Sequence[Delivery]) -> list[bytes | Fault | str]:
        made = [
            compose(encoded, letters.recipient(config.letter, delivery, NOW)) for delivery in some
        ]
        return list(await signed(made, some, signer, NOW))

    settings = SmtpSettings(
        host="127.0.0.1", port=port, security="none", sender="bounce@news.example.org",
        per_connection=1_000_000,
    )  # fmt: skip
    start = time.perf_counter()
    sent = await send_editions(
        ISSUE.date,
        ledger,
        prepare,
        Sender(
            transport=SmtpTransport(settings),
            owner="benchmark:boot:1:x",
            fate_of=lambda _owner: Fate.ALIVE,
            clock=lambda: NOW,
            chance=random.Random(1),
        ),
        deadline=NOW + dt.timedelta(hours=20),
        pace=Pace(connections=connections),
    )
    assert not sent.error, sent.error
    return time.perf_counter() - start


def smtp_source(port: int, size: int, count: int) -> float:
    """Return the rate of postfix's program."""
    command = [
        "smtp-source", "-s", str(CONNECTIONS), "-l", str(size), "-m", str(count),
        "-f", "bounce@news.example.org", "-t", "reader@example.com", f"127.0.0.1:{port}",
    ]  # fmt: skip
    start = time.perf_counter()
    subprocess.run(command, check=True, timeout=300)
    return count / (time.perf_counter() - start)


def nodemailer(port: int, size: int, count: int) -> float:
    """Return the rate of nodemailer's pool."""
    reader = letters.recipient(demo_config().letter, next(deliveries(1)), NOW)
    message = compose(encode_edition(ISSUE, edition_of(size), LETTERHEAD), reader)
    with tempfile.NamedTemporaryFile(suffix=".eml") as file:
        file.write(message)
        file.flush()
        script = str(PEERS / "nodemailer_pool.js")
        command = ["node", script, str(port), str(CONNECTIONS), str(count), file.name]
        ran = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    return float(count / json.loads(ran.stdout)["seconds"])


@contextlib.contextmanager
def smtp_sink() -> Iterator[int]:
    """Run postfix's sink; yield its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # It does not run as root, and drops to somebody else.
    command = ["smtp-sink", "-u", "nobody", "-c", f"127.0.0.1:{port}", "1000"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as sink:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        try:
            yield port
        finally:
            sink.terminate()


@contextlib.asynccontextmanager
async def slow_relay(seconds: float) -> AsyncIterator[int]:
    """Run a server that offers PIPELINING and answers everything after `seconds`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()

        def say(text: bytes) -> None:
            loop.call_later(seconds, writer.write, text)

        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            say(b"220 slow\r\n")
            while True:
                line = (await reader.readuntil(b"\r\n")).upper()
                if line.startswith(b"EHLO"):
                    say(b"250-slow\r\n250 PIPELINING\r\n")
                elif line.startswith(b"DATA"):
                    say(b"354 go on\r\n")
                    await reader.readuntil(b"\r\n.\r\n")
                    say(b"250 taken\r\n")
                elif line.startswith(b"QUIT"):
                    say(b"221 bye\r\n")
                    break
                else:
                    say(b"250 fine\r\n")

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 20, backlog=512)
    async with server:
        yield server.sockets[0].getsockname()[1]


def rtt_share(count: int, size: int) -> float:
    """Return our rate through a relay 50 ms away, as a share of connections / round trip."""
    script = (
        "import asyncio, sys; sys.path.insert(0, sys.argv[1])\n"
        "from send import slow_relay\n"
        "async def main():\n"
        "    async with slow_relay(0.05) as port:\n"
        "        print(port, flush=True); await asyncio.sleep(3600)\n"
        "asyncio.run(main())"
    )
    command = [sys.executable, "-c", script, str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as relay:
        assert relay.stdout is not None
        try:
            port = int(relay.stdout.readline())
            return ours(port, size, count, connections=100) / (100 / 0.05)
        finally:
            relay.kill()


def crowd(port: int, readers: int) -> dict[str, float]:
    """Return what planning and sending a whole issue for so many readers takes."""
    program = Path(__file__).parent / "corpora" / "crowd.py"
    command = [sys.executable, str(program), str(readers), str(port)]
    ran = subprocess.run(command, check=True, capture_output=True, text=True, timeout=3600)
    told = json.loads(ran.stdout)
    return {
        "peak_mb": round(told["peak_mb"], 1),
        "second_half_ratio": round(told["second_half_seconds"] / told["first_half_seconds"], 3),
        "plan_readers_per_second": round(readers / told["plan_seconds"]),
    }


def senders_of(
    port: int, size: int, count: int, keys: dict[str, Signer]
) -> dict[str, Callable[[], float]]:
    """Return everybody who sends `count` messages, by what is written behind the size's name."""
    found: dict[str, Callable[[], float]] = {
        "_smtp_source": lambda: smtp_source(port, size, count),
        "": lambda: ours(port, size, count),
        "_no_ledger": lambda: ours(port, size, count, ledger_kind=NoLedger),
    }
    if (PEERS / "node_modules").is_dir() and shutil.which("node"):
        found["_nodemailer"] = lambda: nodemailer(port, size, count)
    for name, key in keys.items():
        found[f"_{name}"] = functools.partial(ours, port, size, count, signer=key)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="two minutes")
    parser.add_argument("--json", action="store_true", help="named figures on the last line")
    parser.add_argument("--data", type=Path, help="not needed: all messages are made up")
    parser.add_argument("--readers", type=int, help="only the whole issue, for so many readers")
    options = parser.parse_args()
    if shutil.which("smtp-source") is None:
        print("postfix's smtp-source and smtp-sink are not installed (make system does it)")
        print(json.dumps({}))
        return
    rounds, count = (5, 2_000) if options.quick else (5, 10_000)
    keys = {
        name: Signer([load_key(make_key(name), "n.example", "s")]) for name in ("ed25519", "rsa")
    }
    figures: dict[str, float] = {}
    rates: dict[str, list[float]] = {}

    def ratio(name: str, to: str) -> float:
        pairs = zip(rates[name], rates[to], strict=True)
        return round(statistics.median(a / b for a, b in pairs), 3)

    readers = options.readers or (10_000 if options.quick else 100_000)
    with smtp_sink() as port:
        figures |= crowd(port, readers)
        for name, size in () if options.readers else (("60kb", 60_000), ("10kb", 10_000)):
            ours(port, size, 200)
            senders = senders_of(port, size, count if size > 20_000 else 2 * count, keys)
            for _ in range(rounds):
                for kind, send in senders.items():
                    rates.setdefault(f"{name}{kind}", []).append(send())
            for kind in ("", *(f"_{key}" for key in keys)):
                figures[f"{name}{kind}_vs_smtp_source"] = ratio(name + kind, f"{name}_smtp_source")
            figures[f"{name}_ledger_share"] = round(1 - ratio(name, f"{name}_no_ledger"), 3)
            if "_nodemailer" in senders:
                figures[f"{name}_vs_nodemailer"] = ratio(name, f"{name}_nodemailer")
    if not options.readers:
        figures["ledger_share"] = figures["60kb_ledger_share"]
        figures["rtt50_share"] = round(rtt_share(20_000, 10_000), 3)
    for name, values in rates.items():
        print(f"{name:28}{statistics.median(values):>12.2f}")
    for name, value in figures.items():
        print(f"{name:28}{value:>12}")
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
