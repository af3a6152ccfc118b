"""A resume under other conditions: what is gone on from, what is begun again, what is said."""

import json
import os
from functools import partial
from types import SimpleNamespace

import pytest
import torch
from repository import ROOT

from detectors import checkpoints
from detectors.checkpoint_headers import header_of
from grid.experiment_file.loading import load_experiment
from grid.plan.plan import make_plan, make_trials, prepare
from grid.records.attempts import begun_fits, checkpoint_keys
from grid.records.commits import read_commit
from grid.records.places import checkpoint_key
from grid.records.tables import read_provenance
from grid.store.opening import open_store
from grid.trial.attempt import attempt_trial
from grid.trial.fit import provenance, resuming
from grid.trial.fit.conditions import resume_warnings
from grid.trial.fit.resuming import begun_again

STEPS = 4
"""Of the six of an epoch: afterwards the validation asks for the stop, too."""
EXPERIMENT = """
schema: 1
name: resumed
data: {g: {root: images}}
test: {sets: [g], degradations: [none]}
seeds: [0]
arms:
  - {name: a, detector: simple_cnn, simple_cnn.size: tiny, train: {sets: [g/g1]},
     input: {train: "random_crop(16, step=2) | hflip", test: none},
     recipe: {base: small, epochs: 3, batch_size: 8}}
"""


@pytest.fixture
def begun(tmp_path, make_genimage, cache):
    """A fit that was stopped after STEPS steps, of a file that says `threads: 1`."""
    make_genimage(tmp_path / "images", {"g1": 1}, test=4)
    file = tmp_path / "resumed.yaml"
    file.write_text(EXPERIMENT)
    store = open_store(tmp_path / "store")
    fit_id = stop_after(STEPS, file, store)
    yield SimpleNamespace(file=file, store=store, fit_id=fit_id, folder=tmp_path)
    torch.set_num_threads(1)


def stop_after(steps, file, store, **changes):
    """Train a fit until it is stopped, in an attempt of its own; return its id."""
    plan = make_plan(prepare(load_experiment(file, changes)), store)
    [trial] = make_trials(plan, store)
    asked = iter(range(10**6))
    outcome = attempt_trial(dict(trial.spec), lambda _: None, lambda: next(asked) >= steps - 1)
    assert outcome.state == "stopped", outcome
    return trial.fit_id


def finish(crossgen, begun, *more, store=None):
    """Run the experiment: the commit, the attempts of its provenance, what was said."""
    store = begun.store if store is None else store
    code, out, err = crossgen("run", begun.file, "--store", store.url, "--no-ray", *more)
    assert code == 0, err
    commit = read_commit(store, begun.fit_id)
    attempts = read_provenance(store, begun.fit_id, commit["attempt"])["attempts"]
    return commit, attempts, out + err


def quiet(crossgen, begun, *more):
    """The weights of a training that nothing interrupted, in a store of its own."""
    return finish(crossgen, begun, *more, store=open_store(begun.folder / "quiet"))[0]["weights"]


def steps(attempts):
    return [(each["from_step"], each["to_step"]) for each in attempts]


def other_machine(monkeypatch, **changes):
    """From now on this process says it runs elsewhere."""
    machine = provenance._machine()
    packages = {**machine["packages"], **changes.pop("packages", {})}
    monkeypatch.setattr(provenance, "_machine", lambda: {**machine, "packages": packages} | changes)


def other_loop(monkeypatch):
    for module in (provenance, resuming):
        monkeypatch.setattr(module, "TRAINING_VERSION", 2)


