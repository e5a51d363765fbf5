"""sources.yaml → Collecting: the sources, the services that enrich, the limits."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from newsletter.collect.kinds.table import KINDS
from newsletter.collect.services.table import ENRICHERS
from newsletter.config.documents import YamlDocument
from newsletter.config.settings import Collecting
from newsletter.config.shape import Shape
from newsletter.config.values import Line, Network, Secret, Web
from newsletter.model import Enrichment, Source
from newsletter.model.gate import link

ARXIV_CATEGORY = re.compile(r"[a-z-]+(\.[A-Za-z-]+)?")

Headers = dict[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]*$")], Secret]


class SourceShape(Shape):
    """One source."""

    name: Line = Field(description="Name in reports; no two sources may share one.")
    kind: Literal[tuple(KINDS)] = Field("feed", description="How to ask and read it.")  # type: ignore[valid-type]
    url: str | None = Field(
        None, min_length=1, description="Web address, or path of a file or folder of feed files."
    )
    categories: list[Line] = Field(
        [], description="Only these categories: arXiv's (cs.CL), or fields of bioRxiv."
    )
    announce: list[Literal["new", "cross", "replace", "replace-cross"]] = Field(
        ["new", "cross"], min_length=1, description="Types of arXiv announcement that count."
    )
    query: Line | None = Field(
        None,
        description="What to ask for: an arXiv or Semantic Scholar query, an OpenReview venue, "
        "subreddits (a+b), the site that Hacker News links to.",
    )
    authors: list[Annotated[str, Field(pattern=r"^[0-9]{1,12}$")]] = Field(
        [], description="Author ids of Semantic Scholar."
    )
    api: Web | None = Field(None, description="Base address of the service, if not the usual one.")
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
            raise ValueError(f"`{name}` is not a setting of kind `{self.kind}`")
        if self.url and "://" in self.url and not self.url.startswith(("http://", "https://")):
            raise ValueError("only http:// and https:// addresses can be fetched")
        if self.url and "://" in self.url and (not link(self.url) or re.search(r"\s", self.url)):
            raise ValueError("`url` is not an address that can be fetched: is it complete?")
        if self.kind == "arxiv" and not all(map(ARXIV_CATEGORY.fullmatch, self.categories)):
            raise ValueError("arXiv's categories look like `cs.CL` or `hep-th`")
        return self


class EnrichmentShape(Shape):
    """One service that knows more about papers."""

    service: Literal[tuple(ENRICHERS)] = Field(description="Its name.")  # type: ignore[valid-type]
    api: Web | None = Field(None, description="Base address of the service, if not the usual one.")
    headers: Headers = Field(
        {}, description="Sent to this service only, such as an API key; values are `${NAME}`."
    )


class SourcesShape(Shape):
    """sources.yaml."""

    timeout: float = Field(30.0, gt=0, le=600, description="Seconds for one document, in all.")
    silence: float = Field(
        15.0, gt=0, le=600, description="Longest silence, in seconds, before giving up."
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
        description="Services to ask about papers that match your topics: citations, venues, "
        "stars, code links. A name, or `service:` with `headers:`.",
    )
    enrich_seconds: float = Field(
        20.0, gt=0, le=600, description="Seconds for all of them; an issue waits no longer."
    )


def read_sources(
    shape: SourcesShape, root: Path, document: YamlDocument, problems: list[str]
) -> tuple[Source, ...]:
    """Return the configured sources; a repeated name goes to `problems`."""
    names: set[str] = set()
    for place, source in enumerate(shape.sources):
        if source.name in names:
            where = document.where(("sources", place, "name"), value=True)
            problems.append(f"{where}: a second source is called `{source.name}`")
        names.add(source.name)
    return tuple(_source(source, root) for source in shape.sources)


def _source(source: SourceShape, root: Path) -> Source:
    location = source.url or ""
    if location and "://" not in location:
        location = str((root / location).resolve())
    return Source(
        name=source.name,
        kind=str(source.kind),
        location=location,
        api=(source.api or "").rstrip("/"),
        categories=tuple(source.categories),
        announce=tuple(source.announce),
        query=source.query or "",
        authors=tuple(source.authors),
        headers=_headers(source),
    )


def enrichment_of(given: EnrichmentShape | str) -> Enrichment:
    """Return an enriching service, from its name alone or with its settings."""
    if isinstance(given, str):
        return Enrichment(service=given)
    return Enrichment(
        service=str(given.service), api=(given.api or "").rstrip("/"), headers=_headers(given)
    )


def _headers(shape: SourceShape | EnrichmentShape) -> tuple[tuple[str, str], ...]:
    return tuple((name, value.get_secret_value()) for name, value in shape.headers.items())


def collecting(
    shape: SourcesShape, sources: tuple[Source, ...], document: YamlDocument
) -> Collecting:
    """Return the settings of collecting, without what cannot be asked for lack of a secret."""
    left_out = {
        path[:2]: f"{document.where(path, value=True)}: {missing}"
        for path, missing in document.unset.items()
    }
    return Collecting(
        sources=tuple(
            source for place, source in enumerate(sources) if ("sources", place) not in left_out
        ),
        enrichments=tuple(
            enrichment_of(enrichment)
            for place, enrichment in enumerate(shape.enrich)
            if ("enrich", place) not in left_out
        ),
        enrich_seconds=shape.enrich_seconds,
        timeout=shape.timeout,
        silence=shape.silence,
        max_bytes=shape.max_megabytes * 1_000_000,
        private_networks=tuple(map(ipaddress.ip_network, shape.private_networks)),
        left_out=tuple(left_out.values()),
        places={
            source.name: document.where(("sources", place, "url"), value=True)
            for place, source in enumerate(sources)
        },
    )
