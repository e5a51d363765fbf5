"""Import code while the user waits."""

from __future__ import annotations

import contextlib
import gc
import signal
from collections.abc import Iterator


@contextlib.contextmanager
def loading() -> Iterator[None]:
    """Wrap imports: during the block Ctrl-C ends the process at once, and nothing is printed.

    At that time no work has begun that would have to be finished. A shell reports the status 130.
    If the process ignores Ctrl-C (SIGINT), it still does. Garbage collection is off during the
    block, because imports create little garbage.
    """
    handler, collects = signal.getsignal(signal.SIGINT), gc.isenabled()
    if handler is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
        signal.signal(signal.SIGINT, handler)
