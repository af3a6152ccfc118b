"""A source: one generator of one dataset, with the pools that its images form."""

from __future__ import annotations

from dataclasses import dataclass

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
