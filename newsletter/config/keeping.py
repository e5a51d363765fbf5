"""`keep:` of newsletter.yaml → Keeping: how many days things are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import Field, ValidationInfo, WithJsonSchema, field_validator, model_validator

from newsletter.config.settings import Keeping
from newsletter.config.shape import Shape

FOREVER: Final = "forever"
LEAST: Final[Mapping[str, int]] = {
    "papers": 40,  # novelty compares with those of the last 30 days
    "shown": 40,
    "seen": 366,
    "editions": 7,
    "ledger": 30,  # bounces come late, and are told apart by their deliveries
    "answers": 31,
    "outbox": 3,
    "faults": 1,
    "published": 7,
}
"""Fewest days that can be asked for; what is younger is still in use."""
MOST: Final = 36_500
_SCHEMA = {"anyOf": [{"type": "integer", "minimum": 0, "maximum": MOST}, {"enum": [FOREVER]}]}

Days = Annotated[int, Field(ge=0, le=MOST), WithJsonSchema(_SCHEMA)]
"""A number of days; 0 stands for `forever`."""


class KeepShape(Shape):
    """How many days things are kept; `forever`, or 0: for ever. `keep: forever` deletes nothing."""

    requests: int = Field(
        30,
        ge=1,
        le=3650,
        description="Days that a sign-up waits for its confirmation, and that the list of mails "
        "to single people (to confirm, to welcome, with a link) is kept.",
    )
    left: Days = Field(
        0,
        description="Days after which somebody who left is erased. 0: never. Either way no list "
        "brings them back.",
    )
    addresses: Days = Field(
        0,
        description="Days after which addresses and names are taken out of the deliveries of an "
        "issue; what was sent stays counted. 0: never.",
    )
    figures: Days = Field(
        365,
        description="Days that copies of papers' pictures are kept which no page in public/ shows: "
        "mails that are opened later show the words in their place.",
    )
    papers: Days = Field(
        60,
        description="Days that papers are kept which no issue showed everybody, to be searched and "
        "learnt from; and never fewer than they can be news. Papers that readers or topics like, "
        "or said something about, stay.",
    )
    shown: Days = Field(
        1095,
        description="Days that the site's pages of an issue, and the papers on them, are kept.",
    )
    seen: Days = Field(
        3650,
        description="Days that it is remembered which papers there were after their texts are "
        "deleted, so that none comes twice: some 30 bytes a paper.",
    )
    editions: Days = Field(
        30, description="Days that the mails of an issue can be looked at as they were sent."
    )
    ledger: Days = Field(
        90,
        description="Days that each delivery of an issue is kept; their numbers are kept for ever.",
    )
    answers: Days = Field(
        60,
        description="Days that answers of services, sentences that a machine wrote, and the health "
        "of sources that are not visited any more, are kept.",
    )
    outbox: Days = Field(
        30,
        description="Days that the files of an issue are kept in outbox/: drafts and copies of "
        "mails. What was not sent yet stays.",
    )
    faults: Days = Field(60, description="Days that files in outbox/faults/ are kept.")
    published: Days = Field(
        0, description="Days that the pages of an issue are kept in public/. 0: for ever."
    )

    @model_validator(mode="before")
    @classmethod
    def _all_for_ever(cls, value: object) -> object:
        if value == FOREVER:
            return {name: 0 for name in cls.model_fields if name != "requests"}
        return value

    @field_validator("left", "addresses", "figures", *LEAST, mode="before")
    @classmethod
    def _days(cls, value: object, info: ValidationInfo) -> object:
        if value == FOREVER:
            return 0
        if isinstance(value, str):
            raise ValueError("expected a whole number of days, or `forever`")  # noqa: TRY004  pydantic's
        least = LEAST.get(info.field_name or "", 0)
        if isinstance(value, int) and 0 < value < least:
            raise ValueError(f"fewer than {least} days cannot be: what is younger is still in use")
        return value


def keeping(shape: KeepShape) -> Keeping:
    """Return how many days things are kept."""
    return Keeping(
        requests=shape.requests,
        left=shape.left,
        addresses=shape.addresses,
        figure_days=shape.figures,
        papers=shape.papers,
        shown=shape.shown,
        seen=shape.seen,
        editions=shape.editions,
        ledger=shape.ledger,
        answers=shape.answers,
        outbox=shape.outbox,
        faults=shape.faults,
        published=shape.published,
    )
