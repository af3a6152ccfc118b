"""Images that did not decode in an earlier run: refused when planning, not met again by each run.

Workers leave the ids of such images in the store's failure records. Each is decoded once more
before it is held against anybody: a repaired file has another id, another Pillow may read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.counts import counted
from data.image_files import ImageChanged, UnreadableImage
from grid.plan.plan import Plan
from grid.plan.trial_specs import pools_needed
from grid.records.failures import read_failures
from grid.refusal import Problems
from grid.store.base import Store

SHOWN = 5


@dataclass(frozen=True)
class Undecodable:
    """An image of the plan that does not decode."""

    dataset: str
    path: str
    image_id: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path} ({self.reason})"


def refuse_known_failures(plan: Plan, store: Store) -> list[Undecodable]:
    """Refuse a plan with images known not to decode; return those whose logits will be null.

    Args:
        plan: what is missing of it is looked at; a plan with nothing to do is never refused.
        store: whose failure records name the images.

    Raises:
        Refused: the file says `unreadable: refuse`, or a fit would train on one of them.
    """
    found = _found(plan, store)
    trained = _trained_on(plan)
    refuses = plan.expansion.experiment.unreadable == "refuse"
    problems = Problems()
    for dataset in dict.fromkeys(image.dataset for image in found):
        of_it = [image for image in found if image.dataset == dataset]
        if refuses:
            tested_only = "`unreadable: null_score` makes null logits of those that are only tested"
            _add(problems, dataset, of_it, tested_only)
        else:
            needed = [image for image in of_it if image.image_id in trained]
            _add(problems, dataset, needed, "Fits train or are validated on them, so no null helps")
    problems.raise_if_any()
    return found


def _add(problems: Problems, dataset: str, images: list[Undecodable], also: str) -> None:
    if not images:
        return
    shown = "; ".join(map(str, images[:SHOWN]))
    more = f" and {len(images) - SHOWN} more" if len(images) > SHOWN else ""
    problems.add(
        f"data.{dataset}: {counted(len(images), 'image')} found by an earlier run not to decode",
        f"{shown}{more}",
        f"Repair or remove them. {also}",
    )


def _found(plan: Plan, store: Store) -> list[Undecodable]:
    if not plan.missing:
        return []
    named = {
        image_id
        for failure in read_failures(store)
        if failure["kind"] == "unreadable"
        for image_id in failure["image_ids"]
    }
    if not named:
        return []
    found: dict[str, Undecodable] = {}
    wanted = pa.array(sorted(named), pa.string())
    catalog = plan.expansion.catalog
    for pool_id in pools_needed(plan.expansion, [f.fit for f in plan.missing]):
        dataset, table = catalog.dataset_of(pool_id), catalog.pool(pool_id).table
        rows = np.flatnonzero(pc.is_in(table["image_id"], value_set=wanted).to_numpy())
        for row in rows.tolist():
            image_id, path = table["image_id"][row].as_py(), table["path"][row].as_py()
            reason = _why_not(dataset.root / path, image_id)
            if reason:
                found.setdefault(image_id, Undecodable(dataset.alias, path, image_id, reason))
    return list(found.values())


def _why_not(path: Path, image_id: str) -> str:
    from data.decode import decode

    try:
        decode(path, image_id)
    except UnreadableImage as error:
        return error.reason
    except (ImageChanged, OSError, MemoryError):  # nothing is known of the image any more
        return ""
    return ""


def _trained_on(plan: Plan) -> frozenset[str]:
    selections = [f.fit.selection for f in plan.missing if not f.committed and f.fit.selection]
    return frozenset(
        image_id
        for selection in selections
        for rows in (selection.train, selection.validation)
        for image_id in rows.image_ids
    )
