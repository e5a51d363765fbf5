"""Pictures within a mail, where the newsletter has no site: parts of it, named by Content-ID.

The HTML names a part as `cid:NAME@DOMAIN` (RFC 2392). The parts stand beside both bodies in a
multipart/related (RFC 2387), so text and HTML are what they are without pictures.
"""

from __future__ import annotations

import base64
import functools
import re
from collections.abc import Callable
from typing import Final

from newsletter.model.figures import FILE

Pictures = Callable[[str], bytes]
"""(file name) → what is in it; empty when it is gone."""
KINDS: Final = {"jpg": "jpeg", "png": "png"}
# Text from outside is escaped: it has no quotes, so it names no part.
_NAMED: Final = re.compile(rf'src="cid:(({FILE})@[^"]+)"')
_SHOWN: Final = re.compile(rf'src="(?:cid:|https://|\.\./)[^"]*?({FILE})[^"]*"')


def no_pictures(_name: str) -> bytes:
    """Return nothing: for editions without figures."""
    return b""


def content_ids(html: str) -> tuple[tuple[str, str], ...]:
    """Return the Content-ID and the file name of each picture that HTML names."""
    return tuple((found[1], found[2]) for found in _NAMED.finditer(html))


def part(content_id: str, name: str, content: bytes) -> tuple[bytes, bytes]:
    """Return a picture as the head and the body of a part, each with CRLF at its end."""
    kind = KINDS[name.rpartition(".")[2]]
    head = (
        f"Content-Type: image/{kind}\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        f"Content-ID: <{content_id}>\r\n"
        # Clients that list parts show a short name.
        f'Content-Disposition: inline; filename="{name[:8]}{name[-4:]}"\r\n\r\n'
    )
    return head.encode(), _base64(content)


@functools.lru_cache(maxsize=64)
def _base64(content: bytes) -> bytes:
    """Return content in base64, in lines (RFC 2045, 6.8); editions share one copy of it."""
    return base64.encodebytes(content).replace(b"\n", b"\r\n")


def with_pictures(html: str, pictures: Pictures) -> str:
    """Return HTML with its figures inside of it (RFC 2397), to be looked at where it is not sent.

    A figure that is gone stays an address.
    """

    def inside(found: re.Match[str]) -> str:
        content = pictures(found[1])
        if not content:
            return found[0]
        kind = KINDS[found[1].rpartition(".")[2]]
        return f'src="data:image/{kind};base64,{base64.b64encode(content).decode()}"'

    return _SHOWN.sub(inside, html)
