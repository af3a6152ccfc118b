"""What a fit took of memory is in its provenance, and once per kind of work beside the results."""

import torch

from grid.records.commits import committed_fits, read_commit
from grid.records.memory_profiles import memory_profile, read_profiles, replace_profile
from grid.records.tables import read_provenance
from grid.store.opening import open_store
from grid.trial.fit.learned_memory import leave_profile
from grid.trial.peak_memory import PeakMemory

CARD = "NVIDIA H100 80GB HBM3"


def test_every_trained_fit_notes_its_peak(finished_run):
    store = open_store(finished_run.store)
    for fit_id in committed_fits(store):
        made = read_provenance(store, fit_id, read_commit(store, fit_id)["attempt"])
        assert made["peak_memory_bytes"] > 50e6  # Python and torch alone are more
    assert not read_profiles(store)  # a CPU's says nothing of a GPU


def test_the_first_training_on_a_gpu_is_learned_from_and_replaces_no_measurement(tmp_path):
    store = open_store(tmp_path)
    spec = {"fit_id": "npr-s0-0", "memory_work": {"detector": "npr", "recipe": {"batch_size": 8}}}
    facts = {
        "device": CARD, "host": "node1", "packages": {"torch": "2"}, "peak_memory_bytes": 10**9
    }  # fmt: skip
    leave_profile(store, spec, {**facts, "device": "cpu"})
    leave_profile(store, {"fit_id": "npr-s0-0"}, facts)  # of an earlier version
    assert not read_profiles(store)
    leave_profile(store, spec, facts)
    leave_profile(store, spec, {**facts, "peak_memory_bytes": 2 * 10**9})
    [[profile]] = read_profiles(store).values()
    assert (profile["training_bytes"], profile["made_by"]) == (10**9, "npr-s0-0")
    replace_profile(
        store,
        memory_profile(spec["memory_work"], CARD, "profile", "node2", "2", training_bytes=5),
    )
    leave_profile(store, spec, facts)
    [[profile]] = read_profiles(store).values()
    assert profile["training_bytes"] == 5


def test_a_damaged_profile_is_passed_over(tmp_path):
    store = open_store(tmp_path)
    replace_profile(store, memory_profile({"detector": "npr"}, CARD, "profile", "n", "2"))
    [file] = (tmp_path / "profiles").rglob("*.json")
    file.write_bytes(file.read_bytes().replace(b"npr", b"ssp"))
    assert not read_profiles(store)


def test_the_peak_of_a_process_is_of_the_work_alone():
    device = torch.device("cpu")
    before = PeakMemory(device).bytes()
    large = torch.ones(60_000_000)  # 240 MB
    del large
    during = PeakMemory(device)
    rest = during.bytes()
    assert rest is not None
    assert before is not None
    assert rest < before + 200e6
    again = PeakMemory(device)
    large = torch.ones(60_000_000)
    assert again.bytes() > rest + 200e6
    del large
