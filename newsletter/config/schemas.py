"""The files of config/, and the JSON Schema of each."""

from __future__ import annotations

from typing import Any

from newsletter.config.newsletter import NewsletterShape
from newsletter.config.shape import Shape
from newsletter.config.sources import SourcesShape
from newsletter.config.subscribers import SubscribersShape
from newsletter.config.topics import TopicsShape

SHAPES: dict[str, type[Shape]] = {
    "newsletter": NewsletterShape,
    "sources": SourcesShape,
    "topics": TopicsShape,
    "subscribers": SubscribersShape,
}
"""File name without `.yaml` → the shape of the file."""

_FILTER = {
    "description": "A term or a query, a list of them (any), or any:, all:, none:, near(5):, "
    "min_votes: over them.",
    "anyOf": [
        {"type": "string"},
        {"type": "array", "items": {"$ref": "#/$defs/Filter"}},
        {
            "type": "object",
            "properties": {
                **{name: {"$ref": "#/$defs/Filter"} for name in ("any", "all", "none")},
                "min_votes": {"type": "integer", "minimum": 1},
            },
            "patternProperties": {r"^near\(\d+\)$": {"type": "array", "items": {"type": "string"}}},
            "additionalProperties": False,
        },
    ],
}


def schemas() -> dict[str, dict[str, Any]]:
    """Return the JSON Schema of each file, with which editors complete and check it."""
    found = {name: shape.model_json_schema(by_alias=True) for name, shape in SHAPES.items()}
    definitions = found["topics"]["$defs"]
    definitions["Filter"] = _FILTER
    definitions["TopicShape"]["properties"]["match"] |= {"$ref": "#/$defs/Filter"}
    readers = found["subscribers"]["$defs"]
    readers["Filter"] = _FILTER
    for name in ("words", "mute"):
        readers["SubscriberShape"]["properties"][name] |= {"$ref": "#/$defs/Filter"}
    for schema in found.values():
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return found
