"""What is wanted, minus what the store holds: the plan. Running again is resuming.

    file -> catalog -> expansion -> plan -> trials

Nothing else remembers state. A plan is made anew each time and costs four listings of the store;
what it can see of damage by these is left to a repair, and the rest goes on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from data.view import View
from grid.checks.bias import refused, unspoken
from grid.checks.leakage import Overlap, overlaps
from grid.checks.sizes import geometry_problems
from grid.expansion.expand import expand
from grid.expansion.fits import Expansion, Fit
from grid.expansion.only import narrowed
from grid.experiment_file.arm_check import check_arms
from grid.experiment_file.names_in_file import check_datasets
from grid.experiment_file.plugin_files import use_named_plugins
from grid.experiment_file.schema import Experiment
from grid.integrity.damage import Damage
from grid.plan.cost import costs_in, images_to_score, shipped_estimate, work_of
from grid.plan.fit_plan import FitPlan
from grid.plan.gpu_needs import gpu_needs
from grid.plan.plan_damage import inspect_store, record_damage
from grid.plan.publishing import publish_manifests, publish_pools, publish_twins
from grid.plan.record_experiment import experiment_record
from grid.plan.trial_specs import (
    asks_for_no_gpu,
    pools_needed,
    resources_asked,
    slot_taken,
    trial_spec,
)
from grid.plan.wanted_pieces import WantedOfUntrained, wanted_pieces
from grid.records.commits import read_commit
from grid.records.experiments import ExperimentRecord
from grid.records.latest import mark_latest
from grid.records.stored_experiments import write_experiment
from grid.records.table_lists import write_table_list
from grid.refusal import Problems
from grid.sources.catalog import open_catalog
from grid.store.base import Store
from grid.trial.contract import Trial
from grid.trial.device import CPU, expected_device
from grid.trial.spec import TrialSpec


@dataclass(frozen=True)
class Plan:
    """An experiment against a store; `record` is of the expansion as it was narrowed.

    `manifests` are the pools whose manifest was deleted, though something committed refers to it.
    """

    expansion: Expansion
    fits: tuple[FitPlan, ...]
    overlaps: tuple[Overlap, ...]
    record: ExperimentRecord
    damage: tuple[Damage, ...] = ()
    manifests: tuple[str, ...] = ()

    @property
    def unreached(self) -> dict[int, list[Fit]]:
        """Epochs that were asked for, with the trained fits that ended before them."""
        found: dict[int, list[Fit]] = {}
        for f in self.fits:
            if f.commit is not None:
                blocks = self.expansion.scoring.get(f.fit.fit_id, ())
                asked = {epoch for block in blocks for epoch in block["epochs"]}
                for epoch in asked:
                    if isinstance(epoch, int) and str(epoch) not in f.commit["weights"]:
                        found.setdefault(epoch, []).append(f.fit)
        return dict(sorted(found.items()))

    @property
    def missing(self) -> list[FitPlan]:
        """The fits that something is missing of, and that a run can go on with."""
        return [f for f in self.fits if not f.done and not f.blocked]

    @property
    def predicted_s(self) -> float | None:
        """Seconds of all that is missing, one after the other; None when any is unknown."""
        known = [f.predicted_s for f in self.missing]
        return None if any(s is None for s in known) else sum(s for s in known if s is not None)

    @property
    def predicted_hours(self) -> tuple[float, float] | None:
        """Hours of GPUs, and of CPU slots for what uses no GPU, of all that is missing."""
        if self.predicted_s is None:
            return None
        gpu = sum(f.gpu_share * (f.predicted_s or 0.0) for f in self.missing)
        cpu = sum(f.cpu_share * (f.predicted_s or 0.0) for f in self.missing if not f.gpu_share)
        return gpu / 3600.0, cpu / 3600.0

    @property
    def estimated(self) -> bool:
        """Whether some of it is only estimated, from what its like takes on one CPU core."""
        return any(not f.alike_ran for f in self.missing)


def prepare(
    experiment: Experiment,
    *,
    only: Sequence[tuple[str, str]] = (),
    cache_dir: Path | None = None,
    rehash: bool = False,
    trust_index: bool = False,
    known_undecodable: Collection[str] = (),
    progress: Any = None,
) -> Expansion:
    """Look at the data and write the experiment out, or refuse it with all that is wrong.

    Args:
        experiment: the validated file.
        only: (key, value) pairs; fits that do not match all of them are left out. A key given
            twice matches either value.
        cache_dir: where the index of each data root is kept.
        rehash: read every image file again.
        trust_index: take the images as they were last indexed, unseen.
        known_undecodable: ids of images that did not decode in an earlier run; with
            `unreadable: leave_out` no fit trains on them.
        progress: called with (files done, files in all) while indexing.

    Raises:
        Refused: with every problem found.
    """
    problems = Problems()
    use_named_plugins(experiment.plugins, problems)
    problems.raise_if_any()  # else every name in them would be refused as unknown
    catalog = open_catalog(
        experiment.data,
        image_limit=experiment.limit,
        problems=problems,
        cache_dir=cache_dir,
        rehash=rehash,
        trust_index=trust_index,
        unreadable=experiment.unreadable,
        left_out=known_undecodable if experiment.unreadable == "leave_out" else None,
        progress=progress,
    )
    if experiment.unreadable == "leave_out":
        catalog = catalog.without_undecodable(known_undecodable)
    check_arms(experiment, problems)
    if len(catalog.datasets) < len(experiment.data):
        check_datasets(experiment.model_dump(by_alias=True), problems)
        problems.raise_if_any()  # names of missing data would only be refused a second time
    expansion = narrowed(expand(experiment, catalog, problems), only, problems)
    problems.extend(refused(unspoken(expansion)))
    problems.extend(geometry_problems(expansion))
    if experiment.leakage == "refuse":
        for overlap in overlaps(expansion):
            problems.add(
                f"test set {overlap.test_set}",
                f"{overlap}, and the file says `leakage: refuse`",
                "Take the images out of one of both, or write `leakage: exclude`",
            )
    problems.raise_if_any()
    return expansion


def make_plan(expansion: Expansion, store: Store) -> Plan:
    """Hold an expansion against a store: its listings, and the commits that were found."""
    found = inspect_store(store, expansion)
    left = [fit for fit in expansion.fits.values() if fit.fit_id not in found.commits]
    costs = costs_in(store, found.commits, left)
    devices = {asks: expected_device(asks_for_no_gpu=asks) for asks in (False, True)}
    everything = WantedOfUntrained(expansion)
    fits = []
    referred: dict[str, None] = {}  # pools of what is committed
    for fit in expansion.fits.values():
        commit = found.commits.get(fit.fit_id)
        empty = 0
        to_score: tuple[tuple[str, View], ...] = ()
        if commit is None:
            pieces, images = everything.of(fit)
            missing = pieces
        else:
            wanted = wanted_pieces(expansion, fit, commit)
            present = wanted.keys() & found.present.pieces.get(fit.fit_id, set())
            empty = len(wanted.keys() & found.present.empty.get(fit.fit_id, set()))
            absent = wanted.keys() - present - found.present.empty.get(fit.fit_id, set())
            to_score = tuple(wanted[key] for key in sorted(absent))
            images = images_to_score(fit, expansion, to_score)
            pieces, missing = len(wanted), len(absent)
            if fit.training is not None:
                own = (*fit.training.pools, *fit.training.validation_pools)
                referred.update(dict.fromkeys(pool.pool_id for pool in own))
            referred.update(dict.fromkeys(wanted[key][0] for key in present))
        work = work_of(fit, trains=commit is None, scored_images=images)
        device = devices[asks_for_no_gpu(expansion.experiment, fit)]
        predicted = costs.predict(work, device) if work.amount else 0.0
        alike_ran = predicted is not None
        if predicted is None:
            predicted = shipped_estimate(fit, work)
        where = costs.device_meant(work, device) if alike_ran else CPU
        gpu_share, cpu_share = slot_taken(expansion.experiment, fit, where)
        blocked = found.blocked.get(fit.fit_id, "")
        fits.append(
            FitPlan(
                fit,
                commit,
                pieces,
                missing,
                work,
                predicted,
                alike_ran,
                empty,
                blocked,
                to_score,
                gpu_share,
                cpu_share,
            )
        )
    record = experiment_record(expansion)
    return Plan(
        expansion,
        tuple(fits),
        tuple(overlaps(expansion)),
        record,
        damage=(*found.damage, *record_damage(store, record)),
        manifests=tuple(pool_id for pool_id in referred if pool_id not in found.manifests),
    )


def make_trials(plan: Plan, store: Store, *, resume_anyway: bool = False) -> list[Trial]:
    """Write what workers need into the store and return the trials that are left to do.

    The experiment is recorded whole, and marked as its latest expansion, though only some of its
    fits are run: what is not run is missing, and readers say so.

    Args:
        plan: of the experiment, against `store`.
        store: gets manifests, paths and the experiment's record.
        resume_anyway: see `grid.plan.trial_specs`.
    """
    todo = plan.missing
    needed = pools_needed(plan.expansion, [f.fit for f in todo])
    tested_by_class = {
        pool_id
        for test_set in plan.expansion.test_sets
        if test_set.classes is not None
        for pool_id in (*test_set.real_pools, *test_set.fake_pools)
    }
    catalog, whole = plan.expansion.catalog, plan.expansion.whole
    publish_manifests(store, catalog, plan.manifests)
    by_facts = bool(whole.matched)
    paths = publish_pools(store, catalog, needed, tested_by_class, left_out_by_facts=by_facts)
    paths |= publish_twins(store, plan.expansion, [f.fit for f in todo])
    record = plan.record if whole is plan.expansion else experiment_record(whole)
    for each in whole.matched:
        write_table_list(store, each.formed.table_list)
    write_experiment(store, record)
    mark_latest(store, record["name"], record["digest"])
    needs = gpu_needs([f.fit for f in todo], plan.expansion, store)
    uncommitted = {f.fit.fit_id for f in plan.fits if not f.committed}
    return [
        Trial(
            fit_id=f.fit.fit_id,
            label=f.fit.label,
            resources=resources_asked(plan.expansion.experiment, f.fit),
            least_cpu=float(plan.expansion.experiment.threads),
            gpu_need=needs[f.fit.fit_id],
            work=f.work,
            # While a run goes on, only what was measured in its store tells of the time left.
            predicted_s=f.predicted_s if f.alike_ran else None,
            waits_for=f.fit.parent if f.fit.parent in uncommitted and not f.committed else None,
            spec=trial_spec(
                f.fit,
                plan.expansion,
                store.url,
                paths,
                predicted_training_s=f.predicted_training_s if f.alike_ran else None,
                resume_anyway=resume_anyway,
            ),
        )
        for f in todo
    ]


def is_done(store: Store, trial: Trial) -> bool:
    """Read from the store whether a trial has nothing left to do."""
    from grid.trial.execute import missing_pieces

    commit = read_commit(store, trial.fit_id)
    return commit is not None and not missing_pieces(cast(TrialSpec, trial.spec), commit, store)
