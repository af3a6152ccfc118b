"""`crossgen degrade`: what it says, its exit codes, and scores that are those of the source."""

import numpy as np
import pytest

from data.images import ImageRows
from data.index import index_root
from data.view import view_of
from detectors.contract import build
from detectors.prediction import predict


def test_it_says_what_was_written_and_what_is_next(crossgen, own_run):
    images, out = own_run.folder / "images", own_run.folder / "derived"
    (images / "g1/val/ai/broken.png").write_bytes(b"no image")
    asked = ("degrade", images, out, "--degradation", "blur(1) | jpeg(75)")
    code, said, err = crossgen(*asked)
    assert code == 1, err
    assert "blur(1.0) | jpeg(75): 88 images written to" in said
    assert "1 file of the source without an image, all in crossgen-derived.parquet" in said
    assert "g1/val/ai/broken.png: not an image" in said
    assert f"crossgen index {out}" in said
    (images / "g1/val/ai/broken.png").unlink()
    code, said, err = crossgen(*asked)
    assert code == 0, err
    assert "0 images written" in said
    assert "88 images there before" in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("jpg(75)", "Did you mean jpeg?"),
        ("genimage6", "resize(112)"),
        ("genimage", "Did you mean genimage6?"),
        ("input | jpeg(75)", "Leave 'input' out"),
    ],
)
def test_what_cannot_be_done_is_refused(crossgen, own_run, text, says):
    out = own_run.folder / "derived"
    code, _, err = crossgen("degrade", own_run.folder / "images", out, "--degradation", text)
    assert code == 2
    assert says in err
    assert not out.exists()


def test_a_folder_that_is_no_collection_is_refused(crossgen, tmp_path):
    (tmp_path / "empty").mkdir()
    for source, says in (("empty", "is empty"), ("gone", "no such folder")):
        asked = ("degrade", tmp_path / source, tmp_path / "o", "--degradation", "blur(1)")
        code, _, err = crossgen(*asked)
        assert code == 2
        assert says in err


def test_scores_of_it_are_those_of_the_source_under_the_degradation(crossgen, own_run):
    text = "noise(20) | resize(factor=0.5, back=True)"
    images, out = own_run.folder / "images", own_run.folder / "derived"
    code, _, err = crossgen("degrade", images, out, "--degradation", text)
    assert code == 0, err
    network = build("simple_cnn", {"size": "tiny"}, seed=0)

    def logits(root, degradation):
        table = index_root(root, None, own_run.folder / "cache").table
        rows = ImageRows(
            table["image_id"].to_pylist(),
            table["label"].to_numpy(),
            [root / path for path in table["path"].to_pylist()],
        )
        return predict(network, rows, view_of(degradation=degradation), "cpu").logits

    expected = logits(images, text)
    assert np.isfinite(expected).all()
    assert np.array_equal(logits(out, "none"), expected)
    assert not np.array_equal(logits(images, "none"), expected)


def test_a_place_that_cannot_be_written_is_refused(crossgen, own_run, tmp_path):
    (tmp_path / "file").touch()
    out = tmp_path / "file" / "images"
    code, _, err = crossgen("degrade", own_run.folder / "images", out, "--degradation", "blur(1)")
    assert code == 2
    assert "cannot be written (Not a directory)" in err
