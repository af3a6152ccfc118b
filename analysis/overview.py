"""An experiment at a glance: matrices, warnings and provenance, computed once and then rendered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from analysis.matrix import Matrix, matrices
from analysis.provenance import Provenance, provenance_of
from analysis.selection import Selection
from analysis.warnings import Caution, cautions
from grid.records.experiments import Experiment
from grid.store.base import Store


@dataclass(frozen=True)
class Overview:
    """What the page and the terminal show of one expansion of an experiment.

    `remarks` are about the choice of what is shown, such as other expansions in the store;
    `damaged` holds the reason of each file that is left out because it is damaged.
    """

    experiment: Experiment
    store_url: str
    matrices: tuple[Matrix, ...]
    cautions: tuple[Caution, ...]
    provenance: Provenance
    remarks: tuple[str, ...] = ()
    damaged: Mapping[str, str] = field(default_factory=dict)


def overview(
    store: Store,
    experiment: Experiment,
    remarks: tuple[str, ...] = (),
    damaged: Mapping[str, str] | None = None,
) -> Overview:
    """Look at one expansion of an experiment, whether all of it is in the store or nothing.

    Args:
        store: the store.
        experiment: the expansion.
        remarks: about its choice.
        damaged: what could not be chosen, because it is damaged; the reason by key.
    """
    selection = Selection.of(store, [experiment])
    selection.damaged.update(damaged or {})
    found = matrices(selection, experiment)
    provenance = provenance_of(selection, experiment)
    found_cautions = tuple(cautions(selection, experiment, found, provenance))
    return Overview(
        experiment=experiment,
        store_url=store.url,
        matrices=tuple(found),
        cautions=found_cautions,
        provenance=provenance,
        remarks=remarks,
        damaged=dict(selection.damaged),
    )
