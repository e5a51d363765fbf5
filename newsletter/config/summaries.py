"""`summaries:` of newsletter.yaml → Summaries: a machine that may write sentences."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import Field, WithJsonSchema, field_validator, model_validator

from newsletter.config.documents import YamlDocument
from newsletter.config.settings import Summaries
from newsletter.config.shape import Shape
from newsletter.config.values import LANGUAGE, Line, Secret, Web, read_language
from newsletter.model import Ration

NEAR: Final = (".localhost", ".local", ".lan", ".internal", ".home.arpa")
"""Ends of names that only a network of one's own resolves (RFC 6761, 6762, 8375)."""
COMPLETIONS: Final = "/chat/completions"
OWN: Final = "own"
ALL: Final = "all"
MOST_LANGUAGES: Final = 20
LONGEST_NAME: Final = 100
_CODES = {"type": "array", "items": {"type": "string", "pattern": LANGUAGE}}
_SCHEMA = {"anyOf": [{"enum": [OWN, ALL]}, {**_CODES, "minItems": 1, "maxItems": MOST_LANGUAGES}]}


class SummariesShape(Shape):
    """A machine that writes the sentence below a title, and translates it. Without it none does."""

    endpoint: Web | None = Field(
        None,
        description="Address of an OpenAI-compatible API, up to /v1: titles and abstracts of "
        "papers go there, and nothing about readers.",
        examples=["http://localhost:11434/v1"],
    )
    model: Line | None = Field(
        None, description="Name of the model, as the endpoint calls it; readers see it."
    )
    key: Secret | None = Field(
        None,
        description="`${NAME}` of the key of the API, if it asks for one; never the key.",
    )
    unencrypted: bool = Field(
        default=False,
        description="Whether http:// is right for an endpoint that is not on this machine or in a "
        "network of yours.",
    )
    write: bool = Field(
        default=True,
        description="Whether the machine writes the sentence. `false`: the one of the abstract "
        "stays, and is only translated.",
    )
    languages: Annotated[list[str], WithJsonSchema(_SCHEMA)] = Field(
        [OWN],
        description="Languages of editions that get such sentences: `own` is that of the "
        "newsletter, `all` every one that an edition is in; or a list, as in [own, de].",
        examples=[OWN, ALL, ["de", "fr"]],
    )
    thinks: bool = Field(
        default=False,
        description="Whether the model thinks before it answers: it gets room for that, and no "
        "temperature, which such models refuse.",
    )
    per_day: int = Field(
        200, ge=1, le=100_000, description="Most requests in a day (UTC), repeated ones included."
    )
    tokens_per_day: int = Field(
        500_000, ge=1_000, le=1_000_000_000, description="Most tokens in a day, both ways."
    )
    timeout: float = Field(
        20.0, gt=0, le=600, description="Longest wait, in seconds, for one answer."
    )
    seconds: float = Field(
        120.0, gt=0, le=3_600, description="Seconds for all of them; an issue waits no longer."
    )
    connections: int = Field(2, ge=1, le=20, description="Requests at the same time.")

    @field_validator("endpoint")
    @classmethod
    def _is_base(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "")
        if parts.query or parts.fragment:
            raise ValueError("an endpoint has no `?` and no `#`: a key goes into `key`")
        if parts.path.rstrip("/").endswith(COMPLETIONS):
            raise ValueError(f"leave out {COMPLETIONS}: the address ends before it, as in …/v1")
        return value and value.rstrip("/")

    @field_validator("model")
    @classmethod
    def _is_name(cls, value: str | None) -> str | None:
        if value is not None and len(value) > LONGEST_NAME:
            raise ValueError(f"has more than {LONGEST_NAME} characters, and readers see it")
        return value

    @field_validator("languages", mode="before")
    @classmethod
    def _are_codes(cls, value: object) -> object:
        if value in (OWN, ALL):
            return [value]
        if not isinstance(value, list):
            hint = f"; did you mean `[{value}]`?" if isinstance(value, str) else ""
            told = f"expected `own`, `all`, or a list of codes such as [de, fr]{hint}"
            raise ValueError(told)  # noqa: TRY004  pydantic's
        if not 1 <= len(value) <= MOST_LANGUAGES:
            raise ValueError(f"from 1 to {MOST_LANGUAGES} languages, or `own`, or `all`")
        return [read_language(str(code)) for code in value]

    @model_validator(mode="after")
    def _is_whole(self) -> SummariesShape:
        if self.model_fields_set and not (self.endpoint and self.model):
            raise ValueError("needs an `endpoint` and a `model`; without them, leave it out")
        return self

    @model_validator(mode="after")
    def _is_encrypted(self) -> SummariesShape:
        plain = (self.endpoint or "").startswith("http://")
        if plain and not self.unencrypted and not is_near(self.host):
            raise ValueError(
                "`endpoint` is not in a network of yours, and http:// would send the key and the "
                "texts unencrypted: use https://, or say `unencrypted: true`"
            )
        return self

    @property
    def host(self) -> str:
        """The host of the endpoint."""
        return urlsplit(self.endpoint or "").hostname or ""


def is_near(host: str) -> bool:
    """Tell whether a host is this machine or in a private network, by its address or its name."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(NEAR)


def summaries(shape: SummariesShape, document: YamlDocument, language: str) -> Summaries | None:
    """Return the settings of the machine; None if there is none.

    `document` is newsletter.yaml, `language` that of the newsletter.
    """
    if not shape.endpoint or not shape.model:
        return None
    path = ("summaries", "key")
    missing = document.unset.get(path, "")
    languages = tuple(language if code == OWN else code for code in shape.languages)
    return Summaries(
        endpoint=shape.endpoint,
        is_near=is_near(shape.host),
        model=shape.model,
        key=shape.key.get_secret_value() if shape.key else "",
        missing=f"{document.where(path, value=True)}: {missing}" if missing else "",
        writes=shape.write,
        languages=None if ALL in shape.languages else languages,
        thinks=shape.thinks,
        allowance=Ration(requests=shape.per_day, tokens=shape.tokens_per_day),
        timeout=shape.timeout,
        seconds=shape.seconds,
        connections=shape.connections,
    )
