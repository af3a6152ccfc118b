"""Why something is missing: the nearest thing that the store holds, and how it differs.

What is missing for one reason is one sentence, however many fits it is said of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from data.counts import counted
from detectors.recipe_fields import Recipe
from grid.expansion.fits import Fit
from grid.plan.differences import IMAGES, differing_fields, distance, field_in_words, value_in_words
from grid.plan.plan import Plan
from grid.plan.seen_images import ImageChange, StoredImages, images_of
from grid.records.attempts import begun_fits
from grid.records.commits import Commit
from grid.records.experiments import ExperimentRecord, pieces_of, pieces_of_scoring, resolved_epochs
from grid.records.pieces import Piece
from grid.records.readable import present_pieces, readable_commits, readable_experiments
from grid.store.base import Store
from grid.trial.fit.resuming import begun_again

VALUES_SHOWN = 3
_KEPT = "recipe.keep_epochs"


@dataclass(frozen=True)
class _Change:
    """A fit to train, the nearest committed one, and the fields in which they differ."""

    fit: Fit
    nearest: Commit
    fields: Mapping[str, tuple[Any, Any]]


def reasons(plan: Plan, store: Store) -> Iterator[str]:
    """Yield one sentence per kind of missing fit, and per kind of missing piece."""
    commits, _ = readable_commits(store)
    experiments, _ = readable_experiments(store)
    begun = begun_fits(store)
    to_train = [f.fit for f in plan.missing if not f.committed]
    threads = plan.expansion.experiment.threads
    left = {fit.fit_id: begun[fit.fit_id] for fit in to_train if fit.fit_id in begun}
    again = begun_again(store, left, threads)
    yield from _united(
        [fit for fit in to_train if fit.fit_id in left and fit.fit_id not in again],
        "begun, not finished; {it} from {its} checkpoint",
    )
    for why in sorted(set(again.values())):
        yield from _united(
            [fit for fit in to_train if again.get(fit.fit_id) == why],
            f"begun under other conditions ({why}), so begun again; `run --resume-anyway` goes on",
        )
    new = [fit for fit in to_train if fit.fit_id not in begun]
    trained = {commit["description"]["detector"] for commit in commits.values()}
    yield from _united(
        [fit for fit in new if fit.card.name not in trained],
        "no such fit has been trained in this store",
    )
    yield from _why_fits(
        plan, [f for f in new if f.card.name in trained], commits, StoredImages(store, experiments)
    )
    scored = _scored_pieces(store, experiments, commits)
    pieces = Counter(
        reason
        for f in plan.missing
        if f.committed
        for reason in _why_pieces(plan, commits[f.fit.fit_id], scored.get(f.fit.fit_id, []))
    )
    for reason, count in pieces.most_common():
        yield f"{counted(count, 'piece')}: {reason}"


def _united(fits: Sequence[Fit], why: str) -> Iterator[str]:
    if len(fits) == 1:
        yield f"{fits[0].label}: {why.format(it='it resumes', its='its')}"
    elif fits:
        said = why.format(it="they resume", its="their")
        yield f"{counted(len(fits), 'fit')}: {said}; e.g. {fits[0].label}"


def _why_fits(
    plan: Plan,
    fits: Sequence[Fit],
    commits: Mapping[str, Commit],
    images: StoredImages,
) -> Iterator[str]:
    """Yield a sentence per set of fields in which fits differ from their nearest committed one."""
    of_detector: dict[str, list[Commit]] = {}
    for commit in commits.values():
        of_detector.setdefault(commit["description"]["detector"], []).append(commit)
    labels = {
        fit["fit_id"]: fit["train"]["label"]
        for experiment in images.experiments
        for fit in experiment["fits"]
        if fit["train"] is not None
    }
    groups: dict[frozenset[str], list[_Change]] = {}
    for fit in fits:
        change = _nearest(fit, of_detector[fit.card.name], labels)
        groups.setdefault(frozenset(change.fields), []).append(change)
    for changes in groups.values():
        example = changes[0]
        if set(example.fields) == {_KEPT}:
            yield from _why_kept_epochs(changes)
            continue
        said = ", ".join(_in_words(name, changes, plan, images) for name in example.fields)
        nearest = example.nearest["fit_id"]
        if len(changes) == 1:
            yield f"{example.fit.label}: new; against the nearest committed fit, {nearest}: {said}"
        else:
            yield (
                f"{counted(len(changes), 'fit')}: new; against the nearest committed fit of each: "
                f"{said}; e.g. {example.fit.label} against {nearest}"
            )


def _nearest(fit: Fit, commits: Sequence[Commit], labels: Mapping[str, str]) -> _Change:
    """Find the committed fit with the fewest differing values, of the same training set if any."""
    own = fit.training.label if fit.training else None

    # Every pair of a missing and a committed fit is looked at here, so values alone are counted.
    def key(commit: Commit) -> tuple[int, bool]:
        differing = distance(commit["description"], fit.description)
        return differing, labels.get(commit["fit_id"]) != own

    nearest = min(commits, key=key)
    return _Change(fit, nearest, differing_fields(nearest["description"], fit.description))


def _in_words(name: str, changes: Sequence[_Change], plan: Plan, images: StoredImages) -> str:
    """Say how a field changed: the values, some of them where the fits have several."""
    if name in IMAGES:
        return _images_in_words(name, changes, plan, images)
    pairs = dict.fromkeys(
        f"{value_in_words(name, c.fields[name][0], c.nearest['description'])} -> "
        f"{value_in_words(name, c.fields[name][1], c.fit.description)}"
        for c in changes
    )
    more = f" and {len(pairs) - VALUES_SHOWN:,} more" if len(pairs) > VALUES_SHOWN else ""
    return f"{field_in_words(name)} {', '.join(list(pairs)[:VALUES_SHOWN])}{more}"


def _images_in_words(
    name: str, changes: Sequence[_Change], plan: Plan, images: StoredImages
) -> str:
    """Name the images that changed, where the same ones did for all of these fits."""
    is_one = len({change.fields[name] for change in changes}) == 1
    before = images.of(changes[0].nearest["fit_id"]) if is_one else None
    today = images_of(changes[0].fit, plan.expansion)
    if before is None or today is None:
        return f"{field_in_words(name)} changed"
    found = ImageChange.between(getattr(before, name), getattr(today, name))
    return found.in_words(IMAGES[name])


def _why_kept_epochs(changes: Sequence[_Change]) -> Iterator[str]:
    """Say why another list of epochs to keep trains again: mostly, their weights are gone."""
    by_lists: dict[tuple[tuple[Any, ...], tuple[Any, ...]], list[_Change]] = {}
    default = Recipe.model_fields["keep_epochs"].get_default()
    for change in changes:
        old, new = change.fields[_KEPT]
        by_lists.setdefault((tuple(old or default), tuple(new or default)), []).append(change)
    for (old, new), alike in by_lists.items():
        lists = f"keep_epochs [{', '.join(map(str, old))}] -> [{', '.join(map(str, new))}]"
        many = len(alike) > 1
        fits = f"these {len(alike):,} fits were" if many else f"{alike[0].fit.label} was"
        again = "they are" if many else "it is"
        example = f"; e.g. {alike[0].fit.label}" if many else ""
        gone = [e for e in new if not all(resolved_epochs([e], c.nearest) for c in alike)]
        if gone:
            names = ", ".join(
                f"epoch {e}" if isinstance(e, int) else f"the {e} epoch" for e in gone
            )
            yield (
                f"{lists}: weights of {names} were not kept when {fits} trained, so {again} "
                f"trained again{example}"
            )
        else:
            yield (
                f"{lists}: what is kept is part of the recipe, and so of what makes a fit that "
                f"fit, so {again} trained again; with the old list nothing is{example}"
            )


def _scored_pieces(
    store: Store,
    experiments: Sequence[ExperimentRecord],
    commits: Mapping[str, Commit],
) -> dict[str, list[Piece]]:
    """Return the committed pieces of every experiment that the store knows, by fit."""
    committed = present_pieces(store).pieces
    found: dict[str, dict[str, Piece]] = {}
    for experiment in experiments:
        for piece in pieces_of(experiment, commits):
            if piece.piece_id in committed.get(piece.fit_id, ()):
                found.setdefault(piece.fit_id, {})[piece.piece_id] = piece
    return {fit_id: list(pieces.values()) for fit_id, pieces in found.items()}


def _why_pieces(plan: Plan, commit: Commit, have: Sequence[Piece]) -> Iterator[str]:
    """Name the epoch, degradation, pipeline or images that a fit was not yet scored on."""
    catalog = plan.expansion.catalog
    known = {piece.piece_id for piece in have}
    epochs = {piece.epoch for piece in have}
    degradations = {piece.degradation for piece in have}
    pools = {piece.pool_id for piece in have}
    for block in plan.expansion.scoring[commit["fit_id"]]:
        for piece in pieces_of_scoring(block, commit):
            if piece.piece_id in known:
                continue
            pool = catalog.pool(piece.pool_id)
            name = f"{catalog.dataset_of(piece.pool_id).alias}/{pool.source}"
            if piece.epoch not in epochs:
                yield f"epoch {piece.epoch} was not scored before"
            elif piece.degradation not in degradations:
                yield f"degradation {piece.degradation} was not tested before"
            elif piece.pool_id not in pools:
                yield f"{name} holds images that were not scored before"
            else:
                yield f"{name} under {piece.degradation} is not scored yet"
