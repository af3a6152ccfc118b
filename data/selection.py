"""Which images a fit trains on and which it is validated on: a pure function of pools and a rule.

Images are drawn by hash of their ids, and pairs by hash of their names, so the choice depends on
no order, no path, no seed and no test set; smaller fractions and totals are contained in larger
ones, and adding a pool never reshuffles another. The draws for the fraction, the total and the
validation carve have salts of their own and are independent.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from data.candidates import Candidates, PoolRows, Rows, SelectionError
from data.image_ids import words
from data.restriction import (
    even_total,
    lowest_fraction,
    of_classes,
    require_both_labels,
    require_known_classes,
)
from data.validation_carving import carved_for_validation, require_both_labels_to_validate

__all__ = ["PoolRows", "Rows", "Selection", "SelectionError", "TrainingRule", "select"]


@dataclass(frozen=True)
class TrainingRule:
    """What of the given pools is used.

    Attributes:
        classes: only images of these classes; empty for all.
        fraction: of each source's images (pairs whole), 0 < fraction <= 1.
        total_images: half of them real and half fake, each half spread evenly over its sources,
            counted before validation is carved out; None for all.
        validation_fraction: of the pairs of each stratum, 0 < fraction < 1, where no validation
            pools are declared.
    """

    classes: tuple[str, ...] = ()
    fraction: float = 1.0
    total_images: int | None = None
    validation_fraction: float = 0.1

    def __post_init__(self) -> None:
        if not 0 < self.fraction <= 1:
            raise SelectionError(
                f"fraction {self.fraction} is out of range; give more than 0 and at most 1."
            )
        if not 0 < self.validation_fraction < 1:
            raise SelectionError(
                f"validation_fraction {self.validation_fraction} is out of range; "
                "give more than 0 and less than 1."
            )
        if self.total_images is not None and self.total_images < 4:
            raise SelectionError(
                f"total_images {self.total_images} leaves nothing to train and validate on; "
                "give at least 4."
            )


@dataclass(frozen=True)
class Selection:
    """The images of a fit."""

    train: Rows
    validation: Rows
    carved: bool  # whether validation was carved out of training, or declared
    validation_left_out: int = 0  # images that left it, see `data.unseen_validation`


def select(
    pools: Sequence[PoolRows],
    rule: TrainingRule,
    declared_validation: Sequence[PoolRows] = (),
    left_out: Collection[str] = (),
) -> Selection:
    """Choose the rows to train on and to validate on.

    Validation is what the declared pools hold of the rule's classes (these images are then not
    trained on). Where that is nothing it is carved: in each stratum of label, class and source the
    `validation_fraction` of the pairs with the lowest hash, rounded, at least one. A pair, which
    may hold images of both labels, always goes as a whole. Strata of a single pair are joined
    within their label and source first; otherwise a thousand classes of one image each would leave
    nothing to train on.

    Of an image that is in several pools the row of the pool with the lowest id is kept. Images of
    `left_out`, by id, are neither trained nor validated on, and the choice is that of pools which
    never held them.

    Raises:
        SelectionError: an image has two labels, a class is unknown, there are too few images, or
            a label would be left without training images, or declared validation without one.
    """
    table = Candidates.of(pools)
    declared = Candidates.of(declared_validation, first_pool=len(pools))
    if left_out:
        ids = words(sorted(left_out))
        table, declared = table.without(ids), declared.without(ids)
    if rule.classes:
        require_known_classes(table, rule.classes)
        table = table.taken(of_classes(table, rule.classes))
        declared = declared.taken(of_classes(declared, rule.classes))
    table = table.each_image_once()
    declared = declared.each_image_once()
    if len(declared):
        require_both_labels_to_validate(declared, rule.classes)
        table = table.without(declared.ids)
    if rule.fraction < 1:
        table = table.taken(lowest_fraction(table, rule.fraction))
    if rule.total_images is not None:
        table = table.taken(even_total(table, rule.total_images))
    require_both_labels(table.label)
    if len(declared):
        return Selection(table.rows(), declared.rows(), carved=False)
    is_validation = carved_for_validation(table, rule.validation_fraction)
    rows = table.rows()
    training = rows.taken(~is_validation)
    require_both_labels(training.labels)
    return Selection(training, rows.taken(is_validation), carved=True)
