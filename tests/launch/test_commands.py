"""The command as a user types it: what it prints, and its exit codes."""

import copy
import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys

import pytest
import yaml
from PIL import Image
from repository import ROOT

from data.indexing import one_file
from grid.durations import duration
from grid.experiment_file.loading import load_experiment
from grid.records.commits import (
    committed_fits,
    committed_pieces_of,
    read_commit,
    read_commits,
    read_weights,
)
from grid.records.failures import read_failures
from grid.records.pieces import Piece
from grid.records.places import (
    checkpoint_key,
    commit_key,
    provenance_key,
    scores_key,
    validation_key,
)
from grid.records.proven.json_records import to_json
from grid.records.scores.score_files import write_scores
from grid.records.scores.score_reading import read_score_footer, read_scores
from grid.records.tables import read_validation, write_validation
from grid.run.packing import Unsatisfiable
from grid.store.opening import open_store


def test_plan_counts_and_a_finished_run_has_nothing_to_do(crossgen, own_run):
    code, out, _ = crossgen("plan", own_run.file, "--store", own_run.store)
    assert code == 0
    assert "nothing to do" in out
    code, out, _ = crossgen("plan", own_run.file, "--store", own_run.store, "--set", "seeds=[0, 4]")
    assert "2 test sets, 8 cells" in out
    assert "seed 4" in out
    code, out, _ = crossgen(
        "plan", own_run.file, "--store", own_run.store, "--why", "--set", "seeds=[0, 4]"
    )
    [reason] = [line for line in out.splitlines() if line.startswith("- ")]
    assert "2 fits: new; against the nearest committed fit of each: seed 0 -> 4; e.g. " in reason


def test_plan_counts_one_thing_as_one(crossgen, own_run):
    one = ("--set", "test.sets=[g/g1]", "--only", "train=g/g1")
    code, out, _ = crossgen("plan", own_run.file, "--store", own_run.store, *one)
    assert code == 0
    assert "1 test set, 1 cell\n" in out
    _, out, _ = crossgen("compact", "--store", own_run.store)
    assert "8 pieces of 2 fits, copied: " in out


def test_plan_counts_the_cells_of_each_arms_own_test_sets(crossgen, own_run):
    raw = yaml.safe_load(own_run.file.read_text())
    [arm] = raw["arms"]
    other = {**copy.deepcopy(arm), "name": "b", "seeds": [1], "test": {"sets": ["g/g1"]}}
    raw["arms"] = [arm, other]  # a shared value would be dumped as an anchor, which is refused
    own_run.file.write_text(yaml.safe_dump(raw))
    _, out, err = crossgen("plan", own_run.file, "--store", own_run.store)
    assert not err
    assert "2 test sets, 6 cells" in out  # two fits on both, two on one


def test_plan_names_what_it_leaves_out_by_rule(crossgen, own_run):
    folder = own_run.folder / "images" / "elsewhere" / "pictures"
    folder.mkdir(parents=True)
    Image.new("RGB", (16, 16)).save(folder / "one.png")
    (own_run.folder / "images" / "g1" / "val" / "ai" / "notes.txt").write_text("mine")
    code, out, _ = crossgen("plan", own_run.file, "--store", own_run.store)
    assert code == 0
    assert "left out, being no images of the layout:" in out
    assert "g: folder elsewhere" in out
    assert "nothing to do" in out


def test_plan_names_generators_that_are_only_tested(crossgen, own_run):
    (own_run.folder / "images" / "g2" / "train").rename(own_run.folder / "away")
    code, out, _ = crossgen("plan", own_run.file, "--store", own_run.store)
    assert code == 0
    assert "no training images, so no fit of its own: g/g2" in out


def test_an_unknown_trial_is_named_as_it_was_typed(crossgen, own_run):
    code, _, err = crossgen("run", own_run.file, "--store", own_run.store, "--trial", "foo")
    assert code == 2
    assert "fit=foo: this experiment has no such fit" in err


