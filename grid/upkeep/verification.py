"""Repeating a committed fit or piece aside, and saying whether the store holds the same numbers."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from grid.records.commits import (
    Commit,
    committed_pieces_of,
    weights_damage,
)
from grid.records.experiments import ScoringRecord, pieces_of_scoring
from grid.records.places import commit_key, scores_key, weights_key
from grid.records.scores.score_reading import (
    ForeignScores,
    check_weights,
    read_score_footer,
    read_scores,
)
from grid.records.tables import read_provenance, read_validation
from grid.refusal import Refused
from grid.store.base import Store
from grid.store.opening import open_store
from grid.trial.device import CPU
from grid.trial.fit.conditions import changes, differing
from grid.trial.fit.provenance import provenance
from grid.trial.plugin_source import require_trusted
from grid.trial.spec import TrialSpec
from grid.upkeep.repeatability import trained_on_cpu, training_must_repeat, within_tolerance
from grid.upkeep.repeating import commit_in, repeat_aside
from grid.upkeep.seed_spread import Deviation, deviation, deviations_between_seeds

_NONE = np.empty(0)


@dataclass(frozen=True)
class Verification:
    """What a repetition gave. `largest` is the largest difference of a logit, in logits.

    `damage` says what of the stored fit cannot be used; then nothing was repeated. `other_weights`
    are the epochs whose weights the repetition ended with others of. Where a training need not
    repeat itself, see `repeatability`, `told` is how far it came, and `between_seeds` how far other
    seeds' fits lie from the stored one.
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
    must_repeat: bool = True
    told: Deviation | None = None
    between_seeds: tuple[Deviation, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether the repetition gave what it owes."""
        if self.identical:
            return True
        return self.within_tolerance if self.must_repeat else self.told is not None

    @property
    def changed_conditions(self) -> dict[str, tuple[Any, Any]]:
        """Threads, machine, packages and code where they differ from those of the commit."""
        return differing(self.then, self.now)

    @property
    def changed_in_training(self) -> list[str]:
        """Which conditions changed while the stored fit was trained, in words."""
        return changes(self.then.get("attempts", ()))


def verify_fit(store: Store, fit_id: str, *, trust_plugins: bool = False) -> Verification:
    """Train a committed fit again, into a store of its own, and compare validation logits.

    The weights of every kept epoch are read and held against the commit first, where the store
    keeps them: where they are damaged, that is the answer. Of given weights nothing was trained:
    their file is read again and compared. What a CPU trained a CPU repeats, also on a machine with
    a GPU.

    Args:
        store: has the fit.
        fit_id: which.
        trust_plugins: run the code of a plug-in that the store holds.

    Raises:
        ValueError: the fit is not committed.
        Refused: its images or given weights are not as they were, or it is of a plug-in.
    """
    commit, spec = _committed(store, fit_id)
    require_trusted(spec, trust_plugins=trust_plugins)
    what = f"fit {fit_id}"
    if store.holds_weights and (damage := weights_damage(store, commit)):
        return Verification(what, damage=tuple(damage))
    recorded = read_provenance(store, fit_id, commit["attempt"])
    device = CPU if trained_on_cpu(recorded) else spec.get("device")
    with tempfile.TemporaryDirectory(prefix="crossgen-verify-") as folder:
        repeat_aside({**spec, "device": device, "scoring": []}, store, Path(folder))
        aside = open_store(folder)
        repeated = commit_in(aside, fit_id)
        facts = read_provenance(aside, fit_id, repeated["attempt"])
        if spec["training"] is None:
            return _compared(what, _NONE, _NONE, _other_weights(commit, repeated), recorded, facts)
        then = read_validation(store, fit_id, commit["attempt"])
        now = read_validation(aside, fit_id, repeated["attempt"])
    result = _compared(
        what,
        then["logit"].to_numpy(),
        now["logit"].to_numpy(),
        _other_weights(commit, repeated),
        recorded,
        facts,
    )
    if training_must_repeat(recorded, facts):
        return result
    return replace(
        result,
        must_repeat=False,
        told=deviation(then, now),
        between_seeds=tuple(deviations_between_seeds(store, commit)),
    )


def _other_weights(commit: Commit, repeated: Commit) -> tuple[int, ...]:
    stored, ended = commit["weights"], repeated["weights"]
    epochs = sorted({*stored, *ended}, key=int)
    return tuple(int(epoch) for epoch in epochs if stored.get(epoch) != ended.get(epoch))


def verify_piece(
    store: Store,
    fit_id: str,
    piece_id: str,
    *,
    retrain: bool = False,
    trust_plugins: bool = False,
) -> Verification:
    """Score a committed piece again with the committed weights and compare every logit.

    Its weights are read and held against the commit first, and so is what its scores say of them:
    where they are damaged, that is the answer.

    Args:
        store: has the piece.
        fit_id: of its fit.
        piece_id: which.
        retrain: train the fit again and score with what that ends with, since the store, a bundle,
            has no weights.
        trust_plugins: run the code of a plug-in that the store holds.

    Raises:
        ValueError: the fit or the piece is not committed.
        Refused: its images are not where any run has found them, there are no weights, or it is of
            a plug-in.
    """
    commit, spec = _committed(store, fit_id)
    require_trusted(spec, trust_plugins=trust_plugins)
    key = scores_key(fit_id, piece_id)
    if not store.exists(key):
        known = ", ".join(sorted(committed_pieces_of(store, fit_id))[:5])
        raise ValueError(f"{fit_id} has no piece {piece_id!r}. Some of its pieces: {known}")
    if not (store.holds_weights or retrain):
        raise Refused.because(
            f"piece {piece_id} of {fit_id}",
            "the bundle was packed without the weights that it was scored with",
            "Add --retrain, which trains the fit again first, or ask for a bundle --with-weights",
        )
    footer = read_score_footer(store, key)
    scoring = _scoring_of(footer)
    what = f"piece {piece_id} of {fit_id}"
    damage = [] if retrain else weights_damage(store, commit, [footer["epoch"]])
    try:
        check_weights(key, footer, commit)
    except ForeignScores as error:
        damage.append(str(error))
    if damage:
        return Verification(what, damage=tuple(damage))
    recorded = read_provenance(store, fit_id, commit["attempt"])
    device = CPU if retrain and trained_on_cpu(recorded) else spec.get("device")
    with tempfile.TemporaryDirectory(prefix="crossgen-verify-") as folder:
        repeated_store = open_store(folder)
        if not retrain:
            weights = weights_key(fit_id, commit["attempt"], footer["epoch"])
            repeated_store.put_new(weights, store.get(weights))
            repeated_store.put_new(commit_key(fit_id), store.get(commit_key(fit_id)))
        with provenance(spec, "verify") as facts:
            repeat_aside({**spec, "device": device, "scoring": [scoring]}, store, Path(folder))
        repeated = commit_in(repeated_store, fit_id)
        [piece] = pieces_of_scoring(scoring, commit)
        then = read_scores(store, piece, commit)["logit"].to_numpy()
        now = read_scores(repeated_store, piece, repeated)["logit"].to_numpy()
    scored: dict[str, Any] = {name: footer[name] for name in ("code", "device") if name in footer}
    others = _other_weights(commit, repeated) if retrain else ()
    return _compared(what, then, now, others, {**recorded, **scored}, facts.record)


def _scoring_of(footer: Mapping[str, Any]) -> ScoringRecord:
    """Return what asks for the one piece that a score file's footer is of."""
    return {
        "fit_id": footer["fit_id"],
        "epochs": [footer["epoch"]],
        "pools": [footer["pool_id"]],
        "degradations": [footer["degradation"]],
        "test_pipeline": footer["test_pipeline"],
        "equalise": footer["equalise"],
        "operations": {footer["degradation"]: footer["operations"]},
    }


def _committed(store: Store, fit_id: str) -> tuple[Commit, TrialSpec]:
    commit = commit_in(store, fit_id)
    recorded = read_provenance(store, fit_id, commit["attempt"])
    if "spec" not in recorded:
        raise ValueError(
            "its scores were imported: another program computed them, and can repeat them"
        )
    return commit, cast(TrialSpec, recorded["spec"])


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
    then, now = np.nan_to_num(then), np.nan_to_num(now)
    difference = np.abs(then - now)
    return replace(
        result,
        identical=not other_weights and not difference.any(),
        largest=float(difference.max(initial=0.0)),
        within_tolerance=within_tolerance(then, now),
    )
