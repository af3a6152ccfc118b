"""Why something is missing: the nearest thing that the store holds, and how it differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    """Yield one sentence per missing fit, and per fit whose pieces are missing."""
    committed = {
        fit_id: commit["description"] for fit_id, commit in records.read_commits(store).items()
    }
    pieces = records.committed_pieces(store)
    for fit_plan in plan.missing:
        if not fit_plan.committed:
            yield _why_fit(fit_plan, committed, store)
        else:
            yield from _why_pieces(fit_plan, plan, pieces.get(fit_plan.fit.fit_id, set()), store)


def _why_fit(fit_plan: FitPlan, committed: Mapping[str, Mapping[str, Any]], store: Store) -> str:
    fit = fit_plan.fit
    if checkpoint_keys(store, fit.fit_id):
        return f"{fit.label}: begun, not finished; it resumes from its checkpoint"
    nearest, fields = None, None
    for other, description in committed.items():
        found = differing_fields(description, fit.description)
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


def _why_pieces(
    fit_plan: FitPlan, plan: Plan, committed: set[str] | frozenset[str], store: Store
) -> Iterator[str]:
    """Name the epoch, degradation, pipeline or images that this fit was not yet scored on."""
    commit = records.read_commit(store, fit_plan.fit.fit_id)
    if commit is None:
        return
    catalog = plan.expansion.catalog
    for block in plan.expansion.scoring[fit_plan.fit.fit_id]:
        wanted = list(records.pieces_of_scoring(block, commit))
        have = [p for p in wanted if p.piece_id in committed]
        for missing in (p for p in wanted if p.piece_id not in committed):
            pool = catalog.pool(missing.pool_id)
            name = f"{catalog.dataset_of(missing.pool_id).alias}/{pool.source}"
            if missing.epoch not in {p.epoch for p in have}:
                why = f"epoch {missing.epoch} was not scored before"
            elif missing.degradation not in {p.degradation for p in have}:
                why = f"degradation {missing.degradation} was not tested before"
            elif missing.pool_id not in {p.pool_id for p in have}:
                why = f"{name} holds images that were not scored before"
            else:
                why = f"{name} under {missing.degradation} is not scored yet"
            yield f"pieces: {why}"