def test_plan_says_which_epochs_were_never_reached(crossgen, own_run):
    """Validation cannot improve for ever: a patience of one ends long before epoch 300."""
    raw = yaml.safe_load(own_run.file.read_text())
    raw["arms"][0]["recipe"] = {
        "base": "small",
        "epochs": 300,
        "batch_size": 8,
        "keep_epochs": ["selected", 299],
        "selection": "validation_auc",
        "patience": 1,
    }
    raw["test"]["epochs"] = ["selected", 299]
    own_run.file.write_text(yaml.safe_dump(raw))
    assert crossgen("run", own_run.file, "--store", own_run.store, "--no-ray")[0] == 0
    _, out, _ = crossgen("plan", own_run.file, "--store", own_run.store)
    assert "epoch 299 was asked for and is not scored: 2 fits stopped before it" in out
    assert "nothing to do" in out


def test_limit_is_stamped_partial(crossgen, own_run):
    _, out, _ = crossgen("plan", own_run.file, "--store", own_run.store, "--limit", 4)
    assert "PARTIAL: at most 4 images" in out


def test_query_answers_from_the_store_alone(crossgen, own_run):
    (own_run.folder / "images").rename(own_run.folder / "gone")
    sql = "SELECT count(*) AS n, sum(n_real) AS real FROM cells"
    code, out, _ = crossgen("query", sql, "--store", own_run.store, "--csv")
    assert code == 0
    assert out.splitlines() == ['"n","real"', "4,24"]
    target = own_run.folder / "answer.parquet"
    code, out, _ = crossgen("query", "FROM scores", "--store", own_run.store, "--parquet", target)
    assert "48 rows" in out  # 2 fits x 4 pools x 6 images
    assert target.is_file()
    _, out, _ = crossgen("query", "--store", own_run.store)
    assert "cells" in out
    assert "auc" in out


def test_query_shows_columns_of_one_name_side_by_side(crossgen, own_run):
    sql = "SELECT 1 AS a, 2 AS b, 3 AS a, 4 AS c"
    code, out, _ = crossgen("query", sql, "--store", own_run.store)
    assert code == 0
    assert [line.split() for line in out.splitlines()] == [["a", "b", "a", "c"], [*"1234"]]
    target = own_run.folder / "answer.parquet"
    for option in (["--csv"], ["--parquet", target]):
        code, out, err = crossgen("query", sql, "--store", own_run.store, *option)
        assert (code, out) == (2, "")
        assert "several columns are called a" in err
        assert "name them with AS" in err
    assert not target.exists()


@pytest.mark.parametrize("view", ["cells", "fits", "failures", "pieces", "history"])
def test_every_view_can_be_written_as_csv(crossgen, own_run, view):
    code, out, _ = crossgen("query", f"FROM {view}", "--store", own_run.store, "--csv")
    assert code == 0
    found = list(csv.DictReader(io.StringIO(out)))
    if view == "fits":
        assert {row["kept_epochs"] for row in found} == {"[1, 2]"}
        assert sorted(json.loads(row["train_generators"])[0] for row in found) == ["g1", "g2"]


def test_lists_structs_and_intervals_are_json_in_csv(crossgen, own_run):
    sql = "SELECT ['a,\"b', NULL] AS l, {'d': DATE '2020-01-01'} AS s, NULL::INT[] AS n"
    code, out, _ = crossgen("query", sql, "--store", own_run.store, "--csv")
    assert code == 0
    [row] = csv.DictReader(io.StringIO(out))
    assert json.loads(row["l"]) == ['a,"b', None]
    assert json.loads(row["s"]) == {"d": "2020-01-01"}
    assert row["n"] == ""
    sql = "SELECT INTERVAL 1 DAY AS i, MAP {'x': 2} AS m"
    assert crossgen("query", sql, "--store", own_run.store, "--csv")[0] == 0


def test_values_and_names_are_never_markup(crossgen, own_run):
    sql = """SELECT 'disk full … [/tmp/x] [red]' AS "[/b]" """
    code, out, _ = crossgen("query", sql, "--store", own_run.store)
    assert code == 0
    assert [line.strip() for line in out.splitlines()] == ["[/b]", "disk full … [/tmp/x] [red]"]


