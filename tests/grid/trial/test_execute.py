"""A trial from its spec to its scores: each epoch by its own weights; a race of two attempts."""

import shutil
import time

import numpy as np
import pytest
import yaml

from grid.experiment_file.loading import parse_experiment
from grid.plan.plan import make_plan, make_trials, prepare
from grid.records.commits import committed_pieces_of, read_commit
from grid.records.places import attempt_prefix, checkpoint_key, scores_key
from grid.records.scores.score_reading import read_scores
from grid.store.opening import open_store
from grid.trial.execute import run_trial


@pytest.fixture
def trials_of(own_run):
    """Return a function: the trials that the shared experiment, changed, still needs in a store."""

    def trials(store, **changes):
        raw = {**yaml.safe_load(own_run.file.read_text()), **changes}
        expansion = prepare(
            parse_experiment(raw, base=own_run.folder), cache_dir=own_run.folder / "cache"
        )
        return make_trials(make_plan(expansion, store), store)

    return trials


def run(trial, attempt, stop=lambda: False):
    return run_trial(dict(trial.spec), attempt, lambda _: None, stop)


def logits_of(store, fit_id):
    """The logits of each piece of a fit, by (epoch, piece)."""
    commit = read_commit(store, fit_id)
    found = {}
    for piece_id in committed_pieces_of(store, fit_id):
        epoch = int(piece_id.partition("-")[0].removeprefix("e"))
        table = read_scores(store, scores_key(fit_id, piece_id), commit)
        found[epoch, piece_id] = table["logit"].to_numpy()
    return found


def test_every_epoch_is_scored_by_its_own_weights(own_run, trials_of):
    """Two epochs in one trial give the logits that each gives in a trial of its own."""
    store = open_store(own_run.store)
    alone = {}
    for epochs in ([1], [2], [1, 2]):
        shutil.rmtree(own_run.store / "scores")
        trial = trials_of(store, test={"sets": ["g"], "epochs": epochs})[0]
        assert run(trial, f"of-{len(epochs)}-{epochs[0]}")
        scored = logits_of(store, trial.fit_id)
        assert {epoch for epoch, _ in scored} == set(epochs)
        if len(epochs) == 1:
            alone |= scored
    assert scored.keys() == alone.keys()
    for piece, logits in scored.items():
        np.testing.assert_array_equal(logits, alone[piece], err_msg=str(piece))
    of_epoch = [
        np.concatenate([v for (e, _), v in sorted(alone.items()) if e == n]) for n in (1, 2)
    ]
    assert not np.array_equal(*of_epoch), "epochs that score alike would show nothing"


def once_a_checkpoint_is_written(store, folder, then):
    """Return a `stop` that is never true and calls `then` in the second of two epochs.

    Of each epoch's four steps and its validation the sixth is the second epoch's first.
    """
    asked = iter(range(1000))

    def stop():
        if next(asked) == 5:
            while not store.list(folder):  # a thread writes the first epoch's checkpoint
                time.sleep(0.01)
            then()
        return False

    return stop


def test_a_checkpoint_goes_with_the_commit(own_run, trials_of):
    store = open_store(own_run.store)
    trial = trials_of(store, seeds=[3])[0]
    folder = attempt_prefix(trial.fit_id, "only")
    before = []
    stop = once_a_checkpoint_is_written(store, folder, lambda: before.extend(store.list(folder)))
    assert run(trial, "only", stop)
    key = checkpoint_key(trial.fit_id, "only")
    assert before == [key]
    assert len(store.list(folder)) > 2
    assert not store.exists(key)


def test_the_loser_of_a_race_to_commit_leaves_nothing(own_run, trials_of):
    """A second attempt begins and commits while the first one trains its last epoch."""
    store = open_store(own_run.store)
    trial = trials_of(store, seeds=[3])[0]
    slow, fast = (attempt_prefix(trial.fit_id, name) for name in ("slow", "fast"))
    of_fast = []

    def overtake():
        assert run(trial, "fast")
        of_fast.extend(store.list(fast))

    assert run(trial, "slow", once_a_checkpoint_is_written(store, slow, overtake))
    assert read_commit(store, trial.fit_id)["attempt"] == "fast"
    assert store.list(slow) == []
    assert store.list(fast) == of_fast
    names = {key.rpartition("/")[2] for key in of_fast}
    assert {"weights-1.safetensors", "weights-2.safetensors", "history.parquet"} <= names
    assert logits_of(store, trial.fit_id)
