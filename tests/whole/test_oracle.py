"""`validate_on: test_sets`: selected on the test images, told apart, and measured all the same."""

import json

import pytest
import yaml

from grid.records.commits import read_commits
from grid.records.tables import read_validation
from grid.store.opening import open_store


@pytest.fixture
def with_oracle(own_run):
    """The finished run's experiment with one more arm, which differs in what selects its epoch."""
    raw = yaml.safe_load(own_run.file.read_text())
    arm = raw["arms"][0]
    recipe = {"base": "small", "epochs": 1, "batch_size": 8}
    raw["arms"] = [
        {**arm, "recipe": recipe},
        {**arm, "name": "oracle", "recipe": {**recipe, "validate_on": "test_sets"}},
    ]
    own_run.file.write_text(json.dumps(raw))
    return own_run


def test_an_oracle_is_validated_on_what_it_is_tested_on_and_says_so(with_oracle, crossgen):
    file, store = with_oracle.file, with_oracle.store
    code, _, err = crossgen("run", file, "--store", store, "--no-ray")
    assert code == 0, err
    fits = [
        commit
        for commit in read_commits(open_store(store)).values()
        if commit["description"]["recipe"].get("validate_on") == "test_sets"
    ]
    assert fits
    for commit in fits:
        table = read_validation(open_store(store), commit["fit_id"], commit["attempt"])
        validated = set(table["image_id"].to_pylist())
        sql = (
            "SELECT DISTINCT image_id FROM scores JOIN images USING (pool_id, image) "
            f"WHERE fit_id = '{commit['fit_id']}'"
        )
        code, out, err = crossgen("query", sql, "--store", store, "--csv")
        assert code == 0, err
        assert validated == set(out.replace('"', "").split()[1:])
        sql = (
            "SELECT sum(n_seen), count(auc) AS measured FROM cells "
            f"WHERE fit_id = '{commit['fit_id']}'"
        )
        _, out, _ = crossgen("query", sql, "--store", store, "--csv")
        seen, measured = out.splitlines()[1].split(",")
        assert (int(seen), int(measured) > 0) == (0, True), "an oracle's cells have numbers"

    _, out, _ = crossgen("matrix", file, "--store", store)
    said = " ".join(out.split())
    assert "Oracle: the epoch of these fits was selected on the images" in said
    assert "/ seed 0 / oracle" in said
    assert ", oracle" in said


def test_plan_counts_no_test_image_of_an_oracle_as_seen(with_oracle, crossgen):
    _, out, _ = crossgen("plan", with_oracle.file, "--store", with_oracle.store)
    assert "trained or validated on by" not in " ".join(out.split())
