"""Load code while somebody waits."""

from __future__ import annotations

import contextlib
import gc
import signal
from collections.abc import Iterator


@contextlib.contextmanager
def loading() -> Iterator[None]:
    """Import within the block: Ctrl-C ends the process at once, and nothing is printed.

    Nothing has begun yet that would have to be finished. A shell reports the status 130. Whoever
    ignores Ctrl-C still does. Little of what is loaded is garbage, so that none is looked for.
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
