"""One attempt: what is recorded of a failure, and what is no trial's failure."""

import sys
from types import SimpleNamespace

import pytest

from detectors.lasting_errors import TrainingDiverged, WeightsMismatch
from grid.records.commits import WeightsChanged
from grid.records.failures import read_failures
from grid.records.proven.json_records import CorruptRecord
from grid.records.scores.score_reading import ForeignScores
from grid.store.errors import StoreError, StoreMissing, StoreUnwritable
from grid.store.local import LocalStore
from grid.store.opening import open_store
from grid.trial import shared_store
from grid.trial.attempt import attempt_trial
from grid.trial.gpu import CONTEXT_BYTES, cap_memory, kind_of, release_memory
from grid.trial.network import WeightsLost
from grid.trial.shared_store import require_shared, store_token


@pytest.fixture
def attempt(tmp_path, monkeypatch):
    """Return a function that attempts a trial in which something is raised."""

    def go(error, *, report=lambda _: None, stop=lambda: False, **more):
        def run_trial(*_):
            raise error

        monkeypatch.setattr("grid.trial.attempt.run_trial", run_trial)
        spec = {"store": str(tmp_path), "fit_id": "npr-s0-0"}
        return attempt_trial(spec, report, stop, **more)

    return go


def failures(folder):
    return read_failures(open_store(folder))


class AcceleratorError(RuntimeError):
    """Named as in torch."""


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ValueError("x"), "error"),
        (StoreMissing("manifests/p1.parquet"), "error"),
        (CorruptRecord("commits/x.json", "it is cut"), "error"),
        (ForeignScores("scores/x", "others"), "error"),
        (MemoryError(), "out_of_memory"),
        (TrainingDiverged("the loss is nan"), "diverged"),
        (WeightsMismatch("missing: head"), "weights"),
        (WeightsChanged("weights-1", "gone"), "weights"),
        (WeightsLost("the file of weights has changed"), "weights"),
        (AcceleratorError("CUDA error: device-side assert triggered"), "device"),
    ],
)
def test_a_failure_is_recorded_with_its_kind(attempt, tmp_path, error, kind):
    outcome = attempt(error)
    assert (outcome.state, outcome.kind) == ("failed", kind)
    [failure] = failures(tmp_path)
    assert failure["kind"] == kind
    assert "begins" in failure["log_tail"][0]


@pytest.mark.parametrize("error", [StoreError("stale file handle"), StoreUnwritable("full")])
def test_a_store_that_fails_is_not_the_trials_fault(attempt, tmp_path, error):
    outcome = attempt(error)
    assert (outcome.state, outcome.message) == ("store", str(error))
    assert failures(tmp_path) == []


FULL = StoreUnwritable("full; free space", passing="full")


def test_a_stop_in_the_midst_of_an_outage_is_a_stop(attempt, tmp_path):
    outcome = attempt(FULL, stop=lambda: True)
    assert outcome.state == "stopped"
    assert outcome.message == "stopped without a last checkpoint: full; free space"
    assert attempt(FULL).state == "store"
    assert attempt(StoreUnwritable("denied"), stop=lambda: True).state == "store"
    assert failures(tmp_path) == []


def test_the_record_of_a_failure_waits_for_the_store_too(attempt, tmp_path, monkeypatch):
    monkeypatch.setattr("grid.store.patience.FIRST_PAUSE_S", 0.01)
    outages = iter([FULL, FULL])
    put_new = LocalStore.put_new

    def full_at_first(store, key, data):
        for outage in outages:
            raise outage
        return put_new(store, key, data)

    monkeypatch.setattr(LocalStore, "put_new", full_at_first)
    reports = []
    assert attempt(ValueError("x"), report=reports.append, patience_s=60).state == "failed"
    assert [failure["message"] for failure in failures(tmp_path)] == ["x"]
    assert [each["phase"] for each in reports] == ["waits", "goes on"]
    assert reports[0]["outage"].startswith("full, seen by ")
    assert reports[1]["outage"] == ""


def test_a_host_that_sees_another_folder_under_the_stores_name_says_so(
    attempt, tmp_path, monkeypatch
):
    monkeypatch.setattr(shared_store, "PATIENCE_S", 0.0)
    elsewhere = open_store(tmp_path / "elsewhere")
    with store_token(elsewhere) as token:
        outcome = attempt(ValueError("never begun"), token=token)
        assert outcome.state == "store"
        assert f"does not see the store {tmp_path}" in outcome.message
        assert "s3://" in outcome.message
        assert failures(tmp_path) == []
    assert elsewhere.list() == []


def test_the_drivers_token_is_read_once_per_process(attempt, tmp_path, monkeypatch):
    with store_token(open_store(tmp_path)) as token:
        require_shared(open_store(tmp_path), token)
        open_store(tmp_path).delete(token)
        monkeypatch.setattr(shared_store, "PATIENCE_S", 0.0)
        assert attempt(ValueError("x"), token=token).state == "failed"


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("CUDA out of memory. Tried to allocate 2 GiB", "out_of_memory"),
        ("CUDA error: out of memory", "out_of_memory"),
        ("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`", "out_of_memory"),
        ("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED", "out_of_memory"),
        ("cuFFT error: CUFFT_ALLOC_FAILED", "out_of_memory"),
        ("CUDA error: an illegal memory access was encountered", "device"),
        ("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED", "device"),
        ("mat1 and mat2 shapes cannot be multiplied", ""),
    ],
)
def test_what_cuda_says_is_sorted_into_too_little_memory_and_broken(message, kind):
    assert kind_of(RuntimeError(message)) == kind
    wrapped = RuntimeError("while scoring")
    wrapped.__cause__ = RuntimeError(message)
    assert kind_of(wrapped) == kind


def test_a_process_is_bound_to_its_share_and_a_broken_one_leaves_quietly(monkeypatch):
    fractions = []

    def broken():
        raise RuntimeError("CUDA error: device-side assert triggered")

    cuda = SimpleNamespace(
        is_available=lambda: True,
        current_device=lambda: 0,
        get_device_properties=lambda _: SimpleNamespace(total_memory=40 * CONTEXT_BYTES),
        set_per_process_memory_fraction=fractions.append,
        empty_cache=broken,
    )
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    for share in (0.0, 0.25, 1.0, 2.0):
        cap_memory(share)
    assert fractions == [0.25 - 1 / 40]  # its part of CUDA is of the share
    release_memory()


def test_an_attempt_bounds_its_process_before_it_begins(attempt, tmp_path, monkeypatch):
    shares = []
    monkeypatch.setattr("grid.trial.attempt.cap_memory", shares.append)
    monkeypatch.setattr("grid.trial.attempt.run_trial", lambda spec, *_: not shares)
    spec = {"store": str(tmp_path), "fit_id": "npr-s0-0", "share": {"cpu": 1.0, "gpu": 0.25}}
    assert attempt_trial(spec, lambda _: None, lambda: False).state == "stopped"
    assert shares == [0.25]
