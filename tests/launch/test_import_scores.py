"""`crossgen import-scores`: scores from elsewhere become rows like any other, or are refused."""

import csv
import math

import numpy as np
import pytest

from grid.imported.score_file import SMALLEST_PROBABILITY, logit_of
from grid.records.commits import read_commits
from grid.records.pools.manifests import read_pool
from grid.records.stored_experiments import read_experiments
from grid.store.opening import open_store


def images_of(run):
    """Every tested image of the finished experiment: (path, image_id, label)."""
    store = open_store(run.store)
    [experiment] = read_experiments(store, "two")
    pools = {p for s in experiment["test_sets"] for p in (*s["real_pools"], *s["fake_pools"])}
    rows = {}
    for pool in sorted(pools):
        table = read_pool(store, pool, ["path", "image_id", "label"])
        for row in table.to_pylist():
            rows[row["image_id"]] = (row["path"], row["image_id"], row["label"])
    return list(rows.values())


@pytest.fixture
def write(own_run, tmp_path):
    """Return a function that writes a CSV of (image, score, label) rows and imports it."""

    def file(rows, columns=("image", "score", "label"), name="dire.csv"):
        path = tmp_path / name
        with path.open("w", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(columns)
            writer.writerows(rows)
        return path

    return file


@pytest.fixture
def imported(crossgen, own_run):
    def run(path, *more, scale="probability", detector="dire"):
        return crossgen(
            *("import-scores", path, "--detector", detector, "--scale", scale),
            *("--store", own_run.store, *more),
        )

    return run


def perfect(rows):
    return [(f"/elsewhere/images/{path}", 0.9 if label else 0.2, label) for path, _, label in rows]


def test_perfect_scores_are_a_row_of_the_matrix_and_of_every_view(
    crossgen, own_run, write, imported, tmp_path
):
    rows = images_of(own_run)
    code, out, err = imported(write(perfect(rows)), "--trained-on", "none")
    assert code == 0, err
    assert f"{len(rows)} of {len(rows)} test images have a score" in out
    assert "crossgen matrix --experiment two-with-imports" in out
    code, out, _ = crossgen(
        *("query", "SELECT detector, auc, accuracy FROM cells WHERE detector = 'dire'"),
        *("--store", own_run.store, "--experiment", "two-with-imports", "--csv"),
    )
    assert code == 0, out
    assert out.splitlines()[1:] == ['"dire",1,1', '"dire",1,1'], out
    code, out, err = crossgen(
        "matrix", "--store", own_run.store, "--experiment", "two-with-imports"
    )
    assert code == 0, err
    assert "dire" in out
    assert "simple_cnn" in out
    page = tmp_path / "page.html"
    code, _, err = crossgen(
        *("report", "--store", own_run.store, "--experiment", "two-with-imports", "-o", page)
    )
    assert (code, "dire" in page.read_text()) == (0, True), err
    code, out, _ = crossgen("check", "store", "--store", own_run.store, "--deep")
    assert code == 0, out
    [experiment] = read_experiments(open_store(own_run.store), "two-with-imports")
    [fit] = [f for f in experiment["fits"] if f["detector"] == "dire"]
    assert fit["weights"]["trained_on"]["generators"] == []
    code, _, err = crossgen("verify", fit["fit_id"], "--store", own_run.store)
    assert (code, "its scores were imported" in err) == (2, True)


def test_the_experiment_itself_and_its_runs_stay_as_they_were(crossgen, own_run, write, imported):
    imported(write(perfect(images_of(own_run))))
    code, out, _ = crossgen("plan", own_run.file, "--store", own_run.store)
    assert (code, "nothing to do" in out) == (0, True)
    assert len(read_experiments(open_store(own_run.store), "two")) == 1


def test_two_imports_stand_beside_each_other(own_run, write, imported):
    rows = images_of(own_run)
    assert imported(write(perfect(rows)), "--experiment", "two")[0] == 0
    by_id = [(image_id, label - 0.5) for _, image_id, label in rows]
    path = write(by_id, ("image_id", "score"), "other.csv")
    code, _, err = imported(path, "--experiment", "two", scale="logit", detector="other")
    assert code == 0, err
    store = open_store(own_run.store)
    latest = max(read_experiments(store, "two-with-imports"), key=lambda e: len(e["fits"]))
    assert {fit["detector"] for fit in latest["fits"]} == {"simple_cnn", "dire", "other"}
    assert len(read_commits(store)) == 4


def test_the_experiment_meant_is_the_one_that_holds_no_imports(own_run, write, imported):
    rows = images_of(own_run)
    assert imported(write(perfect(rows)), "--as", "elsewhere")[0] == 0
    code, out, err = imported(write(perfect(rows)), "--trained-on", "adm_of_a_typo", detector="b")
    assert code == 0, err
    assert "no test set is of it:\n  adm_of_a_typo" in out
    assert len(read_experiments(open_store(own_run.store), "two-with-imports")) == 1


def test_an_image_without_a_score_is_null_and_counted(crossgen, own_run, write, imported):
    rows = images_of(own_run)
    scored = perfect(rows)
    gone, empty = scored.pop(0), scored.pop(0)
    code, out, _ = imported(write([*scored, (empty[0], "", "")]))
    assert code == 0
    assert "2 images without one, a null score each" in out
    assert rows[0][0] in out
    assert gone[0] not in out
    code, out, _ = crossgen(
        *("query", "SELECT count(*) n FROM scores WHERE fit_id LIKE 'dire%' AND logit IS NULL"),
        *("--store", own_run.store, "--experiment", "two-with-imports", "--csv"),
    )
    assert code == 0, out
    assert int(out.splitlines()[1]) >= 2


def test_rows_of_no_tested_image_are_refused_unless_allowed(own_run, write, imported):
    path = write([*perfect(images_of(own_run)), ("somewhere/else.png", 0.5, "")])
    code, _, err = imported(path)
    assert (code, "somewhere/else.png" in err, "--allow-unmatched" in err) == (2, True, True)
    assert len(read_commits(open_store(own_run.store))) == 2, "nothing may be written"
    code, out, _ = imported(path, "--allow-unmatched")
    assert (code, "1 row left out" in out, "somewhere/else.png" in out) == (0, True, True)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda rows: [(p, s, 1 - label) for p, s, label in rows], "by its folder and"),
        (lambda rows: [*rows, (rows[0][0], 0.3, "")], "one image has two scores"),
        (lambda rows: [(p, 1.5, label) for p, _, label in rows], "is no probability"),
        (lambda rows: [(p, "high", label) for p, _, label in rows], "could not convert"),
        (lambda rows: [(p, "nan", label) for p, _, label in rows], "is not finite"),
        (lambda rows: [("x.png", 0.5, 0)], "none of its 1 row"),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_written(own_run, write, imported, change, why):
    code, _, err = imported(write(change(perfect(images_of(own_run)))))
    assert code == 2
    assert why in " ".join(err.split())
    assert len(read_commits(open_store(own_run.store))) == 2


