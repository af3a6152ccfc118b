"""Repeating a committed fit or piece aside, and saying whether the store holds the same numbers."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from grid import records
from grid.execute import missing_pieces, run_trial
from grid.store import Store, open_store

# Design, "Equal": bit for bit on one CPU type; on GPU and for other groupings of a batch, this.
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Verification:
    """What a repetition gave. `largest` is the largest difference of a logit, in logits."""

    what: str
    identical: bool
    compared: int
    largest: float
    within_tolerance: bool
    then: Mapping[str, Any]
    now: Mapping[str, Any]

    @property
    def changed_conditions(self) -> dict[str, tuple[Any, Any]]:
        """Machine, packages, threads and code where they differ from those of the commit."""
        keys = ("cpu", "device", "threads", "packages", "code")
        return {
            k: (self.then.get(k), self.now.get(k))
            for k in keys
            if self.then.get(k) != self.now.get(k)
        }


def verify_fit(store: Store, fit_id: str) -> Verification:
    """Train a committed fit again, into a store of its own, and compare validation logits.

    Raises:
        ValueError: the fit is not committed.
        StoreMissing: its images' paths are no longer in the store.
    """
    commit, spec = _committed(store, fit_id)
    with tempfile.TemporaryDirectory(prefix="crossgen-verify-") as folder:
        aside = _aside(store, {**spec, "scoring": []}, Path(folder))
        run_trial(aside, "verify", _silent, _never)
        repeated_store = open_store(folder)
        repeated = _read_commit(repeated_store, fit_id)
        then = records.read_validation(store, fit_id, commit["attempt"])
        now = records.read_validation(repeated_store, fit_id, repeated["attempt"])
        facts = records.read_provenance(repeated_store, fit_id, repeated["attempt"])
    same_weights = commit["weights"] == repeated["weights"]
    return _compared(
        f"fit {fit_id}",
        then["logit"].to_numpy(),
        now["logit"].to_numpy(),
        same_weights,
        records.read_provenance(store, fit_id, commit["attempt"]),
        facts,
    )


def verify_piece(store: Store, fit_id: str, piece_id: str) -> Verification:
    """Score a committed piece again with the committed weights and compare every logit.

    Raises:
        ValueError: the fit or the piece is not committed.
    """
    commit, spec = _committed(store, fit_id)
    key = records.scores_key(fit_id, piece_id)
    if not store.exists(key):
        known = ", ".join(sorted(records.committed_pieces_of(store, fit_id))[:5])
        raise ValueError(f"{fit_id} has no piece {piece_id!r}. Some of its pieces: {known}")
    footer = records.read_score_footer(store, key)
    scoring = {
        "fit_id": fit_id,
        "epochs": [footer["epoch"]],
        "pools": [footer["pool_id"]],
        "degradations": [footer["degradation"]],
        "test_pipeline": footer["test_pipeline"],
        "equalise": footer["equalise"],
        "operations": {footer["degradation"]: footer["operations"]},
    }
    with tempfile.TemporaryDirectory(prefix="crossgen-verify-") as folder:
        aside = _aside(store, {**spec, "scoring": [scoring]}, Path(folder))
        repeated_store = open_store(folder)
        weights = records.weights_key(fit_id, commit["attempt"], footer["epoch"])
        repeated_store.put_new(weights, store.get(weights))
        repeated_store.put_new(records.commit_key(fit_id), store.get(records.commit_key(fit_id)))
        [piece] = missing_pieces(aside, commit, repeated_store)
        run_trial(aside, "verify", _silent, _never)
        then = records.read_scores(store, piece, commit)["logit"].to_numpy()
        now = records.read_scores(repeated_store, piece, commit)["logit"].to_numpy()
    facts = records.read_provenance(store, fit_id, commit["attempt"])
    return _compared(f"piece {piece_id} of {fit_id}", then, now, True, facts, facts)


def _committed(store: Store, fit_id: str) -> tuple[records.Commit, dict[str, Any]]:
    commit = _read_commit(store, fit_id)
    return commit, dict(records.read_provenance(store, fit_id, commit["attempt"])["spec"])


def _read_commit(store: Store, fit_id: str) -> records.Commit:
    commit = records.read_commit(store, fit_id)
    if commit is None:
        known = records.did_you_mean(fit_id, records.committed_fits(store))
        raise ValueError(f"{fit_id} is not committed in {store.url}. {known}")
    return commit


def _aside(store: Store, spec: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Copy manifests, paths and parents' weights that a spec reads into a store of its own."""
    aside = open_store(folder)
    blocks = [b for b in (spec["training"], *spec["lineage"]) if b]
    pools = {
        p["pool_id"]: p["paths"] for b in blocks for p in (*b["pools"], *b["validation_pools"])
    }
    wanted = {pool for s in spec["scoring"] for pool in s["pools"]}
    paths = {**_current_paths(store, wanted, spec["paths"]), **pools}
    for pool_id, key in paths.items():
        for name in (records.manifest_key(pool_id), key):
            aside.put_new(name, store.get(name))
    if spec["parent"]:
        parent = _read_commit(store, spec["parent"])
        aside.put_new(
            records.commit_key(spec["parent"]), store.get(records.commit_key(spec["parent"]))
        )
        for epoch in parent["weights"]:
            name = records.weights_key(spec["parent"], parent["attempt"], int(epoch))
            aside.put_new(name, store.get(name))
    return {**spec, "store": aside.url, "paths": {p: paths[p] for p in wanted}}


def _current_paths(store: Store, pools: set[str], known: Mapping[str, str]) -> dict[str, str]:
    """Where pools lie: as the fit's own spec says, else as any later plan has said."""
    found = {}
    for pool_id in pools:
        keys = store.list(f"derived/paths/{pool_id}/")
        found[pool_id] = known.get(pool_id) or (keys[-1] if keys else "")
    return found


def _compared(
    what: str,
    then: np.ndarray,
    now: np.ndarray,
    same_weights: bool,
    then_facts: Mapping[str, Any],
    now_facts: Mapping[str, Any],
) -> Verification:
    then, now = then.astype(np.float64), now.astype(np.float64)
    if then.shape != now.shape or (np.isnan(then) != np.isnan(now)).any():
        return Verification(what, False, len(then), float("inf"), False, then_facts, now_facts)
    difference = np.abs(np.nan_to_num(then) - np.nan_to_num(now))
    allowed = TOLERANCE * np.maximum(1, np.abs(np.nan_to_num(then)))
    return Verification(
        what,
        bool(same_weights and not difference.any()),
        len(then),
        float(difference.max(initial=0.0)),
        bool((difference <= allowed).all()),
        then_facts,
        now_facts,
    )


def _silent(progress: dict[str, Any]) -> None:
    """Nobody watches a verification's epochs."""


def _never() -> bool:
    return False
