"""A planned design, and what each claim that it could make would need to be found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from analysis.statistics.factor_by_family import smallest_p
from analysis.statistics.power import (
    detectable,
    discordance_found,
    generator_part,
    seed_parts,
    seeds_needed,
    smallest_sign_p,
    units_needed,
)
from analysis.statistics.student_t import VariancePart
from data.counts import counted

ALPHA = 0.05
DISCORDANCE = 0.05
"""Share of images that one of two detectors alone gets right, where nothing says otherwise."""
FEW_GENERATORS = 6


@dataclass(frozen=True, kw_only=True)
class Spreads:
    """Standard deviations that a design's power depends on, as shares of 1.

    `seed` is between seeds of one method, of the mean over test generators. The others are of the
    difference of two methods: `generator` between test generators, of one training set; `training`
    between training sets, of means over tests; `test` between tests, of means over training sets.
    """

    seed: float
    generator: float
    training: float
    test: float


@dataclass(frozen=True, kw_only=True)
class Design:
    """What is planned: how many of everything, and how much each of them varies.

    `test_generators` are those that are new to one training set, `all_test_generators` those new to
    any, where several are trained on; `families` counts the latter by family. `images` are those
    of one test set, None where that is not known.
    """

    seeds: int
    training_generators: int
    test_generators: int
    spreads: Spreads
    all_test_generators: int = 0
    images: int | None = None
    comparisons: int = 1
    families: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ClaimPower:
    """What a design finds of one claim, as a share of 1: alone, and as the first of all with Holm.

    None where its test cannot be significant; `refusal` then says why, and what to add.
    """

    claim: str
    test: str
    units: str
    found: float | None
    found_corrected: float | None
    refusal: str = ""


def claims_of(design: Design) -> tuple[ClaimPower, ...]:
    """Return what a design finds of each claim, the narrowest first."""
    tests = f"{counted(design.test_generators, 'test generator')}"
    seeds = counted(design.seeds, "seed")
    made = [_of_images(design)] if design.images else []
    one_seed = "one seed says nothing of a procedure: train at least 2, better 5"
    lacking = one_seed if design.seeds < 2 else ""
    few_tests = "test on at least 2 generators that are new" if design.test_generators < 2 else ""
    made.append(
        _of_parts(
            design,
            "this procedure on these generators",
            "Welch t over seeds",
            seeds,
            [] if lacking else seed_parts(design.seeds, design.spreads.seed),
            lacking,
        )
    )
    made.append(_of_files_on_new_generators(design, tests))
    refusal = lacking or few_tests
    made.append(
        _of_parts(
            design,
            "this procedure on new generators",
            "two-component t",
            f"{tests}, {seeds}",
            [] if refusal else two_components(design, design.seeds),
            refusal,
        )
    )
    if design.training_generators > 1:
        made.append(
            _of_parts(
                design,
                "this procedure on new training and test generators",
                "crossed two-way t",
                f"{design.training_generators} training, {_tests_crossed(design)} test generators, "
                f"{seeds}",
                [] if refusal else crossed_components(design),
                refusal,
            )
        )
    return tuple(made)


def two_components(design: Design, seeds: int) -> list[VariancePart]:
    """Return the variance parts of the two-component t with so many seeds."""
    spreads = design.spreads
    generators = generator_part(design.test_generators, spreads.generator)
    return [generators, *seed_parts(seeds, spreads.seed)]


def crossed_components(design: Design) -> list[VariancePart]:
    """Return the variance parts of the crossed t, each training set being a fit of its own."""
    return [
        generator_part(design.training_generators, design.spreads.training),
        generator_part(_tests_crossed(design), design.spreads.test),
    ]


def _tests_crossed(design: Design) -> int:
    return max(design.all_test_generators, design.test_generators)


@dataclass(frozen=True, kw_only=True)
class SeedsNeeded:
    """Seeds of each method that find a gain on these generators, and on new ones.

    None where no number does; `generators` then says how many test generators do with the planned
    seeds, None where 1,000 do not.
    """

    gain: float
    on_these: int | None
    on_new: int | None
    generators: int | None


def needed_for(design: Design, gain: float) -> SeedsNeeded:
    """Return how many seeds a gain needs, and where they are not enough, how many generators."""
    spreads, n_tests = design.spreads, design.test_generators
    on_new = generators = None
    if n_tests > 1:
        tests = [generator_part(n_tests, spreads.generator)]
        on_new = seeds_needed(gain, spreads.seed, tests)
    if on_new is None and design.seeds > 1:
        seeds = seed_parts(design.seeds, spreads.seed)

        def is_enough(n: int) -> bool:
            return detectable([generator_part(n, spreads.generator), *seeds]) <= gain

        generators = next((n for n in range(max(2, n_tests), 1001) if is_enough(n)), None)
    return SeedsNeeded(
        gain=gain, on_these=seeds_needed(gain, spreads.seed), on_new=on_new, generators=generators
    )


@dataclass(frozen=True, kw_only=True)
class FamilyReach:
    """The smallest p that generators of two families can give; `mend` where it is above .05."""

    first: str
    second: str
    n_first: int
    n_second: int
    smallest: float
    mend: str = ""


def family_reach(families: Mapping[str, int]) -> tuple[FamilyReach, ...]:
    """Return the smallest p of each pair of families, whatever the images and seeds."""
    found = []
    for (first, n), (second, m) in combinations(families.items(), 2):
        smallest = smallest_p(n, m)
        mend = "" if smallest <= ALPHA else _more_of(first, n, second, m)
        found.append(
            FamilyReach(
                first=first, second=second, n_first=n, n_second=m, smallest=smallest, mend=mend
            )
        )
    return tuple(found)


def _more_of(first: str, n: int, second: str, m: int) -> str:
    fewer, larger = (first, m) if n <= m else (second, n)
    if larger < 4:
        return "test on at least 4 generators of each family"
    enough = next(k for k in range(1, larger + 1) if smallest_p(k, larger) <= ALPHA)
    return f"add at least {counted(enough - min(n, m), f'{fewer} generator')}"


def _of_images(design: Design) -> ClaimPower:
    images = design.images or 0
    return ClaimPower(
        claim="these files on these generators",
        test="McNemar, accuracy of one test set",
        units=f"{images:,} images",
        found=discordance_found(images, DISCORDANCE),
        found_corrected=discordance_found(images, DISCORDANCE, alpha=_holm(design)),
    )


def _of_files_on_new_generators(design: Design, units: str) -> ClaimPower:
    n = design.test_generators
    refusal = ""
    if n < FEW_GENERATORS:
        smallest = f"{smallest_sign_p(n):.4g}".replace("0.", ".", 1)
        refusal = f"no p below {smallest}: test on at least {FEW_GENERATORS} new generators"
    made = _of_parts(
        design,
        "these files on new generators",
        "sign-flip, signed-rank",
        units,
        [] if refusal else [generator_part(n, design.spreads.generator)],
        refusal,
    )
    if made.refusal or smallest_sign_p(n) <= _holm(design):
        return made
    return ClaimPower(
        claim=made.claim,
        test=made.test,
        units=made.units,
        found=made.found,
        found_corrected=None,
        refusal=f"with Holm over {design.comparisons} it needs at least "
        f"{units_needed(design.comparisons)} test generators",
    )


def _of_parts(
    design: Design,
    claim: str,
    test: str,
    units: str,
    parts: Sequence[VariancePart],
    refusal: str,
) -> ClaimPower:
    return ClaimPower(
        claim=claim,
        test=test,
        units=units,
        found=detectable(parts) if parts else None,
        found_corrected=detectable(parts, alpha=_holm(design)) if parts else None,
        refusal=refusal,
    )


def _holm(design: Design) -> float:
    """Return the level of the smallest of all p-values under Holm's correction."""
    return ALPHA / max(1, design.comparisons)
