"""Means over the cells of a matrix: macro, each cell once, or pooled, each image once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analysis.matrices.matrix import MatrixEntry, SeedCell, Spread, mean_over
from analysis.matrices.relations import UNSEEN, Relation
from analysis.measuring.metric_registry import find_metric
from analysis.tables.table_kind import Asked
from grid.refusal import Refused

# Of what images a metric is a share, where it is one: then cells pool by how many there are.
POOLED: Mapping[str, tuple[str, ...]] = {
    "accuracy": ("n_real", "n_fake"),
    "specificity": ("n_real",),
    "recall_real": ("n_real",),
    "sensitivity": ("n_fake",),
    "recall_fake": ("n_fake",),
}
_MOVES_WITH_PREVALENCE = ("average_precision", "precision_", "f1_")
NEW, ALL_IN, ALL_OUT = "new", "all, diagonal in", "all, diagonal out"
# Columns of means, by how the tested generator relates to the training set.
RELATION_GROUPS: tuple[tuple[str, tuple[Relation, ...]], ...] = (
    ("trained", ("trained",)),
    ("trained before", ("before",)),
    ("other classes", ("classes",)),
    ("near copies", ("related",)),
    (NEW, UNSEEN),
    ("same family", ("family",)),
    ("other families", ("other",)),
    ("family unknown", ("family_unknown",)),
    ("training unknown", ("unknown",)),
)


def relation_groups(entries: Sequence[MatrixEntry]) -> list[tuple[str, tuple[Relation, ...]]]:
    """Return the groups that some entries have, then all of them with and without the diagonal.

    Where all that is not the diagonal is new, that mean stands there once, as `new`.
    """
    present = {entry.relation for entry in entries}
    groups = [(n, wanted) for n, wanted in RELATION_GROUPS if present.intersection(wanted)]
    if len(present) < 2:
        return groups
    others = tuple(each for each in sorted(present) if each != "trained")
    whole = [(ALL_IN, tuple(sorted(present)))]
    is_more = "trained" in present and not set(others) <= set(UNSEEN)
    return [*groups, *whole, *([(ALL_OUT, others)] if is_more else [])]


def average(entries: Sequence[MatrixEntry], asked: Asked) -> Spread | None:
    """Return the mean of some entries as it is asked for, a value per seed where they compare.

    Raises:
        Refused: pooled, of a metric that is no share of images.
    """
    check_average(asked)
    if asked.average == "macro":
        return mean_over(entries, asked.metric)
    seeds = {tuple(cell.seed for cell in entry.cells) for entry in entries}
    measured = all(cell.measured for entry in entries for cell in entry.cells)
    if len(seeds) == 1 and measured:
        seedwise = zip(*(entry.cells for entry in entries), strict=True)
        by_seed = [pooled(cells, asked.metric) for cells in seedwise]
        values = [value for value in by_seed if value is not None]
        return Spread(tuple(values)) if len(values) == len(by_seed) and values else None
    value = pooled([cell for entry in entries for cell in entry.cells], asked.metric)
    return None if value is None else Spread((value,))


def pooled(cells: Sequence[SeedCell], metric: str) -> float | None:
    """Return a share over the images of several cells together, None where nothing is measured."""
    total, weight = 0.0, 0
    for cell in cells:
        value = cell.measured.metrics[metric] if cell.measured else None
        if cell.measured and value is not None:
            n = sum(getattr(cell.measured.counts, name) for name in POOLED[metric])
            total, weight = total + value * n, weight + n
    return total / weight if weight else None


def check_average(asked: Asked) -> None:
    """Refuse to pool what is no share of images.

    Raises:
        Refused: as said.
    """
    if asked.average == "pooled" and asked.metric not in POOLED:
        raise Refused.because(
            f"pooled {asked.metric}",
            "it is no share of images, so that cells cannot be put together by how many there are",
            f"Ask for the macro mean, or for one of {', '.join(POOLED)}",
        )


def average_note(asked: Asked) -> str:
    """Say how means are taken."""
    if asked.average == "pooled":
        return (
            "Means are pooled: each image counts once, so that larger test sets count for more; "
            "reals that several test sets share count in each."
        )
    return "Means are macro: each training set on each test set counts once."


def prevalence_note(entries: Sequence[MatrixEntry], metric: str) -> tuple[str, ...]:
    """Warn of a metric that moves with the share of fakes, where test sets differ in it.

    A share of fakes may differ by a tenth of itself, as after leaving out images that were seen.
    """
    if not metric.startswith(_MOVES_WITH_PREVALENCE):
        return ()
    counts = [c.measured.counts for entry in entries for c in entry.cells if c.measured]
    shares = [c.n_fake / (c.n_real + c.n_fake) for c in counts if c.n_real + c.n_fake]
    if not shares or max(shares) <= 1.1 * min(shares):
        return ()
    return (
        f"Test sets have {100 * min(shares):.0f} to {100 * max(shares):.0f} % fakes, and "
        f"{find_metric(metric).title} moves with that share: columns do not compare.",
    )
