"""`crossgen compare A.csv B.csv`: two score files, without a store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from analysis.comparing.finding import Finding
from analysis.comparing.score_files import compared_files
from analysis.comparing.score_table import read_score_table
from grid.refusal import Problems, Refused


def compare_files(
    paths: Sequence[Path],
    *,
    threshold: float | None,
    positive: str | None,
    unpaired: bool,
) -> list[Finding]:
    """Compare two score files.

    Raises:
        Refused: there are not two, or what is wrong in either of them, all at once.
    """
    if len(paths) != 2:
        raise Refused.because(
            " ".join(map(str, paths)), "two score files are compared", "Name A.csv and B.csv"
        )
    problems = Problems()
    tables = []
    for path in paths:
        try:
            tables.append(read_score_table(path))
        except Refused as refused:
            problems.extend(refused.problems)
    problems.raise_if_any()
    a, b = tables
    return [compared_files(a, b, positive=positive, threshold=threshold, as_unpaired=unpaired)]
