"""newsletter.yaml → Letter, Choice and Schedule: its name, its look, and when it is due."""

from __future__ import annotations

import datetime as dt
from typing import Final, Literal, cast
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator, model_validator

from newsletter.config.delivery import DeliveryShape, DkimShape
from newsletter.config.documents import YamlDocument
from newsletter.config.keeping import KeepShape
from newsletter.config.serving import ServeShape
from newsletter.config.settings import MINILM, Choice, Letter
from newsletter.config.shape import Shape
from newsletter.config.summaries import SummariesShape
from newsletter.config.themes import ThemeShape
from newsletter.config.values import (
    Address,
    Clock,
    DatabaseUrl,
    Language,
    Line,
    Secret,
    Subject,
    Web,
    Zone,
)
from newsletter.links import MIN_SECRET
from newsletter.model import Schedule, Topic
from newsletter.pick.signals import LIKED_CHANCE
from newsletter.render.looks import DEFAULT_SUBJECT, Density, Theme

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SATURDAY: Final = 5
"""The first day of the weekend; Monday is 0."""


class ScheduleShape(Shape):
    """When an issue is due."""

    at: Clock = Field("06:00", description="Hour from which the day's issue is due, 24-hour clock.")
    days: list[Day] = Field(
        list(DAYS), min_length=1, description="Days of the week that have an issue."
    )
    weekly: Day | None = Field(
        None,
        description="Day on which readers with `cadence: weekly` get the best of the week; one of "
        "`days`. Default: the last of them that is no Saturday or Sunday, if there is one.",
    )

    def time(self) -> dt.time:
        """Return `at` as a time of day."""
        return dt.time.fromisoformat(self.at)


class NewsletterShape(Shape):
    """newsletter.yaml."""

    name: Line = Field(description="Shown in the masthead, the subject and as the sender.")
    sender: Address = Field(alias="from", description="Address the mail comes from.")
    reply_to: Address | None = Field(
        None, description="Where replies and requests to unsubscribe go. Default: `from`."
    )
    timezone: Zone = Field("UTC", description="IANA time zone of the issue's date.")
    language: Language = Field(
        "en",
        description="Language of the newsletter (BCP 47): of its titles, dates and direction, and "
        "of the program's phrases where they are translated (en, de, fr, es, pt, zh, ja, ar).",
    )
    subject: Subject = Field(
        DEFAULT_SUBJECT,
        description="Template of the subject; it can use {{ name }}, {{ day }}, {{ date }}, "
        "{{ number }}, {{ lead }}, {{ count }}, {{ more }}, {{ topics }}, and {{ highlights }}: "
        "the lead and how many follow, in the language of the mail.",
    )
    digest: Literal["daily", "weekly"] = Field(
        "daily",
        description="`weekly` makes one issue a week, from the template weekly.mjml; "
        "`schedule.days` then names its day (default: mon).",
    )
    theme: ThemeShape = ThemeShape()
    feedback: bool = Field(
        default=True,
        description="Whether readers are offered links for more or less like a paper; they lead to "
        "pages of the `site`.",
    )
    archive: Web | None = Field(
        None,
        description="Public address of your public/ folder, if it has one: issues then link to "
        "<archive>/<date>/issue.html.",
    )
    postal_address: Line | None = Field(
        None,
        description="Postal address in the footer; many countries require it of newsletters.",
    )
    dkim: list[DkimShape] = Field(
        [],
        description="Signatures on every mail: one with RSA, and perhaps one with Ed25519; that of "
        "the first key comes first. Leave it out when your mail server signs.",
    )
    site: Web | None = Field(
        None,
        description="Public address of your subscriber pages, if you run any. Unsubscribe and "
        "preference links lead there; without it they are emails to `reply_to`.",
    )
    secret: Secret | None = Field(
        None,
        description="`${NAME}` of the key that signs links and bounce addresses; needed with "
        "`site`.",
    )
    old_secrets: list[Secret] = Field(
        [],
        description="`${NAME}` of each key that was `secret` before: links in mail that was sent "
        "with it go on working.",
    )
    serve: ServeShape = ServeShape()
    keep: KeepShape = KeepShape()
    schedule: ScheduleShape = ScheduleShape()
    on_empty: Literal["skip", "send"] = Field(
        "skip", description="Whether readers get an email on a day without papers for them."
    )
    on_error: Literal["hold", "send"] = Field(
        "hold",
        description="What to do with an issue in which the checks find an error: hold it until the "
        "error is mended, or send it anyway.",
    )
    max_age_days: int = Field(
        7, ge=1, le=366, description="Papers published more days ago than this are never news."
    )
    per_author: int = Field(
        3, ge=1, le=50, description="Most papers of any one author in an email."
    )
    variety: float = Field(
        0.0,
        ge=0,
        le=0.9,
        description="How much a paper loses for being like one above it; 0.2 is a little.",
    )
    sections: list[Literal["topics", "own-words", "liked", "outside"]] = Field(
        ["topics", "own-words", "liked", "outside"],
        min_length=1,
        description="The sections of an email in order: a reader's topics, in the reader's order, "
        "then the reader's own sections. A section that is not listed is left out.",
    )
    explore: int = Field(
        0,
        ge=0,
        le=10,
        description="Number of papers outside a reader's topics that are talked about most, in a "
        "section at the end.",
    )
    embeddings: Literal[False] | Line = Field(
        MINILM,
        description="The model by which likes go by what sentences mean: `minilm` (the package, if "
        "the extra `embeddings` is installed), the folder of a model with config.json, "
        "tokenizer.json and model.safetensors, its name on the Hugging Face hub, or off.",
        examples=["minilm", "models/bge-small-en", "minishlab/potion-base-8M", "off"],
    )
    min_chance: float = Field(
        LIKED_CHANCE,
        ge=0,
        le=1,
        description="How probable it must be that somebody keeps a paper, for it to be shown "
        "because it is near to what they, or a topic, like. Higher: fewer and surer papers.",
    )
    summaries: SummariesShape = SummariesShape()
    delivery: DeliveryShape = DeliveryShape()
    database: DatabaseUrl = Field(
        "sqlite:///outbox/newsletter.db",
        description="SQLAlchemy URL of an SQLite or PostgreSQL database.",
    )

    @model_validator(mode="after")
    def _weekly_has_one_day(self) -> NewsletterShape:
        given = self.schedule.days if "days" in self.schedule.model_fields_set else ["mon"]
        if self.digest == "weekly" and len(set(given)) != 1:
            raise ValueError("a weekly digest is due on one day: schedule: {days: [mon]}")
        return self

    def days(self) -> frozenset[int]:
        """Return the days of the week that have an issue; Monday is 0."""
        if self.digest == "weekly" and "days" not in self.schedule.model_fields_set:
            return frozenset({0})
        return frozenset(DAYS.index(day) for day in self.schedule.days)

    @model_validator(mode="after")
    def _weekly_day_has_an_issue(self) -> NewsletterShape:
        day = self.schedule.weekly
        if day and DAYS.index(day) not in self.days():
            there = ", ".join(DAYS[number] for number in sorted(self.days()))
            raise ValueError(f"`schedule.weekly`: no issue is due on {day}; there are {there}")
        return self

    def weekly(self) -> int:
        """Return the day of the week on which readers get the best of the week; Monday is 0."""
        if self.schedule.weekly:
            return DAYS.index(self.schedule.weekly)
        days = self.days()
        return max([day for day in days if day < SATURDAY] or days)

    @model_validator(mode="after")
    def _site_needs_secret(self) -> NewsletterShape:
        if self.site and self.secret is None:
            raise ValueError(
                "`site` needs a `secret` to sign its links: secret: ${NEWSLETTER_SECRET}"
            )
        return self

    @field_validator("secret")
    @classmethod
    def _signs_well(cls, secret: SecretStr | None) -> SecretStr | None:
        _check_length(secret)
        return secret

    @field_validator("old_secrets")
    @classmethod
    def _signed_well(cls, secrets: list[SecretStr]) -> list[SecretStr]:
        for secret in secrets:
            _check_length(secret)
        return secrets

    def zone(self) -> ZoneInfo:
        """Return the newsletter's time zone."""
        return ZoneInfo(self.timezone)


