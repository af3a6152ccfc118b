"""A trial that asks for no GPU computes on the CPU, also where a GPU is."""

import pytest
import torch
import yaml

from grid.experiment_file.loading import parse_experiment
from grid.plan.plan import is_done, make_plan, make_trials, prepare
from grid.records.commits import committed_pieces_of, read_commit
from grid.records.places import scores_key
from grid.records.scores.score_reading import read_score_footer
from grid.records.tables import read_provenance
from grid.run.here import run_here
from grid.store.opening import open_store
from grid.trial.attempt import attempt_trial
from grid.trial.device import device_name, expected_device, trial_device


@pytest.fixture
def beside_a_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)


@pytest.fixture
def trials(finished_run, cache, tmp_path):
    """Return a function: the shared experiment's trials of one seed, and their empty store."""

    def of(**more):
        raw = {**yaml.safe_load(finished_run.file.read_text()), "seeds": [0], **more}
        expansion = prepare(parse_experiment(raw, base=finished_run.folder), cache_dir=cache)
        store = open_store(tmp_path / "store")
        return make_trials(make_plan(expansion, store), store)[:1], store

    return of


@pytest.mark.usefixtures("beside_a_gpu")
def test_gpu_0_is_the_cpu_without_ray(trials):
    [trial], store = trials(resources={"simple_cnn": {"gpu": 0}})
    result = run_here([trial], attempt=attempt_trial, is_done=lambda t: is_done(store, t))
    assert result.done == (trial.fit_id,)
    commit = read_commit(store, trial.fit_id)
    facts = read_provenance(store, trial.fit_id, commit["attempt"])
    assert facts["device"] == facts["attempts"][-1]["device"] == "cpu"
    pieces = committed_pieces_of(store, trial.fit_id)
    footers = [read_score_footer(store, scores_key(trial.fit_id, piece)) for piece in pieces]
    assert footers
    assert {(f["device"], f["code"]) for f in footers} == {("cpu", facts["code"])}


@pytest.mark.usefixtures("beside_a_gpu")
@pytest.mark.parametrize(
    ("resources", "share", "device"),
    [
        ({}, {}, "cuda"),
        ({"simple_cnn": {"gpu": 0.25}}, {}, "cuda"),
        ({"simple_cnn": {"cpu": 1}}, {}, "cuda"),
        ({"simple_cnn": {"gpu": 0}}, {}, "cpu"),
        ({"simple_cnn": {"gpu": 0}}, {"gpu": 0.0, "cpu": 1.0}, "cpu"),
        ({}, {"gpu": 0.0, "cpu": 1.0}, "cpu"),  # on Ray, where no node has a GPU to give
        ({}, {"gpu": 1.0, "cpu": 1.0}, "cuda"),
    ],
)
def test_who_gets_the_gpu(trials, resources, share, device, monkeypatch):
    [trial], _ = trials(resources=resources)
    seen = []
    monkeypatch.setattr("grid.trial.attempt.cap_memory", lambda share: None)
    monkeypatch.setattr(
        "grid.trial.attempt.run_trial", lambda spec, *_: seen.append(trial_device(spec))
    )
    attempt_trial({**trial.spec, "share": share}, print, bool)
    assert seen == [device]


def test_without_a_gpu_everything_is_on_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert trial_device({}) == trial_device({"device": None}) == device_name({}) == "cpu"


@pytest.mark.usefixtures("beside_a_gpu")
def test_a_cpu_trial_does_not_start_cuda_to_learn_a_name(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "Some GPU")
    assert device_name({"device": "cpu"}) == "cpu"
    assert device_name({}) == "Some GPU"


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Return a function: what is expected of a machine with the given GPUs."""
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def expected(*models, asks_for_no_gpu=False):
        for number, model in enumerate(models):
            folder = tmp_path / f"proc/driver/nvidia/gpus/{number}"
            folder.mkdir(parents=True)
            (folder / "information").write_text(f"Model: \t\t {model}\nIRQ:   \t\t 16\n")
        return expected_device(asks_for_no_gpu=asks_for_no_gpu, root=tmp_path)

    return expected


def test_a_plan_knows_the_device_of_this_machine(machine):
    assert machine() == "cpu"
    assert machine("NVIDIA H100 80GB HBM3") == "NVIDIA H100 80GB HBM3"
    assert machine(asks_for_no_gpu=True) == "cpu"


def test_a_plan_does_not_guess_between_devices(machine, monkeypatch, tmp_path):
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "nvidia0").touch()
    assert machine() is None, "a GPU, and nothing says which"
    assert machine("A100", "H100") is None
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert expected_device(asks_for_no_gpu=False, root=tmp_path) == "cpu"
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    assert expected_device(asks_for_no_gpu=False, root=tmp_path) is None
    assert expected_device(asks_for_no_gpu=True, root=tmp_path) == "cpu"
