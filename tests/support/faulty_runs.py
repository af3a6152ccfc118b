"""Runs over images at fault, for the tests of what an index finds and of what a run meets."""

import pytest

from data.images import DecodedCache
from grid.records.scores.score_reading import read_score_footer
from grid.store.opening import open_store
from grid.trial import images as rows

SEED = ["--set", "seeds=[7]"]


@pytest.fixture(autouse=True)
def nothing_decoded(monkeypatch):
    """Else images are known from other tests in this process."""
    monkeypatch.setattr(rows, "_DECODED", DecodedCache(0))


@pytest.fixture
def call(crossgen, own_run):
    def call(command, *more, policy="refuse"):
        ray = ["--no-ray"] if command == "run" else []
        chosen = ["--set", f"unreadable={policy}"]
        return crossgen(command, own_run.file, "--store", own_run.store, *ray, *chosen, *more)

    return call


def first(own_run, folder):
    return min((own_run.folder / "images" / folder).iterdir())


def nulls(own_run):
    store = open_store(own_run.store)
    keys = [key for key in store.list("scores/") if key.endswith(".parquet")]
    return sum(read_score_footer(store, key)["nulls"] for key in keys)
