"""One pool in two datasets that say other pairs of it: each training has its own dataset's."""

import csv
import shutil

import numpy as np
import pytest
from PIL import Image

from grid.experiment_file.loading import parse_experiment
from grid.plan.plan import make_plan, make_trials, prepare
from grid.store.opening import open_store
from grid.trial.images import TrialImages


@pytest.fixture
def two_datasets(tmp_path, cache):
    """`plain` has no pairs, `paired` the same images with a pair for every four."""
    rng = np.random.default_rng(3)
    for split, count in (("train", 40), ("val", 8)):
        for name in ("nature", "ai"):
            place = tmp_path / "plain" / "sd14" / split / name
            place.mkdir(parents=True)
            for i in range(count):
                pixels = rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(place / f"{i:02}.png")
    rows = []
    for split, word in (("train", "train"), ("val", "test")):
        for name, label in (("nature", "real"), ("ai", "fake")):
            for file in sorted((tmp_path / "plain" / "sd14" / split / name).iterdir()):
                place = tmp_path / "paired" / f"{name}_images" / split
                place.mkdir(parents=True, exist_ok=True)
                path = place / file.name
                shutil.copy(file, path)
                generator = "sdxl" if label == "fake" else ""
                pair = f"{split}{int(file.stem) // 4}"
                relative = path.relative_to(tmp_path / "paired").as_posix()
                rows.append((relative, label, generator, word, pair))
    with (tmp_path / "paired" / "list.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("path", "label", "generator", "split", "pair"), *rows])
    return tmp_path


def expansion(folder, names):
    raw = {
        "schema": 1,
        "name": "e",
        "data": {name: {"root": name} for name in names},
        "test": {"sets": ["plain"] if "plain" in names else ["paired"]},
        "equalise": "none",
        "arms": [
            {
                "name": name,
                "detector": "simple_cnn",
                "simple_cnn.size": "tiny",
                "train": {"sets": [name]},
                "input": {"train": "none", "test": "none"},
                "recipe": "small",
            }
            for name in names
        ],
    }
    return prepare(parse_experiment(raw, base=folder))


def fit_ids(expanded):
    return {fit.training.label: fit_id for fit_id, fit in expanded.fits.items()}


@pytest.mark.parametrize("names", [("plain", "paired"), ("paired", "plain")])
def test_what_is_trained_on_depends_on_no_other_dataset(two_datasets, names):
    both = expansion(two_datasets, names)
    assert len({p.pool_id for d in both.catalog.datasets.values() for p in d.pools}) == 4
    alone = {}
    for name in names:
        alone |= fit_ids(expansion(two_datasets, (name,)))
    assert fit_ids(both) == alone


@pytest.mark.parametrize("names", [("plain", "paired"), ("paired", "plain")])
def test_a_worker_selects_what_was_planned(two_datasets, names):
    store = open_store(two_datasets / "store")
    both = expansion(two_datasets, names)
    for trial in make_trials(make_plan(both, store), store):
        training, validation = TrialImages(store, trial.spec).training()
        selection = both.fits[trial.fit_id].selection
        assert list(training.image_ids) == selection.train.image_ids
        assert list(validation.image_ids) == selection.validation.image_ids
        assert all(path.exists() for path in map(type(two_datasets), training.paths))