def test_an_undisturbed_resume_is_equal_bit_for_bit_and_warns_of_nothing(crossgen, begun):
    commit, attempts, said = finish(crossgen, begun)
    last = attempts[-1]["to_step"]
    assert steps(attempts) == [(0, STEPS), (STEPS, last)]
    assert last > STEPS
    assert commit["weights"] == quiet(crossgen, begun)
    assert commit["warnings"] == []
    assert "begun again" not in said
    assert attempts[1]["attempt"] == commit["attempt"] != attempts[0]["attempt"]
    for each in attempts:
        assert each["threads"] == 1
        assert each["training_version"] == 1
        assert all(each[name] for name in ("host", "cpu", "code", "device", "packages"))
    code, out, _ = crossgen("verify", begun.fit_id, "--store", begun.store.url)
    assert (code, "bit for bit" in out, "conditions" in out) == (0, True, False)


@pytest.mark.parametrize(
    ("changed", "warned"),
    [
        ({"cpu": "a processor of last year"}, "cpu {then} until step 4, then a processor of last"),
        ({"code": "0123456789ab"}, "code {then} until step 4, then 0123456789ab"),
        ({"packages": {"torch": "1.0"}}, "torch {then} until step 4, then 1.0"),
        ({"packages": {"pillow": "1.0"}}, "pillow {then} until step 4, then 1.0"),
        ({"packages": {"pyarrow": "1.0"}}, ""),
        ({"host": "another"}, ""),
    ],
    ids=["cpu", "code", "torch", "pillow", "pyarrow", "host"],
)
def test_another_machine_resumes_and_a_warning_says_what_can_matter(
    crossgen, begun, monkeypatch, changed, warned
):
    machine = provenance._machine()
    expected = quiet(crossgen, begun)
    other_machine(monkeypatch, **changed)
    commit, attempts, said = finish(crossgen, begun)
    assert [start for start, _ in steps(attempts)] == [0, STEPS]
    assert commit["weights"] == expected
    assert "begun again" not in said
    if not warned:
        assert commit["warnings"] == []
        return
    [name] = changed.get("packages", changed)
    [sentence] = commit["warnings"]
    then = machine["packages"].get(name) or machine.get(name)
    assert sentence.startswith("Resumed under other conditions: " + warned.format(then=then))
    [kind] = [line for line in said.splitlines() if line.startswith("! 1 fit: Resumed")]
    assert kind
    _, out, _ = crossgen("matrix", begun.file, "--store", begun.store.url)
    assert "Resumed under other conditions" in " ".join(out.split())
    page = begun.folder / "page.html"
    crossgen("report", begun.file, "--store", begun.store.url, "-o", page)
    assert "Resumed under other conditions" in page.read_text()
    _, out, _ = crossgen("verify", begun.fit_id, "--store", begun.store.url)
    assert f"it was resumed under other conditions: {name} " in out


def test_another_device_resumes_with_a_warning(crossgen, begun, monkeypatch):
    monkeypatch.setattr(provenance, "device_name", lambda spec: "a GPU")
    commit, attempts, _ = finish(crossgen, begun)
    assert [start for start, _ in steps(attempts)] == [0, STEPS]
    assert "device cpu until step 4, then a GPU" in commit["warnings"][0]


def set_threads(_monkeypatch):
    return ("--set", "threads=2"), "threads 1 then, 2 now"


def set_loop(monkeypatch):
    other_loop(monkeypatch)
    return (), "training_version 1 then, 2 now"


NOT_RESUMED = pytest.mark.parametrize("change", [set_threads, set_loop], ids=["threads", "loop"])


@NOT_RESUMED
def test_other_threads_and_another_loop_begin_again_and_say_so(
    crossgen, begun, monkeypatch, change
):
    more, why = change(monkeypatch)
    given = begun.file, "--store", begun.store.url, *more
    _, out, _ = crossgen("plan", *given, "--why")
    assert f"begun under other conditions ({why}), so begun again" in out
    assert "resumes from" not in out
    _, out, _ = crossgen("status", *given)
    assert f"the next run begins it again ({why})" in out
    [line] = [line for line in out.splitlines() if line.startswith("! 1 fit is begun again")]
    assert f"({why})" in line
    assert "--resume-anyway" in line
    commit, attempts, said = finish(crossgen, begun, *more)
    assert said.count("begun again") == 1
    assert line in said
    assert [start for start, _ in steps(attempts)] == [0]
    assert commit["warnings"] == []
    assert commit["weights"] == quiet(crossgen, begun, *more)


