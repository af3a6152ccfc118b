"""Broken pixels that `crossgen index --decode` finds: what plan and run make of them."""

import pytest
from damaged_images import break_pixels
from faulty_runs import SEED, call, first, nothing_decoded, nulls

from grid.experiment_file.loading import load_experiment
from grid.plan.plan import prepare
from grid.records.commits import read_commits
from grid.records.failures import read_failures
from grid.store.opening import open_store

__all__ = ["call", "nothing_decoded"]  # fixtures


@pytest.mark.parametrize("folder", ["g1/train/ai", "g1/val/nature"])
def test_broken_pixels_that_an_index_found_are_known_to_the_plan(call, crossgen, own_run, folder):
    victims = sorted((own_run.folder / "images" / folder).iterdir())[:2]
    for victim in victims:
        break_pixels(victim)
    assert crossgen("index", own_run.file, "--decode")[0] == 1
    code, _, err = call("plan", *SEED)
    assert code == 2
    assert "2 images known not to decode" in err
    assert all(victim.name in err for victim in victims), "all in one go"
    assert call("run", *SEED)[0] == 2
    assert read_failures(open_store(own_run.store)) == [], "nothing was started"
    code, out, err = call("plan", *SEED, policy="null_score")
    assert code == (2 if "train" in folder else 0)
    assert ("no null helps" in err) == ("train" in folder)
    assert ("logits will be null" in out) == ("val" in folder)


def test_leave_out_with_an_index_that_decoded_costs_no_attempt_and_no_id(
    call, crossgen, own_run, monkeypatch
):
    victims = [first(own_run, "g1/train/ai"), first(own_run, "g1/val/ai")]
    for victim in victims:
        break_pixels(victim)
    crossgen("index", own_run.file, "--decode")
    code, out, _ = call("plan", *SEED, policy="leave_out")
    assert code == 0
    assert "1 image does not decode, left out of training and validation:" in out
    assert "begun with them" not in out
    assert call("run", *SEED, policy="leave_out")[0] == 0
    store = open_store(own_run.store)
    assert read_failures(store) == []
    assert nulls(own_run) == 2, "two new fits, one pool"
    # Another machine, which has never decoded an image, plans the same fits.
    monkeypatch.setenv("CROSSGEN_CACHE", str(own_run.folder / "another"))
    assert "nothing to do" in call("plan", *SEED, policy="leave_out")[1]
    victims[0].unlink()
    assert set(prepare(load_experiment(own_run.file, {"seeds": [7]})).fits) <= set(
        read_commits(store)
    )


def test_a_finished_experiment_is_not_refused_for_what_an_index_finds(call, crossgen, own_run):
    break_pixels(first(own_run, "g1/val/ai"))
    assert call("run", policy="null_score")[0] == 0
    crossgen("index", own_run.file, "--decode")
    assert "nothing to do" in call("plan")[1]
    assert call("status")[0] == 0
