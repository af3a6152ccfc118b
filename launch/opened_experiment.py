"""An experiment in a person's Python: what the commands do, with frames instead of tables."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from grid.experiment_file.loading import load_experiment, parse_experiment, with_absolute_paths
from grid.experiment_file.schema import Experiment
from grid.plan.plan import Plan, make_trials
from grid.records.failures import newest_first
from grid.records.readable import readable_failures
from grid.run.run_account import RunAccount
from grid.run.run_options import RunOptions
from grid.run.run_result import RunResult, exit_code
from grid.store.base import Store
from launch.chosen_experiment import expansion_of_plan
from launch.desk import planned, store_of
from launch.run_recording import RunRecording
from launch.running import run_trials_here, run_trials_on_ray

if TYPE_CHECKING:
    import pandas as pd

    from analysis.matrices.matrix import Matrix, MatrixEntry
    from analysis.selecting.selection import StoreSelection

log = logging.getLogger(__name__)

Only = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class OpenedExperiment:
    """An experiment and the store that its results are kept in.

    What is damaged and left out, and what must be known before a number is used, is logged as a
    warning, which Python shows on stderr unless told otherwise.

    Each answer is of the images and the store as they are when it is asked for. `only` narrows as
    `--only` does: pairs such as ("seed", "0"); the same key twice matches either value.
    """

    experiment: Experiment
    store: Store

    @classmethod
    def of(
        cls,
        experiment: str | os.PathLike[str] | Mapping[str, Any] | Experiment,
        store: str | os.PathLike[str] | None,
    ) -> Self:
        """Open a file, a mapping or an `Experiment`; see `launch.open_experiment`."""
        base = Path.cwd()
        if isinstance(experiment, Experiment):
            loaded = with_absolute_paths(experiment, base)
        elif isinstance(experiment, Mapping):
            loaded = parse_experiment(dict(experiment), base=base)
        else:
            base = Path(experiment).resolve().parent
            loaded = load_experiment(Path(experiment))
        option = None if store is None else os.fspath(store)
        return cls(loaded, store_of(option, loaded.store, base=base))

    def plan(self, only: Only = (), *, rehash: bool = False) -> Plan:
        """Return what is wanted, what is done and what is left.

        Raises:
            Refused: with every problem of the data.
        """
        return planned(self.experiment, self.store, only=only, rehash=rehash)

    def run(
        self,
        only: Only = (),
        *,
        ray: bool = True,
        slots: int | None = None,
        attempts: int = 3,
        resume_anyway: bool = False,
    ) -> RunResult:
        """Do what is missing: train, score, commit. Running again is resuming.

        Args:
            only: narrows what is run.
            ray: on Ray Tune; False: one trial after the other, in this process.
            slots: trials at a time on this machine; default one per core.
            attempts: failures after which a trial is given up, in this run.
            resume_anyway: go on from checkpoints of other threads or another training loop, too.

        Returns:
            What came of it; a failed trial is in `failed` and raises nothing.

        Raises:
            Refused: with every problem of the data.
            StoreUnwritable: the store cannot be written.
        """
        from grid.plan.known_failures import refuse_known_failures

        self.store.check_writable()
        plan = self.plan(only)
        for damage in plan.damage:
            log.warning("not run before a repair, because it is damaged: %s", damage)
        refuse_known_failures(plan, self.store)
        trials = make_trials(plan, self.store, resume_anyway=resume_anyway)
        if not trials:
            return RunResult(done=(), failed={}, unfinished=())
        run = run_trials_on_ray if ray else run_trials_here
        with RunRecording(self.store, plan.record["name"], RunAccount()) as recording:
            options = RunOptions(attempts=attempts, slots=slots, account=recording.account)
            result = run(self.store, trials, options)
            recording.close(exit_code(result), result.stopped_by)
        return result

    def status(self, only: Only = ()) -> pd.DataFrame:
        """Return one row per fit: fit_id, label, is_trained, pieces, missing, last_failure."""
        import pandas as pd

        plan = self.plan(only)
        failures, _ = readable_failures(self.store)
        last: dict[str, str] = {}
        for failure in newest_first(failures):
            last.setdefault(failure["fit_id"], failure["message"])
        return pd.DataFrame(
            {
                "fit_id": fit.fit.fit_id,
                "label": fit.fit.label,
                "is_trained": fit.committed,
                "pieces": fit.pieces,
                "missing": fit.missing_pieces,
                "last_failure": last.get(fit.fit.fit_id) if not fit.done else None,
            }
            for fit in plan.fits
        )

    def cells(self, only: Only = ()) -> pd.DataFrame:
        """Return the view `cells`: a row per fit, test set and degradation, with its metrics."""
        return self.query("FROM cells", only)

    def query(self, sql: str, only: Only = ()) -> pd.DataFrame:
        """Return the rows of one SELECT over the views of the experiment's results.

        Raises:
            QueryRefused: not one SELECT, an unknown view or column (a ValueError).
        """
        from analysis.sql.query import answer, tell_damaged

        selection = self._selection(only)
        frame: pd.DataFrame = answer(selection, sql).to_pandas()
        for note in selection.notes:
            log.warning("%s", note)
        tell_damaged(selection.damaged)
        return frame

    def matrix(self, metric: str = "auc", only: Only = ()) -> pd.DataFrame:
        """Return the mean over seeds: trained on (rows) against tested on (columns).

        Rows carry the detector, what it was trained on and whatever else tells the experiment's
        matrices apart; columns the test set and the degradation. An entry without a complete cell
        is NaN.

        Raises:
            UnknownMetric: no metric has this name (a ValueError).
        """
        from analysis.measuring.metric_registry import find_metric
        from analysis.page.overview import overview
        from analysis.sql.query import tell_damaged

        metric = find_metric(metric).name
        choice = expansion_of_plan(self.plan(only), self.store)
        shown = overview(self.store, choice.experiments[0], choice.remarks, choice.damaged)
        for caution in shown.cautions:
            log.warning("%s", " ".join([caution.text, *caution.details]))
        tell_damaged(shown.damaged)
        return _frame_of(shown.matrices, metric)

    def _selection(self, only: Only) -> StoreSelection:
        from analysis.selecting.selection import StoreSelection

        choice = expansion_of_plan(self.plan(only), self.store)
        selection = StoreSelection.of(self.store, choice.experiments)
        selection.damaged.update(choice.damaged)
        return selection


def _frame_of(matrices: Sequence[Matrix], metric: str) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    def mean(entry: MatrixEntry | None) -> float:
        spread = entry.spread(metric) if entry is not None else None
        return np.nan if spread is None else spread.mean

    frames = {
        matrix.title: pd.DataFrame(
            [[mean(entry) for entry in row] for row in matrix.entries],
            index=[row.label for row in matrix.rows],
            columns=[column.label for column in matrix.columns],
        )
        for matrix in matrices
    }
    return pd.concat(frames, names=["detector", "trained on"])
