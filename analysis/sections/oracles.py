"""Fits that were selected on the images that they are tested on."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.comparing.evidence import Evidence
from analysis.page.section import Caution, Placed, Section, nothing
from grid.records.oracles import is_oracle


def _cautions(evidence: Evidence, found: None) -> Iterator[Caution]:
    fits = evidence.selection.fits_of(evidence.experiment).values()
    lines = [fit["label"] for fit in fits if is_oracle(fit["recipe"])]
    if lines:
        yield Caution(
            "oracle",
            "Oracle: the epoch of these fits was selected on the images that they are tested on "
            "(validate_on: test_sets), so their numbers are higher than what a new image gets.",
            tuple(lines),
        )


SECTION = Section(find=nothing, cautions=Placed(12, _cautions))
