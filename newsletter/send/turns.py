"""Whose turn it is: which sessions may begin a message, and which must wait for a connection."""

from __future__ import annotations

from dataclasses import dataclass, field

from newsletter.send.pace import Throttle

TRIES = 4
"""Refused connections of a session in a row, with no other session connected, before sending
stops."""
LONGEST = 60.0
"""Seconds at most between two tries of a session whose connection was refused."""


@dataclass(slots=True, kw_only=True)
class Turns:
    """The sessions of one call, by their numbers from 0.

    A server that refuses one of several connections shows how many it wants. The refused session
    moves to the end of the order, and tries again now and then. The server counts as unusable only
    when no session has a connection, and either no message was ever answered or a session was
    refused too often in a row.
    """

    throttle: Throttle
    _order: list[int] = field(init=False)
    """Sessions in the order in which they may begin a message; refused ones stand at the end."""
    _refused: dict[int, int] = field(default_factory=dict)
    """How often in a row each session that waits for another try was refused."""
    _served: bool = False
    """Whether the server has answered a message."""

    def __post_init__(self) -> None:
        """Begin with all sessions."""
        self._order = list(range(self.throttle.connections))

    def wait(self, number: int) -> float:
        """Return how many seconds a session should wait before it begins a message."""
        return self.throttle.wait(self._order.index(number) if number in self._order else 0)

    def served(self, number: int) -> None:
        """Note that the server answered a message of a session."""
        self._served = True
        self._refused.pop(number, None)

    def left(self, number: int) -> None:
        """Note that a session has nothing more to do."""
        if number in self._order:
            self._order.remove(number)
        self._refused.pop(number, None)

    @property
    def is_anybody_at_work(self) -> bool:
        """Whether a session has a connection, or may get one."""
        return any(number not in self._refused for number in self._order)

    def refused(self, number: int) -> float:
        """Note that a session got no connection; return after how many seconds to try again.

        Returns 0 when another try is useless.
        """
        times = self._refused.get(number, 0)
        self._refused[number] = times + 1
        self._order.remove(number)
        self._order.append(number)
        self.throttle.refused()
        if not self.is_anybody_at_work and (not self._served or times >= TRIES):
            return 0.0
        return min(LONGEST, self.throttle.cooldown * 2.0**times)
