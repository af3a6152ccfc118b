"""First commit wins, and what it names is never discarded."""

import pytest

from grid.records.commits import read_commit, read_weights, write_weights
from grid.records.places import checkpoint_key, weights_key
from grid.records.proven.json_records import SCHEMA
from grid.store.local import LocalStore
from grid.trial.fit.first_commit import commit_first

FIT = "npr-s0-0123456789abcdef"


class Lying(LocalStore):
    """Says of a commit that it existed, though this call has just created it."""

    def put_new(self, key, data):
        return super().put_new(key, data) and not key.startswith("commits/")


def commit_by(store, attempt):
    """What an attempt leaves before it commits, and its commit."""
    weights = write_weights(store, FIT, attempt, 1, attempt.encode())
    store.put_checkpoint(checkpoint_key(FIT, attempt), b"")
    return {
        "schema": SCHEMA,
        "fit_id": FIT,
        "attempt": attempt,
        "description": {},
        "weights": {"1": weights},
        "selected_epoch": 1,
        "last_epoch": 1,
        "kept_epochs": [1],
        "threshold": {"rule": "logit", "value": 0.0},
        "n_train": 1,
        "n_validation": 1,
        "seconds": 1.0,
        "predicted_seconds": None,
        "parent": None,
        "warnings": [],
    }


@pytest.mark.parametrize("kind", [LocalStore, Lying])
def test_the_first_stays_and_the_second_is_discarded(tmp_path, kind):
    store = kind(tmp_path / "store")
    first, second = commit_by(store, "a1"), commit_by(store, "a2")
    assert commit_first(store, first)["attempt"] == "a1"
    assert commit_first(store, second)["attempt"] == "a1"
    committed = read_commit(store, FIT)
    assert read_weights(store, committed, 1) == b"a1"
    assert store.list("fits/") == [weights_key(FIT, "a1", 1)]
