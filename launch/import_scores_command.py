"""`crossgen import-scores`: read, match, commit, and say what fits what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from analysis.selecting.expansion_choice import choose, choose_one
from data.counts import counted
from data.operations import PipelineError
from detectors.zoo import zoo_names
from grid.console import Console
from grid.experiment_file.schema import SLUG
from grid.imported.imported_fit import commit_imported, described, write_pieces
from grid.imported.matching_images import MatchedScores, match_scores, tested_pools
from grid.imported.record import imported_fit_record, scoring_of, tested_pool_ids, with_imported
from grid.imported.score_file import ForeignScoreFile, Scale, read_score_file
from grid.records.experiments import ExperimentRecord, pieces_of_scoring
from grid.records.latest import mark_latest
from grid.records.stored_experiments import write_experiment
from grid.refusal import Refused
from grid.store.base import Store
from launch.command_lines import print_hint, store_command
from launch.desk import store_of
from launch.named_detector import DETECTOR_NAME
from launch.show_made import SHOWN, print_some


@dataclass(frozen=True)
class ImportedScores:
    """What the command was given, see its help."""

    file: Path
    detector: str
    scale: str
    larger: str
    experiment: str | None
    name: str | None
    degradation: str
    trained_on: tuple[str, ...]
    store: str | None


def import_scores(given: ImportedScores, *, allow_unmatched: bool) -> None:
    """Bring the scores into the store and print what was matched.

    Raises:
        Refused: with all that is wrong; nothing is written then.
    """
    _check_name(given.detector)
    store = store_of(given.store)
    base = _base(store, given.experiment)
    name = _name(given, base)
    file = read_score_file(
        given.file, cast(Scale, given.scale), larger_is_fake=given.larger == "fake"
    )
    pools = tested_pool_ids(base)
    scores = match_scores(file, tested_pools(store, pools))
    _check_matched(scores, file, allow_unmatched=allow_unmatched)
    description = described(given.detector, file, given.scale, given.larger)
    try:
        scoring = scoring_of(description, pools, given.degradation)
    except PipelineError as error:
        raise Refused.because(
            f"--degradation {given.degradation}", str(error), "Correct it"
        ) from error
    fit = imported_fit_record(description, file, _stated(given.trained_on), base)
    record = with_imported(base, name, fit, scoring, _earlier(store, name))
    store.check_writable()
    commit = commit_imported(store, description, file, name)
    write_pieces(store, commit, pieces_of_scoring(scoring, commit), scores, file)
    write_experiment(store, record)
    mark_latest(store, name, record["digest"])
    _print(given, scores, record, fit["fit_id"])


def _check_name(detector: str) -> None:
    if not DETECTOR_NAME.fullmatch(detector):
        raise Refused.because(
            f"--detector {detector}", "it is no name of a detector", "Use letters, digits and '_'"
        )
    if detector in zoo_names():
        raise Refused.because(
            f"--detector {detector}",
            "the zoo has a detector of this name, and these scores are not of its code",
            f"Give another name, such as {detector}_official",
        )


def _base(store: Store, named: str | None) -> ExperimentRecord:
    """The experiment whose test images the scores are of; what holds imports is not meant."""
    own = {
        each["name"]
        for each in choose(store, named).experiments
        if not any("imported" in fit["description"] for fit in each["fits"])
    }
    only = own.pop() if named is None and len(own) == 1 else named
    [base] = choose_one(store, only).experiments
    return base


def _name(given: ImportedScores, base: ExperimentRecord) -> str:
    name = given.name or f"{base['name'].removesuffix('-with-imports')}-with-imports"
    if not SLUG.fullmatch(name):
        raise Refused.because(
            f"--as {name}", "it names a folder in the store", "Use letters, digits, dots, dashes"
        )
    if name == base["name"] and not any("imported" in f["description"] for f in base["fits"]):
        raise Refused.because(
            f"--as {name}",
            "the experiment itself is called so, and its own runs would hide the imported fit",
            "Give another name",
        )
    return name


def _earlier(store: Store, name: str) -> ExperimentRecord | None:
    try:
        return choose(store, name).experiments[0]
    except Refused:
        return None


def _stated(trained_on: Sequence[str]) -> list[str] | None:
    if not trained_on:
        return None
    return [] if list(trained_on) == ["none"] else list(dict.fromkeys(trained_on))


def _check_matched(scores: MatchedScores, file: ForeignScoreFile, *, allow_unmatched: bool) -> None:
    matched = sum(len(logits) - len(scores.without[pool]) for pool, logits in scores.logits.items())
    shown = [f"line {row.line}: {row.image}" for row in scores.strangers[:SHOWN]]
    if len(scores.strangers) > SHOWN:
        shown.append(f"... and {len(scores.strangers) - SHOWN:,} more")
    if not matched:
        raise Refused.because(
            str(file.name),
            f"none of its {counted(len(file.rows), 'row')} names an image of the test sets with a "
            "score",
            "Write paths as they are below the datasets' roots, or image_id; `crossgen query "
            '"SELECT path, image_id FROM images"` gives both',
            shown,
        )
    if scores.strangers and not allow_unmatched:
        raise Refused.because(
            str(file.name),
            f"{counted(len(scores.strangers), 'row')} of {len(file.rows):,} name no image of the "
            "test sets",
            "Take them out, or leave them out with --allow-unmatched",
            shown,
        )


def _print(
    given: ImportedScores, scores: MatchedScores, record: ExperimentRecord, fit_id: str
) -> None:
    console = Console()
    images = sum(map(len, scores.logits.values()))
    missing = [path for paths in scores.without.values() for path in paths]
    console.print(
        f"{fit_id}: {images - len(missing):,} of {counted(images, 'test image')} have a score",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    print_some(
        console, f"{counted(len(missing), 'image')} without one, a null score each:", missing
    )
    unscored = [
        pool for pool, paths in scores.without.items() if len(paths) == len(scores.logits[pool])
    ]
    labels = {pool["pool_id"]: f"{pool['dataset']} {pool['source']}" for pool in record["pools"]}
    print_some(
        console,
        f"{counted(len(unscored), 'pool')} without any score: its cells have no number:",
        [labels.get(pool, pool) for pool in unscored],
    )
    tested = {generator for each in record["test_sets"] if (generator := each["generator"])}
    strange = [name for name in given.trained_on if name not in {*tested, "none"}]
    print_some(console, "stated as trained on, and no test set is of it:", strange)
    left = [f"line {row.line}: {row.image}" for row in scores.strangers]
    print_some(console, f"{counted(len(left), 'row')} left out, of no image that is tested:", left)
    matrix = store_command(given.store, "matrix", "--experiment", record["name"])
    print_hint(console, "the matrix with it", matrix)