def _check_length(secret: SecretStr | None) -> None:
    """Raise ValueError for a key that is too short to sign with."""
    # If it is empty, its variable is not set; that is reported where it is read.
    value = secret.get_secret_value().encode() if secret else b""
    if value and len(value) < MIN_SECRET:
        raise ValueError(
            f"has {len(value)} bytes, but links can be signed safely only with {MIN_SECRET}: "
            "`newsletter secret` makes one"
        )


def letter(main: NewsletterShape, theme: Theme) -> Letter:
    """Return what the newsletter says about itself, and how it looks."""
    mail = main.delivery
    secret = main.secret.get_secret_value().encode() if main.secret else b""
    return Letter(
        name=main.name,
        sender=main.sender,
        reply_to=main.reply_to or main.sender,
        bounce=mail.bounce or main.sender,
        verp=mail.bounce is not None and bool(secret),
        complaints=mail.complaints or "",
        language=main.language,
        postal_address=main.postal_address or "",
        subject=main.subject,
        theme=theme,
        figures=main.theme.figures,
        density=cast("Density", dict(theme.values)["density"]),
        feedback=main.feedback,
        archive=(main.archive or "").rstrip("/"),
        is_weekly=main.digest == "weekly",
        site=(main.site or "").rstrip("/"),
        secret=secret,
        old_secrets=tuple(
            key for old in main.old_secrets if (key := old.get_secret_value().encode())
        ),
        holds_errors=main.on_error == "hold",
    )


def choice(main: NewsletterShape, topics: tuple[Topic, ...], document: YamlDocument) -> Choice:
    """Return how papers are chosen for readers; `document` is newsletter.yaml."""
    return Choice(
        topics=topics,
        max_age_days=main.max_age_days,
        per_author=main.per_author,
        variety=main.variety,
        explore=main.explore,
        embeddings="" if main.embeddings in (False, "off") else str(main.embeddings),
        embeddings_place=document.where(("embeddings",), value=True),
        min_chance=main.min_chance,
        sections=tuple(map(str, main.sections)),
        send_empty=main.on_empty == "send",
    )


def schedule(main: NewsletterShape) -> Schedule:
    """Return when issues are due."""
    return Schedule(
        at=main.schedule.time(), days=main.days(), zone=main.zone(), weekly=main.weekly()
    )
