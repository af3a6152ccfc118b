"""`crossgen predict` on a small trained grid."""

import csv
import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from analysis.statistics.temperature import Temperature, fitted_temperature
from data.image_digest import image_id_of
from data.view import view_of
from grid.records.commits import committed_fits, read_commit
from grid.records.experiments import pieces_of_scoring
from grid.records.pools.manifests import read_pool
from grid.records.scores.score_reading import read_scores
from grid.records.tables import read_provenance, read_validation
from grid.store.opening import open_store
from launch.predicting.given_images import given_images
from launch.predicting.scorers import _remarks, committed_spec, scorer_of_fit
from launch.predicting.verdicts import ImageVerdict, joined, verdicts_of


@pytest.fixture
def fits(finished_run):
    return sorted(committed_fits(open_store(finished_run.store)))


def said(crossgen, run, tmp_path, *words):
    """Predict, and return the exit code, what was printed and the rows that were written."""
    file = tmp_path / "said.csv"
    code, out, err = crossgen("predict", *words, "--store", run.store, "-o", file)
    assert not err
    with file.open(newline="") as opened:
        return code, out, list(csv.DictReader(opened))


def stored_logits(store, fit_id):
    """Every committed test logit of a fit by the image's place on disk."""
    commit = read_commit(store, fit_id)
    spec = read_provenance(store, fit_id, commit["attempt"])["spec"]
    found = {}
    for scoring in spec["scoring"]:
        for piece in pieces_of_scoring(scoring, commit):
            ids = read_pool(store, piece.pool_id, ["image_id"])["image_id"].to_pylist()
            logits = read_scores(store, piece, commit)["logit"].to_pylist()
            found.update(zip(ids, logits, strict=True))
    return found


def test_the_logits_are_those_of_the_store(crossgen, finished_run, fits, tmp_path):
    folder = finished_run.folder / "images" / "g1" / "val"
    code, _, rows = said(crossgen, finished_run, tmp_path, "--fit", fits[0], folder)
    assert code == 0
    assert len(rows) == 12
    stored = stored_logits(open_store(finished_run.store), fits[0])
    for row in rows:
        expected = stored[image_id_of(Path(row["image"]).read_bytes())]
        assert float(row["logit"]) == pytest.approx(expected, abs=1e-5)
        assert float(row["p_raw"]) == pytest.approx(1 / (1 + math.exp(-float(row["logit"]))))
        assert row["prediction"] == ("fake" if float(row["logit"]) > 0 else "real")


def test_p_is_scaled_by_the_validation_scores(crossgen, finished_run, fits, tmp_path):
    store = open_store(finished_run.store)
    image = finished_run.folder / "images" / "g1" / "val" / "ai" / "0.png"
    commit = read_commit(store, fits[0])
    scores = read_validation(store, fits[0], commit["attempt"])
    value = fitted_temperature(scores["logit"].to_numpy(), scores["label"].to_numpy()).value
    code, out, [row] = said(crossgen, finished_run, tmp_path, "--fit", fits[0], image)
    assert code == 0
    if value is None:
        assert row["p_scaled"] == ""
        assert "P is not scaled" in out
    else:
        expected = 1 / (1 + math.exp(-float(row["logit"]) / value))
        assert float(row["p_scaled"]) == pytest.approx(expected)
        assert "validation only" in out


def test_a_known_temperature_scales_each_logit(finished_run, fits):
    scorer = scorer_of_fit(open_store(finished_run.store), fits[0], "cpu")
    images = given_images([finished_run.folder / "images" / "g1" / "val"])
    warm = replace(scorer, temperature=Temperature(4.0))
    for [verdict] in verdicts_of([warm], images, "mean_logit"):
        assert verdict.p_raw == pytest.approx(1 / (1 + math.exp(-verdict.logit)))
        assert verdict.p_scaled == pytest.approx(1 / (1 + math.exp(-verdict.logit / 4)))
    for [verdict] in verdicts_of([scorer], images[:1], "mean_logit"):
        assert (verdict.p_scaled is None) == (scorer.temperature.value is None)


def test_match_is_told_of_and_an_odd_size_has_its_reason(finished_run, fits, tmp_path):
    store = open_store(finished_run.store)
    _, spec = committed_spec(store, fits[0])
    assert not _remarks(spec, "recompress(quality=90)", frozenset())
    [said] = _remarks(spec, "match(px=64)", frozenset())
    assert "class is unknown" in said
    scorer = scorer_of_fit(store, fits[0], "cpu")
    cropped = replace(scorer, view=view_of(geometry="center_crop(64)"))
    [image] = given_images([finished_run.folder / "images" / "g1" / "val" / "ai" / "0.png"])
    [[verdict]] = verdicts_of([cropped], [image], "mean_logit")
    assert verdict.logit is None
    assert "does not fit" in verdict.reason


def test_a_file_without_a_score_is_a_line_and_no_number(crossgen, finished_run, fits, tmp_path):
    good = finished_run.folder / "images" / "g1" / "val" / "ai" / "0.png"
    broken, cut = tmp_path / "broken.png", tmp_path / "cut.png"
    broken.write_text("no image")
    cut.write_bytes(good.read_bytes()[:-40])
    words = ["--fit", fits[0], broken, good, cut, tmp_path / "absent.png"]
    code, out, rows = said(crossgen, finished_run, tmp_path, *words)
    assert code == 1
    assert [bool(row["logit"]) for row in rows] == [False, True, False, False]
    for row in (rows[0], rows[2], rows[3]):
        assert row["reason"]
        assert row["p_raw"] == row["p_scaled"] == row["prediction"] == ""
        assert f"no score: {row['reason']}" in out


