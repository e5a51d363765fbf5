"""What each file of config/ may hold, as pydantic models; their JSON Schemas."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    model_validator,
)

from newsletter.collect import ENRICHERS, KINDS
from newsletter.config.values import (
    Address,
    Clock,
    Line,
    Network,
    Secret,
    Slug,
    Text,
    Web,
    Zone,
)
from newsletter.pick import SIGNALS

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


ARXIV_CATEGORY = re.compile(r"[a-z-]+(\.[A-Za-z-]+)?")


class Shape(BaseModel):
    """Unknown keys are mistakes; values are taken as written."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)


class ScheduleShape(Shape):
    """When an issue is due."""

    at: Clock = Field("06:00", description="Hour from which the day's issue is due, 24-hour clock.")
    days: list[Day] = Field(
        list(DAYS), min_length=1, description="Days of the week that have an issue."
    )

    def time(self) -> dt.time:
        """Return `at` as a time of day."""
        return dt.time.fromisoformat(self.at)


class DeliveryShape(Shape):
    """How mail leaves the machine."""

    transport: Literal["outbox", "smtp"] = Field(
        "outbox",
        description="`outbox` writes one .eml file per subscriber and sends nothing; `smtp` sends.",
    )
    host: str = Field("localhost", min_length=1, description="Name of the SMTP server.")
    port: int = Field(587, ge=1, le=65535, description="587 for starttls, 465 for tls.")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls",
        description="`none` sends in the clear: only for a server on this machine.",
    )
    username: Secret | None = Field(
        None, description="`${NAME}` of an environment variable; never the name itself."
    )
    password: Secret | None = Field(
        None, description="`${NAME}` of an environment variable; never the word itself."
    )
    connections: int = Field(4, ge=1, le=100, description="SMTP connections held at a time.")
    timeout: float = Field(
        60.0, gt=0, le=600, description="Seconds to wait for an answer before DATA ends."
    )
    bounce: Address | None = Field(
        None, description="Envelope sender, where bounces return. Default: the `from` address."
    )

    @model_validator(mode="after")
    def _both_or_none(self) -> DeliveryShape:
        if (self.username is None) != (self.password is None):
            raise ValueError("`username` and `password` go together: give both or neither")
        if self.password and self.security == "none":
            raise ValueError("a password must not travel in the clear: use starttls or tls")
        return self


class NewsletterShape(Shape):
    """newsletter.yaml."""

    name: Line = Field(description="Shown in the masthead, the subject and as the sender.")
    sender: Address = Field(alias="from", description="Address the mail comes from.")
    reply_to: Address | None = Field(
        None, description="Where replies go, requests to unsubscribe too. Default: `from`."
    )
    timezone: Zone = Field("UTC", description="IANA time zone of the issue's date.")
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = Field(
        "en", description="Language of the papers' texts (BCP 47), for screen readers."
    )
    postal_address: Line | None = Field(
        None,
        description="A postal address in the footer: many countries ask it of public newsletters.",
    )
    site: Web | None = Field(
        None,
        description="Public address of your subscriber pages, if you run any. Unsubscribe and "
        "preference links lead there; without it they are emails to `reply_to`.",
    )
    secret: Secret | None = Field(
        None, description="`${NAME}` of the key that signs links; needed with `site`."
    )
    schedule: ScheduleShape = ScheduleShape()
    on_empty: Literal["skip", "send"] = Field(
        "skip", description="What to do on a day without papers for a reader's topics."
    )
    max_age_days: int = Field(
        7, ge=1, le=366, description="Papers published earlier than this are never news."
    )
    delivery: DeliveryShape = DeliveryShape()
    database: str = Field(
        "sqlite:///outbox/newsletter.db", description="SQLAlchemy URL of an SQLite database."
    )

    @model_validator(mode="after")
    def _site_needs_secret(self) -> NewsletterShape:
        if self.site and not self.secret:
            raise ValueError(
                "`site` needs a `secret` to sign its links: secret: ${NEWSLETTER_SECRET}"
            )
        return self

    def zone(self) -> ZoneInfo:
        """Return the newsletter's time zone."""
        return ZoneInfo(self.timezone)


Headers = dict[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]*$")], Secret]


