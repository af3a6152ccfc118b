"""The experiment as the store keeps it: what the analysis needs to turn scores into a matrix."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from data.selection import Selection
from detectors.recipes import recorded
from grid.expansion.chosen_rows import TrainedClasses
from grid.expansion.equalising import Matched
from grid.expansion.fits import Expansion, Fit
from grid.experiment_file.published import recorded_table
from grid.plan.recorded_weights import recorded_weights
from grid.records.equalised import EqualisedRecord
from grid.records.experiments import (
    NOT_TRAINED_CLASSES,
    ExperimentRecord,
    FitRecord,
    PaperRecord,
    PoolRecord,
    ScoringRecord,
    SetRecord,
    TrainRecord,
    UndecodableRecord,
    sets_made_of,
)
from grid.records.proven.json_records import SCHEMA
from grid.records.stored_experiments import experiment_digest
from grid.sources.source import FAKE, Source
from grid.sources.tested_sets import TestSet
from grid.sources.training_sets import TrainingSet
from grid.trial.fit.provenance import code_version


def experiment_record(expansion: Expansion) -> ExperimentRecord:
    """Return the plain record of an expanded experiment; its digest names it.

    Nothing in it depends on where files lie or on when and where it was made.
    """
    experiment = expansion.experiment
    classes = TrainedClasses(expansion.fits)
    test_sets = [_test_set(s) for s in expansion.test_sets]
    simulated = _simulated_datasets(expansion)
    record: ExperimentRecord = {
        "schema": SCHEMA,
        "digest": "",
        "created_by": code_version(),
        "seeds": sorted({f.seed for f in expansion.fits.values() if f.seed is not None}),
        "degradations": list(
            dict.fromkeys(
                d
                for blocks in expansion.scoring.values()
                for b in blocks
                for d in b["degradations"]
            )
        ),
        "name": experiment.name,
        "question": experiment.question,
        "limit": experiment.limit,
        "simulated": experiment.simulated
        or any(d.manifest.simulated for d in expansion.catalog.datasets.values()),
        "leakage": experiment.leakage,
        "equalise": experiment.equalise or "none",
        "contrasts": [contrast.as_recorded() for contrast in experiment.contrasts],
        "published": recorded_table(experiment.published) if experiment.published else None,
        "fits": [_fit(f, expansion, classes, simulated) for f in expansion.fits.values()],
        "pools": [_pool(p, expansion) for p in _pool_ids(expansion)],
        "scoring": [
            _scoring(block, test_sets) for blocks in expansion.scoring.values() for block in blocks
        ],
        "test_sets": test_sets,
    }
    if simulated:
        record["simulated_datasets"] = simulated
    if undecodable := _undecodable(expansion):
        record["undecodable"] = undecodable
    if (asked := expansion.whole.equalises_asked) not in ([], [record["equalise"]]):
        record["equalises"] = asked
    if expansion.whole.matched:
        record["equalised"] = [_equalised(each, record) for each in expansion.whole.matched]
    if papers := _papers(expansion):
        record["papers"] = papers
    if expansion.ensembles:
        record["ensembles"] = list(expansion.ensembles)
    record["digest"] = experiment_digest(record)
    return record


def _pool_ids(expansion: Expansion) -> dict[str, None]:
    """Return the pools that are scored, then those that fits learn from, each once."""
    scored = (
        p for blocks in expansion.scoring.values() for block in blocks for p in block["pools"]
    )
    trained = (
        p.pool_id
        for fit in expansion.fits.values()
        if fit.training
        for p in (*fit.training.pools, *fit.training.validation_pools)
    )
    return dict.fromkeys((*scored, *trained))


def _papers(expansion: Expansion) -> dict[str, PaperRecord]:
    """Return the paper of each detector that states one, by the detector's name."""
    cards = {fit.card.name: fit.card for fit in expansion.fits.values()}
    return {
        name: PaperRecord(
            title=paper.title,
            authors=paper.authors,
            venue=paper.venue,
            year=paper.year,
            arxiv=paper.arxiv,
        )
        for name, card in sorted(cards.items())
        if (paper := card.paper) is not None
    }


def _simulated_datasets(expansion: Expansion) -> list[str]:
    """Name the datasets of simulated images where others are not; else `simulated` says it all."""
    datasets = expansion.catalog.datasets
    simulated = sorted(alias for alias, d in datasets.items() if d.manifest.simulated)
    is_all = expansion.experiment.simulated or len(simulated) == len(datasets)
    return [] if is_all else simulated


