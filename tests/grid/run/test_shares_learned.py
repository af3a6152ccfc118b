"""What one trial took, those like it are given while the run goes on."""

from types import SimpleNamespace

import pytest

from grid.run.books import Run
from grid.run.packing import fit_to_nodes
from grid.run.progress import Progress
from grid.run.run_options import RunOptions
from grid.run.shares_learned import MOST_ASKED, SharesLearned
from grid.trial.contract import GpuNeed, Trial

GB = 10**9
NODES = [{"cpu": 32.0, "gpu": 2.0, "gpu_memory": 80.0 * GB}]


def trial(fit_id, kind="npr", memory=None, **more):
    need = GpuNeed(kind=kind, memory_bytes=memory)
    return Trial(fit_id=fit_id, label=fit_id, gpu_need=need, **{"resources": {}, **more})


class Said(Progress):
    """Keeps what is noted."""

    def __init__(self):
        super().__init__()
        self.notes = []

    def note(self, text):
        self.notes.append(text)


class Flag:
    """A stop that nobody asks for."""

    reason = ""

    def __call__(self):
        return False

    def tell(self, _):
        pass


def run_of(trials, memory_of, nodes=NODES):
    said = Said()
    run = Run(
        fit_to_nodes(trials, nodes)[0],
        is_done=lambda _: True,
        is_committed=None,
        options=RunOptions(),
        progress=said,
        stop=Flag(),
        nodes=nodes,
        learned=SharesLearned(trials, nodes, memory_of),
    )
    return run, said


def next_share(run):
    issue = run.next()
    run.started(issue.trial.fit_id)
    return issue.resources["gpu"]


DONE = SimpleNamespace(state="done", kind="", message="")


def test_the_first_of_a_kind_has_a_whole_gpu_and_the_others_what_it_took():
    asked = []
    others = [trial("s0", "ssp"), trial("stated", resources={"gpu": 0.5})]
    run, said = run_of(
        [*(trial(f"n{i}") for i in range(4)), *others], lambda kind: asked.append(kind) or 9 * GB
    )
    assert next_share(run) == 1.0
    run.ended("n0", DONE)
    assert asked == ["npr"]
    assert said.notes == ["trials like n0 need 9 GB of a GPU: gpu: 0.125 from here on"]
    assert [next_share(run) for _ in range(5)] == [1.0, 0.5, 0.125, 0.125, 0.125]
    run.ended("n1", DONE)
    assert asked == ["npr"]  # it is known


def test_what_nobody_knows_or_may_not_be_read_changes_nothing():
    def unreadable(_):
        raise PermissionError("no")

    for memory_of in (lambda _: None, unreadable):
        run, said = run_of([trial("n0"), trial("n1")], memory_of)
        next_share(run)
        run.ended("n0", DONE)
        assert said.notes == []
        assert next_share(run) == 1.0


def test_a_kind_that_leaves_nothing_to_learn_is_not_asked_about_for_ever():
    asked = []
    learned = SharesLearned([trial("n0")], NODES, asked.append)
    for _ in range(3 * MOST_ASKED):
        assert learned.after(trial("n0")) == ({}, "")
    assert len(asked) == MOST_ASKED


@pytest.mark.parametrize("node", [{"cpu": 4.0, "gpu": 0.0}, {"cpu": 4.0, "gpu": 1.0}])
def test_without_a_gpu_or_its_memory_nobody_is_asked(node):
    run, said = run_of([trial("n0"), trial("n1")], lambda _: pytest.fail("asked"), [node])
    next_share(run)
    run.ended("n0", DONE)
    assert said.notes == []
