"""Every warning fires where it must, names what it is about, and is silent where all is well."""

import dataclasses
import json

import numpy as np
import pyarrow as pa
import pytest
from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

from analysis.measuring import cells
from analysis.page.overview import overview
from analysis.selecting.selection import StoreSelection, one_expansion
from grid.records.commits import read_commits
from grid.records.experiments import pieces_of
from grid.records.failures import failure_of, write_failure
from grid.records.places import commit_key, manifest_key, provenance_key
from grid.records.pools.manifests import read_pool, write_pool
from grid.records.proven.json_records import to_json
from grid.records.scores.score_files import write_scores
from grid.store.opening import open_store

STRONG = SyntheticDetector(name="npr", skill=9.0)


def written(folder, **changes):
    grid = {"detectors": (STRONG,), "generators": 2, "seeds": 2, "images": 40}
    store = open_store(folder / "store")
    experiment = write_synthetic_store(
        store, SyntheticGrid(**{**grid, "degradations": ("none",), **changes})
    )
    return store, experiment


def told(store, experiment, **changes):
    shown = overview(store, {**experiment, "simulated": False, **changes})
    return {caution.kind: caution for caution in shown.cautions}


def edit(store, key, **changes):
    """Change a record on disk, which no verb of the store does."""
    path = store.root / key
    record = json.loads(path.read_text())
    path.chmod(0o644)
    path.write_bytes(to_json({**record, **changes}))


def rewrite(store, experiment, fit_id, logits_of):
    """Replace the scores of a fit: logits_of(label, count)."""
    commit = read_commits(store)[fit_id]
    labels = {pool["pool_id"]: pool["label"] for pool in experiment["pools"]}
    for piece in pieces_of(experiment, {fit_id: commit}):
        (store.root / piece.key).unlink()
        logits = logits_of(labels[piece.pool_id], 40).astype(np.float32)
        write_scores(
            store,
            piece,
            image=np.arange(40),
            logit=logits,
            seen=np.zeros(40, bool),
            weights_sha256=commit["weights"][str(piece.epoch)]["sha256"],
            attempt="again",
            seconds=1.0,
        )


def test_a_complete_good_run_has_none(tmp_path):
    assert told(*written(tmp_path)) == {}


def test_simulated_images_are_said_first(tmp_path):
    store, experiment = written(tmp_path, committed=0.5)
    first = overview(store, experiment).cautions[0]
    assert first.text == "Simulated images, no evidence about real generators."


def test_simulated_tests_are_named_and_trainings_on_them_said_in_milder_words(tmp_path):
    store, experiment = written(tmp_path)
    first, second = experiment["test_sets"]
    mixed = {"simulated": True, "test_sets": [{**first, "dataset": "sim"}, second]}
    tested = told(store, experiment, **mixed, simulated_datasets=["sim"])
    assert tested["simulated"].text.endswith("real generators: 1 of 2 test sets.")
    assert tested["simulated"].details == (first["name"],)
    assert "trained_on_simulated" not in tested
    fits = [
        {**fit, "train": {**fit["train"], "simulated": True}} if number == 0 else fit
        for number, fit in enumerate(experiment["fits"])
    ]
    fits[1] = {**fits[1], "parent": fits[0]["fit_id"]}
    trained = told(store, experiment, simulated=True, simulated_datasets=["sim"], fits=fits)
    assert "simulated" not in trained
    assert trained["trained_on_simulated"].text.startswith("2 of 4 fits learned from simulated")


def test_a_limited_run_is_partial(tmp_path):
    store, experiment = written(tmp_path)
    assert "at most 64 images per pool" in told(store, experiment, limit=64)["limited"].text


def test_what_is_missing_is_counted_and_named(tmp_path):
    store, experiment = written(tmp_path, committed=0.75)
    caution = told(store, experiment)["incomplete"]
    assert "1 of 4 fits and 2 of 8 cells are missing" in caution.text
    assert caution.details == (f"not trained yet: {experiment['fits'][-1]['label']}",)


