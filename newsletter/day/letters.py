"""What editions and messages say about the newsletter and its reader."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Iterator
from dataclasses import asdict
from zoneinfo import ZoneInfo

from newsletter import links
from newsletter.config.settings import Letter
from newsletter.model import Delivery, Edition, Issue, Subscriber
from newsletter.model.hours import known_zone
from newsletter.render.given import Links, Masthead
from newsletter.render.languages import dialect
from newsletter.render.locales import long_date, theme_in
from newsletter.render.looks import Form, Theme, form_of
from newsletter.render.messages import Letterhead, Recipient, as_read, compose, encode_edition
from newsletter.render.phrases import phrases_of
from newsletter.render.pictures import Pictures, with_pictures
from newsletter.render.templates import Templates, load_templates
from newsletter.render.tokens import token
from newsletter.render.words import greeting

PLAIN = Form()
"""The form of the edition of the day."""


def masthead(letter: Letter, form: Form = PLAIN) -> Masthead:
    """Return what every edition of a form says about the newsletter."""
    return Masthead(
        name=letter.name,
        language=language_of(letter, form),
        own_language=letter.language,
        postal_address=letter.postal_address,
        subject=letter.subject,
        density="brief" if form.short else letter.density,
        figures=letter.figures,
        figure_url=figure_url(letter),
        # Only the site reads what a reader says: without one there is nothing to press.
        feedback=letter.feedback and bool(letter.site),
        links=Links(
            unsubscribe=link(letter, "unsubscribe", "{tag}"),
            preferences=link(letter, "preferences", "{tag}"),
            feedback=f"{letter.site}/feedback/{{tag}}?paper=" if letter.site else "#",
        ),
        issue_page=issue_page(letter),
        citations=citations(letter),
        days=days(letter, form),
    )


def language_of(letter: Letter, form: Form) -> str:
    """Return the language that editions of a form are in (BCP 47)."""
    return form.language or letter.language


def days(letter: Letter, form: Form = PLAIN) -> int:
    """Return how many days an edition covers."""
    return 7 if letter.is_weekly or form.weekly else 1


def templates(letter: Letter, form: Form = PLAIN, *, located: bool = False) -> Templates:
    """Return the templates of the theme; with `located`, their output names the template lines."""
    name = "weekly" if letter.is_weekly or form.weekly else "issue"
    return load_templates(_theme(letter, form), name, located=located)


def notice_templates(letter: Letter, form: Form = PLAIN) -> Templates:
    """Return the templates of mails to one person."""
    return load_templates(_theme(letter, form), "notice")


def _theme(letter: Letter, form: Form) -> Theme:
    return theme_in(letter.theme, form.language) if form.language else letter.theme


def letterhead(letter: Letter) -> Letterhead:
    """Return what the headers of every message say about the newsletter."""
    return Letterhead(
        name=letter.name,
        sender=letter.sender,
        reply_to=letter.reply_to,
        language=letter.language,
        unsubscribe=link(letter, "unsubscribe", "{tag}"),
        archive=f"{letter.archive}/"
        if letter.archive
        else letter.site and f"{letter.site}/archive",
        issue_page=issue_page(letter),
        complaints=letter.complaints,
    )


def archive(letter: Letter) -> str:
    """Return where all issues are on the web; empty when they are not."""
    if letter.archive:
        return f"{letter.archive}/"
    return f"{letter.site}/archive" if letter.site else ""


def issue_page(letter: Letter) -> str:
    """Return where issues are on the web, with `{date}` in it: the archive's, or the site's."""
    if letter.archive:
        return f"{letter.archive}/{{date}}/issue.html"
    return f"{letter.site}/{{date}}" if letter.site else ""


def citations(letter: Letter) -> str:
    """Return where an issue's papers are as BibTeX, with `{date}` in it; empty when nowhere."""
    if letter.archive:
        return f"{letter.archive}/{{date}}/issue.bib"
    return f"{letter.site}/cite/{{date}}.bib" if letter.site else ""


def figure_url(letter: Letter) -> str:
    """Return where figures are, with `{name}` in it; within the mail, if there is no site."""
    where = letter.archive or letter.site
    # Mail clients load no picture over http.
    if where.startswith("https://"):
        return f"{where}/figures/{{name}}"
    return f"cid:{{name}}@{letter.sender.rpartition('@')[2]}"


