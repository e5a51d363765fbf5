"""What editions and messages say about the newsletter and its reader, from configuration."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from newsletter import links
from newsletter.config import Config
from newsletter.model import Delivery, Edition, Issue, Pick, Subscriber
from newsletter.pick import choose
from newsletter.render import (
    Letterhead,
    Masthead,
    Recipient,
    Selection,
    compose,
    encode_edition,
)


def masthead(config: Config) -> Masthead:
    """Return what every edition says about the newsletter."""
    return Masthead(
        name=config.name, language=config.language, postal_address=config.postal_address
    )


def letterhead(config: Config) -> Letterhead:
    """Return what the headers of every message say about it."""
    return Letterhead(
        name=config.name,
        sender=config.sender,
        reply_to=config.reply_to,
        language=config.language,
    )


def selections(config: Config, picks: Sequence[Pick]) -> Iterator[Selection]:
    """Yield what the readers get, once for each distinct list of topics among them."""
    topics = {topic.name: topic for topic in config.topics}
    for names in dict.fromkeys(subscriber.topics for subscriber in config.subscribers):
        chosen = choose(picks, [topics[name] for name in names])
        if chosen or config.send_empty:
            yield Selection(topics=names, picks=chosen)


def recipient(config: Config, delivery: Delivery, now: dt.datetime) -> Recipient:
    """Return what is a reader's own in a message: address, links, the date where they live."""
    return Recipient(
        id=delivery.subscriber,
        email=delivery.email,
        name=delivery.name,
        unsubscribe_url=link(config, "unsubscribe", delivery.subscriber),
        preferences_url=link(config, "preferences", delivery.subscriber),
        date=now.astimezone(ZoneInfo(delivery.timezone)),
    )


def link(config: Config, purpose: str, subscriber: str) -> str:
    """Return a signed address of the subscriber pages, or an email to the editor without them."""
    if config.site:
        return f"{config.site}/{purpose}/{links.sign(config.secret, purpose, subscriber)}"
    return f"mailto:{config.reply_to}?subject={purpose}%20{subscriber}"


NOBODY = Subscriber(id="sample", email="reader@example.org")
"""Stands in where an edition has lost its readers."""


def sample(
    config: Config, issue: Issue, edition: Edition, reader: Subscriber, now: dt.datetime
) -> bytes:
    """Return an edition as the message that `reader` gets."""
    delivery = Delivery(
        issue=issue.date,
        subscriber=reader.id,
        email=reader.email,
        name=reader.name,
        timezone=reader.timezone,
        edition=edition.key,
    )
    encoded = encode_edition(issue, edition, letterhead(config))
    return compose(encoded, recipient(config, delivery, now))
