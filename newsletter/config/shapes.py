"""What newsletter.yaml, topics.yaml and subscribers.yaml may hold, as pydantic models."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator, model_validator

from newsletter.config.delivery_shapes import DeliveryShape, DkimShape
from newsletter.config.shape import Shape
from newsletter.config.theme_shapes import ThemeShape
from newsletter.config.values import (
    Address,
    Clock,
    DatabaseUrl,
    Language,
    Like,
    Line,
    Secret,
    Slug,
    Subject,
    Text,
    Web,
    Zone,
)
from newsletter.links import MIN_SECRET
from newsletter.pick.personal import OWN_TOPICS
from newsletter.pick.signals import SIGNALS
from newsletter.render.looks import DEFAULT_SUBJECT

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


OWN_NAMES = tuple(topic.name for topic in OWN_TOPICS)


class ScheduleShape(Shape):
    """When an issue is due."""

    at: Clock = Field("06:00", description="Hour from which the day's issue is due, 24-hour clock.")
    days: list[Day] = Field(
        list(DAYS), min_length=1, description="Days of the week that have an issue."
    )

    def time(self) -> dt.time:
        """Return `at` as a time of day."""
        return dt.time.fromisoformat(self.at)


class NewsletterShape(Shape):
    """newsletter.yaml."""

    name: Line = Field(description="Shown in the masthead, the subject and as the sender.")
    sender: Address = Field(alias="from", description="Address the mail comes from.")
    reply_to: Address | None = Field(
        None, description="Where replies go, requests to unsubscribe too. Default: `from`."
    )
    timezone: Zone = Field("UTC", description="IANA time zone of the issue's date.")
    language: Language = Field(
        "en", description="Language of the issue (BCP 47): how dates are written, and from where."
    )
    subject: Subject = Field(
        DEFAULT_SUBJECT,
        description="Template of the subject; it knows {{ name }}, {{ day }}, {{ date }}, "
        "{{ number }}, {{ lead }}, {{ count }}, {{ more }} and {{ topics }}.",
    )
    digest: Literal["daily", "weekly"] = Field(
        "daily",
        description="`weekly` makes one issue a week, from the template weekly.mjml; "
        "`schedule.days` then names its day (default: mon).",
    )
    theme: ThemeShape = ThemeShape()
    feedback: bool = Field(
        default=True, description="Whether readers are offered more or less like a paper."
    )
    archive: Web | None = Field(
        None,
        description="Public address of your public/ folder, if it has one: issues then link to "
        "<archive>/<date>/issue.html.",
    )
    postal_address: Line | None = Field(
        None,
        description="A postal address in the footer: many countries ask it of public newsletters.",
    )
    dkim: list[DkimShape] = Field(
        [],
        description="Signatures on every mail: one with RSA, and one with Ed25519 beside it; that "
        "of the first key stands on top. None, when your mail server signs.",
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
    schedule: ScheduleShape = ScheduleShape()
    on_empty: Literal["skip", "send"] = Field(
        "skip", description="What to do on a day without papers for a reader's topics."
    )
    on_error: Literal["hold", "send"] = Field(
        "hold",
        description="What to do with an issue in which the checks find an error: hold it until it "
        "is mended, or send it all the same.",
    )
    max_age_days: int = Field(
        7, ge=1, le=366, description="Papers published earlier than this are never news."
    )
    per_author: int = Field(
        3, ge=1, le=50, description="At most so many papers of any one author in an email."
    )
    variety: float = Field(
        0.0,
        ge=0,
        le=0.9,
        description="How much a paper loses by being like one above it; 0.2 is a little.",
    )
    sections: list[Literal["topics", "own-words", "liked", "outside"]] = Field(
        ["topics", "own-words", "liked", "outside"],
        min_length=1,
        description="The sections of an email and their order: a reader's topics in the reader's "
        "order, then what is their own. One that is not named is left out.",
    )
    explore: int = Field(
        0,
        ge=0,
        le=10,
        description="Papers outside of a reader's topics that are talked about most: a section "
        "at the end.",
    )
    delivery: DeliveryShape = DeliveryShape()
    database: DatabaseUrl = Field(
        "sqlite:///outbox/newsletter.db", description="SQLAlchemy URL of an SQLite database."
    )

    @model_validator(mode="after")
    def _weekly_has_one_day(self) -> NewsletterShape:
        given = self.schedule.days if "days" in self.schedule.model_fields_set else ["mon"]
        if self.digest == "weekly" and len(set(given)) != 1:
            raise ValueError("a weekly digest is due on one day: schedule: {days: [mon]}")
        return self

    def days(self) -> frozenset[int]:
        """Return the days of the week that have an issue, Monday is 0."""
        if self.digest == "weekly" and "days" not in self.schedule.model_fields_set:
            return frozenset({0})
        return frozenset(DAYS.index(day) for day in self.schedule.days)

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
        # An empty one is a variable that is not set, which is told where it is read.
        value = secret.get_secret_value().encode() if secret else b""
        if value and len(value) < MIN_SECRET:
            raise ValueError(
                f"has {len(value)} bytes, and signing links safely takes {MIN_SECRET}: "
                "`newsletter secret` makes one"
            )
        return secret

    def zone(self) -> ZoneInfo:
        """Return the newsletter's time zone."""
        return ZoneInfo(self.timezone)


