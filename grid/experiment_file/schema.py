"""The experiment file: its words, their types, and what is refused before anything is looked at.

The file is YAML; the same object can be built in Python. This module knows the shape of the file
only. What its names stand for on disk is found by `grid.sources`, its product of axes is formed by
`grid.expansion`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from data.byte_counts import bytes_meant
from data.degradation_presets import PRESETS, expanded
from grid.experiment_file.contrast_spec import ContrastSpec
from grid.experiment_file.ensemble_spec import EnsembleSpec
from grid.experiment_file.equalise_word import equalise_asked_for
from grid.experiment_file.train_spec import (
    EMPTY_AXIS,
    StageSpec,
    TrainSpec,
    as_axis,
    as_names,
    with_stages_training,
)
from grid.experiment_file.weights_spec import WeightsSpec, weights_word
from grid.experiment_file.words import family_word

EpochReference = Literal["selected", "last"] | Annotated[int, Field(ge=0)]
SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
LONGEST_NAME = 200  # file systems allow 255 bytes
LARGEST_SEED = 2**63 - 1  # what a column of 64-bit integers holds


def _with_presets(value: Any) -> Any:
    """A preset stands for its list, by itself or among others."""
    texts = [value] if isinstance(value, str) and value in PRESETS else value
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        return value
    return list(expanded(texts))


def _seeds_once(seeds: tuple[int, ...] | None) -> tuple[int, ...] | None:
    if seeds is not None and any(not 0 <= seed <= LARGEST_SEED for seed in seeds):
        raise ValueError(f"seeds are whole numbers from 0 to {LARGEST_SEED}")
    return None if seeds is None else tuple(dict.fromkeys(seeds))


def _amount_of_memory(text: str) -> str:
    if not bytes_meant(text):
        raise ValueError(f"{text!r} is no memory at all: write what a trial needs, such as 6GB")
    return text


class Strict(BaseModel):
    """Unknown keys are refused and nothing changes after validation."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=False)


class DatasetSpec(Strict):
    """A collection of images on disk.

    `layout` is detected when it is not given. `classes` restricts what is trained on and, in the
    analysis, what its test sets count; pools are scored whole all the same. `families` and `groups`
    state for generators what is not known of their names, `aliases` that a folder is a generator
    known by another name. `reals` names photographs, datasets or single collections
    (`dataset/collection`), that stand beside all of its generators in place of its own.
    """

    root: Path
    layout: str | None = None
    classes: tuple[str, ...] = ()
    families: dict[str, Annotated[str, BeforeValidator(family_word)]] = {}
    groups: dict[str, Annotated[str, Field(min_length=1)]] = {}
    aliases: dict[str, Annotated[str, Field(min_length=1)]] = {}
    reals: Annotated[tuple[str, ...], BeforeValidator(as_names)] = ()


