"""Requests fitted to nodes: which share of a GPU a trial gets, and how many CPUs."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.run.packing import Unsatisfiable, fit_to_nodes
from grid.run.shares import CLASSES, Share, share_of
from grid.trial.contract import GpuNeed, Trial

NODE = {"cpu": 8.0, "gpu": 2.0}
GB = 10**9


def trial(fit_id, gpu=0.0, cpu=1.0, **more):
    return Trial(fit_id=fit_id, label=fit_id, resources={"cpu": cpu, "gpu": gpu}, **more)


def unstated(fit_id="a", memory=None, gpu_type="", **more):
    need = GpuNeed(kind=fit_id, memory_bytes=memory, gpu_type=gpu_type)
    return Trial(fit_id=fit_id, label=fit_id, **{"resources": {}, **more}, gpu_need=need)


def node(gpus=4, cpus=64, memory=80, gpu_type=""):
    typed = {f"accelerator_type:{gpu_type}": 1.0} if gpu_type else {}
    known = {"gpu_memory": float(memory * GB)} if memory else {}
    return {"gpu": float(gpus), "cpu": float(cpus), **known, **typed}


def shares(trials, nodes):
    return [share_of(each.resources) for each in fit_to_nodes(trials, nodes)[0]]


def test_impossible_requests_are_refused_all_at_once():
    with pytest.raises(Unsatisfiable) as refused:
        fit_to_nodes([trial("a", 3), trial("b", 1.5), trial("c", 1), trial("d", 0, 99)], [NODE])
    message = str(refused.value)
    assert "cpu: 1, gpu: 3, asked by a: it is more than any node has (cpu: 8, gpu: 2)." in message
    assert "only whole GPUs" in message
    assert "asked by d" in message
    assert "asked by c" not in message
    with pytest.raises(Unsatisfiable):  # 2 + 2 GPUs on two nodes are not 4 on one
        fit_to_nodes([trial("a", 4)], [NODE, NODE])


def test_without_a_gpu_anywhere_a_gpu_request_becomes_a_cpu_slot():
    trials, notes = fit_to_nodes([trial("a", 0.5, 0.5), trial("b")], [{"cpu": 2.0}])
    assert [dict(t.resources) for t in trials] == [{"cpu": 1, "gpu": 0}, {"cpu": 1, "gpu": 0}]
    assert "No GPU here" in " ".join(notes)
    assert fit_to_nodes([trial("b")], [{"cpu": 2.0}])[1] == []


def test_a_trial_that_states_no_gpu_gets_a_whole_one_where_there_is_one():
    """The words of the example: "Nothing said: a whole GPU where there is one, else a CPU"."""
    unstated, cpu_only = Trial(fit_id="a", label="a"), trial("b", gpu=0)
    trials, notes = fit_to_nodes([unstated, cpu_only], [{"cpu": 4.0}, NODE])
    assert [share_of(t.resources) for t in trials] == [Share(1.0, 1.0), Share(0.0, 1.0)]
    assert "take a whole GPU each" in " ".join(notes)
    trials, notes = fit_to_nodes([unstated, cpu_only], [{"cpu": 4.0}])
    assert [share_of(t.resources) for t in trials] == [Share(0.0, 1.0), Share(0.0, 1.0)]
    assert notes == []
    # Only the node without a GPU has so many CPUs.
    many = Trial(fit_id="a", label="a", resources={"cpu": 16.0})
    trials, _ = fit_to_nodes([many], [{"cpu": 32.0}, NODE])
    assert share_of(trials[0].resources) == Share(0.0, 16.0)


@pytest.mark.parametrize(
    ("gigabytes", "gpu"), [(3, 0.125), (10, 0.125), (10.1, 0.25), (40, 0.5), (41, 1.0), (90, 1.0)]
)
def test_a_measured_trial_gets_the_smallest_class_that_holds_it(gigabytes, gpu):
    [share] = shares([unstated(memory=int(gigabytes * GB))], [node()])
    assert share.gpu == gpu


def test_the_smallest_card_that_it_may_run_on_decides():
    nodes = [node(memory=80, gpu_type="H100"), node(memory=16, gpu_type="T4")]
    free, pinned = unstated("a", 10 * GB), unstated("b", 10 * GB, gpu_type="H100")
    assert [share.gpu for share in shares([free, pinned], nodes)] == [1.0, 0.125]
    request = fit_to_nodes([pinned], nodes)[0][0].resources
    assert request["accelerator_type:H100"] > 0
    _, notes = fit_to_nodes([unstated("a", 20 * GB)], nodes)
    assert "The smallest card has 16 GB, and 20 GB are needed by a" in " ".join(notes)
    with pytest.raises(Unsatisfiable, match=r"of this type \(there are: H100, T4\)"):
        fit_to_nodes([unstated("c", 10 * GB, gpu_type="A100")], nodes)


def test_where_memory_is_not_known_it_is_a_whole_gpu_and_said():
    [share] = shares([unstated()], [node()])
    assert share.gpu == 1.0
    _, notes = fit_to_nodes([unstated()], [node()])
    assert "`crossgen profile FILE` measures it" in " ".join(notes)
    [share] = shares([unstated(memory=GB)], [node(), node(memory=None)])
    assert share.gpu == 1.0
    _, notes = fit_to_nodes([unstated(memory=GB)], [node(memory=None)])
    assert "CROSSGEN_GPU_MEMORY=80GB says it" in " ".join(notes)


def test_what_is_stated_wins():
    stated = unstated(memory=70 * GB, resources={"gpu": 0.25, "cpu": 3.0})
    assert shares([stated], [node()]) == [Share(0.25, 3.0)]
    assert shares([unstated(memory=GB, resources={"gpu": 0})], [node()]) == [Share(0.0, 1.0)]


@pytest.mark.parametrize(
    ("gpus", "cpus", "memory", "share"),
    [
        (4, 8, 1, Share(0.5, 1.0)),  # eighths would fill one GPU with all that the CPUs serve
        (4, 8, 79, Share(1.0, 2.0)),
        (8, 128, 10, Share(0.125, 2.0)),
        (1, 256, 79, Share(1.0, 16.0)),
        (4, 2, 1, Share(1.0, 1.0)),
        (2, 7, 79, Share(1.0, 2.0)),
    ],
)
def test_a_nodes_cpus_are_divided_by_the_trials_on_its_gpus(gpus, cpus, memory, share):
    assert shares([unstated(memory=memory * GB)], [node(gpus, cpus)]) == [share]


def test_a_stated_gpu_is_balanced_too_and_threads_are_the_least():
    assert shares([unstated(resources={"gpu": 0.25})], [node(4, 64)]) == [Share(0.25, 4.0)]
    assert shares([unstated(memory=GB, least_cpu=4)], [node(4, 64)]) == [Share(0.25, 4.0)]
    assert shares([unstated(least_cpu=4)], [{"cpu": 8.0, "gpu": 0.0}]) == [Share(0.0, 4.0)]


nodes_of_any_kind = st.builds(
    node,
    gpus=st.integers(1, 8),
    cpus=st.integers(1, 256),
    memory=st.sampled_from([None, 16, 24, 48, 80]),
)


@given(
    st.lists(nodes_of_any_kind, min_size=1, max_size=3),
    st.lists(st.none() | st.integers(1, 100 * GB), min_size=1, max_size=6),
)
def test_no_card_is_promised_twice_and_no_node_has_more_trials_than_cpus(nodes, needs):
    trials = [unstated(f"t{i}", need) for i, need in enumerate(needs)]
    for need, share in zip(needs, shares(trials, nodes), strict=True):
        assert share.gpu in CLASSES
        for each in nodes:
            card = each.get("gpu_memory", 0.0)
            if share.gpu < 1.0:  # as many as Ray puts on a card are held by it
                assert need is not None
                assert need <= share.gpu * card
            held = each["gpu"] / share.gpu  # the GPUs of a node are all of use, CPUs allowing
            assert share.cpu * held <= max(each["cpu"], each["gpu"])


@given(st.integers(1, 80 * GB), st.integers(1, 80 * GB))
def test_more_memory_is_never_a_smaller_share(one, other):
    needs = sorted([one, other])
    given_shares = [shares([unstated(memory=need)], [node()])[0].gpu for need in needs]
    assert all(before <= after for before, after in pairwise(given_shares))
