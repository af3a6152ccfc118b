"""Why something is missing: the nearest thing that the store holds, and how it differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from grid import records
from grid.attempts import checkpoint_keys
from grid.plan import FitPlan, Plan
from grid.store import Store

# What the digests in a description stand for, in words.
_WORDS = {"training": "training images", "validation": "validation images", "card": "card version"}


def differing_fields(
    first: Mapping[str, Any], second: Mapping[str, Any], prefix: str = ""
) -> dict[str, tuple[Any, Any]]:
    """Return the fields of two descriptions that differ, by dotted name; absent is None."""
    found: dict[str, tuple[Any, Any]] = {}
    for key in sorted({*first, *second}):
        one, other = first.get(key), second.get(key)
        if isinstance(one, Mapping) or isinstance(other, Mapping):
            found.update(differing_fields(one or {}, other or {}, f"{prefix}{key}."))
        elif one != other:
            found[f"{prefix}{key}"] = (one, other)
    return found


def reasons(plan: Plan, store: Store) -> Iterator[str]:
    """Yield one sentence per missing fit, and per missing piece of a committed one."""
    commits = records.read_commits(store)
    scored = _scored_pieces(store, commits)
    for fit_plan in plan.missing:
        if not fit_plan.committed:
            yield _why_fit(fit_plan, commits, store)
        else:
            fit_id = fit_plan.fit.fit_id
            yield from _why_pieces(plan, commits[fit_id], scored.get(fit_id, []))


def _scored_pieces(
    store: Store, commits: Mapping[str, records.Commit]
) -> dict[str, list[records.Piece]]:
    """Return the committed pieces of every experiment that the store knows, by fit."""
    committed = records.committed_pieces(store)
    found: dict[str, dict[str, records.Piece]] = {}
    for experiment in records.read_experiments(store):
        for piece in records.pieces_of(experiment, commits):
            if piece.piece_id in committed.get(piece.fit_id, ()):
                found.setdefault(piece.fit_id, {})[piece.piece_id] = piece
    return {fit_id: list(pieces.values()) for fit_id, pieces in found.items()}


def _why_fit(fit_plan: FitPlan, commits: Mapping[str, records.Commit], store: Store) -> str:
    fit = fit_plan.fit
    if checkpoint_keys(store, fit.fit_id):
        return f"{fit.label}: begun, not finished; it resumes from its checkpoint"
    nearest, fields = None, None
    for other, commit in commits.items():
        found = differing_fields(commit["description"], fit.description)
        if fields is None or len(found) < len(fields):
            nearest, fields = other, found
    if nearest is None or fields is None or "detector" in fields:
        return f"{fit.label}: no such fit has been trained in this store"
    changes = ", ".join(
        f"{_WORDS.get(name, name)} changed"
        if name in ("training", "validation")
        else f"{_WORDS.get(name, name)} {_said(old)} -> {_said(new)}"
        for name, (old, new) in fields.items()
    )
    return f"{fit.label}: new; the nearest committed fit is {nearest}, which differs in {changes}"


def _said(value: Any) -> str:
    return "default" if value is None else str(value)


def _why_pieces(plan: Plan, commit: records.Commit, have: Sequence[records.Piece]) -> Iterator[str]:
    """Name the epoch, degradation, pipeline or images that a fit was not yet scored on."""
    catalog = plan.expansion.catalog
    known = {piece.piece_id for piece in have}
    for block in plan.expansion.scoring[commit["fit_id"]]:
        for piece in records.pieces_of_scoring(block, commit):
            if piece.piece_id in known:
                continue
            pool = catalog.pool(piece.pool_id)
            name = f"{catalog.dataset_of(piece.pool_id).alias}/{pool.source}"
            if piece.epoch not in {p.epoch for p in have}:
                why = f"epoch {piece.epoch} was not scored before"
            elif piece.degradation not in {p.degradation for p in have}:
                why = f"degradation {piece.degradation} was not tested before"
            elif piece.pool_id not in {p.pool_id for p in have}:
                why = f"{name} holds images that were not scored before"
            else:
                why = f"{name} under {piece.degradation} is not scored yet"
            yield f"pieces: {why}"
