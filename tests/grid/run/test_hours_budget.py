"""A budget of hours: whose count, what is still begun, what it ends with."""

from types import SimpleNamespace

import pytest

from grid.run.books import Run
from grid.run.here import run_here
from grid.run.hours_budget import HoursBudget
from grid.run.progress import Progress
from grid.run.run_account import RunAccount, SlotHours
from grid.run.run_options import RunOptions
from grid.run.run_result import RunResult, exit_code
from grid.run.stopping import StopSignals
from grid.trial.contract import Trial

TRIALS = [Trial(fit_id=name, label=name) for name in "abc"]


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class Notes(Progress):
    """Keeps what is said."""

    def __init__(self):
        super().__init__()
        self.said = []

    def _say(self, text):
        self.said.append(text)


def run_for(hours, *, elsewhere=SlotHours(), share=(0.0, 1.0), takes_h=1.0, state="done"):  # noqa: B008
    """Run three trials of an hour each within a budget: the result, who ran, what was said."""
    clock, ran, notes = Clock(), [], Notes()

    def attempt(spec, report, stop):
        ran.append(spec["fit_id"])
        clock.now += takes_h * 3600
        return SimpleNamespace(state=state, kind="error", message="no")

    result = run_here(
        [Trial(fit_id=t.fit_id, label=t.label, spec={"fit_id": t.fit_id}) for t in TRIALS],
        attempt=attempt,
        is_done=lambda trial: state == "done" and trial.fit_id in ran,
        options=RunOptions(account=RunAccount(clock), budget=HoursBudget(hours, elsewhere)),
        progress=notes,
        share_taken=lambda trial: share,
    )
    return result, ran, notes.said


def test_what_runs_finishes_and_nothing_else_begins():
    result, ran, said = run_for(1.5)
    assert ran == ["a", "b"]
    assert (result.done, result.unfinished) == (("a", "b"), ("c",))
    assert exit_code(result) == 4
    assert result.over_budget == "2 of 1.5 CPU-hours"
    assert sum("the budget is spent" in line for line in said) == 1


def test_a_budget_that_suffices_changes_nothing():
    result, ran, _ = run_for(3.5)
    assert len(ran) == 3
    assert exit_code(result) == 0
    assert result.over_budget == ""


def test_what_earlier_runs_spent_counts():
    _, ran, said = run_for(5.0, elsewhere=SlotHours(cpu=4.5))
    assert ran == ["a"]
    assert said[0] == "budget: 4.5 of 5 CPU-hours spent so far"
    assert exit_code(run_for(5.0, elsewhere=SlotHours(cpu=5.0))[0]) == 4


def test_gpus_count_by_share_where_a_trial_uses_one_and_cpus_not():
    result, ran, _ = run_for(0.6, elsewhere=SlotHours(cpu=100.0), share=(0.5, 8.0))
    assert ran == ["a", "b"]
    assert result.over_budget == "1 of 0.6 GPU-hours"


def test_an_experiment_that_used_gpus_goes_on_counting_them():
    result, ran, _ = run_for(1.0, elsewhere=SlotHours(gpu=0.5, cpu=100.0))
    assert len(ran) == 3
    assert exit_code(result) == 0


def test_failed_attempts_count_too():
    result, ran, _ = run_for(1.5, state="failed")
    assert ran == ["a", "b"]
    assert not result.done


def test_all_done_within_the_last_trial_is_done():
    assert exit_code(run_for(2.5)[0]) == 0


@pytest.fixture
def run():
    return Run(
        TRIALS,
        is_done=lambda trial: False,
        is_committed=None,
        options=RunOptions(attempts=1, budget=HoursBudget(1.0, SlotHours())),
        progress=Progress(),
        stop=StopSignals(),
    )


def test_other_runs_are_heard_of_while_it_goes_on(run):
    assert run.next() is not None
    run.options.budget.learn(SlotHours(cpu=1.0))
    assert run.next() is None
    assert run.over


def test_what_waited_at_a_worker_when_it_was_spent_is_put_back_and_no_failure(run):
    fit_id = run.next().trial.fit_id
    run.started(fit_id)
    run.options.budget.learn(SlotHours(cpu=1.0))
    run.ended(fit_id, SimpleNamespace(state="stopped", kind="", message=""))
    assert run.result().unfinished == ("a", "b", "c")
    assert not run.result().failed


def test_a_failing_store_outweighs_a_spent_budget_and_that_a_signal():
    spent = {"done": (), "failed": {}, "over_budget": "1 of 1"}
    assert exit_code(RunResult(**spent, unfinished=("a",), store_error="full")) == 3
    assert exit_code(RunResult(**spent, unfinished=("a",), stopped_by="SIGTERM")) == 4
    assert exit_code(RunResult(**spent, unfinished=())) == 0