def test_a_missing_piece_is_a_missing_cell(tmp_path):
    store, experiment = written(tmp_path)
    piece = next(pieces_of(experiment, read_commits(store)))
    (store.root / piece.key).unlink()
    found = told(store, experiment)
    assert "0 of 4 fits and 1 of 8 cells are missing" in found["incomplete"].text
    assert "running the experiment again makes the rest" in found["incomplete"].text
    assert "refused" not in found


def test_scores_of_other_weights_are_said_to_be_there_and_not_used(tmp_path):
    store, experiment = written(tmp_path)
    fit_id = experiment["fits"][0]["fit_id"]
    other = {"sha256": "0" * 64, "bytes": 1}
    edit(store, commit_key(fit_id), weights={"6": other, "8": other})
    found = told(store, experiment)
    assert "2 of 8 cells are missing" in found["incomplete"].text
    assert "running the experiment again" not in found["incomplete"].text
    assert "2 of the missing cells have scores that cannot be used" in found["incomplete"].text
    assert len(found["refused"].details) == 4
    assert "damaged, or made by weights other than the committed ones" in found["refused"].text
    assert fit_id in found["refused"].details[0]


def test_constant_logits(tmp_path):
    store, experiment = written(tmp_path)
    fit = experiment["fits"][1]
    rewrite(store, experiment, fit["fit_id"], lambda label, n: np.full(n, 0.25))
    found = told(store, experiment)
    assert found["constant"].details == (
        "npr, progan: AUC .50, accuracy .50 (seed 1)",
        "npr, progan, tested on adm: AUC .50, accuracy .50 (seed 1)",
    )
    assert "below_chance" not in found  # chance is not below it


def test_labels_the_wrong_way_round(tmp_path):
    store, experiment = written(tmp_path)
    fit = experiment["fits"][0]
    rewrite(store, experiment, fit["fit_id"], lambda label, n: np.linspace(0, 1, n) - 2 * label)
    found = told(store, experiment)
    assert found["below_chance"].details == ("npr, progan: AUC .00, accuracy .01 (seed 0)",)
    assert found["weak"].details == found["below_chance"].details


def test_a_good_ranking_at_a_bad_threshold_is_weak(tmp_path):
    store, experiment = written(tmp_path)
    fit = experiment["fits"][2]
    rewrite(store, experiment, fit["fit_id"], lambda label, n: np.linspace(1, 2, n) + label)
    found = told(store, experiment)
    assert found["weak"].details == ("npr, adm: AUC 1.00, accuracy .50 (seed 0)",)
    assert "below_chance" not in found


def test_only_files_of_unmeasured_cells_are_looked_at_again(tmp_path, monkeypatch):
    store, experiment = written(tmp_path)
    piece = next(pieces_of(experiment, read_commits(store)))
    (store.root / piece.key).unlink()
    overview(store, experiment)  # which keeps the cells
    asked = []
    monkeypatch.setattr(type(store), "get_tails", lambda self, keys, n: asked.extend(keys) or {})
    assert "refused" not in told(store, experiment)
    assert asked == []


def measured_as(monkeypatch, **changes):
    """Let every cell be measured as something else, whatever its scores say."""
    measure = cells.measure

    def changed(*arguments, **named):
        found = measure(*arguments, **named)
        return dataclasses.replace(found, metrics={**found.metrics, **changes})

    monkeypatch.setattr(cells, "measure", changed)


def test_a_detector_that_calls_everything_real_is_weak_though_most_are_real(tmp_path, monkeypatch):
    measured_as(monkeypatch, accuracy=0.9, balanced_accuracy=0.5, auc=0.52)
    found = told(*written(tmp_path))
    assert "Balanced accuracy below .8" in found["weak"].text
    assert found["weak"].details[0] == (
        "npr, progan: AUC .52, accuracy .90, balanced accuracy .50 (seed 0); "
        "AUC .52, accuracy .90, balanced accuracy .50 (seed 1)"
    )


def test_a_number_is_never_written_like_the_bound_that_it_is_below(tmp_path, monkeypatch):
    measured_as(monkeypatch, accuracy=0.7968, balanced_accuracy=0.7968, auc=0.49996)
    found = told(*written(tmp_path, seeds=1))
    assert found["weak"].details[0] == "npr, progan: AUC .49996, accuracy .797 (seed 0)"
    assert "no evidence that anything was learned" in found["below_chance"].text


