"""The driver on Ray: one Tune Searcher over `grid.schedule`, on the Ray of `grid.cluster`.

Tune schedules and nothing else. Trials travel as text, are re-issued by the schedule
(``max_failures=0``), and whether one is done is read from the store, so Ray's own directory can
be thrown away after every run, and a killed driver loses nothing.

What Tune knows of a trial is its id and its share: the spec and the stop flag lie in the head's
table (`grid.head_table`).
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from data.counts import counted
from grid.cluster import Cluster, living_nodes, open_cluster, where_it_runs
from grid.head_table import HeadTable, StopLookup, read_spec
from grid.lost_worker import lost_attempt
from grid.missing_nodes import MissingNodes
from grid.packages import ForeignPackages, require_own_packages
from grid.progress import Progress, progress_on
from grid.ray_home import environment, restore_home
from grid.run import IsCommitted, IsDone, Run, RunOptions, RunResult
from grid.schedule import fit_to_nodes
from grid.stopping import stop_signals
from grid.trial import Attempt, LostAttempt, Trial

RecordLost = Callable[[Trial, LostAttempt], None]

FOREIGN = "foreign packages"


class DriverFailed(RuntimeError):
    """Ray or Tune broke down repeatedly, without a trial to blame."""


class DeviceBroken(RuntimeError):
    """Ends a worker whose GPU context is unusable, for Tune to start another one."""


class Ended(NamedTuple):
    """An attempt's outcome as it came back through Tune: a hint; the store has the last word."""

    state: str
    kind: str
    message: str


