"""The matrices of an experiment that its question is about first: of whole images, as trained."""

from __future__ import annotations

from collections.abc import Iterable

from analysis.matrices.matrix import Matrix


def main_matrices(found: Iterable[Matrix]) -> list[Matrix]:
    """Return the undegraded matrices of the selected epoch, where there are such; else all.

    What a degradation or an earlier epoch does to a detector is a result of its own.
    """
    kept = list(found)
    for name, value in (("degradation", "none"), ("epoch", "selected")):
        kept = [matrix for matrix in kept if matrix.settings[name] == value] or kept
    return kept
