"""An endpoint as OpenAI's is, on loopback: it answers what it is told to, also by the abstract."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from servers import Page

PATH = "v1/chat/completions"


def completion(content: Any, *, tokens: int | None = 300, finish: str = "stop") -> bytes:
    """Return an answer with a text, as https://platform.openai.com/docs/api-reference/chat says."""
    usage = {} if tokens is None else {"usage": {"total_tokens": tokens}}
    message = {"role": "assistant", "content": content}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return json.dumps({"object": "chat.completion", "choices": [choice], **usage}).encode()


def answering(content: Any, **more: Any) -> Page:
    """Return what answers every question the same."""
    return Page(completion(content, **more), content_type="application/json")


def asked_of(request: str) -> dict[str, Any]:
    """Return what stands between the marks of a question; `request` is a path and a body."""
    body = json.loads(request[request.index("{") :])
    found: dict[str, Any] = json.loads(body["messages"][1]["content"].split("\n")[1])
    return found


class Obeying:
    """Answers what the abstract tells it to after `SAY:`, else `sentence` of the title."""

    def __init__(self, sentence: Callable[[dict[str, Any]], str]) -> None:
        self.asked: list[dict[str, Any]] = []
        self._sentence = sentence

    @property
    def page(self) -> Page:
        return Page(content_type="application/json", make=self._make)

    def _make(self, request: str) -> bytes:
        given = asked_of(request)
        self.asked.append(given)
        abstract = str(given.get("abstract", given.get("sentence", "")))
        _, found, order = abstract.partition("SAY:")
        return completion(order.strip() if found else self._sentence(given))
