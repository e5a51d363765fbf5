"""Whose turn it is: which sessions may begin a message, and which have to wait for a connection."""

from __future__ import annotations

from dataclasses import dataclass, field

from newsletter.send.pace import Throttle

TRIES = 4
"""Connections refused in a row, with nobody else connected, before sending stops."""
LONGEST = 60.0
"""Seconds at most between two tries of who was refused."""


@dataclass(slots=True, kw_only=True)
class Turns:
    """The sessions of one call, by their numbers from 0.

    A server that refuses one connection of several has said how many it wants: who was refused
    stands behind those that work, and tries again now and then. Only when nobody has a connection,
    and nobody had one before, is the server as a whole of no use.
    """

    throttle: Throttle
    _order: list[int] = field(init=False)
    """Who may begin something first; who was refused stands at the end."""
    _refused: dict[int, int] = field(default_factory=dict)
    """How often in a row those were refused who wait for another try."""
    _served: bool = False
    """Whether the server has answered to a message."""

    def __post_init__(self) -> None:
        """Begin with everybody."""
        self._order = list(range(self.throttle.connections))

    def wait(self, number: int) -> float:
        """Return for how many seconds a session should begin nothing."""
        return self.throttle.wait(self._order.index(number) if number in self._order else 0)

    def served(self, number: int) -> None:
        """Note that the server answered to a message of a session."""
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
        return any(one not in self._refused for one in self._order)

    def refused(self, number: int) -> float:
        """Note that a session got no connection; return after how many seconds to try again.

        Nothing (0) when there is no use in it.
        """
        times = self._refused.get(number, 0)
        self._refused[number] = times + 1
        self._order.remove(number)
        self._order.append(number)
        self.throttle.refused()
        if not self.is_anybody_at_work and (not self._served or times >= TRIES):
            return 0.0
        return min(LONGEST, self.throttle.cooldown * 2.0**times)
