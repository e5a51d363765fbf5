"""What an endpoint answers → the text of the model, and what it cost."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from newsletter.collect.answers import Document, complaint, count, listed, mapping, read_json
from newsletter.errors import SourceError

MOST_CHARACTERS = 20_000
"""Of an answer that is looked at; a sentence has 320."""
MOST_TOKENS = 10_000_000
"""More than any request costs: what says more is no count."""
_THOUGHT = re.compile(r"\s*<think>.*?</think>\s*", re.DOTALL)
"""What some servers leave of a model's thinking before its answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a model answered."""

    text: str
    """As it is: nothing is checked yet."""
    tokens: int | None
    """What the request cost, both ways; None when the endpoint does not say."""
    is_whole: bool
    """False: the model was cut off, or a filter of its owner was."""


def read_answer(document: Document) -> Answered:
    """Return the answer in a document; raises SourceError when there is none."""
    answer = mapping(read_json(document))
    choices = listed(answer.get("choices"))
    if not choices:
        said = complaint(answer)
        told = f"the endpoint says: {said}" if said else "JSON, but no answer (no list `choices`)"
        raise SourceError(f"{document.shown}: {told}")
    choice = mapping(choices[0])
    content = mapping(choice.get("message")).get("content")
    if not isinstance(content, str):
        raise SourceError(f"{document.shown}: an answer without text (`message.content`)")
    text = _THOUGHT.sub("", content[:MOST_CHARACTERS], count=1)
    is_whole = choice.get("finish_reason") in ("stop", None) and len(content) <= MOST_CHARACTERS
    return Answered(text=text, tokens=_tokens(answer), is_whole=is_whole)


def _tokens(answer: Mapping[str, object]) -> int | None:
    usage = mapping(answer.get("usage"))
    parts = count(usage.get("prompt_tokens")) + count(usage.get("completion_tokens"))
    found = max(count(usage.get("total_tokens")), parts)
    return found if 0 < found <= MOST_TOKENS else None


def models(document: Document) -> tuple[str, ...]:
    """Return the models that an endpoint lists; raises SourceError when it lists none."""
    answer = mapping(read_json(document))
    found = listed(answer.get("data"))
    names = (mapping(one).get("id") for one in found)
    known = tuple(name for name in names if isinstance(name, str))
    if not known:
        said = complaint(answer) or "no list of models"
        raise SourceError(f"{document.shown}: {said}")
    return known
