"""Config files that are edited on the page: listed, read, tried and saved."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from newsletter.config.texts import ConfigText, read_text, save_text, text_names
from newsletter.errors import ConfigError, ConflictError
from newsletter.serve.preview.guards import must_be_ours, sent
from newsletter.serve.preview.memory import Shelf
from newsletter.serve.preview.shown import Sketch


class TextPages:
    """The answers to what the editor asks."""

    def __init__(self, memory: Shelf, token: str) -> None:
        """Edit the files of the newsletter that `memory` shows, for who has the `token`."""
        self._memory = memory
        self._folder = memory.tuning.folder
        self._token = token

    async def names(self, request: Request) -> JSONResponse:
        """Return the names of the files."""
        must_be_ours(request, self._token)
        found = await anyio.to_thread.run_sync(text_names, self._folder)
        return _json({"names": found})

    async def read(self, request: Request) -> JSONResponse:
        """Return a file."""
        must_be_ours(request, self._token)
        name = request.path_params["name"]
        return _json(asdict(await anyio.to_thread.run_sync(read_text, self._folder, name)))

    async def try_(self, request: Request) -> JSONResponse:
        """Judge texts, and keep them as a trial if a draft can be made of them."""
        given = (await sent(request, self._token)).get("texts")
        if not isinstance(given, dict) or not all(isinstance(one, str) for one in given.values()):
            raise HTTPException(400, "expected texts by the names of files")
        texts: Mapping[str, str] = given
        judged = await anyio.to_thread.run_sync(self._memory.tuning.judge, texts)
        trial = ""
        if judged.makes_draft:
            trial = self._memory.keep_trial(Sketch(texts=texts), judged.version)
        return _json({**asdict(judged), "trial": trial})

    async def save(self, request: Request) -> JSONResponse:
        """Write a text to its file, unless the text has mistakes or the file has changed.

        A text with mistakes is written when the person insists: mending can wait, but is not lost.
        """
        given, name = await sent(request, self._token), request.path_params["name"]
        text, version, insists = given.get("text"), given.get("version"), given.get("anyway")
        if not isinstance(text, str) or not isinstance(version, str):
            raise HTTPException(400, "expected a text and its version")
        judged = await anyio.to_thread.run_sync(self._memory.tuning.judge, {name: text})
        mistakes = [asdict(mistake) for mistake in judged.mistakes]
        if not insists and any(mistake.file == name for mistake in judged.mistakes):
            return _json({"mistakes": mistakes}, 422)
        save = functools.partial(save_text, self._folder, name, text, version)
        try:
            saved = await anyio.to_thread.run_sync(save)
        except ConflictError as error:
            found = await anyio.to_thread.run_sync(self._there, name)
            return _json({"error": str(error), "found": asdict(found) if found else None}, 409)
        self._memory.forget()
        return _json({"version": saved.version, "mistakes": mistakes})

    def _there(self, name: str) -> ConfigText | None:
        try:
            return read_text(self._folder, name)
        except ConfigError:
            return None


def _json(value: Mapping[str, Any], status: int = 200) -> JSONResponse:
    return JSONResponse(dict(value), status, headers={"Cache-Control": "no-store"})
