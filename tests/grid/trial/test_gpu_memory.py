"""On a real GPU: a process is held to its share, and says so as a trial does."""

import multiprocessing

import pytest
import torch

from grid.run.cards import smallest_card
from grid.trial.gpu import CONTEXT_BYTES, cap_memory, kind_of
from grid.trial.peak_memory import PeakMemory

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this host"),
]


def take(answers, share, part_of_card):
    """In a process of its own: what becomes of so large a part of the card within a share."""
    cap_memory(share)
    total = torch.cuda.get_device_properties(0).total_memory
    device = torch.device("cuda")
    try:
        taken = torch.empty(int(part_of_card * total), dtype=torch.uint8, device=device)
        del taken
        peak = PeakMemory(device)
        torch.empty(10 << 20, dtype=torch.uint8, device=device)
        answers.put(("", peak.bytes()))
    except Exception as error:
        answers.put((kind_of(error), 0))


def outcome(share, part_of_card):
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    process = context.Process(target=take, args=(answers, share, part_of_card))
    process.start()
    found = answers.get(timeout=120)
    process.join()
    return found


def test_a_share_is_a_bound_and_beyond_it_is_out_of_memory():
    kind, peak = outcome(0.25, 0.1)
    assert kind == ""
    assert 10 << 20 <= peak < 64 << 20  # of this work alone, in the allocator's blocks
    assert outcome(0.25, 0.3)[0] == "out_of_memory"
    assert outcome(1.0, 0.3)[0] == ""


def test_the_processs_own_part_of_cuda_is_within_its_share():
    total = torch.cuda.get_device_properties(0).total_memory
    assert outcome(0.25, 0.25 - CONTEXT_BYTES / total / 2)[0] == "out_of_memory"


def test_the_driver_tells_the_memory_that_torch_sees(monkeypatch):
    monkeypatch.delenv("CROSSGEN_GPU_MEMORY", raising=False)
    told = smallest_card()
    if told is None:
        pytest.skip("nvidia-smi does not tell, or the card is cut into instances")
    smallest = min(
        torch.cuda.get_device_properties(n).total_memory for n in range(torch.cuda.device_count())
    )
    assert told <= 1.1 * smallest


def test_profile_measures_what_training_takes_of_the_card(own_run, crossgen):
    code, out, _ = crossgen("profile", own_run.file, "--store", own_run.store)
    assert code == 0
    assert torch.cuda.get_device_name(0) in out
    from grid.plan.gpu_needs import needed_bytes
    from grid.records.memory_profiles import read_profiles
    from grid.store.opening import open_store

    [[profile]] = read_profiles(open_store(own_run.store)).values()
    assert profile["training_bytes"] > 1 << 20
    needed = needed_bytes([profile])
    assert profile["training_bytes"] < needed < torch.cuda.get_device_properties(0).total_memory