class SourceShape(Shape):
    """One source."""

    name: Line = Field(description="What reports call it; each source has its own.")
    kind: Literal[tuple(KINDS)] = Field("feed", description="How to ask and read it.")  # type: ignore[valid-type]
    url: str | None = Field(
        None, min_length=1, description="Web address, or path of a file or folder of feed files."
    )
    categories: list[Line] = Field(
        [], description="Only these categories: of arXiv (cs.CL), or a field of bioRxiv's."
    )
    announce: list[Literal["new", "cross", "replace", "replace-cross"]] = Field(
        ["new", "cross"], min_length=1, description="arXiv announcements that count."
    )
    query: Line | None = Field(
        None,
        description="What to ask for: an arXiv or Semantic Scholar query, an OpenReview venue, "
        "subreddits (a+b), the site that Hacker News links to.",
    )
    authors: list[Annotated[str, Field(pattern=r"^[0-9]{1,12}$")]] = Field(
        [], description="Author ids of Semantic Scholar."
    )
    api: Web | None = Field(None, description="Base address of the service, if not its usual one.")
    headers: Headers = Field(
        {}, description="Sent to this source only, such as an API key; values are `${NAME}`."
    )

    @model_validator(mode="after")
    def _fits_its_kind(self) -> SourceShape:
        kind = KINDS[str(self.kind)]
        given = {
            name
            for name in ("url", "categories", "query", "authors", "api", "headers")
            if getattr(self, name)
        }
        if kind.needs and given.isdisjoint(kind.needs):
            wanted = " or ".join(f"`{name}`" for name in kind.needs)
            raise ValueError(f"a source of kind `{self.kind}` needs {wanted}")
        for name in sorted(given - set(kind.takes)):
            raise ValueError(f"`{name}` means nothing to kind `{self.kind}`")
        if self.url and "://" in self.url and not self.url.startswith(("http://", "https://")):
            raise ValueError("only http:// and https:// addresses can be fetched")
        if self.kind == "arxiv" and not all(map(ARXIV_CATEGORY.fullmatch, self.categories)):
            raise ValueError("arXiv's categories look like `cs.CL` or `hep-th`")
        return self


class EnrichmentShape(Shape):
    """One service that knows more of papers."""

    service: Literal[tuple(ENRICHERS)] = Field(description="Which one.")  # type: ignore[valid-type]
    api: Web | None = Field(None, description="Base address of the service, if not its usual one.")
    headers: Headers = Field(
        {}, description="Sent to this service only, such as an API key; values are `${NAME}`."
    )


class SourcesShape(Shape):
    """sources.yaml."""

    timeout: float = Field(30.0, gt=0, le=600, description="Seconds for one document, in all.")
    silence: float = Field(
        15.0, gt=0, le=600, description="Seconds without a single byte before it is given up."
    )
    max_megabytes: int = Field(20, ge=1, le=500, description="Size limit of one document.")
    private_networks: list[Network] = Field(
        [],
        description="Networks of your own that sources may be in. Others are refused: a feed's "
        "address must not reach into your network.",
    )
    sources: list[SourceShape] = Field(min_length=1, description="Where papers come from.")
    enrich: list[EnrichmentShape | Literal[tuple(ENRICHERS)]] = Field(  # type: ignore[valid-type]
        [],
        description="Services that are asked about papers your topics want: citations, venues, "
        "stars, code links. A name, or `service:` with `headers:`.",
    )
    enrich_seconds: float = Field(
        20.0, gt=0, le=600, description="Seconds for all of them; an issue waits no longer."
    )


class TopicShape(Shape):
    """One topic."""

    name: Slug = Field(description="Short name that subscribers list: lower case and hyphens.")
    title: Line = Field(description="Heading in the email.")
    match: Any = Field(description="Terms, or any:, all: and none: over terms.")
    rank: dict[Literal[tuple(SIGNALS)], Annotated[float, Field(ge=0)]] = Field(  # type: ignore[valid-type]
        {"relevance": 1.0, "trending": 0.8, "recency": 0.2},
        min_length=1,
        description="Weights of the signals.",
    )
    limit: int = Field(6, ge=1, le=50, description="At most so many papers in an email.")
    min_score: float = Field(0.0, ge=0, le=1, description="Papers that score less are left out.")

    @model_validator(mode="after")
    def _weighs_something(self) -> TopicShape:
        if not any(self.rank.values()):
            raise ValueError("`rank` needs at least one weight above 0")
        return self


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
    paused: bool = Field(default=False, description="True: gets nothing until it is false again.")


class SubscribersShape(Shape):
    """subscribers.yaml."""

    subscribers: list[SubscriberShape] = Field([], description="Who gets an issue.")


SHAPES: dict[str, type[Shape]] = {
    "newsletter": NewsletterShape,
    "sources": SourcesShape,
    "topics": TopicsShape,
    "subscribers": SubscribersShape,
}
"""File name without `.yaml` → what it may hold."""

_FILTER = {
    "description": "A term, a list of terms (any of them), or any:, all: and none: over terms.",
    "anyOf": [
        {"type": "string"},
        {"type": "array", "items": {"$ref": "#/$defs/Filter"}},
        {
            "type": "object",
            "properties": {name: {"$ref": "#/$defs/Filter"} for name in ("any", "all", "none")},
            "additionalProperties": False,
        },
    ],
}


def schemas() -> dict[str, dict[str, Any]]:
    """Return the JSON Schema of each file, so that editors complete and check as one types."""
    found = {name: shape.model_json_schema(by_alias=True) for name, shape in SHAPES.items()}
    definitions = found["topics"]["$defs"]
    definitions["Filter"] = _FILTER
    definitions["TopicShape"]["properties"]["match"] = {"$ref": "#/$defs/Filter"}
    for schema in found.values():
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return found
