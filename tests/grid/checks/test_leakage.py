"""Images on both sides: counted by their bytes, once, and only where they are held together."""

import shutil

import numpy as np
import pytest
from PIL import Image

from grid.checks.leakage import overlaps
from grid.experiment_file.loading import parse_experiment
from grid.plan.plan import prepare
from grid.refusal import Refused


@pytest.fixture
def write(tmp_path):
    def write(generator, *, train=6, test=4):
        for split, count in (("train", train), ("val", test)):
            for label in ("nature", "ai"):
                place = tmp_path / "g" / generator / split / label
                place.mkdir(parents=True)
                for i in range(count):
                    seed = [i, *f"{generator}/{split}/{label}".encode()]
                    pixels = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
                    Image.fromarray(pixels).save(place / f"{i}.png")
        return tmp_path / "g" / generator

    return write


@pytest.fixture
def found(tmp_path, cache):
    def found(*children, leakage="exclude", **changes):
        arm = {
            "detector": "simple_cnn",
            "simple_cnn.size": "tiny",
            "train": {"each": "g"},
            "input": {"train": "none", "test": "none"},
            "recipe": "small",
        }
        raw = {
            "schema": 1,
            "leakage": leakage,
            "name": "e",
            "data": {"g": {"root": "g"}},
            "test": {"sets": ["g"]},
            "arms": [{"name": "a", **arm, **changes}, *({**arm, **child} for child in children)],
        }
        expansion = prepare(parse_experiment(raw, base=tmp_path))
        return [(o.training_set, o.test_set, o.images, o.of) for o in overlaps(expansion)]

    return found


def test_images_apart_are_no_leak(write, found):
    write("a")
    write("b")
    assert found() == []


def test_a_copy_under_another_name_is_found_wherever_it_lies(write, found):
    a, b = write("a"), write("b")
    shutil.copy(a / "train" / "ai" / "0.png", b / "val" / "ai" / "renamed.png")
    assert found() == [("g/a", "g/b", 1, 9)]


def test_reals_that_two_pools_share_count_once(write, found):
    """The same photograph lies beside both generators and was trained on."""
    a, b = write("a"), write("b")
    for place in (a, b):
        shutil.copy(a / "train" / "nature" / "0.png", place / "val" / "nature" / "same.png")
    both = {"sets": ["g"], "reals": ["g"]}
    assert found(train={"sets": ["g/a"]}, test=both) == [
        ("g/a", "g/a vs g", 1, 13),
        ("g/a", "g/b vs g", 1, 13),
    ]


def test_what_is_never_scored_together_is_not_counted(write, found):
    a, b = write("a"), write("b")
    shutil.copy(a / "train" / "ai" / "0.png", b / "val" / "ai" / "renamed.png")
    assert found(train={"sets": ["g/a"]}, test={"sets": ["g/a"]}) == []


def test_what_a_parent_saw_is_counted_for_its_child(write, found):
    """The child trains on b; its parent trained on a, of which b's test images hold a copy."""
    a, b = write("a"), write("b")
    shutil.copy(a / "train" / "ai" / "0.png", b / "val" / "ai" / "renamed.png")
    child = {
        "name": "child",
        "train": {"sets": ["g/b"]},
        "weights": {"from": "a"},
        "test": {"sets": ["g/b"]},
    }
    leaks = found(child, train={"sets": ["g/a"]}, test={"sets": ["g/a"]})
    assert leaks == [("g/b after g/a", "g/b", 1, 9)]
    with pytest.raises(Refused, match="trained or validated on by g/b after g/a"):
        found(child, leakage="refuse", train={"sets": ["g/a"]}, test={"sets": ["g/a"]})


def test_a_part_of_a_test_set_that_another_arm_scores_is_no_overlap(write, found):
    """Both arms are tested against the same reals, each on the fakes of its own generator."""
    a, _ = write("a"), write("b")
    shutil.copy(a / "train" / "nature" / "0.png", a / "val" / "nature" / "same.png")
    arms = [
        {"train": {"sets": [f"g/{name}"]}, "test": {"sets": [f"g/{name}"], "reals": ["g"]}}
        for name in "ab"
    ]
    assert found({"name": "b", **arms[1]}, **arms[0]) == [("g/a", "g/a vs g", 1, 13)]
