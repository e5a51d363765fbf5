"""What the shell offers for a word that is begun: topics, dates of issues, states.

It is asked at every press of Tab, so libraries are loaded only then, nothing is written, and
whatever is wrong gives no words and no message.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from newsletter.config.settings import Config

MOST = 30
"""Dates that are offered, the newest first."""

# Any: Typer keeps the classes of click, which the context is, to itself.
Words = Callable[[Any, str], list[str]]


def _offering(words: Callable[[Config], Iterator[str]]) -> Words:
    """Return what offers those of `words` that begin like the word that is begun."""

    def offer(ctx: Any, incomplete: str) -> list[str]:
        from newsletter.config.files import load_config  # noqa: PLC0415  see above

        try:
            config = load_config(Path(ctx.params.get("config") or "config"), os.environ)
            return [word for word in words(config) if word.startswith(incomplete)]
        except Exception:  # noqa: BLE001  a message would land in the line that is being typed
            return []

    return offer


def _topics(config: Config) -> Iterator[str]:
    yield from config.choice.topic_names


def _dates(config: Config) -> Iterator[str]:
    from newsletter.store import IssueStore, database_exists  # noqa: PLC0415  see above
    from newsletter.world import machine  # noqa: PLC0415  the same

    if database_exists(config.database, config.root):
        with machine.open_ledger(config) as database:
            yield from (date.isoformat() for date in list(IssueStore(database).dates())[:MOST])


complete_topics = _offering(_topics)
complete_dates = _offering(_dates)


def complete_states(incomplete: str) -> list[str]:
    """Offer the states whose mail may be sent again; several are written with commas."""
    before, comma, begun = incomplete.rpartition(",")
    known = ("failed", "unknown", "deferred")
    return [f"{before}{comma}{state}" for state in known if state.startswith(begun)]