def test_weak_fits_come_in_the_order_of_their_auc(tmp_path):
    store, experiment = written(tmp_path)
    high, low = experiment["fits"][0], experiment["fits"][2]
    rewrite(store, experiment, high["fit_id"], lambda label, n: np.linspace(1, 2, n) + label)
    rewrite(store, experiment, low["fit_id"], lambda label, n: np.linspace(0, 1, n))
    found = told(store, experiment)
    assert [line.split(":")[0] for line in found["weak"].details] == ["npr, adm", "npr, progan"]
    assert "Where AUC is high the threshold is off" in found["weak"].text


def test_of_several_seeds_the_lowest_auc_places_a_line(tmp_path):
    """Of two matrices' lines: seeds of AUC .82 and .02 come before two of about .5."""
    store, experiment = written(tmp_path)
    shifts = {"progan": (0.4, 0.5), "adm": (-0.8, 0.9)}
    for fit in experiment["fits"]:
        shift = shifts[fit["train"]["label"]][fit["seed"]]
        rewrite(
            store,
            experiment,
            fit["fit_id"],
            lambda label, n, d=shift: np.linspace(1, 2, n) + d * label,
        )
    found = told(store, experiment)
    assert [line.split(":")[0] for line in found["weak"].details] == ["npr, adm", "npr, progan"]


def test_an_early_epoch_that_is_weak_is_a_result_and_no_warning(tmp_path):
    store, experiment = written(tmp_path)
    commits = read_commits(store)
    last = [{**each, "epochs": ["selected", "last"]} for each in experiment["scoring"]]
    both = {**experiment, "scoring": last}
    for fit_id, commit in commits.items():
        for piece in pieces_of(both, {fit_id: commit}):
            if piece.epoch == commit["last_epoch"]:
                write_scores(
                    store,
                    piece,
                    image=np.arange(40),
                    logit=np.linspace(-2, -1, 40, dtype=np.float32),
                    seen=np.zeros(40, bool),
                    weights_sha256=commit["weights"][str(piece.epoch)]["sha256"],
                    attempt="again",
                    seconds=1.0,
                )
    assert len(overview(store, both).matrices) == 2
    assert told(store, both) == {}


@pytest.mark.parametrize("classes", ["not_trained_classes", ["class008", "class009"]])
def test_other_classes_than_the_trained_ones_make_no_fit_weak(tmp_path, classes):
    store, experiment = written(tmp_path, trained_classes=5)
    for fit in experiment["fits"]:
        rewrite(store, experiment, fit["fit_id"], lambda label, n: np.linspace(0, 1, n) - label)
    assert {"weak", "below_chance"} <= told(store, experiment).keys()
    sets = [{**each, "classes": classes} for each in experiment["test_sets"]]
    assert not {"weak", "below_chance"} & told(store, experiment, test_sets=sets).keys()


def test_few_images_are_said_where_most_were_seen(tmp_path):
    store, experiment = written(tmp_path, seen=25)
    assert told(store, experiment)["left_out"].details[0] == (
        "npr, progan: 25 real and 25 fake left out, 15 and 15 remain (seed 0); "
        "25 real and 25 fake left out, 15 and 15 remain (seed 1)"
    )
    assert "left_out" not in told(store, experiment, leakage="allow")


def test_fewer_than_twenty_are_few(tmp_path):
    assert "left_out" not in told(*written(tmp_path / "a", images=30, seen=10))
    assert "left_out" in told(*written(tmp_path / "b", images=30, seen=11))
    assert "left_out" not in told(*written(tmp_path / "c", images=10))


def test_more_than_half_is_much_though_enough_remain(tmp_path):
    assert "left_out" not in told(*written(tmp_path / "a", images=50, seen=25))
    assert "left_out" in told(*written(tmp_path / "b", images=50, seen=26))


