"""The plain values that a trial travels as: all that a worker on any host needs, nothing live."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from grid.records.experiments import ScoringRecord


class PoolSpec(TypedDict):
    """A pool that is trained or validated on; `paths` is the key of the table of its files."""

    pool_id: str
    label: int
    source: str
    paths: str


class TrainingSpec(TypedDict):
    """What a fit trains on: pools and a rule, with the digests of the rows that it gives.

    `equalise` stands where it leaves images out.
    `oracle` stands where it is validated on what it is tested on: that makes no test image seen.
    `undecodable` are ids of images of the pools that `unreadable: leave_out` leaves out.
    """

    pools: list[PoolSpec]
    validation_pools: list[PoolSpec]
    rule: dict[str, Any]
    digest: str
    validation_digest: str
    equalise: NotRequired[str]
    oracle: NotRequired[bool]
    undecodable: NotRequired[list[str]]


class TrialSpec(TypedDict):
    """One trial. It is JSON, and a fit's provenance keeps it: `verify` repeats the fit by it.

    `weights` are those that the fit begins with: the parent's fit and epoch, or the path and
    sha256 of a file; `lineage` are the trainings that it descends from, the parent's first;
    `paths` says by pool where the table of a tested pool's files lies; `backbones` are the
    files of frozen backbones that the parent's weights go with; `from_files` decodes every
    image again, which is what a proof of a fit is worth; `plugin` is the whole text of a
    detector from outside; `memory_work` is what its memory depends on; `share` is what a
    scheduler gave the present attempt of its node. What is not required is absent in specs of
    earlier versions.
    """

    store: str
    experiment: str
    fit_id: str
    label: str
    detector: str
    options: dict[str, Any]
    plugin: NotRequired[str]
    equalise: NotRequired[str]
    train_geometry: str
    validation_geometry: str
    augment: str
    recipe: dict[str, Any] | None
    seed: int | None
    threads: int
    device: NotRequired[str | None]
    predicted_training_s: float | None
    resume_anyway: NotRequired[bool]
    unreadable: str
    weights: dict[str, Any] | None
    parent: str | None
    description: dict[str, Any]
    training: TrainingSpec | None
    lineage: list[TrainingSpec | None]
    scoring: list[ScoringRecord]
    paths: dict[str, str]
    from_files: NotRequired[bool]
    backbones: NotRequired[dict[str, Any]]
    memory_work: NotRequired[dict[str, Any]]
    share: NotRequired[dict[str, float]]


def without_share(spec: TrialSpec) -> dict[str, Any]:
    """Return a spec as a fit's provenance keeps it: without what is of one attempt alone."""
    return {name: value for name, value in spec.items() if name != "share"}


def equalises_of(spec: TrialSpec) -> list[str]:
    """Return every equalise that a trial's images are read through, or were selected by."""
    trained = [block for block in (spec["training"], *spec["lineage"]) if block is not None]
    return [
        spec.get("equalise", "none"),
        *(block.get("equalise", "none") for block in trained),
        *(block["equalise"] for block in spec["scoring"]),
    ]
