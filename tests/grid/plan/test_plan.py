"""Running again is resuming: what a change of the file or of the data makes missing, exactly.

One small experiment is run once; every test then only plans, on the same store.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from PIL import Image
from repository import FIXTURES, ROOT

from grid.experiment_file.loading import parse_experiment
from grid.plan.plan import make_plan, make_trials, prepare
from grid.records.latest import latest_digest
from grid.records.places import experiment_key
from grid.records.stored_experiments import read_experiments
from grid.refusal import Refused
from grid.store.opening import open_store
from grid.trial.images import TrialImages

FITS, POOLS = 2, 4
FILE = yaml.safe_load((FIXTURES / "two.yaml").read_text())


class Finished:
    """A store with a finished experiment, and its images in a folder that tests may change."""

    def __init__(self, base: Path, folder: Path, cache: Path) -> None:
        self.base, self.folder, self.cache = base, folder, cache
        self.store = open_store(base / "store")

    def expansion(self, changes=None, folder=None):
        raw = {**FILE, **(changes or {})}
        return prepare(parse_experiment(raw, base=folder or self.folder), cache_dir=self.cache)

    def plan(self, changes=None, folder=None):
        return make_plan(self.expansion(changes, folder), self.store)


@pytest.fixture(scope="module")
def ran(finished_run):
    """The store of the small experiment that all tests share; it is only planned against here."""
    assert yaml.safe_load(finished_run.file.read_text()) == FILE
    return Finished(finished_run.folder, finished_run.folder, finished_run.folder / "cache")


@pytest.fixture
def finished(ran, tmp_path):
    """The store as the run left it, and a copy of the images for this test alone."""
    shutil.copytree(ran.base / "images", tmp_path / "images")
    return Finished(ran.base, tmp_path, tmp_path / "cache")


def missing(plan):
    """(fits to train, pieces to score)."""
    return (
        sum(not f.committed for f in plan.fits),
        sum(f.missing_pieces for f in plan.fits),
    )


def test_nothing_is_left_after_a_run(finished):
    plan = finished.plan()
    assert len(plan.fits) == FITS
    assert sum(f.pieces for f in plan.fits) == FITS * POOLS
    assert missing(plan) == (0, 0)
    assert make_trials(plan, finished.store) == []


def test_a_moved_and_a_renamed_folder_runs_nothing(finished):
    moved = finished.folder / "elsewhere"
    shutil.move(finished.folder / "images", moved / "pictures")
    (moved / "pictures" / "g1").rename(moved / "pictures" / "another_name")
    data = {"alias": {"root": str(moved / "pictures")}}
    arm = {**FILE["arms"][0], "name": "b", "train": {"each": "alias"}}
    changes = {"data": data, "test": {"sets": ["alias"]}, "arms": [arm], "name": "renamed"}
    assert missing(finished.plan(changes)) == (0, 0)


def test_a_seed_adds_its_fits(finished):
    plan = finished.plan({"seeds": [0, 1]})
    assert missing(plan) == (FITS, FITS * POOLS)
    assert {f.fit.seed for f in plan.missing} == {1}


def test_a_degradation_adds_its_pieces(finished):
    changes = {"test": {"sets": ["g"], "degradations": ["none", "jpeg(75)", "blur(1.0)"]}}
    assert missing(finished.plan(changes)) == (0, 2 * FITS * POOLS)


def test_a_kept_epoch_to_score_adds_its_pieces(finished):
    plan = finished.plan({"test": {"sets": ["g"], "epochs": ["selected", 1]}})
    assert missing(plan) == (0, FITS * POOLS)
    same = finished.plan({"test": {"sets": ["g"], "epochs": ["selected", "last", 2]}})
    assert missing(same) == (0, 0)  # the recipe selects the last epoch, and that is 2


def test_an_epoch_that_is_not_kept_is_refused(finished):
    with pytest.raises(Refused, match=r"epochs: 3.*keeps the weights of"):
        finished.plan({"test": {"sets": ["g"], "epochs": [3]}})


def test_a_generator_to_test_on_adds_its_pools(finished, make_genimage):
    make_genimage(finished.folder / "more", {"new": 9}, train=4, test=4)
    changes = {
        "data": {**FILE["data"], "more": {"root": "more"}},
        "test": {"sets": ["g", "more"]},
    }
    assert missing(finished.plan(changes)) == (0, FITS * 2)


def test_a_changed_test_image_scores_its_pool_again(finished):
    victim = next((finished.folder / "images" / "g1" / "val" / "ai").iterdir())
    Image.new("RGB", (16, 16), (1, 2, 3)).save(victim)
    assert missing(finished.plan()) == (0, FITS)


@pytest.fixture
def own(ran, tmp_path):
    """Images and store of this test alone: it writes to both."""
    shutil.copytree(ran.base / "images", tmp_path / "images")
    shutil.copytree(ran.base / "store", tmp_path / "store")
    return Finished(tmp_path, tmp_path, tmp_path / "cache")


def test_images_sorted_into_classes_since_are_trained_by_their_new_classes(own):
    """The pools are the same, so their manifests are: only what the folders say has changed."""
    train = own.folder / "images" / "g1" / "train"
    for label in ("nature", "ai"):
        for i, image in enumerate(sorted((train / label).iterdir())):
            image.rename(image.with_name(f"n0144{'0764' if i % 2 else '3537'}_{image.name}"))
    arm = {**FILE["arms"][0], "train": {"sets": ["g/g1"], "classes": ["n01440764"]}}
    [trial] = make_trials(own.plan({"arms": [arm]}), own.store)
    training, validation = TrialImages(own.store, trial.spec).training()
    assert (len(training) + len(validation), len(validation)) == (16, 2)


def test_images_sorted_into_classes_since_cannot_be_tested_by_class(own):
    """The analysis counts classes by the manifest, which names those of the first run."""
    for label in ("ai", "nature"):
        for image in (own.folder / "images" / "g1" / "val" / label).iterdir():
            image.rename(image.with_name(f"n01440764_{image.name}"))
    plan = own.plan({"test": {"sets": ["g/g1"], "classes": ["n01440764"]}, "seeds": [3]})
    with pytest.raises(Refused, match=r"6 of its 6 images had another class when manifests/"):
        make_trials(plan, own.store)
    for pool_id in plan.record["scoring"][0]["pools"]:
        (own.base / "store" / "manifests" / f"{pool_id}.parquet").unlink()
    assert make_trials(plan, own.store)


def test_running_some_fits_records_and_marks_the_whole_experiment(own):
    """What is not run is missing; a reader would take a narrowed record for all there is."""
    raw = {**FILE, "seeds": [0, 1]}
    only = prepare(
        parse_experiment(raw, base=own.folder),
        only=[("seed", "1"), ("train", "g/g1")],
        cache_dir=own.cache,
    )
    plan = make_plan(only, own.store)
    assert len(plan.record["fits"]) == 1
    assert len(make_trials(plan, own.store)) == 1
    whole = own.plan({"seeds": [0, 1]}).record
    assert len(whole["fits"]) == 2 * FITS
    stored = {each["digest"] for each in read_experiments(own.store)}
    assert stored == {own.plan().record["digest"], whole["digest"]}
    assert latest_digest(own.store, "two", stored) == whole["digest"]


def test_running_an_older_expansion_with_nothing_to_do_makes_it_the_latest_again(own):
    plans = [own.plan(), own.plan({"question": "again?"})]
    digests = [plan.record["digest"] for plan in plans]
    assert latest_digest(own.store, "two", digests) == digests[0]
    for n in (1, 0, 0):
        assert make_trials(plans[n], own.store) == []
        assert latest_digest(own.store, "two", digests) == digests[n]
        assert own.store.exists(experiment_key("two", digests[n]))
    assert len(own.store.list("latest/")) == 3


def test_a_changed_training_image_trains_what_saw_it(finished):
    victim = next((finished.folder / "images" / "g2" / "train" / "nature").iterdir())
    Image.new("RGB", (16, 16), (1, 2, 3)).save(victim)
    plan = finished.plan()
    assert missing(plan) == (1, POOLS)
    assert plan.missing[0].fit.training.label == "g/g2"


def test_an_option_spelled_out_at_its_default_changes_nothing(finished):
    arm = {
        **FILE["arms"][0],
        "augment": "none",
        "input": {"train": "random_crop(16, step=2) | hflip(p=0.5)", "test": "none"},
    }
    assert missing(finished.plan({"arms": [arm]})) == (0, 0)


def test_limit_makes_other_fits_and_is_stamped(finished):
    plan = finished.plan({"limit": 4})
    assert missing(plan) == (FITS, FITS * POOLS)
    assert plan.record["limit"] == 4
    assert {p["n"] for p in plan.record["pools"]} == {4}


def test_arms_that_mean_one_fit_are_merged(finished):
    twin = {**FILE["arms"][0], "name": "twin", "train": {"sets": ["g/g1"]}}
    plan = finished.plan({"arms": [FILE["arms"][0], twin]})
    assert missing(plan) == (0, 0)
    assert sorted(len(f.fit.arms) for f in plan.fits) == [1, 2]


def test_only_keeps_what_matches_and_refuses_what_nothing_has(finished):
    experiment = parse_experiment(FILE, base=finished.folder)
    kept = prepare(experiment, only=[("train", "g/g1")], cache_dir=finished.cache)
    assert len(kept.fits) == 1
    with pytest.raises(Refused, match="no fit has such a value"):
        prepare(experiment, only=[("trian", "g/g1")], cache_dir=finished.cache)
    with pytest.raises(Refused, match="no fit of this experiment matches"):
        prepare(experiment, only=[("seed", "7")], cache_dir=finished.cache)


def test_exclude_leaves_out_and_unknown_keys_are_refused(finished):
    assert len(finished.plan({"exclude": [{"train": "g/g1"}]}).fits) == 1
    with pytest.raises(Refused, match="exclude: trian"):
        finished.plan({"exclude": [{"trian": "g/g1"}]})


def test_training_never_depends_on_the_test(finished):
    one = finished.expansion({"test": {"sets": ["g/g1"]}})
    both = finished.expansion()
    assert set(one.fits) == set(both.fits)


def command(finished, *arguments, **more):
    file = finished.folder / "two.yaml"
    file.write_text(yaml.safe_dump(FILE, sort_keys=False))
    return subprocess.run(
        [sys.executable, "-m", "launch", *arguments, str(file), "--store", finished.store.url],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "CROSSGEN_CACHE": str(finished.cache)},
        **more,
    )


def test_a_second_run_says_nothing_to_do_without_torch_or_ray(finished):
    command(finished, "plan")  # the index of this test's copy of the images
    done = command(finished, "run")
    assert done.returncode == 0, done.stderr
    assert "nothing to do" in done.stdout
    script = (
        "import sys; from launch.cli import main\n"
        f"try: main(['run', {str(finished.folder / 'two.yaml')!r}, "
        f"'--store', {finished.store.url!r}])\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "assert not {'torch', 'ray'} & set(sys.modules)\n"
    )
    checked = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "CROSSGEN_CACHE": str(finished.cache)},
    )
    assert checked.returncode == 0, checked.stderr


def test_plan_of_ten_thousand_cells_is_quick_enough_to_be_used(finished):
    """Not a timing: the benchmark measures. This sees that nothing in it is quadratic."""
    degradations = [f"jpeg({q})" for q in range(1, 101)]
    started = time.process_time()
    plan = finished.plan(
        {"seeds": list(range(25)), "test": {"sets": ["g"], "degradations": degradations}}
    )
    cells = len(plan.fits) * len(plan.expansion.test_sets) * len(degradations)
    assert cells == 10_000
    assert time.process_time() - started < 30
