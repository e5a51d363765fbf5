"""subscribers.yaml, followed by the store: at each run, and while one is going on."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

from newsletter.config.subscribers import FILE, list_digest, read_list
from newsletter.errors import ConfigError
from newsletter.model import Synchronised
from newsletter.store import FactStore, SubscriberStore

_FACTS = "list"
"""What the digest of the list is kept as, among what is remembered of the world."""


class SubscriberFile:
    """The list in a newsletter's folder."""

    def __init__(
        self,
        folder: Path,
        topics: Sequence[str],
        environment: Mapping[str, str],
        store: SubscriberStore,
        facts: FactStore,
    ) -> None:
        """Follow subscribers.yaml in `folder` into `store`; `topics` are the names there are."""
        self._folder = folder
        self._topics = tuple(topics)
        self._environment = environment
        self._store = store
        self._facts = facts
        self._seen = (0, 0)

    def follow(self, now: dt.datetime, *, may_empty: bool = True) -> Synchronised:
        """Bring what the list says into the store; one that has not changed is not read again.

        Raises ConfigError for a list with mistakes, and, unless it `may_empty` the store, for one
        without anybody while the store has subscribers by it: that is a list that was lost, or is
        being written.
        """
        self._seen = self._version()
        digest = list_digest(self._folder, self._topics)
        if self._is_known(digest):
            return Synchronised()
        found = read_list(self._folder, self._topics, self._environment)
        if found.is_blank and self._store.has_listed():
            raise ConfigError(
                f"{self._folder / FILE}: nobody is on the list: the file is empty, but there were "
                "people on it; nothing was sent, and nobody's delivery was cancelled; put the list "
                "back, or write `subscribers: []` if nobody is meant to be on it"
            )
        if not found.sign_ups and not may_empty and self._store.has_listed(active=True):
            raise ConfigError(
                f"{self._folder / FILE}: nobody is on the list any more, while an issue is being "
                "sent: nothing was sent, and nobody's delivery was cancelled; put the list back, "
                "or give the issue up with `newsletter cancel`"
            )
        changed = self._store.follow(found.sign_ups, now)
        self._facts.save(_FACTS, {FILE: {"digest": digest}}, now)
        return changed

    def follow_if_changed(self, now: dt.datetime) -> None:
        """Look again at a list that was touched since; while it is wrong, what is known holds."""
        if self._version() != self._seen:
            with contextlib.suppress(ConfigError):
                self.follow(now, may_empty=False)

    def is_followed(self) -> bool:
        """Return whether the store holds what the list says: then it has no mistakes either."""
        return self._is_known(list_digest(self._folder, self._topics))

    def _is_known(self, digest: str) -> bool:
        known = self._facts.known(_FACTS, [FILE])
        return bool(digest) and known.get(FILE, {}).get("digest") == digest

    def _version(self) -> tuple[int, int]:
        try:
            found = (self._folder / FILE).stat()
        except OSError:
            return (0, 0)
        return (found.st_mtime_ns, found.st_size)
