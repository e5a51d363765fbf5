"""sources.yaml → Source and Enrichment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from newsletter.config.documents import Document
from newsletter.config.shape import Shape
from newsletter.config.source_shapes import EnrichmentShape, SourceShape, SourcesShape
from newsletter.model import Enrichment, Source


def read_sources(
    root: Path,
    documents: Mapping[str, Document],
    shapes: Mapping[str, Shape],
    problems: list[str],
) -> tuple[Source, ...]:
    """Return the configured sources; two of one name go to `problems`."""
    shape = shapes.get("sources")
    if not isinstance(shape, SourcesShape):
        return ()
    names: set[str] = set()
    for place, source in enumerate(shape.sources):
        if source.name in names:
            where = documents["sources"].where(("sources", place, "name"), value=True)
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
    """Return a service that enriches, from its name alone or with settings."""
    if isinstance(given, str):
        return Enrichment(service=given)
    return Enrichment(
        service=str(given.service), api=(given.api or "").rstrip("/"), headers=_headers(given)
    )


def _headers(shape: SourceShape | EnrichmentShape) -> tuple[tuple[str, str], ...]:
    return tuple((name, value.get_secret_value()) for name, value in shape.headers.items())