def recipient(letter: Letter, delivery: Delivery, now: dt.datetime) -> Recipient:
    """Return the personal data in a message: address, links, the date in the reader's time zone."""
    form = form_of(delivery.edition)
    language = language_of(letter, form)
    return Recipient(
        id=delivery.subscriber,
        email=delivery.email,
        name=delivery.name,
        greeting=greeting(phrases_of(language), delivery.name),
        unsubscribe=tag(letter, "unsubscribe", delivery.subscriber),
        preferences=tag(letter, "preferences", delivery.subscriber),
        feedback=tag(letter, "feedback", delivery.subscriber),
        shown_date=long_date(
            delivery.issue, dialect(delivery.language, language), days(letter, form)
        ),
        date=now.astimezone(ZoneInfo(known_zone(delivery.timezone) or "UTC")),
    )


def link(letter: Letter, purpose: str, own: str) -> str:
    """Return a link to the subscriber pages; without such pages, a mailto: link to the editor.

    `own` is the subscriber's `tag`, or a placeholder for it.
    """
    if letter.site:
        short = {purpose: path for path, purpose in links.PATHS.items()}
        path = short.get(purpose, purpose)
        return f"{letter.site}/{path}/{own}"
    return f"mailto:{letter.reply_to}?subject={purpose}%20{own}"


def tag(letter: Letter, purpose: str, subscriber: str) -> str:
    """Return the part of a `link` that identifies the subscriber, signed if there is a secret.

    With a site no mail can be sent without the secret; a preview then shows the link unsigned.
    """
    if letter.secret:
        return links.sign(letter.secret, purpose, subscriber)
    return subscriber


def bounce_address(letter: Letter, delivery: Delivery) -> str:
    """Return the envelope sender of a delivery.

    With VERP each delivery has its own address, so that a bounce shows which delivery it is about.
    """
    if not letter.verp:
        return letter.bounce
    local, _, domain = letter.bounce.rpartition("@")
    tag = links.bounce_tag(letter.secret, delivery.issue, delivery.subscriber)
    return f"{local}+{tag}@{domain}" if tag else letter.bounce


NOBODY = Subscriber(id="sample", email="reader@example.org")
"""A placeholder for a reader, for example when all readers of an edition have left."""


def files(
    letter: Letter,
    issue: Issue,
    edition: Edition,
    reader: Subscriber,
    now: dt.datetime,
    pictures: Pictures,
) -> Iterator[tuple[str, bytes]]:
    """Yield the names and contents of an edition's files: .html, .txt, and .eml for `reader`.

    The first two belong to no particular reader: their personal links lead nowhere (`#`). The page
    has its figures inside, for whoever opens the file.
    """
    form = form_of(edition.key)
    language = language_of(letter, form)
    shown = Recipient(
        id=NOBODY.id,
        email=NOBODY.email,
        name="",
        greeting=greeting(phrases_of(language), ""),
        unsubscribe="",
        preferences="",
        feedback="",
        shown_date=long_date(issue.date, language, days(letter, form)),
        date=now,
    )
    page, text = edition.html, edition.text
    for purpose, address in asdict(masthead(letter).links).items():
        own = address.replace("{tag}", token(purpose))
        page, text = page.replace(html.escape(own), "#"), text.replace(own, "#")
    page = with_pictures(as_read(page, shown, "html"), pictures)
    yield f"{edition.key}.html", page.encode()
    yield f"{edition.key}.txt", as_read(text, shown, "text").encode()
    yield f"{edition.key}.eml", sample(letter, issue, edition, reader, now, pictures)


def sample(
    letter: Letter,
    issue: Issue,
    edition: Edition,
    reader: Subscriber,
    now: dt.datetime,
    pictures: Pictures,
) -> bytes:
    """Return an edition as the message that `reader` gets."""
    encoded = encode_edition(issue, edition, letterhead(letter), pictures)
    return compose(encoded, recipient(letter, delivery(issue, edition, reader), now))


def delivery(issue: Issue, edition: Edition, reader: Subscriber) -> Delivery:
    """Return the delivery of an edition to a reader."""
    return Delivery(
        issue=issue.date,
        subscriber=reader.id,
        email=reader.email,
        name=reader.name,
        timezone=reader.timezone,
        edition=edition.key,
        language=reader.language,
    )
