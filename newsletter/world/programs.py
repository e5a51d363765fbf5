"""Other programs of this machine that are asked for their opinion."""

from __future__ import annotations

import asyncio
import shutil
from typing import Final

SECONDS: Final = 40.0
"""SpamAssassin reads all of its rules each time."""


async def spam_report(message: bytes, seconds: float = SECONDS) -> str:
    """Return the head of what SpamAssassin makes of a message, without asking the network.

    Empty when it is not installed, fails, or is too slow.
    """
    program = shutil.which("spamassassin")
    if program is None:
        return ""
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(
            program, "-L", "-t", stdin=pipe, stdout=pipe, stderr=nothing
        )
    except OSError:
        return ""
    try:
        async with asyncio.timeout(seconds):
            out, _ = await process.communicate(message)
    except TimeoutError:
        process.kill()
        await process.wait()
        return ""
    return out.partition(b"\n\n")[0].decode("utf-8", "replace")
