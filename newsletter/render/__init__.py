"""Render: editions from picks.

tokens.py     the places in an edition that differ from reader to reader
templates.py  MJML → inlined HTML Jinja template, once, cached by content
editions.py   render_editions(): one Edition per distinct selection
messages.py   MIME and headers, encoded once, spliced per subscriber
checks.py     lint of an Edition: size, links, alt text, headings, left-overs
"""

from newsletter.render.checks import Finding, lint
from newsletter.render.editions import Masthead, Selection, edition_key, render_editions
from newsletter.render.messages import (
    Encoded,
    Letterhead,
    Recipient,
    compose,
    encode_edition,
    message_id,
)
from newsletter.render.templates import Templates, load_templates

__all__ = [
    "Encoded",
    "Finding",
    "Letterhead",
    "Masthead",
    "Recipient",
    "Selection",
    "Templates",
    "compose",
    "edition_key",
    "encode_edition",
    "lint",
    "load_templates",
    "message_id",
    "render_editions",
]
