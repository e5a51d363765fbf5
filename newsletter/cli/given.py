"""Read what commands are given: the configuration, dates, addresses, states."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import os
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

from newsletter.config.files import load_config
from newsletter.config.mistakes import suggest
from newsletter.config.settings import Config
from newsletter.config.values import read_address
from newsletter.model import DeliveryState, SubscriberState, Subscription

if TYPE_CHECKING:
    from newsletter.day.given import Day

Result = TypeVar("Result")


def load(folder: Path) -> Config:
    """Read the configuration in `folder`."""
    return load_config(folder, os.environ)


def wait_for(work: Coroutine[object, None, Result]) -> Result:
    """Run a command's work to its end."""
    return asyncio.run(work)


def parse_date(text: str | None) -> dt.date | None:
    """Return the date that was given, if any; exit with wrong usage when it is not a date."""
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"`{text}` is not a date such as 2026-11-24") from None


def unknown_topic(name: str, known: Sequence[str]) -> typer.BadParameter:
    """Return the error, wrong usage, for a topic that does not exist."""
    return typer.BadParameter(f"no topic is called `{name}`{suggest(name, [*known])}")


def find_subscriber(day: Day, email: str) -> Subscription:
    """Return the active subscriber with an address; exit with wrong usage when there is none."""
    with contextlib.suppress(ValueError):  # an invalid address belongs to no subscriber
        kept = day.stores.subscribers.find(read_address(email))
        if kept is not None and kept.state is SubscriberState.ACTIVE:
            return kept
    raise typer.BadParameter(f"no subscriber (or a paused one) has the address `{email}`")


def parse_states(only: str | None) -> tuple[DeliveryState, ...]:
    """Return the states that `--only` names; exit with wrong usage for any that is not allowed."""
    if only is None:
        return ()
    allowed = (DeliveryState.FAILED, DeliveryState.UNKNOWN, DeliveryState.DEFERRED)
    names = [name.strip() for name in only.split(",")]
    if not set(names) <= {state.value for state in allowed}:
        raise typer.BadParameter(f"`{only}`: choose among {', '.join(allowed)}")
    return tuple(DeliveryState(name) for name in names)
