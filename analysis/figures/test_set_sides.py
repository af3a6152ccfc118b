"""Maps of pools, brought together as test sets compare them: the reals and the fakes of each.

A test set may have several pools on a side; their means are then weighted by their images, as if
all images were one pool. All sets of a picture have crops of one size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import numpy as np

from analysis.comparing.evidence import Evidence
from analysis.figures.naming import file_names
from grid.records.artifacts.counted import CountedImages
from grid.records.experiments import SetRecord, sets_of
from grid.records.proven.checksums import CorruptRecord
from grid.records.table_lists import as_asked

if TYPE_CHECKING:
    import numpy.typing as npt

    Values = npt.NDArray[np.float64]


class MapOfPool(Protocol):
    """What an artifact of a pool has in common with others."""

    @property
    def pool_id(self) -> str:
        """Whose images."""

    @property
    def equalise(self) -> str:
        """What was done to them first."""

    @property
    def size_px(self) -> int:
        """Side of the crop."""

    @property
    def counted(self) -> CountedImages:
        """Which images count."""


Each = TypeVar("Each", bound=MapOfPool)
Read = TypeVar("Read")
Item = TypeVar("Item")


@dataclass(frozen=True)
class TwoSides(Generic[Each]):
    """The maps of a test set: of its pools of reals, of its pools of fakes."""

    name: str
    family: str
    reals: tuple[Each, ...]
    fakes: tuple[Each, ...]

    @property
    def images(self) -> tuple[int, int]:
        """How many real and how many fake images count."""
        real, fake = (sum(each.counted.images for each in s) for s in (self.reals, self.fakes))
        return real, fake


@dataclass(frozen=True)
class ComparedAlike(Generic[Each]):
    """Test sets whose images were treated alike, with crops of one size.

    Attributes:
        equalise: as the experiment's file asks for it.
        size_px: side of all crops.
        sets: in the order of the experiment.
        missing: names of the test sets without such maps.
    """

    equalise: str
    size_px: int
    sets: tuple[TwoSides[Each], ...]
    missing: tuple[str, ...]

    @property
    def in_words(self) -> str:
        """How the images were treated, and which test sets are not shown."""
        done = "" if self.equalise == "none" else f", equalised by {self.equalise}"
        lost = f" Not computed: {', '.join(self.missing)}." if self.missing else ""
        return f"The middle {self.size_px} x {self.size_px} px of each image{done}.{lost}"


def pools_of(evidence: Evidence) -> set[str]:
    """Return the pools that an experiment's test sets are made of."""
    return {
        pool
        for each in evidence.experiment["test_sets"]
        for pool in (*each["real_pools"], *each["fake_pools"])
    }


def readable(
    evidence: Evidence, read: tuple[Sequence[Read], Mapping[str, CorruptRecord]]
) -> Sequence[Read]:
    """Return what could be read; the evidence notes which files are damaged and left out."""
    found, damaged = read
    for key, error in damaged.items():
        evidence.selection.leave_out(key, error)
    return found


def compared_alike(evidence: Evidence, maps: Iterable[Each]) -> list[ComparedAlike[Each]]:
    """Return what of an experiment can be compared, a group for each equalise that it asks for.

    Of several sizes that one is taken which the most test sets have, of equal ones the largest; of
    several draws of a pool the one with the most images.
    """
    best: dict[tuple[str, str, int], Each] = {}
    for each in maps:
        key = (each.pool_id, each.equalise, each.size_px)
        if key not in best or each.counted.images > best[key].counted.images:
            best[key] = each
    sizes = {size for _, _, size in best}
    groups = []
    for asked, sets in _sets_by_equalise(evidence).items():
        sides = {
            size: {name: found for name, s in sets.items() if (found := _sides(*s, size, best))}
            for size in sizes
        }
        counts = Counter({size: len(found) for size, found in sides.items() if found})
        if counts:
            size = max(counts, key=lambda size: (counts[size], size))
            missing = tuple(name for name in sets if name not in sides[size])
            groups.append(ComparedAlike(asked, size, tuple(sides[size].values()), missing))
    return groups


def named_parts(
    kind: str, groups: Sequence[ComparedAlike[Each]], most: int
) -> Iterator[tuple[ComparedAlike[Each], Sequence[TwoSides[Each]], str]]:
    """Yield of each group its test sets, at most so many at a time, and a name for the picture."""
    found = []
    for group in groups:
        parts = parts_of(group.sets, most)
        for number, part in enumerate(parts, 1):
            whole = group.equalise if len(groups) > 1 else ""
            which = f"part {number} of {len(parts)}" if len(parts) > 1 else ""
            found.append((group, part, f"{whole} {which}".strip()))
    names = file_names(kind, (title for _, _, title in found))
    for group, part, title in found:
        yield group, part, names[title]


def short_names(sets: Sequence[TwoSides[Each]]) -> list[str]:
    """Return the names of test sets without the collection, where all are of the same one."""
    collections = {each.name.rpartition("/")[0] for each in sets}
    if len(collections) > 1:
        return [each.name for each in sets]
    return [each.name.rpartition("/")[2] for each in sets]


def parts_of(items: Sequence[Item], most: int) -> list[Sequence[Item]]:
    """Return items in parts of about equal length, none longer than `most`."""
    count = -(-len(items) // most)  # rounded up
    length = -(-len(items) // max(count, 1))
    return [items[start : start + length] for start in range(0, len(items), length or 1)]


def pooled(
    parts: Sequence[tuple[int, Values, Values]],
) -> tuple[Values, Values]:
    """Return mean and standard error over the images of several pools, from those of each.

    Args:
        parts: of each pool its images n, their mean and its standard error (sd / root n), arrays.
    """
    total = sum(n for n, _, _ in parts)
    mean: Values = np.sum([n * each for n, each, _ in parts], axis=0) / total
    if total < 2:
        return mean, np.full_like(mean, np.nan)
    # Squares within a pool from its standard error (none of a single image), and between pools.
    within = [np.nan_to_num(error) ** 2 * n * (n - 1) for n, _, error in parts]
    between = [n * (each - mean) ** 2 for n, each, _ in parts]
    squares = np.sum([*within, *between], axis=0)
    return mean, np.sqrt(squares / (total - 1) / total)


def _sets_by_equalise(evidence: Evidence) -> dict[str, dict[str, tuple[SetRecord, str]]]:
    """Of each equalise that is asked for the test sets by name, each with its own text of it."""
    experiment = evidence.experiment
    found: dict[str, dict[str, tuple[SetRecord, str]]] = {}
    for scoring in experiment["scoring"]:
        asked = as_asked(scoring["equalise"])
        for number in sets_of(experiment, scoring):
            test_set = experiment["test_sets"][number]
            found.setdefault(asked, {}).setdefault(
                test_set["name"], (test_set, scoring["equalise"])
            )
    return found


def _sides(
    test_set: SetRecord, equalise: str, size: int, best: Mapping[tuple[str, str, int], Each]
) -> TwoSides[Each] | None:
    sides = [
        tuple(best.get((pool, equalise, size)) for pool in pools)
        for pools in (test_set["real_pools"], test_set["fake_pools"])
    ]
    reals, fakes = (tuple(each for each in side if each is not None) for side in sides)
    if not reals or not fakes or len(reals) + len(fakes) < sum(map(len, sides)):
        return None
    return TwoSides(test_set["name"], test_set["family"], reals, fakes)
