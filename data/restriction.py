"""Which of the candidates are trained on: some classes, a fraction, an even total."""

import numpy as np
import numpy.typing as npt

from data.candidates import LABEL_WORDS, Candidates, SelectionError
from data.strata import Mask, combined, even_shares, lowest_units, units_per_stratum
from data.suggestions import did_you_mean


def require_known_classes(candidates: Candidates, classes: tuple[str, ...]) -> None:
    """Refuse a class that no candidate has with a SelectionError."""
    known = [name for name in candidates.class_names if name]
    for name in classes:
        if name not in known:
            raise SelectionError(f"No training image has class {name!r}. {_listed(name, known)}")


def of_classes(candidates: Candidates, classes: tuple[str, ...]) -> Mask:
    """The candidates of some classes."""
    wanted = [code for code, name in enumerate(candidates.class_names) if name in classes]
    return np.isin(candidates.class_code, wanted)


def lowest_fraction(candidates: Candidates, fraction: float) -> Mask:
    """A fraction of each label's and source's pairs, those with the lowest draw; at least one."""
    stratum = combined(candidates.label.astype(np.int64), candidates.source)
    unit, drawn = candidates.units("fraction")
    wanted = units_per_stratum(stratum, unit) * fraction
    return lowest_units(stratum, unit, drawn, np.maximum(1, np.rint(wanted)).astype(np.int64))


def even_total(candidates: Candidates, total: int) -> Mask:
    """So many candidates: half real and half fake, each half spread evenly over its sources.

    Raises:
        SelectionError: there are fewer of a label.
    """
    stratum = combined(candidates.label.astype(np.int64), candidates.source)
    label_of_stratum = np.zeros(int(stratum.max(initial=-1)) + 1, np.int64)
    label_of_stratum[stratum] = candidates.label
    available = np.bincount(stratum, minlength=len(label_of_stratum)).astype(np.int64)
    keep = np.zeros_like(available)
    for label, quota in ((0, total // 2), (1, total - total // 2)):
        strata = np.flatnonzero(label_of_stratum == label)
        if quota > available[strata].sum():
            raise SelectionError(
                f"total_images {total} wants {quota} {LABEL_WORDS[label]} images, but there are "
                f"{available[strata].sum()}; ask for at most {2 * available[strata].sum()}."
            )
        keep[strata] = even_shares(quota, available[strata])
    # Images are counted, so a pair may be parted here; its halves have neighbouring draws.
    _, drawn = candidates.units("total images")
    return lowest_units(stratum, np.arange(len(candidates), dtype=np.int64), drawn, keep)


def require_both_labels(labels: npt.NDArray[np.int8]) -> None:
    """Refuse images of one label with a SelectionError."""
    for label, word in enumerate(LABEL_WORDS):
        if not (labels == label).any():
            raise SelectionError(
                f"No {word} image is left to train on; a detector needs both classes: add images, "
                "or loosen classes, fraction, total_images or the limit."
            )


def _listed(name: str, known: list[str]) -> str:
    return did_you_mean(name, known) if len(known) <= 40 else f"{len(known)} classes are known."
