"""Records of runs: what a process tells of its run, read, summed, found damaged, taken along."""

import pytest
from made_runs import a_run

from grid.integrity.store_check import check_store
from grid.records.proven.json_records import CorruptRecord
from grid.records.readable import readable_runs
from grid.records.runs import hours_of, read_runs, write_run
from grid.store.opening import open_store
from grid.upkeep.merging import merge


@pytest.fixture
def store(tmp_path):
    return open_store(tmp_path / "store")


def test_a_record_is_written_over_itself_and_read_back_by_start(store):
    write_run(store, a_run("b", counter=1))
    write_run(store, a_run("a", experiment="other"))
    write_run(store, a_run("b", counter=2, running=[]))
    assert [(run["run"], run["counter"]) for run in read_runs(store)] == [("a", 0), ("b", 2)]
    assert [run["run"] for run in readable_runs(store, "e")[0]] == ["b"]


def test_hours_of_runs_add_up():
    runs = [a_run("a", gpu_hours=1.5), a_run("b", failed_cpu_hours=0.25)]
    assert hours_of(runs) == {"gpu": 1.5, "cpu": 1.0, "failed_gpu": 0.0, "failed_cpu": 0.25}


def test_a_damaged_record_is_named_and_the_others_are_read(store):
    write_run(store, a_run("a"))
    write_run(store, a_run("b"))
    path = store.local_path("runs/a.json")
    path.write_bytes(path.read_bytes().replace(b'"cpu_hours": 0.5', b'"cpu_hours": 0.1'))
    with pytest.raises(CorruptRecord):
        read_runs(store)
    found, damaged = readable_runs(store, "e")
    assert [run["run"] for run in found] == ["b"]
    assert list(damaged) == ["runs/a.json"]
    [damage] = check_store(store).damage
    assert damage.key == "runs/a.json"
    assert check_store(store).stray == []


def test_a_record_under_another_name_is_damage(store):
    write_run(store, a_run("a"))
    store.put_new("runs/c.json", store.get("runs/a.json"))
    with pytest.raises(CorruptRecord, match="record of run a"):
        read_runs(store)


def test_merge_takes_the_account_along(store, tmp_path):
    write_run(store, a_run("a"))
    into = open_store(tmp_path / "into")
    assert merge(into, store).taken["runs"] == 1
    assert read_runs(into) == read_runs(store)
