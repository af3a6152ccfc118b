"""Every reader sees an experiment as it is now: a mean by SQL is the mean that the matrix shows."""

import json
import shutil
from dataclasses import replace

import pytest
import yaml
from PIL import Image
from synthetic_store import SyntheticGrid, write_synthetic_store

from analysis.selecting.expansion_choice import choose
from analysis.selecting.selection import StoreSelection, one_expansion
from analysis.sql.query import query
from analysis.sql.views import fits_view
from grid.records.latest import mark_latest
from grid.records.places import experiment_key
from grid.records.stored_experiments import experiment_digest, write_experiment
from grid.store.opening import open_store
from launch.cli import main
from launch.show_experiment import overview_of

SMALL = SyntheticGrid(name="trial", generators=2, seeds=1, images=10)
OFF_DIAGONAL = "SELECT avg(auc) AS auc, count(*) AS n FROM cells WHERE train <> test_set"
ROWS = "SELECT train, test_set, epoch, auc FROM cells ORDER BY ALL"


def changed(own_run, **changes):
    """Write the experiment's file with other values; return the file."""
    raw = yaml.safe_load(own_run.file.read_text())
    own_run.file.write_text(yaml.safe_dump({**raw, **changes}))
    return own_run.file


def renamed_alias(own_run):
    [arm] = yaml.safe_load(own_run.file.read_text())["arms"]
    arm = {**arm, "train": {"each": "renamed"}}
    changed(own_run, data={"renamed": {"root": "images"}}, arms=[arm], test={"sets": ["renamed"]})


def dropped_epoch(own_run):
    changed(own_run, test={"sets": ["g"], "epochs": ["selected"]})


def replaced_images(own_run):
    """Half of a generator's test images now are another's, so its numbers are others."""
    images = own_run.folder / "images"
    for n in range(3):
        for label in ("ai", "nature"):
            pixels = Image.open(images / "g2" / "val" / label / f"{n}.png").rotate(90)
            pixels.save(images / "g1" / "val" / label / f"{n}.png")


def copied(run, folder):
    shutil.copytree(run.folder, folder)
    return replace(run, folder=folder, file=folder / "two.yaml", store=folder / "store")


@pytest.fixture(scope="module")
def run_of_two_epochs(finished_run, tmp_path_factory):
    """The experiment, run with the scores of two epochs; for copies."""
    run = copied(finished_run, tmp_path_factory.mktemp("epochs") / "two")
    changed(run, test={"sets": ["g"], "epochs": [1, "selected"]})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CROSSGEN_CACHE", str(run.folder / "cache"))
        with pytest.raises(SystemExit) as ended:
            main(["run", str(run.file), "--store", str(run.store), "--no-ray"])
    assert ended.value.code == 0
    return run


@pytest.fixture
def tested_twice(run_of_two_epochs, tmp_path, cache):
    return copied(run_of_two_epochs, tmp_path / "two")


@pytest.mark.parametrize("abandon", [renamed_alias, dropped_epoch, replaced_images])
def test_a_mean_by_sql_is_the_mean_of_the_matrix_after_a_change(tested_twice, crossgen, abandon):
    abandon(tested_twice)
    command = tested_twice.file, "--store", tested_twice.store
    code, _, err = crossgen("run", *command, "--no-ray")
    assert code == 0, err
    store = open_store(tested_twice.store)
    by_name = overview_of(None, store=store.url).matrices
    by_file = overview_of(tested_twice.file, store=store.url).matrices
    assert by_name == by_file
    entries = [e for shown in by_name for e in shown.all_entries() if e.relation != "trained"]
    expected = sum(e.spread("auc").mean for e in entries) / len(entries)
    [found] = query(store, OFF_DIAGONAL).to_pylist()
    assert found == {"auc": pytest.approx(expected, abs=1e-12), "n": len(entries)}
    joined = OFF_DIAGONAL.replace("cells", "cells c JOIN fits f USING (fit_id)")
    joined = joined.replace("train <>", "f.train <>")
    assert query(store, joined).to_pylist() == [found]
    for arguments in (command, command[1:]):
        _, out, err = crossgen("query", *arguments, OFF_DIAGONAL, "--csv")
        assert float(out.splitlines()[1].split(",")[0]) == pytest.approx(expected, abs=1e-12)
        assert ("the one that was run last" in err) == (arguments is not command)
        assert err.count("\n") == (arguments is not command), "one line, however long"
    united = query(store, ROWS, all_expansions=True).to_pylist()
    assert len(united) > len(query(store, ROWS)), "what was abandoned is there on request"
    _, out, err = crossgen("query", *command[1:], OFF_DIAGONAL, "--csv", "--all-expansions")
    assert not err
    assert int(out.splitlines()[1].split(",")[1]) > found["n"]


