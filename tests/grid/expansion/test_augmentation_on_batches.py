"""What acts on batches, and a second view, are in a fit's id, are trained with, and run through."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from data.operation_registry import _registry, registered
from data.operations import parse
from data.view import OtherVersion
from grid.experiment_file.loading import load_experiment, parse_experiment
from grid.plan.plan import is_done, make_plan, make_trials, prepare
from grid.records.commits import read_commit
from grid.records.places import weights_key
from grid.refusal import Refused
from grid.run.here import run_here
from grid.store.opening import open_store
from grid.trial.attempt import attempt_trial
from grid.trial.network import _seeded_network

SHIPPED = Path(__file__).parents[3] / "grid" / "experiments" / "frequency_cifar.yaml"


@pytest.fixture
def expanded(tmp_path, cache, make_genimage):
    """Return a function that prepares a small experiment with one arm's changes."""
    make_genimage(tmp_path / "images", {"g1": 1}, train=8, test=3)
    arm = {
        "name": "a",
        "detector": "simple_cnn",
        "simple_cnn.size": "tiny",
        "train": {"sets": ["g"]},
        "input": {"train": "hflip", "test": "none"},
        "recipe": {"base": "small", "epochs": 1, "batch_size": 8},
    }

    def expansion(**changes):
        given = {key: value for key, value in {**arm, **changes}.items() if value is not None}
        raw = {
            "schema": 1,
            "name": "e",
            "data": {"g": {"root": "images"}},
            "test": {"sets": ["g"]},
            "seeds": [0],
            "arms": [given],
        }
        return prepare(parse_experiment(raw, base=tmp_path))

    return expansion


DUAL = {
    "detector": "dual_input",
    "simple_cnn.size": None,
    "dual_input.size": "tiny",
    "dual_input.second_view": 'augmented("phase_jitter(0.5, p=1)") | log_spectrum',
}


def run(expansion, store):
    trials = make_trials(make_plan(expansion, store), store)
    result = run_here(trials, attempt=attempt_trial, is_done=partial(is_done, store))
    assert len(result.done) == 1, result
    [fit_id] = expansion.fits
    return trials[0], read_commit(store, fit_id)


def test_one_text_of_both_kinds_is_trained_with_and_named(expanded, tmp_path):
    store = open_store(tmp_path / "store")
    text = "blur_jpeg(p=0.1) | spectrum_mix(alpha=0.3, p=0.5) | mixup"
    _, plain = run(expanded(), store)
    _, commit = run(expanded(augment=text), store)
    assert commit["description"] == {
        **plain["description"],
        "augment": "blur_jpeg(p=0.1) | spectrum_mix(0.3) | mixup",
        "operations": {
            **plain["description"]["operations"],
            "augmentation.blur_jpeg": 1,
            "augmentation.spectrum_mix": 1,
            "augmentation.mixup": 1,
        },
    }
    assert commit["fit_id"] != plain["fit_id"]
    keys = [weights_key(each["fit_id"], each["attempt"], 1) for each in (plain, commit)]
    assert store.get(keys[0]) != store.get(keys[1])


def test_a_wrong_order_is_refused_with_the_right_one(expanded):
    with pytest.raises(Refused) as caught:
        expanded(augment="phase_jitter(0.3) | blur_jpeg")
    assert "write blur_jpeg before phase_jitter" in caught.value.problems[0].why


def test_a_second_view_is_trained_tested_and_in_the_id(expanded, tmp_path):
    store = open_store(tmp_path / "store")
    trial, commit = run(expanded(**DUAL), store)
    view = 'augmented("phase_jitter(0.5, p=1)") | log_spectrum'
    assert commit["description"]["options"] == {"second_view": view, "size": "tiny"}
    assert commit["description"]["operations"] == {
        "geometry.hflip": 1,
        "second_view.augmented": 1,
        "second_view.log_spectrum": 1,
        "augmentation.phase_jitter": 1,
    }
    spec = {**trial.spec, "description": {**trial.spec["description"], "operations": {}}}
    with pytest.raises(OtherVersion, match="of the second view"):
        _seeded_network(spec)


def test_another_version_of_a_views_operation_is_another_fit(expanded, monkeypatch):
    [before] = expanded(**DUAL).fits
    entry = registered("log_spectrum", "second_view")
    newer = replace(entry, version=2)
    monkeypatch.setitem(_registry, ("second_view", "log_spectrum"), newer)
    parse.cache_clear()
    try:
        [after] = expanded(**DUAL).fits
    finally:
        monkeypatch.undo()
        parse.cache_clear()
    assert after != before


def test_the_shipped_grid_of_augmentations_expands(cifar_generators, tmp_path, monkeypatch):
    (tmp_path / "cifar-generators").symlink_to(cifar_generators)
    monkeypatch.setenv("DATA", str(tmp_path))
    expansion = prepare(load_experiment(SHIPPED))
    assert len(expansion.fits) == 8 * 3 * 2
    assert len({fit.augment for fit in expansion.fits.values()}) == 8