@NOT_RESUMED
def test_resume_anyway_goes_on_and_warns(crossgen, begun, monkeypatch, change):
    more, why = change(monkeypatch)
    commit, attempts, said = finish(crossgen, begun, *more, "--resume-anyway")
    assert "begun again" not in said
    assert [start for start, _ in steps(attempts)] == [0, STEPS]
    name, then, _, now, _ = why.replace(",", "").split()
    assert f"{name} {then} until step 4, then {now}" in commit["warnings"][0]
    _, out, _ = crossgen("verify", begun.fit_id, "--store", begun.store.url)
    assert f"it was resumed under other conditions: {name} 1 until step 4, then 2" in out


def test_what_was_resumed_anyway_goes_on_without_being_asked_again(crossgen, begun):
    """The last attempt counts: it was asked for, and what it did is not thrown away."""
    key = "threads=2"
    plan = make_plan(prepare(load_experiment(begun.file, {"threads": 2})), begun.store)
    [trial] = make_trials(plan, begun.store, resume_anyway=True)
    asked = iter(range(100))
    attempt_trial(dict(trial.spec), lambda _: None, lambda: next(asked) >= 1)
    commit, attempts, _ = finish(crossgen, begun, "--set", key)
    assert [start for start, _ in steps(attempts)] == [0, STEPS, STEPS + 2]
    assert [each["threads"] for each in attempts] == [1, 2, 2]
    assert commit["warnings"][0].count("threads 1 until step 4, then 2") == 1


def test_of_several_checkpoints_the_furthest_that_may_be_resumed_is(crossgen, begun):
    """One of two threads is further; with one thread the fit goes on from its own."""
    for key in checkpoint_keys(begun.store, begun.fit_id):
        (begun.folder / "store" / key).rename(begun.folder / "aside")
        place = begun.folder / "store" / key
    stop_after(STEPS + 2, begun.file, begun.store, threads=2)
    (begun.folder / "aside").rename(place)
    assert not begun_again(begun.store, begun_fits(begun.store), threads=1)
    commit, attempts, said = finish(crossgen, begun)
    assert [start for start, _ in steps(attempts)] == [0, STEPS]
    assert commit["warnings"] == []
    assert "begun again" not in said
    assert commit["weights"] == quiet(crossgen, begun)


def test_a_checkpoint_of_an_earlier_version_is_resumed_and_said_to_be_unknown(crossgen, begun):
    [key] = checkpoint_keys(begun.store, begun.fit_id)
    tensors, facts = checkpoints.unpack(begun.store.get(key), begun.fit_id)
    assert len(facts.pop("attempts")) == 1
    begun.store.put_checkpoint(key, checkpoints.pack(tensors, facts, begun.fit_id))
    commit, attempts, _ = finish(crossgen, begun)
    assert steps(attempts)[0] == (0, STEPS)
    assert attempts[0].keys() == {"attempt", "from_step", "to_step"}
    [sentence] = commit["warnings"]
    assert sentence.startswith("Resumed from conditions that are not known: the checkpoint of step")
    assert commit["weights"] == quiet(crossgen, begun)


def test_neither_an_id_nor_the_plan_knows_of_the_option(begun):
    plan = make_plan(prepare(load_experiment(begun.file)), begun.store)
    [asked] = make_trials(plan, begun.store, resume_anyway=True)
    [plain] = make_trials(plan, begun.store)
    assert (asked.spec["resume_anyway"], plain.spec["resume_anyway"]) == (True, False)
    assert {**asked.spec, "resume_anyway": False} == plain.spec
    assert asked.fit_id == begun.fit_id


