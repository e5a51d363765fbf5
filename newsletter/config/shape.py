"""What all shapes of configuration have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Shape(BaseModel):
    """Unknown keys are mistakes; values are taken as written."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)
