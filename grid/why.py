"""Why something is missing: the nearest thing that the store holds, and how it differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from grid import records
from grid.attempts import begun_fits
from grid.expand import Fit
from grid.plan import Plan
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
    begun = begun_fits(store)
    of_detector: dict[str, dict[str, Mapping[str, Any]]] = {}
    for fit_id, commit in commits.items():
        description = commit["description"]
        of_detector.setdefault(description["detector"], {})[fit_id] = description
    for fit_plan in plan.missing:
        fit = fit_plan.fit
        if fit.fit_id in begun and not fit_plan.committed:
            yield f"{fit.label}: begun, not finished; it resumes from its checkpoint"
        elif not fit_plan.committed:
            yield _why_fit(fit, of_detector.get(fit.card.name, {}))
        else:
            yield from _why_pieces(plan, commits[fit.fit_id], scored.get(fit.fit_id, []))


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


def _why_fit(fit: Fit, descriptions: Mapping[str, Mapping[str, Any]]) -> str:
    """Name the nearest committed fit of the same detector, and how it differs."""
    if not descriptions:
        return f"{fit.label}: no such fit has been trained in this store"
    # Every pair of a missing and a committed fit is looked at here: first by top-level values.
    nearest = min(descriptions, key=lambda other: _distance(descriptions[other], fit.description))
    fields = differing_fields(descriptions[nearest], fit.description)
    changes = ", ".join(
        f"{_WORDS.get(name, name)} changed"
        if name in ("training", "validation")
        else f"{_WORDS.get(name, name)} {_said(old)} -> {_said(new)}"
        for name, (old, new) in fields.items()
    )
    return f"{fit.label}: new; the nearest committed fit is {nearest}, which differs in {changes}"


def _distance(first: Mapping[str, Any], second: Mapping[str, Any]) -> int:
    """How many values differ, those of a mapping each for itself."""
    if first == second:
        return 0
    count = 0
    for key in first.keys() | second.keys():
        one, other = first.get(key), second.get(key)
        if one != other:
            nested = isinstance(one, Mapping) or isinstance(other, Mapping)
            count += _distance(one or {}, other or {}) if nested else 1
    return count


def _said(value: Any) -> str:
    return "default" if value is None else str(value)


def _why_pieces(plan: Plan, commit: records.Commit, have: Sequence[records.Piece]) -> Iterator[str]:
    """Name the epoch, degradation, pipeline or images that a fit was not yet scored on."""
    catalog = plan.expansion.catalog
    known = {piece.piece_id for piece in have}
    epochs = {piece.epoch for piece in have}
    degradations = {piece.degradation for piece in have}
    pools = {piece.pool_id for piece in have}
    for block in plan.expansion.scoring[commit["fit_id"]]:
        for piece in records.pieces_of_scoring(block, commit):
            if piece.piece_id in known:
                continue
            pool = catalog.pool(piece.pool_id)
            name = f"{catalog.dataset_of(piece.pool_id).alias}/{pool.source}"
            if piece.epoch not in epochs:
                why = f"epoch {piece.epoch} was not scored before"
            elif piece.degradation not in degradations:
                why = f"degradation {piece.degradation} was not tested before"
            elif piece.pool_id not in pools:
                why = f"{name} holds images that were not scored before"
            else:
                why = f"{name} under {piece.degradation} is not scored yet"
            yield f"pieces: {why}"