class TestSpec(Strict):
    """What fits are scored on. Pools are always scored whole; `classes` acts in the analysis.

    degradations: pipelines, and names of presets, which stand for their lists.
    classes: a list, or `not_trained_classes`: for each fit those of no image that it has seen.
    reals: photographs to test every generator against instead of its own, one union of datasets
        and single collections (`dataset/collection`).
    """

    __test__ = False  # pytest takes classes called Test* for tests

    sets: tuple[str, ...] = ()
    degradations: Annotated[tuple[str, ...], BeforeValidator(_with_presets)] = ("none",)
    epochs: tuple[EpochReference, ...] = ("selected",)
    input: str | None = None
    classes: tuple[str, ...] | Literal["not_trained_classes"] | None = None
    reals: tuple[str, ...] = ()

    @field_validator("degradations", "epochs", "sets")
    @classmethod
    def _each_once(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        if not value:
            raise ValueError("is empty, so nothing would be tested")
        return tuple(dict.fromkeys(value))


class InputSpec(Strict):
    """The geometry of training and test images, as operation strings; or a preset's name."""

    train: str
    test: str


class Arm(Strict):
    """The product of its axes. Every field that holds a tuple of alternatives is an axis.

    `equalise` stands in place of the file's, in training and in tests; empty: the file's.
    """

    name: str
    detector: Annotated[tuple[str, ...], BeforeValidator(as_axis)]
    options: dict[str, dict[str, tuple[Any, ...]]] = {}
    train: Annotated[tuple[TrainSpec | None, ...], BeforeValidator(as_axis)]
    input: Annotated[tuple[str | InputSpec, ...], BeforeValidator(as_axis)] = ("default",)
    augment: Annotated[tuple[str | None, ...], BeforeValidator(as_axis)] = (None,)
    recipe: Annotated[tuple[str | dict[str, Any], ...], BeforeValidator(as_axis)] = ("common",)
    weights: Annotated[tuple[WeightsSpec | None, ...], BeforeValidator(as_axis)] = (None,)
    seeds: Annotated[tuple[int, ...] | None, Field(min_length=1), AfterValidator(_seeds_once)] = (
        None
    )
    equalise: Annotated[
        tuple[Annotated[str, AfterValidator(equalise_asked_for)], ...], BeforeValidator(as_axis)
    ] = ()
    stages: tuple[StageSpec, ...] = ()
    test: TestSpec | None = None

    @model_validator(mode="before")
    @classmethod
    def _dotted_options(cls, raw: Any) -> Any:
        """`npr.factor: [.25, .5]` is the axis `factor` of the detector npr, and of npr only."""
        if not isinstance(raw, dict):
            return raw
        kept: dict[Any, Any] = {}
        options: dict[str, dict[str, Any]] = {}
        for key, value in raw.items():
            if isinstance(key, str) and "." in key:
                if value in ([], ()):
                    raise ValueError(f"{key}: {EMPTY_AXIS}")
                detector, option = key.split(".", 1)
                options.setdefault(detector, {})[option] = tuple(as_axis(value))
            else:
                kept[key] = value
        for key in ("train", "weights"):  # `none` is a word of the file, and so is YAML's null
            if kept.get(key, []) not in ([], ()):
                kept[key] = [None if v in ("none", None) else v for v in as_axis(kept[key])]
        if isinstance(kept.get("weights"), list):
            kept["weights"] = [weights_word(value) for value in kept["weights"]]
        if options:
            kept["options"] = options
        return with_stages_training(kept)

    def stage_name(self, number: int) -> str:
        """Return what a stage's fits are named by, counted from 1; the last bears the arm's."""
        return self.name if number >= len(self.stages) else f"{self.name}.stage{number}"

    @model_validator(mode="after")
    def _one_chain(self) -> Arm:
        several = [key for key in ("recipe", "weights") if len(getattr(self, key)) > 1]
        if self.stages and several:
            raise ValueError(
                f"arm {self.name} has stages and several values of {several[0]}, so that a stage "
                "could begin with several fits; write an arm for each"
            )
        return self

    @model_validator(mode="after")
    def _trained_or_given(self) -> Arm:
        if None in self.train and not all(w and not w.from_ for w in self.weights):
            raise ValueError(
                f"arm {self.name} has `train: none` but no weights file: give `weights: PATH` "
                "or the NAME of imported weights to score them, or say what it trains on"
            )
        return self


class ResourceSpec(Strict):
    """What one trial of a detector asks for: CPUs, a share of one GPU, or what it needs of one.

    `memory` is of the GPU, in text such as `6GB`; the share is then chosen. `gpu_type` is the only
    type of card that it runs on, as Ray names it.
    """

    cpu: int | None = Field(default=None, ge=1)
    gpu: float | None = Field(default=None, ge=0, le=1)
    memory: Annotated[str | None, AfterValidator(_amount_of_memory)] = None
    gpu_type: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.-]+$")

    @property
    def memory_bytes(self) -> int | None:
        """`memory` in bytes."""
        return None if self.memory is None else bytes_meant(self.memory)


class Experiment(Strict):
    """One declarative experiment: which detectors train on what and are tested on what."""

    schema_: Literal[1] = Field(alias="schema")
    name: str
    question: str = ""
    store: str | None = None
    weights_folder: Path | None = None
    data: dict[str, DatasetSpec] = Field(min_length=1)
    equalise: str | None = None
    test: TestSpec
    seeds: Annotated[tuple[int, ...], Field(min_length=1), AfterValidator(_seeds_once)] = (0,)
    arms: tuple[Arm, ...] = Field(min_length=1)
    exclude: tuple[dict[str, Any], ...] = ()
    ensembles: tuple[EnsembleSpec, ...] = ()
    contrasts: tuple[ContrastSpec, ...] = ()
    published: str | None = None
    resources: dict[str, ResourceSpec] = {}
    plugins: Annotated[tuple[str, ...], BeforeValidator(as_names)] = ()
    leakage: Literal["exclude", "refuse", "allow"] = "exclude"
    unreadable: Literal["refuse", "null_score", "leave_out"] = "refuse"
    threads: int = Field(default=1, ge=1)
    simulated: bool = False
    limit: int | None = Field(default=None, ge=2)

    @field_validator("equalise")
    @classmethod
    def _is_known(cls, text: str | None) -> str | None:
        return None if text is None else equalise_asked_for(text)

    @field_validator("name")
    @classmethod
    def _is_a_file_name(cls, name: str) -> str:
        if not SLUG.fullmatch(name):
            raise ValueError(
                f"{name!r} names a folder in the store: use letters, digits, dots, dashes"
            )
        if len(name) > LONGEST_NAME:
            raise ValueError(
                f"{len(name)} letters are more than the {LONGEST_NAME} that a folder's name may "
                "have in the store"
            )
        return name

    @model_validator(mode="after")
    def _names_once(self) -> Experiment:
        names = [
            arm.stage_name(number)
            for arm in self.arms
            for number in range(1, max(1, len(arm.stages)) + 1)
        ]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"arm names are used twice: {', '.join(twice)}; give each its own")
        for alias in self.data:
            if not SLUG.fullmatch(alias):
                raise ValueError(
                    f"{alias!r} is not a dataset name: use letters, digits, dots, dashes"
                )
        return self
