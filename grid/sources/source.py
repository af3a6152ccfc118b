"""A source: one generator of one dataset, with the pools that its images form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from data.generators import SEVERAL
from data.pools import Pool

REAL, FAKE = 0, 1
TRAIN, VALIDATION, TEST = "train", "validation", "test"


@dataclass(frozen=True)
class Source:
    """One generator of one dataset, with the pools that its images form."""

    dataset: str
    generator: str
    family: str
    generator_group: str
    pools: tuple[Pool, ...]

    @property
    def name(self) -> str:
        """How an experiment file calls it: dataset/generator."""
        return f"{self.dataset}/{self.generator}"

    def of(self, split: str, label: int | None = None) -> list[Pool]:
        """Return its pools of one split, of one label or of both."""
        return [p for p in self.pools if p.split == split and label in (None, p.label)]

    def of_label(self, label: int) -> list[Pool]:
        """Return its pools of one label, of every split."""
        return [p for p in self.pools if p.label == label]


def sources_of(alias: str, pools: Sequence[Pool]) -> list[Source]:
    """Pair every generator's fakes with the reals that its folder holds.

    A real pool belongs to the generator that its `generator` column names (GenImage keeps reals
    beside each generator) or several of them name; reals that belong to none are shared by all
    generators of the dataset that have none of their own.
    """
    generators = list(dict.fromkeys(p.source for p in pools if p.label == FAKE))
    sources = []
    for generator in generators:
        fakes = [p for p in pools if p.label == FAKE and p.source == generator]
        own = [p for p in pools if p.label == REAL and generator in _beside(p)]
        reals = own or [p for p in pools if p.label == REAL and not _beside(p)]
        sources.append(
            Source(alias, generator, fakes[0].family, fakes[0].generator_group, (*fakes, *reals))
        )
    return sources


def _beside(pool: Pool) -> list[str]:
    """Return the generators that a pool of reals stands beside, none where it is beside all."""
    return [name for name in pool.beside.split(SEVERAL) if name]