def test_a_mistyped_store_is_refused_and_not_empty(crossgen, tmp_path):
    missing = tmp_path / "ruins"
    code, out, err = crossgen("query", "SELECT count(*) FROM fits", "--store", missing)
    assert (code, out) == (2, "")
    assert str(missing) in err.replace("\n", "")
    assert "no experiment has run in it" in err
    assert "--store" in err


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("DROP TABLE fits", "it is a DROP statement"),
        ("COPY fits TO 'x.csv'", "it is a COPY statement"),
        ("SELECT * FROM cels", "Did you mean cells"),
    ],
)
def test_query_refuses_what_is_not_a_question(crossgen, own_run, sql, words):
    code, _, err = crossgen("query", sql, "--store", own_run.store)
    assert code == 2
    assert "refused" in err
    assert words in " ".join(err.split())
    assert not err.rstrip().endswith("..")


def test_verify_repeats_a_fit_and_a_piece_bit_for_bit(crossgen, own_run):
    store = open_store(own_run.store)
    fit_id = sorted(committed_fits(store))[0]
    piece = sorted(committed_pieces_of(store, fit_id))[0]
    code, out, _ = crossgen("verify", fit_id, "--store", own_run.store)
    assert (code, "equal, bit for bit (4 logits)" in out) == (0, True)
    code, out, _ = crossgen("verify", fit_id, "--piece", piece, "--store", own_run.store)
    assert (code, "equal, bit for bit (6 logits)" in out) == (0, True)


def test_verify_says_by_how_much_when_the_store_was_tampered_with(crossgen, own_run):
    """A validation score moved by hand is found, though its file is whole."""
    store = open_store(own_run.store)
    fit_id = sorted(committed_fits(store))[0]
    commit = read_commit(store, fit_id)
    key = validation_key(fit_id, commit["attempt"])
    table = read_validation(store, fit_id, commit["attempt"])
    logits = table["logit"].to_numpy().copy()
    logits[0] += 0.5
    (own_run.store / key).unlink()
    write_validation(
        store,
        fit_id,
        commit["attempt"],
        table["image_id"].to_pylist(),
        table["label"].to_numpy(),
        logits,
    )
    code, out, _ = crossgen("verify", fit_id, "--store", own_run.store)
    assert code == 1
    assert "0.5, beyond the contract" in out


def a_piece_of(own_run):
    store = open_store(own_run.store)
    fit_id = sorted(committed_fits(store))[0]
    return fit_id, sorted(committed_pieces_of(store, fit_id))[0]


def test_verify_finds_moved_images_where_a_later_run_found_them(crossgen, own_run):
    """Tables of paths are named by their content: none is the latest by its name."""
    store = open_store(own_run.store)
    before = committed_fits(store)
    shutil.rmtree(own_run.store / "derived")  # it knows the images that this is a copy of
    command = own_run.file, "--store", own_run.store, "--no-ray", "--set", "seeds=[1]"
    assert crossgen("run", *command)[0] == 0
    fit_id = sorted(committed_fits(store) - before)[0]
    piece = sorted(committed_pieces_of(store, fit_id))[0]
    for name in ("a", "b", "c"):
        (own_run.folder / "images").rename(own_run.folder / name)
        file = own_run.file.read_text().replace("root: images", f"root: {name}")
        moved = own_run.folder / f"{name}.yaml"
        moved.write_text(file)
        seeds = f"seeds=[{ord(name)}]"
        command = "run", moved, "--store", own_run.store, "--no-ray", "--set", seeds
        assert crossgen(*command)[0] == 0
        (own_run.folder / name).rename(own_run.folder / "images")
    (own_run.folder / "images").rename(own_run.folder / "b")
    for more in ((), ("--piece", piece)):
        code, out, err = crossgen("verify", fit_id, "--store", own_run.store, *more)
        assert code == 0, err
        assert "equal, bit for bit" in out
    (own_run.folder / "b").rename(own_run.folder / "nowhere")
    for more in ((), ("--piece", piece)):
        code, _, err = crossgen("verify", fit_id, "--store", own_run.store, *more)
        assert code == 2
        assert "is gone, and no run has found all of them elsewhere" in err


