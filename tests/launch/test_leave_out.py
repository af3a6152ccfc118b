"""`unreadable: leave_out`: no fit trains on an image that does not decode, and it is said."""

import json
import shutil

import pytest
from damaged_images import break_pixels

from data.image_ids import image_id_of
from data.images import DecodedCache
from grid.experiment_file.loading import load_experiment
from grid.plan.known_failures import known_undecodable
from grid.plan.plan import prepare
from grid.records.audits.audit_records import read_audits
from grid.records.commits import read_commits
from grid.records.failures import read_failures
from grid.records.readable import readable_experiments
from grid.records.scores.score_reading import read_score_footer
from grid.records.tables import read_provenances
from grid.store.opening import open_store
from grid.trial import images as rows

LEAVE_OUT = ["--set", "unreadable=leave_out"]
SEED = ["--set", "seeds=[7]"]


@pytest.fixture(autouse=True)
def nothing_decoded(monkeypatch):
    """Else images are known from other tests in this process."""
    monkeypatch.setattr(rows, "_DECODED", DecodedCache(0))


@pytest.fixture
def said(crossgen, own_run):
    """Return a function that calls a command about the experiment."""

    def call(command, *more):
        ray = ["--no-ray"] if command == "run" else []
        store = ["--store", own_run.store]
        return crossgen(command, own_run.file, *store, *ray, *LEAVE_OUT, *more)

    return call


def images_of(own_run, folder):
    return sorted((own_run.folder / "images" / folder).iterdir())


def fits_of(own_run, **changes):
    return set(prepare(load_experiment(own_run.file, changes)).fits)


def footers(own_run):
    store = open_store(own_run.store)
    keys = [key for key in store.list("scores/") if key.endswith(".parquet")]
    return [read_score_footer(store, key) for key in keys]


def test_an_image_that_is_only_tested_has_a_null_logit_and_no_fit_is_trained_anew(said, own_run):
    before = set(read_commits(open_store(own_run.store)))
    break_pixels(images_of(own_run, "g1/val/ai")[0])
    assert said("run")[0] == 0
    assert sum(f["nulls"] for f in footers(own_run)) == 2  # two fits, one pool
    assert set(read_commits(open_store(own_run.store))) == before


def test_what_is_found_in_mid_training_is_all_named_and_then_left_out(said, own_run):
    victims = images_of(own_run, "g1/train/ai")[:3] + images_of(own_run, "g1/train/nature")[:1]
    for victim in victims:
        break_pixels(victim)
    store = open_store(own_run.store)
    code, _, err = said("run", *SEED)
    assert code == 1
    [failure] = read_failures(store)  # once, and all of them
    assert len(failure["image_ids"]) == len(victims)
    message = " ".join(err.split())
    for victim in victims:
        assert victim.name in message
    assert "leaves what does not decode out of training from the next plan on" in message
    assert "another id" in message

    code, out, _ = said("plan", *SEED)
    assert code == 0
    assert "4 images do not decode, left out of training and validation:" in out
    assert "1 fit was begun with them" in out
    assert failure["fit_id"] in out
    code, _, err = said("run", *SEED)
    assert code == 0
    assert "4 images do not decode, left out of training" in err
    assert "nothing to do" in said("plan", *SEED)[1]

    # The fit is the one that is trained where these files never were.
    for victim in victims:
        victim.unlink()
    trained = set(read_commits(store))
    assert fits_of(own_run, seeds=[7]) <= trained
    assert failure["fit_id"] not in trained


def test_what_is_left_out_stands_in_the_record_and_in_the_fits_provenance(said, own_run):
    [victim] = images_of(own_run, "g1/train/ai")[:1]
    break_pixels(victim)
    assert said("run", *SEED)[0] == 1
    [image_id] = read_failures(open_store(own_run.store))[0]["image_ids"]
    assert said("run", *SEED)[0] == 0
    store = open_store(own_run.store)
    latest = [e for e in readable_experiments(store, "two")[0] if "undecodable" in e]
    assert [left_out["image_id"] for left_out in latest[-1]["undecodable"]] == [image_id]
    new = [c for c in read_commits(store).values() if c["description"]["seed"] == 7]
    specs = [p["spec"]["training"] for p in read_provenances(store, new).values()]
    assert sorted(spec.get("undecodable", []) for spec in specs) == [[], [image_id]]
    # Known from the record alone, on a machine that never met the image.
    shutil.rmtree(own_run.store / "failures")
    assert "nothing to do" in said("plan", *SEED)[1]


