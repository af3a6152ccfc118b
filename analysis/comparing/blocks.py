"""The numbers of a comparison as arrays: seeds x training sets x test generators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analysis.comparing.compared_cells import ComparedCell

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ComparedEntry:
    """One training set on one test set: the cells of A and of B, in the order of their seeds."""

    a: tuple[ComparedCell, ...]
    b: tuple[ComparedCell, ...]


@dataclass(frozen=True, kw_only=True)
class Block:
    """Both sides' values, (seeds, training sets, generators); NaN where not part of the claim.

    Both have the same training sets and generators, and seeds of their own. `families` and
    `groups` are of each generator. `entries` holds the cells behind the values; several test sets
    of one generator are one value, their mean. `diagonal` says whether generators are in it that
    the fits were trained on. `left_out` names what was incomplete. `is_same_fits`: A and B are the
    same networks, looked at in two ways.
    """

    a_STG: Values
    b_STG: Values
    seeds_a: tuple[int | None, ...]
    seeds_b: tuple[int | None, ...]
    trained: tuple[str, ...]
    generators: tuple[str, ...]
    families: tuple[str, ...]
    groups: tuple[str, ...]
    entries: tuple[ComparedEntry, ...]
    diagonal: str
    left_out: tuple[str, ...] = ()
    is_same_fits: bool = False

    @property
    def a_G(self) -> Values:
        """A's mean over seeds and training sets, by generator."""
        means: Values = np.nanmean(self.a_STG, axis=(0, 1))
        return means

    @property
    def b_G(self) -> Values:
        """B's mean over seeds and training sets, by generator."""
        means: Values = np.nanmean(self.b_STG, axis=(0, 1))
        return means

    @property
    def a_S(self) -> Values:
        """A's mean by seed, each entry counting once."""
        means: Values = np.nanmean(self.a_STG, axis=(1, 2))
        return means

    @property
    def b_S(self) -> Values:
        """B's mean by seed, each entry counting once."""
        means: Values = np.nanmean(self.b_STG, axis=(1, 2))
        return means

    @property
    def a_SG(self) -> Values:
        """A's mean over training sets, by seed and generator."""
        means: Values = np.nanmean(self.a_STG, axis=1)
        return means

    @property
    def b_SG(self) -> Values:
        """B's mean over training sets, by seed and generator."""
        means: Values = np.nanmean(self.b_STG, axis=1)
        return means

    @property
    def difference(self) -> float:
        """A minus B: the mean over seeds of the macro mean over entries."""
        return float(self.a_S.mean() - self.b_S.mean())

    @property
    def has_paired_seeds(self) -> bool:
        """Whether seeds are pairs: the same networks on both sides, and not two trainings."""
        return self.is_same_fits and self.seeds_a == self.seeds_b

    @property
    def differences(self) -> list[float]:
        """A minus B of each generator."""
        found: list[float] = (self.a_G - self.b_G).tolist()
        return found

    def of_generators(self, kept: Sequence[int]) -> Block:
        """Return the block of some generators, by their places."""
        return replace(
            self,
            a_STG=self.a_STG[:, :, kept],
            b_STG=self.b_STG[:, :, kept],
            generators=tuple(self.generators[n] for n in kept),
            families=tuple(self.families[n] for n in kept),
            groups=tuple(self.groups[n] for n in kept),
        )

    def grouped(self) -> Block:
        """Return the block with groups of near copies as generators, each the mean of its own."""
        members: dict[str, list[int]] = {}
        for place, group in enumerate(self.groups):
            members.setdefault(group, []).append(place)
        return replace(
            self,
            a_STG=mean_of_each(self.a_STG, list(members.values())),
            b_STG=mean_of_each(self.b_STG, list(members.values())),
            generators=tuple(members),
            families=tuple(self.families[places[0]] for places in members.values()),
            groups=tuple(members),
        )


def mean_of_each(values_STG: Values, members: Sequence[Sequence[int]]) -> Values:
    """Return means over groups of the last axis, of what is no NaN; NaN where nothing is."""
    merged = np.full((*values_STG.shape[:2], len(members)), np.nan)
    for place, columns in enumerate(members):
        chosen = values_STG[:, :, list(columns)]
        count = np.sum(~np.isnan(chosen), axis=2)
        merged[:, :, place] = np.divide(
            np.nansum(chosen, axis=2), count, where=count > 0, out=np.full(count.shape, np.nan)
        )
    return merged
