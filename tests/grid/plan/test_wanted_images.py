"""What a plan says that its images take decoded, held against what a run leaves on disk."""

import numpy as np
import pytest
import yaml

from data.decoded.shelf import SlabShelf
from data.decoded.tidying import used_bytes
from data.view import view_of
from grid.checks import sizes
from grid.experiment_file.loading import parse_experiment
from grid.plan.plan import make_plan, prepare
from grid.plan.wanted_images import decoded_bytes, wanted_images
from grid.plan.warming import fill_all, warming
from grid.store.opening import open_store


@pytest.fixture
def plan_of(own_run):
    """Return a function: the plan of the shared experiment, changed, in a store of its own."""

    def plan(store=None, **changes):
        raw = {**yaml.safe_load(own_run.file.read_text()), "equalise": "none", **changes}
        expansion = prepare(parse_experiment(raw, base=own_run.folder))
        return make_plan(expansion, open_store(store or own_run.folder / "empty"))

    return plan


def test_each_image_counts_once_for_each_view_of_it(plan_of) -> None:
    degraded = {"sets": ["g"], "degradations": ["none", "blur(1)"]}
    plan = plan_of(seeds=[0, 1, 2], test=degraded)
    wanted = {(w.pool.pool_id, w.kept.canonical): w for w in wanted_images(plan)}
    none, blurred = view_of().canonical, view_of("none", "blur(1)").canonical
    tested = [key for key, w in wanted.items() if w.pool.split == "test"]
    assert sorted({view for _, view in tested}) == sorted({none, blurred})
    assert len(tested) == 8  # two generators, real and fake
    # Crops are drawn after all that is kept, so training and validation read the same.
    trained = [w for w in wanted.values() if w.pool.split == "train"]
    assert len(trained) == 4
    assert all(w.is_wanted.all() and w.kept == view_of() for w in trained)


def test_of_patches_a_training_reads_whole_images_and_a_test_keeps_what_it_takes(plan_of) -> None:
    arm = {"name": "a", "detector": "ssp", "ssp.size": "tiny", "ssp.patch_size": 8}
    plan = plan_of(arms=[{**arm, "train": {"sets": ["g/g1"]}, "recipe": "small"}])
    squash = "squash(256, below=8)"
    kept = {(w.pool.split, w.kept.geometry.canonical) for w in wanted_images(plan)}
    patches = f"{squash} | patch(8, of=1024)"
    assert kept == {("train", squash), ("train", patches), ("test", patches)}


def test_what_is_committed_is_not_read_again(plan_of, own_run) -> None:
    assert wanted_images(plan_of(own_run.store)) == []
    more = {"sets": ["g"], "degradations": ["none", "jpeg(60)"]}
    wanted = wanted_images(plan_of(own_run.store, test=more))
    assert {w.kept for w in wanted} == {view_of("none", "jpeg(60)")}
    assert len(wanted) == 4


def test_a_part_of_a_pool_counts_as_a_part(plan_of, own_run) -> None:
    raw = yaml.safe_load(own_run.file.read_text())["arms"]
    raw[0]["train"] = {"each": "g", "fraction": 0.5}
    trained = [w for w in wanted_images(plan_of(arms=raw)) if w.pool.split == "train"]
    assert {int(w.is_wanted.sum()) for w in trained} == {8}


def test_bytes_are_those_that_a_disk_holds(plan_of, tmp_path) -> None:
    plan = plan_of()
    wanted = wanted_images(plan)
    shelf = SlabShelf(tmp_path / "slabs", 10**9)
    planned = warming(wanted, plan.expansion.catalog, shelf)
    assert (planned.images, planned.left_out) == (88, 0)
    told: list[int] = []
    done = fill_all(planned, shelf, 2, lambda filled: told.append(filled.images))
    assert (done.made, done.found, done.left, done.faults) == (88, 0, 0, ())
    assert told == sorted(told)
    assert told[-1] == 88
    heads = 4096 * len(wanted)
    assert sum(decoded_bytes(w) or 0 for w in wanted) + heads == used_bytes(shelf.folder)


def test_of_very_many_sizes_the_bytes_are_a_sample(plan_of, monkeypatch) -> None:
    wanted = wanted_images(plan_of())[0]
    monkeypatch.setattr("grid.plan.wanted_images.SIZES_TRIED", 0)
    assert decoded_bytes(wanted) == 3 * 16 * 16 * int(wanted.is_wanted.sum())
    monkeypatch.setattr("grid.plan.wanted_images.mean_pixels", lambda *_: None)
    assert decoded_bytes(wanted) is None
    assert sizes.SIZES_TRIED > 0


def test_of_more_than_fits_the_lowest_by_hash_are_kept(plan_of, tmp_path) -> None:
    plan = plan_of()
    wanted = wanted_images(plan)
    heads = 4096 * len(wanted)
    kept: list[set[str]] = []
    for count in (20, 50):
        shelf = SlabShelf(tmp_path / str(count), heads + count * 4096)
        planned = warming(wanted, plan.expansion.catalog, shelf)
        assert (planned.images, planned.left_out) == (count, 88 - count)
        kept.append({image_id for part in planned.parts for _, image_id, _ in part.images})
    assert kept[0] < kept[1]
    assert len({int(np.sum(w.is_wanted)) for w in wanted}) > 1
