"""What Tune calls in the driver: the searcher that hands out trials, the callback that watches."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from grid.run.books import Run
from grid.run.on_ray.blind_nodes import BlindNodes, request_of
from grid.run.on_ray.cluster import Cluster, living_nodes_by_id
from grid.run.on_ray.head_table import HeadTable
from grid.run.on_ray.lost_worker import lost_attempt
from grid.run.on_ray.missing_nodes import MissingNodes
from grid.run.on_ray.worker import ELSEWHERE, FOREIGN
from grid.run.shares import share_of
from grid.trial.contract import LostAttempt, Trial

RecordLost = Callable[[Trial, LostAttempt], None]


class Ended(NamedTuple):
    """An attempt's outcome as it came back through Tune: a hint; the store has the last word."""

    state: str
    kind: str
    message: str
    node: str


class NothingRuns(Exception):
    """Leaves Tune's loop after a stop, once every running trial has come back."""


def tune_trials(
    run: Run,
    trainable: Callable[..., Any],
    record_lost: RecordLost,
    cluster: Cluster,
    table: HeadTable,
) -> None:
    """Hand the schedule's trials to Tune until none is left, or a stop has ended them all."""
    from ray import tune

    blind = BlindNodes(living_nodes_by_id, run.progress.note)
    tuner = tune.Tuner(
        tune.with_resources(trainable, request_of),
        tune_config=tune.TuneConfig(
            search_alg=searcher_of(run, record_lost, table, blind),
            num_samples=10**9,  # the searcher says when it is over
            reuse_actors=True,
            trial_name_creator=lambda trial: trial.trial_id,
            trial_dirname_creator=lambda trial: trial.trial_id,
        ),
        run_config=tune.RunConfig(
            name=f"tune-{uuid.uuid4().hex[:8]}",
            storage_path=str(cluster.folder),
            failure_config=tune.FailureConfig(max_failures=0),
            callbacks=[callback_of(run, record_lost, cluster, table, blind)],
            verbose=0,
        ),
    )
    tuner.fit()


def _kept_by_tune() -> None:
    """What the searcher and the callback are in the copies that Tune pickles: nothing.

    Tune writes its Tuner to disk, with all that hangs on it, and nobody reads that: a run starts
    from the store. The books, the display and the store's handles stay in this process.
    """


def searcher_of(run: Run, record_lost: RecordLost, table: HeadTable, blind: BlindNodes) -> Any:
    """Return the searcher by which Tune asks for trials; it pickles to nothing."""
    from ray.tune.search import Searcher

    class ScheduleSearcher(Searcher):  # type: ignore[misc]
        """Hands the schedule's trials to Tune, and their outcomes back."""

        def __init__(self) -> None:
            super().__init__()
            self.fits: dict[str, str] = {}

        def __reduce__(self) -> tuple[Any, ...]:
            return _kept_by_tune, ()

        def suggest(self, trial_id: str) -> Any:
            issue = run.next()
            if issue is None:
                return Searcher.FINISHED if run.over else None
            self.fits[trial_id] = issue.trial.fit_id
            table.put_spec(issue.trial.fit_id, issue.trial.spec)
            return {
                "fit_id": issue.trial.fit_id,
                "resources": issue.resources,
                "not_on": blind.to_avoid(issue.trial.fit_id, share_of(issue.resources)),
            }

        def on_trial_complete(
            self, trial_id: str, result: Mapping[str, Any] | None = None, error: bool = False
        ) -> None:
            fit_id = self.fits.pop(trial_id)
            table.drop_spec(fit_id)
            if error:  # the callback has the exception
                return
            told = result or {}
            ended = Ended(*(str(told.get(name, "")) for name in Ended._fields))
            if ended.state == FOREIGN:
                run.foreign = ended.message
                run.stop.request(FOREIGN)
                run.schedule.put_back(fit_id)
            elif ended.state == ELSEWHERE:
                blind.came_back(fit_id, ended.node, ended.message)
                put_back_or_record(run, fit_id, blind.none_left(fit_id), record_lost)
            else:
                run.ended(fit_id, ended)

        def save(self, checkpoint_path: str) -> None:
            """Nothing: the store remembers."""

        def restore(self, checkpoint_path: str) -> None:
            """Nothing: a run starts from the store."""

    return ScheduleSearcher()


def callback_of(
    run: Run, record_lost: RecordLost, cluster: Cluster, table: HeadTable, blind: BlindNodes
) -> Any:
    """Return the callback by which Tune tells of trials; it pickles to nothing."""
    from ray import tune

    class Watch(tune.Callback):  # type: ignore[misc]
        """Tells progress, carries the stop flag to the workers, records lost workers."""

        flag_is_up = False
        table_is_closed = False
        missing_nodes = MissingNodes(blind.seeing, run.progress.note)

        def __reduce__(self) -> tuple[Any, ...]:
            return _kept_by_tune, ()

        def setup(self, **_: Any) -> None:
            run.stop.install()  # Tune has just taken SIGINT and SIGUSR1

        def on_trial_start(self, *, trial: Any, **_: Any) -> None:
            run.started(trial.config["fit_id"])

        def on_trial_result(self, *, trial: Any, result: Mapping[str, Any], **_: Any) -> None:
            if "progress" in result:
                run.reported(trial.config["fit_id"], json.loads(result["progress"]))

        def on_trial_error(self, *, trial: Any, **_: Any) -> None:
            lost = lost_attempt(Path(trial.error_file), cluster.logs)
            fit_id = trial.config["fit_id"]
            if lost.kind == "device":  # the attempt has recorded it
                run.failed(fit_id, lost.kind, lost.message)
            else:
                record_or_put_back(run, fit_id, lost, record_lost)

        def on_step_end(self, **_: Any) -> None:
            run.progress.tick()
            if run.is_out_of_budget and not self.table_is_closed:
                table.close()
                self.table_is_closed = True
            if not run.stop():
                self.missing_nodes.look(run.schedule)
                return
            if not self.flag_is_up:
                table.raise_stop()
                self.flag_is_up = True
            if not run.schedule.ids("running"):
                raise NothingRuns
            if run.stop.seconds > run.options.grace_s:
                raise KeyboardInterrupt(run.stop.reason)

    return Watch()


def record_or_put_back(run: Run, fit_id: str, lost: LostAttempt, record_lost: RecordLost) -> None:
    """Record an attempt that died without a word; a store that fails is no trial's failure."""
    try:
        record_lost(run.schedule.trial(fit_id), lost)
    except OSError as error:
        run.lose_store(error)
        run.schedule.put_back(fit_id)
    else:
        run.failed(fit_id, lost.kind, lost.message)


def put_back_or_record(run: Run, fit_id: str, why_nowhere: str, record_lost: RecordLost) -> None:
    """An attempt came to the wrong node: another one takes its trial, or there is none."""
    if why_nowhere:
        lost = LostAttempt(kind="no_images", message=why_nowhere)
        record_or_put_back(run, fit_id, lost, record_lost)
    else:
        run.put_back(fit_id)
