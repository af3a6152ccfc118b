"""What sections, tables and figures may look at: one expansion of an experiment."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.comparing.finding import Finding
from analysis.matrices.matrix import Matrix
from analysis.selecting.selection import StoreSelection
from grid.records.experiments import ExperimentRecord


@dataclass(frozen=True)
class Evidence:
    """What is committed of one expansion, its matrices, and the findings of its contrasts."""

    selection: StoreSelection
    experiment: ExperimentRecord
    matrices: tuple[Matrix, ...]
    findings: tuple[Finding, ...] = ()
