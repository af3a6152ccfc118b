"""Labels that a header gives away: refused unless the file accepts them in writing."""

import numpy as np
import pytest
import yaml
from PIL import Image

from analysis.sections.accepted_bias import accepted_bias
from analysis.selecting.selection import StoreSelection
from data.pools import pool_digest
from grid.experiment_file.loading import parse_experiment
from grid.plan.plan import prepare
from grid.records.pools.manifests import write_pool
from grid.refusal import Refused
from grid.store.opening import open_store


@pytest.fixture
def write(tmp_path):
    """Return a function that writes one class of one generator, in a format and size."""

    def write(dataset, generator, label, suffix, size=16):
        for split, count in (("train", 12), ("val", 6)):
            place = tmp_path / dataset / generator / split / label
            place.mkdir(parents=True)
            for i in range(count):
                seed = [i, *f"{dataset}/{generator}/{split}/{label}".encode()]
                pixels = np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)
                Image.fromarray(pixels).save(place / f"{i}.{suffix}")

    return write


@pytest.fixture
def refusals(tmp_path, cache):
    """Return what is refused of an experiment on the datasets."""

    def of(*datasets, train, test, **more):
        raw = {
            "schema": 1,
            "name": "e",
            "data": {name: {"root": name} for name in datasets},
            "test": test,
            "arms": [
                {
                    "name": "a",
                    "detector": "simple_cnn",
                    "simple_cnn.size": "tiny",
                    "train": train,
                    "input": {"train": "random_crop(16)", "test": "none"},
                    "recipe": "small",
                }
            ],
            **more,
        }
        try:
            prepare(parse_experiment(raw, base=tmp_path))
        except Refused as error:
            return sorted(problem.what for problem in error.problems)
        return []

    return of


ALIKE = {"train": {"sets": ["fakes", "photos"]}, "test": {"sets": ["fakes"], "reals": ["photos"]}}


def test_classes_from_two_datasets_are_held_against_each_other(write, refusals):
    write("fakes", "g", "ai", "png")
    write("photos", "p", "nature", "jpg")
    assert refusals("fakes", "photos", **ALIKE) == [
        "test set fakes/g vs photos: format x label is one-sided",
        "training set fakes+photos: format x label is one-sided",
    ]
    assert refusals("fakes", "photos", **ALIKE, equalise="none") == []


def test_classes_alike_are_taken(write, refusals):
    write("fakes", "g", "ai", "png")
    write("photos", "p", "nature", "png")
    assert refusals("fakes", "photos", **ALIKE) == []


def test_sizes_are_held_against_each_other_too(write, refusals):
    write("fakes", "g", "ai", "png", size=32)
    write("photos", "p", "nature", "png")
    found = refusals("fakes", "photos", **ALIKE)
    assert found[-1] == "training set fakes+photos: size x label is one-sided"


def test_a_generator_of_a_calm_union_still_shouts(write, refusals):
    """Two generators, mirrored: together each class is half PNG, half JPEG."""
    for generator, fake, real in (("a", "png", "jpg"), ("b", "jpg", "png")):
        write("both", generator, "ai", fake)
        write("both", generator, "nature", real)
    everything = {"train": {"sets": ["both"]}, "test": {"sets": ["both"]}}
    assert refusals("both", **everything) == [
        "both/a: format x label is one-sided",
        "both/b: format x label is one-sided",
    ]


def test_what_takes_no_part_is_not_looked_at(write, refusals):
    for generator, real in (("a", "png"), ("b", "jpg")):
        write("both", generator, "ai", "png")
        write("both", generator, "nature", real)
    assert refusals("both", train={"sets": ["both/a"]}, test={"sets": ["both/a"]}) == []


def test_who_accepts_it_in_writing_is_told_by_every_command_before_any_number(
    tmp_path, write, cache, crossgen
):
    write("both", "a", "ai", "png")
    write("both", "a", "nature", "jpg")
    file = tmp_path / "biased.yaml"
    raw = {
        "schema": 1,
        "name": "biased",
        "data": {"both": {"root": "both"}},
        "equalise": "none",
        "test": {"sets": ["both"]},
        "arms": [
            {
                "name": "a",
                "detector": "simple_cnn",
                "simple_cnn.size": "tiny",
                "train": {"each": "both"},
                "input": {"train": "random_crop(16)", "test": "none"},
                "recipe": {"base": "small", "epochs": 1},
            }
        ],
    }
    file.write_text(yaml.safe_dump(raw))
    said = "Labels can be read from the file header: format x label is one-sided"
    store = ("--store", tmp_path / "store")

    _, out, _ = crossgen("plan", file, *store)
    assert out.index(said) < out.index("wanted")
    assert "both/a, format: reals are JPEG 100%, fakes are PNG 100%" in out
    code, _, err = crossgen("run", file, "--no-ray", *store)
    assert code == 0, err
    assert err.index(said) < err.index("1 trial to run")
    _, out, _ = crossgen("status", file, *store)
    assert out.index(said) < out.index("wanted")
    for named in ((file,), ("--experiment", "biased")):  # also without file and images
        _, out, _ = crossgen("matrix", *named, *store)
        assert out.index(said) < out.index("AUC, trained on")
        assert "training images of both, format: reals are JPEG 100%" in out
    page = tmp_path / "page.html"
    crossgen("report", file, *store, "-o", page)
    text = page.read_text()
    assert text.index("Labels can be read from the file header") < text.index("<table")

    file.write_text(yaml.safe_dump({k: v for k, v in raw.items() if k != "equalise"}))
    code, _, err = crossgen("plan", file, *store)
    assert code == 2
    assert "both/a: format x label is one-sided" in err


def test_reals_and_fakes_of_two_datasets_are_compared_in_a_store_too(tmp_path):
    """What the analysis knows of a training is which pools an experiment trains on."""

    image_id = {"f": "f" * 32, "r": "0" * 32}

    def pool(name, dataset, label, split):
        pool_id = pool_digest([image_id[name]], [label])
        facts = {"pool_id": pool_id, "dataset": dataset, "label": label, "split": split}
        return {**facts, "name": name}

    def shouting(formats, pools):
        store = open_store(tmp_path / "-".join(map("".join, formats.items())))
        for each in pools:
            rows = {"image_id": [image_id[each["name"]]], "label": [each["label"]], "width": [8]}
            image_format = [formats[each["name"]]]
            write_pool(store, each["pool_id"], {**rows, "height": [8], "format": image_format})
        found = accepted_bias(
            StoreSelection.of(store, []), {"equalise": "none", "pools": pools, "test_sets": []}
        )
        return [line.partition(",")[0] for _, lines in found for line in lines]

    apart = [pool("f", "fakes", 1, "train"), pool("r", "photos", 0, "train")]
    assert shouting({"f": "PNG", "r": "JPEG"}, apart) == ["training images of all datasets"]
    assert shouting({"f": "PNG", "r": "PNG"}, apart) == []
    tested = [pool("f", "fakes", 1, "test"), pool("r", "photos", 0, "train")]
    assert shouting({"f": "PNG", "r": "WEBP"}, tested) == []  # nothing is held against them
    both = [pool("f", "one", 1, "train"), pool("r", "one", 0, "validation")]
    assert shouting({"f": "BMP", "r": "WEBP"}, both) == ["training images of one"]
