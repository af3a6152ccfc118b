"""Repeating a committed fit or piece aside, and saying whether the store holds the same numbers."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from data.decode import ImageChanged, UnreadableImage
from data.view import OtherVersion
from grid.records.commits import (
    Commit,
    WeightsChanged,
    committed_fits,
    committed_pieces_of,
    read_commit,
    read_weights,
    weights_damage,
)
from grid.records.experiments import ScoringRecord, pieces_of_scoring, resolved_epochs
from grid.records.places import commit_key, manifest_key, scores_key, weights_key
from grid.records.pools.file_tables import PATHS, files_bytes, read_files
from grid.records.proven.json_records import CorruptRecord
from grid.records.scores.score_reading import (
    ForeignScores,
    check_weights,
    read_score_footer,
    read_scores,
)
from grid.records.tables import read_provenance, read_validation
from grid.refusal import Problem, Refused, did_you_mean
from grid.store.base import Store
from grid.store.errors import StoreError, StoreMissing
from grid.store.opening import open_store
from grid.trial.execute import run_trial
from grid.trial.fit.conditions import changes, differing
from grid.trial.fit.provenance import provenance
from grid.trial.network import WeightsLost

# Design, "Equal": bit for bit on one CPU type; on GPU and for other groupings of a batch, this.
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Verification:
    """What a repetition gave. `largest` is the largest difference of a logit, in logits.

    `damage` says what of the stored fit cannot be used; then nothing was repeated. `other_weights`
    are the epochs whose weights the repetition ended with others of.
    """

    what: str
    identical: bool = False
    compared: int = 0
    largest: float = float("inf")
    within_tolerance: bool = False
    then: Mapping[str, Any] = field(default_factory=dict)
    now: Mapping[str, Any] = field(default_factory=dict)
    other_weights: tuple[int, ...] = ()
    damage: tuple[str, ...] = ()

    @property
    def changed_conditions(self) -> dict[str, tuple[Any, Any]]:
        """Threads, machine, packages and code where they differ from those of the commit."""
        return differing(self.then, self.now)

    @property
    def changed_in_training(self) -> list[str]:
        """Which conditions changed while the stored fit was trained, in words."""
        return changes(self.then.get("attempts", ()))


def verify_fit(store: Store, fit_id: str) -> Verification:
    """Train a committed fit again, into a store of its own, and compare validation logits.

    The weights of every kept epoch are read and held against the commit first: where they are
    damaged, that is the answer. Of given weights nothing was trained: their file is read again and
    compared.

    Raises:
        ValueError: the fit is not committed.
        Refused: its images or given weights are not as they were.
    """
    commit, spec = _committed(store, fit_id)
    what = f"fit {fit_id}"
    if damage := weights_damage(store, commit):
        return Verification(what, damage=tuple(damage))
    with tempfile.TemporaryDirectory(prefix="crossgen-verify-") as folder:
        _repeat({**spec, "scoring": []}, store, Path(folder))
        repeated_store = open_store(folder)
        repeated = _read_commit(repeated_store, fit_id)
        facts = read_provenance(repeated_store, fit_id, repeated["attempt"])
        if spec["training"] is not None:
            then = _validation_logits(store, commit)
            now = _validation_logits(repeated_store, repeated)
        else:
            then = now = np.empty(0)
    epochs = sorted({*commit["weights"], *repeated["weights"]}, key=int)
    others = [e for e in epochs if commit["weights"].get(e) != repeated["weights"].get(e)]
    return _compared(
        what,
        then,
        now,
        tuple(int(epoch) for epoch in others),
        read_provenance(store, fit_id, commit["attempt"]),
        facts,
    )


def _validation_logits(store: Store, commit: Commit) -> np.ndarray:
    table = read_validation(store, commit["fit_id"], commit["attempt"])
    logits: np.ndarray = table["logit"].to_numpy()
    return logits


def verify_piece(store: Store, fit_id: str, piece_id: str) -> Verification:
    """Score a committed piece again with the committed weights and compare every logit.

    Its weights are read and held against the commit first, and so is what its scores say of them:
    where they are damaged, that is the answer.

    Raises:
        ValueError: the fit or the piece is not committed.
        Refused: its images are not where any run has found them.
    """
    commit, spec = _committed(store, fit_id)
    key = scores_key(fit_id, piece_id)
    if not store.exists(key):
        known = ", ".join(sorted(committed_pieces_of(store, fit_id))[:5])
        raise ValueError(f"{fit_id} has no piece {piece_id!r}. Some of its pieces: {known}")
    footer = read_score_footer(store, key)
    scoring: ScoringRecord = {
        "fit_id": fit_id,
        "epochs": [footer["epoch"]],
        "pools": [footer["pool_id"]],
        "degradations": [footer["degradation"]],
        "test_pipeline": footer["test_pipeline"],
        "equalise": footer["equalise"],
        "operations": {footer["degradation"]: footer["operations"]},
    }
    what = f"piece {piece_id} of {fit_id}"
    damage = weights_damage(store, commit, [footer["epoch"]])
    try:
        check_weights(key, footer, commit)
    except ForeignScores as error:
        damage.append(str(error))
    if damage:
        return Verification(what, damage=tuple(damage))
    with tempfile.TemporaryDirectory(prefix="crossgen-verify-") as folder:
        repeated_store = open_store(folder)
        weights = weights_key(fit_id, commit["attempt"], footer["epoch"])
        repeated_store.put_new(weights, store.get(weights))
        repeated_store.put_new(commit_key(fit_id), store.get(commit_key(fit_id)))
        with provenance(spec, "verify") as facts:
            _repeat({**spec, "scoring": [scoring]}, store, Path(folder))
        [piece] = pieces_of_scoring(scoring, commit)
        then = read_scores(store, piece, commit)["logit"].to_numpy()
        now = read_scores(repeated_store, piece, commit)["logit"].to_numpy()
    recorded = read_provenance(store, fit_id, commit["attempt"])
    return _compared(what, then, now, (), recorded, facts.record)


def _committed(store: Store, fit_id: str) -> tuple[Commit, dict[str, Any]]:
    commit = _read_commit(store, fit_id)
    return commit, dict(read_provenance(store, fit_id, commit["attempt"])["spec"])


def _read_commit(store: Store, fit_id: str) -> Commit:
    commit = read_commit(store, fit_id)
    if commit is None:
        known = did_you_mean(fit_id, committed_fits(store))
        raise ValueError(f"{fit_id} is not committed in {store.url}. {known}")
    return commit


def _repeat(spec: dict[str, Any], store: Store, folder: Path) -> None:
    """Run a trial in a store of its own, with all that it reads copied there."""
    try:
        run_trial(_aside(store, spec, folder), "verify", _silent, _never)
    except StoreError:
        raise
    except (ImageChanged, UnreadableImage, WeightsLost, OtherVersion, OSError) as error:
        raise _cannot_repeat(spec, error) from error


def _cannot_repeat(spec: Mapping[str, Any], error: Exception) -> Refused:
    return Refused(
        [
            Problem(
                what=spec["fit_id"],
                why=str(error).rstrip("."),
                mend="Put back what it was made from, then verify again",
            )
        ]
    )


def _aside(store: Store, spec: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Copy manifests, paths and parents' weights that a spec reads into a store of its own."""
    aside = open_store(folder)
    wanted = {pool for s in spec["scoring"] for pool in s["pools"]}
    # A pool that a later plan added is none of those that the fit's own spec knows.
    scored = {p: spec["paths"].get(p) or f"{PATHS}{p}/aside.parquet" for p in wanted}
    blocks = [b for b in (spec["training"], *spec["lineage"]) if b]
    trained = {
        p["pool_id"]: p["paths"] for b in blocks for p in (*b["pools"], *b["validation_pools"])
    }
    for pool_id, key in {*scored.items(), *trained.items()}:
        manifest = manifest_key(pool_id)
        aside.put_new(manifest, store.get(manifest))
        aside.put_new(key, files_bytes(key, _files_found(store, pool_id, key)))
    if spec["parent"]:
        parent = _read_commit(store, spec["parent"])
        aside.put_new(commit_key(spec["parent"]), store.get(commit_key(spec["parent"])))
        [epoch] = resolved_epochs([spec["weights"]["epoch"]], parent)
        try:
            began_with = read_weights(store, parent, epoch)
        except WeightsChanged as error:
            raise _cannot_repeat(spec, error) from error
        aside.put_new(weights_key(spec["parent"], parent["attempt"], epoch), began_with)
    return {**spec, "store": aside.url, "paths": scored}