@pytest.mark.parametrize("damage", ["cut", "length", "empty"])
def test_a_torn_checkpoint_is_no_reason_to_begin_again(begun, damage):
    [key] = checkpoint_keys(begun.store, begun.fit_id)
    data = begun.store.get(key)
    damaged = {"cut": data[:100], "length": data[:7] + b"\x7f" + data[8:], "empty": b""}[damage]
    begun.store.put_checkpoint(key, damaged)
    assert begun_again(begun.store, begun_fits(begun.store), threads=2) == {}


def test_conditions_are_read_from_the_first_bytes_on_s3_too(begun, s3_server):
    [key] = checkpoint_keys(begun.store, begun.fit_id)
    data = begun.store.get(key)
    assert header_of(data)["facts"]["attempts"][0]["threads"] == 1
    store = open_store("s3://bucket/resumed")
    store.put_checkpoint(key, data)
    why = begun_again(store, begun_fits(store), threads=2)
    assert why == {begun.fit_id: "threads 1 then, 2 now"}


@pytest.mark.slow
@pytest.mark.ray
def test_on_ray_the_option_reaches_the_workers(begun):
    import subprocess
    import sys

    root = ROOT
    command = ["run", begun.file, "--store", begun.store.url, "--slots", "1"]
    run = partial(
        subprocess.run, cwd=root, capture_output=True, text=True, timeout=300, check=False
    )
    environment = {**os.environ, "PYTHONPATH": str(root)}
    [key] = checkpoint_keys(begun.store, begun.fit_id)
    tensors, facts = checkpoints.unpack(begun.store.get(key), begun.fit_id)
    facts["attempts"][0]["threads"] = 2
    begun.store.put_checkpoint(key, checkpoints.pack(tensors, facts, begun.fit_id))
    arguments = [sys.executable, "-m", "launch", *map(str, command), "--resume-anyway"]
    done = run(arguments, env=environment)
    assert done.returncode == 0, done.stderr
    commit = read_commit(begun.store, begun.fit_id)
    attempts = read_provenance(begun.store, begun.fit_id, commit["attempt"])["attempts"]
    assert [start for start, _ in steps(attempts)] == [0, STEPS]
    assert "threads 2 until step 4, then 1" in json.dumps(commit["warnings"])


def test_of_several_reasons_that_of_the_furthest_checkpoint_is_said(begun):
    [key] = checkpoint_keys(begun.store, begun.fit_id)
    tensors, facts = checkpoints.unpack(begun.store.get(key), begun.fit_id)
    for threads, step in ((2, facts["step"] + 1), (9, facts["step"] - 1)):
        facts["attempts"][0]["threads"] = threads
        data = checkpoints.pack(tensors, {**facts, "step": step}, begun.fit_id)
        begun.store.put_checkpoint(checkpoint_key(begun.fit_id, f"of{threads}"), data)
    why = begun_again(begun.store, begun_fits(begun.store), threads=5)
    assert why == {begun.fit_id: "threads 2 then, 5 now"}


def test_of_what_is_not_known_the_last_step_is_said():
    known = {"cpu": "one", "from_step": 9}
    [sentence] = resume_warnings([{"from_step": 0, "to_step": 4}, {"to_step": 9}, known])
    assert "the checkpoint of step 9 is of a version" in sentence


def test_the_furthest_checkpoint_is_tried_first_and_nothing_at_all_last(begun):
    [key] = checkpoint_keys(begun.store, begun.fit_id)
    tensors, facts = checkpoints.unpack(begun.store.get(key), begun.fit_id)
    for attempt, step in (("before", STEPS - 1), ("after", STEPS + 1)):
        data = checkpoints.pack(tensors, {**facts, "step": step}, begun.fit_id)
        begun.store.put_checkpoint(checkpoint_key(begun.fit_id, attempt), data)
    now = {"threads": 1, "training_version": 1}
    found = list(resuming.starts(begun.store, begun.fit_id, now, resume_anyway=False))
    assert [start.step for start in found] == [STEPS + 1, STEPS, STEPS - 1, 0]
    assert found[-1].checkpoint is None
