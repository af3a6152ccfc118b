"""Labels that a file header gives away, where the experiment's file accepts them.

Read from the manifests, so that it is known of every store, whoever made it and when.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.section import Caution, Evidence, Placed, Section
from analysis.selection import StoreSelection
from grid.records.experiments import ExperimentRecord
from grid.records.places import manifest_key
from grid.records.pools.header_facts import accepted, one_sided_among, read_pool_facts
from grid.records.readable import by_halves

TRAINED = ("train", "validation")
Found = tuple[str, tuple[str, ...]] | None


def accepted_bias(selection: StoreSelection, experiment: ExperimentRecord) -> Found:
    """Say which labels a header gives away, in a sentence and a line per comparison; else None.

    What is compared are the classes of each test set and of what is trained on: of each dataset,
    or of all of them together where one brings only reals or only fakes. A pool whose manifest is
    not in the store (nothing of it has run), or is damaged, is left out.
    """
    if experiment["equalise"].startswith("match"):  # it leaves nothing, so nothing is read
        return None
    labels = {pool["pool_id"]: pool["label"] for pool in experiment["pools"]}
    read, damaged = by_halves(
        list(labels),
        lambda some: read_pool_facts(selection.store, {each: labels[each] for each in some}),
        manifest_key,
    )
    selection.damaged.update(damaged)
    facts = {pool_id: each for part in read for pool_id, each in part.items()}
    return accepted(
        one_sided_among(
            (name, [facts[pool_id] for pool_id in pools if pool_id in facts])
            for name, pools in _compared(experiment)
        ),
        experiment["equalise"],
    )


def _compared(experiment: ExperimentRecord) -> Iterator[tuple[str, list[str]]]:
    trained = [pool for pool in experiment["pools"] if pool["split"] in TRAINED]
    by_dataset: dict[str, list[str]] = {}
    labels: dict[str, set[int]] = {}
    for pool in trained:
        by_dataset.setdefault(pool["dataset"], []).append(pool["pool_id"])
        labels.setdefault(pool["dataset"], set()).add(pool["label"])
    for test_set in experiment["test_sets"]:
        yield f"test set {test_set['name']}", [*test_set["real_pools"], *test_set["fake_pools"]]
    for dataset, pools in by_dataset.items():
        yield f"training images of {dataset}", pools
    if any(len(both) == 1 for both in labels.values()):
        yield "training images of all datasets", [pool["pool_id"] for pool in trained]


def _find(evidence: Evidence) -> Found:
    return accepted_bias(evidence.selection, evidence.experiment)


def _cautions(evidence: Evidence, found: Found) -> Iterator[Caution]:
    if found is not None:
        yield Caution("one_sided", *found)


SECTION = Section(find=_find, cautions=Placed(10, _cautions))
