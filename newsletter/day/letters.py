"""What editions and messages say about the newsletter and its reader, from configuration."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from zoneinfo import ZoneInfo

from newsletter import links
from newsletter.config import Config
from newsletter.day.selections import lead
from newsletter.model import (
    Delivery,
    Edition,
    Issue,
    Pick,
    Subscriber,
)
from newsletter.pick.variety import choose
from newsletter.render.editions import render_page
from newsletter.render.locales import long_date
from newsletter.render.messages import Letterhead, Recipient, as_read, compose, encode_edition
from newsletter.render.press import Links, Masthead, Selection
from newsletter.render.templates import Templates, load_templates
from newsletter.render.tokens import token


def masthead(config: Config) -> Masthead:
    """Return what every edition says about the newsletter."""
    return Masthead(
        name=config.name,
        language=config.language,
        postal_address=config.postal_address,
        subject=config.subject,
        density=config.density,
        figures=config.figures,
        feedback=config.feedback,
        links=Links(
            unsubscribe=link(config, "unsubscribe", "{tag}"),
            preferences=link(config, "preferences", "{tag}"),
            feedback=link(config, "feedback", "{tag}", "paper"),
        ),
        archive=config.archive,
        days=days(config),
    )


def days(config: Config) -> int:
    """Return how many days an issue tells of."""
    return 7 if config.digest == "weekly" else 1


def templates(config: Config, *, located: bool = False) -> Templates:
    """Return the templates of the theme; `located` ones name the lines of what they print."""
    name = "weekly" if config.digest == "weekly" else "issue"
    return load_templates(config.theme, name, located=located)


def letterhead(config: Config) -> Letterhead:
    """Return what the headers of every message say about it."""
    return Letterhead(
        name=config.name,
        sender=config.sender,
        reply_to=config.reply_to,
        language=config.language,
        unsubscribe=link(config, "unsubscribe", "{tag}"),
        archive=config.archive,
        complaints=config.complaints,
    )


def arxiv_api(config: Config) -> str:
    """Return where arXiv's API is, when a source says so."""
    return next((one.api for one in config.sources if one.kind.startswith("arxiv") and one.api), "")


def recipient(config: Config, delivery: Delivery, now: dt.datetime) -> Recipient:
    """Return what is a reader's own in a message: address, links, the date where they live."""
    return Recipient(
        id=delivery.subscriber,
        email=delivery.email,
        name=delivery.name,
        unsubscribe=tag(config, "unsubscribe", delivery.subscriber),
        preferences=tag(config, "preferences", delivery.subscriber),
        feedback=tag(config, "feedback", delivery.subscriber),
        shown_date=long_date(delivery.issue, delivery.language, days(config)),
        date=now.astimezone(ZoneInfo(delivery.timezone)),
    )


def link(config: Config, purpose: str, own: str, about: str = "") -> str:
    """Return an address of the subscriber pages, or an email to the editor without them.

    `own` is the subscriber's `tag`, or stands in for it. With `about` (a `paper`) what it is about
    is to be written behind it.
    """
    if config.site:
        return f"{config.site}/{purpose}/{own}" + (f"?{about}=" if about else "")
    return f"mailto:{config.reply_to}?subject={purpose}%20{own}" + ("%20" if about else "")


def tag(config: Config, purpose: str, subscriber: str) -> str:
    """Return what is a subscriber's own in a `link`: signed, where there are pages.

    Where the secret is not at hand no mail can leave, and a preview shows the link unsigned.
    """
    if config.site and config.secret:
        return links.sign(config.secret, purpose, subscriber)
    return subscriber


def page(config: Config, issue: Issue, picks: Sequence[Pick]) -> tuple[bytes, tuple[Pick, ...]]:
    """Return the issue as a web page for everybody, all topics untrimmed, and what it shows."""
    chosen = choose(picks, config.topics, per_author=config.per_author, variety=config.variety)
    names = tuple(topic.name for topic in config.topics)
    whole = Selection(topics=names, picks=chosen, lead=lead(chosen))
    shown = render_page(issue, whole, config.topics, masthead(config), templates(config))
    return shown.encode(), chosen


def bounce_address(config: Config, delivery: Delivery) -> str:
    """Return the envelope sender of a delivery: one of its own, where reports can be told apart."""
    if not config.verp:
        return config.bounce
    local, _, domain = config.bounce.rpartition("@")
    tag = links.bounce_tag(config.secret, delivery.issue, delivery.subscriber)
    return f"{local}+{tag}@{domain}" if tag else config.bounce


READABLE = 100
"""Editions of an issue that are written as files: personal ones may be as many as readers."""


def readable(editions: Sequence[Edition]) -> Sequence[Edition]:
    """Return the editions that are worth files: those of many readers first.

    They are the same ones whether the issue was just rendered or comes from the database.
    """
    return sorted(editions, key=lambda one: ("~" in one.key, one.key))[:READABLE]


NOBODY = Subscriber(id="sample", email="reader@example.org")
"""Stands in where an edition has lost its readers."""


def files(
    config: Config, issue: Issue, edition: Edition, reader: Subscriber, now: dt.datetime
) -> Iterator[tuple[str, bytes]]:
    """Yield an edition as files for reading, by name: .html, .txt, and .eml as `reader` gets it.

    The first two are nobody's: links of a reader's own lead nowhere in them.
    """
    shown = Recipient(
        id=NOBODY.id,
        email=NOBODY.email,
        name="",
        unsubscribe="",
        preferences="",
        feedback="",
        shown_date=long_date(issue.date, config.language, days(config)),
        date=now,
    )
    page, text = edition.html, edition.text
    for purpose, address in asdict(masthead(config).links).items():
        own = address.replace("{tag}", token(purpose))
        page, text = page.replace(html.escape(own), "#"), text.replace(own, "#")
    yield f"{edition.key}.html", as_read(page, shown, "html").encode()
    yield f"{edition.key}.txt", as_read(text, shown, "text").encode()
    yield f"{edition.key}.eml", sample(config, issue, edition, reader, now)


def sample(
    config: Config, issue: Issue, edition: Edition, reader: Subscriber, now: dt.datetime
) -> bytes:
    """Return an edition as the message that `reader` gets."""
    encoded = encode_edition(issue, edition, letterhead(config))
    return compose(encoded, recipient(config, delivery(issue, edition, reader), now))


def delivery(issue: Issue, edition: Edition, reader: Subscriber) -> Delivery:
    """Return an edition for a reader."""
    return Delivery(
        issue=issue.date,
        subscriber=reader.id,
        email=reader.email,
        name=reader.name,
        timezone=reader.timezone,
        edition=edition.key,
        language=reader.language,
    )
