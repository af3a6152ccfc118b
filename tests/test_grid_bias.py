"""Labels that a header gives away: refused unless the file accepts them in writing."""

import numpy as np
import pytest
from PIL import Image

from grid.loading import parse_experiment
from grid.plan import prepare
from grid.refusal import Refused


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
