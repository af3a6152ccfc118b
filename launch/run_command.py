"""`crossgen run`: publish the trials that are left, run them, say how it ended."""

from __future__ import annotations

from functools import partial

from grid.console import Console
from grid.plan.known_failures import refuse_known_failures
from grid.plan.plan import make_trials
from grid.records.commits import WeightsChanged
from grid.records.proven.json_records import CorruptRecord
from grid.records.readable import readable_commits
from grid.records.scores.score_reading import ForeignScores
from grid.run.books import RunOptions, RunResult, exit_code
from grid.run.exit_codes import EXIT_DONE, EXIT_FAILED, EXIT_STORE, EXIT_UNFINISHED
from grid.run.stopping import ignore_signals
from grid.store.errors import StoreError
from launch.command_lines import print_hint
from launch.desk import Desk
from launch.invocation import Invocation
from launch.paragraphs import print_paragraph
from launch.running import run_trials_here, run_trials_on_ray
from launch.saying import AGAIN, say_stopped
from launch.show_begun_again import fits_begun_again, print_begun_again
from launch.show_damage import print_damage
from launch.show_plan import print_accepted_bias, print_plan
from launch.show_unreadable import print_left_out_of_training
from launch.show_warnings import print_warnings

_DAMAGE = (CorruptRecord, WeightsChanged, ForeignScores)


def run_missing(
    desk: Desk,
    *,
    ray: bool,
    slots: int | None,
    attempts: int,
    invocation: Invocation,
    resume_anyway: bool = False,
    debug: bool = False,
) -> int:
    """Run what is missing and return the exit code.

    Neither torch nor ray is loaded when there is nothing to do. `resume_anyway` goes on
    from checkpoints of other threads or another training loop, which are left aside otherwise.
    With `debug`, without Ray, the first exception of a trial is raised once it is recorded.
    """
    console = Console(stderr=True)
    desk.store.check_writable()
    refuse_known_failures(desk.plan, desk.store)
    trials = make_trials(desk.plan, desk.store, resume_anyway=resume_anyway)
    if not trials:
        print_plan(desk)
        _print_warnings(console, desk)
        return EXIT_FAILED if desk.plan.damage else EXIT_DONE
    print_accepted_bias(console, desk.plan)
    print_left_out_of_training(console, desk)
    if not resume_anyway:
        print_begun_again(console, fits_begun_again(desk))
    options = RunOptions(
        attempts=attempts,
        slots=slots,
        before_leaving=partial(say_stopped, invocation) if invocation.own_process else None,
    )
    if ray:
        from grid.run.on_ray.cluster import ClusterNotStarted
        from grid.run.on_ray.driver import DriverFailed

        try:
            result = run_trials_on_ray(desk.store, trials, options)
        except (DriverFailed, ClusterNotStarted) as error:
            _say(console, f"unfinished: {error}", EXIT_UNFINISHED)
            print_hint(console, AGAIN, invocation.same_command)
            return EXIT_UNFINISHED
    else:
        result = run_trials_here(desk.store, trials, options, debug=debug)
    if invocation.own_process:
        ignore_signals()
    return _told(console, desk, result, invocation)


def _told(console: Console, desk: Desk, result: RunResult, invocation: Invocation) -> int:
    """Say how a run ended, what failed and what goes on; return the exit code."""
    code = exit_code(result)
    if code == EXIT_DONE and desk.plan.damage:
        code = EXIT_FAILED
    words = {
        EXIT_DONE: "done",
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
    if result.failed:
        print_hint(console, "what failed, where and why", desk.given.command("status"))
    for fit_id, reason in result.failed.items():
        print_paragraph(console, f"{fit_id}: {reason}", 2)
    print_damage(console, desk.given, desk.plan.damage)
    if not desk.plan.damage and any(_tells_of_damage(each) for each in result.failed.values()):
        command = desk.given.store_command("check", "store", "--deep", "--repair")
        print_hint(console, "to set aside what is damaged, so that the next run makes it", command)
    return code


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
