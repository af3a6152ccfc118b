"""Threads that prepare images: as many as the trial has CPUs."""

from pathlib import Path

import pytest
import torch

from detectors import loader_cpus
from detectors.loader_cpus import batches_ahead, loader_threads, take_cpus, usable_cpus

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.fixture(autouse=True)
def _own_share():
    yield
    take_cpus(None)


@pytest.mark.parametrize(
    ("cpus", "threads"), [(None, 16), (8, 8), (4.0, 4), (1.9, 1), (0.25, 1), (0.0, 1), (99, 16)]
)
def test_a_gpus_images_take_the_cpus_of_their_trial(monkeypatch, cpus, threads) -> None:
    monkeypatch.setattr(loader_cpus, "usable_cpus", lambda: 32)
    take_cpus(cpus)
    assert loader_threads(GPU) == threads
    assert loader_threads(CPU) == 0


def test_no_thread_waits_for_another_to_be_used() -> None:
    assert [batches_ahead(threads) for threads in (0, 1, 4, 9)] == [0, 4, 4, 9]


@pytest.mark.parametrize(
    ("written", "cpus"), [("200000 100000", 2), ("50000 100000", 1), ("max 100000", 8), ("", 8)]
)
def test_a_containers_quota_counts(tmp_path: Path, monkeypatch, written, cpus) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: range(8))
    assert usable_cpus(tmp_path) == 8
    (tmp_path / "sys/fs/cgroup").mkdir(parents=True)
    (tmp_path / "sys/fs/cgroup/cpu.max").write_text(written)
    assert usable_cpus(tmp_path) == cpus
