"""Pages from templates: their words, their links, and how they are answered."""

from __future__ import annotations

import functools
import hashlib
import importlib.resources
from collections.abc import Mapping
from typing import Final

from jinja2 import Environment, FunctionLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from newsletter.errors import LinkError
from newsletter.links import verify
from newsletter.render.locales import direction_of, long_date
from newsletter.serve.given import Site

PUBLIC: Final = "public, max-age=60"
PRIVATE: Final = "no-store"
"""Pages about one person, or with a token in their address, stay in no cache."""


def file(name: str) -> str:
    """Return a file of the templates' folder."""
    return (
        importlib.resources.files("newsletter.serve").joinpath("templates", name).read_text("utf-8")
    )


@functools.cache
def style() -> tuple[str, str]:
    """Return the style sheet, and a name for it that changes with its content."""
    text = file("site.css")
    return text, hashlib.sha256(text.encode()).hexdigest()[:10]


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=FunctionLoader(file),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def html(site: Site, template: str, values: Mapping[str, object]) -> str:
    """Return a page as HTML."""
    letter, phrases = site.config.letter, site.phrases
    return (
        _environment()
        .get_template(template)
        .render(
            {
                "_": phrases.gettext,
                "ngettext": phrases.ngettext,
                "say": phrases.remark,
                "long_date": lambda date: long_date(date, site.dialect),
                "letter": letter,
                # What is in the newsletter's own language says so.
                "lang": phrases.language,
                "own_language": letter.language,
                "direction": direction_of(phrases.language),
                "base": site.base,
                "address": site.address,
                "style": style()[1],
                "is_static": site.is_static,
                "takes_sign_ups": site.takes_sign_ups,
                "has_admin": site.config.serving.has_admin and not site.is_static,
                "path": "",
                "description": "",
                **values,
            }
        )
    )


def page(
    site: Site,
    template: str,
    values: Mapping[str, object],
    *,
    status: int = 200,
    cache: str = PRIVATE,
) -> HTMLResponse:
    """Return a page as an answer."""
    headers = {"Cache-Control": cache, "Content-Language": site.phrases.language}
    if not site.is_static:
        headers["Vary"] = "Accept-Language"
    return HTMLResponse(html(site, template, values), status_code=status, headers=headers)


def message(site: Site, kind: str, *, status: int = 200, **values: object) -> HTMLResponse:
    """Return a page that says one thing: its words are in message.html, by `kind`."""
    return page(site, "message.html", {"kind": kind, **values}, status=status)


def whose(site: Site, request: Request, purpose: str) -> str | Response:
    """Return whose mail the link of a request is from, or the page that says that it is none."""
    try:
        return verify(site.config.letter.secrets, purpose, request.path_params["token"])
    except LinkError:
        return message(site, "damaged", status=404)


def attachment(text: str, kind: str, name: str, cache: str = PUBLIC) -> Response:
    """Return a file to keep."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": cache,
    }
    return Response(text, media_type=f"{kind}; charset=utf-8", headers=headers)


def tagged(request: Request, response: Response) -> Response:
    """Return the answer with an ETag; when the client has it already, without its content."""
    tag = response.headers.get("etag")
    if tag is None:  # an answer that is kept has its tag already
        tag = f'"{hashlib.sha256(bytes(response.body)).hexdigest()[:24]}"'
        response.headers["ETag"] = tag
    if "if-none-match" not in request.headers:
        return response
    known = {
        part.strip().removeprefix("W/")
        for part in request.headers.get("if-none-match", "").split(",")
    }
    if tag in known or "*" in known:
        kept = {
            name: response.headers[name]
            for name in ("etag", "cache-control", "content-language", "vary")
            if name in response.headers
        }
        return Response(status_code=304, headers=kept)
    return response