class TopicShape(Shape):
    """One topic."""

    name: Slug = Field(description="Short name that subscribers list: lower case and hyphens.")
    title: Line = Field(description="Heading in the email.")
    match: Any = Field(
        None, description="Terms, a one-line query, or any:, all: and none: over them."
    )
    like: list[Like] = Field(
        [],
        description="Papers that its papers are like: arXiv ids, library files (.bib, or .json "
        "from Zotero), titles, or a sentence.",
    )
    rank: dict[Literal[tuple(SIGNALS)], Annotated[float, Field(ge=0)]] = Field(  # type: ignore[valid-type]
        {},
        description="Weights of the signals. Default: relevance 1, trending 0.8, recency 0.2, and "
        "1 for taste with `like`, author with `authors`, venue with `venues`.",
    )
    limit: int = Field(6, ge=1, le=50, description="At most so many papers in an email.")
    authors: list[Line] = Field(
        [], description="People whose papers count more: `rank` weighs them by `author`."
    )
    venues: list[Line] = Field(
        [], description="Venues whose papers count more: `rank` weighs them by `venue`."
    )
    fresh: int | None = Field(
        None, ge=1, le=366, description="Days after which a paper is too old for this topic."
    )
    extends: Slug | None = Field(
        None, description="Another topic, whose settings hold where this one says nothing."
    )
    min_score: float = Field(0.0, ge=0, le=1, description="Papers that score less are left out.")

    @model_validator(mode="after")
    def _weighs_something(self) -> TopicShape:
        if self.rank and not any(self.rank.values()):
            raise ValueError("`rank` needs at least one weight above 0")
        if self.match is None and not self.like and not self.extends:
            raise ValueError("a topic needs a `match`, or something that its papers are `like`")
        if self.name in OWN_NAMES:
            raise ValueError(f"`{self.name}` is what a section of readers' own is called")
        return self

    def weights(self) -> tuple[tuple[str, float], ...]:
        """Return what each signal weighs."""
        usual = {"relevance": 1.0, "trending": 0.8, "recency": 0.2}
        more = {"taste": self.like, "author": self.authors, "venue": self.venues}
        given = self.rank or (usual | {name: 1.0 for name, some in more.items() if some})
        return tuple((str(name), weight) for name, weight in given.items())


class TopicsShape(Shape):
    """topics.yaml."""

    topics: list[TopicShape] = Field(min_length=1, description="The sections of an issue.")


class SubscriberShape(Shape):
    """One subscriber."""

    email: Address = Field(description="Where the mail goes; each address once.")
    name: Text = Field("", description="For the greeting.")
    topics: list[Slug] = Field(
        [], description="Names from topics.yaml, in the order wanted. Default: every topic."
    )
    timezone: Zone | None = Field(None, description="Default: the newsletter's.")
    language: Language | None = Field(
        None, description="How they write dates (BCP 47). Default: the newsletter's."
    )
    words: Any = Field(
        None, description="Words of their own, as in a topic's `match`: a section of its own."
    )
    follow: list[Line] = Field([], description="Authors whose papers they want, in that section.")
    mute: Any = Field(None, description="Papers that they do not want, as in a topic's `match`.")
    mute_authors: list[Line] = Field([], description="Authors whose papers they do not want.")
    likes: list[Like] = Field(
        [],
        description="What they like, as in a topic's `like`: it decides half of each score, and "
        "brings a section of papers close to it.",
    )
    dislikes: list[Like] = Field([], description="What they do not, in the same way.")
    paused: bool = Field(default=False, description="True: gets nothing until it is false again.")


class SubscribersShape(Shape):
    """subscribers.yaml."""

    subscribers: list[SubscriberShape] = Field([], description="Who gets an issue.")
