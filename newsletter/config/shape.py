"""What all shapes of configuration share."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Shape(BaseModel):
    """Unknown keys are mistakes; values are not converted to another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)
