"""Remarks: what is said to a reader about what they typed, as a phrase that can be translated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A phrase in English with the values in it; `newsletter.render.phrases` translates it."""

    phrase: str
    """Whole, with `%(name)s` for its values; with `plural`, the phrase for one thing."""
    plural: str = ""
    """The phrase for several things; `%(num)s` is how many."""
    num: int = 0
    values: Mapping[str, object] = field(default_factory=dict)
    detail: str = ""
    """More about it, in English only: what a parser says of an expression."""

    def __str__(self) -> str:
        """Return it in English, with its detail."""
        phrase = self.plural if self.plural and self.num != 1 else self.phrase
        values = {"num": self.num, **self.values} if self.plural else self.values
        told = {
            name: f"{value:,}" if isinstance(value, int) else value
            for name, value in values.items()
        }
        said = phrase % told if told else phrase
        return f"{said} {self.detail}" if self.detail else said


def remark(phrase: str, *, detail: str = "", **values: object) -> Remark:
    """Return a remark; `values` stand in its phrase."""
    return Remark(phrase=phrase, values=values, detail=detail)


def counted_remark(
    singular: str, plural: str, num: int, *, detail: str = "", **values: object
) -> Remark:
    """Return a remark about `num` things."""
    return Remark(phrase=singular, plural=plural, num=num, values=values, detail=detail)


class RefusedError(ValueError):
    """Raised for what somebody typed into a form, with what to say about it."""

    def __init__(self, phrase: str, *, detail: str = "", **values: object) -> None:
        """Refuse with a phrase; `values` stand in it."""
        self.remark = remark(phrase, detail=detail, **values)
        super().__init__(str(self.remark))
