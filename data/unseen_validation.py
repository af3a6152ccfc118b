"""Validation of a fit that begins with another's weights: on images new to these weights.

What a network was trained on before it recognises; an epoch that is selected by such images, or a
threshold set on them, looks better than it is. Images that an ancestor was validated on may stay:
no weight was fitted to them, and a validation split that is declared serves parent and child.
"""

from collections.abc import Callable, Set
from dataclasses import replace

import numpy as np

from data.counts import counted
from data.selection import Selection, SelectionError


def without_trained(selection: Selection, trained: Set[str]) -> Selection:
    """Return a selection whose validation has none of the images that were trained on before.

    Args:
        selection: of a fit, as `select` makes it.
        trained: ids of the images that its ancestors were trained on.

    Raises:
        SelectionError: a label would be left without validation images.
    """
    rows = selection.validation
    kept = np.array([image_id not in trained for image_id in rows.image_ids], dtype=bool)
    left_out = int((~kept).sum())
    if not left_out:
        return selection
    for label, word in enumerate(("real", "fake")):
        if not (rows.labels[kept] == label).any():
            raise SelectionError(
                f"{left_out:,} of its {counted(len(rows), 'validation image')} were trained on by "
                f"the fit whose weights it begins with, or by one before that, so no {word} image "
                "is left to validate on; declare a validation split, or train on the parent's set "
                "with the parent's validation_fraction."
            )
    return replace(selection, validation=rows.taken(kept), validation_left_out=left_out)


def as_described(
    selection: Selection,
    train_digest: str,
    validation_digest: str,
    trained_before: Callable[[], Set[str]],
) -> Selection | None:
    """Return the selection whose digests are those of a fit's description; None where it is not.

    Fits of earlier versions were validated on what their ancestors were trained on too, so the
    selection may be it as it is.

    Args:
        selection: made anew from the pools and the rule.
        train_digest: of the training rows.
        validation_digest: of the validation rows.
        trained_before: gives the images that the fit's ancestors were trained on, when asked.
    """
    if selection.train.digest != train_digest:
        return None
    if selection.validation.digest == validation_digest:
        return selection
    try:
        selection = without_trained(selection, trained_before())
    except SelectionError:
        return None
    return selection if selection.validation.digest == validation_digest else None