def test_training_images_are_told(crossgen, finished_run, fits, tmp_path):
    spec_fit = next(f for f in fits if trains_on(finished_run, f, "g1"))
    words = ["--fit", spec_fit, finished_run.folder / "images" / "g1" / "train" / "ai"]
    _, out, _ = said(crossgen, finished_run, tmp_path, *words)
    assert "16 images of these" in out
    assert out.count("seen in training") == 16
    words[-1] = finished_run.folder / "images" / "g1" / "val"
    _, out, _ = said(crossgen, finished_run, tmp_path, *words)
    assert "seen in training" not in out


def trains_on(run, fit_id, generator):
    store = open_store(run.store)
    commit = read_commit(store, fit_id)
    spec = read_provenance(store, fit_id, commit["attempt"])["spec"]
    return any(generator in pool["source"] for pool in spec["training"]["pools"])


def test_two_fits_are_an_ensemble(crossgen, finished_run, fits, tmp_path):
    image = finished_run.folder / "images" / "g2" / "val" / "ai" / "1.png"
    words = ["--fit", fits[0], "--fit", fits[1], image]
    code, out, rows = said(crossgen, finished_run, tmp_path, *words)
    assert code == 0
    assert [row["fit"] for row in rows] == [*fits, "ensemble"]
    logits = [float(row["logit"]) for row in rows]
    assert logits[2] == pytest.approx(np.mean(logits[:2]))
    assert f"{image}  mean_logit  " in out


def verdict(logit):
    return ImageVerdict("a", "0", "f", logit, 0.5, 0.5, "fake" if logit > 0 else "real")


def test_a_vote_is_of_more_than_half():
    said = [
        joined([verdict(x) for x in each], [None] * len(each), "vote")
        for each in ([5, -1, -1], [-5, 1, 1], [1, -1])
    ]
    assert [each.prediction for each in said] == ["real", "fake", ""]
    assert said[2].reason == "a tie, 1 to 1"
    assert all(each.logit is None for each in said)


def test_an_ensemble_without_a_word_of_all_has_none():
    broken = ImageVerdict("a", "0", "g", reason="cut short")
    both = joined([verdict(1), broken], [1.0, 1.0], "mean_logit")
    assert (both.logit, both.prediction, both.reason) == (None, "", "cut short")
    scaled = joined([verdict(1), verdict(3)], [1.0, None], "mean_logit")
    assert (scaled.logit, scaled.p_scaled) == (2.0, None)
    scaled = joined([verdict(1), verdict(3)], [1.0, 3.0], "mean_logit")
    assert scaled.p_scaled == pytest.approx(1 / (1 + math.exp(-1)))


def test_a_checkpoint_is_scored_without_a_store(crossgen, own_run, fits, tmp_path):
    store = open_store(own_run.store)
    commit = read_commit(store, fits[0])
    weights = tmp_path / "mine.safetensors"
    epoch = commit["selected_epoch"]
    place = own_run.store / "fits" / fits[0] / commit["attempt"] / f"weights-{epoch}.safetensors"
    shutil.copy(place, weights)
    image = own_run.folder / "images" / "g1" / "val" / "ai" / "0.png"
    file = tmp_path / "o.parquet"
    code, out, err = crossgen(
        *("predict", image, "--weights", weights, "--detector", "simple_cnn", "-o", file),
        *("--option", "size=tiny", "--own-keys", "--input", "common(16)"),
    )
    assert (code, err) == (0, "")
    assert "trained on is not stated" in out
    [row] = pq.read_table(file).to_pylist()
    assert row["p_scaled"] is None
    _, _, [other] = said(crossgen, own_run, tmp_path, "--fit", fits[0], image)
    assert row["logit"] == pytest.approx(float(other["logit"]), abs=1e-6)


def test_damaged_weights_give_no_number(crossgen, own_run, fits):
    commit = read_commit(open_store(own_run.store), fits[0])
    for file in (own_run.store / "fits" / fits[0] / commit["attempt"]).glob("weights-*"):
        content = bytearray(file.read_bytes())
        content[-1] ^= 1
        file.chmod(0o644)
        file.write_bytes(content)
    image = own_run.folder / "images" / "g1" / "val" / "ai" / "0.png"
    code, out, err = crossgen("predict", image, "--fit", fits[0], "--store", own_run.store)
    assert code == 3
    assert "fake" not in out
    assert "its bytes are not those that were committed" in err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "it names no detector"),
        (["--fit", "nothing"], "the store knows no such fit"),
        (["--weights", "a.pth"], "half of what is needed"),
        (["--fit", "s", "--weights", "a.pth"], "either names a detector"),
        (["--fit", "s", "--option", "size=tiny"], "its own options"),
        (["--fit", "s", "-o", "x.xlsx"], "its format is not known"),
    ],
)
def test_what_makes_no_sense_is_refused(crossgen, finished_run, words, why):
    words = ["predict", finished_run.folder / "images", *words, "--store", finished_run.store]
    code, _, err = crossgen(*words)
    assert code == 2
    assert why in err
