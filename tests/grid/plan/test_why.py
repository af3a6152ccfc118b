"""`plan --why` and `diff`: the reason in words, said once, and true to the store."""

import re
import shutil

import pytest
import yaml
from altered_records import alter_record
from PIL import Image

from detectors.contract import load_card
from grid.experiment_file.loading import parse_experiment
from grid.plan.differences import value_in_words
from grid.plan.plan import make_plan, prepare
from grid.plan.seen_images import StoredImages, images_of
from grid.plan.why import reasons
from grid.records.commits import committed_fits
from grid.records.places import commit_key
from grid.records.stored_experiments import read_experiments
from grid.store.opening import open_store


class Run:
    """A finished experiment in a folder of the test's own; its file with changes, planned."""

    def __init__(self, run, cache):
        self.run, self.cache, self.store = run, cache, open_store(run.store)
        self.raw = yaml.safe_load(run.file.read_text())

    def plan(self, *, arm=None, **changes):
        raw = {**self.raw, **changes, "arms": [{**self.raw["arms"][0], **(arm or {})}]}
        return make_plan(
            prepare(parse_experiment(raw, base=self.run.folder), cache_dir=self.cache), self.store
        )

    def why(self, **changes):
        return list(reasons(self.plan(**changes), self.store))


@pytest.fixture
def run(own_run, cache):
    return Run(own_run, cache)


def recipe(run, **changes):
    return {"recipe": {**run.raw["arms"][0]["recipe"], **changes}}


def change_an_image(run):
    victim = run.run.folder / "images" / "g2" / "train" / "nature" / "3.png"
    Image.new("RGB", (16, 16), (1, 2, 3)).save(victim)


def test_what_is_new_for_one_reason_is_one_line(run):
    seeds = list(range(10))
    [one] = run.why(seeds=seeds)
    assert one.startswith("18 fits: new; against the nearest committed fit of each: seed 0 -> 1, ")
    assert "0 -> 2, 0 -> 3 and 6 more; e.g. simple_cnn(size=tiny) / g/g1 / seed 1 against" in one
    first, second = run.why(seeds=seeds, arm=recipe(run, batch_size=4))
    assert first.startswith("2 fits: new; against the nearest committed fit of each: batch_size 8")
    assert second.startswith("18 fits: new; ")
    assert "batch_size 8 -> 4, seed 0 -> 1, " in second


def test_epochs_whose_weights_are_gone_are_said_to_be_so(run):
    for fit_id in committed_fits(run.store):  # as if epoch 1 had not been kept
        path = run.run.store / commit_key(fit_id)
        alter_record(path, lambda it: it["weights"].update({"7": it["weights"].pop("1")}))
    [said] = run.why(arm=recipe(run, keep_epochs=[1, 2, "selected"]))
    assert said == (
        "keep_epochs [selected, last, 1] -> [selected, last, 1, 2]: weights of epoch 1 were not "
        "kept when these 2 fits were trained, so they are trained again; "
        "e.g. simple_cnn(size=tiny) / g/g1 / seed 0"
    )


def test_weights_that_are_there_are_not_said_to_be_gone(run):
    """Epoch 2 is the last here, and was kept as such."""
    for epochs in ([1, 2, "selected"], ["selected"]):
        [said] = run.why(arm=recipe(run, keep_epochs=epochs))
        assert "were not kept" not in said
        assert "what is kept is part of the recipe" in said
        assert "with the old list nothing is" in said


def test_pieces_are_counted_by_their_reason(run):
    test = {"sets": ["g"], "degradations": ["none", "jpeg(75)"]}
    assert run.why(test=test) == ["8 pieces: degradation jpeg(75) was not tested before"]


def test_why_names_the_images_that_changed(run):
    change_an_image(run)
    said = run.why(seeds=[0])
    fits = [line for line in said if "new; against" in line]
    assert len(fits) == 1
    assert "2 training images changed (1 gone, 1 new: g/g2/train/nature/3.png)" in fits[0]