def test_means_over_all_expansions_are_not_those_of_the_matrix(tested_twice, crossgen):
    """The mistake that the rule prevents: a pool that was replaced counts beside its successor."""
    for abandon in (dropped_epoch, replaced_images, renamed_alias):
        abandon(tested_twice)
        command = tested_twice.file, "--store", tested_twice.store, "--no-ray"
        assert crossgen("run", *command)[0] == 0
    store = open_store(tested_twice.store)
    [now] = query(store, OFF_DIAGONAL).to_pylist()
    [all_of_it] = query(store, OFF_DIAGONAL, all_expansions=True).to_pylist()
    assert now["n"] == 2
    assert all_of_it["n"] > 2
    assert now["auc"] != pytest.approx(all_of_it["auc"])
    aliases = "split_part(train, '/', 1) AS a, split_part(test_set, '/', 1) AS b"
    told = query(store, f"SELECT DISTINCT {aliases} FROM cells ORDER BY a", all_expansions=True)
    assert told.to_pylist() == [{"a": "g", "b": "g"}, {"a": "renamed", "b": "renamed"}]


@pytest.fixture
def store(tmp_path):
    return open_store(tmp_path / "store")


def another(store, experiment, **changes):
    record = {**experiment, **changes}
    record["digest"] = experiment_digest(record)
    write_experiment(store, record)
    return record


def test_the_expansion_that_ran_last_is_the_latest_and_the_others_are_named(store):
    wide = write_synthetic_store(store, SMALL)
    narrow = another(store, wide, fits=wide["fits"][:2], scoring=wide["scoring"][:2])
    other = write_synthetic_store(
        store, SyntheticGrid(name="other", generators=2, seeds=2, images=10)
    )
    mark_latest(store, "trial", wide["digest"])
    mark_latest(store, "trial", narrow["digest"])
    shown = {each["name"]: each for each in StoreSelection(store).experiments}
    assert shown == {"trial": narrow, "other": other}
    assert one_expansion(store, "trial")[0] == narrow
    assert [each["digest"] for each in choose(store, "trial").experiments] == [narrow["digest"]]
    [remark] = choose(store).remarks
    assert "1 of 2 expansions" in remark
    assert f"{narrow['digest']} (2 fits, 2 test sets), the one that was run last" in remark
    assert f"--digest: {wide['digest']} (4 fits, 2 test sets)" in remark
    mark_latest(store, "trial", wide["digest"])
    assert one_expansion(store, "trial")[0] == wide
    assert query(store, "FROM fits", experiment="trial").num_rows == 4
    assert query(store, "FROM fits", digest=narrow["digest"][:6]).num_rows == 2
    assert choose(store, digest=narrow["digest"]).remarks == ()
    assert choose(store, "other").remarks == ()


def test_without_a_marker_the_widest_stands_in_and_that_is_said(store):
    wide = write_synthetic_store(store, SMALL)
    narrow = another(store, wide, fits=wide["fits"][:2])
    [remark] = choose(store).remarks
    assert f"{wide['digest']} (4 fits, 2 test sets), which wants most, since no run" in remark
    assert narrow["digest"] in remark
    mark_latest(store, "trial", "of an expansion that is gone")
    assert one_expansion(store)[0] == wide


def test_a_limited_expansion_is_shown_where_there_is_no_other(store):
    whole = write_synthetic_store(store, SMALL)
    limited = another(store, whole, limit=4)
    for digest in (whole["digest"], limited["digest"]):
        mark_latest(store, "trial", digest)
    assert one_expansion(store)[0] == whole
    assert "4 fits, 2 test sets, --limit 4" in choose(store).remarks[0]
    store.delete(experiment_key("trial", whole["digest"]))
    assert one_expansion(store) == (limited, ())
    smaller = another(store, whole, limit=2)
    mark_latest(store, "trial", smaller["digest"])
    assert one_expansion(store)[0] == smaller


