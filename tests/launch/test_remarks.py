"""What `crossgen plan` remarks: float32 on a GPU, sources that are squashed, or coded again."""

import json

import numpy as np
import pytest
import yaml
from PIL import Image

SLOW = "to train in float32 without TF32, slow on a GPU; `precision: bfloat16`"
SQUASH = {"train": "resize(16,16) | hflip", "test": "resize(16,16)"}


@pytest.fixture
def planned(own_run, crossgen, monkeypatch):
    """Return a function that plans the experiment with some changes and gives what is printed."""
    monkeypatch.setattr("launch.show_remarks.shows_gpu", lambda: False)

    def planned(*, seeds=(7,), precision="float32", **changes):
        raw = yaml.safe_load(own_run.file.read_text())
        raw["seeds"] = list(seeds)
        raw["arms"][0]["recipe"]["precision"] = precision
        raw["arms"][0].update(changes.pop("arm", {}))
        own_run.file.write_text(json.dumps({**raw, **changes}))
        code, out, err = crossgen("plan", own_run.file, "--store", own_run.store)
        assert code == 0, err
        return out

    return planned


def resized(own_run, place, size):
    """Give the images of a folder another size, as (width, height)."""
    for n, image in enumerate(sorted((own_run.folder / "images" / place).iterdir())):
        pixels = np.random.default_rng(n).integers(0, 255, (*size[::-1], 3), dtype=np.uint8)
        Image.fromarray(pixels).save(image)


def test_float32_is_remarked_where_a_gpu_is_asked_for(planned):
    said = planned(resources={"simple_cnn": {"gpu": 0.5}})
    assert f"2 fits of simple_cnn {SLOW}" in said
    assert SLOW not in planned(resources={"simple_cnn": {"gpu": 0}})


def test_float32_is_remarked_where_a_gpu_is_there_and_nothing_is_said(planned, monkeypatch):
    assert SLOW not in planned()
    monkeypatch.setattr("launch.show_remarks.shows_gpu", lambda: True)
    assert SLOW in planned()
    assert SLOW not in planned(resources={"simple_cnn": {"gpu": 0}})


def test_bfloat16_and_what_is_trained_already_are_not_remarked(planned):
    gpu = {"simple_cnn": {"gpu": 1}}
    assert SLOW not in planned(resources=gpu, precision="bfloat16")
    assert SLOW not in planned(resources=gpu, seeds=(0,))


def test_sources_of_differing_sizes_are_named_where_they_are_squashed(planned, own_run):
    for place in ("g2/train/ai", "g2/val/ai"):
        resized(own_run, place, (32, 24))
    said = planned(arm={"input": SQUASH}, equalise="none")
    assert (
        "simple_cnn squashes sources of differing sizes to 16x16, each resampled in its own way: "
        "g/g1 16x16, g/g2 32x24, g/g1 reals 16x16, g/g2 reals 16x16; `input: common`"
    ) in said
    assert said.count("squashes sources") == 1


def test_one_size_or_no_squash_is_not_remarked(planned, own_run):
    assert "squashes sources" not in planned(arm={"input": SQUASH})
    resized(own_run, "g2/val/ai", (32, 24))
    crop = {"train": "random_crop(16) | hflip", "test": "center_crop(16)"}
    assert "squashes sources" not in planned(arm={"input": crop}, equalise="none")
    # What arrives at the resize has one size already.
    cropped = {"train": "random_crop(16) | hflip", "test": "center_crop(16) | resize(8,8)"}
    assert "squashes sources" not in planned(arm={"input": cropped}, equalise="none")
    shorter = {"train": "resize(16) | random_crop(16)", "test": "resize(16)"}
    assert "squashes sources" not in planned(arm={"input": shorter}, equalise="none")


def test_a_source_with_sizes_of_its_own_says_how_many(planned, own_run):
    for n, image in enumerate(sorted((own_run.folder / "images/g1/val/nature").iterdir())):
        Image.new("RGB", (20 + n, 20), (n, 0, 0)).save(image)
    assert "g/g1 reals 16x16 and 6 other sizes" in planned(arm={"input": SQUASH}, equalise="none")


AGAIN = "are coded twice and the rest once"


def coded(own_run, place, format, some=slice(None)):
    """Save the images of a folder in another format, under their old names."""
    for image in sorted((own_run.folder / "images" / place).iterdir())[some]:
        Image.open(image).save(image, format)


def test_a_coding_is_remarked_where_one_class_is_coded_so_already(planned, own_run):
    coded(own_run, "g2/val/nature", "JPEG")
    test = {"sets": ["g"], "degradations": ["none", "jpeg(75)", "blur(1) | jpeg(30)", "webp(50)"]}
    said = " ".join(planned(test=test, equalise="none").split())
    assert (
        "jpeg(75), blur(1.0) | jpeg(30) on g/g2: 100% of the reals and 0% of the fakes are JPEG "
        "already and nothing is equalised."
    ) in said
    assert said.count(AGAIN) == 1
    assert AGAIN not in planned(test={**test, "degradations": ["none", "blur(1)"]}, equalise="none")


def test_a_coding_is_not_remarked_where_both_classes_are_coded_alike(planned, own_run):
    test = {"sets": ["g"], "degradations": ["jpeg(75)"]}
    assert AGAIN not in planned(test=test)
    for place in ("g1/val/nature", "g1/val/ai", "g2/val/nature", "g2/val/ai"):
        coded(own_run, place, "JPEG", slice(3))
    assert AGAIN not in planned(test=test)
    coded(own_run, "g1/val/ai", "JPEG", slice(4))
    assert "50% of the reals and 67% of the fakes" in planned(test=test)


def test_a_known_collection_that_is_not_whole_is_remarked_with_the_command_that_names_why(
    planned, own_run
):
    assert "as published" not in planned()
    (own_run.folder / "images" / "g1").rename(own_run.folder / "images" / "BigGAN")
    said = planned()
    assert "data.g: in 3 points not GenImage as published; `crossgen index " in said
