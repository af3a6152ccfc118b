"""What of a store an experiment's results are: all that a bundle packs, each file proved.

The images are not in it, nor where they lay: of the tables of files only classes and pairs are
kept, which a repeated training needs. Provenance and failures are as they were recorded, with the
names of machines and folders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from grid.records.audits.audit_records import audit_of_bytes
from grid.records.commits import Commit, read_commits, read_weights
from grid.records.experiments import ExperimentRecord, pieces_of
from grid.records.places import (
    ARTIFACTS,
    AUDITS,
    MANIFESTS,
    bundled_files_key,
    bundled_key,
    commit_key,
    experiment_key,
    failures_of,
    features_of,
    history_key,
    manifest_key,
    provenance_key,
    run_key,
    scores_of,
    table_list_key,
    validation_key,
    weights_key,
)
from grid.records.pools.file_tables import read_files
from grid.records.proven.json_records import SCHEMA, is_proven_record, to_json
from grid.records.proven.parquet_files import open_parquet, parquet_bytes
from grid.records.runs import read_runs
from grid.records.scores.score_reading import scores_of_bytes
from grid.records.table_lists import lists_named
from grid.records.tables import read_provenance
from grid.store.base import Store
from grid.trial.spec import TrialSpec

ABOUT = bundled_key("about.json")
PAGE = bundled_key("report.html")
NUMBERS = bundled_key("report.findings.json")
EXPERIMENT_FILE = bundled_key("experiment.yaml")
Read = Callable[[], bytes]


def bundle_content(
    store: Store,
    experiment: ExperimentRecord,
    own: Mapping[str, bytes],
    *,
    with_weights: bool,
) -> Iterator[tuple[str, bytes]]:
    """Yield every key of an experiment's bundle and its bytes, sorted by key, each proved.

    Args:
        store: has the experiment's results.
        experiment: its expansion; what is not committed is not in the bundle.
        own: files of the bundle alone, such as the page.
        with_weights: pack the weights of the fits too.

    Raises:
        UnusableFile: a file of the store is damaged, or scores are of other weights.
        StoreMissing: a file that a commit speaks of is gone.
    """
    fits = [fit["fit_id"] for fit in experiment["fits"]]
    commits = read_commits(store, fits)
    files: dict[str, Read] = {key: partial(_given, data) for key, data in own.items()}
    files[experiment_key(experiment["name"], experiment["digest"])] = partial(to_json, experiment)
    files[ABOUT] = partial(to_json, about_bundle(experiment, commits, with_weights=with_weights))
    pools = {pool["pool_id"] for pool in experiment["pools"]}
    manifests = {manifest_key(pool_id) for pool_id in pools}
    plain = manifests & set(store.list(MANIFESTS))
    asked = [block["equalise"] for block in experiment["scoring"]]
    asked += [fit["description"].get("equalise", "none") for fit in experiment["fits"]]
    plain |= {table_list_key(digest) for digest in lists_named(asked)}
    plain |= {key for fit_id in fits for key in store.list(failures_of(fit_id))}
    plain |= {key for fit_id in fits for key in store.list(features_of(fit_id))}
    plain |= {k for k in store.list(ARTIFACTS) if k.split("/")[2] in pools | set(fits)}
    plain |= {key for key in store.list(AUDITS) if _is_about(store, key, pools)}
    plain |= {
        run_key(each["run"])
        for each in read_runs(store)
        if each["experiment"] == experiment["name"]
    }
    for commit in commits.values():
        plain |= _beside(commit)
        if with_weights:
            files.update(_weights(store, commit))
        files.update(_files_of(store, commit))
    files.update({key: partial(_proved, store, key) for key in plain})
    present = {key for fit_id in commits for key in store.list(scores_of(fit_id))}
    for piece in pieces_of(experiment, commits):
        if piece.key in present:
            files[piece.key] = partial(_scores, store, piece.key, commits[piece.fit_id])
    for key in sorted(files):
        yield key, files[key]()


def about_bundle(
    experiment: ExperimentRecord, commits: Mapping[str, Commit], *, with_weights: bool
) -> dict[str, Any]:
    """Return what a bundle says of itself."""
    return {
        "schema": SCHEMA,
        "experiment": experiment["name"],
        "digest": experiment["digest"],
        "question": experiment["question"],
        "fits": len(experiment["fits"]),
        "committed": len(commits),
        "images": sum(pool["n"] for pool in experiment["pools"]),
        "with_weights": with_weights,
        "how_to_read": "crossgen open FILE; any reading command takes it as --store FILE. Every "
        "file is as grid/README.md of crossgen describes it; SHA256SUMS proves each.",
    }


def _beside(commit: Commit) -> set[str]:
    """Return the keys of a fit's commit and of what lies beside its weights."""
    fit_id, attempt = commit["fit_id"], commit["attempt"]
    keys = {commit_key(fit_id), provenance_key(fit_id, attempt)}
    if commit["n_train"]:
        keys |= {history_key(fit_id, attempt), validation_key(fit_id, attempt)}
    return keys


def _weights(store: Store, commit: Commit) -> Iterator[tuple[str, Read]]:
    for epoch in map(int, commit["weights"]):
        key = weights_key(commit["fit_id"], commit["attempt"], epoch)
        yield key, partial(read_weights, store, commit, epoch)


def _files_of(store: Store, commit: Commit) -> Iterator[tuple[str, Read]]:
    """Yield the classes and pairs by which a fit's rows were chosen, of each pool it read."""
    spec = read_provenance(store, commit["fit_id"], commit["attempt"]).get("spec")
    for key in table_keys(spec) if spec is not None else ():
        if store.exists(key):
            bundled = bundled_files_key(key)
            yield bundled, partial(_classes_and_pairs, store, key, bundled)


def table_keys(spec: TrialSpec) -> set[str]:
    """Return the keys of all tables of files that a trial read."""
    blocks = [block for block in (spec["training"], *spec["lineage"]) if block]
    trained = {
        pool["paths"] for block in blocks for pool in (*block["pools"], *block["validation_pools"])
    }
    return trained | set(spec["paths"].values())


def _classes_and_pairs(store: Store, key: str, bundled: str) -> bytes:
    return parquet_bytes(read_files(store, key).select(["class", "pair"]), {"key": bundled})


def _is_about(store: Store, key: str, pools: set[str]) -> bool:
    audit = audit_of_bytes(key, store.get(key))
    return any(pools.intersection(each["pools"]) for each in audit["comparisons"])


def _scores(store: Store, key: str, commit: Commit) -> bytes:
    data = store.get(key)
    scores_of_bytes(key, data, commit)
    return data


def _proved(store: Store, key: str) -> bytes:
    data = store.get(key)
    if key.endswith(".json"):
        is_proven_record(key, data)
    elif key.endswith(".parquet"):
        open_parquet(key, data)
    return data


def _given(data: bytes) -> bytes:
    return data
