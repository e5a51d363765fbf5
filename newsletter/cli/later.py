"""How deliveries are shown that wait for the hour that their readers chose."""

from __future__ import annotations

from newsletter.model import Later


def words(later: Later) -> str:
    """Return in words what waits for the hour that its reader chose; nothing if nothing does."""
    if not later.count:
        return ""
    verb, whose = ("waits", "its reader") if later.count == 1 else ("wait", "their readers")
    return f"{later.count} {verb} for the hour that {whose} chose{following(later)}"


def following(later: Later) -> str:
    """Return in words when the first of them is due."""
    return f", the next at {later.first:%Y-%m-%d %H:%M} UTC" if later.first else ""


def as_json(later: Later) -> dict[str, object]:
    """Return what waits for the hours of readers as plain data."""
    return {"count": later.count, "next_at": later.first.isoformat() if later.first else None}
