"""`crossgen power`: the design of a file, of a store's experiment or of options, and its power."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import comb, prod, sqrt
from pathlib import Path
from typing import Any

from analysis.comparing.measured_spreads import MeasuredSpreads, are_alike, measured_spreads
from analysis.matrices.matrix import Matrix
from analysis.matrices.matrix_making import matrices
from analysis.matrices.relations import UNSEEN
from analysis.selecting.expansion_choice import choose_one
from analysis.selecting.selection import StoreSelection
from analysis.selecting.stated import UNKNOWN_FAMILY
from analysis.statistics.design import Design, Spreads
from grid.records.experiments import ExperimentRecord
from grid.refusal import Problem, Refused
from launch.chosen_experiment import check_file_or_name, expansion_of_file
from launch.desk import store_of

ASSUMED_SEED_SD, ASSUMED_GENERATOR_SD = 0.01, 0.02
NOTHING_MEASURED = MeasuredSpreads(seed=None, generator=None, training=None, test=None)


@dataclass(frozen=True, kw_only=True)
class PlannedDesign:
    """A design and where each of its spreads is from: `given`, `measured` or `assumed`."""

    name: str
    metric: str
    design: Design
    methods: int | None
    origins: dict[str, str]


def print_power(
    file: Path | None,
    *,
    store: str | None,
    experiment: str | None,
    digest: str | None,
    metric: str,
    gains: Sequence[float],
    only: Any,
    changes: Any,
    limit: int | None,
    rehash: bool,
    trust_index: bool,
    **options: Any,
) -> None:
    """Print what a design can find; `gains` and spreads among the options are in points.

    Raises:
        Refused: the design is not said.
    """
    from launch.show_power import print_design

    narrowed = {
        "only": only,
        "changes": changes,
        "limit": limit,
        "rehash": rehash,
        "trust_index": trust_index,
    }
    check_file_or_name(file, {"experiment": experiment, "digest": digest}, narrowed)
    given = {**options, "families": _families(options["families"])}
    if file is not None:
        opened, choice = expansion_of_file(file, store, narrowed)
    elif experiment or digest:
        opened = store_of(store)
        choice = choose_one(opened, experiment, digest)
    else:
        print_design(_of_options(given, metric), [gain / 100 for gain in gains])
        return
    record = choice.experiments[0]
    made = matrices(StoreSelection.of(opened, [record]), record)
    print_design(_of_experiment(record, made, given, metric), [gain / 100 for gain in gains])


def _of_options(given: dict[str, Any], metric: str) -> PlannedDesign:
    missing = [f"--{name}" for name in ("seeds", "generators") if given[name] is None]
    if missing:
        raise Refused(
            [
                Problem(
                    what=f"power without FILE and {' and '.join(missing)}",
                    why="what can be found depends on the number of seeds and of test generators",
                    mend="Name an experiment's file, or give both, such as "
                    "`crossgen power --seeds 5 --generators 8`",
                )
            ]
        )
    spreads, origins = _spreads(given, NOTHING_MEASURED, given["seeds"])
    design = Design(
        seeds=given["seeds"],
        training_generators=given["training"] or 1,
        test_generators=given["generators"],
        images=given["images"],
        comparisons=given["comparisons"] or 1,
        families=given["families"],
        spreads=spreads,
    )
    return PlannedDesign(
        name="a design", metric=metric, design=design, methods=None, origins=origins
    )


def _of_experiment(
    record: ExperimentRecord, made: Sequence[Matrix], given: dict[str, Any], metric: str
) -> PlannedDesign:
    """Return the design that an experiment has, where options do not say otherwise."""
    seeds = given["seeds"] or min((len(each.seeds) for each in made), default=0)
    methods = _methods(made)
    new = [_new_columns(each) for each in made]
    spreads, origins = _spreads(given, measured_spreads(made, metric), max(seeds, 1))
    per_row = [n for counts, _ in new for n in counts if n]
    by_family = max((each for _, each in new), key=lambda each: sum(each.values()), default={})
    known = {name: n for name, n in by_family.items() if name not in ("", UNKNOWN_FAMILY)}
    design = Design(
        seeds=seeds,
        training_generators=given["training"] or max((len(each.rows) for each in made), default=1),
        test_generators=given["generators"] or min(per_row, default=0),
        all_test_generators=given["generators"] or sum(by_family.values()),
        images=given["images"] or _images_of(record),
        comparisons=given["comparisons"] or _comparisons(record, methods),
        families=given["families"] or known,
        spreads=spreads,
    )
    return PlannedDesign(
        name=record["name"], metric=metric, design=design, methods=methods, origins=origins
    )


def _new_columns(matrix: Matrix) -> tuple[list[int], dict[str, int]]:
    """Return how many test generators are new to each row, and those new to any, by family."""
    is_new = [[e is not None and e.relation in UNSEEN for e in row] for row in matrix.entries]
    families = Counter(
        column.family
        for column, news in zip(matrix.columns, zip(*is_new, strict=True), strict=True)
        if any(news)
    )
    return [sum(row) for row in is_new], dict(families)


def _methods(made: Sequence[Matrix]) -> int:
    """Return how many methods are compared under equal conditions."""
    return max((sum(are_alike(one, other) for other in made) for one in made), default=0)


def _comparisons(record: ExperimentRecord, methods: int) -> int:
    """Return how many comparisons are declared, or all pairs of methods where none is."""
    declared = sum(
        comb(prod(len(values) for values in each["compare"].values()), 2)
        for each in record["contrasts"]
    )
    return max(1, declared or comb(methods, 2))


def _images_of(record: ExperimentRecord) -> int | None:
    """Return the images of the smallest test set."""
    sizes = {pool["pool_id"]: pool["n"] for pool in record["pools"]}
    return min(
        (
            sum(sizes.get(pool, 0) for pool in (*each["real_pools"], *each["fake_pools"]))
            for each in record["test_sets"]
        ),
        default=None,
    )


def _spreads(
    given: dict[str, Any], measured: MeasuredSpreads, seeds: int
) -> tuple[Spreads, dict[str, str]]:
    """Return each spread as given, else as measured, else as assumed, and which of these it is."""
    seed = given["seed_sd"] and given["seed_sd"] / 100
    generator = given["generator_sd"] and given["generator_sd"] / 100
    training = given["training_sd"] and given["training_sd"] / 100
    found = Spreads(
        seed=seed or measured.seed or ASSUMED_SEED_SD,
        generator=generator or measured.generator or ASSUMED_GENERATOR_SD,
        training=0.0,
        test=generator or measured.test or generator or ASSUMED_GENERATOR_SD,
    )
    # Unless it is known: as much as between test generators, and what single fits vary by.
    fits = sqrt(found.generator**2 + 2 * found.seed**2 / seeds)
    origins = {
        name: "given" if own else "measured" if known else "assumed"
        for name, own, known in (
            ("seed", seed, measured.seed),
            ("generator", generator, measured.generator),
            ("training", training, measured.training),
        )
    }
    return replace(found, training=training or measured.training or fits), origins


def _families(pairs: Sequence[str]) -> dict[str, int]:
    found = {}
    for pair in pairs:
        name, _, number = pair.partition("=")
        if not name or not number.isdecimal():
            raise Refused(
                [
                    Problem(
                        what=f"--family {pair}",
                        why="it is not NAME=N, a family and how many test generators it has",
                        mend="Write for instance --family gan=1 --family diffusion=7",
                    )
                ]
            )
        found[name] = int(number)
    return found