def test_an_option_that_is_left_out_is_named_with_its_default(run):
    [said] = run.why(arm={**recipe(run, gradient_clip=1.0), "augment": "blur_jpeg(p=0.5)"})
    assert "augmentation none (default) -> blur_jpeg, gradient_clip" in said
    assert "gradient_clip none (default) -> 1.0" in said
    known = {"detector": "simple_cnn", "card": load_card("simple_cnn").version}
    assert value_in_words("options.size", None, known) == "seed (default)"
    old = {"detector": "simple_cnn", "card": 0}
    assert value_in_words("options.size", None, old) == "default"  # of another card: not known


def test_the_stores_images_are_those_that_were_trained_on(run):
    expansion = run.plan().expansion
    stored = StoredImages(run.store, read_experiments(run.store))
    for fit in expansion.fits.values():
        assert stored.of(fit.fit_id) == images_of(fit, expansion)


def test_images_that_the_store_cannot_prove_are_not_named(run, crossgen):
    """Of a training set with a rule the rows are not known: another choice of the same pools."""
    arm = {"train": {"each": ["g"], "fraction": 0.5}}
    raw = {**run.raw, "arms": [{**run.raw["arms"][0], **arm}]}
    run.run.file.write_text(yaml.safe_dump(raw))
    assert crossgen("run", run.run.file, "--store", run.run.store, "--no-ray")[0] == 0
    experiments = read_experiments(run.store)
    stored = StoredImages(run.store, experiments)
    labels = {fit["fit_id"]: fit["label"] for each in experiments for fit in each["fits"]}
    half = [fit_id for fit_id, label in labels.items() if "fraction" in label]
    assert len(half) == 2
    assert [stored.of(fit_id) for fit_id in half] == [None, None]
    whole = next(fit_id for fit_id in labels if fit_id not in half)
    _, out, _ = crossgen("diff", whole, half[0], "--store", run.run.store)
    said = " ".join(out.split())
    assert re.search(
        r"training images: 28 images and 1\d images, not the same ones; the store", said
    )


def test_diff_names_the_images_and_fits_a_narrow_terminal(run, crossgen, monkeypatch):
    [before] = [f["fit_id"] for f in run.plan().record["fits"] if "g2" in f["label"]]
    change_an_image(run)
    arm = {**run.raw["arms"][0], **recipe(run, lr=0.002), "name": "a" * 60}
    arm["augment"] = "blur_jpeg(p=0.5) | blur_jpeg(p=0.25) | blur_jpeg(p=0.125)"
    run.run.file.write_text(yaml.safe_dump({**run.raw, "arms": [arm]}))
    plan = make_plan(
        prepare(
            parse_experiment(yaml.safe_load(run.run.file.read_text()), base=run.run.folder),
            cache_dir=run.cache,
        ),
        run.store,
    )
    assert crossgen("run", run.run.file, "--store", run.run.store, "--no-ray")[0] == 0
    [after] = [f["fit_id"] for f in plan.record["fits"] if "g2" in f["label"]]
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = crossgen("diff", before, after, "--store", run.run.store)
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    assert before in out
    assert after in out
    said = " ".join(out.split())
    assert "lr 0.001 0.002" in said
    assert "augmentation none (default)" in said
    assert (
        "training images: 2 changed (1 only in the first, 1 only in the second): "
        "g/g2/train/nature/3.png" in said
    )
    assert "training  " not in out  # no digest


def test_diff_of_seeds_and_of_what_is_unknown(run, crossgen):
    first, second = sorted(committed_fits(run.store))
    code, out, _ = crossgen("diff", first, second, "--store", run.run.store)
    assert code == 0
    assert "training images: 56 changed (28 only in the first, 28 only in the second)" in out
    assert "seed" not in out.partition("training images")[2]
    assert crossgen("diff", first, first, "--store", run.run.store)[1] == "the same fit\n"
    code, _, err = crossgen("diff", first, "npr-s0-nothing", "--store", run.run.store)
    assert code == 2
    assert "knows no such fit" in err
    shutil.rmtree(run.run.store / "manifests")
    _, out, _ = crossgen("diff", first, second, "--store", run.run.store)
    assert "training images: 28 images in both, not the same ones" in " ".join(out.split())
