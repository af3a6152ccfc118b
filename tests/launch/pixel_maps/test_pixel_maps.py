"""`crossgen spectra` and `crossgen residual-maps` on small images, from files to the store."""

from dataclasses import replace

import numpy as np
import pytest
import yaml
from damaged_images import break_pixels
from PIL import Image

from data.decode import decode
from data.image_ids import image_id_of
from data.pixel_maps.npr_residual import absolute_residual
from data.pixel_maps.power_spectrum import decibels, over_rings, power_spectrum
from data.view import view_of
from grid.records.artifacts.pool_residuals import readable_residuals
from grid.records.artifacts.pool_spectra import readable_spectra
from grid.store.opening import open_store
from launch.pixel_maps import spectra

FILE = {
    "schema": 1,
    "name": "maps",
    "question": "q?",
    "data": {"g": {"root": "images"}},
    "test": {"sets": ["g"], "degradations": ["none"]},
    "seeds": [0],
    "equalise": "none",
    "unreadable": "null_score",
    "arms": [
        {
            "name": "a",
            "detector": "simple_cnn",
            "simple_cnn.size": ["tiny"],
            "train": {"each": "g"},
            "input": {"train": "hflip", "test": "none"},
            "recipe": "small",
        }
    ],
}


@pytest.fixture
def maps(crossgen, make_genimage, tmp_path, cache):
    """Return a function that runs a command on the experiment; it has the file and the store."""
    make_genimage(tmp_path / "images", {"g1": 1, "g2": 2}, train=2, test=5, size=32)
    file = tmp_path / "maps.yaml"
    file.write_text(yaml.safe_dump(FILE))

    def run(command, *words, code=0):
        ended, out, err = crossgen(command, file, "--store", tmp_path / "store", *words)
        assert ended == code, (out, err)
        return out + err

    run.folder, run.file = tmp_path, file
    run.store = open_store(tmp_path / "store")
    return run


def pools_in(store, kind):
    return {key.split("/")[2] for key in store.list(f"artifacts/{kind}/")}


def images_of(folder):
    return [decode(path) for path in sorted(folder.iterdir())]


def test_spectra_are_the_means_of_the_files(maps):
    out = maps("spectra")
    assert "spectra of 4 pools, the middle 32 x 32 px of each image: 4 computed" in out
    assert "g/g1 test fakes: 5 images" in out
    found, damaged = readable_spectra(maps.store, pools_in(maps.store, "spectra"))
    assert (len(found), damaged) == (4, {})
    planes = [decibels(power_spectrum(x)) for x in images_of(maps.folder / "images/g1/val/ai")]
    rings = np.array([over_rings(plane) for plane in planes])
    [read] = [each for each in found if np.allclose(each.mean, np.mean(planes, 0), atol=1e-4)]
    assert np.allclose(read.error, np.std(planes, 0, ddof=1) / 5**0.5, atol=1e-4)
    assert np.allclose(read.ring_mean, rings.mean(0), atol=1e-4)
    assert np.allclose(read.ring_error, rings.std(0, ddof=1) / 5**0.5, atol=1e-4)


def test_residual_maps_are_the_means_of_the_files(maps):
    maps("residual-maps")
    found, _ = readable_residuals(maps.store, pools_in(maps.store, "residual_maps"))
    expected = [absolute_residual(x) for x in images_of(maps.folder / "images/g2/val/nature")]
    [read] = [each for each in found if np.allclose(each.mean, np.mean(expected, 0), atol=1e-4)]
    assert len(read.examples) == 4
    for shown in read.examples.values():
        assert any(np.allclose(shown, each, atol=1e-4) for each in expected)


def test_what_is_there_is_not_computed_again_and_the_bytes_repeat(maps, monkeypatch):
    maps("spectra")
    keys = maps.store.list("artifacts/")
    before = {key: maps.store.get(key) for key in keys}
    maps.store.delete(keys[0])
    maps.store.put_checkpoint(keys[1], b"damaged")
    out = maps("spectra")
    assert "2 computed, 2 there already" in out
    assert {key: maps.store.get(key) for key in maps.store.list("artifacts/")} == before
    monkeypatch.setattr(spectra, "SPECTRA", replace(spectra.SPECTRA, version=0))
    assert "4 computed, 0 there already" in maps("spectra")  # by another version: beside them
    assert len(maps.store.list("artifacts/")) == 8