def test_verify_holds_a_piece_against_the_machine_of_today(crossgen, own_run):
    fit_id, piece = a_piece_of(own_run)
    store = open_store(own_run.store)
    attempt = read_commit(store, fit_id)["attempt"]
    path = own_run.store / provenance_key(fit_id, attempt)
    facts = json.loads(path.read_text())
    path.write_bytes(to_json({**facts, "cpu": "a processor of last year"}))
    key = scores_key(fit_id, piece)
    footer = read_score_footer(store, key)
    logit = read_scores(store, key, read_commit(store, fit_id))["logit"].to_numpy()
    (own_run.store / key).unlink()
    names = ("epoch", "pool_id", "degradation", "test_pipeline", "equalise", "operations")
    write_scores(
        store,
        Piece(fit_id=fit_id, **{name: footer[name] for name in names}),
        image=range(len(logit)),
        logit=logit + 0.5,
        seen=[False] * len(logit),
        weights_sha256=footer["weights_sha256"],
        attempt=attempt,
        seconds=1.0,
    )
    code, out, _ = crossgen("verify", fit_id, "--piece", piece, "--store", own_run.store)
    assert code == 1
    assert "cpu then: a processor of last year" in out
    assert "packages then" not in out


def test_verify_reads_given_weights_again(crossgen, own_run):
    trained, _ = a_piece_of(own_run)
    store = open_store(own_run.store)
    commit = read_commit(store, trained)
    weights = own_run.folder / "given.safetensors"
    weights.write_bytes(read_weights(store, commit, commit["selected_epoch"]))
    raw = yaml.safe_load(own_run.file.read_text())
    raw["arms"] = [
        {"name": "g", "detector": "simple_cnn", "simple_cnn.size": "tiny", "train": "none"}
        | {"weights": str(weights)}
        | {key: value for key, value in raw["arms"][0].items() if key == "input"}
    ]
    raw.pop("seeds")
    file = own_run.folder / "given.yaml"
    file.write_text(yaml.safe_dump(raw))
    code, _, err = crossgen("run", file, "--store", own_run.store, "--no-ray")
    assert code == 0, err
    [given] = [f for f in committed_fits(store) if "-given-" in f]
    code, out, err = crossgen("verify", given, "--store", own_run.store)
    assert code == 0, err
    assert "equal, bit for bit (given weights, no training)" in out
    weights.write_bytes(b"others")
    code, _, err = crossgen("verify", given, "--store", own_run.store)
    assert code == 2
    assert "has changed" in err


def test_status_holds_what_was_predicted_against_what_it_took(crossgen, own_run):
    status = "status", own_run.file, "--store", own_run.store
    code, out, _ = crossgen(*status)
    assert code == 0
    assert training_line(out).split()[1] == "2"
    assert "predicted" not in out
    more = "--set", "seeds=[0, 1]"
    assert crossgen("run", own_run.file, "--store", own_run.store, "--no-ray", *more)[0] == 0
    _, out, _ = crossgen(*status, *more)
    commits = read_commits(open_store(own_run.store)).values()
    known = [c for c in commits if c["predicted_seconds"] is not None]
    took, predicted = (sum(c[key] for c in known) for key in ("seconds", "predicted_seconds"))
    assert len(known) == 2
    assert predicted > 0
    line = training_line(out)
    assert line.split()[1] == "4"
    assert f"2 fits: {duration(predicted)}, took {duration(took)}" in line
    assert line.endswith(f"({took / predicted - 1:+.0%})")
    assert "CPU-hours: 4 committed trainings" in out
    assert "CPU-hours: all attempts of 1 run" in out
    _, out, _ = crossgen("plan", *status[1:], "--set", "seeds=[0, 1, 2]")
    assert re.search(r"to do, on one slot: .*; \S+ CPU-hours\n", out), out


def training_line(out):
    [line] = [line.strip() for line in out.splitlines() if "simple_cnn(size=tiny)  " in line]
    return line


