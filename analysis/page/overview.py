"""An experiment at a glance: matrices, what sections found, warnings; computed, then rendered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from analysis.comparing.contrasts import findings_of
from analysis.comparing.evidence import Evidence
from analysis.comparing.finding import Finding
from analysis.matrices.matrix import Matrix
from analysis.matrices.matrix_making import matrices
from analysis.page.section import Caution, all_sections, in_order
from analysis.selecting.selection import StoreSelection
from grid.records.experiments import ExperimentRecord
from grid.store.base import Store


@dataclass(frozen=True)
class Overview:
    """What the page and the terminal show of one expansion of an experiment.

    `found` holds what each section found, by its name; `cautions` their warnings, the gravest
    first; `findings` the answers to its contrasts. `evidence` is for what the page alone shows and
    takes long: figures, strata. `remarks` are about the choice of what is shown, such as other
    expansions in the store; `damaged` holds the reason of each file that is left out because it is
    damaged.
    """

    experiment: ExperimentRecord
    store_url: str
    evidence: Evidence
    matrices: tuple[Matrix, ...]
    findings: tuple[Finding, ...]
    found: Mapping[str, Any]
    cautions: tuple[Caution, ...]
    remarks: tuple[str, ...] = ()
    damaged: Mapping[str, str] = field(default_factory=dict)


def overview(
    store: Store,
    experiment: ExperimentRecord,
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
    selection = StoreSelection.of(store, [experiment])
    selection.damaged.update(damaged or {})
    made = tuple(matrices(selection, experiment))
    findings = findings_of(selection, experiment, made)
    evidence = Evidence(selection, experiment, made, findings)
    sections = all_sections()
    found = {name: section.find(evidence) for name, section in sections.items()}
    cautions = tuple(
        caution
        for name, warn in in_order(sections, "cautions")
        for caution in warn.make(evidence, found[name])
    )
    return Overview(
        experiment=experiment,
        store_url=store.url,
        evidence=evidence,
        matrices=made,
        findings=findings,
        found=found,
        cautions=cautions,
        remarks=remarks,
        damaged=dict(selection.damaged),
    )
