"""Render: editions from picks.

tokens.py     the places in an edition that differ from reader to reader
limits.py     how much a template may compute
sandbox.py    where templates of users run
parts.py      template files: their parts, the theme's values in them
templates.py  MJML → inlined HTML Jinja template, once, cached by content
frames.py     a template cut where it repeats, so that each block is rendered once
locales.py    dates and directions as readers of a language write them
subjects.py   subject lines from a template of the user's
views.py      papers and sections as templates see them
press.py      the editions of one issue, within their budget
editions.py   render_editions(): one Edition per distinct selection
headers.py    header lines, each through one gate
bodies.py     quoted-printable bodies with tokens left open
messages.py   whole messages: encoded once, spliced per subscriber
checks/       lint of an Edition: size, links, contrast, what mail clients know
"""

from newsletter.render.checks import Finding, lint, lint_message
from newsletter.render.editions import render_editions, render_page
from newsletter.render.locales import direction_of, long_date
from newsletter.render.messages import (
    Encoded,
    Encoder,
    Letterhead,
    Recipient,
    as_read,
    as_test,
    compose,
    encode_edition,
    message_id,
)
from newsletter.render.press import Density, Links, Masthead, Selection, edition_key, html_bytes
from newsletter.render.subjects import DEFAULT_SUBJECT, parse_subject
from newsletter.render.templates import Templates, Theme, load_templates
from newsletter.render.tokens import token

__all__ = [
    "DEFAULT_SUBJECT",
    "Density",
    "Encoded",
    "Encoder",
    "Finding",
    "Letterhead",
    "Links",
    "Masthead",
    "Recipient",
    "Selection",
    "Templates",
    "Theme",
    "as_read",
    "as_test",
    "compose",
    "direction_of",
    "edition_key",
    "encode_edition",
    "html_bytes",
    "lint",
    "lint_message",
    "load_templates",
    "long_date",
    "message_id",
    "parse_subject",
    "render_editions",
    "render_page",
    "token",
]
