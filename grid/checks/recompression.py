"""Lossy codings of test sets whose classes were not coded alike before.

Where reals are JPEG and fakes PNG, `jpeg(75)` codes the reals twice and the fakes once. Double
coding leaves traces of its own (Fan and de Queiroz, "Identification of bitmap compression history",
IEEE TIP 2003), so what a robustness row shows may be that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from data.operations import parse
from data.pools import Pool
from grid.expansion.fits import Expansion

CODINGS = {"jpeg": ("JPEG", ("JPEG", "MPO")), "webp": ("WebP", ("WEBP",))}
"""By degradation: what it codes to, and Pillow's names of files that are coded so already."""

# A difference in shares below this is one of a few files, not of how the classes were made.
SMALLEST_DIFFERENCE = 0.1


@dataclass(frozen=True)
class CodedAgain:
    """Degradations of one coding, and test sets of whose classes unlike shares are coded so."""

    format: str
    degradations: tuple[str, ...]
    test_sets: tuple[str, ...]
    reals: float
    """Share of the first test set's reals that are coded so already, 0 to 1."""
    fakes: float
    """The same of its fakes."""


def coded_again(expansion: Expansion) -> list[CodedAgain]:
    """Return what is coded again without an equalisation; from the manifests alone."""
    found = []
    for coding, (name, formats) in CODINGS.items():
        degradations: dict[str, None] = {}
        places: set[int] = set()
        for texts, asked in _not_equalised(expansion):
            coded = [text for text in texts if coding in _steps(text)]
            degradations.update(dict.fromkeys(coded))
            places.update(asked if coded else ())
        unlike = {}
        for place in sorted(places):
            test_set = expansion.test_sets[place]
            pools = [
                [expansion.catalog.pool(pool_id) for pool_id in ids]
                for ids in (test_set.real_pools, test_set.fake_pools)
            ]
            reals, fakes = (_share(each, formats) for each in pools)
            if abs(reals - fakes) >= SMALLEST_DIFFERENCE:
                unlike[test_set.name] = reals, fakes
        if unlike:
            shares = next(iter(unlike.values()))
            found.append(CodedAgain(name, tuple(degradations), tuple(unlike), *shares))
    return found


def _not_equalised(expansion: Expansion) -> dict[tuple[tuple[str, ...], tuple[int, ...]], None]:
    """Degradations and places of test sets that are scored together, each once and in order."""
    return {
        (tuple(block["degradations"]), tuple(block["test_sets"])): None
        for blocks in expansion.scoring.values()
        for block in blocks
        if block["equalise"] == "none"
    }


def _steps(degradation: str) -> set[str]:
    return {step.name for step in parse(degradation, "degradation").operations}


def _share(pools: Sequence[Pool], formats: tuple[str, ...]) -> float:
    found = [fmt in formats for pool in pools for fmt in pool.table["format"].to_pylist()]
    return sum(found) / len(found) if found else 0.0