def _undecodable(expansion: Expansion) -> list[UndecodableRecord]:
    """Return the images that trainings leave out; without any the record is that of old."""
    pools = {
        pool.pool_id
        for fit in expansion.fits.values()
        if fit.training
        for pool in (*fit.training.pools, *fit.training.validation_pools)
    }
    return [
        UndecodableRecord(pool_id=pool_id, image_id=image_id)
        for pool_id in sorted(pools)
        for image_id in expansion.catalog.left_out_of([pool_id])
    ]


def _equalised(matched: Matched, experiment: ExperimentRecord) -> EqualisedRecord:
    formed = matched.formed
    record = EqualisedRecord(
        comparison=matched.comparison,
        tables=formed.table_list.digest,
        size_px=formed.table_list.size_px,
        codings=len(formed.table_list.codings),
        reals=formed.reals.images,
        reals_too_small=formed.reals.too_small,
        reals_coded_otherwise=formed.reals.coded_otherwise,
        fakes=formed.fakes.images,
        fakes_too_small=formed.fakes.too_small,
        coded_twice=formed.coded_twice,
    )
    if "equalises" in experiment:
        record["asked"] = matched.asked
    return record


def _scoring(block: ScoringRecord, test_sets: list[SetRecord]) -> ScoringRecord:
    """Name the test sets only where a fit's pools make up others too, which other arms ask for.

    So the record, and its digest, of an experiment in which they do not is that of earlier
    versions.
    """
    every = sets_made_of(test_sets, block["pools"])
    recorded = ScoringRecord(**block)
    if block.get("test_sets", every) == every:
        recorded.pop("test_sets", None)
    return recorded


def _test_set(test_set: TestSet) -> SetRecord:
    classes = test_set.classes
    return SetRecord(
        name=test_set.name,
        dataset=test_set.dataset,
        generator=test_set.generator,
        family=test_set.family,
        generator_group=test_set.generator_group,
        real_pools=list(test_set.real_pools),
        fake_pools=list(test_set.fake_pools),
        classes=classes if classes in (None, NOT_TRAINED_CLASSES) else list(classes),
    )


def _fit(
    fit: Fit, expansion: Expansion, classes: TrainedClasses, simulated: Collection[str]
) -> FitRecord:
    record: FitRecord = {
        "fit_id": fit.fit_id,
        "label": fit.label,
        "arms": list(fit.arms),
        "detector": fit.card.name,
        "card_version": fit.card.version,
        "options": fit.options.model_dump(mode="json"),
        "train": _train(fit, classes, simulated),
        "augment": fit.augment,
        "input": fit.train_geometry,
        "recipe": {
            "name": fit.recipe_name,
            **(recorded(fit.recipe) if fit.recipe else {}),
        },
        "seed": fit.seed,
        "weights": recorded_weights(fit.weights, expansion.catalog) if fit.weights else None,
        "parent": fit.parent,
        "description": dict(fit.description),
    }
    if fit.card.is_control:
        record["is_control"] = True
    return record


def _train(fit: Fit, classes: TrainedClasses, simulated: Collection[str]) -> TrainRecord | None:
    if fit.training is None or fit.selection is None:
        return None
    sources = _trained_sources(fit.training, fit.selection)
    record = TrainRecord(
        label=fit.training.label,
        generators=list(dict.fromkeys(s.generator for s in sources)),
        groups=sorted({s.generator_group for s in sources}),
        families=sorted({s.family for s in sources}),
        classes=sorted(classes.of(fit)),
        n=len(fit.selection.train),
        n_validation=len(fit.selection.validation),
    )
    if any(source.dataset in simulated for source in sources):
        record["simulated"] = True
    return record


def _trained_sources(training: TrainingSet, selection: Selection) -> list[Source]:
    """Return the generators with images among the chosen rows: one may have none of the classes."""
    pools = [*training.pools, *training.validation_pools]
    used = {pools[index].pool_id for index in np.unique(selection.train.pools)}
    return [s for s in training.sources if used & {p.pool_id for p in s.of_label(FAKE)}]


def _pool(pool_id: str, expansion: Expansion) -> PoolRecord:
    pool = expansion.catalog.pool(pool_id)
    return {
        "pool_id": pool_id,
        "dataset": expansion.catalog.dataset_of(pool_id).alias,
        "source": pool.source,
        "label": pool.label,
        "split": pool.split,
        "family": pool.family,
        "generator_group": pool.generator_group,
        "n": len(pool.table),
        "duplicates": pool.duplicates,
    }
