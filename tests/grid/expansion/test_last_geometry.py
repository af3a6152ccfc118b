"""What a detector does to an image itself stands behind every input, once in the identity."""

import pytest
import yaml

from grid.experiment_file.loading import parse_experiment
from grid.plan.differences import value_in_words
from grid.plan.plan import prepare
from grid.refusal import Refused

SWEEP = {"ssp.size": "tiny", "ssp.patch_size": [8, 16]}


@pytest.fixture
def fits(finished_run, cache):
    """Return a function: the shared experiment's arm with SSP and changes, expanded."""

    def of(*, arm, **more):
        raw = {**yaml.safe_load(finished_run.file.read_text()), **more}
        [first] = raw["arms"]
        del first["simple_cnn.size"], first["input"]
        first |= {"detector": "ssp", "train": {"sets": ["g/g1"]}, **arm}
        return prepare(parse_experiment(raw, base=finished_run.folder), cache_dir=cache)

    return of


def test_a_sweep_over_patches_is_a_sweep_over_options(fits):
    found = fits(arm=SWEEP)
    small, large = found.fits.values()
    assert small.train_geometry == "squash(256, below=8) | patch(8, of=1024)"
    assert large.validation_geometry == "squash(256, below=16) | patch(16, of=256)"
    assert small.description["options"] == {"size": "tiny", "patch_size": 8}
    assert not {"train_geometry", "validation_geometry"} & set(small.description)
    assert small.description["operations"] == {"geometry.squash": 1, "geometry.patch": 1}
    views = {block["test_pipeline"] for fit in found.fits for block in found.scoring[fit]}
    assert views == {small.validation_geometry, large.validation_geometry}
    said = value_in_words("validation_geometry", None, small.description)
    assert said.startswith("squash(256, below=8) | patch(8, of=1024")


def test_with_a_shared_input_the_patch_is_taken_of_its_pixels(fits):
    fit = next(iter(fits(arm={**SWEEP, "input": "common(24)"}).fits.values()))
    assert fit.train_geometry.startswith("tile(24) | random_crop(24, step=2) | hflip | squash(")
    assert fit.description["train_geometry"] == fit.train_geometry
    found = fits(arm=SWEEP, test={"sets": ["g"], "degradations": ["none"], "input": "common(24)"})
    for fit_id, fit in found.fits.items():
        [block] = found.scoring[fit_id]
        last = f"patch({fit.options.patch_size}, "
        assert block["test_pipeline"].startswith("tile(24) | center_crop(24, step=2) | squash(")
        assert last in block["test_pipeline"]


def test_other_chance_is_refused_in_tests_as_before(fits):
    given = {"train": "random_crop(24)", "test": "random_crop(24)"}
    with pytest.raises(
        Refused, match=r"random_crop\(24\) \| squash.* is random, and a test is not"
    ):
        fits(arm={**SWEEP, "input": given})