def test_status_shows_a_failure_with_its_last_words(crossgen, own_run):
    """A training image is replaced after the plan has indexed it: decoding finds out."""
    victim = next((own_run.folder / "images" / "g1" / "train" / "ai").iterdir())
    crossgen("plan", own_run.file, "--store", own_run.store)  # the index trusts size and time
    facts = victim.stat()
    pixels = Image.open(victim).copy()
    pixels.putpixel((0, 0), (1, 2, 3))
    pixels.save(victim)
    same_size = victim.read_bytes()[: facts.st_size].ljust(facts.st_size, b"\0")
    victim.write_bytes(same_size)
    os.utime(victim, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    done = subprocess.run(  # a process of its own: this one holds the image decoded
        [
            sys.executable,
            "-m",
            "launch",
            "run",
            own_run.file,
            "--store",
            own_run.store,
            "--no-ray",
            "--set",
            "seeds=[1]",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stderr
    _, out, _ = crossgen("status", own_run.file, "--store", own_run.store, "--set", "seeds=[1]")
    assert "1 failed attempt of 1 fit:" in out  # such a failure is not worth a retry
    assert "ImageChanged" in out
    assert victim.name in out
    assert re.search(r"\| .* INFO grid\.trial\.attempt: .* begins", out)
    committed = read_commits(open_store(own_run.store))
    assert sum(c["description"]["seed"] == 1 for c in committed.values()) == 1  # the other fit


def test_an_unreadable_image_is_refused_at_plan_time_and_counted_on_request(crossgen, own_run):
    victim = next((own_run.folder / "images" / "g1" / "val" / "ai").iterdir())
    victim.write_bytes(b"not an image")
    code, _, err = crossgen("plan", own_run.file, "--store", own_run.store)
    assert code == 2
    assert victim.name in err
    assert "unreadable: null_score" in err
    code, out, _ = crossgen(
        "plan", own_run.file, "--store", own_run.store, "--set", "unreadable=null_score"
    )
    assert code == 0
    assert "1 unreadable file is left out" in out
    assert victim.name in out


def test_a_damaged_image_fails_the_trial_or_becomes_a_null_on_request(crossgen, own_run):
    """Its header is whole, so only decoding finds out, after the plan."""
    victim = next((own_run.folder / "images" / "g1" / "val" / "ai").iterdir())
    content = bytearray(victim.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 40] = bytes(40)
    victim.write_bytes(content)
    code, _, _ = crossgen("run", own_run.file, "--store", own_run.store, "--no-ray")
    assert code == 1
    failures = read_failures(open_store(own_run.store))
    assert {f["kind"] for f in failures} == {"unreadable"}
    assert victim.name in failures[0]["message"]
    code, _, _ = crossgen(
        "run",
        own_run.file,
        "--store",
        own_run.store,
        "--no-ray",
        "--set",
        "unreadable=null_score",
    )
    assert code == 0
    sql = "SELECT sum(n_null) AS n, min(n_fake) AS fakes FROM cells"
    _, out, _ = crossgen("query", sql, "--store", own_run.store, "--csv")
    assert out.splitlines()[1] == "2,5"


def test_init_writes_a_valid_experiment_for_what_it_finds(crossgen, own_run):
    target = own_run.folder / "new.yaml"
    code, out, _ = crossgen("init", own_run.folder / "images", "-o", target)
    assert code == 0
    experiment = load_experiment(target)
    assert [a.detector for a in experiment.arms] == [("npr",), ("simple_cnn",)]
    assert yaml.safe_load(target.read_text())["data"]["images"]
    assert "#" in target.read_text()
    code, _, err = crossgen("init", own_run.folder / "images", "-o", target)
    assert code == 2
    assert "not overwritten" in err
    code, out, _ = crossgen("plan", target, "--store", own_run.store)
    assert (code, "12" in out) == (0, True)  # 2 detectors x 2 generators x 3 seeds


def test_refusals_come_all_at_once_with_exit_code_2(crossgen, own_run):
    raw = yaml.safe_load(own_run.file.read_text())
    raw["test"]["degradations"] = ["jpgg(75)"]
    raw["arms"].append({"name": "b", "detector": "nprr", "train": {"each": "g"}})
    raw["arms"].append(
        {"name": "c", "detector": "npr", "npr.factor": 7, "train": {"sets": ["g/g9"]}}
    )
    raw["arms"].append(
        {"name": "d", "detector": "npr", "train": {"each": "g"}, "weights": {"from": "e"}}
    )
    raw["arms"].append(
        {"name": "e", "detector": "npr", "train": {"each": "g"}, "weights": {"from": "d"}}
    )
    raw["data"]["h"] = {"root": str(own_run.folder / "missing")}
    own_run.file.write_text(yaml.safe_dump(raw))
    code, _, err = crossgen("plan", own_run.file, "--store", own_run.store)
    assert code == 2
    for words in ("there is no such folder", "jpeg", "Did you mean npr", "npr.factor = 7"):
        assert words in err, words
    del raw["data"]["h"]
    own_run.file.write_text(yaml.safe_dump(raw))
    code, _, err = crossgen("plan", own_run.file, "--store", own_run.store)
    assert code == 2
    for words in ("jpeg", "Did you mean npr", "g9", "in a circle"):
        assert words in err, words


def test_one_sided_formats_are_refused_until_equalise_is_said(crossgen, own_run):
    for place in (own_run.folder / "images").glob("*/*/nature/*.png"):
        Image.open(place).save(place.with_suffix(".jpg"), quality=95)
        place.unlink()
    code, _, err = crossgen("plan", own_run.file, "--store", own_run.store)
    assert code == 2
    assert "format x label is one-sided" in err
    code, _, err = crossgen(
        "plan", own_run.file, "--store", own_run.store, "--set", "equalise=none"
    )
    assert code == 0, err


def test_leakage_is_counted_flagged_and_refused_on_request(crossgen, own_run):
    """A test image that is also a training image."""
    images = own_run.folder / "images" / "g1"
    first = sorted((images / "train" / "ai").iterdir())[0]
    (images / "val" / "ai" / "copy.png").write_bytes(first.read_bytes())
    code, out, _ = crossgen("plan", own_run.file, "--store", own_run.store)
    assert "1 of its 13 images was trained or validated on by g/g1" in out
    code, _, err = crossgen(
        "plan", own_run.file, "--store", own_run.store, "--set", "leakage=refuse"
    )
    assert code == 2
    assert "leakage: refuse" in err
    crossgen("run", own_run.file, "--store", own_run.store, "--no-ray")
    sql = "SELECT n_fake, n_seen FROM cells WHERE test_set = 'g/g1' ORDER BY n_seen DESC"
    _, out, _ = crossgen("query", sql, "--store", own_run.store, "--csv")
    assert "6,1" in out  # seen, and left out of the cell: 7 fakes less 1


def test_status_and_run_show_what_trainings_warned_of(crossgen, own_run):
    for path in (own_run.store / "commits").iterdir():
        commit = json.loads(path.read_text())
        commit["warnings"] = [f"Constant logits: all 4 images got {commit['n_train']} [/]."]
        path.write_bytes(to_json(commit))
    command = own_run.file, "--store", own_run.store
    code, _, err = crossgen("run", *command, "--no-ray", "--set", "seeds=[0, 3]")
    assert code == 0
    assert "! 2 fits: Constant logits: all 4 images got 28 [/]." in err
    _, out, _ = crossgen("status", *command)
    assert "! 2 fits: Constant logits: all 4 images got 28 [/]." in out
    assert "g/g1" in out.partition("Constant logits")[2]
    assert "Constant logits" in crossgen("run", *command)[2]  # nothing to do


def test_a_fit_that_was_begun_is_not_called_interrupted(crossgen, own_run):
    """It may be running at this moment."""
    store = open_store(own_run.store)
    fit_id = sorted(committed_fits(store))[0]
    (own_run.store / commit_key(fit_id)).unlink()
    store.put_checkpoint(checkpoint_key(fit_id, "other"), b"")
    _, out, _ = crossgen("status", own_run.file, "--store", own_run.store)
    assert "begun, not committed" in out


def test_square_brackets_are_words_and_no_markup(crossgen, own_run):
    own_run.file.write_text(
        own_run.file.read_text() + "\nquestion: does [/data/x] [i]matter[/i]?\n"
    )
    command = own_run.file, "--store", own_run.store, "--set", "seeds=[0, 3]"
    code, out, err = crossgen("plan", *command, "--why")
    assert code == 0, err
    assert "does [/data/x] [i]matter[/i]?" in out


def test_what_a_failed_trial_says_is_printed_as_it_is(crossgen, own_run, monkeypatch):
    def broken(spec, *_):
        raise RuntimeError("[enforce fail at alloc.cpp:117] no [/data/x]")

    monkeypatch.setattr("grid.trial.attempt.run_trial", broken)
    command = own_run.file, "--store", own_run.store, "--set", "seeds=[3]"
    code, _, err = crossgen("run", *command, "--no-ray", "--attempts", "1")
    assert code == 1
    assert "[enforce fail at alloc.cpp:117] no [/data/x]" in err.partition("crossgen status")[2]
    _, out, _ = crossgen("status", *command)
    assert "[enforce fail at alloc.cpp:117] no [/data/x]" in out


def test_a_cluster_that_does_not_answer_is_a_refusal(crossgen, own_run, monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    code, _, err = crossgen("run", own_run.file, "--store", own_run.store, "--set", "seeds=[3]")
    assert code == 2
    assert "refused (1 problem)\n  RAY_ADDRESS=127.0.0.1:1: it does not answer" in err


@pytest.mark.parametrize(("raised", "expected"), [("Unsatisfiable", 2), ("DriverFailed", 75)])
def test_what_the_driver_raises_is_said_in_words(crossgen, own_run, monkeypatch, raised, expected):
    import grid.run.on_ray.driver

    kinds = {
        "Unsatisfiable": lambda why: Unsatisfiable.because("cpu: 999", why, "Ask for less"),
        "DriverFailed": grid.run.on_ray.driver.DriverFailed,
    }

    def refuse(*_, **__):
        raise kinds[raised]("cpu: 999 is [more] than any node has")

    monkeypatch.setattr("grid.run.on_ray.driver.run_on_ray", refuse)
    code, _, err = crossgen("run", own_run.file, "--store", own_run.store, "--set", "seeds=[3]")
    assert code == expected
    assert "cpu: 999 is [more] than any node has" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1, signal.SIGINT])
def test_a_signal_before_the_driver_is_up_keeps_the_index_and_says_run_again(
    crossgen, own_run, monkeypatch, number
):
    facts_in = one_file.facts_in
    images = []

    def facts_and_then(content, path):
        images.append(path)
        if len(images) == 20:
            os.kill(os.getpid(), number)
        return facts_in(content, path)

    cache = own_run.folder / "new-cache"
    monkeypatch.setenv("CROSSGEN_CACHE", str(cache))
    monkeypatch.setattr(one_file, "facts_in", facts_and_then)
    before = signal.getsignal(number)
    code, _, err = crossgen("run", own_run.file, "--store", own_run.store, "--no-ray")
    assert code == 75
    assert "run the same command to go on" in err
    assert signal.getsignal(number) is before
    assert [path for path in cache.rglob("*") if path.is_file()]


def test_options_say_what_they_do(crossgen):
    _, out, _ = crossgen("verify", "--help")
    assert "file's" not in out
    _, out, _ = crossgen("run", "--help")
    assert "At most N images per pool:" in " ".join(out.split())


def test_a_relative_store_inside_a_ray_job_is_refused(crossgen, own_run, monkeypatch):
    monkeypatch.setenv("RAY_JOB_CONFIG_JSON_ENV_VAR", json.dumps({}))
    code, _, err = crossgen("plan", own_run.file, "--store", "runs")
    assert code == 2
    assert "relative" in err


@pytest.mark.parametrize("variable", ["RAY_JOB_CONFIG_JSON_ENV_VAR", "RAY_JOB_ID"])
def test_a_relative_store_of_the_file_is_refused_inside_a_ray_job(
    crossgen, own_run, monkeypatch, variable
):
    """Ray strips RAY_JOB_ID from what `ray job submit` starts."""
    own_run.file.write_text(own_run.file.read_text() + "\nstore: results\n")
    assert crossgen("plan", own_run.file)[0] == 0
    for name in ("RAY_JOB_CONFIG_JSON_ENV_VAR", "RAY_JOB_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, "{}")
    code, _, err = crossgen("plan", own_run.file)
    assert code == 2
    assert "disposable copy" in err
