"""A real DNS server on loopback, UDP and TCP, with a named switch for each misbehaviour."""

from __future__ import annotations

import contextlib
import socketserver
import struct
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

SILENT, SERVFAIL, REFUSED, GARBAGE = "silent", "servfail", "refused", "garbage"
"""In place of records: no answer at all, an answer that is an error, or one that is no DNS."""

Records = Mapping[str, list[str] | str]
"""Type → records as a zone file writes them, or a misbehaviour. `*` is every type."""


@dataclass
class Zone:
    """What the server knows, and what it was asked."""

    names: dict[str, Records] = field(default_factory=dict)
    """Name → records; `*.x` is every name below x that is not there itself."""
    port: int = 0
    questions: list[tuple[str, str]] = field(default_factory=list)
    over_tcp: int = 0

    @property
    def address(self) -> str:
        """The address for `--resolver`."""
        return f"127.0.0.1:{self.port}"

    def records(self, name: str) -> Records | None:
        """Return what is at a name, by a wildcard if need be (RFC 4592)."""
        if name in self.names:
            return self.names[name]
        rest = name
        while rest:
            rest = rest.partition(".")[2]
            if f"*.{rest}" in self.names:
                return self.names[f"*.{rest}"]
        inside = any(known.endswith(f".{name}") for known in self.names)
        return {} if inside or not name else None


def quoted(*strings: str) -> str:
    """Return a TXT record of several strings, as a zone file writes it."""
    return " ".join(f'"{_escaped(text.encode())}"' for text in strings)


def txt(text: str) -> str:
    """Return a TXT record of a text, cut into strings of 255 bytes."""
    raw = text.encode()
    parts = (raw[start : start + 255] for start in range(0, max(len(raw), 1), 255))
    return " ".join(f'"{_escaped(part)}"' for part in parts)


def _escaped(raw: bytes) -> str:
    return "".join(
        chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\' else f"\\{byte:03}" for byte in raw
    )


def answer(zone: Zone, raw: bytes, *, tcp: bool) -> bytes | None:
    """Return the answer to a query; None for none."""
    query = dns.message.from_wire(raw)
    question = query.question[0]
    kind = dns.rdatatype.to_text(question.rdtype)
    zone.questions.append((question.name.to_text(omit_final_dot=True).lower(), kind))
    zone.over_tcp += tcp
    reply = dns.message.make_response(query, recursion_available=True)
    name = question.name
    for _ in range(20):  # a chain of aliases, as a resolver follows it
        found = zone.records(name.to_text(omit_final_dot=True).lower().removesuffix("."))
        if found is None:
            reply.set_rcode(dns.rcode.NXDOMAIN)
            break
        here = found.get(kind, found.get("*", []))
        if isinstance(here, str):
            if here == SILENT:
                return None
            if here == GARBAGE:
                return raw[:2] + b"\xff" * 30
            reply.set_rcode(dns.rcode.SERVFAIL if here == SERVFAIL else dns.rcode.REFUSED)
            break
        alias = found.get("CNAME")
        if isinstance(alias, list) and kind != "CNAME":
            reply.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", *alias))
            name = dns.name.from_text(alias[0])
            continue
        if here:
            reply.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *here))
        break
    if tcp:
        return reply.to_wire(max_size=65_535)
    try:
        return reply.to_wire(max_size=max(query.payload, 512))
    except dns.exception.TooBig:
        short = dns.message.make_response(query)
        short.flags |= dns.flags.TC
        return short.to_wire()


class _Udp(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        request: Any = self.request
        raw, channel = request
        zone: Zone = self.server.zone  # type: ignore[attr-defined]
        if (said := answer(zone, raw, tcp=False)) is not None:
            channel.sendto(said, self.client_address)


class _Tcp(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        zone: Zone = self.server.zone  # type: ignore[attr-defined]
        with contextlib.suppress(OSError, struct.error):
            (size,) = struct.unpack("!H", self.request.recv(2))
            said = answer(zone, self.request.recv(size), tcp=True)
            if said is not None:
                self.request.sendall(struct.pack("!H", len(said)) + said)


@contextlib.contextmanager
def dns_server(names: Mapping[str, Records] | None = None) -> Iterator[Zone]:
    """Serve `names` until the end of the block."""
    zone = Zone(dict(names or {}))
    with _both() as servers:
        zone.port = servers[0].server_address[1]
        threads = []
        for server in servers:
            server.zone = zone  # type: ignore[attr-defined]
            thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
            thread.start()
            threads.append(thread)
        try:
            yield zone
        finally:
            for server, thread in zip(servers, threads, strict=True):
                server.shutdown()
                thread.join()


@contextlib.contextmanager
def _both() -> Iterator[tuple[socketserver.UDPServer, socketserver.TCPServer]]:
    """Open UDP and TCP on one port; another process may have the other half of it."""
    for _ in range(50):
        udp = socketserver.ThreadingUDPServer(("127.0.0.1", 0), _Udp)
        udp.daemon_threads = True
        try:
            tcp = socketserver.ThreadingTCPServer(("127.0.0.1", udp.server_address[1]), _Tcp)
        except OSError:
            udp.server_close()
            continue
        tcp.daemon_threads = True
        with udp, tcp:
            yield udp, tcp
        return
    raise OSError("no port is free for UDP and TCP")
