"""An experiment's record with imported fits beside its own, under a name of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from data.view import view_of
from grid.imported.imported_fit import EPOCH, OTHER_PROGRAM
from grid.imported.score_file import ForeignScoreFile
from grid.records.experiments import ExperimentRecord, FitRecord, ScoringRecord
from grid.records.identity import fit_id
from grid.records.stored_experiments import experiment_digest
from grid.records.weights_origin import NAME_LETTERS
from grid.trial.fit.provenance import code_version


def tested_pool_ids(experiment: ExperimentRecord) -> list[str]:
    """The pools of an experiment's test sets, each once."""
    sets = experiment["test_sets"]
    return list(dict.fromkeys(p for s in sets for p in (*s["real_pools"], *s["fake_pools"])))


def scoring_of(
    description: Mapping[str, Any], pools: Sequence[str], degradation: str
) -> ScoringRecord:
    """What an imported fit is scored on.

    Raises:
        PipelineError: the degradation is none.
    """
    view = view_of("none", degradation, "none")
    text = view.degradation.canonical
    return ScoringRecord(
        fit_id=fit_id(description),
        epochs=[EPOCH],
        pools=list(pools),
        degradations=[text],
        test_pipeline=OTHER_PROGRAM,
        equalise="none",
        operations={text: view.versions},
    )


def imported_fit_record(
    description: Mapping[str, Any],
    file: ForeignScoreFile,
    trained_on: Sequence[str] | None,
    experiment: ExperimentRecord,
) -> FitRecord:
    """The row of the fit.

    Args:
        description: of the fit.
        file: where its scores are from.
        trained_on: generators that were stated; empty: none; None: nobody stated any.
        experiment: whose test sets say of which group and family a generator is.
    """
    weights: dict[str, Any] = {"sha256": file.sha256, "name": file.name}
    if trained_on is not None:
        known = {s["generator"]: s for s in experiment["test_sets"] if s["generator"] in trained_on}
        weights["trained_on"] = {
            "generators": list(trained_on),
            "groups": sorted({s["generator_group"] for s in known.values()}),
            "families": sorted({s["family"] for s in known.values()}),
        }
    detector = str(description["detector"])
    return FitRecord(
        fit_id=fit_id(description),
        label=f"{detector} (imported, {file.sha256[:NAME_LETTERS]})",
        arms=[OTHER_PROGRAM],
        detector=detector,
        card_version=1,
        options={},
        train=None,
        augment="none",
        input=OTHER_PROGRAM,
        recipe=None,
        seed=None,
        weights=weights,
        parent=None,
        description=dict(description),
    )


def with_imported(
    base: ExperimentRecord,
    name: str,
    fit: FitRecord,
    scoring: ScoringRecord,
    earlier: ExperimentRecord | None,
) -> ExperimentRecord:
    """The base's record under another name, with a fit beside its own and those imported earlier.

    Args:
        base: the experiment whose test sets were scored.
        name: of the new one.
        fit: the imported fit.
        scoring: what it is scored on.
        earlier: what was last recorded under the name; its imports stay where the base still tests
            their pools.
    """
    fits, blocks = [*base["fits"]], [*base["scoring"]]
    pools = {pool["pool_id"] for pool in base["pools"]}
    for old in earlier["fits"] if earlier is not None else ():
        if "imported" not in old["description"] or old["fit_id"] == fit["fit_id"]:
            continue
        kept = [s for s in earlier["scoring"] if s["fit_id"] == old["fit_id"]] if earlier else []
        if all(pools.issuperset(block["pools"]) for block in kept):
            fits.append(old)
            blocks += kept
    same = [
        block
        for block in (earlier["scoring"] if earlier is not None else ())
        if block["fit_id"] == fit["fit_id"] and block["degradations"] != scoring["degradations"]
    ]
    known = base.get("degradations", [])
    record = {
        **base,
        "name": name,
        "created_by": code_version(),
        "fits": [*fits, fit],
        "scoring": [*blocks, *same, scoring],
        "degradations": list(dict.fromkeys([*known, *scoring["degradations"]])),
    }
    record["digest"] = experiment_digest(record)
    return cast(ExperimentRecord, record)
