"""`crossgen predict --explain`: PNGs that open and show what they say."""

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch

from analysis.statistics.temperature import Temperature
from data.patches.choice_in_test import choice_in_test
from data.view import view_of
from detectors.contract import build, load_card, parse_options
from detectors.input_geometry import input_pipelines
from grid.records.commits import committed_fits
from grid.store.opening import open_store
from launch.explaining.explained_images import panels_of
from launch.explaining.image_panels import MARK
from launch.predicting.given_images import given_images, rows_of
from launch.predicting.scorers import Scorer


def scorer_of(name, geometry="native", **options):
    card = load_card(name)
    parsed = parse_options(card, {"size": "tiny", **options})
    view = view_of(geometry=input_pipelines(card, parsed, geometry).test)
    network = build(name, parsed, seed=0)
    return Scorer("f", name, network, view, Temperature(None, "untrained"))


@pytest.fixture
def photograph(tmp_path) -> Path:
    rows, columns = np.mgrid[:48, :64]
    rng = np.random.default_rng(4)
    # The noisier the further left, so the simplest patch is not just any.
    noise = rng.integers(0, 2 + 3 * (63 - columns))
    pixels = np.stack([rows * 4, columns * 3, noise], axis=2)
    PIL.Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_the_framed_patch_is_the_one_that_is_scored(photograph):
    scorer = scorer_of("ssp", patch_size=16, patches=8)
    [image] = given_images([photograph])
    panels, _ = panels_of(scorer, image)
    named = {panel.name: panel for panel in panels}
    assert {"image", "input", "patch", "SRM response", "Grad-CAM"} <= set(named)
    shown = named["image"].picture
    times = shown.shape[1] // 64
    given = rows_of([image]).viewed(0, scorer.view)
    whole = rows_of([image]).load(0)
    choice = choice_in_test(whole, image.image_id, scorer.view.geometry.operations[-1])
    assert choice.chosen != 0
    assert (named["input"].picture == given).all()
    framed = (shown == np.array(MARK[-1])).all(axis=2)
    assert framed.any()
    places = np.argwhere(framed)
    top, left = (-(-places.min(axis=0) // times)).tolist()
    assert "of 8 patches" in named["image"].caption
    assert any(
        (inside_at(shown, times, row, column) == given[1:-1, 1:-1]).all()
        for row in range(top - 1, top + 3)
        for column in range(left - 1, left + 3)
    )


def inside_at(shown, times, row, column):
    """The pixels of a patch but for its outermost, which the frame may touch."""
    part = shown[times * row : times * (row + 16), times * column : times * (column + 16)]
    return part[::times, ::times][1:-1, 1:-1]


@pytest.mark.parametrize("name", ["npr", "spai", "gramnet", "log_fft_linear", "spec"])
def test_each_detector_has_its_maps(photograph, name):
    PIL.Image.open(photograph).crop((0, 0, 32, 32)).save(photograph)
    scorer = scorer_of(name, "common(32)")
    [image] = given_images([photograph])
    panels, remark = panels_of(scorer, image)
    names = [panel.name for panel in panels]
    assert len(set(names)) == len(names) >= 2
    assert all(panel.picture.dtype == np.uint8 for panel in panels)
    assert ("Grad-CAM" in names) != bool(remark)


def test_pictures_are_files_that_open(crossgen, finished_run, tmp_path):
    [fit, *_] = sorted(committed_fits(open_store(finished_run.store)))
    image = finished_run.folder / "images" / "g1" / "val" / "ai" / "0.png"
    broken = tmp_path / "broken.png"
    broken.write_text("none")
    folder = tmp_path / "seen"
    words = ["predict", image, broken, "--fit", fit, "--store", finished_run.store]
    code, out, err = crossgen(*words, "--explain", folder)
    assert (code, err) == (1, "")
    assert f"pictures in {folder}" in out
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))
    assert found == [f"001-0/{fit}.png", f"001-0/{fit}/Grad-CAM.png", f"001-0/{fit}/image.png"]
    for path in folder.rglob("*.png"):
        with PIL.Image.open(path) as picture:
            picture.load()
            assert min(picture.size) > 200
            assert len(picture.convert("RGB").getcolors(1 << 24)) > 10


def test_a_folder_that_cannot_be_made_is_refused(crossgen, finished_run, tmp_path):
    [fit, *_] = sorted(committed_fits(open_store(finished_run.store)))
    (tmp_path / "file").write_text("")
    image = finished_run.folder / "images" / "g1" / "val" / "ai" / "0.png"
    words = ["predict", image, "--fit", fit, "--store", finished_run.store]
    code, out, err = crossgen(*words, "--explain", tmp_path / "file" / "inner")
    assert code == 2
    assert "it cannot be written" in err
    assert "logit" in out  # what was scored is said all the same
    assert torch.is_grad_enabled()