def test_a_file_that_decodes_again_is_trained_on_again(said, own_run):
    [victim] = images_of(own_run, "g1/train/ai")[:1]
    whole = victim.read_bytes()
    break_pixels(victim)
    assert said("run", *SEED)[0] == 1
    assert said("run", *SEED)[0] == 0
    victim.write_bytes(whole)
    code, out, _ = said("plan", *SEED)
    assert code == 0
    assert "left out" not in out
    assert "nothing to do" not in out


def test_a_fit_that_left_images_out_can_be_repeated(said, crossgen, own_run):
    break_pixels(images_of(own_run, "g1/train/ai")[0])
    said("run", *SEED)
    assert said("run", *SEED)[0] == 0
    store = open_store(own_run.store)
    new = [c for c in read_commits(store).values() if c["description"]["seed"] == 7]
    [fit_id] = [
        fit_id
        for fit_id, made in read_provenances(store, new).items()
        if "undecodable" in made["spec"]["training"]
    ]
    code, out, _ = crossgen("verify", fit_id, "--store", own_run.store)
    assert code == 0, out


def test_without_damage_the_policy_changes_neither_fits_nor_record(own_run):
    from grid.plan.record_experiment import experiment_record

    records = [
        experiment_record(prepare(load_experiment(own_run.file, {"unreadable": policy})))
        for policy in ("refuse", "leave_out")
    ]
    assert json.dumps(records[0]) == json.dumps(records[1])


def test_refusing_is_answered_with_the_way_to_leave_out(crossgen, own_run):
    victims = images_of(own_run, "g1/train/ai")[:2]
    for victim in victims:
        break_pixels(victim)
    given = [own_run.file, "--store", own_run.store, *SEED]
    code, _, err = crossgen("run", *given, "--no-ray")
    assert code == 1
    assert "Mend, replace or remove the file" in " ".join(err.split())
    code, _, err = crossgen("plan", *given)
    assert code == 2
    assert "2 images known not to decode" in err
    assert "`unreadable: leave_out` trains without them" in " ".join(err.split())


LIMIT = ["--limit", 3]


@pytest.fixture
def many_broken(own_run):
    """Half of a training folder, and two of a tested one."""
    victims = [*images_of(own_run, "g1/train/ai")[8:], *images_of(own_run, "g1/val/ai")[:2]]
    for victim in victims:
        break_pixels(victim)
    return victims


def test_a_limit_draws_as_many_that_decode_and_the_same_as_if_the_others_were_not_there(
    said, own_run, many_broken
):
    """Known from failures first, then from the record, and at last the files are gone."""
    runs = 0
    while said("run", *SEED, *LIMIT)[0] == 1 and runs < 9:  # what comes in may be broken too
        runs += 1
    assert 1 <= runs < 9
    store = open_store(own_run.store)
    shutil.rmtree(own_run.store / "failures")
    assert "nothing to do" in said("plan", *SEED, *LIMIT)[1]
    for victim in many_broken:
        victim.unlink()
    assert fits_of(own_run, seeds=[7], limit=3) <= set(read_commits(store))


def test_a_limit_counts_what_does_not_decode_where_it_is_not_left_out(own_run, many_broken):
    broken = {image_id_of(victim.read_bytes()) for victim in many_broken}

    def drawn(policy):
        experiment = load_experiment(own_run.file, {"limit": 3, "unreadable": policy})
        pools = prepare(experiment, known_undecodable=broken).catalog.located()
        return [set(pool.table["image_id"].to_pylist()) for _, _, pool in pools]

    counted, uncounted = drawn("null_score"), drawn("leave_out")
    assert any(ids & broken for ids in counted)
    assert {len(ids) for ids in counted} == {3}
    assert {len(ids - broken) for ids in uncounted} == {3}
    assert all(few <= more for few, more in zip(counted, uncounted, strict=True))


def test_an_audit_looks_at_the_images_that_a_limit_draws(said, crossgen, own_run, many_broken):
    text = own_run.file.read_text().replace("seeds: [0]", "seeds: [7]\nlimit: 3")
    own_run.file.write_text(f"{text}\nunreadable: leave_out\n")
    assert 0 in (said("run")[0] for _ in range(9))
    store = open_store(own_run.store)
    known = known_undecodable(store, "two")
    assert known
    drawn = prepare(load_experiment(own_run.file), known_undecodable=known).catalog
    assert crossgen("audit", own_run.file, "--store", own_run.store)[0] == 0
    [record] = read_audits(store)
    audited = {pool["pool_id"] for dataset in record["datasets"] for pool in dataset["pools"]}
    assert audited == {pool.pool_id for _, _, pool in drawn.located()}
