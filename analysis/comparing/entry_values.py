"""A metric of both sides of an entry, on the same images.

Cells are measured without the images that their own fit has seen. Where two fits have seen other
images, their cells are of other images, and both are measured anew on what neither has seen.
"""

from __future__ import annotations

from collections.abc import Sequence

from analysis.comparing.compared_cells import ComparedCell
from analysis.comparing.image_scores import ImageScores
from analysis.comparing.question import Unanswerable
from analysis.measuring.metric_registry import Metric
from grid.records.experiments import NOT_TRAINED_CLASSES

_OF_MORE = ("calibrated", "validation", "reals_apart")
"""What metrics may need that common images do not give: it belongs to one fit, or to all reals."""


class EntryValues:
    """Gives the values of a metric, from the cells or anew from the scores.

    `recomputed` names the test sets of which it was done anew.
    """

    def __init__(self, metric: Metric, scores: ImageScores) -> None:
        self._metric = metric
        self._scores = scores
        self.recomputed: dict[str, None] = {}

    def __call__(
        self, a: Sequence[ComparedCell | None], b: Sequence[ComparedCell | None]
    ) -> tuple[list[float | None], list[float | None]]:
        """Return the values of A's and of B's cells of one entry, None where there is none."""
        measured = [cell for cell in (*a, *b) if cell is not None and cell.measured is not None]
        if _are_of_the_same_images(measured):
            return [self._kept(cell) for cell in a], [self._kept(cell) for cell in b]
        if self._metric.needs in _OF_MORE:
            raise Unanswerable(
                f"The fits have not seen the same images of {measured[0].test_set['name']}, and "
                f"{self._metric.title} cannot be measured anew on those that none has seen",
                "Compare by another metric, such as AUC",
            )
        self.recomputed[measured[0].test_set["name"]] = None
        common = self._scores.common(measured)
        values = {
            id(cell): self._metric.compute(common.real_FN[n], common.fake_FN[n])
            for n, cell in enumerate(measured)
        }
        return [values.get(id(cell)) for cell in a], [values.get(id(cell)) for cell in b]

    def _kept(self, cell: ComparedCell | None) -> float | None:
        if cell is None or cell.measured is None:
            return None
        return cell.measured.metrics[self._metric.name]


def _are_of_the_same_images(cells: Sequence[ComparedCell]) -> bool:
    """Say it where nothing was left out, or the same for all.

    Fits of the same training and validation images have seen the same.
    """
    counts = [cell.measured.counts for cell in cells if cell.measured is not None]
    if any(each.n_null for each in counts) or not _count_the_same_classes(cells):
        return False
    if not any(each.n_seen for each in counts) and len({e.n_real + e.n_fake for e in counts}) < 2:
        return True
    learned = {
        (fit["description"].get("training"), fit["description"].get("validation"), fit["parent"])
        for fit in (cell.fit for cell in cells)
    }
    return len(learned) == 1 and not any(None in each[:2] for each in learned)


def _count_the_same_classes(cells: Sequence[ComparedCell]) -> bool:
    """Say it: of a test set of the classes that a fit was not trained on, they are each fit's."""
    if not cells or cells[0].test_set["classes"] != NOT_TRAINED_CLASSES:
        return True
    trains = [cell.fit["train"] for cell in cells]
    trained = {frozenset(train.get("classes", ())) if train else None for train in trains}
    return len(trained) == 1
