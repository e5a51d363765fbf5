"""Replies of servers that mean no good: every reading ends, soon, and in one line."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.send.streams import (
    MAX_LINES,
    MAX_REPLY,
    MAX_WAITING,
    ConnectionBrokenError,
    Reply,
    Stream,
)


def read(*data: bytes, timeout: float = 0.05) -> tuple[list[Reply], str]:
    """Return the replies that some bytes are, cut as they are given, and what was wrong then."""

    async def work() -> tuple[list[Reply], str]:
        ours, theirs = socket.socketpair()
        loop = asyncio.get_running_loop()
        replies: list[Reply] = []
        with theirs:
            _, stream = await loop.create_connection(Stream, sock=ours)
            for some in data:
                if stream.is_open:
                    stream.data_received(some)
            try:
                while True:
                    replies.append(await stream.reply(timeout))
            except ConnectionBrokenError as error:
                return replies, str(error)
            finally:
                stream.abort()
                await asyncio.sleep(0)

    return asyncio.run(work())


def seconds_for(data: bytes, chunk: int) -> float:
    start = time.perf_counter()
    read(*(data[place : place + chunk] for place in range(0, len(data), chunk)), timeout=0.001)
    return time.perf_counter() - start


def test_a_reply_of_several_lines() -> None:
    """The lines are joined, and two replies that arrive together are two."""
    replies, _ = read(b"250-one\r\n250-two\r\n250 three\r\n550 5.1.1 gone\r\n")

    assert replies == [Reply(250, "one two three"), Reply(550, "5.1.1 gone")]


@pytest.mark.parametrize(
    "line", ["099 x", "600 x", "2500", "25", "hello", "250\tx", "２５０ wide", "٢٥٠ x", ""]
)
def test_what_is_no_reply_ends_the_connection(line: str) -> None:
    """Codes are three ASCII digits from 2 to 5 (RFC 5321, 4.2)."""
    replies, problem = read(f"220 hello\r\n{line}\r\n".encode())

    assert replies == [Reply(220, "hello")]
    assert "no SMTP" in problem


@pytest.mark.parametrize(
    "flood",
    [
        b"250-\r\n" * 20_000,
        b"250-x" + b"y" * 300 + b"\r\n",
        b"x" * 1_000_000,
        b"250-" + b"y" * 1_000_000,
        b"250 ok\r\n" * 20_000,
    ],
)
@pytest.mark.parametrize("chunk", [1 << 18, 5_000])
def test_a_flood_is_cut_at_once(flood: bytes, chunk: int) -> None:
    """Empty lines, long ones, no line at all, and replies that nobody asked for."""
    data = flood * (1 if len(flood) > 10_000 else 400)

    assert seconds_for(data, chunk) < 2
    _, problem = read(*(data[place : place + chunk] for place in range(0, len(data), chunk)))
    assert problem.startswith(("it answers", "no answer"))


def test_a_reply_has_two_hundred_lines_at_most() -> None:
    """The longest of real servers have thirty."""
    last = b"250 x\r\n"
    assert len(read(b"250-x\r\n" * (MAX_LINES - 1) + last)[0]) == 1
    assert read(b"250-x\r\n" * MAX_LINES + last) == ([], "it answers without end")


def test_replies_that_nobody_asked_for_end_the_connection() -> None:
    """They would fill the memory, and answer what is not asked yet."""
    replies, problem = read(b"250 ok\r\n" * 20_000)

    assert len(replies) <= MAX_WAITING + 1
    assert problem == "it answers what nobody asked"


def test_the_cost_grows_with_the_length() -> None:
    """A line at a time, up to what is allowed: four times as much takes no sixteen times as long."""
    few = b"250-" + b"x" * 300 + b"\r\n"
    assert len(few) * MAX_LINES < MAX_REPLY
    short, long = (min(seconds_for(few * count, len(few)) for _ in range(5)) for count in (45, 180))

    assert long < 10 * short + 0.05


def test_a_trickle_has_a_deadline() -> None:
    """A byte now and then does not make a reply late for ever."""

    async def work() -> float:
        async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError):
                while True:
                    writer.write(b"250-a\r\n")
                    await writer.drain()
                    await asyncio.sleep(0.02)
            writer.transport.abort()
            gone.set()

        gone = asyncio.Event()
        server = await asyncio.start_server(drip, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        loop = asyncio.get_running_loop()
        _, stream = await loop.create_connection(Stream, "127.0.0.1", port)
        start = loop.time()
        with pytest.raises(ConnectionBrokenError, match=r"no answer within 0\.3 seconds"):
            await stream.reply(0.3)
        took = loop.time() - start
        await gone.wait()
        server.close()
        return took

    assert asyncio.run(work()) < 2


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_whatever_arrives_is_replies_or_one_line(data: list[Any]) -> None:
    """No other error, and nothing unprintable."""
    replies, problem = read(*data, timeout=0.001)

    assert problem
    for text in (problem, *(reply.text for reply in replies)):
        assert text.isprintable()
    assert all(200 <= reply.code < 600 for reply in replies)


@given(
    st.lists(
        st.sampled_from([b"250", b"-", b" ", b"\r\n", b"\n", b"\r", b"4.7.1", b"\xff", b"x", b"2"]),
        max_size=60,
    )
)
def test_cut_anywhere_it_says_the_same(pieces: list[bytes]) -> None:
    """However a network cuts what arrives."""
    data = b"".join(pieces)
    whole, _ = read(data, timeout=0.001)
    cut, _ = read(*(bytes([byte]) for byte in data), timeout=0.001)

    assert cut == whole
