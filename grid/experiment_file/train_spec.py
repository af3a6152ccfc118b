"""What a fit learns from, at once or in stages."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

EMPTY_AXIS = "an empty list would leave nothing of its arm; give a value or leave it out"


def as_axis(value: Any) -> Any:
    """A list is an axis; a single value is an axis of one; an axis of none is a mistake."""
    if value in ([], ()):
        raise ValueError(EMPTY_AXIS)
    return value if isinstance(value, list) else [value]


def as_names(value: Any) -> Any:
    """One name is a list of one."""
    return [value] if isinstance(value, str) else value


class TrainSpec(BaseModel):
    """Which images a fit learns from. Lists are unions; exactly one of the four ways is given.

    each: one fit per generator of the dataset; of a list, per generator of each.
    leave_one_out: one fit per generator, group or family of `sets` (default: every dataset),
        trained on all the others.
    sets: the union of whole datasets and single generators (`dataset/generator`).
    all: every dataset of the file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    each: Annotated[tuple[str, ...], BeforeValidator(as_axis)] = ()
    leave_one_out: Literal["generator", "group", "family"] | None = None
    sets: tuple[str, ...] = ()
    all: bool = False
    classes: tuple[str, ...] = ()
    fraction: float = Field(default=1.0, gt=0, le=1)
    total_images: int | None = Field(default=None, ge=4)
    steps: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _one_way(self) -> TrainSpec:
        ways = [
            name
            for name, given in (
                ("each", bool(self.each)),
                ("leave_one_out", self.leave_one_out is not None),
                ("sets", bool(self.sets) and self.leave_one_out is None),
                ("all", self.all),
            )
            if given
        ]
        if len(ways) != 1:
            found = " and ".join(ways) or "none of them"
            raise ValueError(
                f"{found} given, but training images are named in exactly one way: "
                "write each, leave_one_out, sets or all"
            )
        return self


class StageSpec(BaseModel):
    """One of several trainings, each beginning with the selected weights of the one before it.

    Each is a fit of its own: committed, resumed and, where it is `scored`, tested. What a stage
    does not state is the arm's. The optimiser and the schedule begin anew with each.
    `recipe` goes on top of the arm's; `epochs`, `lr`, `freeze` are short for the same in it.
    `where` names values of the stage before, where several of its fits would do.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    train: TrainSpec | None = None
    augment: str | None = None
    recipe: str | dict[str, Any] | None = None
    epochs: int | None = Field(default=None, ge=1)
    lr: float | None = Field(default=None, gt=0)
    freeze: Annotated[tuple[str, ...] | None, BeforeValidator(as_names)] = None
    where: dict[str, Any] = {}
    scored: bool = False


def with_stages_training(arm: dict[Any, Any]) -> dict[Any, Any]:
    """Return an arm as the file states it, with the training set of its last stage for its own.

    Raises:
        ValueError: there is one stage, or a stage says nothing of what it trains on and the arm
            neither.
    """
    stages = arm.get("stages")
    if not isinstance(stages, list) or not all(isinstance(stage, dict) for stage in stages):
        return arm
    if len(stages) < 2:
        raise ValueError("stages: one is no chain; give at least two, or leave `stages` out")
    if arm.get("train") == [None]:
        raise ValueError("with `train: none` nothing is trained, in stages neither; leave one out")
    if "train" in arm:
        return arm
    silent = [number for number, stage in enumerate(stages, 1) if "train" not in stage]
    if silent:
        raise ValueError(
            f"stage {silent[0]} says nothing of what it trains on, and the arm neither; give "
            "`train:` to the arm, or to each of its stages"
        )
    return {**arm, "train": [stages[-1]["train"]]}
