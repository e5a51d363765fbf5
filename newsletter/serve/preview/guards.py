"""Who may write, and read the list: only the page that the person opened, as it was printed.

Whatever listens on this machine can be asked by pages of other sites and by other people who work
on it. A page of another site cannot send our header without permission (CORS), which we never give,
and its name is not ours (DNS rebinding). Other people do not know the token: it stands behind the
`#` of the address that is printed, which no browser sends anywhere.
"""

from __future__ import annotations

import hmac
import json
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request

HOSTS: Final = ("127.0.0.1", "localhost")
"""The names under which the page answers."""
HEADER: Final = "X-Preview"
MAX_BODY: Final = 8_000_000
"""Bytes of a request: a text of the largest size, with half of its characters escaped."""


def must_be_ours(request: Request, token: str) -> None:
    """Raise HTTPException (403) unless the page that the person opened asks."""
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    is_ours = (
        origin in (None, f"{request.url.scheme}://{request.headers.get('Host', '')}")
        and site in (None, "same-origin")
        and hmac.compare_digest(request.headers.get(HEADER, "").encode(), token.encode())
    )
    if not is_ours:
        raise HTTPException(
            403, "only the page at the address that `newsletter preview` has printed may do this"
        )


async def sent(request: Request, token: str) -> dict[str, Any]:
    """Return the JSON object that our page has sent; raises HTTPException when it is none."""
    must_be_ours(request, token)
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, "expected JSON")
    body = bytearray()
    async for some in request.stream():
        body += some
        if len(body) > MAX_BODY:
            raise HTTPException(413, f"more than {MAX_BODY // 1_000_000} MB: nothing was written")
    try:
        found = json.loads(bytes(body))
    except (ValueError, RecursionError):
        raise HTTPException(400, "expected JSON") from None
    if not isinstance(found, dict):
        raise HTTPException(400, "expected a JSON object")
    return found
