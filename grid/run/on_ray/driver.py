"""The driver on Ray: one Tune Searcher over `grid.run.schedule`, on the Ray of `cluster`.

Tune schedules and nothing else. Trials travel as text, are re-issued by the schedule
(``max_failures=0``), and whether one is done is read from the store, so Ray's own directory can
be thrown away after every run, and a killed driver loses nothing.

What Tune knows of a trial is its id and its share: the spec and the stop flag lie in the head's
table (`head_table`).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack

from data.counts import counted
from grid.packages import ForeignPackages, require_own_packages
from grid.run.books import IsCommitted, IsDone, Run
from grid.run.display import progress_on
from grid.run.on_ray.awaited_nodes import expected_nodes
from grid.run.on_ray.cluster import Cluster, open_cluster, where_it_runs
from grid.run.on_ray.head_table import HeadTable
from grid.run.on_ray.ray_home import environment
from grid.run.on_ray.tune_hooks import NothingRuns, RecordLost, record_or_put_back, tune_trials
from grid.run.on_ray.worker import trainable
from grid.run.packing import fit_to_nodes
from grid.run.progress import Progress
from grid.run.run_options import RunOptions
from grid.run.run_result import RunResult
from grid.run.shares_learned import MemoryOf, SharesLearned
from grid.run.stopping import stop_signals
from grid.store.patience import Patience
from grid.trial.contract import Attempt, LostAttempt, Trial


class DriverFailed(RuntimeError):
    """Ray or Tune broke down repeatedly, without a trial to blame."""


OPEN_TO_STRANGERS = (
    "this Ray asks for no token: whoever reaches its ports can run code as you; start clusters "
    "with RAY_AUTH_MODE=token (crossgen doctor ray)"
)
"""Said once by a run, of a cluster that it joins or whose authentication the user switched off."""


def run_on_ray(
    trials: Sequence[Trial],
    *,
    attempt: Attempt,
    is_done: IsDone,
    record_lost: RecordLost,
    is_committed: IsCommitted | None = None,
    options: RunOptions | None = None,
    progress: Progress | None = None,
    patience: Patience | None = None,
    memory_of: MemoryOf | None = None,
) -> RunResult:
    """Run the trials on the Ray that `cluster.open_cluster` finds, or on one of our own.

    Args:
        trials: What is wanted minus what is committed.
        attempt: Runs one trial on a worker. Picklable: a function of an importable module.
        is_done: Reads from the store whether nothing of the trial is missing.
        record_lost: Writes the failure record of an attempt that could not write its own.
        is_committed: Reads whether a fit is committed: what waits for it can go then.
        options: See `RunOptions`.
        progress: Where to tell; stderr by default.
        patience: What `is_done`, `is_committed` and `record_lost` have with the store; it learns
            here what ends its waiting and who is told.
        memory_of: What a kind of work was measured to need of a GPU, as known by now.

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
        if not stop():
            _say_what_came(cluster, progress)
        fitting, notes = fit_to_nodes(trials, cluster.nodes)
        stack.enter_context(progress)
        run = Run(
            fitting,
            is_done=is_done,
            is_committed=is_committed,
            options=options,
            progress=progress,
            stop=stop,
            nodes=cluster.nodes,
            patience=patience,
            learned=memory_of and SharesLearned(trials, cluster.nodes, memory_of),
        )
        for note in notes:
            progress.note(note)
        return _driven(run, attempt, record_lost, cluster)


def _say_what_came(cluster: Cluster, progress: Progress) -> None:
    if cluster.open_to_strangers:
        progress.note(OPEN_TO_STRANGERS)
    came, expected = len(cluster.nodes), expected_nodes()
    if came < expected:
        progress.note(f"only {came} of {expected} nodes came; going on with them")


def _driven(run: Run, attempt: Attempt, record_lost: RecordLost, cluster: Cluster) -> RunResult:
    """Drive a run to its end or to a stop."""
    try:
        _drive(run, attempt, record_lost, cluster)
    except KeyboardInterrupt as interrupt:  # the second signal, or the grace is over
        run.stop.request(str(interrupt) or "SIGINT")
    finally:
        run.stop.ignore_further()
    if run.foreign:
        raise ForeignPackages(run.foreign)
    return run.result()


def _drive(run: Run, attempt: Attempt, record_lost: RecordLost, cluster: Cluster) -> None:

    logging.getLogger("ray.tune").setLevel(logging.CRITICAL)
    table = HeadTable()
    slots = max(1, int(sum(node["cpu"] for node in cluster.nodes)))
    on_a_worker = trainable(attempt, table.prefix, report_every_s=max(1.0, slots / 50))
    breakdowns = 0
    try:
        while not run.over:
            # Neither a trial per slot in waiting (workers would idle) nor hundreds (each holds a
            # placement group, and what is handed out can no longer be reordered).
            with environment({"TUNE_MAX_PENDING_TRIALS_PG": str(max(4, min(2 * slots, 64)))}):
                try:
                    tune_trials(run, on_a_worker, record_lost, cluster, table)
                    if not run.over:  # Tune takes SIGUSR1 until our callback is set up
                        run.stop.request("SIGUSR1")
                except NothingRuns:
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
    record_or_put_back(run, fit_id, lost, record_lost)
