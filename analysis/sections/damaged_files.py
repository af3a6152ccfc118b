"""Files of the store that are damaged, of all that the other sections have read."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.comparing.evidence import Evidence
from analysis.page.section import Caution, Placed, Section, nothing
from data.counts import counted


def _cautions(evidence: Evidence, found: None) -> Iterator[Caution]:
    """Score files that are refused have a warning of their own (`completeness`)."""
    selection = evidence.selection
    lines = [
        f"{key}: {why}"
        for key, why in sorted(selection.damaged.items())
        if key not in selection.refused
    ]
    if lines:
        yield Caution(
            "damaged",
            f"Damaged and left out: {counted(len(lines), 'file')} of the store. `crossgen check "
            "store --repair` sets them aside, and the next run makes them again.",
            tuple(lines),
        )


SECTION = Section(find=nothing, cautions=Placed(40, _cautions))
