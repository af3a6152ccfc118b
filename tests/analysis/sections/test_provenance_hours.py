"""GPU-hours and CPU-hours are sums over all fits, or not told at all."""

import json

import pytest
from made_runs import a_run
from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

from analysis.page.overview import overview
from analysis.page.report import report_page
from grid.records.commits import read_commits
from grid.records.places import provenance_key
from grid.records.proven.json_records import to_json
from grid.records.runs import write_run
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


def test_a_share_of_a_gpu_counts_as_its_part(stored):
    store, experiment = stored
    seconds = [
        say(store, fit, device="NVIDIA H100", share={"gpu": 0.25, "cpu": 4.0})
        for fit in experiment["fits"]
    ]
    assert found(stored).gpu_s == pytest.approx(0.25 * sum(seconds))


def test_what_all_attempts_took_is_told_where_runs_are_on_record(stored):
    store, experiment = stored
    assert (found(stored).runs, found(stored).hours["cpu"]) == (0, 0.0)
    name = experiment["name"]
    write_run(store, a_run("a", experiment=name, gpu_hours=1.5, failed_gpu_hours=0.5))
    write_run(store, a_run("b", experiment=name, gpu_hours=0.25))
    write_run(store, a_run("c", experiment="other", gpu_hours=100.0))
    assert found(stored).runs == 2
    assert found(stored).hours == {"gpu": 1.75, "cpu": 1.0, "failed_gpu": 0.5, "failed_cpu": 0.0}
    page = report_page(overview(*stored))
    assert "2 runs of this experiment" in page
    assert "1.75 GPU-hours and 1.00 hours of CPU slots; of these failed: 0.50 and 0.00" in page
