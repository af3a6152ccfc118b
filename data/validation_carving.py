"""Validation images: carved out of the candidates by hash, or of declared pools, checked."""

import numpy as np

from data.candidates import LABEL_WORDS, Candidates, SelectionError
from data.strata import Mask, combined, lowest_units, units_per_stratum


def carved_for_validation(candidates: Candidates, fraction: float) -> Mask:
    """The `fraction` of each stratum's pairs with the lowest draw, rounded, at least one.

    A stratum is a label, class and source; those of a single pair are joined within their label
    and source first.
    """
    coarse = combined(candidates.label.astype(np.int64), candidates.source)
    stratum = combined(coarse, candidates.class_code)
    unit, drawn = candidates.units("validation")
    is_single = (units_per_stratum(stratum, unit) == 1)[stratum]
    stratum = combined(coarse, np.where(is_single, 0, stratum + 1))
    count = units_per_stratum(stratum, unit)
    keep = np.maximum(1, np.rint(count * fraction)).astype(np.int64)
    taken = lowest_units(stratum, unit, drawn, keep)
    # A pair that was drawn in one stratum takes its images in the others along.
    return np.isin(unit, unit[taken])


def require_both_labels_to_validate(declared: Candidates, classes: tuple[str, ...]) -> None:
    """Refuse declared validation images of one label with a SelectionError."""
    of_classes = f" of the classes {', '.join(classes)}" if classes else ""
    for label, word in enumerate(LABEL_WORDS):
        if not (declared.label == label).any():
            raise SelectionError(
                f"The declared validation has no {word} image{of_classes}, so the epoch would be "
                f"selected by one class; add {word} images{of_classes} to its split, choose other "
                "classes, or rename the split so that validation is carved out of training."
            )