def test_a_bound_that_is_met_is_kept(tmp_path, monkeypatch):
    measured_as(monkeypatch, accuracy=0.8, balanced_accuracy=0.8, auc=0.5)
    assert told(*written(tmp_path)) == {}


def test_unreadable_images_are_counted_though_the_first_row_is_missing(tmp_path):
    store, experiment = written(tmp_path, unreadable=2)
    for fit in experiment["fits"][:2]:
        for key in store.list(f"scores/{fit['fit_id']}/"):
            store.delete(key)
    found = told(store, experiment)
    assert found["unreadable"].details == ("npr on progan: 4", "npr on adm: 4")


def test_what_a_degradation_breaks_is_a_result_and_no_warning(tmp_path):
    store, experiment = written(tmp_path, degradations=("none", "jpeg(30)"))
    commits = read_commits(store)
    for piece in pieces_of(experiment, commits):
        if piece.degradation != "none":
            (store.root / piece.key).unlink()
            write_scores(
                store,
                piece,
                image=np.arange(40),
                logit=np.linspace(-2, -1, 40, dtype=np.float32),
                seen=np.zeros(40, bool),
                weights_sha256=commits[piece.fit_id]["weights"][str(piece.epoch)]["sha256"],
                attempt="again",
                seconds=1.0,
            )
    assert told(store, experiment) == {}


def test_what_the_file_accepted_of_its_headers_is_said_before_anything_else(tmp_path):
    store, experiment = written(tmp_path, formats=("JPEG", "PNG"))
    found = overview(store, experiment).cautions
    assert [caution.kind for caution in found][:2] == ["one_sided", "simulated"]
    assert "format x label is one-sided" in found[0].text
    assert "the file accepts it with `equalise: none`" in found[0].text
    classes = "format: reals are JPEG 100%, fakes are PNG 100%"
    assert found[0].details[0] == f"test set synthetic/progan, {classes}"
    assert "one_sided" not in told(store, experiment, equalise="match")
    for key in store.list("manifests/"):
        store.delete(key)  # nothing is known, and nothing is claimed
    assert "one_sided" not in told(store, experiment)


def test_what_a_commit_warns_of_is_passed_on(tmp_path):
    store, experiment = written(tmp_path)
    fit = experiment["fits"][0]
    text = "Training changed nothing: the logits are those from before it."
    edit(store, commit_key(fit["fit_id"]), warnings=[text])
    assert told(store, experiment)["training"].details == (f"{fit['label']}: {text}",)


def test_mixed_package_versions(tmp_path):
    store, experiment = written(tmp_path)
    for number, commit in enumerate(read_commits(store).values()):
        versions = {"torch": "2.7.1" if number else "2.6.0", "numpy": "2.2.0"}
        place = provenance_key(commit["fit_id"], commit["attempt"])
        edit(store, place, packages=versions)
    caution = told(store, experiment)["mixed_versions"]
    assert caution.details == ("torch: 2.7.1 (3 fits), 2.6.0 (1 fits)",)


@pytest.mark.parametrize("leakage", ["allow", "exclude"])
def test_seen_images_are_said_where_they_count(tmp_path, leakage):
    found = told(*written(tmp_path, seen=3, leakage=leakage))
    assert ("seen" in found) == (leakage == "allow")


def test_images_left_out_of_training_are_named_or_called_by_id(tmp_path):
    store, experiment = written(tmp_path)
    pool = next(pool for pool in experiment["pools"] if pool["label"] == 1)
    rows = read_pool(store, pool["pool_id"], ["image_id", "path"])
    ids, paths = (rows[name].to_pylist()[:5] for name in ("image_id", "path"))
    left_out = [{"pool_id": pool["pool_id"], "image_id": image_id} for image_id in ids]
    caution = told(store, experiment, undecodable=left_out)["untrained"]
    [line] = caution.details
    assert line.endswith(f": 5 of 40: {', '.join(paths[:3])} and 2 more")
    assert "leave_out" in caution.text
    (store.root / manifest_key(pool["pool_id"])).unlink()
    [line] = told(store, experiment, undecodable=left_out)["untrained"].details
    assert ids[0] in line
    assert "untrained" not in told(store, experiment)


