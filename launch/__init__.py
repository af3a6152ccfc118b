"""The ways in: the command `crossgen` (`python -m launch`), and `open_experiment` for Python."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grid.experiment_file.schema import Experiment
    from launch.opened_experiment import OpenedExperiment

__all__ = ["open_experiment"]


def open_experiment(
    experiment: str | os.PathLike[str] | Mapping[str, Any] | Experiment,
    store: str | os.PathLike[str] | None = None,
) -> OpenedExperiment:
    """Open an experiment for plans, runs and answers in Python, in a notebook for instance.

    Args:
        experiment: its file; or the same as a mapping of plain values; or an `Experiment`
            (`grid.experiment_file.schema`). Relative roots are taken from the file's folder,
            else from the working directory.
        store: where results are kept; else the experiment's own `store:`, else CROSSGEN_STORE,
            else ./runs.

    Raises:
        Refused: the file is not a valid experiment; it names every mistake (a ValueError).
        StoreUrlRefused: the store's address is of an unknown kind (a ValueError).
    """
    from launch.opened_experiment import OpenedExperiment

    return OpenedExperiment.of(experiment, store)
