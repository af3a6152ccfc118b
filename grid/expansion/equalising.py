"""What `equalise:` of a file becomes for each training set and each test set of the experiment.

Most equalises are the same for all. `match` is made of reals: those of a training set for its
fits, whatever they are tested on, and those of a test set for its pieces, whatever is tested on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from data.operations import parse
from data.pools import Pool
from grid.refusal import Problems
from grid.sources.catalog import Catalog
from grid.sources.source import FAKE, REAL
from grid.sources.tested_sets import TestSet
from grid.sources.training_sets import TrainingSet

if TYPE_CHECKING:
    from data.matching.forming import Formed

# By id and number of images: one that no fit trains on still counts where its pool is tested.
_Pools = tuple[tuple[tuple[str, int], ...], tuple[tuple[str, int], ...]]


@dataclass(frozen=True)
class Matched:
    """What `match` was made of, for one comparison of reals and fakes."""

    comparison: str
    asked: str
    formed: Formed


class Equalising:
    """The equalise of each comparison, each formed once; mistakes go to `problems`.

    Attributes:
        matched: what was formed for `match`, by comparison and by what was asked for; empty
            without it.
    """

    def __init__(self, catalog: Catalog, problems: Problems) -> None:
        self.matched: dict[tuple[str, str], Matched] = {}
        self._catalog = catalog
        self._problems = problems
        self._formed: dict[tuple[_Pools, int | None], Formed | None] = {}

    def of_training(self, asked: str, training: TrainingSet) -> str | None:
        """Return the canonical equalise of a training set; None, noted, where there is none.

        Args:
            asked: the equalise as the file says it, in its canonical form; here and below.
            training: the training set.
        """
        pools = [self._catalog.trainable(pool) for pool in training.pools]
        return self.of_pools(asked, f"training set {training.label}", pools)

    def of_test_sets(self, asked: str, sets: Sequence[TestSet]) -> dict[str, list[TestSet]]:
        """Return test sets by their canonical equalise; one without any is noted and left out."""
        found: dict[str, list[TestSet]] = {}
        for test_set in sets:
            ids = (*test_set.real_pools, *test_set.fake_pools)
            pools = [self._catalog.pool(pool_id) for pool_id in ids]
            text = self.of_pools(asked, f"test set {test_set.name}", pools)
            if text is not None:
                found.setdefault(text, []).append(test_set)
        return found

    def of_pools(self, asked: str, comparison: str, pools: Iterable[Pool]) -> str | None:
        """Return the canonical equalise of some pools of both classes that are compared."""
        if asked == "none":
            return asked
        from data.matching.table_list import MATCH, remember

        pipeline = parse(asked, "equalise")
        if not any(step.name == MATCH for step in pipeline.operations):
            return asked
        [step] = pipeline.operations  # `match` stands alone: see the schema
        settings = dict(step.keywords)
        formed = self._form(f"{comparison}: equalise: {asked}", list(pools), settings.get("px"))
        if formed is None:
            return None
        self.matched.setdefault((comparison, asked), Matched(comparison, asked, formed))
        settings["tables"] = remember(formed.table_list)
        return replace(step, keywords=tuple(settings.items())).canonical

    def _form(self, what: str, pools: Sequence[Pool], px: int | None) -> Formed | None:
        """Form the list of some pools, once; None, with a problem noted, where it cannot be."""
        from data.matching.forming import NotMatched, formed
        from data.matching.left_out import FactsUnknown

        reals, fakes = ([p for p in pools if p.label == label] for label in (REAL, FAKE))
        key = (_key(reals), _key(fakes)), px
        if key not in self._formed:
            self._formed[key] = None
            try:
                self._formed[key] = formed([p.table for p in reals], [p.table for p in fakes], px)
            except NotMatched as refusal:
                self._problems.add(what, refusal.why, refusal.mend)
            except FactsUnknown as error:
                self._problems.add(what, str(error), "Index the images again: --rehash")
        return self._formed[key]


def _key(pools: Iterable[Pool]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((pool.pool_id, len(pool)) for pool in pools))
