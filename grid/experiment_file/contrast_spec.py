"""`contrasts:` of an experiment: what is compared, declared before the results are seen."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

Claim = Literal[
    "these files on these generators",
    "this procedure on these generators",
    "these files on new generators",
    "this procedure on new generators",
    "this procedure on new training and test generators",
]


class ContrastSpec(BaseModel):
    """A comparison that is declared before the results are seen: levels of one setting.

    metric: as a column of the view `cells` is called; by default AUC.
    on: tested generators, by what was trained on; by default those that are new to the fits.
    margin: the largest difference, a share of 1, that would be none in practice.
    ordered: the levels stand on an axis, so that a trend is asked for.
    correction: Holm, or Benjamini-Hochberg to screen; those of one kind are one family.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    compare: dict[str, tuple[Any, ...]]
    by: Literal["family", "generator_group", "generator", "degradation", "train"] | None = None
    where: dict[str, Any] = {}
    claim: Claim = "this procedure on new generators"
    metric: str | None = None
    on: Literal["unseen", "family", "other", "related", "trained", "all"] | None = None
    margin: Annotated[float, Field(gt=0, lt=1)] | None = None
    ordered: bool = False
    correction: Literal["holm", "bh"] | None = None

    @field_validator("compare")
    @classmethod
    def _one_thing(cls, value: dict[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
        if len(value) != 1:
            raise ValueError("names several settings; declare a contrast for each of them")
        [(key, levels)] = value.items()
        if len(levels) < 2:
            raise ValueError(f"{key}: one level is compared with nothing; name two at least")
        return value

    def as_recorded(self) -> dict[str, Any]:
        """Return it as a record holds it; what earlier versions do not know only if given."""
        recorded = self.model_dump(mode="json")
        for name in ("metric", "on", "margin", "ordered", "correction"):
            if not recorded[name]:
                del recorded[name]
        return recorded
