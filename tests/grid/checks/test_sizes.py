"""Sizes that cannot work are refused by the plan, not by a trial hours later."""

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from data.pools import Pool
from grid.checks.sizes import SIZES_TRIED, sizes
from grid.experiment_file.loading import parse_experiment
from grid.plan.plan import prepare
from grid.refusal import Refused


@pytest.fixture
def refusals(tmp_path, cache):
    """Return what is refused of an arm on images of the given sizes (height, width)."""

    def of(*sizes, test=None, **arm):
        rng = np.random.default_rng(0)
        for split in ("train", "val"):
            for label in ("nature", "ai"):
                place = tmp_path / "g" / "gen" / split / label
                place.mkdir(parents=True, exist_ok=True)
                for i in range(12):
                    height, width = sizes[i % len(sizes)]
                    pixels = rng.integers(0, 256, (height, width, 3), np.uint8)
                    Image.fromarray(pixels).save(place / f"{i}.png")
        raw = {
            "schema": 1,
            "name": "e",
            "data": {"g": {"root": "g"}},
            "test": {"sets": ["g"], **(test or {})},
            "arms": [{"name": "a", "train": {"sets": ["g"]}, "recipe": "small", **arm}],
        }
        try:
            prepare(parse_experiment(raw, base=tmp_path))
        except Refused as error:
            return {problem.what: problem.why for problem in error.problems}
        return {}

    return of


TINY = {"detector": "simple_cnn", "simple_cnn.size": "tiny"}
SEED = {"detector": "simple_cnn"}


def test_images_that_fit_are_taken(refusals):
    inputs = {"train": "random_crop(16)", "test": "none"}
    assert refusals((16, 20), (40, 30), input=inputs, **TINY) == {}


def test_a_crop_larger_than_an_image_is_refused(refusals):
    found = refusals((16, 20), (40, 30), input={"train": "random_crop(24)", "test": "none"}, **TINY)
    [(what, why)] = found.items()
    assert what == "train pipeline 'random_crop(24)' of simple_cnn"
    assert "an image of 20x16 in" in why


def test_training_images_of_two_sizes_are_refused(refusals):
    found = refusals((16, 20), (40, 30), input={"train": "none", "test": "none"}, **TINY)
    assert (
        "it leaves images of 2 sizes (20x16, 30x40)" in found["train pipeline 'none' of simple_cnn"]
    )


def test_a_degradation_that_makes_images_too_small_is_refused(refusals):
    found = refusals(
        (40, 40),
        test={"degradations": ["none", "resize(16)"]},
        input={"train": "random_crop(24)", "test": "center_crop(24)"},
        **TINY,
    )
    [(what, why)] = found.items()
    assert what.startswith("test pipeline 'center_crop(24)' of simple_cnn after the degradation")
    assert "an image of 40x40" in why


def test_validation_images_go_through_the_test_pipeline_too(refusals):
    """Training upsizes first; nothing is tested, yet each epoch is validated."""
    found = refusals(
        (20, 20),
        input={"train": "resize(32,32) | random_crop(24)", "test": "center_crop(24)"},
        **TINY,
    )
    assert list(found) == ["test pipeline 'center_crop(24)' of simple_cnn"]


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        ({}, []),
        ({"input": "common(64)"}, ["train pipeline", "test pipeline"]),
        ({"simple_cnn.input_px": 128}, ["train pipeline", "test pipeline"]),
        ({"input": {"train": "resize(224,224)", "test": "none"}}, ["test pipeline"]),
    ],
)
def test_a_network_of_one_input_size_is_held_against_both_pipelines(refusals, settings, wrong):
    found = refusals((240, 240), **SEED, **settings)
    assert [what[: what.index(" '")] for what in found] == wrong
    for why in found.values():
        assert "and with these options simple_cnn takes" in why


BY_DEGRADATION = {"input": {"train": "random_crop(8)", "test": "none"}, **TINY}


def test_an_image_longer_than_webp_holds_is_refused_with_what_to_do(refusals):
    test = {"degradations": ["none", "webp(80)"]}
    [(what, why)] = refusals((8, 16384), (8, 8), test=test, **BY_DEGRADATION).items()
    assert what == "test pipeline 'none' of simple_cnn after the degradation 'webp(80)'"
    assert "an image of 16384x8 in" in why
    assert "webp(80) takes sides of up to 16,383 px" in why
    test = {"degradations": ["resize(factor=0.5) | webp(80)"]}
    assert refusals((8, 16384), (8, 8), test=test, **BY_DEGRADATION) == {}


def test_of_thousands_of_sizes_the_narrowest_is_tried():
    """Neither the longest nor the shortest, and the one that a resize makes too long."""
    squares = [(side, side) for side in range(100, 3000)]
    heights, widths = zip(*squares, (110, 2200), strict=True)
    table = pa.table({"height": heights, "width": widths})
    pool = Pool("p" * 21, "gen", 1, "test", "gan", "gen", table, duplicates=0, beside="")
    assert (110, 2200) in sizes(pool)
    assert len(sizes(pool)) <= SIZES_TRIED
