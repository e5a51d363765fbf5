"""The code repository that a text links to."""

from __future__ import annotations

import re

_REPOSITORY = re.compile(
    r"\b(?:https?://)?(?:www\.)?(?P<host>github|gitlab)\.com/(?P<owner>[\w.-]+)/(?P<name>[\w.-]+)",
    re.ASCII | re.IGNORECASE,
)
_NOT_OWNERS = frozenset({"features", "topics", "orgs", "sponsors", "marketplace", "about"})


def repository(text: str) -> str:
    """Return the address of the first code repository in `text`, or nothing.

    >>> repository("Code: github.com/ada/engine.git.")
    'https://github.com/ada/engine'
    """
    for found in _REPOSITORY.finditer(text):
        name = found["name"].rstrip(".-").removesuffix(".git")
        if name and found["owner"].lower() not in _NOT_OWNERS:
            return f"https://{found['host'].lower()}.com/{found['owner']}/{name}"
    return ""