def test_unreadable_images_are_counted(tmp_path):
    found = told(*written(tmp_path, unreadable=2))
    assert found["unreadable"].details == ("npr on progan: 4", "npr on adm: 4")


def test_failures_are_provenance_and_say_whether_they_were_mended(tmp_path):
    store, experiment = written(tmp_path, committed=0.75)
    for fit in (experiment["fits"][0], experiment["fits"][-1]):
        error = RuntimeError("the disk went away")
        write_failure(store, failure_of(error, fit_id=fit["fit_id"], attempt="a1"))
    found = overview(store, experiment).found["fits_provenance"].failures
    assert [each.mended for each in sorted(found, key=lambda each: each.label)] == [False, True]


def test_the_untouched_fixture_is_what_a_store_of_one_expansion_gives(tmp_path):
    store, experiment = written(tmp_path)
    shown, remarks = one_expansion(store)
    assert (shown["digest"], remarks) == (experiment["digest"], ())
    assert StoreSelection.of(store, [shown]).commits.keys() == {f["fit_id"] for f in shown["fits"]}


def test_uncommitted_code_beside_other_code_is_mixed_and_two_commits_are_not(tmp_path):
    store, experiment = written(tmp_path)
    commits = list(read_commits(store).values())
    for number, commit in enumerate(commits):
        key = provenance_key(commit["fit_id"], commit["attempt"])
        edit(store, key, code="0123456789ab" if number else "ba9876543210")
    assert "mixed_versions" not in told(store, experiment)
    key = provenance_key(commits[0]["fit_id"], commits[0]["attempt"])
    edit(store, key, code="0123456789ab-dirty-00aa00aa")
    [line] = told(store, experiment)["mixed_versions"].details
    assert line.startswith("code: 0123456789ab")
    assert "0123456789ab-dirty-00aa00aa (1 fits)" in line


def test_what_an_equalise_left_out_or_coded_twice_is_said_with_its_counts(tmp_path):
    store, experiment = written(tmp_path)
    matched = {
        "comparison": "test set g/a",
        "tables": "0" * 16,
        "size_px": 64,
        "codings": 3,
        "reals": 1200,
        "reals_too_small": 20,
        "reals_coded_otherwise": 3,
        "fakes": 1000,
        "fakes_too_small": 0,
        "coded_twice": 0,
    }
    whole = {**matched, "comparison": "x", "reals_too_small": 0, "reals_coded_otherwise": 0}
    found = told(store, experiment, equalise="match", equalised=[matched, whole])
    assert found["equalised"].details == ("test set g/a: 23 of 1,200 reals",)
    assert "coded_twice" not in found
    twice = {**matched, "fakes_too_small": 1, "coded_twice": 7}
    found = told(store, experiment, equalise="match", equalised=[whole, twice])
    assert found["equalised"].details == ("test set g/a: 23 of 1,200 reals and 1 of 1,000 fakes",)
    assert found["coded_twice"].details == ("test set g/a: 7 of 1,000 fakes",)
    found = told(store, experiment, equalise="recompress(96)")
    assert "equalise: recompress(96)" in found["coded_twice"].text
    assert not {"equalised", "coded_twice"} & told(store, experiment).keys()


def test_sizes_that_recompress_leaves_are_said_and_formats_are_not(tmp_path):
    store, experiment = written(tmp_path, formats=("JPEG", "PNG"))
    assert "one_sided" not in told(store, experiment, equalise="recompress(96)")
    for key in store.list("manifests/"):
        table = read_pool(store, key.removeprefix("manifests/").removesuffix(".parquet"))
        size = 64 if table["label"][0].as_py() else 32
        place = table.schema.get_field_index("width")
        wide = table.set_column(place, "width", pa.array([size] * len(table), pa.int32()))
        (store.root / key).unlink()
        write_pool(store, table["pool_id"][0].as_py(), wide)
    [line, *_] = told(store, experiment, equalise="recompress(96)")["one_sided"].details
    assert "size: reals are 32x" in line
    assert "one_sided" not in told(store, experiment, equalise="match")
