"""Images known not to decode: said when planning, not met again by each run.

Workers leave the ids of such images in the store's failure records, an index that decodes finds
them, and an experiment that leaves them out of training has them in its own record.
"""

from __future__ import annotations

from data.counts import counted
from grid.plan.plan import Plan
from grid.plan.trial_specs import pools_needed
from grid.records.experiments import ExperimentRecord
from grid.records.failures import read_failures
from grid.records.readable import readable_experiments, readable_failures
from grid.refusal import Problems, Refused
from grid.sources.undecodable import Undecodable
from grid.store.base import Store

SHOWN = 5


def named_by_failures(store: Store) -> set[str]:
    """Return the ids of all images that failure records of the store say did not decode."""
    return {
        image_id
        for failure in read_failures(store)
        if failure["kind"] == "unreadable"
        for image_id in failure["image_ids"]
    }


def known_undecodable(store: Store, experiment: str) -> set[str]:
    """Return the ids of images that did not decode, as failures and the experiment's records say.

    The records keep what an index with `--decode` found on one machine known to all others.
    """
    left_out = {
        image["image_id"]
        for record in _records(store, experiment)
        for image in record.get("undecodable", ())
    }
    return named_by_failures(store) | left_out


def refuse_known_failures(plan: Plan, store: Store) -> list[Undecodable]:
    """Refuse a plan with images known not to decode; return those whose logits will be null.

    Args:
        plan: what is missing of it is looked at; a plan with nothing to do is never refused.
        store: whose failure records name images, besides those that the index knows.

    Raises:
        Refused: the file says `unreadable: refuse`, or a fit would train on one of them.
    """
    found = _found(plan, store)
    trained = _trained_on(plan)
    refuses = plan.expansion.experiment.unreadable == "refuse"
    problems = Problems()
    for dataset in dict.fromkeys(image.dataset for image in found):
        of_it = [image for image in found if image.dataset == dataset]
        if refuses:
            also = (
                "`unreadable: leave_out` trains without them, and makes null logits of those that "
                "are tested; `null_score` does the latter only"
            )
            _add(problems, dataset, of_it, also)
        else:
            needed = [image for image in of_it if image.image_id in trained]
            also = (
                "Fits train or are validated on them, so no null helps; `unreadable: leave_out` "
                "trains without them"
            )
            _add(problems, dataset, needed, also)
    problems.raise_if_any()
    return found


def left_out_of_training(plan: Plan) -> list[Undecodable]:
    """Return the images that `unreadable: leave_out` keeps out of trainings of the plan's fits."""
    pools = {
        pool.pool_id
        for f in plan.fits
        if f.fit.training is not None
        for pool in (*f.fit.training.pools, *f.fit.training.validation_pools)
    }
    undecodable = plan.expansion.catalog.undecodable
    return [image for image in undecodable.values() if pools.intersection(image.pools)]


def given_up(plan: Plan, store: Store) -> list[str]:
    """Return the labels of fits that were begun with images now left out, and have other ids now.

    Their checkpoints are of other trainings, so their successors begin anew.
    """
    left_out = {image.image_id for image in left_out_of_training(plan)}
    if not left_out:
        return []
    failures, _ = readable_failures(store)
    failed = {f["fit_id"] for f in failures if left_out.intersection(f["image_ids"])}
    stays = plan.expansion.whole.fits
    labels = {
        fit["fit_id"]: fit["label"]
        for record in _records(store, plan.expansion.experiment.name)
        for fit in record["fits"]
        if fit["fit_id"] in failed and fit["fit_id"] not in stays
    }
    return [f"{fit_id} ({label})" for fit_id, label in labels.items()]


def _records(store: Store, experiment: str) -> list[ExperimentRecord]:
    try:
        found, _ = readable_experiments(store, experiment)  # what is damaged is said elsewhere
    except Refused:  # it has none of this name yet
        return []
    return found


def _add(problems: Problems, dataset: str, images: list[Undecodable], also: str) -> None:
    if not images:
        return
    shown = "; ".join(map(str, images[:SHOWN]))
    more = f" and {len(images) - SHOWN} more" if len(images) > SHOWN else ""
    problems.add(
        f"data.{dataset}: {counted(len(images), 'image')} known not to decode",
        f"{shown}{more}",
        f"Repair or remove them. {also}",
    )


def _found(plan: Plan, store: Store) -> list[Undecodable]:
    if not plan.missing:
        return []
    pools = pools_needed(plan.expansion, [f.fit for f in plan.missing])
    return plan.expansion.catalog.known_undecodable(named_by_failures(store), pools)


def _trained_on(plan: Plan) -> frozenset[str]:
    selections = [f.fit.selection for f in plan.missing if not f.committed and f.fit.selection]
    return frozenset(
        image_id
        for selection in selections
        for rows in (selection.train, selection.validation)
        for image_id in rows.image_ids
    )
