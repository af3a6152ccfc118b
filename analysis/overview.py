"""An experiment at a glance: matrices, warnings and provenance, computed once and then rendered."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.matrix import Matrix, matrices
from analysis.provenance import Provenance, provenance_of
from analysis.selection import Selection
from analysis.warnings import Caution, cautions
from grid.records import Experiment, Store


@dataclass(frozen=True)
class Overview:
    """What the page and the terminal show of one expansion of an experiment.

    `remarks` are about the choice of what is shown, such as other expansions in the store.
    """

    experiment: Experiment
    store_url: str
    matrices: tuple[Matrix, ...]
    cautions: tuple[Caution, ...]
    provenance: Provenance
    remarks: tuple[str, ...] = ()


def overview(store: Store, experiment: Experiment, remarks: tuple[str, ...] = ()) -> Overview:
    """Look at one expansion of an experiment, whether all of it is in the store or nothing."""
    selection = Selection.of(store, [experiment])
    found = matrices(selection, experiment)
    provenance = provenance_of(selection, experiment)
    return Overview(
        experiment=experiment,
        store_url=store.url,
        matrices=tuple(found),
        cautions=tuple(cautions(selection, experiment, found, provenance)),
        provenance=provenance,
        remarks=remarks,
    )