def run_on_ray(
    trials: Sequence[Trial],
    *,
    attempt: Attempt,
    is_done: IsDone,
    record_lost: RecordLost,
    is_committed: IsCommitted | None = None,
    options: RunOptions | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Run the trials on a Ray cluster.

    The cluster is the one this process is connected to; else the one that RAY_ADDRESS names,
    which is also how a Ray job names its own; else one that lives as long as the run.

    Args:
        trials: What is wanted minus what is committed.
        attempt: Runs one trial on a worker. Picklable: a function of an importable module.
        is_done: Reads from the store whether nothing of the trial is missing.
        record_lost: Writes the failure record of an attempt that could not write its own.
        is_committed: Reads whether a fit is committed, so that trials which wait for it need
            not wait for its scores as well.
        options: See `RunOptions`.
        progress: Where to tell; stderr by default.

    Raises:
        Unsatisfiable: Requests that no node of the cluster can satisfy (a ValueError).
        ClusterUnreachable: RAY_ADDRESS leads nowhere (a ValueError).
        ForeignPackages: Here or on a worker another ``data`` is imported instead of ours.
        ClusterNotStarted: A Ray of our own did not come up.
        DriverFailed: Ray broke down three times without a trial to blame.
        KeyboardInterrupt: A stop signal while the cluster was started.
    """
    options = options or RunOptions()
    progress = progress or progress_on(heartbeat_s=options.heartbeat_s)
    require_own_packages()
    with ExitStack() as stack:
        stop = stack.enter_context(stop_signals())
        progress.note(f"{where_it_runs()}; 0 of {counted(len(trials), 'trial')} done")
        stop.tell(lambda reason: progress.note(f"{reason}: stopping"))
        cluster = stack.enter_context(open_cluster(options, stop))
        fitting, note = fit_to_nodes(trials, cluster.nodes)
        stack.enter_context(progress)
        run = Run(
            fitting,
            is_done=is_done,
            is_committed=is_committed,
            options=options,
            progress=progress,
            stop=stop,
            nodes=cluster.nodes,
        )
        if note:
            progress.note(note)
        try:
            _drive(run, attempt, record_lost, cluster)
        except KeyboardInterrupt as interrupt:  # the second signal, or the grace is over
            stop.request(str(interrupt) or "SIGINT")
        finally:
            stop.ignore_further()
        if run.foreign:
            raise ForeignPackages(run.foreign)
        return run.result()


# --- on a worker -------------------------------------------------------------------------------


def _trainable(attempt: Attempt, prefix: str, report_every_s: float) -> Callable[..., Any]:
    def crossgen_trial(config: dict[str, Any]) -> dict[str, str]:
        return _one_attempt(config, attempt, prefix, report_every_s)

    return crossgen_trial


def _one_attempt(
    config: Mapping[str, Any], attempt: Attempt, prefix: str, report_every_s: float
) -> dict[str, str]:
    """Run one attempt in a worker; what it returns is a hint to the schedule."""
    restore_home()
    try:
        require_own_packages()
    except ForeignPackages as error:
        return {"state": FOREIGN, "kind": "error", "message": str(error)}
    stop = StopLookup(prefix)
    if stop():
        return {"state": "stopped", "kind": "", "message": ""}
    share = {"cpu": config["cpu"], "gpu": config["gpu"]}
    share["node"] = _share_of_this_node(share)
    spec = {**read_spec(prefix, config["fit_id"]), "share": share}
    outcome = attempt(spec, _Reporter(report_every_s), stop)
    if outcome.kind == "device":
        raise DeviceBroken(outcome.message)
    return {"state": outcome.state, "kind": outcome.kind, "message": outcome.message}


def _share_of_this_node(share: Mapping[str, float]) -> float:
    """How much of its node's memory an attempt may take: as much as of its CPUs or its GPUs."""
    import ray

    own = ray.get_runtime_context().get_node_id()
    has: dict[str, float] = next((n["Resources"] for n in ray.nodes() if n["NodeID"] == own), {})
    cpu, gpu = share["cpu"] / has.get("CPU", 1.0), share["gpu"] / has.get("GPU", 1.0)
    return float(min(1.0, max(cpu, gpu)))


class _Reporter:
    """Passes a trial's reports on, a few per second over all workers: each waits for the driver."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._last = -1e9
        self._phase: Any = None

    def __call__(self, report: dict[str, Any]) -> None:
        now = time.monotonic()
        if now - self._last < self._every_s and report.get("phase") == self._phase:
            return
        self._last, self._phase = now, report.get("phase")
        from ray import tune

        tune.report({"progress": json.dumps(report)})


# --- in the driver -----------------------------------------------------------------------------


class _NothingRuns(Exception):
    """Leaves Tune's loop after a stop, once every running trial has come back."""


def _drive(run: Run, attempt: Attempt, record_lost: RecordLost, cluster: Cluster) -> None:

    logging.getLogger("ray.tune").setLevel(logging.CRITICAL)
    table = HeadTable()
    slots = max(1, int(sum(node["cpu"] for node in cluster.nodes)))
    trainable = _trainable(attempt, table.prefix, report_every_s=max(1.0, slots / 50))
    breakdowns = 0
    try:
        while not run.over:
            # Neither a trial per slot in waiting (workers would idle) nor hundreds (each holds a
            # placement group, and what is handed out can no longer be reordered).
            with environment({"TUNE_MAX_PENDING_TRIALS_PG": str(max(4, min(2 * slots, 64)))}):
                try:
                    _fit(run, trainable, record_lost, cluster, table)
                    if not run.over:  # Tune takes SIGUSR1 until our callback is set up
                        run.stop.request("SIGUSR1")
                except _NothingRuns:
                    return
                except Exception as error:
                    # Tune's own loop broke, e.g. over an idle worker's death. Its trials are
                    # ours to run again; those that ran may be why.
                    lost = run.schedule.ids("running")
                    breakdowns += not lost
                    if breakdowns > 2:
                        raise DriverFailed(
                            f"Ray Tune broke down repeatedly, last with {error!r}; what is "
                            "committed is safe: look at Ray's logs, then run again"
                        ) from error
                    for fit_id in run.schedule.ids("issued"):
                        run.schedule.put_back(fit_id)
                    for fit_id in lost:
                        _record_breakdown(run, fit_id, error, record_lost)
    finally:
        table.clear()


def _record_breakdown(run: Run, fit_id: str, error: Exception, record_lost: RecordLost) -> None:
    account = str(error).strip()
    reason = f"Ray Tune broke down: {account.splitlines()[-1] if account else repr(error)}"
    note = "its worker may have been at work or just starting; Tune does not say"
    lost = LostAttempt(kind="killed", message=reason, account=account, log_note=note)
    _record_lost(run, fit_id, lost, record_lost)


def _record_lost(run: Run, fit_id: str, lost: LostAttempt, record_lost: RecordLost) -> None:
    """Record an attempt that died without a word; a store that fails is no trial's failure."""
    try:
        record_lost(run.schedule.trial(fit_id), lost)
    except OSError as error:
        run.fail_store(f"{type(error).__name__}: {error}")
        run.schedule.put_back(fit_id)
    else:
        run.failed(fit_id, lost.kind, lost.message)


def _fit(
    run: Run,
    trainable: Callable[..., Any],
    record_lost: RecordLost,
    cluster: Cluster,
    table: HeadTable,
) -> None:
    from ray import tune

    tuner = tune.Tuner(
        tune.with_resources(trainable, lambda c: {"cpu": c["cpu"], "gpu": c["gpu"]}),
        tune_config=tune.TuneConfig(
            search_alg=_searcher(run, table),
            num_samples=10**9,  # the searcher says when it is over
            reuse_actors=True,
            trial_name_creator=lambda trial: trial.trial_id,
            trial_dirname_creator=lambda trial: trial.trial_id,
        ),
        run_config=tune.RunConfig(
            name=f"tune-{uuid.uuid4().hex[:8]}",
            storage_path=str(cluster.folder),
            failure_config=tune.FailureConfig(max_failures=0),
            callbacks=[_callback(run, record_lost, cluster, table)],
            verbose=0,
        ),
    )
    tuner.fit()


def _kept_by_tune() -> None:
    """What the searcher and the callback are in the copies that Tune pickles: nothing.

    Tune writes its Tuner to disk, with all that hangs on it, and nobody reads that: a run starts
    from the store. The books, the display and the store's handles stay in this process.
    """


def _searcher(run: Run, table: HeadTable) -> Any:
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
                **issue.resources,
            }

        def on_trial_complete(
            self, trial_id: str, result: Mapping[str, Any] | None = None, error: bool = False
        ) -> None:
            fit_id = self.fits.pop(trial_id)
            table.drop_spec(fit_id)
            if error:  # the callback has the exception
                return
            told = result or {}
            ended = Ended(*(str(told.get(name, "")) for name in ("state", "kind", "message")))
            if ended.state == FOREIGN:
                run.foreign = ended.message
                run.stop.request(FOREIGN)
                run.schedule.put_back(fit_id)
            else:
                run.ended(fit_id, ended)

        def save(self, checkpoint_path: str) -> None:
            """Nothing: the store remembers."""

        def restore(self, checkpoint_path: str) -> None:
            """Nothing: a run starts from the store."""

    return ScheduleSearcher()


def _callback(run: Run, record_lost: RecordLost, cluster: Cluster, table: HeadTable) -> Any:
    from ray import tune

    class Watch(tune.Callback):  # type: ignore[misc]
        """Tells progress, carries the stop flag to the workers, records lost workers."""

        flag_is_up = False
        missing_nodes = MissingNodes(living_nodes, run.progress.note)

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
                _record_lost(run, fit_id, lost, record_lost)

        def on_step_end(self, **_: Any) -> None:
            run.progress.tick()
            if not run.stop():
                self.missing_nodes.look(run.schedule)
                return
            if not self.flag_is_up:
                table.raise_stop()
                self.flag_is_up = True
            if not run.schedule.ids("running"):
                raise _NothingRuns
            if run.stop.seconds > run.options.grace_s:
                raise KeyboardInterrupt(run.stop.reason)

    return Watch()
