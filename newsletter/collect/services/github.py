"""GitHub: the stars of a paper's code → facts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from newsletter.collect.answers import Document, complaint, count, mapping, read_json
from newsletter.errors import SourceError
from newsletter.model import Paper

API = "https://api.github.com"
_PLACE = re.compile(
    r"https?://(?:www\.)?github\.com/([\w.-]+/[\w.-]+)/?$", re.IGNORECASE | re.ASCII
)


def subject(paper: Paper) -> str:
    """Return `owner/name` of the paper's repository."""
    found = _PLACE.match(paper.code_url)
    return found[1] if found else ""


def question(api: str, subjects: Sequence[str]) -> tuple[str, object]:
    """Return the address of one repository."""
    return f"{api}/repos/{subjects[0]}", None


def read_facts(document: Document, subjects: Sequence[str]) -> dict[str, dict[str, object]]:
    """Return the stars of the repository; raises SourceError."""
    answer = mapping(read_json(document))
    if "stargazers_count" not in answer:
        said = complaint(answer) or "no repository"
        raise SourceError(f"{document.shown}: GitHub says: {said}")
    return {subjects[0]: {"stars": count(answer["stargazers_count"])}}
