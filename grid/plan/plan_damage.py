"""The damage that a plan can see without opening the big files: listings with sizes, and records.

What a plan does not prove: that a file of the right size has the right bytes. Readers prove what
they read, and `crossgen check store --deep` proves all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from grid.expansion.fits import Expansion
from grid.integrity.damage import (
    Damage,
    commit_damage,
    experiment_damage,
    manifest_damage,
    missized_weights,
    piece_damage,
    weights_damage,
)
from grid.plan.trial_specs import pools_needed
from grid.records.commits import Commit
from grid.records.experiments import ExperimentRecord
from grid.records.places import (
    FITS,
    MANIFESTS,
    commit_key,
    experiment_key,
    manifest_key,
    scores_key,
)
from grid.records.readable import Present, present_pieces, readable_commits, readable_experiments
from grid.store.base import Store


@dataclass
class Inspected:
    """What a store holds of an expansion, and what of that is damaged.

    Attributes:
        commits: Of the expansion's fits, by id.
        present: The pieces of the store.
        manifests: The pools that have a manifest.
        damage: What is damaged.
        blocked: Fits that no run can go on with before a repair, with the reason.
    """

    commits: dict[str, Commit]
    present: Present
    manifests: frozenset[str]
    damage: list[Damage] = field(default_factory=list)
    blocked: dict[str, str] = field(default_factory=dict)


def inspect_store(store: Store, expansion: Expansion) -> Inspected:
    """Look at what a store holds of an expansion: four listings, and the commits."""
    commits, unreadable = readable_commits(store, expansion.fits)
    present = present_pieces(store)
    sizes = store.sizes(MANIFESTS)
    pools = pools_needed(expansion, expansion.fits.values())
    found = Inspected(
        commits,
        present,
        frozenset(p for p in pools if manifest_key(p) in sizes),
    )
    for pool_id in pools:
        key = manifest_key(pool_id)
        if sizes.get(key) == 0:
            found.damage.append(manifest_damage(key, "it is empty", 0))
    _inspect_fits(store, expansion, found, unreadable)
    for fit_id in expansion.fits:
        for piece_id in sorted(present.empty.get(fit_id, ())):
            found.damage.append(piece_damage(fit_id, scores_key(fit_id, piece_id), "it is empty"))
    return found


def record_damage(store: Store, record: ExperimentRecord) -> list[Damage]:
    """Return whether the record of this very expansion is in the store and cannot be read."""
    key = experiment_key(record["name"], record["digest"])
    if not store.exists(key):
        return []
    _, damaged = readable_experiments(store, record["name"], record["digest"])
    return [experiment_damage(key, why) for key, why in damaged.items()]


def _inspect_fits(
    store: Store, expansion: Expansion, found: Inspected, unreadable: Mapping[str, str]
) -> None:
    """Note damaged commits and weights, and the fits that wait for them."""
    sizes = store.sizes(FITS) if found.commits else {}
    children: dict[str, list[str]] = {}
    for fit in expansion.fits.values():
        if fit.parent is not None and fit.fit_id not in found.commits:
            children.setdefault(fit.parent, []).append(fit.fit_id)
    for fit_id in expansion.fits:
        present = found.present.pieces.get(fit_id, set())
        commit = found.commits.get(fit_id)
        if commit_key(fit_id) in unreadable:
            why = unreadable[commit_key(fit_id)]
            found.damage.append(commit_damage(fit_id, why, len(present)))
            found.blocked[fit_id] = "its commit is damaged"
        elif commit is not None:
            wrong = missized_weights(commit, sizes) if store.holds_weights else {}
            for epoch, why in wrong.items():
                waiting = children.get(fit_id, ())
                found.damage.append(weights_damage(commit, epoch, why, present, waiting))
                found.blocked[fit_id] = f"its weights of epoch {epoch} are damaged"
    waiting = [child for parent in found.blocked for child in children.get(parent, ())]
    while waiting:
        child = waiting.pop()
        if child not in found.blocked:
            found.blocked[child] = f"it begins from {expansion.fits[child].parent}"
            waiting.extend(children.get(child, ()))