def _files_found(store: Store, pool_id: str, recorded: str) -> pa.Table:
    """Return the recorded table of a pool's files, with the paths of a table whose files exist.

    Each run that found a moved folder left another table; their names tell no order. Classes and
    pairs stay the recorded ones: rows were selected by them.
    """
    then, absent = None, ""
    for key in dict.fromkeys((recorded, *store.list(f"{PATHS}{pool_id}/"))):
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


def _compared(
    what: str,
    then: np.ndarray,
    now: np.ndarray,
    other_weights: tuple[int, ...],
    then_facts: Mapping[str, Any],
    now_facts: Mapping[str, Any],
) -> Verification:
    result = Verification(
        what, compared=len(then), then=then_facts, now=now_facts, other_weights=other_weights
    )
    then, now = then.astype(np.float64), now.astype(np.float64)
    if then.shape != now.shape or (np.isnan(then) != np.isnan(now)).any():
        return result
    difference = np.abs(np.nan_to_num(then) - np.nan_to_num(now))
    allowed = TOLERANCE * np.maximum(1, np.abs(np.nan_to_num(then)))
    return replace(
        result,
        identical=not other_weights and not difference.any(),
        largest=float(difference.max(initial=0.0)),
        within_tolerance=bool((difference <= allowed).all()),
    )


def _silent(progress: dict[str, Any]) -> None:
    """Nobody watches a verification's epochs."""


def _never() -> bool:
    return False
