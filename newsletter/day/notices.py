"""What notices say: their links, and what the latest issue has for somebody new."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from newsletter import links
from newsletter.config.settings import Config
from newsletter.day import letters
from newsletter.day.forms import language_for
from newsletter.model import (
    Delivery,
    Notice,
    NoticeKind,
    Pick,
    SubscriberState,
    Subscription,
)
from newsletter.model.hours import known_zone
from newsletter.render.languages import dialect
from newsletter.render.locales import long_date
from newsletter.render.looks import Form
from newsletter.render.notices import NoticeMail, notice_message
from newsletter.schedule import next_date
from newsletter.store import PickStore

CONFIRM = dt.timedelta(days=7)
"""How long the link that confirms works."""
MANAGE = dt.timedelta(minutes=60)
"""How long the link to a reader's own pages works."""
WELCOMED_WITH = 8
"""Papers of the latest issue in the mail that welcomes."""


def compose_notice(
    config: Config, notice: Notice, reader: Subscription | None, picks: PickStore, now: dt.datetime
) -> tuple[Delivery, bytes] | None:
    """Return to whom a notice goes, and the message; None when nobody is to get it any more."""
    if reader is None or not _is_wanted(notice.kind, reader.state):
        return None
    letter = config.letter
    zone = known_zone(reader.wishes.timezone) or str(config.zone)
    delivery = Delivery(
        issue=now.astimezone(config.zone).date(),
        subscriber=reader.id,
        email=reader.email,
        name="",
        timezone=zone,
        edition=notice.kind.value,
        language=letter.language,
    )
    form = Form(language=language_for(letter, reader.wishes.language))
    is_welcome = notice.kind is NoticeKind.WELCOME
    mail = NoticeMail(
        number=notice.number,
        kind=notice.kind,
        email=reader.email,
        reader=reader.id,
        tag=letters.tag(letter, "unsubscribe", reader.id) if is_welcome else "",
        date=now.astimezone(ZoneInfo(zone)),
        url=_url(config, notice, reader, picks, now),
        unsubscribe=_link(config, "unsubscribe", reader) if is_welcome else "",
        preferences=_link(config, "preferences", reader) if is_welcome else "",
        following=long_date(
            next_date(config.schedule, now),
            dialect(reader.wishes.language, letters.language_of(letter, form)),
        ),
        picks=latest_for(reader, config, picks) if is_welcome else (),
    )
    message = notice_message(
        mail,
        letters.masthead(letter, form),
        letters.letterhead(letter),
        letters.notice_templates(letter, form),
    )
    return delivery, message


def latest_for(reader: Subscription, config: Config, picks: PickStore) -> tuple[Pick, ...]:
    """Return the best papers of the latest issue on a reader's topics, each once."""
    dates = picks.dates()
    if not dates:
        return ()
    topics = reader.wishes.topics or config.choice.topic_names
    best = {pick.paper.id: pick for pick in reversed(picks.of(dates[0])) if pick.topic in topics}
    return tuple(sorted(best.values(), key=lambda pick: -pick.score.overall))[:WELCOMED_WITH]


def _is_wanted(kind: NoticeKind, state: SubscriberState) -> bool:
    """Return whether somebody in a state is still to get a notice of a kind."""
    if kind is NoticeKind.CONFIRM:
        return state in (SubscriberState.PENDING, SubscriberState.LEFT)
    if kind is NoticeKind.WELCOME:
        return state is SubscriberState.ACTIVE
    return state not in (SubscriberState.PENDING, SubscriberState.ERASED)


def _url(
    config: Config, notice: Notice, reader: Subscription, picks: PickStore, now: dt.datetime
) -> str:
    """Return where a notice's button leads."""
    letter = config.letter
    if notice.kind is NoticeKind.WELCOME:
        dates = picks.dates()
        return f"{letter.site}/{dates[0] if dates else ''}"
    is_confirm = notice.kind is NoticeKind.CONFIRM
    subject = f"{reader.id}.{notice.number}" if is_confirm else reader.id
    until = (notice.made_at + CONFIRM) if is_confirm else now + MANAGE
    token = links.sign(letter.secret, notice.kind.value, subject, until=until)
    return f"{letter.site}/{notice.kind.value}/{token}"


def _link(config: Config, purpose: str, reader: Subscription) -> str:
    letter = config.letter
    return letters.link(letter, purpose, letters.tag(letter, purpose, reader.id))
