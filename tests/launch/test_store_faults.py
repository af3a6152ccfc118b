"""A store that cannot be written: said on stderr, exit code 3, and never a trial's failure."""

import json
import subprocess
import sys

import pytest
from repository import ROOT
from small_disk import small_disk

from grid.records.commits import committed_pieces
from grid.records.failures import read_failures
from grid.store.opening import open_store


@pytest.fixture
def disk(tmp_path):
    with small_disk(tmp_path / "disk", "16m") as place:
        yield place


def run(own_run, store, *more):
    return subprocess.run(
        [sys.executable, "-m", "launch", "run", own_run.file, "--store", store, "--no-ray", *more],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def test_a_full_disk_stops_the_run_and_the_same_command_goes_on(own_run, disk):
    """The checkpoint does not fit; once there is room, the run finishes as if nothing had been."""
    filler = disk / "filler"
    filler.write_bytes(bytes(16_200_000))
    store = disk / "store"
    done = run(own_run, store)
    assert done.returncode == 3, done.stderr
    assert "cannot be written" in done.stderr
    opened = open_store(store)
    assert read_failures(opened) == []
    assert all(
        path.suffix != ".json" or json.loads(path.read_text()) for path in store.rglob("[!.]*.json")
    )
    filler.unlink()
    done = run(own_run, store)
    assert done.returncode == 0, done.stderr
    assert committed_pieces(opened) == committed_pieces(open_store(own_run.store))


def test_a_read_only_store_is_found_before_anything_is_trained(own_run, disk):
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    done = run(own_run, disk / "store")
    assert done.returncode == 3
    assert "cannot be written" in done.stderr
    assert "trials to run" not in done.stderr


def test_a_path_that_can_be_no_folder_is_said(own_run, tmp_path):
    (tmp_path / "file").write_text("")
    done = run(own_run, tmp_path / "file" / "store")
    assert done.returncode == 3
    assert "cannot be written" in done.stderr


def test_a_record_that_cannot_be_read_ends_with_3(crossgen, own_run):
    """A bad sector or a permission is the store's fault, and nothing is guessed."""
    victim = next((own_run.store / "commits").iterdir())
    victim.unlink()
    victim.symlink_to("/proc/self/mem")  # opens, and fails to be read: an I/O error, for root too
    for command in ("plan", "status", "run", "matrix"):
        code, _, err = crossgen(command, own_run.file, "--store", own_run.store)
        assert (code, "could not read it (Input/output error)" in err) == (3, True), (command, err)
        assert "the store cannot be read" in err


def test_a_score_file_that_cannot_be_read_ends_with_3(crossgen, own_run):
    victim = next((own_run.store / "scores").rglob("*.parquet"))
    victim.unlink()
    victim.symlink_to(victim)  # a loop, which no system call follows
    sql = "SELECT count(logit) FROM scores"
    code, _, err = crossgen("query", "--store", own_run.store, sql)
    assert code == 3, err
    assert "could not read it (Too many levels of symbolic links)" in err