def test_names_and_scales_that_cannot_be_are_refused(own_run, write, imported):
    path = write(perfect(images_of(own_run)))
    assert "the zoo has a detector of this name" in imported(path, detector="npr")[2]
    assert "it is no name of a detector" in imported(path, detector="di-re")[2]
    assert "its own runs would hide" in imported(path, "--as", "two")[2]
    logits = write([("a", 1.0)], ("image", "logit"), "logits.csv")
    assert "the column of" in imported(logits)[2]


def test_larger_may_mean_real(crossgen, own_run, write, imported):
    rows = [(p, 1 - s, label) for p, s, label in perfect(images_of(own_run))]
    code, _, err = imported(write(rows), "--larger", "real")
    assert code == 0, err
    _, out, _ = crossgen(
        *("query", "SELECT auc FROM cells WHERE detector = 'dire'"),
        *("--store", own_run.store, "--experiment", "two-with-imports", "--csv"),
    )
    assert set(out.splitlines()[1:]) == {"1"}


def test_probabilities_become_logits():
    assert logit_of(0.5, "probability") == 0
    assert logit_of(0.9, "probability") == pytest.approx(math.log(9))
    assert logit_of(1.0, "probability") == pytest.approx(-math.log(SMALLEST_PROBABILITY), rel=1e-6)
    assert logit_of(0.0, "probability") == pytest.approx(-logit_of(1.0, "probability"))
    assert logit_of(-3.5, "logit") == -3.5
    ordered = [logit_of(p, "probability") for p in np.linspace(0, 1, 101)]
    assert ordered == sorted(ordered)


def test_there_is_no_network_to_predict_with(crossgen, own_run, write, imported):
    code, _, _ = imported(write(perfect(images_of(own_run))), "--trained-on", "none")
    assert code == 0
    words = [own_run.folder / "images" / "g1" / "val", "--store", own_run.store]
    code, out, err = crossgen("predict", *words, "--fit", "dire-")
    assert (code, out) == (2, "")
    assert "its scores were imported" in err
