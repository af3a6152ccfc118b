"""`plugins:`: a user's own detector is planned, trained, scored and proved like any other."""

import json
from functools import partial

import pytest
import yaml
from plugin_of_tests import MEAN_COLOUR

from detectors.plugins import use_plugins
from grid.experiment_file.loading import load_experiment
from grid.plan.plan import is_done, make_plan, make_trials, prepare
from grid.records.commits import read_commit
from grid.records.tables import read_provenance
from grid.refusal import Refused
from grid.run.here import run_here
from grid.store.opening import open_store
from grid.trial.attempt import attempt_trial
from grid.trial.plugin_source import OtherPlugin, PluginNotTrusted, use_plugin_of
from grid.upkeep.verification import verify_fit


@pytest.fixture(autouse=True)
def _without_plugins():
    yield
    use_plugins([])


@pytest.fixture
def file(tmp_path, make_genimage, cache):
    make_genimage(tmp_path / "images", {"g1": 1})
    (tmp_path / "mine.py").write_text(MEAN_COLOUR)
    experiment = {
        "schema": 1,
        "name": "own",
        "plugins": ["mine.py"],
        "data": {"g": {"root": "images"}},
        "test": {"sets": ["g"]},
        "arms": [
            {
                "name": "a",
                "detector": "mine",
                "mine.hidden": 3,
                "train": {"each": "g"},
                "recipe": {"base": "small", "epochs": 1, "batch_size": 8},
            }
        ],
    }
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(experiment))
    return path


def planned(file):
    store = open_store(file.parent / "store")
    return make_plan(prepare(load_experiment(file)), store), store


def test_its_fit_is_named_by_its_text_and_proved_from_the_store_alone(file):
    plan, store = planned(file)
    [fit] = plan.fits
    trials = make_trials(plan, store)
    use_plugins([])  # a worker knows of it by its trial alone
    (file.parent / "mine.py").unlink()
    result = run_here(trials, attempt=attempt_trial, is_done=partial(is_done, store))
    assert len(result.done) == 1, result
    commit = read_commit(store, fit.fit.fit_id)
    assert commit is not None
    assert len(commit["description"]["plugin"]) == 64
    facts = read_provenance(store, fit.fit.fit_id, commit["attempt"])
    assert facts["spec"]["plugin"] == MEAN_COLOUR
    use_plugins([])
    with pytest.raises(PluginNotTrusted, match="add --trust-plugins"):
        verify_fit(store, fit.fit.fit_id)
    assert verify_fit(store, fit.fit.fit_id, trust_plugins=True).identical

    (file.parent / "mine.py").write_text(MEAN_COLOUR)
    again, _ = planned(file)
    assert [f.fit.fit_id for f in again.fits] == [fit.fit.fit_id]
    assert again.missing == []
    (file.parent / "mine.py").write_text(MEAN_COLOUR + "\n# another text\n")
    other, _ = planned(file)
    assert [f.fit.fit_id for f in other.fits] != [fit.fit.fit_id]


def test_an_experiment_that_names_none_knows_none(file):
    planned(file)
    content = yaml.safe_load(file.read_text())
    del content["plugins"]
    file.write_text(yaml.safe_dump(content))
    with pytest.raises(Refused, match="Unknown detector 'mine'"):
        planned(file)


def test_what_is_wrong_with_it_is_refused_by_the_plan(file):
    (file.parent / "mine.py").write_text("import nothing_of_this_name\n" + MEAN_COLOUR)
    with pytest.raises(Refused, match="raises ModuleNotFoundError"):
        planned(file)
    (file.parent / "mine.py").unlink()
    with pytest.raises(Refused, match=r"mine\.py: the file cannot be read"):
        planned(file)


def test_two_files_of_one_name_are_refused(file):
    (file.parent / "elsewhere").mkdir()
    (file.parent / "elsewhere" / "mine.py").write_text(MEAN_COLOUR + "\n# changed\n")
    content = yaml.safe_load(file.read_text())
    content["plugins"] = ["mine.py", "elsewhere/mine.py"]
    file.write_text(yaml.safe_dump(content))
    with pytest.raises(Refused, match="is another detector 'mine'"):
        planned(file)


def test_a_worker_runs_no_other_text_than_the_fit_is_named_by(file):
    plan, store = planned(file)
    [trial] = make_trials(plan, store)
    spec = json.loads(json.dumps(trial.spec))
    spec["plugin"] += "\n# changed on the way\n"
    with pytest.raises(OtherPlugin, match="Run the experiment again"):
        use_plugin_of(spec)
    del spec["plugin"]
    with pytest.raises(OtherPlugin):
        use_plugin_of(spec)