def test_one_line_says_what_is_left_out_however_much_it_is(store, caplog):
    trial = write_synthetic_store(store, SMALL)
    for n in range(5):
        another(store, trial, question=f"{n}?")
    [remark] = choose(store).remarks
    assert "1 of 6 expansions" in remark
    assert remark.endswith(" and 2 more.")
    second = another(store, trial, name="second")
    mark_latest(store, "second", another(store, second, question="again?")["digest"])
    with caplog.at_level("WARNING"):
        query(store, "FROM fits")
    [remark] = choose(store).remarks
    assert caplog.messages == [remark]
    assert "\n" not in remark
    assert "(the one that wants most of trial): second 1 of 2, trial 1 of 6" in remark


def test_all_expansions_are_united_on_request(store):
    wide = write_synthetic_store(store, SMALL)
    narrow = another(store, wide, fits=wide["fits"][:2], scoring=wide["scoring"][:2])
    mark_latest(store, "trial", narrow["digest"])
    both = StoreSelection(store, all_expansions=True)
    assert (len(both.experiments), both.remarks) == (2, ())
    assert fits_view(both).num_rows == 4
    assert query(store, "FROM fits").num_rows == 2
    found = query(store, "SELECT DISTINCT experiments FROM fits", all_expansions=True)
    assert found.to_pylist() == [{"experiments": ["trial"]}]


def test_a_digest_names_one_expansion_or_is_refused(store):
    trial = write_synthetic_store(store, SMALL)
    another(store, trial, question="again?")
    with pytest.raises(
        ValueError, match=f"2 expansions begin with it. Give more of .*{trial['digest']}"
    ):
        query(store, "FROM fits", digest="")
    with pytest.raises(ValueError, match="Give one of them"):
        query(store, "FROM fits", digest=trial["digest"], all_expansions=True)


def test_cells_tell_of_their_fits_without_a_join(store):
    experiment = write_synthetic_store(store, SMALL)
    fits = [dict(fit) for fit in experiment["fits"]]
    fits[0] = {**fits[0], "train": {**fits[0]["train"], "groups": ["b", "a"]}}
    fits[1] = {**fits[1], "train": None, "seed": None}
    told = another(store, experiment, name="told", fits=fits)
    rows = query(store, "FROM cells", experiment="told").to_pylist()
    assert len(rows) == 16
    by_id = {fit["fit_id"]: fit for fit in told["fits"]}
    for row in rows:
        fit = by_id[row["fit_id"]]
        train = fit["train"] or {}
        groups = train.get("groups")
        assert row["train"] == train.get("label")
        assert row["train_group"] == (None if groups is None else "+".join(sorted(groups)))
        assert json.loads(row["options"]) == fit["options"]
        assert (row["detector"], row["seed"]) == (fit["detector"], fit["seed"])
        assert (row["recipe"], row["augment"]) == (fit["recipe"]["name"], fit["augment"])
    assert {row["train_group"] for row in rows} >= {"a+b", None}


def test_a_name_told_otherwise_computes_no_number_anew(store, monkeypatch):
    from analysis.measuring import held_scores

    experiment = write_synthetic_store(store, SMALL)
    first = query(store, "SELECT fit_id, test_set, auc FROM cells ORDER BY ALL")
    fits = [{**fit, "train": {**fit["train"], "label": "mine"}} for fit in experiment["fits"]]
    mark_latest(store, "trial", another(store, experiment, fits=fits)["digest"])
    monkeypatch.setattr(held_scores, "read_scores", lambda *_: pytest.fail("a score file was read"))
    assert query(store, "SELECT fit_id, test_set, auc FROM cells ORDER BY ALL").equals(first)
    assert query(store, "SELECT DISTINCT train FROM cells").to_pylist() == [{"train": "mine"}]


def test_a_store_without_markers_is_one_that_an_earlier_version_wrote(own_run, crossgen):
    shutil.rmtree(own_run.store / "latest")
    code, out, err = crossgen("query", "FROM fits", "--store", own_run.store, "--csv")
    assert (code, len(out.splitlines()), err) == (0, 3, "")
