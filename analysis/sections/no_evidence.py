"""Runs whose numbers are no evidence: of simulated images, or of few images on request."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.section import Caution, Evidence, Placed, Section, nothing

SIMULATED = "simulated images, no evidence about real generators"


def _cautions(evidence: Evidence, found: None) -> Iterator[Caution]:
    experiment = evidence.experiment
    if experiment["simulated"]:
        yield Caution("simulated", f"{SIMULATED[0].upper()}{SIMULATED[1:]}.")
    if experiment["limit"] is not None:
        yield Caution(
            "limited",
            f"Partial run: at most {experiment['limit']} images per pool were used "
            "(--limit). It shows that the experiment runs, not how well anything works.",
        )


SECTION = Section(find=nothing, cautions=Placed(20, _cautions))
