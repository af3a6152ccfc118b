"""What is missing of an experiment: fits, cells, and score files that are there and not used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analysis.comparing.evidence import Evidence
from analysis.page.section import Caution, Placed, Section


@dataclass(frozen=True)
class Completeness:
    """What is there of what is wanted.

    `missing_fits` are labels; `unused` counts the missing cells whose scores are all in the store;
    `refused` says of each score file that must not be used why.
    """

    fits: int
    missing_fits: tuple[str, ...]
    cells: int
    missing_cells: int
    unused: int
    refused: tuple[str, ...]


def _find(evidence: Evidence) -> Completeness:
    fits, commits = evidence.experiment["fits"], evidence.selection.commits
    cells = [
        cell
        for matrix in evidence.matrices
        for entry in matrix.all_entries()
        for cell in entry.cells
    ]
    pieces = {piece.key: piece for cell in cells for piece in cell.unused}
    return Completeness(
        fits=len(fits),
        missing_fits=tuple(fit["label"] for fit in fits if fit["fit_id"] not in commits),
        cells=len(cells),
        missing_cells=sum(cell.measured is None for cell in cells),
        unused=sum(bool(cell.unused) for cell in cells),
        refused=tuple(evidence.selection.refuse(list(pieces.values())).values()),
    )


def _cautions(evidence: Evidence, found: Completeness) -> Iterator[Caution]:
    if found.missing_fits or found.missing_cells:
        text = (
            f"Partial run: {len(found.missing_fits)} of {found.fits} fits and "
            f"{found.missing_cells} of {found.cells} cells are missing. Means are over what is "
            "there"
        )
        if found.missing_cells > found.unused or found.missing_fits:
            text += "; running the experiment again makes the rest"
        if found.unused:
            text += f"; {found.unused} of the missing cells have scores that cannot be used"
        labels = tuple(f"not trained yet: {label}" for label in found.missing_fits)
        yield Caution("incomplete", f"{text}.", labels)
    if found.refused:
        yield Caution(
            "refused",
            f"{len(found.refused)} score files are not used: they are damaged, or made by weights "
            "other than the committed ones.",
            found.refused,
        )


SECTION = Section(find=_find, cautions=Placed(30, _cautions), numbers=lambda shown, found: found)
