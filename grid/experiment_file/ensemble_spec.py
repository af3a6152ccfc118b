"""`ensembles:` of an experiment: fits put together by their scores."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")


class EnsembleSpec(BaseModel):
    """One ensemble: a pattern for each member, which names it by values of its fits.

    Members are matched on the training set, the seed and every axis that they share; exactly one
    fit of each pattern must match. `name` stands where a detector's name stands in results.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    of: Annotated[tuple[dict[str, Any], ...], Field(min_length=2)]
    by: Literal["mean_logit", "mean_probability"] = "mean_logit"

    @field_validator("name")
    @classmethod
    def _stands_for_a_detector(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"{name!r} stands where a detector's name does: use letters, digits, dots, dashes "
                "and plus signs"
            )
        return name

    @field_validator("of")
    @classmethod
    def _say_something(cls, patterns: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
        if not all(patterns):
            raise ValueError("a member without any value is every fit; write `{detector: NAME}`")
        return patterns
