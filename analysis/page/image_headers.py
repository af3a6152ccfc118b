"""What the stored manifests say of file headers, where an experiment holds classes side by side."""

from __future__ import annotations

from collections.abc import Iterator
from weakref import WeakKeyDictionary

from analysis.selecting.selection import StoreSelection
from grid.records.experiments import ExperimentRecord, sets_of
from grid.records.places import manifest_key
from grid.records.pools.header_facts import PoolFacts, read_pool_facts
from grid.records.readable import by_halves
from grid.records.table_lists import as_asked

TRAINED = ("train", "validation")

_known: WeakKeyDictionary[StoreSelection, dict[str, PoolFacts]] = WeakKeyDictionary()


def pools_with_headers(
    selection: StoreSelection, experiment: ExperimentRecord
) -> dict[str, PoolFacts]:
    """Return the header facts of an experiment's pools by id, read once for a selection.

    A pool whose manifest is not in the store (nothing of it has run) is left out; so is one whose
    manifest is damaged, which is noted in the selection.
    """
    known = _known.setdefault(selection, {})
    labels = {pool["pool_id"]: pool["label"] for pool in experiment["pools"]}
    wanted = [pool_id for pool_id in labels if pool_id not in known]
    if wanted:
        read, damaged = by_halves(
            wanted,
            lambda some: read_pool_facts(selection.store, {each: labels[each] for each in some}),
            manifest_key,
        )
        selection.damaged.update(damaged)
        known.update({pool_id: each for part in read for pool_id, each in part.items()})
    return {pool_id: known[pool_id] for pool_id in labels if pool_id in known}


def compared_in(
    experiment: ExperimentRecord, equalise: str | None = None
) -> Iterator[tuple[str, list[str]]]:
    """Yield the names and pools in which an experiment holds reals against fakes.

    The classes of each test set and of what is trained on: of each dataset, or of all of them
    together where one brings only reals or only fakes. With `equalise`, the test sets that are
    scored through it alone; a record does not say which training images which fit learned from.
    """
    places = set(range(len(experiment["test_sets"])))
    if equalise is not None:
        asking = [s for s in experiment["scoring"] if as_asked(s["equalise"]) == equalise]
        places = {place for scoring in asking for place in sets_of(experiment, scoring)}
    trained = [pool for pool in experiment["pools"] if pool["split"] in TRAINED]
    by_dataset: dict[str, list[str]] = {}
    labels: dict[str, set[int]] = {}
    for pool in trained:
        by_dataset.setdefault(pool["dataset"], []).append(pool["pool_id"])
        labels.setdefault(pool["dataset"], set()).add(pool["label"])
    for place, test_set in enumerate(experiment["test_sets"]):
        if place not in places:
            continue
        yield f"test set {test_set['name']}", [*test_set["real_pools"], *test_set["fake_pools"]]
    for dataset, pools in by_dataset.items():
        yield f"training images of {dataset}", pools
    if any(len(both) == 1 for both in labels.values()):
        yield "training images of all datasets", [pool["pool_id"] for pool in trained]
