"""`keep:` of newsletter.yaml → Keeping: how long what is known of people, and figures, is kept."""

from __future__ import annotations

from pydantic import Field

from newsletter.config.settings import Keeping
from newsletter.config.shape import Shape


class KeepShape(Shape):
    """How many days what is known of people is kept; 0: for ever."""

    requests: int = Field(
        30,
        ge=1,
        le=3650,
        description="Days that a sign-up waits for its confirmation, and that the list of mails "
        "to single people (to confirm, to welcome, with a link) is kept.",
    )
    left: int = Field(
        0,
        ge=0,
        le=3650,
        description="Days after which somebody who left is erased. 0: never. Either way no list "
        "brings them back.",
    )
    addresses: int = Field(
        0,
        ge=0,
        le=3650,
        description="Days after which addresses and names are taken out of the deliveries of an "
        "issue; what was sent stays counted. 0: never.",
    )
    figures: int = Field(
        365,
        ge=0,
        le=3650,
        description="Days that copies of papers' pictures are kept: mails that are opened later "
        "show the words in their place. 0: for ever.",
    )


def keeping(shape: KeepShape) -> Keeping:
    """Return how long what is known of people is kept."""
    return Keeping(
        requests=shape.requests,
        left=shape.left,
        addresses=shape.addresses,
        figure_days=shape.figures,
    )
