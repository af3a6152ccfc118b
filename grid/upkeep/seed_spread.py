"""How far trainings of one procedure lie apart, by their scores of the same validation images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from detectors.history import area_under_curve
from grid.records.commits import Commit, committed_fits
from grid.records.proven.json_records import CorruptRecord
from grid.records.readable import readable_commits
from grid.records.tables import read_validation
from grid.store.base import Store
from grid.store.errors import StoreMissing

MOST_SEEDS = 20
"""Other fits whose validation scores are read."""


@dataclass(frozen=True)
class Deviation:
    """Two trainings' scores of the same images: AUC of each, and differences of a logit."""

    auc: tuple[float | None, float | None]
    mean: float
    largest: float


def deviation(first: pa.Table, second: pa.Table) -> Deviation | None:
    """Compare two tables of validation scores; None where they are not of the same images."""
    images = (table["image_id"].to_pylist() for table in (first, second))
    if next(images) != next(images) or not len(first):
        return None
    labels = first["label"].to_numpy()
    logits = [table["logit"].to_numpy().astype(np.float64) for table in (first, second)]
    difference = np.abs(logits[0] - logits[1])
    return Deviation(
        auc=(area_under_curve(logits[0], labels), area_under_curve(logits[1], labels)),
        mean=float(difference.mean()),
        largest=float(difference.max()),
    )


def deviations_between_seeds(store: Store, commit: Commit) -> list[Deviation]:
    """Compare a fit with the committed ones that differ from it in nothing but the seed.

    A fit that began from another's weights has none: its parent has a seed as well. What cannot be
    read is left out.
    """
    own = read_validation(store, commit["fit_id"], commit["attempt"])
    found = []
    for other in _other_seeds(store, commit)[:MOST_SEEDS]:
        try:
            table = read_validation(store, other["fit_id"], other["attempt"])
        except (CorruptRecord, StoreMissing):
            continue
        compared = deviation(own, table)
        if compared is not None:
            found.append(compared)
    return found


def _other_seeds(store: Store, commit: Commit) -> list[Commit]:
    detector = commit["description"]["detector"]
    alike = sorted(f for f in committed_fits(store) if f.startswith(f"{detector}-s"))
    commits, _ = readable_commits(store, [f for f in alike if f != commit["fit_id"]])
    wanted = _seedless(commit["description"])
    return [each for each in commits.values() if _seedless(each["description"]) == wanted]


def _seedless(description: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in description.items() if key != "seed"}
