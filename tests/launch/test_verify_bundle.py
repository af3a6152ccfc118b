"""`crossgen verify FILE`: images found by content wherever they lie; fits and pieces repeated."""

import shutil

import pytest

from analysis import load
from launch import bundle_command


@pytest.fixture
def bundled(own_run, crossgen, monkeypatch):
    """A bundle of a real run with weights; images moved and renamed, store and folder gone."""
    monkeypatch.setattr(bundle_command, "report_page", lambda shown: "page")
    monkeypatch.setattr(bundle_command, "findings_json", lambda shown: "{}")
    monkeypatch.setattr(bundle_command, "overview", lambda store, experiment: None)
    elsewhere = own_run.folder.parent / "elsewhere"
    elsewhere.mkdir()
    file = elsewhere / "two.zip"
    for more in (["-o", file, "--with-weights"], ["-o", elsewhere / "light.zip"]):
        code, _, err = crossgen("bundle", own_run.file, *more, "--store", own_run.store)
        assert code == 0, err
    images = sorted((own_run.folder / "images").rglob("*.png"))
    for number, path in enumerate(images):
        place = elsewhere / "mine" / f"{number % 3}" / f"image{number}.bin"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)
    shutil.rmtree(own_run.folder)
    return file


def a_piece(file):
    pieces = load(file).pieces
    return pieces.fit_id.iloc[0], pieces.piece_id.iloc[0]


def test_images_are_found_by_content_and_counted(bundled, crossgen):
    mine = bundled.parent / "mine"
    gone = sorted(mine.rglob("*.bin"))[:2]
    for path in gone:
        path.unlink()
    (mine / "0" / "other.bin").write_bytes(b"x" * 100)
    code, out, err = crossgen("verify", bundled, "--images", mine)
    assert code == 0, err
    assert "whole: " in out
    assert "images at hand, by content: 86 of 88 in 8 pools" in out
    rows = [
        line.split() for line in out.splitlines() if line.split()[:1] and "/" in line.split()[0]
    ]
    assert sum(int(row[4]) for row in rows) == 86
    code, out, _ = crossgen("verify", bundled)
    assert (code, "images at hand" in out) == (0, False)


def test_a_fit_and_a_piece_are_repeated_from_them(bundled, crossgen):
    fit, piece = a_piece(bundled)
    given = ("--images", bundled.parent / "mine", "--fit", fit)
    code, out, err = crossgen("verify", bundled, *given, "--piece", piece)
    assert code == 0, err
    assert f"piece {piece} of {fit}: equal, bit for bit" in out
    code, out, err = crossgen("verify", bundled, *given)
    assert code == 0, err
    assert f"fit {fit}: equal, bit for bit" in out


def test_without_weights_a_piece_is_repeated_by_training_again(bundled, crossgen):
    light = bundled.parent / "light.zip"
    fit, piece = a_piece(light)
    given = ("--images", bundled.parent / "mine", "--fit", fit, "--piece", piece)
    code, _, err = crossgen("verify", light, *given)
    assert code == 2
    assert "packed without the weights" in err
    assert "--retrain" in err
    code, out, err = crossgen("verify", light, *given, "--retrain")
    assert code == 0, err
    assert f"piece {piece} of {fit}: equal, bit for bit" in out


def test_images_that_are_not_there_are_counted_in_the_refusal(bundled, crossgen):
    fit, _ = a_piece(bundled)
    for images in ([], ["--images", bundled.parent / "mine" / "0"]):
        code, _, err = crossgen("verify", bundled, *images, "--fit", fit)
        assert code == 2
        assert "are not at hand as files" in err


def test_what_contradicts_itself_is_refused(bundled, crossgen, monkeypatch):
    monkeypatch.chdir(bundled.parent)
    for words, said in (
        (["two.zip", "--store", "runs"], "is a store itself"),
        (["two.zip", "--piece", "e1-0"], "Name its fit with --fit"),
        (["simple_cnn-s0-0", "--fit", "x"], "is a fit itself"),
        (["two.zip", "--images", "nowhere"], "it is no folder"),
    ):
        code, _, err = crossgen("verify", *words)
        assert (code, said in err) == (2, True), err
