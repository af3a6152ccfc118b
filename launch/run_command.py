"""`crossgen run`: publish the trials that are left, run them, say how it ended."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import nullcontext

from data.counts import counted
from grid.console import Console
from grid.plan.known_failures import refuse_known_failures
from grid.plan.plan import make_trials
from grid.records.commits import WeightsChanged
from grid.records.proven.json_records import CorruptRecord
from grid.records.readable import readable_commits
from grid.records.scores.score_reading import ForeignScores
from grid.run.exit_codes import (
    EXIT_BUDGET,
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_STORE,
    EXIT_UNFINISHED,
)
from grid.run.hours_budget import HoursBudget
from grid.run.run_account import RunAccount
from grid.run.run_options import RunOptions
from grid.run.run_result import RunResult, exit_code
from grid.run.stopping import ignore_signals
from grid.store.errors import StoreError
from grid.trial.contract import Trial
from grid.trial.store_patience import store_patience_s
from launch.command_lines import print_hint
from launch.desk import Desk
from launch.invocation import Invocation
from launch.paragraphs import print_paragraph
from launch.run_choices import RunChoices
from launch.run_recording import RunRecording
from launch.running import run_trials_here, run_trials_of_task, run_trials_on_ray
from launch.saying import AGAIN, say_stopped
from launch.show_begun_again import fits_begun_again, print_begun_again
from launch.show_damage import print_damage
from launch.show_plan import print_accepted_bias, print_plan
from launch.show_unreadable import print_left_out_of_training
from launch.show_warnings import print_warnings
from launch.spent_hours import spent_elsewhere

_DAMAGE = (CorruptRecord, WeightsChanged, ForeignScores)


def run_missing(desk: Desk, choices: RunChoices, invocation: Invocation) -> int:
    """Run what is missing and return the exit code.

    Neither torch nor ray is loaded when there is nothing to do. The run is kept on record in the
    store while it goes on, and how it ended; where there is nothing to do, only for a job.
    """
    patience_s = store_patience_s()
    desk.store.check_writable()
    name = desk.plan.record["name"]
    budget = None
    if choices.budget_hours is not None:
        budget = HoursBudget(choices.budget_hours, spent_elsewhere(desk.store, name, ""))
    task = "" if choices.task is None else str(choices.task)
    recording = RunRecording(desk.store, name, RunAccount(), task=task, budget=budget)
    is_kept = bool(desk.plan.missing) or recording.is_of_a_job
    with recording if is_kept else nullcontext():
        code, stopped_by = _run_and_tell(desk, choices, invocation, recording, patience_s)
        recording.close(code, stopped_by)
    return code


def _run_and_tell(
    desk: Desk,
    choices: RunChoices,
    invocation: Invocation,
    recording: RunRecording,
    patience_s: float,
) -> tuple[int, str]:
    """Run what is missing and say how it ended; return the exit code and what stopped it."""
    console = Console(stderr=True)
    refuse_known_failures(desk.plan, desk.store)
    trials = make_trials(desk.plan, desk.store, resume_anyway=choices.resume_anyway)
    if not trials:
        print_plan(desk)
        _print_warnings(console, desk)
        return (EXIT_FAILED if desk.plan.damage else EXIT_DONE), ""
    print_accepted_bias(console, desk.plan)
    print_left_out_of_training(console, desk)
    if not choices.resume_anyway:
        print_begun_again(console, fits_begun_again(desk))

    def before_leaving(reason: str) -> None:
        recording.close(EXIT_UNFINISHED, reason)
        say_stopped(invocation, reason)

    options = RunOptions(
        attempts=choices.attempts,
        slots=choices.slots,
        patience_s=patience_s,
        before_leaving=before_leaving if invocation.own_process else None,
        account=recording.account,
        budget=recording.budget,
    )
    result = _run(console, desk, trials, choices, options, recording.run)
    if result is None:
        print_hint(console, AGAIN, invocation.same_command)
        return EXIT_UNFINISHED, ""
    if invocation.own_process:
        ignore_signals()
    return _told(console, desk, result, invocation), result.stopped_by


def _run(
    console: Console,
    desk: Desk,
    trials: Sequence[Trial],
    choices: RunChoices,
    options: RunOptions,
    run: str,
) -> RunResult | None:
    """Run trials and return what came of it; None where Ray broke down, which is said."""
    if choices.task is not None:
        own, stale_s = choices.task.own(desk.plan), choices.stale_after_s
        return run_trials_of_task(desk.store, trials, options, own=own, run=run, stale_s=stale_s)
    if not choices.ray:
        return run_trials_here(desk.store, trials, options, debug=choices.debug)
    from grid.run.on_ray.cluster import ClusterNotStarted
    from grid.run.on_ray.driver import DriverFailed

    try:
        return run_trials_on_ray(desk.store, trials, options)
    except (DriverFailed, ClusterNotStarted) as error:
        _say(console, f"unfinished: {error}", EXIT_UNFINISHED)
        return None


def _told(console: Console, desk: Desk, result: RunResult, invocation: Invocation) -> int:
    """Say how a run ended, what failed and what goes on; return the exit code."""
    code = exit_code(result)
    if code == EXIT_DONE and desk.plan.damage:
        code = EXIT_FAILED
    left = counted(len(result.left_to_others), "trial")
    words = {
        EXIT_DONE: f"done; other tasks are at work on {left}" if result.left_to_others else "done",
        EXIT_BUDGET: f"the budget is spent ({result.over_budget}): "
        f"{counted(len(result.unfinished), 'trial is', 'trials are')} left",
        EXIT_UNFINISHED: "unfinished",
        EXIT_FAILED: "something failed and nothing else is left to run"
        if result.failed
        else "something is damaged and nothing else is left to run",
        EXIT_STORE: f"the store failed, no trial is blamed for it: {result.store_error}",
    }
    _print_warnings(console, desk)
    _say(console, words[code], code)
    if code == EXIT_UNFINISHED:
        print_hint(console, AGAIN, invocation.same_command)
    if code == EXIT_BUDGET:
        print_hint(console, "to go on, give more hours, or none", _unlimited(invocation))
    if result.failed:
        print_hint(console, "what failed, where and why", desk.given.command("status"))
    for fit_id, reason in result.failed.items():
        print_paragraph(console, f"{fit_id}: {reason}", 2)
    print_damage(console, desk.given, desk.plan.damage)
    if not desk.plan.damage and any(_tells_of_damage(each) for each in result.failed.values()):
        command = desk.given.store_command("check", "store", "--deep", "--repair")
        print_hint(console, "to set aside what is damaged, so that the next run makes it", command)
    return code


def _unlimited(invocation: Invocation) -> str:
    """Return the command without its budget; what it had is counted whatever comes."""
    return re.sub(r" --budget-hours[ =]\S+", "", invocation.same_command)


def _tells_of_damage(reason: str) -> bool:
    """Whether a trial failed over what the store holds, which a plan does not open."""
    return any(error.__name__ in reason for error in _DAMAGE)


def _print_warnings(console: Console, desk: Desk) -> None:
    """Of all fits of the experiment, whichever run trained them."""
    labels = {plan.fit.fit_id: plan.fit.label for plan in desk.plan.fits}
    try:
        commits, _ = readable_commits(desk.store, labels)
    except StoreError:  # what ended the run is said already; `status` shows the warnings
        return
    print_warnings(console, [(labels[fit_id], each) for fit_id, each in commits.items()])


def _say(console: Console, text: str, code: int) -> None:
    style = "green" if code == EXIT_DONE else "bold red"
    console.print(text, style=style, highlight=False, markup=False)
