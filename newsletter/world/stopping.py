"""Ctrl-C, SIGTERM and SIGHUP finish what is in flight."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Iterator


@contextlib.contextmanager
def stopping(stop: asyncio.Event) -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and SIGHUP finish what is in flight; a second one ends at once."""
    loop = asyncio.get_running_loop()

    def finish(number: signal.Signals) -> None:
        stop.set()
        loop.remove_signal_handler(number)

    numbers = [signal.SIGINT, signal.SIGTERM]
    # Whoever starts us with nohup wants the end of the terminal ignored.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
        for number in numbers:
            loop.add_signal_handler(number, finish, number)
    try:
        yield
    finally:
        with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
            for number in numbers:
                loop.remove_signal_handler(number)
