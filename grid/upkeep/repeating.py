"""A trial repeated in a store of its own, from what the store remembers of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from data.decode import ImageChanged, UnreadableImage
from data.view import OtherVersion
from grid.records.commits import Commit, WeightsChanged, committed_fits, read_commit, read_weights
from grid.records.experiments import resolved_epochs
from grid.records.places import commit_key, files_key, files_of, manifest_key, weights_key
from grid.records.pools.file_tables import files_bytes, read_files
from grid.records.proven.json_records import CorruptRecord
from grid.records.table_lists import lists_named, read_table_list, write_table_list
from grid.refusal import Problem, Refused, did_you_mean
from grid.store.base import Store
from grid.store.errors import StoreError, StoreMissing
from grid.store.opening import open_store
from grid.trial.execute import run_trial
from grid.trial.network import WeightsLost
from grid.trial.spec import TrialSpec, equalises_of


def commit_in(store: Store, fit_id: str) -> Commit:
    """Return a fit's commit; raise ValueError where there is none."""
    commit = read_commit(store, fit_id)
    if commit is None:
        known = did_you_mean(fit_id, committed_fits(store))
        raise ValueError(f"{fit_id} is not committed in {store.url}. {known}")
    return commit


def repeat_aside(spec: TrialSpec, store: Store, folder: Path) -> None:
    """Run a trial in a store of its own, with all that it reads copied there.

    Args:
        spec: of the trial.
        store: has what it reads.
        folder: of the other store, empty.

    Raises:
        Refused: images or weights are not as they were.
    """
    try:
        run_trial(_aside(store, spec, folder), "verify", _silent, _never)
    except StoreError:
        raise
    except (ImageChanged, UnreadableImage, WeightsLost, OtherVersion, OSError) as error:
        raise _cannot_repeat(spec, error) from error


def _cannot_repeat(spec: TrialSpec, error: Exception) -> Refused:
    return Refused(
        [
            Problem(
                what=spec["fit_id"],
                why=str(error).rstrip("."),
                mend="Put back what it was made from, then verify again",
            )
        ]
    )


def _aside(store: Store, spec: TrialSpec, folder: Path) -> TrialSpec:
    """Copy manifests, paths and parents' weights that a spec reads into a store of its own."""
    aside = open_store(folder)
    wanted = {pool for s in spec["scoring"] for pool in s["pools"]}
    # A pool that a later plan added is none of those that the fit's own spec knows.
    scored = {p: spec["paths"].get(p) or files_key(p, "aside") for p in wanted}
    blocks = [b for b in (spec["training"], *spec["lineage"]) if b]
    trained = {
        p["pool_id"]: p["paths"] for b in blocks for p in (*b["pools"], *b["validation_pools"])
    }
    for pool_id, key in {*scored.items(), *trained.items()}:
        manifest = manifest_key(pool_id)
        aside.put_new(manifest, store.get(manifest))
        aside.put_new(key, files_bytes(key, _files_found(store, pool_id, key)))
    for digest in lists_named(equalises_of(spec)):
        write_table_list(aside, read_table_list(store, digest))
    if spec["parent"] and spec["weights"]:
        parent = commit_in(store, spec["parent"])
        aside.put_new(commit_key(spec["parent"]), store.get(commit_key(spec["parent"])))
        [epoch] = resolved_epochs([spec["weights"]["epoch"]], parent)
        try:
            began_with = read_weights(store, parent, epoch)
        except WeightsChanged as error:
            raise _cannot_repeat(spec, error) from error
        aside.put_new(weights_key(spec["parent"], parent["attempt"], epoch), began_with)
    return {**spec, "store": aside.url, "paths": scored, "from_files": True}


def _files_found(store: Store, pool_id: str, recorded: str) -> pa.Table:
    """Return the recorded table of a pool's files, with the paths of a table whose files exist.

    Each run that found a moved folder left another table; their names tell no order. Classes and
    pairs stay the recorded ones: rows were selected by them.
    """
    then, absent = None, ""
    for key in dict.fromkeys((recorded, *store.list(files_of(pool_id)))):
        try:
            table = read_files(store, key)
        except (StoreMissing, CorruptRecord):
            continue
        then = table if then is None else then
        gone = next((p for p in table["path"].to_pylist() if not Path(p).is_file()), None)
        if gone is None:
            return then.set_column(then.column_names.index("path"), "path", table["path"])
        absent = absent or gone
    raise Refused(
        [
            Problem(
                what=f"images of {pool_id}",
                why=f"{absent} is gone, and no run has found all of them elsewhere"
                if absent
                else "the store does not say any more where they lie",
                mend="Put them back, or run an experiment that reads them where they are now",
            )
        ]
    )


def _silent(progress: dict[str, Any]) -> None:
    """Nobody watches a verification's epochs."""


def _never() -> bool:
    return False
