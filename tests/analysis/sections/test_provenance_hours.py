"""GPU-hours and CPU-hours are sums over all fits, or not told at all."""

import json

import pytest
from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

from analysis.page.overview import overview
from grid.records.commits import read_commits
from grid.records.places import provenance_key
from grid.records.proven.json_records import to_json
from grid.store.opening import open_store

GRID = SyntheticGrid(
    name="hours",
    detectors=(SyntheticDetector(name="npr"),),
    generators=2,
    seeds=1,
    images=20,
    degradations=("none",),
)


@pytest.fixture
def stored(tmp_path):
    store = open_store(tmp_path / "store")
    return store, write_synthetic_store(store, GRID)


def say(store, fit, **facts):
    """Write facts into a fit's provenance, which no verb of the store does."""
    commit = read_commits(store)[fit["fit_id"]]
    path = store.root / provenance_key(fit["fit_id"], commit["attempt"])
    record = json.loads(path.read_text())
    path.chmod(0o644)
    path.write_bytes(to_json({**record, **facts}))
    return commit["seconds"]


def found(stored):
    return overview(*stored).found["fits_provenance"]


def test_only_the_fits_of_a_gpu_have_gpu_hours(stored):
    store, experiment = stored
    first, second = experiment["fits"]
    seconds = say(store, first, device="NVIDIA H100", cpu_seconds=5.0)
    say(store, second, device="cpu", cpu_seconds=7.5)
    assert found(stored).gpu_s == seconds > 0
    assert found(stored).cpu_time_s == 12.5


def test_a_fit_that_says_nothing_leaves_the_sums_unknown(stored):
    store, experiment = stored
    say(store, experiment["fits"][0], device="cpu", cpu_seconds=5.0)
    assert found(stored).gpu_s is None
    assert found(stored).cpu_time_s is None