def test_the_hint_draws_what_was_computed(maps, crossgen):
    """An experiment need not have run: its file says what is compared."""
    hint = maps("spectra").rpartition("crossgen ")[2].split()
    code, _, err = crossgen(*hint, "-o", maps.folder / "figures")
    assert (code, err) == (0, "")
    drawn = sorted(path.name for path in (maps.folder / "figures").glob("*.png"))
    assert drawn == ["azimuthal-profiles.png", "spectra.png"]


def test_fewer_images_are_a_fixed_draw_in_a_file_of_its_own(maps):
    assert "3 images of 5, drawn by hash" in maps("residual-maps", "--images", "3")
    assert "5 images\n" in maps("residual-maps")
    assert "4 computed" not in maps("residual-maps", "--images", "3")
    found, _ = readable_residuals(maps.store, pools_in(maps.store, "residual_maps"))
    assert sorted(each.counted.images for each in found) == [3] * 4 + [5] * 4
    # A larger draw has the smaller one in it, so the first images are among the first.
    by_pool = {}
    for each in found:
        by_pool.setdefault(each.pool_id, {})[each.counted.images] = each
    for of_pool in by_pool.values():
        assert len(of_pool[3].examples) == 3


def test_unreadable_and_small_images_are_counted_and_never_a_number(maps):
    folder = maps.folder / "images/g1/val/ai"
    Image.fromarray(np.zeros((20, 40, 3), np.uint8)).save(folder / "small.png")
    break_pixels(folder / "000.png")
    out = maps("spectra", "--size", "16")
    assert "g/g1 test fakes: 5 images, 1 not decoded" in out
    assert "16 x 16 px" in maps("spectra")  # one in seven of a pool is smaller than 32
    assert "smaller than 32 px" in maps("spectra", "--size", "32", code=2)
    for number in range(6):  # now it is one in twelve
        pixels = np.random.default_rng(number).integers(0, 256, (32, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"more{number}.png")
    said = "g/g1 test fakes: 10 images, 1 not decoded, 1 smaller than that"
    assert said in maps("spectra", "--size", "32")


def test_an_equalised_experiment_is_measured_as_equalised(maps):
    plain = maps("spectra")
    maps.file.write_text(yaml.safe_dump({**FILE, "equalise": "recompress(50)"}))
    out = maps("spectra")
    assert "[recompress(50)]" in out
    assert "[recompress" not in plain
    assert "4 computed" in out
    found, _ = readable_spectra(maps.store, pools_in(maps.store, "spectra"))
    view = view_of("recompress(50)", geometry="center_crop(32)")
    folder = maps.folder / "images/g1/val/ai"
    seen = [view(decode(path), image_id_of(path.read_bytes()), 1) for path in folder.iterdir()]
    expected = np.mean([decibels(power_spectrum(x)) for x in seen], axis=0)
    own = [np.allclose(each.mean, expected, atol=1e-4) for each in found]
    assert [each.equalise for each, is_it in zip(found, own, strict=True) if is_it] == [
        "recompress(50)"
    ]


def test_images_that_match_leaves_out_count_nowhere_and_are_counted(maps):
    folder = maps.folder / "images/g1/val/nature"
    for number, image in enumerate(images_of(folder)):
        place = folder / f"{number:03d}"
        place.with_suffix(".png").unlink()
        picture = Image.fromarray(image)
        # Fakes cannot be coded as a grey JPEG, so that one real is left out of the comparison.
        (picture.convert("L") if number == 1 else picture).save(place.with_suffix(".jpg"))
    maps.file.write_text(yaml.safe_dump({**FILE, "equalise": "match"}))
    out = maps("residual-maps")
    assert "g/g1/nature test reals" in out
    assert "4 images, 1 left out by equalise" in out


@pytest.mark.parametrize(
    ("words", "why"),
    [(["--size", "33"], "it is odd"), (["--size", "64"], "are smaller than 64 px")],
)
def test_sizes_that_cannot_be_are_refused(maps, words, why):
    assert why in maps("residual-maps", *words, code=2)
    assert not maps.store.list("artifacts/")
